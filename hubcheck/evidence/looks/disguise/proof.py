"""Once a disguise is undone, which orders and signs that the fit never saw can be tested exactly?

The three-way match (statistics.disguise) recovers which subject neuron stands for which base
neuron. It is made of |cosines| of one layer at a time, so it has seen neither the signs of up rows
nor the order of any other layer. Two exact tests remain:

* signs: flipping an up row with its down column changes nothing a training run could prefer, so
  under the null the sign of each matched up row is a fair coin (statistics.signs);
* one map for all layers: whoever shuffles every layer by the same permutation leaves the orders of
  layers equal *relative to each other*. The map of ONE layer is applied to the others: under the
  null the order of any other base layer is uniform given that map, so the hit count keeps its
  bound (statistics.hits), and the layers' e-values multiply, because each uses no order but its
  own and that of the one layer fixed beforehand. The layer whose map is used is chosen by its
  agreement, which no reordering changes; it is not tested itself.

Layers of the base that stand in one order share their coins as well and are averaged; where that
order is a structured initialisation's neither test says anything (statistics.shared_order). Signs
are counted only where the architecture makes them fair (``Anatomy.fair_signs``).

Where every symmetry was randomised afresh neither test can show anything: then the calibrated
verdict is all there is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from hubcheck.evidence.looks.disguise.mlp_views import Neurons
from hubcheck.frozen import frozen
from hubcheck.statistics.disguise import NO_PARTNER, LayerPair
from hubcheck.statistics.evalues import log_e_hits, log_e_signs, log_mean
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import FloatArray, cosine_matrix, standardise
from hubcheck.statistics.shared_order import orders_of

FEWEST_MATCHED: Final = 8
"""Matched neurons below which a layer is not used: 8 agreeing signs are 1 in 256."""
MOST_TESTED: Final = 512
"""Matched neurons put to the hit count: more only cost time."""


@frozen
class SignProof:
    """Signs of the up rows of one layer's matched neurons."""

    base: int
    subject: int
    agreements: int
    pairs: int
    log_e: float


@frozen
class MapProof:
    """The neurons of one layer, ordered by the map found in another."""

    base: int
    subject: int
    mapped_by: int
    """Base layer whose map was used."""
    hits: int
    units: int
    kept: float
    log_e: float


def prove_signs(pair: LayerPair, base: Neurons, subject: Neurons) -> SignProof:
    """Count the agreeing signs of up rows, seen through the tokens, over the matched neurons."""
    matched = np.flatnonzero(pair.partner != NO_PARTNER)
    products = np.einsum(
        "ut,ut->u", base.views["up"][matched], subject.views["up"][pair.partner[matched]]
    )
    agreements, pairs = int((products > 0).sum()), int(matched.size)
    log_e = log_e_signs(agreements, pairs) if pairs >= FEWEST_MATCHED else 0.0
    return SignProof(
        base=pair.base, subject=pair.subject, agreements=agreements, pairs=pairs, log_e=log_e
    )


def prove_shared_map(
    found: Sequence[LayerPair], base: Mapping[int, Neurons], subject: Mapping[int, Neurons]
) -> tuple[MapProof, ...]:
    """Order every layer by the map found in the best one, and count hits.

    Args:
        found: The best pair of every base layer, best first.
        base: Neurons by base layer; layers whose sample holds the same units as the first's.
        subject: Neurons by subject layer.
    """
    if len(found) < 2:  # noqa: PLR2004 - a map can only be tried on another layer
        return ()
    first = found[0]
    chosen = np.flatnonzero(first.partner != NO_PARTNER)
    partner, once = np.unique(first.partner[chosen], return_index=True)
    chosen = chosen[once][:MOST_TESTED]
    partner = partner[:MOST_TESTED]
    if chosen.size < FEWEST_MATCHED:
        return ()
    units = (base[first.base].sample.units, subject[first.subject].sample.units)
    proofs = []
    for pair in found[1:]:
        a, b = base[pair.base], subject[pair.subject]
        if (a.sample.units, b.sample.units) != units:
            continue
        # What decides when a neuron speaks: nobody flips its sign without changing the function.
        profiles = [standardise(side.reading[rows]) for side, rows in ((a, chosen), (b, partner))]
        counted = count_hits(cosine_matrix(*profiles))
        proofs.append(
            MapProof(
                base=pair.base,
                subject=pair.subject,
                mapped_by=first.base,
                hits=counted.hits,
                units=counted.units,
                kept=counted.kept,
                log_e=log_e_hits(counted.hits),
            )
        )
    return tuple(proofs)


def distinct_orders(
    proofs: Sequence[Sequence[SignProof | MapProof]], base: Mapping[int, FloatArray], pool: int
) -> tuple[float, ...]:
    """Return the log e-values that multiply: one of each kind of proof for each order.

    Args:
        proofs: By kind (signs of up rows; hits in the order found elsewhere), one a base layer.
        base: Rows of the units in question, through the tokens, by base layer.
        pool: Units a layer has.
    """
    layers = sorted({one.base for of_kind in proofs for one in of_kind})
    rows = [standardise(base[i][:MOST_TESTED]) for i in layers]
    groups = orders_of(rows, pool)
    factors = []
    for group in groups or ():
        of_group = {layers[n] for n in group}
        for of_kind in proofs:
            own = [proof.log_e for proof in of_kind if proof.base in of_group]
            factors += [log_mean(own)] if own else []
    return tuple(factors)
