"""Does a finding say of a merge what its figures say?"""

from __future__ import annotations

import pytest

from hubcheck.card.wording import sentence
from hubcheck.evidence.looks.change.values import Refusal
from hubcheck.evidence.looks.merge.kind import MergeKind
from hubcheck.evidence.looks.merge.run import Merge
from hubcheck.evidence.looks.merge.shares import LayerShare
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.verdict.declared_relation import check_relation
from hubcheck.verdict.relation import may_be_merged, with_merge
from tests.verdict.findings import finding

WEIGHTS = ("model.safetensors",)


def share(layer: int, value: float) -> LayerShare:
    """Return a share with a narrow interval."""
    return LayerShare(layer=layer, share=value, low=value - 0.01, high=value + 0.01)


def merge(*, members: tuple[str, ...] = ("org/a", "org/b"), computed: bool = True) -> Merge:
    """Return a fit of three bases."""
    values = {"org/a": 0.6, "org/b": 0.4, "org/c": 0.0}
    return Merge(
        shares={ref: (share(-1, v), share(0, v)) for ref, v in values.items()},
        members=members,
        gain=0.94,
        best="org/a",
        kind=MergeKind.LINEAR,
        drops=None,
        ancestor="",
        remainder=1.0,
        computed=computed,
        bytes_read={},
    )


def test_a_member_of_a_merge_says_so() -> None:
    """Share, interval, the other bases and the rule are in the words; the subject is the later."""
    found = with_merge(finding("org/a", Verdict.RELATED), merge())
    assert found.relation is not None
    assert found.relation.kind is RelationKind.MERGE
    assert sentence(found.relation.detail) == (
        "share 0.600 (95 % interval 0.590 to 0.610), merged with org/b: linear; "
        "the sum lies 94% nearer than org/a alone"
    )
    assert found.direction == "base-to-subject"
    assert "rounding" in sentence(found.direction_reason)
    assert [s.share for s in found.shares] == [0.6, 0.6]


def test_a_decoy_keeps_its_relation_and_shows_its_share() -> None:
    """A related base that was not merged in is what it was, beside a share of nothing."""
    before = finding("org/c", Verdict.RELATED)
    found = with_merge(before, merge())
    assert found.relation == before.relation
    assert found.shares[0].share == 0.0
    assert found.direction == "undetermined"


def test_no_merge_and_a_refusal_change_nothing() -> None:
    """Bases that were not merged, and bases that could not be fitted, stay as they are."""
    before = finding("org/a", Verdict.RELATED)
    assert with_merge(before, merge(members=(), computed=False)) == before
    assert with_merge(before, Refusal(reason="other widths")) == before
    assert with_merge(finding("org/z", Verdict.RELATED), merge()).relation == before.relation


@pytest.mark.parametrize(
    ("verdict", "kind", "may"),
    [
        (Verdict.RELATED, RelationKind.FINE_TUNE, True),
        (Verdict.RELATED, RelationKind.VOCABULARY_CHANGED, True),
        (Verdict.RELATED, RelationKind.PARTS, False),
        (Verdict.RELATED, RelationKind.COMMON_INITIALISATION, False),
        (Verdict.RELATED, RelationKind.RECAST, False),
        (Verdict.UNRELATED, RelationKind.FINE_TUNE, False),
    ],
)
def test_which_bases_are_fitted(verdict: Verdict, kind: RelationKind, *, may: bool) -> None:
    """Only models whose weights as a whole are in the subject can have been merged."""
    assert may_be_merged(finding("org/a", verdict, relation=kind)) is may


def test_a_declared_merge_is_confirmed_by_its_shares() -> None:
    """Two declared bases with shares agree with 'merge'; one without a share does not."""
    both = [
        with_merge(finding(ref, Verdict.RELATED, declared=True), merge())
        for ref in ("org/a", "org/b")
    ]
    assert [c.agrees for c in check_relation("", both, WEIGHTS)] == ["yes", "yes"]
    third = with_merge(finding("org/c", Verdict.RELATED, declared=True), merge())
    *_, last = check_relation("merge", [*both, third], WEIGHTS)
    assert last.agrees == "no"
    assert sentence(last.note) == "its share is 0.000, -0.010 to 0.010"
    (alone,) = check_relation("finetune", both[:1], WEIGHTS)
    assert alone.agrees == "no"
