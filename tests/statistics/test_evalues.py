"""Do e-values keep a mean of at most 1 through every way in which they are combined?"""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import comb, exp, factorial, inf, isfinite, log, log10, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from hubcheck.statistics.evalues import (
    log10_p,
    log_e_hits,
    log_e_signs,
    log_mean,
    log_product,
    log_sum_exp,
    without_strongest,
)
from hubcheck.statistics.hits import LOG10, count_hits
from hubcheck.statistics.profiles import cosine_matrix, profile
from hubcheck.statistics.shared_order import sharing_of
from tests.statistics.nulls import PAIRS, Array, all_hits, falling, null_hits, refutes

LEVELS = (0.5, 0.1, 0.01)
LAYERS = 48
TABLE = np.array([log_e_hits(n) for n in range(65)])


def e_of(hits: int) -> Fraction:
    """Return e(N) as the documents define it, in exact arithmetic."""
    terms = (Fraction(falling(hits, k), 2 * k * (k + 1)) for k in range(1, hits + 1))
    return Fraction(1, 2) + sum(terms, Fraction(0))


@pytest.mark.parametrize(
    ("hits", "value"),
    [
        (0, 0.5),
        (1, 0.75),
        (8, 1.1e3),
        (9, 7.2e3),
        (14, 6.6e8),
        (15, 8.6e9),
        (16, 1.2e11),
        (64, 4e85),
    ],
)
def test_published_values(hits: int, value: float) -> None:
    """The values printed in the documents are the values computed, to two digits."""
    assert exp(log_e_hits(hits)) == pytest.approx(value, rel=0.08)


@pytest.mark.parametrize("hits", [*range(20), 33, 64, 100])
def test_values_agree_with_exact_arithmetic(hits: int) -> None:
    """Logarithms lose nothing: e(N) agrees with fractions to 12 digits."""
    exact = e_of(hits)
    value = log(exact.numerator) - log(exact.denominator)
    assert log_e_hits(hits) == pytest.approx(value, rel=1e-12, abs=1e-12)


def test_thousands_of_hits_stay_finite() -> None:
    """5,000 hits give a finite logarithm near log(5000! e / (2 * 5000^2))."""
    value = log_e_hits(5000)
    assert isfinite(value)
    expected = sum(log(k) for k in range(1, 5001)) + 1 - log(2 * 5000**2)
    assert value == pytest.approx(expected, abs=0.01)
    assert isfinite(log_product([value] * 1000))
    assert log_mean([value, log_e_hits(0)]) == pytest.approx(value - log(2))


@given(st.integers(0, 300))
def test_more_hits_are_more_evidence(hits: int) -> None:
    """e(N) grows with N."""
    assert log_e_hits(hits + 1) > log_e_hits(hits)


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 5).flatmap(lambda n: arrays(np.float64, (n, n), elements=st.integers(-2, 2))))
def test_the_mean_over_all_orders_is_at_most_one(similarity_uv: Array) -> None:
    """E[e(N)] <= 1 exactly, over all orders of 2 to 5 units, for any similarity."""
    counts = all_hits(similarity_uv)
    assert sum((e_of(n) for n in counts), Fraction(0)) <= len(counts)


def test_the_mean_of_the_least_favourable_null() -> None:
    """With equal contents E[e] = 1 - 1/(2(n+1)): hardly anything is given away."""
    for n in range(2, 7):
        counts = all_hits(np.eye(n))
        mean = sum((e_of(c) for c in counts), Fraction(0)) / len(counts)
        assert mean == 1 - Fraction(1, 2 * (n + 1))


@pytest.mark.parametrize("name", sorted(PAIRS))
def test_the_average_over_simulated_nulls(name: str) -> None:
    """Over 2,000 null counts e averages at most 1 and exceeds 1/a at most a share a of the time."""
    rng = np.random.default_rng(20_260_201)
    hits = np.concatenate([null_hits(PAIRS[name](rng, 24), rng, 400) for _ in range(5)])
    e = np.exp(TABLE[hits])
    capped = np.minimum(e, 100.0)  # variance at most 100; what is cut off is checked by its rate
    assert capped.mean() <= 1 + 4 * sqrt(100 / e.size)
    for level in (*LEVELS, 0.001):
        assert not refutes(int((e >= 1 / level).sum()), e.size, level)


