"""How is the content of a Git LFS pointer read by range, without pulling the file?

The repository's own server is asked for a signed address of each object (the LFS batch API), and
ranges are read there. The token goes to that server alone; what the server hands out with an
address goes to that address alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hubcheck.errors import UnsupportedFormatError
from hubcheck.frozen import frozen
from hubcheck.source.checkout import lfs_server
from hubcheck.source.interface import FileEntry, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.partial import PartialBody
from hubcheck.source.pointer import pointer_not_readable
from hubcheck.source.ranges import cut_spans, interleaved, plan_runs
from hubcheck.source.redaction import install_redaction
from hubcheck.source.reference import LargeFiles
from hubcheck.source.refusals import Refusal, storage_refused
from hubcheck.source.retry import RetryPolicy, Timing
from hubcheck.source.transport import Arrived, Page, Transport, origin_of

IN_FLIGHT: Final = 16
"""As from the Hub."""

_MEDIA: Final = "application/vnd.git-lfs+json"


@frozen
class _Address:
    """Where one object lies; both parts are credentials for as long as they are valid."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class LfsContent:
    """Reads objects of one repository's LFS server; safe to use from several threads."""

    def __init__(
        self,
        server: str,
        authorization: str,
        *,
        ledger: Ledger,
        policy: RetryPolicy | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Take the server; nothing is requested yet.

        Args:
            server: Address of its LFS API, as ``checkout.lfs_server`` returns it.
            authorization: ``Authorization`` header, sent to that server alone; empty for none.
            ledger: Books bytes before they are requested, and every request.
            policy: When a failing request is given up.
            timing: Clocks, sleep and chance.
        """
        install_redaction()
        self._batch = f"{server}/objects/batch"
        self._headers = {"Accept": _MEDIA, "Content-Type": _MEDIA}
        if authorization:
            self._headers["Authorization"] = authorization
        self._ledger = ledger
        self._transport = Transport(
            endpoint=server,
            token=None,
            ledger=ledger,
            policy=policy or RetryPolicy(),
            timing=timing or Timing(),
        )
        self._addresses: dict[str, _Address] = {}
        self._lock = threading.Lock()

    def read(
        self, spans: Sequence[Span], entries: Mapping[str, FileEntry], purpose: Purpose
    ) -> list[bytes]:
        """Return the bytes of each span; see ``interface.Source.read``.

        Raises:
            UnsupportedFormatError: the server does not give the content.
            BudgetExceededError: the ledger refuses; nothing was read.
            NetworkFaultError: it answers with anything but the asked-for range.
        """
        runs = plan_runs(spans)
        if sum(run.size for run in runs) > self._ledger.remaining:
            runs = plan_runs(spans, gap=0)
        self._ledger.charge(sum(run.size for run in runs), purpose, requests=0)
        pool = ThreadPoolExecutor(IN_FLIGHT, thread_name_prefix="hubcheck-lfs")
        try:
            futures = {
                i: pool.submit(self._range, runs[i], entries[runs[i].path])
                for i in interleaved(runs)
            }
            fetched = [futures[i].result() for i in range(len(runs))]
        finally:
            pool.shutdown(cancel_futures=True)
        return cut_spans(spans, runs, fetched)

    def _range(self, run: Span, entry: FileEntry) -> bytes:
        body = PartialBody(path=run.path, start=run.start, stop=run.stop, total=entry.size)
        stale: _Address | None = None
        while True:
            address = self._address(entry, stale)
            outcome = self._transport.get_range(address.url, body, signed=address.headers)
            if isinstance(outcome, Arrived):
                return body.take()
            if stale is not None:
                status = outcome.status if isinstance(outcome, Refusal) else 302
                raise storage_refused(status, path=run.path, renewed=True)
            stale = address

    def _address(self, entry: FileEntry, stale: _Address | None) -> _Address:
        """Return where an object lies, asked for once and again when it went stale."""
        with self._lock:
            known = self._addresses.get(entry.sha256)
            if known is None or known is stale:
                known = self._addresses[entry.sha256] = self._ask(entry)
            return known

    def _ask(self, entry: FileEntry) -> _Address:
        question = {
            "operation": "download", "transfers": ["basic"], "hash_algo": "sha256",
            "objects": [{"oid": entry.sha256, "size": entry.size}],
        }  # fmt: skip
        what = "Asking the repository's server for large files"
        answer = self._transport.post_json(self._batch, what, question, self._headers)
        if not isinstance(answer, Page):
            said = f"status {answer.status}" if isinstance(answer, Refusal) else "a redirect"
            raise pointer_not_readable(entry.path, f"its server answers {said}")
        return _read_answer(answer.payload, entry, self._batch)


def open_content(
    folder: Path, path: str, far: LargeFiles | Callable[[str], str], ledger: Ledger
) -> LfsContent:
    """Return the server that has the content of a checkout's pointers.

    Args:
        folder: A folder of the checkout.
        path: A pointer in it, for messages.
        far: Where the content lies; or, for what the checkout's own remote says, from a server's
            origin to the ``Authorization`` header for it, ``""`` for none.
        ledger: Books what is read there.

    Raises:
        UnsupportedFormatError: no server is known, or no token is for it.
    """
    if isinstance(far, LargeFiles):
        return LfsContent(far.server, far.authorization, ledger=ledger)
    server = lfs_server(folder)
    if not server:
        raise pointer_not_readable(path, "no git remote says where its large files lie")
    authorization = far(origin_of(server))
    if not authorization:
        raise pointer_not_readable(path, f"no token is given for {origin_of(server)}")
    return LfsContent(server, authorization, ledger=ledger)


def _read_answer(payload: object, entry: FileEntry, asked: str) -> _Address:
    """Return the address in an answer of the batch API.

    Raises:
        UnsupportedFormatError: it names none that may be used.
    """
    objects = payload.get("objects") if isinstance(payload, dict) else None
    for item in objects if isinstance(objects, list) else []:
        if not isinstance(item, dict) or item.get("oid") != entry.sha256:
            continue
        actions = item.get("actions")
        action = actions.get("download") if isinstance(actions, dict) else None
        if not isinstance(action, dict) or not isinstance(action.get("href"), str):
            raise _without(entry, "its server does not have it")
        href, header = action["href"], action.get("header")
        if urlsplit(href).scheme not in {"https", urlsplit(asked).scheme}:
            raise _without(entry, "its server names an address that is not HTTPS")
        pairs = header.items() if isinstance(header, dict) else ()
        return _Address(
            url=href,
            headers={k: v for k, v in pairs if _is_header(k) and _is_header(v)},
        )
    raise _without(entry, "its server does not say where it lies")


def _is_header(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable()


def _without(entry: FileEntry, detail: str) -> UnsupportedFormatError:
    return pointer_not_readable(entry.path, detail)
