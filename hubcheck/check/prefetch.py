"""How are many bases opened and examined without waiting for each in turn?

Bases on the Hub are opened side by side, and while one is compared the next ones fetch their first
rows. The comparisons themselves run one after the other, in the order asked: the subject is read
once for all, its budget is spent in a fixed order, and the numbers are those of a lone check.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Final, Self

from hubcheck.check.base_identity import unopened
from hubcheck.check.faults import tell_fault
from hubcheck.check.finding import finding_of
from hubcheck.check.in_full import InFull
from hubcheck.check.let_go import MANY, let_go
from hubcheck.check.observe import Progress, examine, open_base, prepare, subject_refusal
from hubcheck.check.pair_order import in_settled_order, settle_base, ways_with
from hubcheck.check.tested import Tested
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    InternalFaultError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.model import SAID, SIZES, Access, Model, open_model, same_weights
from hubcheck.report.words import Depth
from hubcheck.request.interface import BaseRequest, Request
from hubcheck.source.reference import HubReference, Reference, name_of

OPENED_AT_ONCE: Final = 8
"""Two requests each, far below any rate limit of the Hub."""
AHEAD: Final = 2
"""Bases that fetch while another is compared: each holds its first rows, some 15 MB at most."""
CELLS: Final = 20


class OpenedEarly:
    """Opens the bases on the Hub that are tested whatever the subject says, while it is opened."""

    def __init__(self, named: Sequence[BaseRequest], access: Access) -> None:
        """Take the bases; nothing is asked before the context is entered."""
        self._named = [
            base
            for base in named
            if isinstance(base.reference, HubReference) and not unopened(base).refused
        ]
        self._access = access
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[str, Future[Model]] = {}

    def __enter__(self) -> Self:
        """Begin."""
        if self._named:
            self._pool = ThreadPoolExecutor(OPENED_AT_ONCE, thread_name_prefix="hubcheck-early")
            for base in self._named:
                self._running[_place(base.reference)] = self._pool.submit(self._open, base)
        return self

    def __exit__(self, *_: object) -> None:
        """Give up what has not begun."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def model(self, base: BaseRequest) -> Model:
        """Return an opened base, opened now if it was not before.

        Raises:
            HubcheckError: it cannot be opened.
        """
        running = self._running.pop(_place(base.reference), None)
        return self._open(base) if running is None else running.result()

    def _open(self, base: BaseRequest) -> Model:
        documents = SAID if base.declared else SIZES
        return open_model(base.reference, self._access, documents=documents)


def _place(reference: Reference) -> str:
    """Return what two references to one state of one model have in common."""
    revision = reference.revision if isinstance(reference, HubReference) else ""
    return f"{name_of(reference)}@{revision}"


def open_all(bases: Sequence[BaseRequest], progress: Progress, early: OpenedEarly) -> list[Tested]:
    """Open every base, those on the Hub side by side; the order is kept."""
    remote = sum(isinstance(b.reference, HubReference) for b in bases)
    if remote < 2:  # noqa: PLR2004 - nothing to do at the same time
        return [open_base(base, early.model, progress) for base in bases]
    progress(f"opening {len(bases)} bases")
    with ThreadPoolExecutor(OPENED_AT_ONCE, thread_name_prefix="hubcheck-open") as pool:
        return list(pool.map(lambda base: open_base(base, early.model, _silent), bases))


def examine_all(
    tested: Sequence[Tested],
    subject: Model,
    request: Request,
    n_bases: int,
    refusal: HubcheckError | None,
    progress: Progress,
) -> HubcheckError | None:
    """Turn every opened base into its finding.

    Args:
        tested: The bases; their findings are filled in.
        subject: The model under test.
        request: What was asked.
        n_bases: Bases tried, over which the bound is divided.
        refusal: Why the subject's weights cannot be read, if so.
        progress: Told each result as it comes.

    Returns:
        Values of the subject that cannot be used, as far as that came out; every base is examined
        all the same.
    """
    in_full = InFull(tested, request.in_full)
    ahead = _Ahead(tested, subject, request, n_bases)
    worth_it = refusal is None and request.depth is not Depth.HEADERS
    fault: HubcheckError | None = None
    if worth_it and len(tested) > MANY:
        with suppress(UnsupportedFormatError):
            subject.reader.keep_made()
    try:
        for place, one in enumerate(tested):
            if worth_it:
                ahead.fetch_beyond(place)
            ahead.wait(place)
            if one.model is not None:
                _examine(one, subject, request, n_bases, refusal, progress)
                fault = fault or one.subject_error
                let_go(one, subject, len(tested))
            in_full.after(place)
            if len(tested) > 1:
                progress(_result(one, place + 1, len(tested)))
    finally:
        ahead.stop()
    return fault


