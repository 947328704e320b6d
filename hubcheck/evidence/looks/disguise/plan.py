"""Which layers, neurons and tokens does the disguise test look at, within a budget?

The largest sample that fits is taken: fewer layers first, then fewer neurons. Nothing is read here.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.draw import TOKEN_WINDOW, Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.disguise.mlp_views import (
    EVERY,
    READING,
    Matrices,
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
from hubcheck.frozen import frozen
from hubcheck.statistics.disguise import GATED, LAYERS_NEEDED


@frozen
class Effort:
    """How much of two models the test looks at, at most."""

    layers: int
    neurons: int
    tokens: int
    pairs: int
    """True pairs that are enough: of a small MLP fewer neurons have them."""


AT_SAMPLE: Final = Effort(layers=3, neurons=1024, tokens=768, pairs=128)
"""A second and 40 MB at 1 B parameters where nothing is found, 130 MB where something is; of
14,336 neurons 73 true pairs remain. 128 pairs tell shares of 1 %, as finely as the table's models
of 128 neurons do. 768 tokens show a copy of two billion-parameter models that keeps 0.14 where
1,024 show 0.125 and 512 show 0.155, and cost two thirds of what 1,024 do. The table is made through
frames of fewer dimensions (the width of its models), in which strangers come closer."""
AT_DEEP: Final = Effort(layers=4, neurons=3072, tokens=1536, pairs=10**6)
"""0.8 GB at 7 B parameters; of 14,336 neurons 658 true pairs remain, and small MLPs are read
whole."""
STAND_OUT: Final = 1365
"""Neurons of an MLP up to which the share that stands out can pass the shipped table's threshold:
three quarters of them must have their partners among the 1,024 that are read."""
FEWEST_NEURONS: Final = 512
FEWEST_PAIRS: Final = 24
"""True pairs that must remain among the sampled neurons: below, shares are too coarse."""
FEWEST_TOKENS: Final = 128
"""Shared tokens below which a frame says too little."""


@frozen
class Planned:
    """What is looked at."""

    sides: tuple[Side, Side]
    samples: tuple[list[Sample], list[Sample]]
    mlps: Mlps
    whole: bool
    """Whether the budget pays for every matrix, and not only for those that read the stream."""


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
        efforts = self._efforts(len(layers[0]))
        # Matrices of 28,672 neurons are too large for a sample: reading rows of them are not.
        asked = [(True, one) for one in efforts]
        asked += [(False, one) for one in efforts if mlps.matrices == GATED]
        for whole, (n_layers, neurons) in asked:
            chosen = self._chosen(layers, n_layers)
            pools = {
                pool_of(anatomy, roles, _block(roles, layer))
                for anatomy, some in zip((self._a, self._b), chosen, strict=True)
                for layer in some
            }
            most = min(neurons, self._enough(pools))
            samples = tuple(
                [self._sample(anatomy, roles, layer, most) for layer in some]
                for anatomy, some in zip((self._a, self._b), chosen, strict=True)
            )
            only = EVERY if whole else READING
            cost = max(
                self._cost(side, roles, some, only)
                for side, some in zip(sides, samples, strict=True)
            )
            if cost <= budget:
                few = self._expected(samples[0][0], samples[1][0]) < FEWEST_PAIRS
                if few:
                    return Refused(code=Why.FEW_NEURONS)
                both = samples[0], samples[1]
                return Planned(sides=sides, samples=both, mlps=mlps, whole=whole)
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
        block = _block(roles, layer)
        pool = pool_of(anatomy, roles, block)
        size = min(pool, neurons)
        start = self._draw.start(pool, size)
        return Sample(block=block, units=tuple(range(start, start + size)), pool=pool)

    def _enough(self, pools: set[int]) -> int:
        """Return how many neurons of an MLP have the true pairs that are enough.

        Equally many of both models are the fewest rows for so many pairs: of 8,192 neurons 1,025 of
        each have 128, where a whole layer against a sample of 128 would read 8,320 and multiply as
        much. Where neurons that stand out could decide, or may have been split, all count.

        Args:
            pools: Neurons of the chosen MLPs of both models.
        """
        if len(pools) > 1 or min(pools) <= STAND_OUT:
            return self._effort.neurons
        return max(FEWEST_NEURONS, math.isqrt(self._effort.pairs * min(pools)) + 1)

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
    def _cost(side: Side, roles: MlpRoles, samples: Sequence[Sample], only: Matrices) -> int:
        wanted: list[Wanted] = [*frame_wanted(side, [s.block.layer for s in samples], only)]
        for sample in samples:
            wanted += weights_wanted(side.anatomy, roles, sample, only).values()
        return side.reader.size(wanted)


def _block(roles: MlpRoles, layer: int) -> Block:
    """Return an MLP of a layer; of experts the first, until routers say which."""
    return Block(layer=layer, member=0 if roles is EXPERT else -1)
