"""How is evidence from many counts combined without losing the bound?

An e-value is a non-negative statistic whose mean is at most 1 under the null; P(e >= 1/a) <= a by
Markov. A product built up factor by factor, each of conditional mean at most 1, is a
supermartingale: its value where a rule stops it, whatever the rule saw before, is an e-value again
(optional stopping). Its running maximum obeys the same P(max >= 1/a) <= a (Ville) and is *no*
e-value: of factors that are 2 or 0 with equal chance the maximum over n steps has the mean 1 + n/2.
So what is added up, averaged or divided further is the value at which a look stopped. One rule
everywhere (DESIGN 3.3):

* the mean (with weights fixed beforehand, at most 1 in sum) of e-values is an e-value, whatever
  their dependence: used for everything that shares one order of the base;
* the product of e-values is one when each has conditional mean at most 1 given those before it:
  used for distinct orders of the base only.

All values are natural logarithms of e unless a name says log10; -inf stands for e = 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from math import exp, inf, lgamma, log

from hubcheck.statistics.hits import LOG10


def log_sum_exp(values: Iterable[float]) -> float:
    """Return log(sum(exp(v))) without overflow; -inf for nothing."""
    finite = [v for v in values if v > -inf]
    if not finite:
        return -inf
    top = max(finite)
    return top + log(sum(exp(v - top) for v in finite))


@lru_cache(maxsize=65536)
def log_e_hits(hits: int) -> float:
    """Return log e(N) with e(N) = 1/2 + sum_{k=1..N} [N!/(N-k)!] / (2 k (k+1)).

    Since E[N!/(N-k)!] <= 1 for every k (statistics.hits) and sum_k 1/(2k(k+1)) = 1/2, E[e] <= 1.
    No parameter has to be chosen. e(0) = 0.5, e(14) = 6.6e8, e(16) = 1.2e11, e(64) = 4e85.

    Args:
        hits: N, at least 0.
    """
    terms = [log(0.5)]
    terms += [
        lgamma(hits + 1) - lgamma(hits - k + 1) - log(2.0 * k * (k + 1)) for k in range(1, hits + 1)
    ]
    return log_sum_exp(terms)


def log_e_signs(agreements: int, pairs: int) -> float:
    """Return log e for fair coins: 2^n B(k+1, n-k+1), the uniform mixture over the bias.

    Null: each of ``pairs`` signs is an independent fair coin, because joint flips of an up row and
    its down column leave the function, a symmetric initialisation and every sign-equivariant
    optimiser unchanged (statistics note, section 5). Integrating (2q)^k (2(1-q))^(n-k) over q in
    [0, 1] gives a mixture of likelihood ratios, hence mean exactly 1. Agreements below one half
    are no evidence of copying and give at most 1.

    Args:
        agreements: k, signs that agree.
        pairs: n, signs compared.
    """
    value = (
        pairs * log(2.0)
        + lgamma(agreements + 1)
        + lgamma(pairs - agreements + 1)
        - lgamma(pairs + 2)
    )
    return min(value, 0.0) if 2 * agreements <= pairs else value


def log_mean(log_es: Sequence[float], weights: Sequence[float] | None = None) -> float:
    """Return the log of the weighted mean of e-values.

    Args:
        log_es: Natural logs of e-values.
        weights: Non-negative, summing to at most 1 (what is missing counts as spent on e = 0);
            equal weights by default.

    Raises:
        ValueError: weights are negative, of the wrong number, or sum to more than 1.
    """
    if weights is None:
        if not log_es:
            return -inf
        return log_sum_exp(log_es) - log(len(log_es))
    if len(weights) != len(log_es) or min(weights, default=0.0) < 0 or not sum(weights) <= 1 + 1e-9:
        message = f"weights {list(weights)} do not fit {len(log_es)} e-values and a sum of 1"
        raise ValueError(message)
    return log_sum_exp(e + log(w) for e, w in zip(log_es, weights, strict=True) if w > 0)


def log_product(log_es: Iterable[float]) -> float:
    """Return the log of the product of e-values of distinct orders."""
    return sum(log_es)


def without_strongest(log_es: Sequence[float]) -> float:
    """Return the log of the product with its largest factor left out (0.0 for none left)."""
    return log_product(sorted(log_es)[:-1]) if log_es else 0.0


def log10_p(log_e: float) -> float:
    """Return log10 of the bound that an e-value gives: -log10(max(1, E)), by Markov."""
    return -max(0.0, log_e) / LOG10 or 0.0
