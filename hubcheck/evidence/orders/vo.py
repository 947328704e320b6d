"""Do the V/O dimensions inside a kv group stand in the same order in both models?

Null. Inside a kv group, relabelling the rows of V together with the columns of O (in every query
head of the group) leaves attention unchanged, and no position encoding touches them; so their
order is exchangeable, one family per layer and kv group. Query and key dimensions are never used:
under rotary encoding each has a frequency of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.neurons import corresponding_layers, is_small, joined_views
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.profiles import FloatArray

SHOWN_VALUES: Final = 1 << 20
"""Values of an O that is read whole in one layer: 2 MB in bf16 at width 1,024. Larger models
without gates (Falcon, NeoX) are not worth a layer's O."""


@frozen
class Attention:
    """Which attention of a layer: its own, or that of a decoder to its encoder."""

    value: Role
    out: Role
    gain: Role | None
    """The norm before V; None where V reads another stream."""
    kind: str
    """As in ``Block.kind``."""


SELF: Final = Attention(value=Role.V, out=Role.O, gain=Role.NORM_ATTN_IN, kind="")
CROSS: Final = Attention(value=Role.CROSS_V, out=Role.CROSS_O, gain=None, kind="cross")


def value_matrix(anatomy: Anatomy, layer: int, of: Attention = SELF) -> Matrix | None:
    """Return V, or the value half of a latent (MLA) up-projection."""
    found = anatomy.get(of.value, layer)
    return found or (anatomy.get(Role.MLA_V_B, layer) if of is SELF else None)


def value_groups(anatomy: Anatomy, layer: int, of: Attention = SELF) -> int:
    """Return how many kv groups (heads, for MLA) a layer has; 0 where V is not understood."""
    matrix = value_matrix(anatomy, layer, of)
    if matrix is None:
        return 0
    geometry = anatomy.geometry
    groups = geometry.heads if matrix.role is Role.MLA_V_B else geometry.kv_heads
    return groups if groups > 0 and matrix.n_out % groups == 0 else 0


def value_dims(anatomy: Anatomy, layer: int, of: Attention = SELF) -> int:
    """Return the V dimensions of one kv group."""
    matrix, groups = value_matrix(anatomy, layer, of), value_groups(anatomy, layer, of)
    return matrix.n_out // groups if matrix is not None and groups else 0


