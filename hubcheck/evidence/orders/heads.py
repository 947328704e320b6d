"""Do the kv groups of a layer stand in the same order in both models?

Null. The kv groups of a layer, each with its queries and its columns of O, may be relabelled
without changing attention, so their order is exchangeable; one family per layer. A group is
described by how strongly its values answer to each shared token, |W_v E_t|: blind to the order,
sign and rotation of the V/O dimensions inside it, which are families of their own and are
multiplied with this one.

The rows of q and k are not read here, nor by any other exact test: two models may store them in
either rotary order (half-split as transformers does, or interleaved as Meta and GGUF do), and that
order is the format's, not the model's. V is never re-ordered by a converter, so one copy gives one
answer whichever order its q and k lie in; ``tests/evidence/test_row_order.py`` holds this for every
order and for what is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.by_layer import direct_layers, further_layers
from hubcheck.evidence.orders.vo import value_groups
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.profiles import standardise, unit_rows

FEWEST_GROUPS: Final = 6
"""Below, even all groups hitting is weak: e(5) = 9."""
MOST_VALUES: Final = 512 * 1024
"""V is read whole for this test, so only where that is cheap."""


class HeadTest:
    """The order of the kv groups, one family per layer."""

    test = Test.HEADS
    part = Part.BODY
    separate: tuple[tuple[str, ...], ...] = ()

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw) -> None:
        """Bind the two models."""
        self._base, self._subject, self.draw = base, subject, draw

    def pool(self) -> int:
        """Return the kv groups of a layer."""
        return self._base.geometry.kv_heads

    def base_blocks(self) -> Sequence[Block]:
        """Return the layers whose V is cheap to read whole and has enough groups to count."""
        return [
            Block(layer=i)
            for i in self.draw.layers(self._base.geometry.layers)
            if self._cheap(self._base, i)
        ]

    @staticmethod
    def _cheap(anatomy: Anatomy, layer: int) -> bool:
        matrix = anatomy.get(Role.V, layer)
        return (
            matrix is not None
            and value_groups(anatomy, layer) >= FEWEST_GROUPS
            and matrix.n_out * matrix.n_in <= MOST_VALUES
            and not matrix.transposed
        )

    def _fits(self, block: Block, layer: int) -> bool:
        groups = value_groups(self._base, block.layer)
        return self._cheap(self._subject, layer) and value_groups(self._subject, layer) == groups

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the corresponding layers."""
        return direct_layers(block, self._base, self._subject, self._fits)

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return every other subject layer."""
        return further_layers(block, self._base, self._subject, self._fits)

    def label(self, block: Block) -> Phrase:
        """Return the kv groups of a layer."""
        return phrase(PhraseCode.UNITS_GROUPS, layer=block.layer)

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return all V rows of the layer, its norm gain and the token rows."""
        matrix = side.anatomy.get(Role.V, block.layer)
        if matrix is None or not side.token_ids:
            return []
        return [
            Wanted(matrix=matrix, why=self.test),
            *side.gain(Role.NORM_ATTN_IN, block.layer),
            *side.token_rows(Role.EMBED),
        ]

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return one token view: the response energy of each group to each token."""
        wanted = self.wanted(side, block)
        if not wanted:
            return Profiles(views={}, parts=(np.zeros((0, 0), dtype=np.float32),))
        rows_ud = side.reader.block(wanted[0])
        gain = side.gain_values(Role.NORM_ATTN_IN, block.layer)
        seen_ut = side.through_tokens(rows_ud, gain)
        if seen_ut is None:
            return Profiles(views={}, parts=(rows_ud,))
        groups = value_groups(side.anatomy, block.layer)
        by_group = seen_ut.reshape(groups, -1, seen_ut.shape[1])
        energy_gt = np.sqrt(np.einsum("gdt,gdt->gt", by_group, by_group))
        return Profiles(views={"token v": standardise(unit_rows(energy_gt))}, parts=(energy_gt,))
