"""Does a finding say of a merge what its figures say?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.wording import sentence
from hubcheck.evidence.looks.change.direction import UNDETERMINED
from hubcheck.evidence.looks.merge.kind import MergeKind
from hubcheck.evidence.looks.merge.look import MERGE, MergeSeen
from hubcheck.evidence.looks.merge.run import Merge
from hubcheck.evidence.looks.merge.shares import LayerShare
from hubcheck.evidence.observation import Observations, Skip
from hubcheck.evidence.refused import Refused, Why
from hubcheck.report.phrases import text
from hubcheck.report.schema import Finding, Relation
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.verdict.declared_relation import check_relation
from hubcheck.verdict.relation import NO_MERGE, InMerge, in_merge, may_be_merged
from tests.evidence.laboratory import finding_of
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import read_floats, safetensors_file
from tests.verdict.findings import finding

DEMO = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
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


def said_of(ref: str, fit: Merge) -> InMerge:
    """Return what a fit says of one base."""
    return in_merge(MergeSeen(merge=fit, member=ref))


def merged(ref: str) -> Finding:
    """Return the finding of a declared base that was fitted."""
    said = said_of(ref, merge())
    values = finding(ref, Verdict.RELATED, declared=True).model_dump()
    relation = said.relation or Relation(
        kind=RelationKind.FINE_TUNE, detail=(text("made by a test"),)
    )
    return Finding(**{**values, "shares": said.shares, "relation": relation})


def test_a_member_of_a_merge_says_so() -> None:
    """Share, interval, the other bases and the rule are in the words; the subject is the later."""
    found = said_of("org/a", merge())
    assert found.relation is not None
    assert found.relation.kind is RelationKind.MERGE
    assert sentence(found.relation.detail) == (
        "share 0.600 (95 % interval 0.590 to 0.610), merged with org/b: linear; "
        "the sum lies 94% nearer than org/a alone"
    )
    assert found.direction.value == "base-to-subject"
    assert "rounding" in sentence(found.direction.reason)
    assert [s.share for s in found.shares] == [0.6, 0.6]


def test_a_decoy_keeps_its_relation_and_shows_its_share() -> None:
    """A related base that was not merged in is what it was, beside a share of nothing."""
    found = said_of("org/c", merge())
    assert found.relation is None
    assert found.shares[0].share == 0.0
    assert found.direction is UNDETERMINED


def test_no_merge_and_a_refusal_change_nothing() -> None:
    """Bases that were not merged, and bases that could not be fitted, stay as they are."""
    assert said_of("org/a", merge(members=(), computed=False)) == NO_MERGE
    refused = Observations().with_left(MERGE, Refused(code=Why.OTHER_WIDTH))
    assert in_merge(refused.seen(MERGE)) == NO_MERGE
    assert in_merge(Skip.NOT_RELATED) == NO_MERGE
    assert said_of("org/z", merge()) == NO_MERGE
    assert InMerge(shares=(), relation=None, direction=UNDETERMINED) == NO_MERGE


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
    assert may_be_merged(verdict, Relation(kind=kind, detail=())) is may


def test_a_declared_merge_is_confirmed_by_its_shares() -> None:
    """Two declared bases with shares agree with 'merge'; one without a share does not."""
    both = [merged(ref) for ref in ("org/a", "org/b")]
    assert [c.agrees for c in check_relation("merge", both, WEIGHTS)] == ["yes", "yes"]
    *_, last = check_relation("merge", [*both, merged("org/c")], WEIGHTS)
    assert last.agrees == "no"
    assert sentence(last.note) == "its share is 0.000, -0.010 to 0.010"
    (alone,) = check_relation("finetune", both[:1], WEIGHTS)
    assert alone.agrees == "no"


def test_a_layer_whose_values_are_another_models_is_no_fine_tune(tmp_path: Path) -> None:
    """One order at chance where a copy would show is left open, however near the rest lies."""
    ours, theirs = (read_floats(DEMO / name) for name in ("base", "twin"))
    draw = np.random.default_rng(2)
    mixed = {}
    for name, values in ours.items():
        taken = ".layers.2.self_attn.v_proj" in name or ".layers.2.self_attn.o_proj" in name
        noise = 0.02 * values.std() * draw.normal(size=values.shape)
        mixed[name] = as_bf16(np.asarray(theirs[name] if taken else values + noise, np.float32))
    (tmp_path / "model.safetensors").write_bytes(safetensors_file(mixed))
    for kept in ("config.json", "tokenizer.json"):
        (tmp_path / kept).write_bytes((DEMO / "base" / kept).read_bytes())
    found = finding_of(tmp_path, DEMO / "base")
    assert found.verdict is Verdict.RELATED
    assert found.relation is not None
    assert found.relation.kind is RelationKind.UNDETERMINED
