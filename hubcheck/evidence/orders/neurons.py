"""Do the neurons of an MLP layer stand in the same order in both models?

Null. An MLP y = D (act(G x) * (U x)) is unchanged when its hidden units are relabelled, so under
independent initialisation and an index-equivariant optimiser their order says nothing about another
model (statistics.hits). One family is the order of one MLP of the base: of a dense layer, of one
expert, of a shared expert. The units are described by their gate and up rows (and their down
columns where these are cheap to read), in the model's own channels and through the shared tokens.
The token views cancel any rotation, relabelling or rescaling of the residual stream; they are made
of embeddings and norm gains, which carry no neuron order, so the count stays exact.

A family is held against several MLPs of the subject: those of corresponding layers, of whatever
kind has as many neurons, then all others. Given the subject, the order of the base's MLP is uniform
whichever of them it is held against: each count has E[e] <= 1, and so has their mean with weights
fixed before anything is seen (evidence.look): within a look all views of all MLPs weigh the same,
over looks the weights add up to 1. Which experts are looked at is drawn by the seed and the sizes
alone. Families multiply only where the base's own MLPs do not stand in one order (evidence.combine:
up-cycled experts do).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.mlps import (
    BY_KIND,
    LAYERS_A_STEP,
    Correspondence,
    MlpRoles,
    mlp_blocks,
    neurons_of,
    neurons_said,
)
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.profiles import (
    FloatArray,
    joined,
    standardise,
    uncentred,
    unit_rows,
)

SMALL_MATRIX: Final = 128 * 1024
"""A matrix of up to this many values is read whole where only its columns are needed: 256 KB in
bf16. Values are counted, not bytes, so that the storage dtype changes nothing that is looked at."""


def is_small(matrix: Matrix) -> bool:
    """Return whether a matrix is read whole without a second thought."""
    return matrix.n_out * matrix.n_in <= SMALL_MATRIX


class NeuronTest:
    """The neuron orders of one kind of base MLP (dense, expert, shared expert)."""

    test = Test.NEURONS
    part = Part.BODY

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw, roles: MlpRoles) -> None:
        """Find the base's MLPs of a kind, and those of the subject with equally many neurons.

        Args:
            base: The base's anatomy.
            subject: The subject's anatomy.
            draw: The seeded choices.
            roles: The kind in the base; ``mlps.MAY_BECOME`` says which kinds it is held against.
        """
        self.roles = roles
        self.draw = draw
        self._base, self._subject = base, subject
        # One MLP of every base layer that has one of the kind.
        self._of_base = [blocks[0] for blocks in mlp_blocks(base, roles).values()]
        self._there = Correspondence(base, subject, draw, roles, self._rows_read())
        # One MLP of each kind that is compared: within a model all of a kind are stored alike.
        self._alike = [roles.at(base, b) for b in self._of_base[:1]]
        self._alike += [BY_KIND[b.kind].at(subject, b) for b in self._there.of_each_kind()]

    def _rows_read(self) -> int:
        """Return the neurons read of an MLP."""
        up = self._up(self._base, self._of_base[0]) if self._of_base else None
        return 0 if up is None else len(self.draw.rows(up.n_out, 2 * up.n_in, 0))

    def roles_of(self, block: Block) -> MlpRoles:
        """Return which matrices a block of either model is made of."""
        return BY_KIND.get(block.kind, self.roles)

    def _up(self, anatomy: Anatomy, block: Block) -> Matrix | None:
        return anatomy.get(self.roles_of(block).up, block.layer, block.member)

    @property
    def blocks_a_layer(self) -> int:
        """How many orders of a base layer are under test: one, or a few of many experts."""
        return self._there.base_experts

    @property
    def separate(self) -> tuple[tuple[str, ...], ...]:
        """Gate, up and down must each hit on their own."""
        names = ("gate", "up", "down")
        return tuple(tuple(f"{frame} {name}" for name in names) for frame in ("raw", "token"))

    def pool(self) -> int:
        """Return the neurons of the widest layer."""
        return max((neurons_of(self._base, b) for b in self._of_base), default=0)

    def base_blocks(self) -> Sequence[Block]:
        """Return the base's blocks that something can be held against, in drawn order."""
        return self._there.base_blocks(LAYERS_A_STEP)

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the MLPs of the layers that correspond: front, back and in proportion."""
        n_base, n_subject = self._base.geometry.layers, self._subject.geometry.layers
        return self._there.direct(block, corresponding_layers(block.layer, n_base, n_subject))

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return every other MLP of the subject, experts as many as can be read."""
        return self._there.mapped(block, self.direct(block))

    def passes_over(self, block: Block) -> bool:
        """Return whether a search leaves experts of the subject out."""
        return self._there.passes_over(block, self.direct(block))

    def label(self, block: Block) -> Phrase:
        """Return the neurons of one MLP."""
        return neurons_said(self.roles_of(block), block)

    # -- reading -------------------------------------------------------------------------------

    def units(self, side: Side, block: Block) -> tuple[int, ...]:
        """Return the neurons looked at.

        A function of the family's size, not of the layer, so that the same indices are read
        wherever a block may correspond.
        """
        up = self._up(side.anatomy, block)
        return () if up is None else self.draw.rows(up.n_out, self._values_a_row(up), 0)

    def _values_a_row(self, up: Matrix) -> int:
        """Return what a unit costs: gate and up; nothing more where both models store by input."""
        stored = [m["up"].transposed for m in self._alike if "up" in m]
        return 1 if stored and all(stored) else 2 * up.n_in

    def _by_input(self, name: str) -> tuple[int, ...]:
        """Return the inputs to read when a model stores such a matrix by input, else all."""
        for matrices in self._alike:
            matrix = matrices.get(name)
            if matrix is not None and matrix.transposed and not is_small(matrix):
                return self.draw.inputs(matrix.n_in, 0)
        return ()

    def rows_wanted(self, side: Side, block: Block) -> dict[str, Wanted]:
        """Return the gate, up and (where cheap) down blocks by name; down as [hidden, units]."""
        units = self.units(side, block)
        wanted: dict[str, Wanted] = {}
        for name, matrix in self.roles_of(block).at(side.anatomy, block).items():
            if name == "down":
                if matrix.transposed or is_small(matrix):
                    wanted[name] = Wanted(matrix=matrix, inputs=units, why=self.test)
            else:
                wanted[name] = Wanted(
                    matrix=matrix,
                    units=units,
                    inputs=self._by_input(name),
                    why=self.test,
                )
        return wanted

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return the rows of the block and what its token views need."""
        return [
            *self.rows_wanted(side, block).values(),
            *side.gain(side.mlp_gain_role(block.layer), block.layer),
            *side.token_rows(Role.EMBED),
            *(self._head_wanted(side, block)),
        ]

    def _head_wanted(self, side: Side, block: Block) -> tuple[Wanted, ...]:
        if "down" not in self.rows_wanted(side, block):
            return ()
        return (
            *side.token_rows(side.head_role),
            *side.gain(Role.NORM_FINAL, -1),
        )

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return raw and token views of gate, up, down and of all of them together.

        They hang on the model alone, but for which rows and tokens are looked at and whether signs
        are counted: a subject shows every base that asks for the same the same.
        """
        asked = (
            block, self.roles_of(block), self._base.fair_signs, side.token_ids,
            tuple(self.rows_wanted(side, block).items()),
        )  # fmt: skip
        return side.reader.made(asked, lambda: self._profiles(side, block), lambda p: p.n_bytes)

    def _profiles(self, side: Side, block: Block) -> Profiles:
        wanted = self.rows_wanted(side, block)
        raw: dict[str, FloatArray] = {}
        token: dict[str, FloatArray] = {}
        for name, one in wanted.items():
            values = side.reader.block(one)
            raw[name] = values.T if name == "down" else values
            if name == "down":
                seen = side.written_to_tokens(raw[name])
            elif one.inputs:
                seen = None  # some channels only: a rotation could not be undone
            else:
                gain = side.gain_values(side.mlp_gain_role(block.layer), block.layer)
                seen = side.through_tokens(values, gain)
            if seen is not None:
                token[name] = seen
        parts = tuple(raw[n] for n in ("gate", "up") if n in raw)
        signed = {
            frame: uncentred(of["up"])
            for frame, of in (("raw", raw), ("token", token))
            if self._base.fair_signs and "up" in of and "gate" in of
        }
        return Profiles(views=joined_views(raw, token), parts=parts, signed=signed)


def joined_views(raw: dict[str, FloatArray], token: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return every single view and, per frame with several, their union ('raw all')."""
    views: dict[str, FloatArray] = {}
    for frame, of in (("raw", raw), ("token", token)):
        single = {name: standardise(unit_rows(rows)) for name, rows in of.items()}
        if len(single) > 1:
            views[f"{frame} all"] = joined(list(single.values()))
        views |= {f"{frame} {name}": view for name, view in single.items()}
    return views


def corresponding_layers(layer: int, n_base: int, n_subject: int) -> tuple[int, ...]:
    """Return where a base layer lies in a subject of another depth, most likely first.

    Counted from the front, from the back, and in proportion; one layer where depths are equal.
    """
    proportion = round(layer * (n_subject - 1) / max(1, n_base - 1))
    found = dict.fromkeys((layer, layer + n_subject - n_base, proportion))
    return tuple(j for j in found if 0 <= j < n_subject)
