"""Are experts traced that were moved, dropped, made from a dense MLP or taken out?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import sentence, words
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.looks.expert_map.interface import ExpertChange, Experts
from hubcheck.evidence.looks.expert_map.run import experts_of
from hubcheck.evidence.refused import Refused, Why
from tests.evidence.laboratory import SHAPE, Weights, model, plain, shipped, write
from tests.evidence.looks.sides import MIXTURE, mixture, side_by_side
from tests.evidence.mixtures import with_expert
from tests.material.zoo import symmetries
from tests.material.zoo.deep_copies import extract_expert, keep_experts, slice_into_experts
from tests.material.zoo.model import Shape, initial_weights
from tests.material.zoo.recipes import recipe, upcycle


def experts(base: Path, subject: Path, *, limit: int = 300_000_000) -> Experts:
    """Return what became of the experts."""
    pair = side_by_side(base, subject)
    layers = pair.base.anatomy.geometry.layers
    straight = {n: n for n in range(layers)}
    found = experts_of(pair.base, pair.subject, pair.draw, straight, limit=limit)
    assert isinstance(found, Experts), found.code
    return found


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a mixture of eight experts."""
    return write(tmp_path / "base", plain(mixture(1), MIXTURE))


def noisy(weights: Weights, share: float = 0.5) -> Weights:
    """Return weights with noise of a share of their own size added, as training on would."""
    rng = np.random.default_rng(0)
    return {
        n: (w + share * w.std() * rng.standard_normal(w.shape)).astype(np.float32)
        for n, w in weights.items()
    }


def test_dropped_experts_are_named(base: Path, tmp_path: Path) -> None:
    """Six of eight experts kept: the two that are gone are named, the rest proven by hits."""
    made = keep_experts(noisy(mixture(1)), MIXTURE, (0, 1, 3, 4, 6, 7))
    found = experts(base, write(tmp_path / "m", plain(*made)))
    assert found.kind is ExpertChange.DROPPED
    assert set(found.dropped.values()) == {(2, 5)}
    assert sentence(found.said).startswith("6 of 8 experts kept, without 2 and 5")
    assert len(found.pairs) == found.sampled
    assert all(p.hits >= 60 and p.stands for p in found.pairs)


def test_reordered_experts_are_traced(base: Path, tmp_path: Path) -> None:
    """Moved experts are matched by router rows and proven by the neurons inside them."""
    order = (5, 2, 7, 0, 1, 3, 6, 4)
    found = experts(
        base, write(tmp_path / "m", plain(*keep_experts(noisy(mixture(1)), MIXTURE, order)))
    )
    assert found.kind is ExpertChange.REORDERED
    assert {(p.expert, p.base_expert) for p in found.pairs} == set(enumerate(order))
    assert found.log_e > 1000


def test_experts_with_a_fresh_router_are_found_by_search(base: Path, tmp_path: Path) -> None:
    """With routers redrawn the match says nothing; the search over all pairs still does."""
    order = (5, 2, 7, 0, 1, 3, 6, 4)
    weights, shape = keep_experts(mixture(1), MIXTURE, order)
    rng = np.random.default_rng(3)
    fresh = {
        n: rng.standard_normal(w.shape).astype(np.float32)
        for n, w in weights.items()
        if n.endswith("block_sparse_moe.gate.weight")
    }
    found = experts(base, write(tmp_path / "m", plain(weights | fresh, shape)))
    assert found.kind is ExpertChange.REORDERED
    assert {(p.expert, p.base_expert) for p in found.pairs} == set(enumerate(order))


def test_neurons_shuffled_inside_reordered_experts_leave_signs(base: Path, tmp_path: Path) -> None:
    """With no order left inside, matched gates and the signs of up rows carry the proof."""
    rng = np.random.default_rng(5)
    weights = mixture(1)
    orders = {gate: rng.permutation(MIXTURE.neurons) for gate, _, _ in symmetries.mlps(weights)}
    shuffled = symmetries.permute_neurons(weights, orders)
    made = keep_experts(shuffled, MIXTURE, (5, 2, 7, 0, 1, 3, 6, 4))
    found = experts(base, write(tmp_path / "m", plain(*made)))
    assert found.kind is ExpertChange.REORDERED
    assert found.shuffled_inside
    assert tuple(map(words, found.said)) == (
        "experts reordered (and the neurons inside shuffled; signs agree)",
    )
    signs = [r for r in found.rows if r.test == "signs"]
    assert signs
    assert all(r.hits == r.units for r in signs)


