"""Are signs of matched units fair coins for strangers, and all alike for copies?"""

from __future__ import annotations

from itertools import product
from math import comb, exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from hubcheck.statistics.evalues import log_e_signs
from hubcheck.statistics.profiles import profile, uncentred
from hubcheck.statistics.signs import (
    FEWEST_PAIRS,
    MOST_PAIRS,
    log10_p_signs,
    sign_agreements,
)
from tests.statistics.nulls import Array, refutes


def gated(rng: np.random.Generator, units: int, features: int = 64) -> tuple[Array, Array]:
    """Return gate profiles and uncentred up rows of a gated MLP."""
    gate, up = rng.standard_normal((2, units, features))
    return profile(gate), uncentred(up)


@given(st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_tail_is_the_binomial(case: tuple[int, int]) -> None:
    """log10 P(X >= k) agrees with SciPy's exact binomial tail."""
    agreements, pairs = case
    expected = binom.logsf(agreements - 1, pairs, 0.5) / np.log(10)
    assert log10_p_signs(agreements, pairs) == pytest.approx(min(0.0, expected), abs=1e-8)


def test_the_published_tail() -> None:
    """34 of 34 agreeing signs give 5.8e-11; none of any, or none at all, gives 1."""
    assert 10 ** log10_p_signs(34, 34) == pytest.approx(5.8e-11, rel=0.01)
    assert log10_p_signs(0, 34) == pytest.approx(0.0, abs=1e-12)
    assert log10_p_signs(0, 0) == 0.0


@pytest.mark.parametrize("related", [False, True])
def test_arbitrary_signs_of_the_base_are_exactly_binomial(related: bool) -> None:
    """Over all 2^8 flips of the base's up rows the count is binomial(8, 1/2), mean e at most 1.

    This holds for any matches: also for a copy of the gate rows with arbitrary signs of up.
    """
    rng = np.random.default_rng(1)
    gate_a, up_a = gated(rng, 8)
    _, up_b = gated(rng, 8)
    gate_b = gate_a if related else gate_a + 0.2 * rng.standard_normal(gate_a.shape)
    found = []
    for flips in product((-1.0, 1.0), repeat=8):
        agreements, pairs = sign_agreements(gate_a, gate_b, up_a * np.array(flips)[:, None], up_b)
        assert pairs == 8
        found.append(agreements)
    assert [found.count(k) for k in range(9)] == [comb(8, k) for k in range(9)]
    assert sum(exp(log_e_signs(k, 8)) for k in found) / 256 <= 1 + 1e-12


def test_strangers_have_fair_coins() -> None:
    """Over 400 unrelated MLPs agreeing signs stay near one half, and large e stay rare."""
    rng = np.random.default_rng(2)
    totals, log_es = np.zeros(2), []
    for _ in range(400):
        agreements, pairs = sign_agreements(
            *(x for gates in zip(gated(rng, 48), gated(rng, 48), strict=True) for x in gates)
        )
        totals += agreements, pairs
        log_es.append(log_e_signs(agreements, pairs))
    assert totals[1] > 400 * FEWEST_PAIRS / 2
    assert abs(totals[0] / totals[1] - 0.5) < 4 * 0.5 / np.sqrt(totals[1])
    for level in (0.1, 0.01):
        assert not refutes(sum(e >= -np.log(level) for e in log_es), 400, level)


@pytest.mark.parametrize("units", [16, 60, 200])
def test_a_shuffled_copy_agrees_everywhere(units: int) -> None:
    """Neurons in another order, with noise: matched by gate, the up rows agree in sign."""
    rng = np.random.default_rng(units)
    gate, up = rng.standard_normal((2, units, 64))
    order = rng.permutation(units)
    noise = 0.5 * rng.standard_normal((2, units, 64))
    counted = sign_agreements(
        profile(gate), profile((gate + noise[0])[order]), uncentred(up),
        uncentred((up + noise[1])[order]),
    )  # fmt: skip
    assert counted == (min(units, MOST_PAIRS),) * 2
    assert log10_p_signs(*counted) <= -0.3 * counted[1]


def test_a_copy_with_flipped_signs_is_no_evidence() -> None:
    """Whoever flips every up and down row leaves coins that all disagree: nothing is claimed."""
    gate, up = gated(np.random.default_rng(4), 60)
    agreements, pairs = sign_agreements(gate, gate, up, -up)
    assert (agreements, pairs) == (0, 60)
    assert log_e_signs(agreements, pairs) == 0.0
    assert log10_p_signs(agreements, pairs) == pytest.approx(0.0, abs=1e-12)


def test_the_best_matches_are_used() -> None:
    """Of more than 60 matches the most alike gates are taken; signs have no say in the choice."""
    rng = np.random.default_rng(5)
    gate, up = gated(rng, 100, 256)
    noise = np.where(np.arange(100) < 60, 0.01, 1.0)[:, None] * rng.standard_normal(gate.shape)
    other_up = np.where(np.arange(100) < 60, 1.0, -1.0)[:, None] * up
    far = gate + noise / 16
    assert sign_agreements(gate, profile(far), up, other_up) == (60, 60)


def test_no_unit_is_counted_twice() -> None:
    """Only mutual matches count: a gate row shared by many twins gives one coin, not many."""
    rng = np.random.default_rng(6)
    gate, up = gated(rng, 40)
    twins = gate.copy()
    twins[10:] = gate[10]
    _, pairs = sign_agreements(gate, twins, up, up)
    assert pairs <= 11


def test_an_up_row_of_zeros_agrees_with_nothing() -> None:
    """A sign that does not exist is no agreement."""
    gate, up = gated(np.random.default_rng(7), 20)
    silent = up.copy()
    silent[3] = 0
    assert sign_agreements(gate, gate, up, silent) == (19, 20)


@pytest.mark.parametrize("units", [1, FEWEST_PAIRS - 1])
def test_too_few_matches_say_nothing(units: int) -> None:
    """Below eight mutual matches no coins are thrown."""
    gate, up = gated(np.random.default_rng(8), units)
    assert sign_agreements(gate, gate, up, up) == (0, 0)
