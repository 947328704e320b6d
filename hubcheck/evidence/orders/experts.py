"""Do the experts of a layer stand in the same order in both models?

Null. Experts, each with its router row, may be relabelled without changing the layer, so their
order is exchangeable; one family per layer. Where routing is limited to groups of experts
(DeepSeek), only relabelling inside a group is free, so the experts of one group are taken.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.by_layer import direct_layers, further_layers
from hubcheck.evidence.orders.neurons import joined_views
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase, PhraseCode, phrase


class ExpertTest:
    """The expert order, one family per layer, seen through the router's rows."""

    test = Test.EXPERTS
    part = Part.BODY
    separate: tuple[tuple[str, ...], ...] = ()

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw, routing_groups: int) -> None:
        """Bind the two models.

        Args:
            base: The base's anatomy.
            subject: The subject's anatomy.
            draw: The seeded choices.
            routing_groups: Groups the base's router chooses among before it chooses experts; 1
                where it does not.
        """
        self._base, self._subject, self.draw = base, subject, draw
        self._groups = max(1, routing_groups)

    def pool(self) -> int:
        """Return the experts of a layer."""
        return self._base.geometry.experts

    def _experts(self, anatomy: Anatomy, layer: int) -> int:
        matrix = anatomy.get(Role.ROUTER, layer)
        return 0 if matrix is None else matrix.n_out

    def base_blocks(self) -> Sequence[Block]:
        """Return the layers of the base that have a router."""
        layers = self.draw.layers(self._base.geometry.layers)
        return [Block(layer=i) for i in layers if self._experts(self._base, i)]

    def _fits(self, block: Block, layer: int) -> bool:
        return self._experts(self._subject, layer) == self._experts(self._base, block.layer) > 0

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the corresponding layers."""
        return direct_layers(block, self._base, self._subject, self._fits)

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return every other subject layer."""
        return further_layers(block, self._base, self._subject, self._fits)

    def label(self, block: Block) -> Phrase:
        """Return the experts of a layer."""
        return phrase(PhraseCode.UNITS_EXPERTS, layer=block.layer)

    def _router(self, side: Side, block: Block) -> Wanted | None:
        matrix = side.anatomy.get(Role.ROUTER, block.layer)
        if matrix is None or matrix.transposed:
            return None
        in_group = matrix.n_out // self._groups
        # the same group wherever the block may correspond, so that the indices are the same
        first = self.draw.one_of(self._groups, 0) * in_group
        return Wanted(matrix=matrix, units=tuple(range(first, first + in_group)), why=self.test)

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return the router rows and what the token view needs."""
        router = self._router(side, block)
        if router is None:
            return []
        gain = side.gain(side.mlp_gain_role(block.layer), block.layer)
        return [router, *gain, *side.token_rows(Role.EMBED)]

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return router rows as stored and through the tokens."""
        router = self._router(side, block)
        if router is None:
            message = "profiles asked for a block whose router is not stored by expert"
            raise ValueError(message)
        rows = side.reader.block(router)
        gain = side.gain_values(side.mlp_gain_role(block.layer), block.layer)
        seen = side.through_tokens(rows, gain)
        token = {} if seen is None else {"router": seen}
        return Profiles(views=joined_views({"router": rows}, token), parts=(rows,))
