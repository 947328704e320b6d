"""Are shared orders averaged, distinct orders multiplied, and nothing counted twice?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import exp, log
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.evidence.combine import NOTHING_PAID, Combined, Prices, SignOutcome, combine
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.families import Facing, compare_views, log_e_of
from hubcheck.evidence.family import Block, FamilyOutcome, Look, Part, Profiles, View
from hubcheck.evidence.family import Test as Kind
from hubcheck.evidence.looks.towers import prices_of
from hubcheck.evidence.structure import Key, SharedOrders
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.profiles import FloatArray, profile
from tests.evidence.laboratory import (
    SHAPE,
    Weights,
    comparison_of,
    derived,
    model,
    plain,
    shipped,
    write,
)
from tests.material.zoo import alterations, symmetries
from tests.material.zoo.model import Shape, initial_weights
from tests.material.zoo.planted import Product
from tests.material.zoo.recipes import recipe, upcycle
from tests.tables import taken

UNITS: Final = 64


def described(rows: FloatArray) -> Profiles:
    """Return profiles of one view."""
    return Profiles(views={"raw all": profile(rows)}, parts=(rows.astype(np.float32),))


def outcome(test: Kind, layer: int, log_e: float, *, hits: int = 0) -> FamilyOutcome:
    """Return a family of one layer with a given e-value."""
    block = Block(layer=layer)
    view = View(
        name="raw all", base=block, subject=block, hits=hits, units=UNITS, kept=0.5, shifted=1
    )
    return FamilyOutcome(
        test=test,
        part=Part.BODY,
        label=phrase(PhraseCode.FAMILY_BY_TEST, test=test.value, layers=(layer,)),
        base=block,
        looks=(Look(weight=0.5, views=(view,)),),
        separate_hits=-1,
        kept=0.5,
        ceiling=0.1,
        stands=True,
        detectable_raw=0.1,
        detectable_token=0.1,
        self_hits=1.0,
        log_e=log_e,
        view_stands={},
        view_detectable={},
        change=0.0,
    )


def combined(
    outcomes: Sequence[FamilyOutcome],
    rows: Sequence[FloatArray],
    *,
    prices: Prices = NOTHING_PAID,
    signs: Sequence[SignOutcome] = (),
) -> Combined:
    """Combine families whose base profiles are made of these rows."""
    profiles: Mapping[Key, Profiles] = {
        (o.label, o.base): described(r) for o, r in zip(outcomes, rows, strict=True)
    }
    return combine(outcomes, signs, SharedOrders(profiles), prices)


def drawn(seed: int, units: int = UNITS) -> FloatArray:
    """Return rows of a base that share an order with no others."""
    return np.random.default_rng(seed).standard_normal((units, 40))


def test_distinct_orders_are_multiplied() -> None:
    """Three layers that share nothing give the product of their e-values."""
    families = [outcome(Kind.NEURONS, i, 5.0) for i in range(3)]
    result = combined(families, [drawn(i) for i in range(3)])
    assert result.orders == 3
    assert result.whole == pytest.approx(15.0)
    assert result.without_strongest == pytest.approx(10.0)
    assert result.strongest_body == pytest.approx(5.0)


def test_layers_with_one_order_are_averaged() -> None:
    """A duplicated layer adds nothing: the two families count as one, by their mean."""
    rows = drawn(0)
    families = [outcome(Kind.NEURONS, i, e) for i, e in enumerate((5.0, 7.0, 5.0))]
    result = combined(families, [rows, rows + 0.05 * drawn(9), drawn(1)])
    mean = log((exp(5.0) + exp(7.0)) / 2)
    assert result.orders == 2
    assert result.whole == pytest.approx(mean + 5.0)
    assert result.without_strongest == pytest.approx(5.0)


def test_sharing_is_followed_from_one_layer_to_the_next() -> None:
    """If the first shares with the second and the second with the third, all three are one."""
    first, third = drawn(0), drawn(1)
    second = first + third
    families = [outcome(Kind.NEURONS, i, 5.0) for i in (0, 2, 1)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        rows = [first, third, second]
        result = combined([families[i] for i in order], [rows[i] for i in order])
        assert result.orders == 1
        assert result.whole == pytest.approx(5.0)


def test_axes_of_different_kinds_never_share_an_order() -> None:
    """Neurons and V/O dimensions are distinct orders even if their rows were equal."""
    rows = drawn(0)
    families = [outcome(Kind.NEURONS, 0, 5.0), outcome(Kind.VO, 0, 5.0)]
    assert combined(families, [rows, rows]).whole == pytest.approx(10.0)


def test_unrelated_layers_are_seldom_taken_for_shared() -> None:
    """Of 300 pairs of unrelated layers at most a few are averaged for no reason (1/6! each)."""
    rows = [drawn(i) for i in range(25)]
    families = [outcome(Kind.NEURONS, i, 5.0) for i in range(25)]
    assert combined(families, rows).orders >= 23


def test_bases_tried_are_paid_for() -> None:
    """Ten bases divide every product by ten, but no single order's own value.

    The looks that share the account, and the statements about parts, are paid for once.
    """
    families = [outcome(Kind.NEURONS, i, 5.0) for i in range(2)]
    rows = [drawn(0), drawn(1)]
    one, ten = (combined(families, rows, prices=prices_of(n, 2, Fraction(1, 2))) for n in (1, 10))
    assert one.whole - ten.whole == pytest.approx(log(10))
    assert one.without_strongest - ten.without_strongest == pytest.approx(log(10))
    assert one.strongest_body == ten.strongest_body
    assert one.log_e == ten.log_e == pytest.approx(10.0)
    assert (one.whole, one.body) == pytest.approx((10.0 - log(4), 10.0 - log(4)))


def test_the_coins_of_a_shared_order_are_one_set_of_coins() -> None:
    """Signs of two families that share an order are averaged, of two that do not multiplied."""
    families = [outcome(Kind.NEURONS, i, 0.0) for i in range(2)]
    signs = [
        SignOutcome(label=f.label, base=f.base, agreements=60, pairs=60, log_e=8.0)
        for f in families
    ]
    rows = drawn(0)
    assert combined(families, [rows, rows.copy()], signs=signs).whole == pytest.approx(8.0)
    assert combined(families, [rows, drawn(1)], signs=signs).whole == pytest.approx(16.0)


def test_nothing_seen_is_no_evidence() -> None:
    """Without a family the whole is 1, whatever else is asked."""
    result = combine([], [], SharedOrders({}))
    assert (result.whole, result.strongest_body, result.orders) == (0.0, 0.0, 0)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.integers(0, 3), st.floats(-0.7, 30)), min_size=1, max_size=6),
    st.randoms(),
)
def test_the_order_in_which_families_come_does_not_matter(
    families: list[tuple[int, float]], random: object
) -> None:
    """Groups and products depend on what was seen, not on when."""
    made = [outcome(Kind.NEURONS, n, e) for n, (_, e) in enumerate(families)]
    rows = [drawn(order) for order, _ in families]
    places = list(range(len(made)))
    random.shuffle(places)  # type: ignore[attr-defined]
    first = combined(made, rows)
    second = combined([made[i] for i in places], [rows[i] for i in places])
    assert first.orders == second.orders == len({order for order, _ in families})
    assert first.whole == pytest.approx(second.whole)


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(0, 40), min_size=1, max_size=12), st.floats(0.1, 0.5))
def test_a_look_is_worth_no_more_than_its_best_view(hits: list[int], weight: float) -> None:
    """Averaging views and weighting looks never gives more than the largest count alone."""
    block = Block(layer=0)
    views = tuple(
        View(name=str(n), base=block, subject=block, hits=h, units=64, kept=0, shifted=0)
        for n, h in enumerate(hits)
    )
    best = log_e_hits(max(hits))
    assert log_e_of([Look(weight=weight, views=views)]) <= best + log(weight) + 1e-9
    halves = [Look(weight=0.5, views=views), Look(weight=0.5, views=views)]
    assert log_e_of(halves) <= best + 1e-9


def test_views_that_only_one_side_has_are_left_out() -> None:
    """A view is counted where both models have it in one size."""
    block, draw = Block(layer=0), Draw(1)
    rows = drawn(0)
    both = described(rows)
    more = Profiles(views={**both.views, "token all": both.views["raw all"]}, parts=both.parts)
    short = Profiles(views={"raw all": both.views["raw all"][:-1]}, parts=(both.rows[:-1],))
    assert [v.name for v in compare_views(Facing(both, more), block, block, draw)] == ["raw all"]
    assert compare_views(Facing(both, short), block, block, draw) == ()
    (view,) = compare_views(Facing(both, both), block, block, draw)
    assert (view.hits, view.units) == (UNITS, UNITS)
    assert view.shifted < 4


# -- on models --------------------------------------------------------------------------------


def doubled(weights: Weights) -> tuple[Weights, Shape]:
    """Return a model with every layer twice in a row."""
    return alterations.choose_layers(weights, SHAPE, (0, 0, 1, 1, 2, 2, 3, 3))


@pytest.mark.parametrize("seed", range(taken(1, 12)))
def test_a_base_with_duplicated_layers_counts_each_once(tmp_path: Path, seed: int) -> None:
    """Doubling every layer on both sides adds nothing to the bound."""
    base = write(tmp_path / "base", plain(*doubled(shipped("base"))))
    subject = write(tmp_path / "subject", plain(*doubled(shipped("continued"))))
    single = comparison_of(model("continued"), model("base"), seed=seed)
    double = comparison_of(subject, base, seed=seed)
    assert double.combined.orders <= single.combined.orders
    assert double.best_whole <= single.best_whole + 1.0
    shared = [o for o in double.outcomes if o.test is Kind.NEURONS]
    assert len(shared) == 4
    assert len({o.base.layer // 2 for o in shared}) <= 4


@pytest.mark.parametrize("seed", range(taken(1, 12)))
def test_strangers_with_duplicated_layers_stay_strangers(tmp_path: Path, seed: int) -> None:
    """Duplicated layers on both sides multiply no chance hit into evidence."""
    base = write(tmp_path / "base", plain(*doubled(shipped("base"))))
    subject = write(tmp_path / "subject", plain(*doubled(shipped("twin"))))
    assert comparison_of(subject, base, seed=seed).best_whole < log(1e3)


def upcycled(name: str, seed: int) -> tuple[Weights, Shape]:
    """Return a mixture whose experts are copies of a dense model's MLP, lightly disturbed."""
    made = recipe("upcycled")
    sparse = upcycle(shipped(name), replace(made, init_seed=seed))
    noise = np.random.default_rng(seed)
    weights = alterations.add_noise(sparse, noise, size=0.02)
    return weights, made.shape


