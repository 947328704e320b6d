"""Do the residual channels stand in the same order in both models?

Null. Relabelling the channels of the residual stream everywhere leaves the function unchanged, so
their order is exchangeable. All tensors indexed by channel share this ONE order: norm gains,
embedding columns and reader rows are views of one family, averaged and never multiplied. (The
founding mistake was to combine the norms of 46 layers as if each were a fresh observation: z = 5.5
from nothing; methods note, section 3.4.)

Reader rows are taken outside the block of neurons under test, so that this count does not depend
on an order that is multiplied with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block, Part, Profiles, Test
from hubcheck.evidence.orders.mlps import DENSE, EXPERT, SHARED
from hubcheck.evidence.orders.neurons import NeuronTest, corresponding_layers
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.statistics.profiles import FloatArray, profile, standardise

NORM_ROLES: Final = (
    Role.NORM_ATTN_IN, Role.NORM_ATTN_POST, Role.NORM_MLP_IN, Role.NORM_MLP_POST,
)  # fmt: skip
NORM_LAYERS: Final = 16
"""Norm gains are read in at most this many layers: each is a request of its own."""
READER_LAYERS: Final = 4
READER_ROWS: Final = 32


class ChannelTest:
    """The order of the residual channels: one family in the whole model."""

    test = Test.CHANNELS
    part = Part.EMBEDDINGS
    separate: tuple[tuple[str, ...], ...] = ()

    def __init__(
        self, base: Anatomy, subject: Anatomy, draw: Draw, neurons: Sequence[NeuronTest]
    ) -> None:
        """Bind the two models.

        Args:
            base: The base's anatomy.
            subject: The subject's anatomy.
            draw: The seeded choices.
            neurons: The neuron tests, whose rows under test are left out here.
        """
        self._base, self._subject, self.draw, self._neurons = base, subject, draw, neurons

    def pool(self) -> int:
        """Return the channels of the stream."""
        return self._base.geometry.hidden

    def base_blocks(self) -> Sequence[Block]:
        """Return one block when both streams have the same width and an order that is arbitrary."""
        same = self._base.geometry.hidden == self._subject.geometry.hidden > 0
        return [Block()] if same and self._base.free_channels else []

    def direct(self, block: Block) -> Sequence[Block]:
        """Return the subject's channels."""
        return [block]

    def mapped(self, block: Block) -> Sequence[Block]:
        """Return nothing: there is one stream."""
        del block
        return []

    def label(self, block: Block) -> Phrase:
        """Return the residual channels."""
        del block
        return phrase(PhraseCode.UNITS_CHANNELS)

    # -- pairs of tensors in base and subject ------------------------------------------------

    def _pairs(self) -> list[tuple[Matrix, Matrix]]:
        """Return norm gains that correspond, base and subject."""
        n_base, n_subject = self._base.geometry.layers, self._subject.geometry.layers
        spots = [
            (role, layer, corresponding_layers(layer, n_base, n_subject)[:1])
            for layer in sorted(self.draw.layers(n_base)[:NORM_LAYERS])
            for role in NORM_ROLES
        ]
        found = [
            (self._base.get(role, layer), self._subject.get(role, there[0]))
            for role, layer, there in spots
            if there
        ]
        found.append((self._base.get(Role.NORM_FINAL), self._subject.get(Role.NORM_FINAL)))
        return [(a, b) for a, b in found if a is not None and b is not None]

    def norm_wanted(self) -> list[tuple[Wanted, Wanted]]:
        """Return the gains that correspond, as asked for by this test."""
        if not self.base_blocks():
            return []
        return [
            (Wanted(matrix=a, why=self.test), Wanted(matrix=b, why=self.test))
            for a, b in self._pairs()
        ]

    def _of(self, side: Side, pair: tuple[Matrix, Matrix]) -> Matrix:
        return pair[0] if side.anatomy is self._base else pair[1]

    def _readers(self, side: Side) -> list[Wanted]:
        """Return gate or up rows outside the block under test, in layers that correspond."""
        wanted: list[Wanted] = []
        for test in self._neurons:
            for block in test.base_blocks()[:READER_LAYERS]:
                there = test.direct(block)[:1]
                if not there:
                    continue
                here = block if side.anatomy is self._base else there[0]
                up = test.roles_of(here).at(side.anatomy, here).get("up")
                rows = self._outside(test, side, here)
                if up is not None and not up.transposed and rows:
                    wanted.append(Wanted(matrix=up, units=rows, why=self.test))
        return wanted

    def _outside(self, test: NeuronTest, side: Side, block: Block) -> tuple[int, ...]:
        under_test = test.units(side, block)
        n_units = test.pool()
        after = range(under_test[-1] + 1, min(n_units, under_test[-1] + 1 + READER_ROWS))
        before = range(max(0, under_test[0] - READER_ROWS), under_test[0])
        return tuple(after if len(after) >= len(before) else before)

    def wanted(self, side: Side, block: Block) -> Sequence[Wanted]:
        """Return norm gains, embedding rows of shared tokens, and reader rows."""
        del block
        norms = [Wanted(matrix=self._of(side, pair), why=self.test) for pair in self._pairs()]
        return [*norms, *side.token_rows(Role.EMBED), *self._readers(side)]

    def profiles(self, side: Side, block: Block) -> Profiles:
        """Return the views norms, embeddings, readers and all of them."""
        del block
        channels = list(self.draw.channels(side.anatomy.geometry.hidden))
        views: dict[str, FloatArray] = {}
        norms = [
            side.reader.block(Wanted(matrix=self._of(side, pair), why=self.test))[:, 0]
            for pair in self._pairs()
        ]
        if norms:
            views["raw norms"] = np.stack(norms, axis=1)[channels]
        rows_td = side.embedded
        if rows_td is not None:
            views["raw embeddings"] = (rows_td - rows_td.mean(axis=0, dtype=np.float64)).T[channels]
        readers = [side.reader.block(one) for one in self._readers(side)]
        if readers:
            views["raw readers"] = np.concatenate(readers, axis=0).T[channels]
        # Scaling a channel everywhere is no symmetry of a trained model's views taken apart, but
        # gains and columns of one channel are kept in their own scale: only features are scaled.
        standardised = {name: standardise(rows) for name, rows in views.items()}
        everything = {"raw all": profile(*views.values())} if len(views) > 1 else {}
        rows = np.concatenate(list(views.values()), axis=1) if views else np.zeros((0, 0))
        return Profiles(views=everything | standardised, parts=(rows.astype(np.float32),))


def neuron_tests(base: Anatomy, subject: Anatomy, draw: Draw) -> list[NeuronTest]:
    """Return the neuron tests of every kind of base MLP that may be one of the subject's."""
    tests = [NeuronTest(base, subject, draw, roles) for roles in (DENSE, SHARED, EXPERT)]
    return [test for test in tests if test.base_blocks()]
