"""What do values prove that two models hold in the same place, bit for bit?

Nothing, where every model would hold them: ones, zeros, masks, a ramp, a sinusoid, a window. What
is left is bounded by how often the most frequent value comes.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen

LEAST_DISTINCT: Final = 16
"""Distinct values below which values are a pattern: signs, ternary weights, masks."""
LARGEST_SHARE: Final = 1 / 8
"""A value that makes up more than this is a default: padding, pruned entries, untouched ones."""
UNSEEN: Final = 3
"""Added to the count of the most frequent value: the rule of three, an upper 95 % bound on the
share of a value that came so often, also where every value came once."""
LONG: Final = 8
"""Values in a row from which an order cannot be chance: 2 / 8! = 5e-5, in every row at once."""
LONG_WAVE: Final = 16
TURN: Final = 0.02
"""Distance of sin^2 + cos^2 from 1 that rounding to bfloat16 explains."""
SMOOTH: Final = 0.01
"""Energy of the second differences over that of the values: 6 for independent values, 0.0006 for a
wave of 40 samples."""
MIRRORED: Final = 1e-3
"""Relative difference between a row and its mirror image that float16 explains."""


class Content(StrEnum):
    """What a range of values looks like."""

    LEARNED = "learned"
    """Nothing says that another model would hold the same."""
    FEW_VALUES = "few-values"
    ORDERED = "ordered"
    REPEATED = "repeated"
    WAVES = "waves"
    SMOOTH = "smooth"
    MIRRORED = "mirrored"


@frozen
class Worth:
    """What equality of one range proves."""

    content: Content
    distinct: int
    """Different values."""
    log10_p: float
    """Bound on the chance that an independent model holds the same; 0 unless ``LEARNED``."""


def worth_of(words: NDArray[Any], values: NDArray[np.float32]) -> Worth:
    """Return what it proves that another model holds exactly these values.

    The null: the other model's values do not depend on these, and no single value has a larger
    share among them than ``(m + 3) / n``, with m the count of the most frequent of the n values
    here. Then each position agrees with at most that probability. Positions are not independent of
    each other (rows repeat, entries are copied), so only different values are counted, each once:
    ``log10_p = distinct * log10((m + 3) / n)``.

    It cannot say where both have them from: a public part, the same seed with a frozen part and
    code that computes a table are all equal without any training being copied. What is computed
    in a usual way is recognised by its shape and counts for nothing.

    Args:
        words: The stored values as words, flat [n]; their bits are compared.
        values: The same values as numbers, [rows, columns], NaN and infinity included.
    """
    counts = np.unique(words, return_counts=True)[1]
    distinct = int(counts.size)
    most, n = int(counts.max(initial=0)), max(1, int(words.size))
    share = min(1.0, (most + UNSEEN) / n)
    if distinct < LEAST_DISTINCT or most / n > LARGEST_SHARE:
        content = Content.FEW_VALUES
    else:
        with np.errstate(all="ignore"):
            content = _shape_of(values)
    bound = distinct * math.log10(share) if content is Content.LEARNED else 0.0
    return Worth(content=content, distinct=distinct, log10_p=bound)


def _shape_of(values: NDArray[np.float32]) -> Content:
    """Return what a usual computation would leave behind, or ``LEARNED``."""
    finite = np.where(np.isfinite(values), values, np.float32(0)).astype(np.float64)
    rows, columns = finite.shape
    if _is_ordered(finite) or _is_ordered(finite.T):
        return Content.ORDERED
    if rows > 1 and bool((finite == finite[0]).all()):
        return Content.REPEATED
    half = columns // 2
    if columns >= LONG and columns % 2 == 0:
        if np.array_equal(finite[:, :half], finite[:, half:]):
            return Content.REPEATED  # a rotary cache
        for sine, cosine in (
            (finite[:, :half], finite[:, half:]),
            (finite[:, ::2], finite[:, 1::2]),
        ):
            if bool((np.abs(sine**2 + cosine**2 - 1) < TURN).all()):
                return Content.WAVES
    if _is_smooth(finite) or _is_smooth(finite.T):
        return Content.SMOOTH
    if _is_mirrored(finite):
        return Content.MIRRORED
    return Content.WAVES if _is_wave(finite) else Content.LEARNED


def _is_ordered(rows: NDArray[np.float64]) -> bool:
    """Say whether every row rises, or falls, throughout."""
    if rows.shape[1] < LONG:
        return False
    steps = np.diff(rows, axis=1)
    return bool(((steps >= 0).all(axis=1) | (steps <= 0).all(axis=1)).all())


def _is_smooth(rows: NDArray[np.float64]) -> bool:
    """Say whether every row bends slowly: a window, a schedule, a slow wave."""
    if rows.shape[1] < LONG_WAVE:
        return False
    energy = (rows - rows.mean(axis=1, keepdims=True)) ** 2
    bends = np.diff(rows, n=2, axis=1) ** 2
    return bool((bends.sum(axis=1) <= SMOOTH * energy.sum(axis=1)).all())


def _is_mirrored(rows: NDArray[np.float64]) -> bool:
    """Say whether every row is its own mirror image, or its negative: windows, STFT kernels."""
    if rows.shape[1] < LONG_WAVE:
        return False
    size = np.abs(rows).max(axis=1, keepdims=True)
    for cut in (rows, rows[:, 1:]):  # a periodic window begins one value earlier
        image = cut[:, ::-1]
        even = np.abs(cut - image) <= MIRRORED * size
        odd = np.abs(cut + image) <= MIRRORED * size
        if bool((even.all(axis=1) | odd.all(axis=1)).all()):
            return True
    return False


def _is_wave(values: NDArray[np.float64]) -> bool:
    """Say whether every column is a wave over the rows: x[i + 1] + x[i - 1] = a * x[i]."""
    if values.shape[0] < LONG:
        return False
    middle, both = values[1:-1], values[2:] + values[:-2]
    factor = (middle * both).sum(axis=0) / np.maximum((middle**2).sum(axis=0), 1e-30)
    left = ((both - factor * middle) ** 2).sum(axis=0)
    return bool((left <= SMOOTH * (both**2 + middle**2).sum(axis=0)).all())