def _examine(
    one: Tested,
    subject: Model,
    request: Request,
    n_bases: int,
    refusal: HubcheckError | None,
    progress: Progress,
) -> None:
    """Examine a base; what nobody foresaw in it leaves it untested, and the others are reported."""
    try:
        examine(one, subject, request, n_bases, refusal, progress)
        finding_of(one)  # judging is part of it
    except HubcheckError:
        raise
    except Exception as error:  # noqa: BLE001 - one base's files never end the check
        fault = InternalFaultError.of(error)
        one.give_up(fault)
        tell_fault(fault, progress)


def read_subject(
    subject: Model, tested: Sequence[Tested], request: Request
) -> tuple[Model, HubcheckError | None]:
    """Read the subject's headers, a base's beside them.

    Returns:
        The subject, its four-bit codes in the order that a base's values show; and why its weights
        cannot be read, if so.
    """
    with headers_ahead(tested, subject, request):
        refusal = subject_refusal(subject, request.depth)
    models = [one.model for one in tested if one.model is not None]
    settled = in_settled_order(subject, models, request.depth)
    if settled is subject:
        return subject, refusal
    return settled, subject_refusal(settled, request.depth)


@contextmanager
def headers_ahead(tested: Sequence[Tested], subject: Model, request: Request) -> Iterator[None]:
    """Read the headers of the first base on the Hub while the caller reads the subject's."""
    there = (o for o in tested if isinstance(o.request.reference, HubReference))
    first = next(there, None) if request.depth is not Depth.HEADERS else None
    if first is None or first.model is None or same_weights(first.model, subject):
        yield
        return
    with ThreadPoolExecutor(1, thread_name_prefix="hubcheck-headers") as pool:
        running = pool.submit(_read_headers, first, first.model)
        yield
        running.result()


def _read_headers(one: Tested, base: Model) -> None:
    """Read a base's headers, or keep the reason why not, so that nothing is tried twice."""
    try:
        _ = base.reader
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        one.error = error
    except Exception:  # noqa: BLE001 - the examination meets it again and says so
        return


class _Ahead:
    """Fetches the first rows of bases whose turn comes soon."""

    def __init__(
        self, tested: Sequence[Tested], subject: Model, request: Request, n_bases: int
    ) -> None:
        self._tested = tested
        self._subject = subject
        self._request = request
        self._n_bases = n_bases
        self._pool: ThreadPoolExecutor | None = None
        self._running: dict[int, Future[None]] = {}
        # The subject's documents are remembered by code that is not made for two at a time.
        self._one_at_a_time = threading.Lock()

    def fetch_beyond(self, place: int) -> None:
        """Start fetching for the bases after ``place`` that lie on the Hub."""
        for n in range(place + 1, min(place + 1 + AHEAD, len(self._tested))):
            one = self._tested[n]
            remote = isinstance(one.request.reference, HubReference)
            if n not in self._running and one.model is not None and remote:
                self._pool = self._pool or ThreadPoolExecutor(
                    AHEAD, thread_name_prefix="hubcheck-ahead"
                )
                self._running[n] = self._pool.submit(self._fetch, one)

    def wait(self, place: int) -> None:
        """Wait for what was fetched for one base; and keep its readers to one thread."""
        running = self._running.get(place)
        if running is not None:
            running.result()

    def stop(self) -> None:
        """Give up what has not begun."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _fetch(self, one: Tested) -> None:
        base = one.model
        if base is None or same_weights(base, self._subject):
            return
        try:
            with suppress(UnsupportedFormatError):
                _ = base.reader
            with self._one_at_a_time:
                base = settle_base(one, base, self._subject, self._request.depth)
                tried = one.request.tried or self._n_bases
                tried *= ways_with(one, base, self._subject)
                prepare(one, self._subject, self._request, tried)
            if one.comparer is not None:
                wanted, _ = one.comparer.plan()
                base.reader.fetch(wanted)
        except Exception:  # noqa: BLE001 - the examination meets it again and says so
            return


def _silent(_text: str) -> None:
    """Tell nobody: several at once would overwrite each other's line."""


def _result(one: Tested, done: int, total: int) -> str:
    """Return the bar, and what came out for one base."""
    filled = CELLS * done // total
    bar = f"[{'#' * filled}{'.' * (CELLS - filled)}] {done}/{total}"
    finding = finding_of(one)
    similar = f", similarity {finding.kept:.3f}" if finding.status == "tested" else ""
    return f"{bar} {printable(name_of(one.request.reference))}: {finding.verdict}{similar}"
