"""Do the tokens that training never saw stand in the same order in both models?

Null. A reserved token never occurs in training, so nothing but its random initialisation tells its
embedding from that of another reserved token: their order is exchangeable. Its profile is the row
of products with the shared tokens, which no rotation of the residual stream changes. The part is
the embeddings: they can be copied without the body, and a common initialisation shows here too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.profiles import standardise, unit_rows

MOST_RESERVED: Final = 128
FEWEST_RESERVED: Final = 8


class ReservedTest:
    """The order of reserved tokens: one family in the whole model."""

    test = Test.RESERVED
    part = Part.EMBEDDINGS
    separate: tuple[tuple[str, ...], ...] = ()

    def __init__(
        self, base: Anatomy, base_ids: tuple[int, ...], subject_ids: tuple[int, ...]
    ) -> None:
        """Bind the aligned ids of reserved tokens of both vocabularies."""
        self._base = base
        self._base_ids = base_ids[:MOST_RESERVED]
        self._subject_ids = subject_ids[:MOST_RESERVED]

    def pool(self) -> int:
        """Return the reserved tokens both vocabularies have."""
        return len(self._base_ids)

    def base_blocks(self) -> Sequence[Block]:
        """Return one block when there are enough reserved tokens."""
        return [Block()] if len(self._base_ids) >= FEWEST_RESERVED else []

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the subject's reserved tokens."""
        return [block]

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return nothing: there is one vocabulary."""
        del block
        return []

    def label(self, block: Block) -> Phrase:
        """Return the reserved tokens."""
        del block
        return phrase(PhraseCode.UNITS_RESERVED)

    def _rows(self, side: Side) -> tuple[Wanted, ...]:
        matrix = side.anatomy.get(Role.EMBED)
        ids = self._base_ids if side.anatomy is self._base else self._subject_ids
        if matrix is None or matrix.transposed or not side.token_ids:
            return ()
        return (Wanted(matrix=matrix, units=ids, why=self.test),)

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return the embedding rows of reserved and of shared tokens."""
        del block
        rows = self._rows(side)
        return [*rows, *side.token_rows(Role.EMBED)] if rows else []

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return one token view."""
        del block
        wanted = self._rows(side)
        if not wanted or side.frame is None:
            return Profiles(views={}, parts=(np.zeros((0, 0), dtype=np.float32),))
        rows_rd = side.reader.block(wanted[0])
        rows_rd = side.in_stream(rows_rd)
        gram_rt = unit_rows(rows_rd - rows_rd.mean(axis=0, dtype=np.float64)) @ side.frame.T
        return Profiles(
            views={"token embeddings": standardise(unit_rows(gram_rt))}, parts=(rows_rd,)
        )
