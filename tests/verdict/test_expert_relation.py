"""Is of experts said what was compared of them, and 'recast' never while something differs?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import sentence, words
from hubcheck.report.schema import Relation
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from tests.evidence.laboratory import SHAPE, finding_of, model, plain, report_of, shipped, write
from tests.evidence.mixtures import mixture_of, noisy, small, with_expert
from tests.material.zoo.deep_copies import extract_expert, slice_into_experts


def relation_between(subject: Path, base: Path) -> Relation:
    """Return the relation of a pair that is related."""
    finding = finding_of(subject, base)
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    return finding.relation


def test_noisy_copies_of_the_mlp_beside_a_frozen_rest_are_up_cycled(tmp_path: Path) -> None:
    """Two experts, 5 % noise, all else bit-equal: up-cycled, never the same values stored anew."""
    copies = [noisy(shipped("base"), 0.05, seed) for seed in (1, 2)]
    subject = write(tmp_path / "m", mixture_of(shipped("base"), 2, lambda _l, e: copies[e]))
    relation = relation_between(subject, model("base"))
    assert relation.kind is RelationKind.UPCYCLED
    assert sentence(relation.detail) == (
        "8 of 8 experts compared in the subject hold the neurons of the base's MLP in their order, "
        "at a relative change of 0.05; every value sampled of the rest is equal"
    )
    assert report_of(subject, [model("base")]).verdict is DeclarationVerdict.CONFIRMED


def test_experts_of_an_undeclared_model_are_found(tmp_path: Path) -> None:
    """Attention and embeddings of the base, every expert the twin's MLP: both are named."""
    twin = shipped("twin")
    subject = write(tmp_path / "m", mixture_of(shipped("base"), 2, lambda _l, _e: twin))
    report = report_of(subject, [model("base")], [model("twin")])
    base, other = report.findings
    assert base.verdict is other.verdict is Verdict.RELATED
    assert base.relation is not None
    assert other.relation is not None
    assert base.relation.kind is RelationKind.PARTS
    assert sentence(base.relation.detail).startswith(
        "the attention matches (4 of 4 families); none of 8 experts compared holds the base's MLP"
    )
    assert other.relation.kind is RelationKind.UPCYCLED
    assert sentence(other.relation.detail).startswith("8 of 8 experts compared in the subject hold")
    assert "no order of the attention was found (0 of 4 families)" in sentence(
        other.relation.detail
    )
    assert report.verdict is DeclarationVerdict.UNDECLARED
    rows = [r for r in other.evidence if r.test == "neurons"]
    assert len(rows) == SHAPE.layers
    assert all("in the subject's expert " in words(r.family) for r in rows)
    assert all(r.hits == r.units and "found in 2 of 2 MLPs" in sentence(r.note) for r in rows)


def test_a_swapped_expert_is_seen_from_both_mixtures(tmp_path: Path) -> None:
    """One of four experts of every layer is another mixture's: neither is 'the same values'."""
    ours, shape = small(1, experts=4)
    theirs, _ = small(2, experts=4)
    base, other = (
        write(tmp_path / "a", plain(ours, shape)),
        write(tmp_path / "b", plain(theirs, shape)),
    )
    subject = write(tmp_path / "m", plain(with_expert(ours, 3, theirs, 3), shape))
    kept = relation_between(subject, base)
    assert kept.kind is RelationKind.SPARSE_UPDATE
    assert sentence(kept.detail) == (
        "6 of 8 experts compared match, not: layer 0, expert 3; layer 1, expert 3; every value "
        "sampled of the rest is equal"
    )
    taken = relation_between(subject, other)
    assert taken.kind is RelationKind.PARTS
    assert "2 of 8 experts compared match" in sentence(taken.detail)
    assert "no order of the attention was found" in sentence(taken.detail)
    assert report_of(subject, [base]).verdict is DeclarationVerdict.CONFIRMED


