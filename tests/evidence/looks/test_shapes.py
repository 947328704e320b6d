"""What does the look across shapes see of pruned copies, of strangers and of those who imitate?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.layer_map.spending import Spending
from hubcheck.evidence.looks.sample.comparison import POWER_KEPT
from hubcheck.evidence.looks.shapes.interface import OtherShapes
from hubcheck.evidence.looks.shapes.look import OTHER_SHAPES
from hubcheck.evidence.looks.shapes.orders import (
    IN_LINE,
    Mlp,
    content_stands,
    seen_in,
    shared_orders,
)
from hubcheck.evidence.looks.shapes.plan import Plan, affordable, other_sizes, plans
from hubcheck.evidence.observation import Observation
from hubcheck.evidence.orders.mlps import DENSE, neurons_of
from hubcheck.evidence.refused import Refused, Why
from hubcheck.statistics.exchangeability import SORTED, Disorder
from hubcheck.statistics.shared_order import STRUCTURED
from tests.evidence.laboratory import SHAPE, model, plain, shipped, write
from tests.evidence.looks.test_contract import pair
from tests.evidence.mixtures import EXPERT_NAMES, with_shared_expert
from tests.material.zoo.cuts import CUTS, Cut, narrower
from tests.material.zoo.symmetries import Arrays, mlps


def folder(room: Path, weights: Arrays, cut: Cut) -> Path:
    """Write a model cut to another shape."""
    return write(room / "m", plain(*cut(weights, SHAPE)))


def look(subject: Path, base: Path | None = None, **terms: Any) -> OtherShapes | Refused:
    """Return what the look leaves of a subject against the base."""
    left: Observation[OtherShapes] | Refused = pair(subject, base or model("base"), **terms).take(
        OTHER_SHAPES
    )
    return left.seen if isinstance(left, Observation) else left


def seen(subject: Path, base: Path | None = None) -> OtherShapes:
    """Return what it saw."""
    found = look(subject, base)
    assert isinstance(found, OtherShapes), found
    return found


def first_plan(subject: Path) -> Plan:
    """Return what is read first of a subject and the base, once it is there."""
    sides = pair(subject, model("base")).both.comparer
    plan = next(iter(plans(sides.base, sides.subject, sides.draw)))
    for side, wanted in zip((sides.base, sides.subject), plan.wanted, strict=True):
        side.reader.fetch(wanted)
    return plan


@pytest.mark.parametrize("name", CUTS)
def test_a_child_of_another_shape_is_found(name: str, tmp_path: Path) -> None:
    """Children cut from a model that was trained on for as long: order or signs settle it."""
    found = seen(folder(tmp_path, shipped("continued"), CUTS[name]))
    assert found.log_e >= SETTLED
    assert found.log_e_without_strongest >= NOTABLE
    assert len(found.standing) >= 2
    in_order = max(one.log_e_order for one in found.orders) >= NOTABLE
    assert in_order is not (name in {"sorted", "every axis"})


@pytest.mark.parametrize("name", CUTS)
def test_a_stranger_of_another_shape_shows_nothing(name: str, tmp_path: Path) -> None:
    """The same cuts of a model trained apart: nothing, where a pruned copy would have been seen."""
    found = seen(folder(tmp_path, shipped("twin"), CUTS[name]))
    assert found.log_e < 0
    assert not found.standing
    assert found.orders
    if name != "depth and neurons":  # there one layer fewer is all that is read
        assert len([one for one in found.orders if one.detectable <= POWER_KEPT]) >= 2


def test_a_base_whose_neurons_were_sorted_is_known_by_its_signs(tmp_path: Path) -> None:
    """A cut and sorted child as the base of its parent: no order counts, coins and content do."""
    base = folder(tmp_path, shipped("continued"), CUTS["sorted"])
    found = seen(model("base"), base)
    assert found.log_e >= SETTLED
    assert len(found.standing) >= 2
    assert {one.ordered for one in found.orders} == {False}
    assert all(one.log_e_order == 0 and one.coins for one in found.orders)
    assert not [row for row in found.rows if row.test == "pruned-neurons"]
    assert {problem.code for problem in found.abstained} <= SORTED


def test_a_stranger_shows_nothing_by_the_signs_of_a_sorted_base(tmp_path: Path) -> None:
    """The same of a model trained apart: nothing, though a copy would have been seen by its signs."""
    found = seen(model("base"), folder(tmp_path, shipped("twin"), CUTS["sorted"]))
    assert found.log_e < 0
    assert not found.standing
    assert len([one for one in found.orders if one.detectable <= POWER_KEPT]) >= 2


def test_signs_of_rows_that_stand_twice_are_no_coins(tmp_path: Path) -> None:
    """Sorted and doubled neurons have one sign between two: such a layer abstains whole."""
    weights = shipped("continued")
    for gate, up, down in mlps(weights):
        for name, axis in ((gate, 0), (up, 0), (down, 1)):
            half = np.take(weights[name], range(0, SHAPE.neurons, 2), axis=axis)
            weights[name] = np.repeat(half, 2, axis=axis)
    found = seen(model("base"), folder(tmp_path, weights, CUTS["sorted"]))
    assert not found.orders
    assert Disorder.DUPLICATES in {problem.code for problem in found.abstained}


def test_a_relabelled_stranger_does_not_stand(tmp_path: Path) -> None:
    """Who sorts and flips his neurons after the base gets the order and the signs, not the content."""
    first, shape = CUTS["width and neurons"](shipped("twin"), SHAPE)
    plan = first_plan(write(tmp_path / "m", plain(first, shape)))
    framed = dict(first)
    bases = {b.layer: Mlp(b, rows, raw=False) for b, rows in plan.base}
    for block, rows in plan.subject:
        mine = Mlp(block, rows, raw=False)
        theirs = bases[block.layer]
        nearest = (mine.joint["token"] @ theirs.joint["token"].T).argmax(axis=1)
        flips = np.sign(
            np.einsum("uf,uf->u", mine.signed["token"], theirs.signed["token"][nearest])
        )
        order = np.argsort(nearest, kind="stable")
        gate, up, down = next(m for m in mlps(first) if f"layers.{block.layer}." in m[0])
        framed[gate] = first[gate][order]
        framed[up] = (first[up] * flips[:, None])[order]
        framed[down] = (first[down] * flips)[:, order]
    found = seen(write(tmp_path / "framed", plain(framed, shape)))
    assert found.log_e >= SETTLED
    assert not found.standing


def test_bases_whose_layers_run_in_one_line_abstain(tmp_path: Path) -> None:
    """Neighbours in index alike in every layer, as in nested models: no order says anything."""
    drift = np.random.default_rng(2).standard_normal((SHAPE.neurons, SHAPE.hidden)).cumsum(axis=0)
    drift = (drift / drift.std() * 0.05).astype(np.float32)
    weights = shipped("twin")
    for gate, up, _ in mlps(weights):
        weights[gate] = weights[gate] + drift
        weights[up] = weights[up] + drift[:, ::-1]
    base = write(tmp_path / "base", plain(weights))
    child = folder(tmp_path / "child", shipped("base"), CUTS["width and neurons"])
    found = seen(child, base)
    assert not found.orders
    assert found.abstained
    assert found.log_e <= 0 or found.channels is not None


def test_layers_of_one_line_are_told_from_free_ones() -> None:
    """Smooth index structure that is shared makes all abstain; free layers are orders of their own."""
    rng = np.random.default_rng(1)
    smooth = rng.standard_normal((128, 64)).cumsum(axis=0)

    class Fixed(Mlp):
        def __init__(self, rows: np.ndarray) -> None:
            self._rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)

        @property
        def joint(self) -> Any:
            return {"token": self._rows}

    free = [Fixed(rng.standard_normal((128, 64))).guard for _ in range(4)]
    assert shared_orders(free, 128) == ((0,), (1,), (2,), (3,))
    near = [
        Fixed(np.roll(smooth, 3 * n, axis=0) + 0.05 * rng.standard_normal((128, 64))).guard
        for n in range(3)
    ]
    assert shared_orders(near, 128) in {IN_LINE, STRUCTURED}


def test_sizes_that_agree_are_left_to_the_hits(tmp_path: Path) -> None:
    """One width fewer alone, or one layer: neurons are as many, and told by hits."""
    assert not seen(model("finetune")).was_tested
    assert not seen(folder(tmp_path, shipped("base"), narrower)).was_tested


def test_kinds_that_are_both_met_are_not_held_against_each_other(tmp_path: Path) -> None:
    """A wide dense layer below shared experts, in both models: each is met by its own kind."""
    mixture = with_shared_expert(shipped("base"), shipped("twin"))
    weights = {n: w for n, w in mixture.weights.items() if ".layers.0.mlp." not in n}
    for name in EXPERT_NAMES:
        stored = shipped("base")[f"model.layers.0.mlp.{name}.weight"]
        wide = np.concatenate([stored, stored[::-1]] if name != "down_proj" else [stored.T] * 2)
        weights[f"model.layers.0.mlp.{name}.weight"] = wide.T if name == "down_proj" else wide
    both = write(tmp_path / "both", replace(mixture, weights=weights))
    sides = pair(both, both).both.comparer
    anatomies = sides.base.anatomy, sides.subject.anatomy
    assert neurons_of(anatomies[0], Block(layer=0, kind=DENSE.kind)) == 2 * SHAPE.neurons
    assert not other_sizes(*anatomies, sides.draw)
    dense = pair(both, model("base")).both.comparer
    assert other_sizes(dense.base.anatomy, dense.subject.anatomy, dense.draw)


def test_without_a_shared_token_there_is_no_frame(tmp_path: Path) -> None:
    """Streams of two widths that share no token cannot be compared."""
    subject = folder(tmp_path, shipped("base"), CUTS["width and neurons"])
    found = look(subject, shared=False)
    assert isinstance(found, OtherShapes)
    assert not found.was_tested


def test_a_budget_that_is_too_small_is_a_refusal(tmp_path: Path) -> None:
    """Where not even two windows can be paid for, that is said."""
    subject = folder(tmp_path, shipped("base"), CUTS["width and neurons"])
    found = look(subject, max_read=150_000)
    assert isinstance(found, Refused)
    assert found.code is Why.BUDGET


def test_windows_of_large_layers_have_what_other_looks_left(tmp_path: Path) -> None:
    """Where no whole layer can be paid for, nothing is read beyond what a sample may cost in all."""
    subject = folder(tmp_path, shipped("base"), CUTS["width and neurons"])
    comparer = pair(subject, model("base")).both.comparer
    sides = (comparer.base, comparer.subject)

    def planned(limit: int, in_all: int) -> Plan | None:
        return affordable(Spending(*sides, limit), comparer.draw, windows_in_all=in_all)

    whole = planned(600_000, 1)
    assert whole is not None
    assert whole.whole
    plan = planned(310_000, 310_000)
    assert plan is not None
    assert not plan.whole
    assert planned(310_000, 200_000) is None
    for side, wanted in zip(sides, plan.wanted, strict=True):
        side.reader.fetch(wanted)
        assert 0 < side.reader.read_so_far <= 310_000


def test_content_needs_gate_and_up_to_name_one_neuron(tmp_path: Path) -> None:
    """Copies stand by both; a match that either makes alone does not."""
    subject = folder(tmp_path, shipped("continued"), CUTS["width and neurons"])
    plan = first_plan(subject)
    of_base = {b.layer: Mlp(b, rows, raw=False) for b, rows in plan.base}
    for block, rows in plan.subject:
        mine = Mlp(block, rows, raw=False)
        one = seen_in(of_base[block.layer], mine, "token", fair_signs=True)
        assert content_stands(of_base[block.layer], mine, one, pool=SHAPE.neurons)[1]
        other = of_base[(block.layer + 1) % SHAPE.layers]
        two_ = seen_in(other, mine, "token", fair_signs=True)
        assert not content_stands(other, mine, two_, pool=SHAPE.neurons)[1]
