"""How alike do the norm gains of two models look, and what does that say?

Nothing.
Context, never a verdict (DESIGN 3.7). Norm gains are positive and near-constant, so the raw cosine
of any two trained models is about 0.98: it is a function of four moments,
mA mB / sqrt((mA^2 + sA^2)(mB^2 + sB^2)), and stays the same when the channels are shuffled. The
founding dispute rested on this number. It is therefore never shown without its shuffled twin.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen


@frozen
class NormLikeness:
    """Means over corresponding norm tensors."""

    cosine: float
    cosine_shuffled: float
    """The same number with the channels of one model shuffled."""
    pearson: float
    """Correlation over channels: the part of the cosine that depends on the order."""
    tensors: int


def norm_likeness(
    pairs: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]], rng: np.random.Generator
) -> NormLikeness | None:
    """Compare gains [d] of corresponding norms, or return None when there are none.

    Args:
        pairs: (base gain, subject gain), each pair of one length; offsets already added.
        rng: Source of the shuffles.
    """
    rows = [_compare(a.astype(np.float64), b.astype(np.float64), rng) for a, b in pairs]
    if not rows:
        return None
    cosine, shuffled, pearson = (float(np.mean(column)) for column in zip(*rows, strict=True))
    return NormLikeness(cosine=cosine, cosine_shuffled=shuffled, pearson=pearson, tensors=len(rows))


def _compare(
    a: NDArray[np.float64], b: NDArray[np.float64], rng: np.random.Generator
) -> tuple[float, float, float]:
    return _cosine(a, b), _cosine(rng.permutation(a), b), _cosine(a - a.mean(), b - b.mean())


def _cosine(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 0 else 0.0
