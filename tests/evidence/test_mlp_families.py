"""Are experts held against dense MLPs, and against experts of another number, without false hits?

Null: the neuron order of every MLP of the base is uniform given the subject. Here it is redrawn.
"""

from __future__ import annotations

from math import exp, log
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.families import DIRECT_WEIGHT, MAP_WEIGHT, Facing, compare_views, log_e_of
from hubcheck.evidence.family import Block, FamilyOutcome, Look, Profiles
from hubcheck.evidence.family import Test as Kind
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.orders.mlps import LAYERS_A_STEP
from hubcheck.statistics.evalues import log_product
from hubcheck.statistics.profiles import FloatArray, profile
from tests.evidence.laboratory import comparison_of, model, plain, shipped, write
from tests.evidence.mixtures import (
    mixture_of,
    noisy,
    small,
    stacked_by_input,
    with_expert,
    with_shared_expert,
)
from tests.material.zoo.deep_copies import extract_expert, keep_experts
from tests.material.zoo.model import Shape, initial_weights
from tests.tables import taken

UNITS: Final = 12
"""Few units: e-values of many are so heavy-tailed that a simulated mean says nothing."""
DRAWS: Final = taken(500, 3000)


def neurons(comparison: Comparison) -> list[FamilyOutcome]:
    """Return the neuron families of a comparison."""
    return [o for o in comparison.outcomes if o.test is Kind.NEURONS]


def described(rows: FloatArray) -> Profiles:
    """Return profiles of two views, as gate and up are."""
    half = rows.shape[1] // 2
    views = {"raw gate": profile(rows[:, :half]), "raw up": profile(rows[:, half:])}
    return Profiles(views={"raw all": profile(rows)} | views, parts=(rows.astype(np.float32),))


@pytest.mark.parametrize("base_experts", [1, 3])
def test_the_mean_e_value_of_strangers_is_at_most_one(base_experts: int) -> None:
    """Every base MLP against four experts, a direct look and a search: E is an e-value.

    The subject is fixed (four experts, two of them copies of one, as after up-cycling) and the
    orders of the base are drawn anew: just what the null says. ``base_experts`` distinct orders are
    multiplied.
    """
    rng = np.random.default_rng(6)
    own = [rng.standard_normal((UNITS, 16)).astype(np.float32) for _ in range(3)]
    subjects = [described(rows) for rows in (*own, own[0] + 0.01 * own[1])]
    bases = [rng.standard_normal((UNITS, 16)).astype(np.float32) for _ in range(base_experts)]
    draw = Draw(1)
    total, above = 0.0, 0
    for _ in range(DRAWS):
        orders = []
        for e, rows in enumerate(bases):
            base = described(rows[rng.permutation(UNITS)])
            looks = []
            for weight, some in ((DIRECT_WEIGHT, subjects[:2]), (MAP_WEIGHT, subjects[2:])):
                views = [
                    view
                    for n, subject in enumerate(some)
                    for view in compare_views(
                        Facing(base, subject), Block(layer=0, member=e, kind="expert"),
                        Block(layer=0, member=n, kind="expert"), draw,
                    )
                ]  # fmt: skip
                looks.append(Look(weight=weight, views=tuple(views)))
            orders.append(log_e_of(looks))
        value = exp(log_product(orders))
        total += value
        above += value >= 20
    assert total / DRAWS <= 1.0  # four seeds: 0.88 to 0.90 and 0.69 to 0.71
    assert above / DRAWS <= 1 / 20


def test_no_order_of_the_base_is_given_more_than_all_its_weight(tmp_path: Path) -> None:
    """However many experts an MLP is held against, the looks at its order weigh 1 at most."""
    folders = [write(tmp_path / str(n), plain(*small(n, experts=n))) for n in (0, 4)]
    for base, subject in (folders, folders[::-1]):
        found = neurons(comparison_of(subject, base))
        assert found
        assert len({o.base for o in found}) == len(found)
        assert all(sum(look.weight for look in o.looks) <= 1 for o in found)
        every = [[(v.subject, v.name) for look in o.looks for v in look.views] for o in found]
        assert all(len(set(views)) == len(views) for views in every)


def test_independent_mixtures_and_dense_models_show_nothing(tmp_path: Path) -> None:
    """Mixture or dense on either side, models drawn apart: mean e of a family at most 1, E small."""
    families: list[float] = []
    for seed in range(taken(2, 6)):
        made = [
            write(
                tmp_path / f"{seed}-{experts}", plain(*small(10 * seed + experts, experts=experts))
            )
            for experts in (0, 3, 4)
        ]
        for base in made:
            for subject in made:
                if base is subject:
                    continue
                seen = comparison_of(subject, base, seed=seed)
                families += [o.log_e for o in neurons(seen)]
                assert seen.best_whole < NOTABLE
    assert len(families) > taken(46, 150)
    assert float(np.mean(np.exp(families))) <= 1.2
    assert max(families) < log(len(families)) + log(20)


