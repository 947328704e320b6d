"""Do the signs of matched units agree more often than fair coins?

Null. Flipping an up row together with its down column leaves a gated MLP's function, a symmetric
initialisation and every sign-equivariant optimiser unchanged. Gate rows take no part in that flip,
so after units are matched by their gate rows alone the sign of each matched pair of up rows is a
fair coin, however the order was shuffled. One coin per neuron: signs of up and of down are the
same coin and are never multiplied; gate signs and products are no coins (statistics note,
section 5).
"""

from __future__ import annotations

from math import lgamma, log
from typing import Final

import numpy as np

from hubcheck.statistics.evalues import log_sum_exp
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.profiles import FloatArray

MOST_PAIRS: Final = 60
"""Best matches used (statistics note, section 5: 56-60 of 60 against 23-33)."""
FEWEST_PAIRS: Final = 8


def sign_agreements(
    gate_a_uf: FloatArray, gate_b_uf: FloatArray, up_a_uf: FloatArray, up_b_uf: FloatArray
) -> tuple[int, int]:
    """Return (agreeing signs, pairs) over the best mutual matches by gate.

    Args:
        gate_a_uf: Gate profiles of the base, rows of length one.
        gate_b_uf: Gate profiles of the subject.
        up_a_uf: Up rows of the base, not centred over units.
        up_b_uf: Up rows of the subject.
    """
    similarity_uv = gate_a_uf @ gate_b_uf.T
    to_b = similarity_uv.argmax(axis=1)
    to_a = similarity_uv.argmax(axis=0)
    units = np.arange(similarity_uv.shape[0])
    mutual = units[to_a[to_b] == units]
    if mutual.size < FEWEST_PAIRS:
        return 0, 0
    order = np.argsort(-similarity_uv[mutual, to_b[mutual]], kind="stable")
    best = mutual[order][:MOST_PAIRS]
    products = np.einsum("uf,uf->u", up_a_uf[best], up_b_uf[to_b[best]])
    return int((products > 0).sum()), int(best.size)


def log10_p_signs(agreements: int, pairs: int) -> float:
    """Return log10 P(X >= agreements) for X binomial(pairs, 1/2), exact, at most 0."""
    if pairs == 0:
        return 0.0
    terms = [
        lgamma(pairs + 1) - lgamma(k + 1) - lgamma(pairs - k + 1)
        for k in range(agreements, pairs + 1)
    ]
    return min(0.0, (log_sum_exp(terms) - pairs * log(2.0)) / LOG10)