@pytest.mark.parametrize("second", ["same", "chosen"])
def test_the_product_over_independent_orders_keeps_the_mean(second: str) -> None:
    """E[e1 e2] <= 1 over all 24 x 24 orders, even if the second similarity knows the first."""
    unit = np.eye(4)
    total = Fraction(0)
    for one in permutations(range(4)):
        first = count_hits(unit[list(one)]).hits
        similarity_uv = unit[list(one)] if second == "chosen" else unit  # order 1 is already spent
        for hits in all_hits(similarity_uv):
            total += e_of(first) * e_of(hits)
    assert total <= factorial(4) ** 2


def test_multiplying_a_shared_order_breaks_the_mean_and_averaging_keeps_it() -> None:
    """Two families in one order: E[e1 e2] > 1, E[(e1 + e2) / 2] <= 1, exactly."""
    e = [e_of(n) for n in all_hits(np.eye(4))]
    assert sum(x * x for x in e) > len(e)
    assert sum((x + x) / 2 for x in e) <= len(e)


def test_early_stopping_is_free() -> None:
    """Ville: of 20,000 null runs over 20 orders at most a share a ever reaches E >= 1/a."""
    rng = np.random.default_rng(20_260_202)
    orders = rng.permuted(np.tile(np.arange(16), (20_000 * 20, 1)), axis=1)
    hits = (orders == np.arange(16)).sum(axis=1).reshape(20_000, 20)
    peak = np.cumsum(TABLE[hits], axis=1).max(axis=1)
    for level in LEVELS:
        assert not refutes(int((peak >= -log(level)).sum()), peak.size, level)
    assert (peak >= log(2)).sum() > 100  # runs do rise: the check above is not empty


def test_where_a_rule_stops_is_an_evalue_and_the_largest_on_the_way_is_none() -> None:
    """Exactly, over all orders of four families of four units, stopped at the first E >= 2."""
    e = np.array([e_of(n) for n in all_hits(np.eye(4))])
    paths = np.cumprod(np.stack(np.meshgrid(*[e] * 4, indexing="ij")), axis=0).reshape(4, -1)
    passed = paths >= 2
    at = np.where(passed.any(axis=0), passed.argmax(axis=0), len(paths) - 1)
    stopped = paths[at, np.arange(paths.shape[1])]
    assert passed.any()
    assert not passed.all()
    assert stopped.mean() <= 1
    assert np.maximum(1, paths.max(axis=0)).mean() > 1


def layer_map(rng: np.random.Generator, *, alike: bool) -> NDArray[np.int64]:
    """Return the hits [base layer, subject layer] of 48 x 48 unrelated layers of 64 units.

    For base layer i and subject layer j every unit has some nearest unit f_ij; the order of base
    layer i is arbitrary and shared by all j.

    Args:
        rng: Source of the null.
        alike: The subject layers are copies of each other.
    """
    nearest = rng.integers(0, 64, (LAYERS, 1 if alike else LAYERS, 64))
    orders = rng.permuted(np.tile(np.arange(64), (LAYERS, 1)), axis=1)
    placed = np.take_along_axis(nearest, orders[:, None, :], axis=2)
    hits = (placed == np.arange(64)).sum(axis=2)
    return np.broadcast_to(hits, (LAYERS, LAYERS))


def log10_of_a_sum(hits: int, families: int) -> float:
    """Return log10(L^k / k!), the bound for k hits in L families IF their orders are distinct."""
    return hits * log10(families) - sum(log10(k) for k in range(1, hits + 1))


@pytest.mark.parametrize("alike", [False, True])
def test_the_search_over_layer_maps_keeps_the_bound(alike: bool) -> None:
    """Mean over subject layers, then product over base layers: rarely large on 400 nulls."""
    rng = np.random.default_rng(20_260_203)
    found = []
    for _ in range(400):
        log_e_ij = TABLE[layer_map(rng, alike=alike)]
        found.append(log_product(log_mean(list(row)) for row in log_e_ij))
    for level in LEVELS:
        assert not refutes(sum(e >= -log(level) for e in found), len(found), level)