def test_an_upcycled_base_has_no_more_orders_than_the_dense_model(tmp_path: Path) -> None:
    """Experts copied from one MLP share its neuron order, which is counted once a layer."""
    base = write(tmp_path / "base", plain(*upcycled("base", 1)))
    subject = write(tmp_path / "subject", plain(*upcycled("base", 2)))
    sparse = comparison_of(subject, base)
    neurons = [o for o in sparse.outcomes if o.test is Kind.NEURONS]
    assert len({o.base.layer for o in neurons}) == SHAPE.layers < len(neurons)
    assert sparse.settled_related
    dense = write(tmp_path / "dense", derived("noise-tenth"))
    single = comparison_of(dense, model("base"))
    assert sparse.combined.orders <= single.combined.orders + SHAPE.layers  # the routers' orders


def test_upcycled_strangers_stay_strangers(tmp_path: Path) -> None:
    """Two mixtures up-cycled from unrelated dense models share nothing."""
    base = write(tmp_path / "base", plain(*upcycled("base", 1)))
    subject = write(tmp_path / "subject", plain(*upcycled("twin", 2)))
    for seed in range(taken(1, 12)):
        assert comparison_of(subject, base, seed=seed).best_whole < log(1e3)


def test_a_mixture_with_shuffled_experts_is_still_related(tmp_path: Path) -> None:
    """Relabelling experts, neurons, channels and heads of a mixture hides nothing."""
    weights, shape = upcycled("base", 1)
    base = write(tmp_path / "base", plain(weights, shape))
    rng = np.random.default_rng(8)
    orders = {i: rng.permutation(shape.experts) for i in range(shape.layers)}
    shuffled = symmetries.permute_experts(weights, shape, orders)
    subject = write(tmp_path / "subject", plain(shuffled, shape))
    assert comparison_of(subject, base).settled_related


