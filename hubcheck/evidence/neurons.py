"""Do the neurons of an MLP layer stand in the same order in both models?

Null. An MLP y = D (act(G x) * (U x)) is unchanged when its hidden units are relabelled, so under
independent initialisation and an index-equivariant optimiser their order says nothing about another
model (statistics.hits). One family per layer, or per expert. The units are described by their gate
and up rows (and their down columns where these are cheap to read), in the model's own channels and
through the shared tokens. The token views cancel any rotation, relabelling or rescaling of the
residual stream; they are made of embeddings and norm gains, which carry no neuron order, so the
count stays exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.statistics.profiles import (
    FloatArray,
    profile,
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


@dataclass(frozen=True, slots=True, kw_only=True)
class MlpRoles:
    """Which three matrices make the MLP."""

    gate: Role
    up: Role
    down: Role
    name: str

    def at(self, anatomy: Anatomy, block: Block) -> dict[str, Matrix]:
        """Return the matrices the model has for a block, by short name."""
        found = {
            name: anatomy.get(role, block.layer, block.member)
            for name, role in (("gate", self.gate), ("up", self.up), ("down", self.down))
        }
        return {name: matrix for name, matrix in found.items() if matrix is not None}


DENSE: Final = MlpRoles(gate=Role.GATE, up=Role.UP, down=Role.DOWN, name="neurons")
EXPERT: Final = MlpRoles(
    gate=Role.EXPERT_GATE, up=Role.EXPERT_UP, down=Role.EXPERT_DOWN, name="expert neurons"
)
SHARED: Final = MlpRoles(
    gate=Role.SHARED_GATE, up=Role.SHARED_UP, down=Role.SHARED_DOWN, name="shared-expert neurons"
)


class NeuronTest:
    """The neuron orders of one kind of MLP (dense, expert, shared expert)."""

    test = Test.NEURONS
    part = Part.BODY

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw, roles: MlpRoles) -> None:
        """Find where both models have MLPs of this kind with equally many neurons."""
        self.roles = roles
        self.draw = draw
        self._base, self._subject = base, subject
        self._units = {layer: self._count(base, layer) for layer in range(base.geometry.layers)}
        self._subject_units = {
            layer: self._count(subject, layer) for layer in range(subject.geometry.layers)
        }

    def _count(self, anatomy: Anatomy, layer: int) -> int:
        """Return the neurons of a layer's MLP of this kind, 0 without one."""
        member = 0 if self.roles is EXPERT else -1
        up = anatomy.get(self.roles.up, layer, member)
        return 0 if up is None else up.n_out

    @property
    def separate(self) -> tuple[tuple[str, ...], ...]:
        """Gate, up and down must each hit on their own."""
        names = ("gate", "up", "down")
        return tuple(tuple(f"{frame} {name}" for name in names) for frame in ("raw", "token"))

    def pool(self) -> int:
        """Return the neurons of the widest layer."""
        return max(self._units.values(), default=0)

    def base_blocks(self) -> Sequence[Block]:
        """Return one block per base layer that has such an MLP, in drawn order."""
        comparable = set(self._subject_units.values()) - {0}
        return [
            self._block(layer)
            for layer in self.draw.layers(self._base.geometry.layers)
            if self._units[layer] in comparable
        ]

    def _block(self, layer: int) -> Block:
        if self.roles is not EXPERT:
            return Block(layer=layer)
        return Block(layer=layer, member=self.draw.one_of(self._base.geometry.experts, layer))

    def _fits(self, block: Block, layer: int) -> bool:
        same = self._subject_units.get(layer, 0) == self._units[block.layer] > 0
        return same and block.member < max(1, self._subject.geometry.experts)

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the same layer, counted from the front, in proportion, and from the back."""
        n_base, n_subject = self._base.geometry.layers, self._subject.geometry.layers
        return [
            Block(layer=layer, member=block.member)
            for layer in corresponding_layers(block.layer, n_base, n_subject)
            if self._fits(block, layer)
        ]

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return every other subject layer."""
        near = {b.layer for b in self.direct(block)}
        return [
            Block(layer=layer, member=block.member)
            for layer in range(self._subject.geometry.layers)
            if layer not in near and self._fits(block, layer)
        ]

    def label(self, block: Block) -> str:
        """Return 'neurons of layer 7' or 'neurons of layer 7, expert 3'."""
        expert = f", expert {block.member}" if block.member >= 0 else ""
        return f"{self.roles.name} of layer {block.layer}{expert}"

    # -- reading -------------------------------------------------------------------------------

    def units(self, side: Side, block: Block) -> tuple[int, ...]:
        """Return the neurons looked at.

        A function of the family's size, not of the layer, so that the same indices are read
        wherever a block may correspond.
        """
        up = side.anatomy.get(self.roles.up, block.layer, block.member)
        if up is None:
            return ()
        values_a_row = 1 if up.transposed else 2 * up.n_in  # gate and up; by input, rows are free
        return self.draw.rows(up.n_out, values_a_row, 0)

    def _by_input(self, name: str, block: Block) -> tuple[int, ...]:
        """Return the inputs to read when a model stores this matrix by input, else all."""
        for anatomy in (self._base, self._subject):
            matrix = self.roles.at(anatomy, block).get(name)
            if matrix is not None and matrix.transposed and not is_small(matrix):
                return self.draw.inputs(matrix.n_in, 0)
        return ()

    def rows_wanted(self, side: Side, block: Block) -> dict[str, Wanted]:
        """Return the gate, up and (where cheap) down blocks by name; down as [hidden, units]."""
        units = self.units(side, block)
        wanted: dict[str, Wanted] = {}
        for name, matrix in self.roles.at(side.anatomy, block).items():
            if name == "down":
                if matrix.transposed or is_small(matrix):
                    wanted[name] = Wanted(matrix=matrix, inputs=units, why=self.roles.name)
            else:
                wanted[name] = Wanted(
                    matrix=matrix,
                    units=units,
                    inputs=self._by_input(name, block),
                    why=self.roles.name,
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
        tied = side.anatomy.get(Role.LM_HEAD) is None
        return (
            *side.token_rows(Role.EMBED if tied else Role.LM_HEAD),
            *side.gain(Role.NORM_FINAL, -1),
        )

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return raw and token views of gate, up, down and of all of them together."""
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
        rows = np.concatenate([raw[n] for n in ("gate", "up") if n in raw], axis=1)
        signed = {
            frame: uncentred(of["up"])
            for frame, of in (("raw", raw), ("token", token))
            if self._base.fair_signs and "up" in of and "gate" in of
        }
        return Profiles(views=joined_views(raw, token), rows=rows, signed=signed)


def joined_views(raw: dict[str, FloatArray], token: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Return every single view and, per frame with several, their union ('raw all')."""
    views: dict[str, FloatArray] = {}
    for frame, single in (("raw", raw), ("token", token)):
        if len(single) > 1:
            views[f"{frame} all"] = profile(*single.values())
        views |= {f"{frame} {name}": standardise(unit_rows(rows)) for name, rows in single.items()}
    return views


def corresponding_layers(layer: int, n_base: int, n_subject: int) -> tuple[int, ...]:
    """Return where a base layer lies in a subject of another depth, most likely first.

    Counted from the front, from the back, and in proportion; one layer where depths are equal.
    """
    proportion = round(layer * (n_subject - 1) / max(1, n_base - 1))
    found = dict.fromkeys((layer, layer + n_subject - n_base, proportion))
    return tuple(j for j in found if 0 <= j < n_subject)