def test_the_best_subject_layers_summed_accuse_every_stranger() -> None:
    """The first mistake: about 181 hits and 1e-27 from nothing; each of 101 nulls is 'proven'."""
    rng = np.random.default_rng(20_260_204)
    sums = [int(layer_map(rng, alike=False).max(axis=1).sum()) for _ in range(101)]
    assert np.mean(sums) == pytest.approx(181, abs=6)
    assert log10_of_a_sum(181, LAYERS) == pytest.approx(-27, abs=0.5)
    assert all(log10_of_a_sum(s, LAYERS) + log10(LAYERS * LAYERS) < -10 for s in sums)


def test_the_layer_map_of_counted_profiles() -> None:
    """The same from profiles instead of drawn counts: 48 x 48 layers of unrelated rows."""
    rng = np.random.default_rng(20_260_205)
    base = [profile(rng.standard_normal((32, 24))) for _ in range(LAYERS)]
    subject = [profile(rng.standard_normal((32, 24))) for _ in range(LAYERS)]
    hits = np.array([[count_hits(cosine_matrix(a, b)).hits for b in subject] for a in base])
    assert hits.mean() == pytest.approx(1, abs=0.1)
    wrong = log10_of_a_sum(int(hits.max(axis=1).sum()), LAYERS) + log10(LAYERS * LAYERS)
    assert wrong < -10
    assert log_product(log_mean(list(row)) for row in TABLE[hits]) < log(100)


def upcycled(rng: np.random.Generator, experts: int, units: int) -> list[Array]:
    """Return the profiles of experts that all grew from one dense block, in its neuron order."""
    dense = rng.standard_normal((units, 32))
    return [profile(dense + 0.2 * rng.standard_normal(dense.shape)) for _ in range(experts)]


def test_families_in_one_order_are_found_inside_the_base() -> None:
    """Experts grown from one block share an order; experts grown apart do not."""

    def stand_together(a: Array, b: Array) -> bool:
        seen = sharing_of(a, b)
        return seen is not None and seen.one_order

    rng = np.random.default_rng(20_260_206)
    experts = upcycled(rng, 8, 48)
    apart = [upcycled(rng, 1, 48)[0] for _ in range(8)]
    assert all(stand_together(experts[0], other) for other in experts[1:])
    assert not any(stand_together(apart[0], other) for other in apart[1:])


def test_shared_orders_multiplied_accuse_strangers_and_averaged_do_not() -> None:
    """The second mistake: of two unrelated up-cycled models many nulls reach 1e10, averaged none.

    Both forms are shown: the product of e-values and L^k/k! over the sum of hits.
    """
    rng = np.random.default_rng(20_260_207)
    multiplied, averaged, summed = [], [], []
    n_experts, units, orders = 40, 24, 15
    for _ in range(12):
        base, subject = upcycled(rng, n_experts, units), upcycled(rng, n_experts, units)
        similarities = [cosine_matrix(a, b) for a, b in zip(base, subject, strict=True)]
        for _ in range(orders):
            order = rng.permutation(units)  # one order for all experts of the base
            hits = [count_hits(s[order]).hits for s in similarities]
            log_es = [log_e_hits(n) for n in hits]
            multiplied.append(log_product(log_es))
            averaged.append(log_mean(log_es))
            summed.append(log10_of_a_sum(sum(hits), n_experts))
    assert refutes(sum(e >= 10 * LOG10 for e in multiplied), len(multiplied), 1e-10)
    assert refutes(sum(p <= -6 for p in summed), len(summed), 1e-6)
    for level in LEVELS:
        assert not refutes(sum(e >= -log(level) for e in averaged), len(averaged), level)


@pytest.mark.parametrize("pairs", [0, 1, 2, 7, 8, 33, 60, 200])
def test_sign_values_over_all_coins(pairs: int) -> None:
    """Fair coins give a mean of at most 1, enumerated over all counts of agreeing signs."""
    mean = sum(comb(pairs, k) / 2**pairs * exp(log_e_signs(k, pairs)) for k in range(pairs + 1))
    assert mean <= 1 + 1e-9
    assert mean > 0.5 - 1 / (pairs + 1)


