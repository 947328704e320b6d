"""How far apart are two arrays of stored values?

One pass over both, chunk by chunk: sums in float64, combined so that the order of chunks does not
matter. The numbers do not depend on how many threads or processes share the work, and agree between
NumPy and torch to the last digits of float64.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.arrays import WORDS, Arrays, arrays_of
from hubcheck.devices.choice import NUMPY, Device


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSums:
    """What two arrays of the same length add up to."""

    values: int
    equal: int
    """Values with equal bits."""
    base_square: float
    subject_square: float
    change_square: float
    product: float
    largest: float
    """Largest |subject - base|."""

    @property
    def finite(self) -> bool:
        """Whether every value was a number: squares of float32 cannot overflow float64."""
        return math.isfinite(self.base_square) and math.isfinite(self.subject_square)

    @property
    def relative(self) -> float:
        """|subject - base| / |base|; 0 where both are zero, infinite where only the base is."""
        if self.change_square == 0:
            return 0.0
        return math.sqrt(self.change_square / self.base_square) if self.base_square else math.inf

    @property
    def cosine(self) -> float:
        """Of the two arrays as vectors; 1 where they are equal, 0 where one is zero."""
        if self.change_square == 0:
            return 1.0
        scale = math.sqrt(self.base_square) * math.sqrt(self.subject_square)
        if scale == 0:
            return 0.0
        return max(-1.0, min(1.0, self.product / scale))


NOTHING = PairSums(
    values=0,
    equal=0,
    base_square=0.0,
    subject_square=0.0,
    change_square=0.0,
    product=0.0,
    largest=0.0,
)


def total(parts: Iterable[PairSums]) -> PairSums:
    """Return the sums over several parts: the same, whatever their order."""
    every = list(parts)

    def add(name: str) -> float:
        terms = [float(getattr(part, name)) for part in every]
        # fsum rounds once, so the order of the terms cannot matter; it has no answer for inf - inf.
        return math.fsum(terms) if all(map(math.isfinite, terms)) else math.nan

    return PairSums(
        values=sum(part.values for part in every),
        equal=sum(part.equal for part in every),
        base_square=add("base_square"),
        subject_square=add("subject_square"),
        change_square=add("change_square"),
        product=add("product"),
        largest=max((part.largest for part in every), default=0.0),
    )


def pair_sums(
    base: NDArray[Any],
    subject: NDArray[Any],
    *,
    dtypes: tuple[str, str],
    bits: tuple[NDArray[Any], NDArray[Any]] | None = None,
    device: Device = NUMPY,
) -> PairSums:
    """Return the sums over two flat arrays of stored words.

    Args:
        base: Words of the base, [n], as ``arrays.WORDS`` has them; contiguous.
        subject: Words of the subject, [n].
        dtypes: What the words of base and subject are: ``BF16``, ``F16`` or ``F32``.
        bits: What to compare for equality instead of the words, [n] each; must be given where the
            dtypes differ.
        device: Where to work.

    Raises:
        ValueError: the lengths differ, or words of two dtypes would be held for equal bits.
    """
    left, right = bits if bits is not None else (base, subject)
    if base.size != subject.size or left.size != right.size or left.size != base.size:
        message = f"{base.size} values cannot be held against {subject.size}"
        raise ValueError(message)
    if bits is None and dtypes[0] != dtypes[1]:
        message = f"bits of {dtypes[0]} cannot equal bits of {dtypes[1]}"
        raise ValueError(message)
    words = (base.view(WORDS[dtypes[0]]), subject.view(WORDS[dtypes[1]]))
    arrays = arrays_of(device, float64=True)
    parts = []
    for start in range(0, base.size, arrays.chunk):
        cut = slice(start, start + arrays.chunk)
        # Equality is a matter of words, cheap on the host and exact everywhere.
        equal = int(np.count_nonzero(left[cut] == right[cut]))
        a = arrays.wide(words[0][cut], dtypes[0])
        same = bits is None and equal == words[0][cut].size
        b = a if same else arrays.wide(words[1][cut], dtypes[1])
        parts.append(_chunk(arrays, a, b, equal, same=same))
    return total(parts) if len(parts) != 1 else parts[0]


def _chunk(arrays: Arrays, a: Any, b: Any, equal: int, *, same: bool) -> PairSums:
    """Return the sums of one chunk, float64 [k] each.

    Of arrays with equal bits one sum says all; a NaN in them shows in it.
    """
    xp = arrays.xp
    if same:
        square = float(xp.dot(a, a))
        return PairSums(
            values=len(a),
            equal=equal,
            base_square=square,
            subject_square=square,
            change_square=0.0,
            product=square,
            largest=0.0,
        )
    with np.errstate(invalid="ignore"):  # what is not finite is told by name, by the caller
        d = b - a
        sums = (xp.dot(a, a), xp.dot(b, b), xp.dot(d, d), xp.dot(a, b), d.max(), -d.min())
        aa, bb, dd, ab, up, down = arrays.fetch(xp.stack(sums)).tolist()
    return PairSums(
        values=len(a),
        equal=equal,
        base_square=aa,
        subject_square=bb,
        change_square=dd,
        product=ab,
        largest=max(up, down),
    )
