"""Do gate, up and down point to the same partner, whatever was relabelled, turned and rescaled?

Legend: u sampled neurons of a base layer, v of a subject layer, t shared tokens. A *view* is one
matrix of the MLP seen through the shared tokens (statistics.whitening): residual rotations cancel
in it, and |cosine| is blind to the sign and the scale of a neuron. Each view alone names the
nearest subject neuron of every base neuron. In a copy all views name the same one, however the
neurons were shuffled; in models trained apart they agree only where training makes the same neuron
twice. A gated MLP has three views; one without a gate has two, which agree more often by chance and
are held against a table of their own.

Null. No exchangeability is left: the statistic is invariant to the very group whose permutations
would make an exact p-value (methods note, 4.7), so it is *calibrated*, on pairs of independently
trained models. Two figures are taken and made one score, so that one table calibrates one
statistic:

* agreement: neurons on which all three views agree, as a share of the pairs that a copy would have
  among the sampled neurons, in the second best base layer (one layer alone is never enough: the
  first layers of independent models share neurons that detect single tokens);
* outstanding: the share of base neurons whose best |cosine| in one view is above the 99 %
  quantile of the same neurons' best in the wrong layers of the same subject, in the second best
  base layer. Neurons split into twins whose up and down rows cancel escape the agreement, but
  their gate rows do not escape this.

The score is the larger of the agreement and a tenth of the outstanding share, whose null is ten
times as wide (independent models of the zoo: agreement at most 0.004, outstanding at most 0.10).

Two bounds let a test stop early, and no verdict hangs on either. All three views agree on no more
neurons than two of them do (of those that two name, each subject neuron counts once, and what a
third names as well is among them), so gate and up alone bound the agreement from above. And what
has to show in two base layers cannot, whatever the last one says, once all others stay below.

Rank bound. Let M calibration models and the two under test be exchangeable draws of independent
models. Among all pairs of the M + 2, call a pair outstanding if its score exceeds that of every
pair disjoint from it. Two disjoint pairs cannot both be, so the outstanding pairs meet each other:
a star or a triangle, at most M + 1 of (M+2)(M+1)/2. The pair under test is outstanding with
probability at most **2/(M+2)** (statistics note, section 5). Any subset of the calibration pairs
that contains a perfect matching keeps that bound: M/2 disjoint pairs and the one under test are
exchangeable, 1/(M/2 + 1) = 2/(M+2); further pairs only raise the maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen
from hubcheck.statistics.profiles import FloatArray

GATED: Final = ("gate", "up", "down")
PLAIN: Final = ("up", "down")
"""Matrices of an MLP without a gate."""
CONTROL_QUANTILE: Final = 0.99
"""A unit stands out above this quantile of wrong-layer matches: 1 % do by chance."""
FEWEST_CONTROLS: Final = 2
"""Wrong subject layers a control needs; with fewer there is none."""
OUTSTANDING_WEIGHT: Final = 0.1
"""Brings the wider null of the outstanding share to the scale of the agreement."""
LAYERS_NEEDED: Final = 2
"""Base layers that must show the same (DESIGN 3.5)."""
NO_PARTNER: Final = -1

Views = Mapping[str, FloatArray]
"""By name, [units, tokens], rows of length one."""


@frozen
class LayerPair:
    """What the three views say of one base layer against one subject layer."""

    base: int
    subject: int
    partner: NDArray[np.int64]
    """[u] the subject neuron that all views name, or ``NO_PARTNER``."""
    expected: float
    """Pairs a copy would have among the sampled neurons."""
    best: Mapping[str, FloatArray]
    """By view, [u] the largest |cosine| of each base neuron."""

    @property
    def agreeing(self) -> int:
        """Base neurons on which all views agree."""
        return int((self.partner != NO_PARTNER).sum())

    @property
    def agreement(self) -> float:
        """Agreeing neurons as a share of the pairs that a copy would have, at most 1."""
        return min(1.0, self.agreeing / self.expected) if self.expected > 0 else 0.0


@frozen
class Score:
    """The calibrated statistic, and what it was made of."""

    agreement: float
    outstanding: float
    found: tuple[LayerPair, ...]
    """The best pair of every base layer, best first."""
    stands_out: tuple[float, ...]
    """For each of ``found``, the largest share that stands out in one view."""

    @property
    def value(self) -> float:
        """The two figures as one statistic, for one table."""
        return max(self.agreement, OUTSTANDING_WEIGHT * self.outstanding)


def nearest(a_ut: FloatArray, b_vt: FloatArray) -> tuple[NDArray[np.int64], FloatArray]:
    """Return for each row of A the row of B with the largest |cosine|, and that |cosine|.

    Args:
        a_ut: Rows of length one.
        b_vt: Rows of length one.

    Returns:
        [u] index into B, [u] value.
    """
    similarity_uv = np.abs(a_ut @ b_vt.T)
    index_u = similarity_uv.argmax(axis=1)
    return index_u, similarity_uv[np.arange(index_u.size), index_u]


Nearest = Callable[[FloatArray, FloatArray], tuple[NDArray[np.int64], FloatArray]]
"""As ``nearest``; another implementation may run on a device."""


def match_layers(
    a: Views,
    b: Views,
    *,
    base: int,
    subject: int,
    a_pool: int,
    b_pool: int,
    find: Nearest = nearest,
) -> LayerPair:
    """Match the sampled neurons of two layers by each view alone.

    Args:
        a: Views of u base neurons, by ``GATED`` or ``PLAIN``.
        b: The same views of v subject neurons.
        base: The base layer.
        subject: The subject layer.
        a_pool: Neurons the base layer has.
        b_pool: Neurons the subject layer has.
        find: Finds the nearest rows.
    """
    matches = {view: find(a[view], b[view]) for view in a}
    named = np.stack([index for index, _ in matches.values()])
    first = named[0]
    partner = np.where((named == first).all(axis=0), first, NO_PARTNER)
    partner = _claimed_once(partner, sum((v for _, v in matches.values()), np.zeros(first.size)))
    expected = first.size * next(iter(b.values())).shape[0] / max(a_pool, b_pool)
    best = {view: value for view, (_, value) in matches.items()}
    return LayerPair(base=base, subject=subject, partner=partner, expected=expected, best=best)


def _claimed_once(partner: NDArray[np.int64], likeness_u: FloatArray) -> NDArray[np.int64]:
    """Return the partners with each subject neuron left to the base neuron that is most like it.

    A subject of equal rows would otherwise agree everywhere: every view names its first neuron.
    """
    order = np.argsort(-likeness_u, kind="stable")
    _, first = np.unique(partner[order], return_index=True)
    kept = np.full_like(partner, NO_PARTNER)
    kept[order[first]] = partner[order[first]]
    return kept


def score(pairs: Sequence[LayerPair], *, unmatched: int = 0) -> Score:
    """Sum up every base layer against every subject layer that was matched.

    Args:
        pairs: Of at least one base layer.
        unmatched: Base layers that were chosen and not matched; the figures are then the greatest
            that the score can reach with them.
    """
    by_base: dict[int, list[LayerPair]] = {}
    for pair in pairs:
        by_base.setdefault(pair.base, []).append(pair)
    stands = {id(pair): outstanding(pair, row) for row in by_base.values() for pair in row}
    agreements = [max(pair.agreement for pair in row) for row in by_base.values()]
    shares = {
        view: [max(stands[id(pair)][view] for pair in row) for row in by_base.values()]
        for view in pairs[0].best
    }
    found = [
        max(row, key=lambda p: (p.agreement, max(stands[id(p)].values())))
        for row in by_base.values()
    ]
    found.sort(key=lambda p: (-p.agreement, p.base))
    return Score(
        agreement=_in_two_layers(agreements, unmatched),
        outstanding=max(_in_two_layers(values, unmatched) for values in shares.values()),
        found=tuple(found),
        stands_out=tuple(max(stands[id(pair)].values()) for pair in found),
    )


def outstanding(pair: LayerPair, row: Sequence[LayerPair]) -> dict[str, float]:
    """Return by view the share of base neurons that stand out against the wrong layers.

    The control is the median over the other subject layers of their 99 % quantiles, so that a
    subject whose layers are duplicated does not raise its own control.

    Args:
        pair: One base layer against one subject layer.
        row: The same base layer against every subject layer, ``pair`` among them.
    """
    others = [other for other in row if other is not pair]
    if len(others) < FEWEST_CONTROLS:
        return dict.fromkeys(pair.best, 0.0)
    shares = {}
    for view in pair.best:
        control = np.median([np.quantile(o.best[view], CONTROL_QUANTILE) for o in others])
        shares[view] = float((pair.best[view] > control).mean())
    return shares


def _in_two_layers(shares: Sequence[float], unmatched: int) -> float:
    """Return the second largest share, 0 with fewer layers: what at least two layers show.

    A layer that was not matched may show anything: it counts as 1.
    """
    every = sorted([*shares, *[1.0] * unmatched])
    return every[-LAYERS_NEEDED] if len(every) >= LAYERS_NEEDED else 0.0


def rank_bound(models: int) -> float:
    """Return 2/(M+2): how often an independent pair outdoes every calibration pair."""
    return 2.0 / (models + 2)
