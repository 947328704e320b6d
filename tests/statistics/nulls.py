"""Which pairs of models obey the null hypothesis, and when does a frequency refute a bound?

Every pair here is as hostile as the null allows: contents may be shared, tied, heavy-tailed or
chosen against the test; only the ORDER of the base is random.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from math import factorial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import cosine_matrix, profile

Array = NDArray[np.floating[Any]]
Pair = tuple[Array, Array]

ALLOWANCE: Final = 1e-6
"""Level of the binomial test that a frequency exceeds its bound; seeds are fixed, so a test that
passes once passes always, and a broken bound is refuted by far more than this."""


def refutes(observed: int, trials: int, bound: float) -> bool:
    """Return whether so many successes refute P <= bound (one-sided Clopper-Pearson)."""
    return bool(binom.sf(observed - 1, trials, bound) < ALLOWANCE)


def heavy_tails(rng: np.random.Generator, n: int) -> Pair:
    """Return Cauchy rows: no mean, no variance."""
    return rng.standard_cauchy((n, 24)), rng.standard_cauchy((n, 24))


def outlier_channels(rng: np.random.Generator, n: int) -> Pair:
    """Return rows in which two features, the same in both models, are a thousand times louder."""
    loud = np.where(np.arange(24) % 12 == 0, 1e3, 1.0)
    return rng.standard_normal((n, 24)) * loud, rng.standard_normal((n, 24)) * loud


def duplicate_rows(rng: np.random.Generator, n: int) -> Pair:
    """Return rows drawn from a few distinct ones, shared by both models."""
    few = rng.standard_normal((n // 4, 24)).astype(np.float32)
    return few[rng.integers(0, n // 4, n)], few[rng.integers(0, n // 4, n)]


def common_direction(rng: np.random.Generator, n: int) -> Pair:
    """Return rows that all lean towards one vector, the same in both models."""
    shared = 10 * rng.standard_normal(24)
    return rng.standard_normal((n, 24)) + shared, rng.standard_normal((n, 24)) + shared


def universal_neurons(rng: np.random.Generator, n: int) -> Pair:
    """Return models in which 30 % of the units are equal, at places that know of no other."""
    a, b = rng.standard_normal((n, 24)), rng.standard_normal((n, 24))
    known = rng.standard_normal((3 * n // 10, 24))
    a[rng.permutation(n)[: len(known)]] = known
    b[rng.permutation(n)[: len(known)]] = known
    return a, b


def same_content(rng: np.random.Generator, n: int) -> Pair:
    """Return two models with exactly the same units: the least favourable null."""
    a = rng.standard_normal((n, 24))
    return a, a[rng.permutation(n)]


def sorted_by_loudness(rng: np.random.Generator, n: int) -> Pair:
    """Return rows whose subject order follows the norm; the base's order is still arbitrary."""
    a, b = rng.standard_normal((n, 24)), rng.standard_normal((n, 24))
    return a, b[np.argsort(np.linalg.norm(b, axis=1))]


PAIRS: Final[dict[str, Callable[[np.random.Generator, int], Pair]]] = {
    maker.__name__: maker
    for maker in (
        heavy_tails,
        outlier_channels,
        duplicate_rows,
        common_direction,
        universal_neurons,
        same_content,
        sorted_by_loudness,
    )
}


def chosen_similarities(rng: np.random.Generator, n: int) -> dict[str, Array]:
    """Return similarity matrices chosen against the test; no profiles need exist behind them."""
    near = np.eye(n) + 0.5 * np.roll(np.eye(n), 1, axis=1)
    clusters = np.kron(np.eye(n // 4), np.ones((4, 4)))
    return {
        "every unit has itself": np.eye(n),
        "all want one": np.tile(np.arange(n, dtype=float), (n, 1)),
        "next of kin": near + 1e-3 * rng.standard_normal((n, n)),
        "clusters of ties": clusters,
        "ties but for noise": clusters + 1e-9 * rng.standard_normal((n, n)),
        "huge": 1e300 * rng.standard_normal((n, n)),
        "all negative": -np.exp(5 * rng.standard_normal((n, n))),
    }


def null_hits(pair: Pair, rng: np.random.Generator, draws: int) -> NDArray[np.int64]:
    """Return hit counts of ``draws`` uniform reorderings of the base of one pair."""
    a, b = pair
    return permuted_hits(cosine_matrix(profile(a), profile(b)), rng, draws)


def permuted_hits(similarity_uv: Array, rng: np.random.Generator, draws: int) -> NDArray[np.int64]:
    """Return hit counts of ``draws`` uniform reorderings of the rows of a similarity."""
    n = similarity_uv.shape[0]
    return np.array([count_hits(similarity_uv[rng.permutation(n)]).hits for _ in range(draws)])


def all_hits(similarity_uv: Array) -> list[int]:
    """Return the hit counts of all n! orders of the base."""
    n = similarity_uv.shape[0]
    return [count_hits(similarity_uv[list(order)]).hits for order in permutations(range(n))]


def falling(n: int, k: int) -> int:
    """Return n (n-1) .. (n-k+1), 0 where k exceeds n."""
    return factorial(n) // factorial(n - k) if k <= n else 0
