"""Which MLPs does a model have, and which of another model's may one have become?

A dense MLP may have been copied into experts (up-cycled, or merged as one of them) or into the
shared expert, an expert taken out to be a dense MLP, experts reordered. So every MLP of the base is
held against those of the subject that have as many neurons, whatever their kind. Mixtures have more
experts than a sample can read: a bounded number is drawn, other ones from layer to layer, and what
was drawn is known to the report.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.computed_once import kept_with
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase

LAYERS_A_STEP: Final = 4
"""Base layers that one step of a comparison looks at: 4 settle any ordinary derivative."""
EXPERT_VALUES: Final = 512 * 1024
"""Values of experts read of a layer in one look: 2 experts at width 2,048, one from 4,096 on (64
neurons each, gate and up). More layers of fewer experts, other ones in each, tell more than fewer
layers of more: four layers fit into the first step beside the other orders."""
MOST_OF_BASE: Final = 4
"""Experts of a base layer under test: each is an order of its own, held against all drawn of the
subject."""
MOST_OF_SUBJECT: Final = 8
"""Experts of a subject layer that one dense MLP is held against."""
SEARCH_VALUES: Final = 3 * 1024 * 1024
"""Values of further experts a search reads for one MLP of the base: the other six experts of a
layer of eight at width 4,096."""
SEARCHED: Final = 32
"""Further experts a search holds against one MLP of the base at most; more only cost time."""


@frozen
class MlpRoles:
    """Which three matrices make the MLP."""

    gate: Role
    up: Role
    down: Role
    kind: str
    """As in ``Block.kind``."""

    def at(self, anatomy: Anatomy, block: Block) -> dict[str, Matrix]:
        """Return the matrices the model has for a block, by short name."""
        found = {
            name: anatomy.get(role, block.layer, block.member)
            for name, role in (("gate", self.gate), ("up", self.up), ("down", self.down))
        }
        return {name: matrix for name, matrix in found.items() if matrix is not None}


DENSE: Final = MlpRoles(gate=Role.GATE, up=Role.UP, down=Role.DOWN, kind="dense")
EXPERT: Final = MlpRoles(
    gate=Role.EXPERT_GATE,
    up=Role.EXPERT_UP,
    down=Role.EXPERT_DOWN,
    kind="expert",
)
SHARED: Final = MlpRoles(
    gate=Role.SHARED_GATE,
    up=Role.SHARED_UP,
    down=Role.SHARED_DOWN,
    kind="shared",
)
BY_KIND: Final = {roles.kind: roles for roles in (DENSE, SHARED, EXPERT)}
MAY_BECOME: Final = {
    DENSE.kind: (DENSE, SHARED, EXPERT),
    SHARED.kind: (SHARED, DENSE),
    EXPERT.kind: (EXPERT, DENSE),
}
"""Kind of a base MLP -> kinds it is looked for among, the likeliest first."""


def neurons_said(roles: MlpRoles, block: Block, *, first: int = 0) -> Phrase:
    """Return the neurons of one MLP, or of a piece of it from ``first`` on."""
    where = {"layer": block.layer, "member": block.member}
    part = {"first": first} if first else {}
    return phrase(PhraseCode.UNITS_NEURONS, mlp=roles.kind, **where, **part)


def mlp_blocks(anatomy: Anatomy, roles: MlpRoles) -> Mapping[int, tuple[Block, ...]]:
    """Return every MLP of a kind by layer, experts by number."""
    return _all_mlps(anatomy)[roles.kind]


@kept_with
def _all_mlps(anatomy: Anatomy) -> Mapping[str, Mapping[int, tuple[Block, ...]]]:
    """Return the MLPs by kind and layer, experts by number."""
    kinds = {roles.up: roles.kind for roles in BY_KIND.values()}
    found: dict[str, dict[int, list[int]]] = {kind: {} for kind in kinds.values()}
    for role, layer, member, bias in anatomy.matrices:
        if role in kinds and not bias and 0 <= layer < anatomy.geometry.layers:
            found[kinds[role]].setdefault(layer, []).append(member)
    return {
        kind: {
            layer: tuple(Block(layer=layer, member=m, kind=kind) for m in sorted(members))
            for layer, members in layers.items()
        }
        for kind, layers in found.items()
    }


def neurons_of(anatomy: Anatomy, block: Block) -> int:
    """Return the neurons of one MLP, 0 where there is none."""
    up = anatomy.get(BY_KIND[block.kind].up, block.layer, block.member)
    return 0 if up is None else up.n_out


class Correspondence:
    """Which MLPs of the subject is each MLP of one kind in the base held against?"""

    def __init__(
        self, base: Anatomy, subject: Anatomy, draw: Draw, roles: MlpRoles, rows: int
    ) -> None:
        """Bind the two models.

        Args:
            base: The base's anatomy.
            subject: The subject's anatomy.
            draw: The seeded choices.
            roles: The kind in the base.
            rows: Neurons of an MLP that are read.
        """
        self._draw, self._roles = draw, roles
        self._base, self._subject = base, subject
        self._of_base = mlp_blocks(base, roles)
        self._of_subject = [mlp_blocks(subject, kind) for kind in MAY_BECOME[roles.kind]]
        self._turn = {layer: n for n, layer in enumerate(draw.layers(base.geometry.layers))}
        self._values = max(1, 2 * rows * max(base.geometry.hidden, subject.geometry.hidden))

    # -- the base ------------------------------------------------------------------------------

    @property
    def base_experts(self) -> int:
        """How many MLPs of a base layer are under test."""
        most = max((len(blocks) for blocks in self._of_base.values()), default=0)
        return min(most, self._affordable(MOST_OF_BASE))

    def _affordable(self, most: int) -> int:
        return max(1, min(most, EXPERT_VALUES // self._values))

    def base_blocks(self, at_once: int) -> list[Block]:
        """Return the blocks under test: ``at_once`` layers, then their further experts, and so on.

        Args:
            at_once: Layers taken together.
        """
        sizes = {
            neurons_of(self._subject, blocks[0])
            for of_kind in self._of_subject
            for blocks in of_kind.values()
        } - {0}
        usable = [
            layer
            for layer in self._turn
            if layer in self._of_base and neurons_of(self._base, self._of_base[layer][0]) in sizes
        ]
        found: list[Block] = []
        for start in range(0, len(usable), at_once):
            drawn = [self._drawn_of_base(layer) for layer in usable[start : start + at_once]]
            longest = max(len(blocks) for blocks in drawn)
            found += [blocks[n] for n in range(longest) for blocks in drawn if n < len(blocks)]
        return found

    def _drawn_of_base(self, layer: int) -> list[Block]:
        blocks = self._of_base[layer]
        chosen = self._draw.experts(len(blocks), self._turn[layer], self.base_experts)
        return [blocks[n] for n in chosen]

    def of_each_kind(self) -> list[Block]:
        """Return one MLP of each kind of the subject that some MLP of the base is held against."""
        sizes = {neurons_of(self._base, blocks[0]) for blocks in self._of_base.values()}
        found: dict[str, Block] = {}
        for of_kind in self._of_subject:
            for blocks in of_kind.values():
                if neurons_of(self._subject, blocks[0]) in sizes:
                    found.setdefault(blocks[0].kind, blocks[0])
        return list(found.values())

    # -- the subject ---------------------------------------------------------------------------

    def direct(self, block: Block, layers: Sequence[int]) -> list[Block]:
        """Return the MLPs of corresponding layers: the same expert, and a drawn number of others.

        Args:
            block: Of the base.
            layers: Corresponding subject layers, the likeliest first.
        """
        most = self._affordable(MOST_OF_BASE if self._roles is EXPERT else MOST_OF_SUBJECT)
        found: list[Block] = []
        for layer in layers:
            for of_kind in self._of_subject:
                blocks = of_kind.get(layer, ())
                same = [b for b in blocks if b.member == block.member]
                chosen = self._draw.experts(len(blocks), self._turn[block.layer], most)
                found += same + [blocks[n] for n in chosen if blocks[n] not in same]
        return self._fitting(block, found)

    def mapped(self, block: Block, near: Sequence[Block]) -> list[Block]:
        """Return what a search adds: every other MLP, experts as many as can be read.

        Args:
            block: Of the base.
            near: What the direct look held against it.
        """
        others, experts = self._others(block, near)
        return others + experts[: self._room]

    def passes_over(self, block: Block, near: Sequence[Block]) -> bool:
        """Return whether a search leaves experts of the subject out."""
        return len(self._others(block, near)[1]) > self._room

    @property
    def _relaid(self) -> bool:
        """Whether depths differ: a layer may then be anywhere."""
        return self._base.geometry.layers != self._subject.geometry.layers

    @property
    def _room(self) -> int:
        room = min(SEARCHED, SEARCH_VALUES // self._values)
        return max(room, self._subject.geometry.layers) if self._relaid else room

    def _others(self, block: Block, near: Sequence[Block]) -> tuple[list[Block], list[Block]]:
        """Return the MLPs not yet looked at, experts apart.

        The experts of corresponding layers come first, then one of every other layer, then the
        rest; where depths differ, one of every other layer is first.
        """
        seen, close = set(near), {b.layer for b in near}
        every = [
            b
            for of_kind in self._of_subject
            for blocks in of_kind.values()
            for b in self._by_turn(block, blocks)
            if b not in seen
        ]
        fitting = self._fitting(block, every)
        experts = [b for b in fitting if b.kind == EXPERT.kind]
        first = {b.layer: b for b in reversed(experts)}
        if self._relaid:
            experts.sort(
                key=lambda b: (b.layer in close or first[b.layer] != b, b.layer not in close)
            )
        else:
            experts.sort(key=lambda b: (b.layer not in close, first[b.layer] != b))
        return [b for b in fitting if b.kind != EXPERT.kind], experts

    def _by_turn(self, block: Block, blocks: Sequence[Block]) -> list[Block]:
        """Return the MLPs of one layer: the expert of the same number, then in drawn order."""
        order = self._draw.experts(len(blocks), self._turn[block.layer], len(blocks))
        drawn = [blocks[n] for n in order]
        return sorted(drawn, key=lambda b: b.member != block.member)

    def _fitting(self, block: Block, blocks: Sequence[Block]) -> list[Block]:
        size = neurons_of(self._base, block)
        return [b for b in blocks if neurons_of(self._subject, b) == size > 0]
