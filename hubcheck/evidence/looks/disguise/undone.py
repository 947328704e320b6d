"""What was done to a copy, in words, once its neurons are matched again?

Context beside the verdict: each sentence states what was measured on the matched neurons. Effective
rows are reader rows times the norm gain in front of them: folding a norm changes neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.statistics.disguise import NO_PARTNER, LayerPair
from hubcheck.statistics.profiles import unit_rows

FEWEST_MATCHED: Final = 8
IN_PLACE: Final = 0.5
"""Share of matched neurons still at their index from which on an order counts as kept."""
FLIPPED: Final = 0.05
"""Share of negative signs (or of positive ones) that fine-tuning does not reach: its matched rows
point the same way."""
ANTICORRELATED: Final = -0.7
"""Correlation of log lengths of up and of down: rescaling one against the other makes it -1."""
SPREAD: Final = 0.05
"""Standard deviation of log lengths below which nothing was rescaled."""
RECOGNISED: Final = 0.5
"""Median best |cosine| of channels over matched neurons from which on channels are recognised; a
rotation mixes all channels into each and leaves about sqrt(2 ln d / m)."""
FOLDED: Final = 1e-3
"""Relative spread of a norm's gains below which they are all the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gains:
    """Norm gains in front of the MLP of one layer, or ones: [d]."""

    base_d: NDArray[np.float32]
    subject_d: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """Effective gate rows of the sampled neurons of the best matched pair, [units, channels]."""

    base_ud: NDArray[np.float32]
    subject_vd: NDArray[np.float32]


def what_was_done(seen: Disguise, gains: Sequence[Gains], gates: Gates | None) -> tuple[str, ...]:
    """Return sentences on what was done, from the best matched layers.

    Args:
        seen: A disguise test that found something.
        gains: Of each matched pair of layers.
        gates: Of the best matched pair; None where they could not be read.
    """
    pairs = [p for p in seen.score.found if p.agreeing >= FEWEST_MATCHED]
    words = [_split(seen)]
    if pairs:
        words += [_order(pairs, seen), _signs(seen), _scales(pairs, seen), _folded(gains)]
        words += [_channels(pairs[0], gates) if gates else "", _layers(pairs)]
    return tuple(w for w in words if w)


def _order(pairs: list[LayerPair], seen: Disguise) -> str:
    stay = matched = 0
    for pair in pairs:
        units = np.asarray(seen.base[pair.base].sample.units)
        there = np.asarray(seen.subject[pair.subject].sample.units)
        chosen = pair.partner != NO_PARTNER
        stay += int((units[chosen] == there[pair.partner[chosen]]).sum())
        matched += int(chosen.sum())
    if stay >= IN_PLACE * matched:
        return ""
    return f"MLP neurons relabelled: {stay:,} of {matched:,} matched neurons stand where they stood"


def _signs(seen: Disguise) -> str:
    pairs = sum(s.pairs for s in seen.signs)
    negative = pairs - sum(s.agreements for s in seen.signs)
    if pairs < FEWEST_MATCHED or negative <= FLIPPED * pairs:
        return ""
    return f"signs of up and down flipped in {negative:,} of {pairs:,} matched neurons"


def _scales(pairs: list[LayerPair], seen: Disguise) -> str:
    ups: list[NDArray[np.float64]] = []
    downs: list[NDArray[np.float64]] = []
    for pair in pairs:
        chosen = pair.partner != NO_PARTNER
        a, b = seen.base[pair.base].lengths, seen.subject[pair.subject].lengths
        for name, gathered in (("up", ups), ("down", downs)):
            ratio = np.log(b[name][pair.partner[chosen]]) - np.log(a[name][chosen])
            gathered.append(ratio - np.median(ratio))
    up_u, down_u = np.concatenate(ups), np.concatenate(downs)
    if up_u.std() <= SPREAD or float(np.corrcoef(up_u, down_u)[0, 1]) > ANTICORRELATED:
        return ""
    factor = float(np.exp(up_u.std()))
    return f"up rescaled against down neuron by neuron, by a factor of about {factor:.2f} or 1/it"


def _folded(gains: Sequence[Gains]) -> str:
    def flat(gain_d: NDArray[np.float32]) -> bool:
        return gain_d.size > 1 and float(gain_d.std()) <= FOLDED * float(np.abs(gain_d).mean())

    there = [not flat(g.base_d) and flat(g.subject_d) for g in gains]
    return "norm gains folded into the weights behind them" if there and all(there) else ""


def _channels(pair: LayerPair, gates: Gates) -> str:
    """Return what happened to the residual channels, from the gate rows of one layer."""
    chosen = pair.partner != NO_PARTNER
    a_ud, b_ud = gates.base_ud[chosen], gates.subject_vd[pair.partner[chosen]]
    if a_ud.shape[1] != b_ud.shape[1]:
        return f"residual stream of {a_ud.shape[1]:,} channels turned into {b_ud.shape[1]:,}"
    # a channel is described by what the matched neurons read of it
    cosine_cd = unit_rows(unit_rows(a_ud).T) @ unit_rows(unit_rows(b_ud).T).T
    nearest = np.abs(cosine_cd).argmax(axis=1)
    own = np.arange(nearest.size)
    if float(np.median(cosine_cd[own, own])) >= RECOGNISED:
        return ""
    best = cosine_cd[own, nearest]
    if float(np.median(np.abs(best))) < RECOGNISED:
        return "residual stream rotated: no channel is recognised in any one channel"
    negative = float((best < 0).mean())
    flipped = f", {negative:.0%} of them with the sign flipped" if negative > FLIPPED else ""
    return f"residual channels relabelled{flipped}"


def _layers(pairs: list[LayerPair]) -> str:
    moved = [(p.base, p.subject) for p in pairs if p.base != p.subject]
    if not moved:
        return ""
    return "layers moved: " + ", ".join(f"base layer {i} is layer {j}" for i, j in sorted(moved))


def _split(seen: Disguise) -> str:
    """Return how many sampled gate rows of the subject have a twin there: neurons were split."""
    twins = sum(neurons.twins for neurons in seen.subject.values())
    units = sum(len(neurons.sample.units) for neurons in seen.subject.values())
    if twins <= FLIPPED * units:
        return ""
    return f"neurons split: {twins:,} of {units:,} sampled gate rows stand there more than once"
