"""Does the three-way statistic see what it promises, and hold where it must stay silent?"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.statistics.disguise import (
    GATED,
    NO_PARTNER,
    LayerPair,
    Views,
    match_layers,
    rank_bound,
    score,
)
from hubcheck.statistics.profiles import unit_rows

UNITS, TOKENS = 48, 64


def views(seed: int, units: int = UNITS) -> dict[str, NDArray[np.float64]]:
    """Return three unrelated views of random neurons."""
    rng = np.random.default_rng(seed)
    return {v: np.asarray(unit_rows(rng.standard_normal((units, TOKENS)))) for v in GATED}


def layer_pair(a: Views, b: Views, base: int = 0, subject: int = 0, pool: int = UNITS) -> LayerPair:
    """Match two whole layers."""
    return match_layers(a, b, base=base, subject=subject, a_pool=pool, b_pool=pool)


def disguised(a: Views, seed: int) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.int64]]:
    """Return the views with neurons reordered and the signs of up and down flipped."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(UNITS)
    sign = rng.choice([-1.0, 1.0], UNITS)[:, None]
    out = {v: np.asarray(a[v])[order] for v in GATED}
    return {"gate": out["gate"], "up": out["up"] * sign, "down": out["down"] * sign}, order


def stack(n_layers: int, seed: int) -> list[dict[str, NDArray[np.float64]]]:
    """Return the views of several layers."""
    return [views(seed * 100 + i) for i in range(n_layers)]


def scored(
    a: list[dict[str, NDArray[np.float64]]], b: list[dict[str, NDArray[np.float64]]]
) -> float:
    """Return the score of two models of which every layer was read."""
    pairs = [layer_pair(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(b)]
    return score(pairs).value


def test_match_undoes_order_and_signs() -> None:
    """A copy whose neurons were reordered and flipped is matched neuron by neuron."""
    a = views(1)
    b, order = disguised(a, 2)
    pair = layer_pair(a, b)
    assert pair.agreeing == UNITS
    assert np.array_equal(order[pair.partner], np.arange(UNITS))


def test_unrelated_views_do_not_agree() -> None:
    """Three unrelated views name the same partner about once in units squared."""
    agreeing = [layer_pair(views(s), views(1000 + s)).agreeing for s in range(200)]
    assert np.mean(agreeing) < 4 / UNITS


def test_two_views_alone_are_not_agreement() -> None:
    """A neuron of which only gate and up were copied has no partner: two-way is never enough."""
    a, b = views(1), views(2)
    b |= {"gate": a["gate"], "up": a["up"]}
    pair = layer_pair(a, b)
    assert pair.agreeing <= 4
    assert (pair.partner == NO_PARTNER).sum() >= UNITS - 4


def test_one_layer_is_not_enough() -> None:
    """A copy of one layer alone scores as high as its second best layer: nothing."""
    a, b = stack(3, 1), stack(3, 2)
    b[0] = disguised(a[0], 3)[0]
    pairs = [layer_pair(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(b)]
    assert score(pairs).found[0].agreement == 1.0
    assert score(pairs).agreement < 0.1


def test_two_layers_are_enough_wherever_they_lie() -> None:
    """Two copied layers are found though they changed places."""
    a, b = stack(3, 1), stack(3, 2)
    b[2], b[1] = disguised(a[0], 3)[0], disguised(a[2], 4)[0]
    assert scored(a, b) == 1.0


def test_split_neurons_stand_out_in_one_view() -> None:
    """Twins that share a gate and nothing else are seen by the gate view alone."""
    a = stack(4, 1)
    b = [{**views(900 + i), "gate": disguised(x, i)[0]["gate"]} for i, x in enumerate(a)]
    pairs = [layer_pair(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(b)]
    seen = score(pairs)
    assert seen.agreement < 0.1
    assert seen.outstanding > 0.9


def test_duplicated_layers_do_not_raise_their_own_control() -> None:
    """A subject that holds a copied layer twice among six does not hide it behind its control."""
    a = stack(3, 1)
    copies = [{**views(700 + i), "gate": a[i // 2]["gate"]} for i in range(6)]
    pairs = [layer_pair(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(copies)]
    assert score(pairs).outstanding > 0.9


def test_without_wrong_layers_nothing_stands_out() -> None:
    """With one wrong layer there is no control, and the share that stands out is 0."""
    a = stack(2, 1)
    pairs = [layer_pair(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(a)]
    assert score(pairs).outstanding == 0.0
    assert score(pairs).agreement == 1.0


def test_agreement_is_a_share_of_the_true_pairs_in_the_samples() -> None:
    """With half of the neurons sampled on both sides a quarter can pair, and that counts as all."""
    a = views(1)
    b, order = disguised(a, 2)
    half = UNITS // 2
    some = [{v: x[v][:half] for v in GATED} for x in (a, b)]
    pair = layer_pair(some[0], some[1])
    true = int((order[:half] < half).sum())
    assert pair.expected == pytest.approx(UNITS / 4)
    assert pair.agreeing == pytest.approx(true, abs=2)


@pytest.mark.parametrize("models", [4, 8, 16])
def test_rank_bound_holds_for_exchangeable_models(models: int) -> None:
    """A random pair outdoes every pair disjoint from it no more often than 2/(M+2).

    The score of a pair is the sum of two traits of its models, the hardest case: stars.
    """
    rng = np.random.default_rng(models)
    outdone, rounds = 0, 4000
    for _ in range(rounds):
        trait = rng.exponential(size=models + 2) ** 4
        own = trait[0] + trait[1]
        outdone += own > max(trait[i] + trait[j] for i, j in combinations(range(2, models + 2), 2))
    bound = rank_bound(models)
    assert outdone / rounds <= bound + 3 * (bound / rounds) ** 0.5
    assert outdone > 0


def test_equal_rows_agree_on_nothing() -> None:
    """A subject whose neurons are all the same is no copy: one neuron is one partner."""
    one = {v: np.repeat(np.asarray(x)[:1], UNITS, axis=0) for v, x in views(3).items()}
    assert layer_pair(views(1), one).agreeing <= 1


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.6, 1.0])
def test_two_views_never_agree_on_fewer_neurons_than_three(kept: float) -> None:
    """What gate and up show bounds the agreement of all from above, duplicates or not."""
    for seed in range(20):
        a, other = views(seed, 20), views(1000 + seed, 20)
        b = {v: np.asarray(unit_rows(kept * a[v] + (1 - kept) * other[v])) for v in GATED}
        for rows in b.values():
            rows[3] = rows[4]
        two_a, two_b = ({v: of[v] for v in ("gate", "up")} for of in (a, b))
        assert layer_pair(two_a, two_b).agreement >= layer_pair(a, b).agreement


@pytest.mark.parametrize("read", [1, 2, 3])
def test_what_was_not_matched_may_show_anything(read: int) -> None:
    """The score of some base layers, the rest unmatched, is no less than the score of all."""
    for seed in range(10):
        a = stack(3, seed)
        b = [disguised(layer, 7)[0] if n % 2 else views(50 + n) for n, layer in enumerate(a)]
        pairs = [layer_pair(x, y, i, j) for i, x in enumerate(a) for j, y in enumerate(b)]
        some = [pair for pair in pairs if pair.base < read]
        bound, every = score(some, unmatched=3 - read), score(pairs)
        assert bound.agreement >= every.agreement
        assert bound.outstanding >= every.outstanding
