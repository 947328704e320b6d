"""Do matches run upwards more than chance allows, as when units were pruned and order was kept?

Null. The base's units are exchangeable, so relabelling them by a uniform permutation changes
nothing in distribution (``statistics.hits``). Take m units t_1 < .. < t_m of the other model and
any match f(t) to a unit of the base, found without using the base's index. Under a uniform
relabelling pi the sequence pi(f(t_1)), .., pi(f(t_m)) is what is seen. k given distinct targets
stand in increasing order with chance exactly 1/k!; targets that collide never increase strictly. So
the number I_k of strictly increasing subsequences of length k has

    E[I_k] <= C(m, k) / k!,     hence     P(longest >= k) <= C(m, k) / k!

(methods note, 4.5). A longest increasing subsequence of length L holds C(L, k) increasing
subsequences of each length k, so C(L, k) k! / C(m, k) is an e-value for every k, and so is any
mixture with weights fixed beforehand; here 1/(k (k+1)), which sum to less than 1.

The m units may be chosen by any rule that does not look at the base's index (the surest matches,
say). One direction only: pruning keeps an order, it does not turn it round. Where the base has
fewer units the roles are exchanged: the units t are the base's own, and their relabelling shuffles
the sequence just as uniformly.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from math import lgamma, log

from hubcheck.statistics.evalues import log_sum_exp
from hubcheck.statistics.hits import LOG10


def longest_increasing(values: Sequence[int]) -> int:
    """Return the length of the longest strictly increasing subsequence (patience sorting)."""
    tails: list[int] = []
    for value in values:
        place = bisect_left(tails, value)
        tails[place : place + 1] = [value]
    return len(tails)


def log10_p_increasing(length: int, units: int) -> float:
    """Return log10 of the bound P(longest >= length) <= C(units, length) / length!, at most 0."""
    return min(0.0, (_log_choose(units, length) - lgamma(length + 1)) / LOG10)


def log_e_increasing(length: int, units: int) -> float:
    """Return log e = log sum_k C(L, k) k! / (C(m, k) k (k+1)), L = ``length``, m = ``units``.

    Args:
        length: Longest strictly increasing subsequence, at most ``units``.
        units: Length of the sequence.
    """
    return log_sum_exp(
        _log_choose(length, k) + lgamma(k + 1) - _log_choose(units, k) - log(k * (k + 1))
        for k in range(1, length + 1)
    )


def _log_choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
