"""Do the units of a free axis stand in the same order in both models?

For models that no rule reads: their axes were certified by relabelling them in the running model,
or are inferred (``anatomy.by_axes``). Null: relabelling the units leaves the function unchanged, so
under independent initialisation and an index-equivariant optimiser their order says nothing about
another model. Where they only change places in blocks (groups of a norm, heads), a hit is worth
what ``statistics.blocks`` says. The units are described by what writes them and by what reads them,
in the model's own channels: no tokens are shared here, so a relabelled or turned copy is not seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.neurons import corresponding_layers, joined_views
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.profiles import FloatArray

OUT_ROWS: Final = 64
"""Rows read of what reads the units: each unit is seen by as many of its weights, kernels whole."""
SEARCHED: Final = 8
"""Other axes of one size that an axis is held against in a search."""
IN_ROLES: Final = (("in", Role.AXIS_IN), ("in 2", Role.AXIS_IN_2))


class AxisTest:
    """The order of the units of each free axis."""

    test = Test.NEURONS
    part = Part.BODY
    separate = (("raw in", "raw in 2", "raw out"),)

    def __init__(self, base: Anatomy, subject: Anatomy, draw: Draw) -> None:
        """Bind the two models."""
        self._base, self._subject, self.draw = base, subject, draw

    def pool(self) -> int:
        """Return the units of the longest axis."""
        return max((place.n for place in self._base.axes.values()), default=0)

    def _size(self, anatomy: Anatomy, number: int) -> tuple[int, ...]:
        """Return what two axes must have in common: units, their features, their freedom."""
        place, writes = anatomy.axes.get(number), anatomy.get(Role.AXIS_IN, number)
        if place is None or writes is None:
            return ()
        return (place.n, writes.n_in, int(place.in_blocks))

    def base_blocks(self) -> Sequence[Block]:
        """Return the axes that have a counterpart, those that speak for most of the model first.

        An axis stands for those of its size (``verdict.coverage``). Sizes take turns as seats are
        given to parties, by the square root of the parameters they hold: a pattern of sixty blocks
        is not outvoted by sizes that occur once, is seen in several of its blocks, and does not
        take all the turns. The draw decides which axis of a size; weights decide nothing.
        """
        sizes = {self._size(self._subject, n) for n in self._subject.axes}
        of_size: dict[tuple[int, ...], list[int]] = {}
        for n in self.draw.layers(self._base.geometry.layers):
            size = self._size(self._base, n)
            if size and size in sizes:
                of_size.setdefault(size, []).append(n)
        ranked: list[tuple[float, int, int]] = []
        for numbers in of_size.values():
            held = sum(self._parameters(n) for n in numbers)
            ranked += [(-held / (turn + 1) ** 2, turn, n) for turn, n in enumerate(numbers)]
        return [Block(layer=n) for _, _, n in sorted(ranked)]

    def _parameters(self, number: int) -> int:
        """Return the parameters of the base's matrices that an axis tests."""
        return sum(
            matrix.n_out * matrix.n_in
            for role in (Role.AXIS_IN, Role.AXIS_IN_2, Role.AXIS_OUT)
            if (matrix := self._base.get(role, number)) is not None
        )

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the axis of the same number; of like numbers where the models differ in depth."""
        n_base, n_subject = self._base.geometry.layers, self._subject.geometry.layers
        size = self._size(self._base, block.layer)
        return [
            Block(layer=j)
            for j in corresponding_layers(block.layer, n_base, n_subject)
            if self._size(self._subject, j) == size
        ]

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return some other axes of the same size."""
        near, size = set(self.direct(block)), self._size(self._base, block.layer)
        found = [
            Block(layer=j)
            for j in self.draw.layers(self._subject.geometry.layers)
            if self._size(self._subject, j) == size and Block(layer=j) not in near
        ]
        return found[:SEARCHED]

    def label(self, block: Block) -> Phrase:
        """Return the inner channels of a place."""
        return phrase(PhraseCode.UNITS_AXIS, place=block.layer)

    # -- reading -------------------------------------------------------------------------------

    def _units(self, side: Side, block: Block) -> tuple[int, ...]:
        """Return the units looked at: a run, the same for all axes of a size."""
        n, features, *_ = self._size(side.anatomy, block.layer)
        return self.draw.rows(n, features, 0)

    def rows_wanted(self, side: Side, block: Block) -> dict[str, Wanted]:
        """Return what writes the units, and some rows of what reads them."""
        anatomy = side.anatomy
        if not self._size(anatomy, block.layer):
            return {}
        units = self._units(side, block)
        wanted = {}
        for name, role in IN_ROLES:
            matrix = anatomy.get(role, block.layer)
            if matrix is not None:
                wanted[name] = self._writers(matrix, units)
        out = anatomy.get(Role.AXIS_OUT, block.layer)
        if out is not None:
            if out.transposed:
                wanted["out"] = Wanted(matrix=out, inputs=units, why=self.test)
            else:
                wanted["out"] = Wanted(matrix=out, units=self._out_rows(out), why=self.test)
        return wanted

    def _writers(self, matrix: Matrix, units: tuple[int, ...]) -> Wanted:
        inputs = self.draw.inputs(matrix.n_in, 0) if matrix.transposed else ()
        return Wanted(matrix=matrix, units=units, inputs=inputs, why=self.test)

    def _out_rows(self, out: Matrix) -> tuple[int, ...]:
        size = min(out.n_out, OUT_ROWS)
        start = self.draw.start(out.n_out, size)
        return tuple(range(start, start + size))

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return the rows of the block."""
        return list(self.rows_wanted(side, block).values())

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return the views of what writes the units, of what reads them, and of both together."""
        place = side.anatomy.axes[block.layer]
        units = list(self._units(side, block))
        raw: dict[str, FloatArray] = {}
        for name, one in self.rows_wanted(side, block).items():
            values = side.reader.block(one)
            if name != "out":
                raw[name] = values
            elif place.step:
                first, last = place.start * place.step, (place.start + place.n) * place.step
                kernels = values[:, first:last].reshape(values.shape[0], place.n, place.step)
                raw[name] = np.concatenate(list(kernels[:, units]), axis=1)
            else:
                raw[name] = values.T
        rows = np.concatenate([raw[n] for n, _ in IN_ROLES if n in raw], axis=1)
        return Profiles(views=joined_views(raw, {}), parts=(rows,), in_blocks=place.in_blocks)
