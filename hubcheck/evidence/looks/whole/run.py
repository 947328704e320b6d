"""How are two whole models held against each other, value by value?

pairs -> pieces -> this process's share -> read, compare, note down -> gathered -> summed up. Each
piece is read once by one process; what is in memory is a few pieces, whatever the models' size.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.devices.choice import cores
from hubcheck.devices.reduction import total
from hubcheck.errors import BudgetExceededError, HubcheckError
from hubcheck.evidence.looks.whole import summary
from hubcheck.evidence.looks.whole.identity import LOCAL, identity_of
from hubcheck.evidence.looks.whole.interface import Resources, Unmatched, WholeChange
from hubcheck.evidence.looks.whole.journal import Journal, Place
from hubcheck.evidence.looks.whole.pairing import Pair, pair_up
from hubcheck.evidence.looks.whole.pieces import (
    Batch,
    Found,
    WhoseError,
    batches_of,
    compare,
    cost,
    spans_of_batch,
)
from hubcheck.evidence.refused import SIDES, Refused, SideName, Why, refused_by
from hubcheck.evidence.side import SharedTokens
from hubcheck.report.phrases import Clauses
from hubcheck.source.ledger import Purpose

REMOTE_THREADS: Final = 8
"""Pieces in flight where a model lies on the Hub: 16 ranges of 8 MB fill a line of 1 Gbit/s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Share:
    """What one process did."""

    found: tuple[Found, ...]
    read: tuple[tuple[int, int], tuple[int, int]]
    """Bytes and requests of base and subject."""
    trouble: str
    fault: _Fault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fault:
    """An error, taken apart so that it can go from process to process."""

    kind: type[HubcheckError]
    what: str
    parts: dict[str, str]
    side: SideName

    @staticmethod
    def of(error: HubcheckError, side: SideName) -> _Fault:
        """Take an error apart."""
        return _Fault(kind=type(error), what=error.what, parts=dict(vars(error)), side=side)

    def refusal(self) -> Refused:
        """Return the refusal that it makes, the error put together again."""
        error = self.kind.__new__(self.kind, self.what)
        vars(error).update(self.parts)
        return replace(refused_by(error), side=self.side)


def stream(
    base: Anatomy,
    subject: Anatomy,
    *,
    layer_map: Sequence[tuple[int, int]],
    resources: Resources,
    tokens: SharedTokens | None = None,
) -> WholeChange | Refused:
    """Compare every value of two models; the same result on every process of a team.

    Args:
        base: The base; its source is charged for what all processes read.
        subject: The subject, likewise.
        layer_map: (subject layer, base layer); empty: layers of equal number.
        resources: What may be used.
        tokens: Tokens that both vocabularies share; None: tokens of equal number.

    Returns:
        The change, or why there is none: a value that is no number, a budget that is too small, a
        source that fails.
    """
    paired = pair_up(base, subject, layer_map, tokens)
    batches = batches_of(paired.pairs)
    if not batches:
        return Refused(code=Why.NO_COUNTERPART)
    work = _Work(base.checkpoint, subject.checkpoint, paired.pairs, resources)
    try:
        costs = [work.cost(batch) for batch in batches]
    except HubcheckError as error:
        return refused_by(error)
    team = resources.team
    key = identity_of(base, subject, paired.pairs)
    with Journal(resources.state, key, team.rank) as journal:
        known = _known(team.gather([journal.known()]), batches, paired.pairs)
        left = [
            n
            for n, b in enumerate(batches)
            if any(_at(p.pair, p.number) not in known for p in b.pieces)
        ]
        refusal = _over_budget(base, subject, [costs[n] for n in left])
        if refusal is not None:
            return refusal
        mine = team.share(left)
        sizes = [sum(c) for c in costs]
        before = sum(sizes) - sum(sizes[n] for n in left)
        told = _teller(resources, [sizes[n] for n in left], [sizes[n] for n in mine], before)
        share = work.do([batches[n] for n in mine], [sizes[n] for n in mine], journal, told)
        shares = team.gather([share])
        faults = [s.fault for s in shares if s.fault is not None]
        if faults:
            return faults[0].refusal()
        work.charge_others(shares, team.rank)
        journal.finish()
    found = known | {_at(f.pair, f.number): f for s in shares for f in s.found}
    return _whole(
        paired.pairs,
        found,
        unmatched=paired.unmatched,
        trouble=[s.trouble for s in shares if s.trouble],
        said=resources.notes,
        processes=team.count,
        resumed=sum(one.sums.values for one in known.values()),
    )


def _whole(
    pairs: Sequence[Pair],
    found: dict[Place, Found],
    *,
    unmatched: tuple[Unmatched, ...],
    trouble: list[str],
    said: Clauses,
    processes: int,
    resumed: int,
) -> WholeChange:
    added = summary.sums_by_pair(found)
    sums = total(one for one, _ in added.values())
    tensors = summary.tensor_changes(pairs, added)
    return WholeChange(
        tensors=tensors,
        cells=summary.cells_of(pairs, added),
        unmatched=unmatched,
        values=sums.values,
        equal_values=sums.equal,
        equal=summary.share_of(sums),
        relative=summary.relative_of(sums),
        cosine=summary.told(sums.cosine),
        said=summary.said_of(sums, tensors),
        notes=(*said, *summary.notes_of(tensors, unmatched, trouble)),
        processes=processes,
        resumed_values=resumed,
    )