def test_the_signs_of_matched_rows_are_counted_and_fair_for_strangers() -> None:
    """A copy agrees in every sign; strangers agree in about half of them."""
    ours = comparison_of(model("finetune"), model("base"))
    assert all(s.agreements == s.pairs for s in ours.signs)
    theirs = comparison_of(model("twin"), model("base"))
    assert theirs.signs
    share = sum(s.agreements for s in theirs.signs) / sum(s.pairs for s in theirs.signs)
    assert 0.3 < share < 0.7


def test_groups_hold_every_family_once() -> None:
    """Grouping loses and repeats nothing."""
    rows = [drawn(i % 3) for i in range(7)]
    families = [outcome(Kind.NEURONS, i, 1.0) for i in range(7)]
    profiles = {(o.label, o.base): described(r) for o, r in zip(families, rows, strict=True)}
    groups = SharedOrders(profiles).groups(families)
    grouped = Counter(o.label for group in groups for o in group)
    assert grouped == Counter(o.label for o in families)
    assert sorted(len(group) for group in groups) == [2, 2, 3]


def leaning(seed: int) -> Weights:
    """Return an independent model whose up rows lean to its gate rows, as (up + 1) * glu makes."""
    weights = initial_weights(SHAPE, seed)
    for name in [n for n in weights if n.endswith("up_proj.weight")]:
        weights[name] += weights[name.replace("up_proj", "gate_proj")]
    return weights


@pytest.mark.parametrize(("family", "counted"), [("llama", True), ("gpt_oss", False)])
def test_signs_that_lean_count_only_where_the_family_is_known_to_be_plain(
    family: str, counted: bool, tmp_path: Path
) -> None:
    """Strangers whose MLP is not sign-symmetric agree in most signs; there no coin is thrown."""
    folders = []
    for seed in (1, 2):
        product = plain(leaning(seed))
        folders.append(write(tmp_path / f"{family}-{seed}", with_family(product, family)))
    seen = comparison_of(*folders)
    assert bool(seen.signs) is counted
    if counted:  # what would be claimed of strangers if the family were believed
        assert seen.best_whole > log(1e3)
    else:
        assert seen.best_whole < log(1e3)


def with_family(product: Product, family: str) -> Product:
    """Return a product that calls itself another family."""
    return replace(product, extra={**product.extra, "model_type": family})