def test_a_mixture_stored_anew_is_a_recast_as_before(tmp_path: Path) -> None:
    """All experts in place and equal: nothing is held back."""
    ours, shape = small(1, experts=4)
    base = write(tmp_path / "a", plain(ours, shape))
    subject = write(tmp_path / "m", replace(plain(ours, shape), shards=2))
    assert relation_between(subject, base).kind is RelationKind.RECAST


def test_an_expert_that_became_the_dense_mlp_is_named(tmp_path: Path) -> None:
    """A dense model made of one expert of each layer: which one, in how many layers."""
    ours, shape = small(1, experts=4)
    base = write(tmp_path / "a", plain(ours, shape))
    subject = write(tmp_path / "m", plain(*extract_expert(ours, shape, 2)))
    relation = relation_between(subject, base)
    assert "the MLPs of 2 of 2 layers compared are experts of the base (expert 2)" in sentence(
        relation.detail
    )
    assert relation.kind is not RelationKind.RECAST


def test_experts_of_another_size_are_said_not_to_be_compared(tmp_path: Path) -> None:
    """Experts cut from slices: nothing is said of the MLPs, and equal values elsewhere are no recast."""
    made = slice_into_experts(shipped("base"), SHAPE, 4)
    relation = relation_between(write(tmp_path / "m", plain(*made)), model("base"))
    assert relation.kind is RelationKind.UNDETERMINED
    assert sentence(relation.detail).startswith(
        "none of the 16 experts of the subject could be compared"
    )
    assert "only the base has down, gate, up" in sentence(relation.detail)


def test_a_role_on_one_side_only_is_no_recast(tmp_path: Path) -> None:
    """Equal in all that both hold, and one kind of tensor is missing: it is named."""
    weights = {n: w for n, w in shipped("base").items() if "post_attention_layernorm" not in n}
    relation = relation_between(write(tmp_path / "m", plain(weights)), model("base"))
    assert relation.kind is RelationKind.UNDETERMINED
    assert "only the base has norm.mlp_in" in sentence(relation.detail)
    assert "every value sampled of the rest is equal" in sentence(relation.detail)


@pytest.mark.parametrize("seed", [1, 2])
def test_mlps_of_a_stranger_are_not_said_to_be_relabelled(seed: int, tmp_path: Path) -> None:
    """Everything but the MLPs is the base's: parts; the other model is related by its MLPs."""
    twin, own = shipped("twin"), shipped("base")
    mixed = {n: (twin if ".mlp." in n else own)[n] for n in own}
    subject = write(tmp_path / "m", plain(mixed))
    for base, said in (
        (
            "base",
            "the attention matches (4 of 4 families); no order of the MLP was found (0 of 4 families)",
        ),
        (
            "twin",
            "the MLP matches (4 of 4 families); no order of the attention was found (0 of 4 families)",
        ),
    ):
        finding = finding_of(subject, model(base), seed=seed)
        assert finding.relation is not None
        assert said in sentence(finding.relation.detail)
        assert "relabelled" not in sentence(finding.relation.detail)


def test_neurons_in_another_order_are_said_to_be_relabelled(tmp_path: Path) -> None:
    """The signs of rows matched by their gates tell a relabelled MLP from another."""
    rng = np.random.default_rng(4)
    weights = shipped("base")
    for layer in range(SHAPE.layers):
        order = rng.permutation(SHAPE.neurons)
        stem = f"model.layers.{layer}.mlp."
        for name in ("gate_proj", "up_proj"):
            weights[f"{stem}{name}.weight"] = weights[f"{stem}{name}.weight"][order]
        weights[f"{stem}down_proj.weight"] = weights[f"{stem}down_proj.weight"][:, order]
    relation = relation_between(write(tmp_path / "m", plain(weights)), model("base"))
    assert relation.kind is RelationKind.REARRANGED
    assert sentence(relation.detail).startswith("MLP neurons relabelled")
