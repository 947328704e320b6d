"""What was done to a copy, once its neurons are matched again?

Context beside the verdict: each phrase states what was measured on the matched neurons. Effective
rows are reader rows times the norm gain in front of them: folding a norm changes neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
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


@frozen
class Gains:
    """Norm gains in front of the MLP of one layer, or ones: [d]."""

    base_d: NDArray[np.float32]
    subject_d: NDArray[np.float32]


@frozen
class Gates:
    """Effective gate rows of the sampled neurons of the best matched pair, [units, channels]."""

    base_ud: NDArray[np.float32]
    subject_vd: NDArray[np.float32]


def what_was_done(seen: Disguise, gains: Sequence[Gains], gates: Gates | None) -> Clauses:
    """Return what was done, from the best matched layers.

    Args:
        seen: A disguise test that found something.
        gains: Of each matched pair of layers.
        gates: Of the best matched pair; None where they could not be read.
    """
    pairs = [p for p in seen.score.found if p.agreeing >= FEWEST_MATCHED]
    said = [_split(seen)]
    if pairs:
        said += [_order(pairs, seen), _signs(seen), _scales(pairs, seen), _folded(gains)]
        said += [_channels(pairs[0], gates) if gates else None, _layers(pairs)]
    return tuple(one for one in said if one is not None)


def _order(pairs: list[LayerPair], seen: Disguise) -> Phrase | None:
    stay = matched = 0
    for pair in pairs:
        units = np.asarray(seen.base[pair.base].sample.units)
        there = np.asarray(seen.subject[pair.subject].sample.units)
        chosen = pair.partner != NO_PARTNER
        stay += int((units[chosen] == there[pair.partner[chosen]]).sum())
        matched += int(chosen.sum())
    if stay >= IN_PLACE * matched:
        return None
    return phrase(PhraseCode.NEURONS_MOVED, stay=stay, matched=matched)


def _signs(seen: Disguise) -> Phrase | None:
    pairs = sum(s.pairs for s in seen.signs)
    negative = pairs - sum(s.agreements for s in seen.signs)
    if pairs < FEWEST_MATCHED or negative <= FLIPPED * pairs:
        return None
    return phrase(PhraseCode.SIGNS_FLIPPED, flipped=int(negative), matched=int(pairs))


def _scales(pairs: list[LayerPair], seen: Disguise) -> Phrase | None:
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
        return None
    return phrase(PhraseCode.UP_RESCALED, factor=float(np.exp(up_u.std())))


def _folded(gains: Sequence[Gains]) -> Phrase | None:
    def flat(gain_d: NDArray[np.float32]) -> bool:
        return gain_d.size > 1 and float(gain_d.std()) <= FOLDED * float(np.abs(gain_d).mean())

    there = [not flat(g.base_d) and flat(g.subject_d) for g in gains]
    return phrase(PhraseCode.NORMS_FOLDED) if there and all(there) else None


def _channels(pair: LayerPair, gates: Gates) -> Phrase | None:
    """Return what happened to the residual channels, from the gate rows of one layer."""
    chosen = pair.partner != NO_PARTNER
    a_ud, b_ud = gates.base_ud[chosen], gates.subject_vd[pair.partner[chosen]]
    if a_ud.shape[1] != b_ud.shape[1]:
        widths = (int(a_ud.shape[1]), int(b_ud.shape[1]))
        return phrase(PhraseCode.STREAM_RESIZED, base=widths[0], subject=widths[1])
    # a channel is described by what the matched neurons read of it
    cosine_cd = unit_rows(unit_rows(a_ud).T) @ unit_rows(unit_rows(b_ud).T).T
    nearest = np.abs(cosine_cd).argmax(axis=1)
    own = np.arange(nearest.size)
    if float(np.median(cosine_cd[own, own])) >= RECOGNISED:
        return None
    best = cosine_cd[own, nearest]
    if float(np.median(np.abs(best))) < RECOGNISED:
        return phrase(PhraseCode.STREAM_ROTATED)
    negative = float((best < 0).mean())
    return phrase(PhraseCode.CHANNELS_MOVED, flipped=negative if negative > FLIPPED else 0.0)


def _layers(pairs: list[LayerPair]) -> Phrase | None:
    moved = sorted((p.base, p.subject) for p in pairs if p.base != p.subject)
    if not moved:
        return None
    base, subject = zip(*moved, strict=True)
    return phrase(PhraseCode.LAYERS_SWAPPED, base=base, subject=subject)


def _split(seen: Disguise) -> Phrase | None:
    """Return how many sampled gate rows of the subject have a twin there: neurons were split."""
    twins = sum(neurons.twins for neurons in seen.subject.values())
    units = sum(len(neurons.sample.units) for neurons in seen.subject.values())
    if twins <= FLIPPED * units:
        return None
    return phrase(PhraseCode.NEURONS_SPLIT, twins=int(twins), units=units)
