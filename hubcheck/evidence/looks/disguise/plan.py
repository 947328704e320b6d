"""Which layers, neurons and tokens does the disguise test look at, within a budget?

The largest sample that fits is taken: fewer layers first, then fewer neurons. Nothing is read here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.draw import TOKEN_WINDOW, Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.disguise.mlp_views import (
    Mlps,
    Sample,
    frame_wanted,
    mlps_of,
    pool_of,
    weights_wanted,
)
from hubcheck.evidence.orders.mlps import EXPERT, MlpRoles
from hubcheck.evidence.orders.neurons import corresponding_layers
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import SharedTokens, Side
from hubcheck.statistics.disguise import LAYERS_NEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How much of two models the test looks at, at most."""

    layers: int
    neurons: int
    tokens: int


AT_SAMPLE: Final = Effort(layers=3, neurons=1024, tokens=1024)
"""Some seconds and 130 MB at 1 B parameters; of 14,336 neurons 73 true pairs remain."""
AT_DEEP: Final = Effort(layers=4, neurons=3072, tokens=1536)
"""0.8 GB at 7 B parameters; of 14,336 neurons 658 true pairs remain."""
FEWEST_NEURONS: Final = 512
FEWEST_PAIRS: Final = 24
"""True pairs that must remain among the sampled neurons: below, shares are too coarse."""
FEWEST_TOKENS: Final = 128
"""Shared tokens below which a frame says too little."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What is looked at."""

    sides: tuple[Side, Side]
    samples: tuple[list[Sample], list[Sample]]
    mlps: Mlps


class Planning:
    """Chooses samples for one pair of models."""

    def __init__(
        self, base: Anatomy, subject: Anatomy, tokens: SharedTokens, draw: Draw, effort: Effort
    ) -> None:
        """Bind the models and the effort.

        Args:
            base: The base.
            subject: The subject.
            tokens: Ids of shared tokens, aligned.
            draw: The seeded choices.
            effort: How much to look at, at most.
        """
        self._a, self._b = base, subject
        self._tokens = tokens
        self._draw = draw
        self._effort = effort
        self.mlps = mlps_of(base, subject)

    def affordable(self, budget: int) -> Planned | Refused:
        """Return the largest samples that the budget pays for, or why there are none."""
        mlps = self.mlps
        if mlps is None:
            return Refused(code=Why.NO_COMMON_MLP)
        if len(self._tokens.base_ids) < FEWEST_TOKENS:
            return Refused(code=Why.FEW_TOKENS)
        layers, roles = (mlps.layers(self._a), mlps.layers(self._b)), mlps.roles
        if len(layers[0]) < LAYERS_NEEDED or len(layers[1]) < LAYERS_NEEDED:
            return Refused(code=Why.FEW_LAYERS)
        sides = self._sides()
        for n_layers, neurons in self._efforts(len(layers[0])):
            chosen = self._chosen(layers, n_layers)
            samples = tuple(
                [self._sample(anatomy, roles, layer, neurons) for layer in some]
                for anatomy, some in zip((self._a, self._b), chosen, strict=True)
            )
            cost = max(self._cost(s, roles, of) for s, of in zip(sides, samples, strict=True))
            if cost <= budget:
                few = self._expected(samples[0][0], samples[1][0]) < FEWEST_PAIRS
                if few:
                    return Refused(code=Why.FEW_NEURONS)
                return Planned(sides=sides, samples=(samples[0], samples[1]), mlps=mlps)
        return Refused(code=Why.BUDGET)

    def _efforts(self, n_layers: int) -> list[tuple[int, int]]:
        """Return (layers, neurons) to try, the largest first."""
        layers = range(min(self._effort.layers, n_layers), LAYERS_NEEDED - 1, -1)
        neurons, sizes = self._effort.neurons, []
        while neurons >= FEWEST_NEURONS:
            sizes.append(neurons)
            neurons //= 2
        return [(n, m) for m in sizes or [self._effort.neurons] for n in layers]

    def _chosen(
        self, layers: tuple[tuple[int, ...], tuple[int, ...]], n: int
    ) -> tuple[list[int], list[int]]:
        """Return n base layers and where they lie in the subject if nothing was reordered."""
        order = [i for i in self._draw.layers(self._a.geometry.layers) if i in layers[0]]
        base = sorted(order[:n])
        depths = (self._a.geometry.layers, self._b.geometry.layers)
        near = [corresponding_layers(i, *depths) for i in base]
        subject = sorted({j for some in near for j in some if j in layers[1]})
        return base, subject

    def _sample(self, anatomy: Anatomy, roles: MlpRoles, layer: int, neurons: int) -> Sample:
        """Return a run of neurons; the same run wherever the MLPs are equally wide."""
        member = 0 if roles is EXPERT else -1
        block = Block(layer=layer, member=member)
        pool = pool_of(anatomy, roles, block)
        size = min(pool, neurons)
        start = self._draw.start(pool, size)
        return Sample(block=block, units=tuple(range(start, start + size)), pool=pool)

    @staticmethod
    def _expected(a: Sample, b: Sample) -> float:
        """Return how many true pairs remain, at worst."""
        return len(a.units) * len(b.units) / max(a.pool, b.pool)

    def _sides(self) -> tuple[Side, Side]:
        ids = self._tokens.base_ids, self._tokens.subject_ids
        positions = self._draw.spread_tokens(len(ids[0]), self._effort.tokens, TOKEN_WINDOW)
        return (
            Side(Reader(self._a), tuple(ids[0][p] for p in positions)),
            Side(Reader(self._b), tuple(ids[1][p] for p in positions)),
        )

    @staticmethod
    def _cost(side: Side, roles: MlpRoles, samples: Sequence[Sample]) -> int:
        wanted: list[Wanted] = [*frame_wanted(side, [s.block.layer for s in samples])]
        for sample in samples:
            wanted += weights_wanted(side.anatomy, roles, sample)
        return side.reader.size(wanted)
