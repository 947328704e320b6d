"""How are two whole models held against each other, value by value?

pairs -> pieces -> batches -> shared (``devices.blocks``): read, compare, note down -> summed up.
Each piece is read once by one process; what is in memory is a few pieces, whatever the models'
size.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.devices.blocks import Block, hands, shared
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
from hubcheck.evidence.refused import SIDES, Refused, Why, refused_by
from hubcheck.evidence.side import SharedTokens
from hubcheck.report.phrases import Clauses
from hubcheck.source.ledger import Purpose
from hubcheck.source.reusing import Bytes, Room, read_into

REMOTE_THREADS: Final = 8
"""Pieces in flight where a model lies on the Hub: 16 ranges of 8 MB fill a line of 1 Gbit/s."""


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
        blocks = [work.block(batches[n], costs[n]) for n in left]
        told = _Teller(resources, blocks, sum(map(sum, costs)))

        def note(batch: Batch, some: list[Found]) -> None:
            journal.keep(some)
            told(batch)

        try:
            parts = shared(
                blocks,
                work.compared,
                team=team,
                accounts=work.accounts,
                threads=work.threads,
                done=note,
            )
        except WhoseError as error:
            return replace(refused_by(error.error), side=error.side)
        except HubcheckError as error:
            return refused_by(error)
        troubles = team.gather([journal.trouble])
        journal.finish()
    found = known | {_at(f.pair, f.number): f for some in parts for f in some}
    return _whole(
        paired.pairs,
        found,
        unmatched=paired.unmatched,
        trouble=[trouble for trouble in troubles if trouble],
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


class _Rooms(threading.local):
    """Where a thread reads what it compares."""

    def __init__(self) -> None:
        self.of = (Room(), Room())


class _Work:
    """Reads and compares batches."""

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
        self._rooms = _Rooms()
        remote = any(source.pin.revision != LOCAL for source in self._sources)
        own = max(1, cores() // resources.team.local_count)
        self.threads = max(own, REMOTE_THREADS) if remote else own
        self.accounts = [source.ledger for source in self._sources]

    def cost(self, batch: Batch) -> tuple[int, int]:
        """Return the bytes that a batch reads of base and subject."""
        return cost(batch, self._halves[0]), cost(batch, self._halves[1])

    def block(self, batch: Batch, costs: tuple[int, int]) -> Block[Batch]:
        """Return a batch as a block of work: five sums over all values of both."""
        lines = sum((p.stop - p.start) * self._pairs[p.pair].base.width for p in batch.pieces)
        return Block(work=batch, n_bytes=sum(costs), flops=10 * lines)

    def compared(self, batch: Batch) -> list[Found]:
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

    def _fetch(self, batch: Batch, side: int) -> list[list[Bytes]]:
        """Return the bytes of each piece on one side, by one call of the source.

        They are good until this thread fetches the next batch of that side.
        """
        halves = self._halves[side]
        spans = spans_of_batch(batch, halves)
        every = list(itertools.chain.from_iterable(spans))
        raws = iter(read_into(self._sources[side], every, self._rooms.of[side], Purpose.WEIGHTS))
        cut = [[next(raws) for _ in some] for some in spans]
        for n, piece in enumerate(batch.pieces):
            if n and halves[piece.pair].turned and batch.pieces[n - 1].pair == piece.pair:
                cut[n] = cut[n - 1]
        return cut


def _at(pair: int, number: int) -> Place:
    return pair, number


class _Teller:
    """Tells how far the work is: the share of this process stands for all."""

    def __init__(self, resources: Resources, blocks: Sequence[Block[Batch]], every: int) -> None:
        """Begin with what an earlier run had done.

        Args:
            resources: Whom it tells.
            blocks: The work that is left.
            every: Bytes of all work, done and left.
        """
        self._resources = resources
        self._sizes = {id(block.work): block.n_bytes for block in blocks}
        self._left = sum(self._sizes.values())
        self._before, self._every = every - self._left, every
        runs = hands([block.cost for block in blocks], resources.team.count)
        own = runs[resources.team.rank]
        self._own = max(1, sum(blocks[n].n_bytes for n in own))
        self._done = 0

    def __call__(self, batch: Batch) -> None:
        """Take note of a batch that is done."""
        self._done += self._sizes[id(batch)]
        if self._resources.team.main:
            told = self._before + self._left * self._done // self._own
            self._resources.told(told, self._every)


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
