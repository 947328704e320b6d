"""How does a test get canonical rows and columns of a model, whatever the storage?

A test names what it wants (a matrix, some of its units, some of its inputs); this module fetches
everything wanted at once, keeps it, and knows beforehand what it costs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import partial
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Matrix
from hubcheck.anatomy.units import (
    assemble_inputs,
    assemble_units,
    blocks_for_inputs,
    blocks_for_units,
)
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.rows import cost_of, read_rows
from hubcheck.devices.blocks import Block, hands, shared
from hubcheck.devices.team import ALONE, Team
from hubcheck.errors import SubjectUnreadableError, UnreadableError
from hubcheck.frozen import frozen
from hubcheck.source.side_by_side import side_by_side, waits

PIECE: Final = 1 << 20
"""Values of whole rows in memory at a time where some of their inputs are wanted: 4 MB."""
SHARED: Final = 32 << 20
"""Stored bytes that one of several processes reads at a time: all of them hold what goes round."""
MOST_MADE: Final = 48_000_000
"""Bytes kept of what is made of a model's blocks, where many comparisons follow: those of a model
of 2 MB take 16 million; of a large one as much as fits, in the order of the comparison."""
ALL: tuple[int, ...] = ()
"""Every unit, or every input."""
Made = TypeVar("Made")


@frozen
class Wanted:
    """A block of one canonical matrix [n_out, n_in]."""

    matrix: Matrix
    units: tuple[int, ...] = ALL
    """Canonical out indices; ``ALL`` for every one."""
    inputs: tuple[int, ...] = ALL
    """Canonical in indices; ``ALL`` for every one."""
    why: str = field(compare=False)
    """Which test asks; shown by ``--plan``. Two tests that want the same rows read them once."""

    def unit_index(self) -> NDArray[np.int64]:
        """Return the wanted units, int64."""
        return _index(self.units, self.matrix.n_out)

    def input_index(self) -> NDArray[np.int64]:
        """Return the wanted inputs, int64."""
        return _index(self.inputs, self.matrix.n_in)

    def stored_blocks(self) -> tuple[RowBlock, ...]:
        """Return the stored rows to read: a matrix stored by input is cut by input."""
        if self.matrix.transposed:
            return blocks_for_inputs(self.matrix, self.input_index())
        return blocks_for_units(self.matrix, self.unit_index())

    def canonical(
        self, arrays: list[NDArray[np.float32]], *, narrow: bool = False
    ) -> NDArray[np.float32]:
        """Return the block [units, inputs] from the arrays of its stored blocks.

        Args:
            arrays: What was read of each.
            narrow: They hold the wanted inputs alone, which only a matrix stored by unit has.
        """
        if self.matrix.transposed:
            columns = assemble_inputs(self.matrix, self.input_index(), arrays)
            return columns if not self.units else columns[self.unit_index()]
        rows = assemble_units(self.matrix, self.unit_index(), arrays)
        if narrow:
            return np.asfortranarray(rows)  # as columns lie that are taken out of whole rows
        return rows if not self.inputs else rows[:, self.input_index()]


def _index(chosen: tuple[int, ...], size: int) -> NDArray[np.int64]:
    return np.asarray(chosen or range(size), dtype=np.int64)


class Reader:
    """Reads canonical blocks of one model and keeps what was read.

    Several comparisons of the same subject share one reader, so that nothing is read twice.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        """Start with nothing read."""
        self.anatomy = anatomy
        self._blocks: dict[Wanted, NDArray[np.float32]] = {}
        self._stored_blocks: dict[Wanted, tuple[RowBlock, ...]] = {}
        self._made: dict[Hashable, Any] | None = None
        self._made_bytes = 0

    def keep_made(self) -> None:
        """Keep what is made of blocks from now on: more comparisons of this model follow."""
        self._made = {} if self._made is None else self._made

    def made(self, key: Hashable, make: Callable[[], Made], size: Callable[[Made], int]) -> Made:
        """Return what is made of blocks that were read, where others may ask for the same.

        Args:
            key: All that it hangs on beside the weights.
            make: Makes it.
            size: Returns the bytes it takes: no more than ``MOST_MADE`` are kept of all.
        """
        if self._made is None:
            return make()
        if key in self._made:
            known: Made = self._made[key]
            return known
        made = make()
        if self._made_bytes + size(made) <= MOST_MADE:
            self._made[key] = made
            self._made_bytes += size(made)
        return made

    def cost(self, wanted: Iterable[Wanted]) -> int:
        """Return the bytes that fetching these would read now."""
        return self.size(one for one in wanted if one not in self._blocks)

    def size(self, wanted: Iterable[Wanted]) -> int:
        """Return the bytes of these, whether or not they were read before."""
        blocks = [block for one in dict.fromkeys(wanted) for block in self._stored(one)]
        return cost_of(self.anatomy.checkpoint, blocks)

    @property
    def read_so_far(self) -> int:
        """Weight bytes of all that was read."""
        return self.size(self._blocks)

    def _stored(self, one: Wanted) -> tuple[RowBlock, ...]:
        """Return the stored rows of a wanted block, worked out once: plans ask again and again."""
        if one not in self._stored_blocks:
            self._stored_blocks[one] = one.stored_blocks()
        return self._stored_blocks[one]

    def fetch(self, wanted: Iterable[Wanted], team: Team = ALONE) -> None:
        """Read everything wanted that is not there yet, in one call to the source.

        Args:
            wanted: What is needed; the same on all processes of the team.
            team: Processes that read a part each and hand it round; one by one, alone.

        Raises:
            BudgetExceededError: the model's ledger refuses; nothing was read.
            UnreadableError: a value is not finite; ``SubjectUnreadableError`` where this reads the
                subject.
        """
        try:
            self._fetch(wanted, team)
        except UnreadableError as error:
            if self.anatomy.checkpoint.of_subject:
                raise SubjectUnreadableError.of(error) from error
            raise

    def _fetch(self, wanted: Iterable[Wanted], team: Team) -> None:
        missing = [one for one in dict.fromkeys(wanted) if one not in self._blocks]
        stored = [self._stored(one) for one in missing]
        # Two tests may want other inputs of the same rows: these are read, and paid for, once.
        distinct = list(dict.fromkeys(b for blocks in stored for b in blocks))
        uses = Counter(b for blocks in stored for b in blocks)
        # Of whole rows of which one test wants some inputs, only these stay in memory.
        narrow = {
            one: one.input_index()
            for one, blocks in zip(missing, stored, strict=True)
            if team.count == 1
            and one.inputs
            and not one.matrix.transposed
            and all(uses[b] == 1 for b in blocks)
        }
        inputs = {
            b: narrow[one]
            for one, blocks in zip(missing, stored, strict=True)
            for b in blocks
            if one in narrow
        }
        pieces = {b: self._cut(b) if b in inputs else (b,) for b in distinct}
        asked = [(piece, inputs.get(b)) for b in distinct for piece in pieces[b]]
        columns = {n: some for n, (_, some) in enumerate(asked) if some is not None}
        read = self._rows([piece for piece, _ in asked], team, columns)
        read.reverse()
        arrays = {b: _joined([read.pop() for _ in pieces[b]]) for b in distinct}
        for one, blocks in zip(missing, stored, strict=True):
            found = [arrays[b] for b in blocks]
            self._blocks[one] = one.canonical(found, narrow=one in narrow)
            for block in blocks:  # stored and canonical rows do not lie in memory together
                uses[block] -= 1
                if not uses[block]:
                    del arrays[block]

    def _rows(
        self, blocks: list[RowBlock], team: Team, columns: Mapping[int, NDArray[np.int64]]
    ) -> list[NDArray[np.float32]]:
        """Return the values of stored rows; of a team each process reads runs of neighbours."""
        checkpoint = self.anatomy.checkpoint
        if team.count == 1:
            return read_rows(checkpoint, blocks, columns=columns)
        costs = [1 + cost_of(checkpoint, [block]) for block in blocks]
        runs = [
            Block(work=[blocks[n] for n in run], n_bytes=sum(costs[n] for n in run))
            for run in hands(costs, team.count * -(-sum(costs) // (team.count * SHARED)))
        ]
        accounts = [checkpoint.source.ledger]
        parts = shared(runs, partial(read_rows, checkpoint), team=team, accounts=accounts)
        return [rows for part in parts for rows in part]

    def _cut(self, block: RowBlock) -> tuple[RowBlock, ...]:
        """Return a block of plain rows in pieces: of each, the inputs that are wanted are kept."""
        record = self.anatomy.checkpoint.tensors[block.tensor]
        rows = max(1, PIECE // max(1, record.n_cols))
        if record.storage is not None or block.stop - block.start <= rows:
            return (block,)
        return tuple(
            RowBlock(tensor=block.tensor, start=start, stop=min(start + rows, block.stop))
            for start in range(block.start, block.stop, rows)
        )

    def let_go(self) -> None:
        """Forget every block; one that is asked for again is read again."""
        self._made = None
        self._blocks.clear()
        self._stored_blocks.clear()

    def there(self, matrix: Matrix) -> list[Wanted]:
        """Return the blocks of a matrix, rows with all their inputs, that were fetched."""
        return [
            one for one in self._blocks if one.matrix == matrix and one.units and not one.inputs
        ]

    def block(self, wanted: Wanted) -> NDArray[np.float32]:
        """Return a fetched block, [units, inputs] (a vector as [units, 1]).

        Raises:
            KeyError: it was never fetched.
        """
        return self._blocks[wanted]


def _joined(pieces: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the rows of a block from those of its pieces."""
    return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)


def fetch_together(asked: Sequence[tuple[Reader, Iterable[Wanted]]], team: Team = ALONE) -> None:
    """Read what several readers want; those of models on a host wait for it at the same time.

    Args:
        asked: What of each.
        team: Processes that share the rows of each model, one model after the other.

    Raises:
        HubcheckError: as ``Reader.fetch``, of the first in the order asked that is refused.
    """
    sources = [reader.anatomy.checkpoint.source for reader, _ in asked]
    apart = len({id(source) for source in sources}) == len(sources)
    calls = [partial(reader.fetch, wanted, team) for reader, wanted in asked]
    side_by_side(calls, at_once=apart and team.count == 1 and all(map(waits, sources)))
