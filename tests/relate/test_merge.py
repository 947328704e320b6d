"""Are merges of shipped models found, with their shares, and nothing else called one?"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.zoo import alterations, relations
from hubcheck.evidence.draw import Draw
from hubcheck.relate.look import SAMPLE_BYTES
from hubcheck.relate.merge import Merge, MergeMember, merge_shares
from hubcheck.relate.merge_kind import MergeKind
from hubcheck.relate.values import Refusal
from tests.evidence.laboratory import Weights, derived, model, plain, shipped, write
from tests.relate.test_look import RNG, opened


def fitted(subject: Path, *bases: str, limit: int = SAMPLE_BYTES) -> Merge | Refusal:
    """Return the fit of a folder by shipped models."""
    members = [MergeMember(ref=b, reader=opened(model(b)).reader) for b in bases]
    return merge_shares(opened(subject).reader, members, Draw(5), limit=limit)


def merge_of(tmp_path: Path, weights: Weights, *bases: str) -> Merge:
    """Return the fit of changed weights."""
    found = fitted(write(tmp_path / "merged", plain(weights)), *bases)
    assert isinstance(found, Merge)
    return found


def wholes(merge: Merge) -> Mapping[str, float]:
    """Return each base's share of the whole model."""
    return {ref: shares[0].share for ref, shares in merge.shares.items()}


def test_a_linear_merge_is_found_with_its_shares_and_its_decoys(tmp_path: Path) -> None:
    """Shares to a thousandth; a stranger's and an unmerged relative's intervals hold zero."""
    weights = alterations.blend([(shipped("base"), 0.35), (shipped("continued"), 0.65)])
    merge = merge_of(tmp_path, weights, "base", "continued", "twin", "finetune")
    assert merge.members == ("base", "continued")
    assert wholes(merge) == pytest.approx(
        {"base": 0.35, "continued": 0.65, "twin": 0, "finetune": 0}, abs=1e-3
    )
    assert merge.kind is MergeKind.LINEAR
    assert merge.computed
    for decoy in ("twin", "finetune"):
        assert abs(merge.shares[decoy][0].share) < 1e-3
        assert sum(s.low <= 0 <= s.high for s in merge.shares[decoy]) >= 4


def test_a_great_circle_is_told_from_a_straight_line(tmp_path: Path) -> None:
    """SLERP's shares are those of its angle, and it is named."""
    weights = relations.slerp(shipped("base"), shipped("continued"), t=0.5)
    merge = merge_of(tmp_path, weights, "base", "continued")
    assert merge.kind is MergeKind.SLERP
    assert wholes(merge) == pytest.approx({"base": 0.5, "continued": 0.5}, abs=1e-3)


def test_whole_layers_are_told_layer_by_layer(tmp_path: Path) -> None:
    """A frankenmerge has shares of nought and one."""
    weights = relations.layers_from([shipped("base"), shipped("continued")], (0, 1, 1, 0))
    merge = merge_of(tmp_path, weights, "base", "continued")
    assert merge.kind is MergeKind.LAYERS
    assert [round(s.share, 3) for s in merge.shares["continued"][1:]] == [0, 1, 1, 0]


@pytest.mark.parametrize(("rule", "kind"), [("ties", MergeKind.TIES), ("dare", MergeKind.DARE)])
def test_task_vectors_are_known_by_their_values(rule: str, kind: MergeKind, tmp_path: Path) -> None:
    """Dropped and enlarged changes of two models are found beside their ancestor."""
    root, two = shipped("base"), [shipped("continued"), shipped("finetune")]
    if rule == "ties":
        weights = relations.ties(root, two, (0.5, 0.5), density=0.4)
    else:
        weights = relations.dare(root, two, (0.5, 0.5), RNG(0), drop=0.6)
    merge = merge_of(tmp_path, weights, "base", "continued", "finetune")
    assert merge.kind is kind
    assert merge.ancestor == "base"
    assert set(merge.members) == {"continued", "finetune"}


@pytest.mark.parametrize(
    ("subject", "bases"),
    [
        ("base", ("finetune", "continued")),
        ("finetune", ("base", "continued")),
        ("continued", ("base", "finetune")),
        ("continued", ("finetune", "twin")),
    ],
)
def test_relatives_that_were_not_merged_are_no_merge(subject: str, bases: tuple[str, ...]) -> None:
    """An ancestor of fine-tunes, a sibling and a stranger's neighbour are called nothing."""
    found = fitted(model(subject), *bases)
    assert isinstance(found, Merge)
    assert not found.is_merge
    assert found.kind is MergeKind.NONE
    assert not found.computed


def test_what_has_no_shares_is_refused_with_the_reason(tmp_path: Path) -> None:
    """One base, equal bases, other widths or depths, or no budget: a sentence, no number."""
    narrow = write(tmp_path / "narrow", derived("pruned-neurons"))
    for found, word in (
        (fitted(model("finetune"), "base"), "one related base"),
        (fitted(model("finetune"), "base", "base"), "equal weights"),
        (fitted(narrow, "base", "continued"), "width"),
        (fitted(model("upscaled"), "base", "continued"), "depth"),
        (fitted(model("finetune"), "base", "continued", limit=10), "budget"),
    ):
        assert isinstance(found, Refusal)
        assert word in found.reason
