"""Does the interval of a similarity cover what it promises, whatever the units are like?"""

from __future__ import annotations

from collections.abc import Callable
from math import comb
from statistics import median

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.statistics.profiles import profile
from hubcheck.statistics.similarity_interval import (
    interval_of_similarities,
    median_interval,
    similarity_interval,
)

Array = NDArray[np.float64]
FAMILY, READ, DRAWS = 192, 64, 200
"""A draw of 64 units, as ``sample`` reads them of a large family."""


def cosines(a_uf: Array, b_uf: Array) -> Array:
    """Return the cosine of each unit with that of its index, profiled over those given."""
    found: Array = np.einsum("uf,uf->u", profile(a_uf), profile(b_uf))
    return found


def test_few_units_say_nothing() -> None:
    """Five values all lie on one side of the median 1 time in 16; six do so 1 time in 32."""
    assert median_interval([]) is None
    assert median_interval([0.1] * 5) is None
    assert median_interval([0.6, 0.1, 0.2, 0.3, 0.4, 0.5]) == (0.1, 0.6)


@pytest.mark.parametrize("n", [6, 17, 64, 256])
def test_it_is_the_narrowest_that_the_binomial_allows(n: int) -> None:
    """Of n values in order, the ends leave at most 1/40 on each side, and one further would not."""
    found = median_interval([float(k) for k in range(1, n + 1)])
    assert found is not None
    k = int(found[0])
    assert found[1] == n + 1 - k
    tails = [sum(comb(n, i) for i in range(stop)) / 2**n for stop in (k, k + 1)]
    assert tails[0] <= 0.025 < tails[1]


def test_the_order_of_units_does_not_matter() -> None:
    """Two checks that read the same units say the same, to the bit."""
    values = np.random.default_rng(1).standard_normal(64).tolist()
    assert median_interval(values) == median_interval(values[::-1])


@pytest.mark.parametrize("tails", [4.0, 1e6], ids=["heavy tails", "normal"])
@pytest.mark.parametrize(
    "held",
    [
        lambda _: np.full(FAMILY, 0.99),
        lambda rng: rng.uniform(0.2, 1.0, FAMILY),
        lambda rng: np.where(rng.random(FAMILY) < 0.6, 1.0, 0.0),
        lambda _: np.zeros(FAMILY),
    ],
    ids=["near copy", "spread", "some replaced", "strangers"],
)
def test_it_covers_the_kept_of_all_units(
    held: Callable[[np.random.Generator], Array], tails: float
) -> None:
    """Units are drawn from a family, profiled and compared as a check does it.

    What is covered is the median cosine had every unit of the family been read: in 95 of 100 draws
    at least, within three standard errors of the simulation.
    """
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(DRAWS):
        a_uf, noise_uf = rng.standard_t(tails, (2, FAMILY, 32))
        rho_u = held(rng)[:, None]
        b_uf = rho_u * a_uf + np.sqrt(1 - rho_u**2) * noise_uf
        start = int(rng.integers(0, FAMILY - READ + 1))
        read = slice(start, start + READ)
        truth = float(np.median(cosines(a_uf, b_uf)))
        seen = cosines(a_uf[read], b_uf[read]).tolist()
        found = similarity_interval(seen)
        assert found is not None
        covered += found[0] <= truth <= found[1]
    assert covered / DRAWS >= 0.95 - 3 * (0.95 * 0.05 / DRAWS) ** 0.5


@pytest.mark.parametrize("apart", [0.0, 0.05])
def test_several_families_are_covered_together(apart: float) -> None:
    """The median of families that differ (or do not) is covered as often, and by one interval."""
    rng = np.random.default_rng(6)
    centres = 0.4 + apart * np.arange(5)
    covered = 0
    for _ in range(DRAWS):
        families = [(c + rng.uniform(-0.1, 0.1, READ)).tolist() for c in centres]
        found = interval_of_similarities(families)
        assert found is not None
        covered += found[0] <= float(np.median(centres)) <= found[1]
    assert covered / DRAWS >= 0.95 - 3 * (0.95 * 0.05 / DRAWS) ** 0.5


def test_a_family_of_too_few_units_leaves_the_whole_open() -> None:
    """It may be the one that the median hangs on."""
    assert interval_of_similarities([[0.5] * 64, [0.5] * 5]) is None
    assert interval_of_similarities([]) is None
    values = [k / 64 for k in range(64)]
    found = interval_of_similarities([values])
    assert found == similarity_interval(values)
    assert found is not None
    assert found[0] <= median(values) <= found[1]
