"""How are raw feature rows made into profiles that can be compared?

Legend: u units, v units of the other model, f features. All results are float64 or float32 arrays;
accumulation over features is in the dtype of the input (float32 rows of at most some thousand
features), the mean over units in float64.

Every operation here treats the units alike, so it commutes with any reordering of them: the null
distribution of a hit count (``statistics.hits``) is untouched by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating[Any]]

CONSTANT_RELATIVE_SPREAD: Final = 1e-6
"""A feature whose spread over the units is below this share of its largest value carries no order
(gains that are all still 1, biases that are all 0); float32 rounding alone reaches about 1e-7."""


def unit_rows(rows_uf: FloatArray) -> FloatArray:
    """Scale each row to length one; a zero row stays zero.

    Makes everything that follows blind to a rescaling of single units (a neuron's up row times c,
    its down column divided by c, is the same function). Rows are first divided by a power of two
    near their largest entry: squares of float32 vanish below 1e-23 and overflow above 1e19, which
    would let such a rescaling hide a copy.
    """
    return _of_length_one(rows_uf / _power_of_two(_largest(rows_uf, axis=1))[:, None])


def _of_length_one(bounded_uf: FloatArray) -> FloatArray:
    """Scale rows in place: beyond the cache, a further copy costs more than the arithmetic."""
    length_u1 = np.sqrt(np.einsum("uf,uf->u", bounded_uf, bounded_uf))[:, None]
    bounded_uf /= np.where(length_u1 > 0, length_u1, 1).astype(bounded_uf.dtype)
    return bounded_uf


def standardise(rows_uf: FloatArray) -> FloatArray:
    """Centre and scale each feature over the units, then scale each unit to length one.

    Features that are constant over the units are dropped (set to zero): they carry no order.
    Without this step two unrelated models look alike, because what all units share (the mean of a
    norm, a loud channel) dominates every cosine.

    Args:
        rows_uf: [units, features]; finite.

    Returns:
        [units, features], rows of length one, or zero where a unit has no feature of its own.
    """
    if rows_uf.shape[0] == 0 or rows_uf.shape[1] == 0:
        return rows_uf
    made_uf = rows_uf / _power_of_two(_largest(rows_uf, axis=0))
    largest_f = _largest(made_uf, axis=0)
    # float32 sums over a thousand units drift by 1e-5: a constant would no longer look constant.
    made_uf -= made_uf.mean(axis=0, dtype=np.float64).astype(rows_uf.dtype)
    spread_f = np.sqrt(np.mean(made_uf * made_uf, axis=0))
    alive_f = spread_f > CONSTANT_RELATIVE_SPREAD * largest_f
    scale_f = np.where(alive_f, 1.0 / np.where(alive_f, spread_f, 1.0), 0.0)
    made_uf *= scale_f.astype(rows_uf.dtype)
    made_uf /= _power_of_two(_largest(made_uf, axis=1))[:, None]
    return _of_length_one(made_uf)


def uncentred(rows_uf: FloatArray) -> FloatArray:
    """Scale each feature by its root mean square over the units, then each unit to length one.

    Nothing is subtracted, so flipping the sign of one unit flips exactly its own profile: what the
    sign test needs to be exact.
    """
    loudness_f = np.sqrt(np.mean(np.square(unit_rows(rows_uf)), axis=0))
    scale_f = np.where(loudness_f > 0, 1.0 / np.where(loudness_f > 0, loudness_f, 1.0), 0.0)
    return unit_rows(unit_rows(rows_uf) * scale_f.astype(rows_uf.dtype))


def profile(*views_uf: FloatArray) -> FloatArray:
    """Join several views of the same units into one profile, each view weighing the same.

    Args:
        views_uf: Arrays [units, f_k] with equal unit counts, for example gate rows and up rows.

    Returns:
        [units, sum f_k], rows of length one (or zero).
    """
    return joined([standardise(unit_rows(view_uf)) for view_uf in views_uf])


def joined(standardised_uf: Sequence[FloatArray]) -> FloatArray:
    """Join views that are standardised already; what ``profile`` does after that."""
    return unit_rows(np.concatenate(standardised_uf, axis=1))


def _largest(rows_uf: FloatArray, *, axis: int) -> FloatArray:
    """Return the largest absolute value along an axis, 0 where there is none."""
    most = rows_uf.max(axis=axis, initial=0)
    largest: FloatArray = np.maximum(most, -rows_uf.min(axis=axis, initial=0))
    return largest


def _power_of_two(largest: FloatArray) -> FloatArray:
    """Return powers of two near ``largest`` (1 for 0): dividing by them changes no mantissa."""
    limits = np.finfo(largest.dtype)
    exponent = np.clip(np.frexp(largest)[1], limits.minexp, limits.maxexp - 1)
    return np.ldexp(np.ones_like(largest), np.where(largest > 0, exponent, 0))


def cosine_matrix(a_uf: FloatArray, b_vf: FloatArray) -> FloatArray:
    """Return the cosine of every profile of A with every profile of B, shape [u, v].

    Both inputs must be rows of length one, as ``standardise`` and ``profile`` return them.
    """
    return a_uf @ b_vf.T