class _Work:
    """Reads and compares batches, several at a time."""

    def __init__(
        self,
        base: Checkpoint,
        subject: Checkpoint,
        pairs: Sequence[Pair],
        resources: Resources,
    ) -> None:
        self._sources = (base.source, subject.source)
        self._pairs = pairs
        self._halves = ([p.base for p in pairs], [p.subject for p in pairs])
        self._device = resources.device
        remote = any(source.pin.revision != LOCAL for source in self._sources)
        own = max(1, cores() // resources.team.local_count)
        self._threads = max(own, REMOTE_THREADS) if remote else own
        self._before = self._read()

    def _read(self) -> tuple[tuple[int, int], tuple[int, int]]:
        a, b = (source.ledger for source in self._sources)
        return (a.bytes_read, a.requests), (b.bytes_read, b.requests)

    def cost(self, batch: Batch) -> tuple[int, int]:
        """Return the bytes that a batch reads of base and subject."""
        return cost(batch, self._halves[0]), cost(batch, self._halves[1])

    def do(
        self,
        batches: Sequence[Batch],
        sizes: Sequence[int],
        journal: Journal,
        told: Callable[[int], None],
    ) -> _Share:
        """Compare some batches; an error ends the work and is part of the result."""
        found: list[Found] = []
        fault: _Fault | None = None
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="hubcheck-full")
        try:
            running: dict[Future[list[Found]], int] = {
                pool.submit(self._compare, batch): size
                for batch, size in zip(batches, sizes, strict=True)
            }
            for future in as_completed(running):
                some = future.result()
                journal.keep(some)
                found += some
                told(running.pop(future))
        except WhoseError as error:
            fault = _Fault.of(error.error, error.side)
        except HubcheckError as error:
            fault = _Fault.of(error, "")
        finally:
            # Also on Ctrl-C: what is noted down stays, what has not begun does not begin.
            pool.shutdown(cancel_futures=True)
        (a, a_asked), (b, b_asked) = self._read()
        (c, c_asked), (d, d_asked) = self._before
        return _Share(
            found=tuple(found),
            read=((a - c, a_asked - c_asked), (b - d, b_asked - d_asked)),
            trouble=journal.trouble,
            fault=fault,
        )

    def charge_others(self, shares: Sequence[_Share], rank: int) -> None:
        """Book what the other processes read: a report tells the bytes of all."""
        for number, share in enumerate(shares):
            if number != rank:
                for source, (n_bytes, asked) in zip(self._sources, share.read, strict=True):
                    source.ledger.charge(n_bytes, Purpose.WEIGHTS, requests=asked)

    def _compare(self, batch: Batch) -> list[Found]:
        """Read one batch on both sides and compare its pieces."""
        fetched = [self._fetch(batch, n) for n in (0, 1)]
        found = []
        for n, piece in enumerate(batch.pieces):
            pair = self._pairs[piece.pair]
            words = []
            for half, raws in zip((pair.base, pair.subject), fetched, strict=True):
                words.append(half.words(piece.start, piece.stop, raws[n]))
            found.append(compare(pair, piece, words[0], words[1], self._device))
        return found

    def _fetch(self, batch: Batch, side: int) -> list[list[bytes]]:
        """Return the bytes of each piece on one side, by one call of the source."""
        halves = self._halves[side]
        spans = spans_of_batch(batch, halves)
        every = list(itertools.chain.from_iterable(spans))
        raws = iter(self._sources[side].read(every, Purpose.WEIGHTS))
        cut = [[next(raws) for _ in some] for some in spans]
        for n, piece in enumerate(batch.pieces):
            if n and halves[piece.pair].turned and batch.pieces[n - 1].pair == piece.pair:
                cut[n] = cut[n - 1]
        return cut


def _at(pair: int, number: int) -> Place:
    return pair, number


def _teller(
    resources: Resources, all_sizes: Sequence[int], own_sizes: Sequence[int], before: int
) -> Callable[[int], None]:
    """Return what the work calls after each batch: the share of this process stands for all."""
    every, own = sum(all_sizes), max(sum(own_sizes), 1)
    done = 0

    def tell(size: int) -> None:
        nonlocal done
        done += size
        if resources.team.main:
            resources.told(before + every * done // own, before + every)

    return tell


def _known(
    parts: Sequence[dict[Place, Found]], batches: Sequence[Batch], pairs: Sequence[Pair]
) -> dict[Place, Found]:
    """Return what journals say of pieces that there are, of the size that they have."""
    sizes = {
        (p.pair, p.number): (p.stop - p.start) * pairs[p.pair].base.width
        for b in batches
        for p in b.pieces
    }
    return {
        place: one
        for part in parts
        for place, one in part.items()
        if sizes.get(place) == one.sums.values
    }


def _over_budget(
    base: Anatomy, subject: Anatomy, costs: Sequence[tuple[int, int]]
) -> Refused | None:
    """Return why the work does not fit what may be read, before a byte of it is."""
    for side, anatomy, n in zip(SIDES, (base, subject), (0, 1), strict=True):
        need, left = sum(c[n] for c in costs), anatomy.checkpoint.source.ledger.remaining
        if need > left:
            what = f"the {side} has {need} bytes to read, and {left} are left of --max-read"
            error = BudgetExceededError(
                what[0].upper() + what[1:] + ".",
                cause="a limit was named, and --depth full reads every byte.",
                next_step="name a larger --max-read or none, or choose --depth deep.",
            )
            return Refused(code=Why.BUDGET, error=error, side=side)
    return None