@given(st.integers(0, 300).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_sign_values_have_their_closed_form(case: tuple[int, int]) -> None:
    """Above one half e = 2^n / ((n+1) C(n,k)); at or below one half never more than 1."""
    agreements, pairs = case
    value = log_e_signs(agreements, pairs)
    exact = pairs * log(2) - log((pairs + 1) * comb(pairs, agreements))
    if 2 * agreements > pairs:
        assert value == pytest.approx(exact, abs=1e-9)
    else:
        assert value <= 0
        assert value <= exact + 1e-9


def test_opposite_signs_are_no_evidence() -> None:
    """60 disagreements say nothing, 60 agreements more than 1e16."""
    assert log_e_signs(0, 60) == 0.0
    assert log_e_signs(60, 60) / LOG10 > 16


LOGS = st.lists(st.floats(-700, 700), min_size=1, max_size=8)


@given(LOGS)
def test_the_mean_lies_between_its_values(log_es: list[float]) -> None:
    """A mean of e-values exceeds none of the largest and falls below none of the smallest."""
    assert min(log_es) - 1e-9 <= log_mean(log_es) <= max(log_es) + 1e-9


@given(st.lists(st.floats(-30, 30), min_size=1, max_size=6))
def test_means_and_products_agree_with_plain_arithmetic(log_es: list[float]) -> None:
    """Log-space sums, weighted means and products equal those of the numbers themselves."""
    e = np.exp(log_es)
    weights = [0.5 ** (k + 1) for k in range(len(log_es))]
    assert log_mean(log_es) == pytest.approx(log(e.mean()), abs=1e-9)
    assert log_mean(log_es, weights) == pytest.approx(log(np.dot(e, weights)), abs=1e-9)
    assert log_sum_exp(log_es) == pytest.approx(log(e.sum()), abs=1e-9)
    assert log_product(log_es) == pytest.approx(sum(log_es))


def test_weights_that_were_not_spent_count_nothing() -> None:
    """A look never taken counts as e = 0: its weight is lost, not handed on."""
    assert log_mean([log(8.0)], [0.5]) == pytest.approx(log(4.0))
    assert log_mean([log(8.0), -inf], [0.5, 0.5]) == pytest.approx(log(4.0))
    assert log_mean([5.0, 700.0], [1.0, 0.0]) == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("log_es", "weights"),
    [
        ([1.0, 2.0], [0.6, 0.6]),
        ([1.0, 2.0], [1.5, -0.5]),
        ([1.0, 2.0], [0.5]),
        ([1.0], [0.5, 0.5]),
        ([], [0.5]),
        ([1.0, 2.0], [float("nan"), 0.5]),
        ([1.0], [inf]),
    ],
)
def test_weights_that_would_break_the_bound_are_refused(
    log_es: list[float], weights: list[float]
) -> None:
    """Negative weights, sums above 1, wrong numbers and non-numbers raise ValueError."""
    with pytest.raises(ValueError, match="do not fit"):
        log_mean(log_es, weights)


def test_nothing_at_all() -> None:
    """No values: the mean is 0 (log -inf), the product 1, and nothing is left without one."""
    assert log_sum_exp([]) == log_mean([]) == log_mean([], []) == -inf
    assert log_sum_exp([-inf, -inf]) == -inf
    assert log_product([]) == without_strongest([]) == without_strongest([3.0]) == 0.0


@given(LOGS)
def test_the_strongest_order_is_left_out_once(log_es: list[float]) -> None:
    """What remains without the strongest is the product divided by the largest factor."""
    left = without_strongest(log_es)
    assert left == pytest.approx(log_product(log_es) - max(log_es), abs=1e-9)


@given(st.floats(-1e6, 1e6))
def test_the_bound_is_never_above_one(log_e: float) -> None:
    """log10 p is -log10(E) for E above 1, else 0, and never a negative zero."""
    value = log10_p(log_e)
    assert value == pytest.approx(-max(0.0, log_e) / log(10))
    assert str(value) != "-0.0"
