"""How much is a hit worth where units may change places in blocks alone?

Groups of a norm, heads of attention: such an axis is unchanged when the units of one block change
places among each other, and when whole blocks do, and by nothing else. Null: the base was
initialised and trained so that relabelling by any such order leaves its distribution as it is,
independently of the subject; the order is then uniform among them, given the subject.

One level of g blocks of m units, all looked at. Take k units with k targets f(i), in b different
blocks with k_1 .. k_b units in each. That all are hits needs those b blocks to lie where f says,
which has chance at most 1 / (g (g-1) .. (g-b+1)), and in each its units to lie where f says, at
most 1 / (m (m-1) .. (m-k_j+1)). There are g (g-1) .. (g-b+1) prod_j m (m-1) .. (m-k_j+1) ordered
choices of units for every way to part k things into b sets. So each way adds at most 1, and

    E[N (N-1) .. (N-k+1)] <= Bell(k),      P(N >= k) <= Bell(k)/k!

where Bell(k) = sum_b S(k, b) counts the ways (S: Stirling numbers of the second kind). Attained by
f = a fixed order of the same kind.

A run of neighbouring units cuts at most two blocks. The set of base units that stand in the run is
cut likewise; given it, each of the two is a class of its own, whose one block lies where it lies.
The b blocks of a choice then are taken from whole blocks, whose M hits have E[M (M-1) .. ] <= 1,
and from those two: E[(M+2) (M+1) .. (M+3-b)] <= sum_j C(b,j) E[(M)_(b-j)] (2)_j <= 1 + 2b + b(b-1)
= b^2 + b + 1, so that

    E[N (N-1) .. (N-k+1)] <= sum_b S(k, b) (b^2 + b + 1).

Blocks may also be strided (unit i in block i mod g). A run then holds of every block as many units
as of any other, or one more: two classes with M and M' hits, E[(M+M') .. (M+M'-b+1)] <= sum_j
C(b,j) = 2^b. Which of the two it is need not be known:

    E[N (N-1) .. (N-k+1)] <= A(k) = sum_b S(k, b) max(b^2 + b + 1, 2^b).

With A for Bell, e(N) = 1/2 + sum_{k=1..N} [N!/(N-k)!] / (2 k (k+1) A(k)) has mean at most 1, for
sum_k 1/(2k(k+1)) = 1/2. It is smaller than ``evalues.log_e_hits`` and large all the same: 30 hits
of whole blocks 1.2e10, of a run 3e7.

Nothing of this holds where blocks lie in blocks (two levels: groups of heads in groups), or where
the place inside a block means something (rotary pairs): E[N] is then as large as the number of
blocks.
"""

from __future__ import annotations

from functools import lru_cache
from math import lgamma, log

from hubcheck.statistics.evalues import log_e_hits, log_sum_exp


@lru_cache(maxsize=65536)
def log_e_blocks(hits: int, *, whole: bool = False) -> float:
    """Return log e(N) of units that change places in blocks, for blocks of any one size.

    Args:
        hits: N, at least 0.
        whole: Every unit of the axis was looked at, or whole blocks; False for a run of neighbours.
    """
    terms = [log(0.5)]
    terms += [
        lgamma(hits + 1) - lgamma(hits - k + 1) - log(2.0 * k * (k + 1)) - log_ways(k, whole=whole)
        for k in range(1, hits + 1)
    ]
    return log_sum_exp(terms)


def hits_needed(plain: int) -> int:
    """Return how many hits in a run of blocks are worth ``plain`` hits of a free order."""
    worth, hits = log_e_hits(plain), plain
    while log_e_blocks(hits) < worth:
        hits += 1
    return hits


@lru_cache(maxsize=4096)
def log_ways(k: int, *, whole: bool) -> float:
    """Return log Bell(k), or log A(k) for a run of neighbours."""
    return log(sum(s * (1 if whole else cut(b)) for b, s in enumerate(stirling(k))))


def cut(b: int) -> int:
    """Return what a choice of units in b blocks may add where a run cuts blocks."""
    return int(max(b * b + b + 1, 2**b))


_ROWS: list[tuple[int, ...]] = [(1,)]
"""S(k, .) for k = 0, 1, 2 ..: each row is made of the one before, once."""


def stirling(k: int) -> tuple[int, ...]:
    """Return S(k, b) for b = 0 .. k: ways to part k things into b sets."""
    while len(_ROWS) <= k:
        last = (*_ROWS[-1], 0)
        _ROWS.append((0, *(last[b - 1] + b * last[b] for b in range(1, len(last)))))
    return _ROWS[k]