class ValueTest:
    """The order of V/O dimensions, one family per layer and kv group."""

    test = Test.VO
    part = Part.BODY
    separate = (("raw v", "raw o"), ("token v", "token o"))

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw, of: Attention = SELF) -> None:
        """Bind the two models, and which attention of their layers is meant."""
        self._base, self._subject, self.draw, self.of = base, subject, draw, of

    def pool(self) -> int:
        """Return the V dimensions of a group."""
        return max(
            (value_dims(self._base, i, self.of) for i in range(self._base.geometry.layers)),
            default=0,
        )

    def base_blocks(self) -> Sequence[Block]:
        """Return one drawn kv group per base layer; every group where V is small."""
        layers = self.draw.layers(self._base.geometry.layers)
        comparable = {
            value_dims(self._subject, j, self.of) for j in range(self._subject.geometry.layers)
        } - {0}
        usable = [i for i in layers if value_dims(self._base, i, self.of) in comparable]
        blocks = [Block(layer=i, kind=self.of.kind, member=self._drawn_group(i)) for i in usable]
        seen = set(blocks)
        for i in usable:
            matrix = value_matrix(self._base, i, self.of)
            if matrix is not None and is_small(matrix):
                more = (
                    Block(layer=i, kind=self.of.kind, member=h)
                    for h in range(value_groups(self._base, i, self.of))
                )
                blocks += [b for b in more if b not in seen]
        return blocks

    def _drawn_group(self, layer: int) -> int:
        return self.draw.one_of(value_groups(self._base, layer, self.of), layer)

    def _fits(self, block: Block, layer: int, member: int) -> bool:
        dims = value_dims(self._base, block.layer, self.of)
        return value_dims(self._subject, layer, self.of) == dims > 0 and member < value_groups(
            self._subject, layer, self.of
        )

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the same kv group in the corresponding layers."""
        n_base, n_subject = self._base.geometry.layers, self._subject.geometry.layers
        return [
            Block(layer=j, kind=self.of.kind, member=block.member)
            for j in corresponding_layers(block.layer, n_base, n_subject)
            if self._fits(block, j, block.member)
        ]

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return every other kv group of every subject layer."""
        near = set(self.direct(block))
        every = (
            Block(layer=j, kind=self.of.kind, member=h)
            for j in range(self._subject.geometry.layers)
            for h in range(value_groups(self._subject, j, self.of))
        )
        return [b for b in every if b not in near and self._fits(block, b.layer, b.member)]

    def label(self, block: Block) -> Phrase:
        """Return the V/O dimensions of one kv group."""
        cross = self.of is CROSS
        return phrase(PhraseCode.UNITS_VALUES, layer=block.layer, group=block.member, cross=cross)

    def rows_wanted(self, side: Side, block: Block) -> dict[str, Wanted]:
        """Return the block's V rows and, where cheap, its O columns."""
        matrix = value_matrix(side.anatomy, block.layer, self.of)
        dims = value_dims(side.anatomy, block.layer, self.of)
        if matrix is None or not dims:
            return {}
        if matrix.transposed and not is_small(matrix):
            return {}
        rows = tuple(range(block.member * dims, (block.member + 1) * dims))
        wanted = {"v": Wanted(matrix=matrix, units=rows, why=self.test)}
        out = side.anatomy.get(self.of.out, block.layer)
        if out is not None and self._columns(side.anatomy, out, block, dims):
            columns = self._columns(side.anatomy, out, block, dims)
            if out.transposed or is_small(out) or self._is_shown(side, block, out):
                wanted["o"] = Wanted(matrix=out, inputs=columns, why=self.test)
        return wanted

    def _is_shown(self, side: Side, block: Block, out: Matrix) -> bool:
        """Return whether O is read whole all the same: of one layer of models without gates.

        Where V and up are all that is read by row, they are exactly half of what has an order, and
        one matrix that no rule understands would keep strangers from being told apart.
        """
        if self._base.gated or self._subject.gated or out.n_out * out.n_in > SHOWN_VALUES:
            return False
        first = next(iter(self.draw.layers(self._base.geometry.layers)), -1)
        if side.anatomy is self._base:
            return block.layer == first
        there = corresponding_layers(
            first, self._base.geometry.layers, self._subject.geometry.layers
        )
        return block.layer in there[:1]

    def _columns(self, anatomy: Anatomy, out: Matrix, block: Block, dims: int) -> tuple[int, ...]:
        """Return the columns of O that read this group: query head by query head."""
        groups = value_groups(anatomy, block.layer, self.of)
        heads, left = divmod(out.n_in, dims)
        if left or heads % groups:
            return ()
        first = block.member * (heads // groups)
        return tuple(range(first * dims, (first + heads // groups) * dims))

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return V rows, O columns and what the token views need."""
        rows = self.rows_wanted(side, block)
        head = (
            (
                *side.token_rows(side.head_role),
                *side.gain(Role.NORM_FINAL, -1),
            )
            if "o" in rows
            else ()
        )
        return [
            *rows.values(),
            *(side.gain(self.of.gain, block.layer) if self.of.gain is not None else ()),
            *side.token_rows(Role.EMBED),
            *head,
        ]

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return raw and token views of V rows and O columns."""
        raw: dict[str, FloatArray] = {}
        token: dict[str, FloatArray] = {}
        for name, one in self.rows_wanted(side, block).items():
            values = side.reader.block(one)
            if name == "v":
                raw["v"] = values
                seen = self._through_tokens(side, block, one.matrix, values)
            else:
                dims = value_dims(side.anatomy, block.layer, self.of)
                by_head = values.T.reshape(-1, dims, values.shape[0])  # [query heads, dims, hidden]
                raw["o"] = np.concatenate(list(by_head), axis=1)
                per_head = [side.written_to_tokens(columns) for columns in by_head]
                seen_heads = [s for s in per_head if s is not None]
                seen = np.concatenate(seen_heads, axis=1) if seen_heads else None
            if seen is not None:
                token[name] = seen
        # V stored by input is read whole only where it is small: else nothing describes the units.
        rows = raw.get("v", raw.get("o", np.zeros((0, 0), dtype=np.float32)))
        return Profiles(views=joined_views(raw, token), parts=(rows,))

    def _through_tokens(
        self, side: Side, block: Block, matrix: Matrix, rows_ud: FloatArray
    ) -> FloatArray | None:
        """Return V rows seen through the tokens, None where they read no stream of tokens.

        A decoder's cross-attention reads the encoder's stream: of tokens where both stacks share
        the embedding, and then of its width.
        """
        embed = side.anatomy.get(Role.EMBED)
        if matrix.role is Role.MLA_V_B or embed is None or matrix.n_in != embed.n_in:
            return None
        gain = np.ones(1, dtype=np.float32)
        if self.of.gain is not None:
            gain = side.gain_values(self.of.gain, block.layer)
        return side.through_tokens(rows_ud, gain)