def test_experts_that_are_a_dense_models_mlps_are_found(tmp_path: Path) -> None:
    """Every expert bit for bit another model's MLP: that model is related by its neuron orders."""
    twin = shipped("twin")
    subject = write(tmp_path / "m", mixture_of(shipped("base"), 2, lambda _l, _e: twin))
    seen = comparison_of(subject, model("twin"), search=False)
    assert seen.settled_related
    assert {(o.base.kind, o.best.subject.kind) for o in neurons(seen)} == {("dense", "expert")}
    assert all(o.best.hits == o.best.units for o in neurons(seen))
    back = comparison_of(model("twin"), subject, search=False)
    assert back.settled_related
    assert {(o.base.kind, o.best.subject.kind) for o in neurons(back)} == {("expert", "dense")}


@pytest.mark.parametrize("size", [0.05, 0.5, 1.0])
def test_one_expert_of_four_copied_with_noise_is_found(size: float, tmp_path: Path) -> None:
    """Three experts drawn afresh and one copied with noise up to its own spread: every layer hits."""
    copy = noisy(shipped("twin"), size, 4)
    made = mixture_of(shipped("base"), 4, lambda _l, e: copy if e == 2 else None)
    seen = comparison_of(write(tmp_path / "m", made), model("twin"), search=False)
    found = neurons(seen)
    assert len(found) == 4
    assert all(o.log_e >= NOTABLE and o.best.subject.member == 2 for o in found)
    assert seen.settled_related


def test_an_expert_at_another_number_is_found(tmp_path: Path) -> None:
    """Experts reordered, or one put into another mixture under another number."""
    base, shape = small(1, experts=4)
    other, _ = small(2, experts=4)
    folder = write(tmp_path / "base", plain(base, shape))
    moved = write(tmp_path / "moved", plain(*keep_experts(base, shape, (2, 3, 1, 0))))
    found = {(o.base.member, o.best.subject.member) for o in neurons(comparison_of(moved, folder))}
    assert found == {(2, 0), (3, 1), (1, 2), (0, 3)}
    swapped = write(tmp_path / "swapped", plain(with_expert(other, 3, base, 1), shape))
    seen = comparison_of(swapped, folder, search=False)
    assert seen.settled_related
    hit = [o for o in neurons(seen) if o.log_e >= NOTABLE]
    assert {(o.base.member, o.best.subject.member) for o in hit} == {(1, 3)}
    assert len(hit) == shape.layers


def test_an_expert_taken_out_to_be_a_dense_mlp_is_found(tmp_path: Path) -> None:
    """The subject's MLPs are one expert of each layer of the base."""
    base, shape = small(1, experts=4)
    folder = write(tmp_path / "base", plain(base, shape))
    seen = comparison_of(write(tmp_path / "m", plain(*extract_expert(base, shape, 3))), folder)
    hit = [o for o in neurons(seen) if o.log_e >= NOTABLE]
    assert {(o.base.member, o.best.subject.kind) for o in hit} == {(3, "dense")}


def test_a_dense_mlp_that_became_the_shared_expert_is_found(tmp_path: Path) -> None:
    """The shared expert of a mixture is a dense model's MLP; its routed experts are others."""
    made = with_shared_expert(shipped("base"), shipped("twin"))
    seen = comparison_of(write(tmp_path / "m", made), model("twin"), search=False)
    assert {o.best.subject.kind for o in neurons(seen)} == {"shared"}
    assert seen.settled_related


def test_a_few_layers_meet_every_expert_of_a_mixture_of_few() -> None:
    """Layers looked at one after the other draw different experts; each draw is within the count."""
    for seed in range(5):
        draw = Draw(seed)
        met = {e for turn in range(LAYERS_A_STEP) for e in draw.experts(8, turn, 2)}
        assert met == set(range(8))
    assert sorted(Draw(1).experts(3, 5, 8)) == [0, 1, 2]
    assert Draw(1).experts(128, 0, 4) != Draw(2).experts(128, 0, 4)


def test_of_many_experts_a_bounded_number_is_read(tmp_path: Path) -> None:
    """Twenty experts a layer: eight are held against a dense MLP, and a search never claims all."""
    shape = Shape(neurons=64, experts=40, layers=2)
    subject = write(tmp_path / "m", plain(initial_weights(shape, 1), shape))
    base = write(tmp_path / "base", plain(*small(2, experts=0)))
    seen = comparison_of(subject, base, search=True)
    for outcome in neurons(seen):
        direct, searched = ({v.subject for v in look.views} for look in outcome.looks)
        assert len(direct) == 8
        assert len(searched) == 32
    assert not seen.searched


def test_experts_stored_by_input_are_held_against_a_dense_mlp_stored_by_unit(
    tmp_path: Path,
) -> None:
    """The same units and inputs are read of both, however each is stored and at any width."""
    shape = Shape(hidden=512, neurons=512, layers=2, head_dim=128)
    weights = initial_weights(shape, 3)
    base = write(tmp_path / "base", plain(weights, shape))
    subject = write(tmp_path / "m", stacked_by_input(weights, shape, 2))
    for found in (
        neurons(comparison_of(subject, base, search=False)),
        neurons(comparison_of(base, subject, search=False)),
    ):
        assert len({o.base.layer for o in found}) == 2
        assert all(o.best.hits == o.best.units for o in found)