def test_experts_in_place_need_no_words(base: Path, tmp_path: Path) -> None:
    """A mixture trained on keeps its experts' order, and nothing is said of it."""
    found = experts(base, write(tmp_path / "m", plain(noisy(mixture(1)), MIXTURE)))
    assert (found.kind, found.said) == (ExpertChange.SAME, ())


def test_a_few_experts_of_another_mixture_are_told_from_both_sides(
    base: Path, tmp_path: Path
) -> None:
    """Two of eight experts are another mixture's: neither is said to be there whole, nor not at all."""
    made = mixture(1)
    for number in (2, 5):
        made = with_expert(made, number, mixture(2), number)
    subject = write(tmp_path / "m", plain(made, MIXTURE))
    kept = experts(base, subject)
    assert kept.kind is ExpertChange.SAME
    assert tuple(map(words, kept.said)) == (
        "experts in their places (neurons of 18 of 24 sampled experts found again)",
    )
    other = experts(write(tmp_path / "other", plain(mixture(2), MIXTURE)), subject)
    assert tuple(map(words, other.said)) == (
        "most experts are not this base's (neurons of 6 of 24 sampled experts found again)",
    )


def test_upcycled_experts_are_traced_to_the_dense_mlp(tmp_path: Path) -> None:
    """All experts hit the neurons of one dense layer; sharing one order they count once."""
    weights = upcycle(shipped("continued"), recipe("upcycled"))
    shape = Shape(experts=4)
    found = experts(model("base"), write(tmp_path / "m", plain(noisy(weights, 0.2), shape)))
    assert found.kind is ExpertChange.UPCYCLED
    assert sentence(found.said).startswith("4 experts made from the dense MLP (neurons of 12 of 12")
    strongest = max(r.log10_e for r in found.rows)
    assert all(r.log10_e <= strongest for r in found.rows)
    # three layers, twelve experts: no more than three orders of the base are multiplied
    assert found.log_e <= 3 * strongest * np.log(10) + 1e-6


def test_experts_cut_from_slices_of_a_dense_mlp_are_found(tmp_path: Path) -> None:
    """Fine-grained experts are traced to the slice of neurons they were cut from."""
    made = slice_into_experts(shipped("base"), SHAPE, 4)
    found = experts(model("base"), write(tmp_path / "m", plain(*made)))
    assert found.kind is ExpertChange.UPCYCLED
    assert {(p.expert, p.first) for p in found.pairs} == {(e, 64 * e) for e in range(4)}


def test_an_expert_taken_out_is_named(base: Path, tmp_path: Path) -> None:
    """A dense model made of one expert of each layer: the expert is named."""
    made = extract_expert(mixture(1), MIXTURE, 3)
    found = experts(base, write(tmp_path / "m", plain(*made)))
    assert found.kind is ExpertChange.EXTRACTED
    assert {p.base_expert for p in found.pairs} == {3}
    assert sentence(found.said).startswith("the dense MLP is made of expert 3")


@pytest.mark.parametrize("seed", [2, 3])
def test_a_stranger_has_none_of_the_experts(seed: int, base: Path, tmp_path: Path) -> None:
    """Mixture, up-cycled or taken out: an unrelated model's experts are not found."""
    made = {
        "mixture": plain(mixture(seed), MIXTURE),
        "extracted": plain(*extract_expert(mixture(seed), MIXTURE, 1)),
    }
    for name, product in made.items():
        found = experts(base, write(tmp_path / name, product))
        assert found.kind is ExpertChange.NOT_FOUND
        assert found.log_e < NOTABLE
        assert tuple(map(words, found.said)) == ("no expert of this base was found again",)
    cut = slice_into_experts(initial_weights(SHAPE, seed), SHAPE, 4)
    found = experts(model("base"), write(tmp_path / "cut", plain(*cut)))
    assert found.kind is ExpertChange.NOT_FOUND


def test_what_cannot_be_compared_is_refused_with_the_reason(base: Path) -> None:
    """Dense models, sizes without a common piece and too little to read each say so."""
    dense = side_by_side(model("base"), model("finetune"))
    straight = {n: n for n in range(4)}
    assert experts_of(dense.base, dense.subject, dense.draw, straight) == Refused(
        code=Why.NO_EXPERTS
    )
    odd = side_by_side(model("base"), base)
    assert experts_of(odd.base, odd.subject, odd.draw, straight) == Refused(
        code=Why.NO_COMMON_PIECE
    )
    same = side_by_side(base, base)
    assert experts_of(same.base, same.subject, same.draw, straight, limit=1000) == Refused(
        code=Why.BUDGET
    )
