"""Tests of the declared relation against what was found."""

from __future__ import annotations

import pytest

from hubcheck.card.wording import sentence
from hubcheck.report.hints import at_line
from hubcheck.report.phrases import PhraseCode, text
from hubcheck.report.schema import BaseModelRef, Finding, Relation
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.verdict.declared_relation import check_relation, relation_warnings

WEIGHTS = ("model.safetensors",)


def finding(
    kind: RelationKind, verdict: Verdict = Verdict.RELATED, ref: str = "acme/base"
) -> Finding:
    """Return a declared base that was found in some relation."""
    return Finding(
        base=BaseModelRef(ref=ref, revision="", created=""),
        proposed_by=(at_line("README.md", 2),),
        declared=True,
        status="tested",
        reason=(),
        verdict=verdict,
        log10_p=-20.0,
        kept=0.9,
        relation=Relation(kind=kind, detail=(text("some detail"),)),
    )


@pytest.mark.parametrize(
    ("declared", "kind", "answer"),
    [
        ("finetune", RelationKind.FINE_TUNE, "yes"),
        ("finetune", RelationKind.VOCABULARY_CHANGED, "yes"),
        ("finetune", RelationKind.RECAST, "no"),
        ("finetune", RelationKind.IDENTICAL, "no"),
        ("finetune", RelationKind.LAYERS_CHANGED, "no"),
        ("finetune", RelationKind.REARRANGED, "no"),
        ("finetune", RelationKind.PARTS, "no"),
        ("finetune", RelationKind.COMMON_INITIALISATION, "no"),
        ("quantized", RelationKind.RECAST, "yes"),
        ("quantized", RelationKind.QUANTISED, "yes"),
        ("quantized", RelationKind.FINE_TUNE, "cannot-tell"),
        ("quantized", RelationKind.WIDTH_CHANGED, "no"),
        ("adapter", RelationKind.FINE_TUNE, "no"),
        ("merge", RelationKind.FINE_TUNE, "no"),
        ("invented", RelationKind.FINE_TUNE, "cannot-tell"),
    ],
)
def test_each_word_is_held_against_each_relation(
    declared: str, kind: RelationKind, answer: str
) -> None:
    """What can be told is told, what cannot is said to be open."""
    verdict = Verdict.IDENTICAL if kind is RelationKind.IDENTICAL else Verdict.RELATED
    (check,) = check_relation(declared, [finding(kind, verdict)], WEIGHTS)
    assert (check.agrees, check.found) == (answer, kind.value)


def test_an_adapter_alone_cannot_be_told() -> None:
    """A repository of adapter files only is what it says, and shows no base."""
    (check,) = check_relation(
        "adapter", [finding(RelationKind.FINE_TUNE)], ["adapter_model.safetensors"]
    )
    assert check.agrees == "cannot-tell"


def test_a_merge_needs_all_its_bases() -> None:
    """Two found bases leave a merge open; one that is not there refutes it."""
    one, two = (finding(RelationKind.FINE_TUNE, ref=f"acme/{n}") for n in "ab")
    assert [c.agrees for c in check_relation("merge", [one, two], WEIGHTS)] == ["cannot-tell"] * 2
    gone = two.model_copy(update={"verdict": Verdict.UNRELATED})
    (check,) = check_relation("merge", [one, gone], WEIGHTS)
    assert sentence(check.note) == "1 of 2 declared bases were found in the weights"


def test_nothing_is_held_against_a_card_that_says_nothing() -> None:
    """Without a declared relation, and for suspects, there is nothing to compare."""
    suspect = finding(RelationKind.FINE_TUNE).model_copy(update={"declared": False})
    assert not check_relation("", [finding(RelationKind.RECAST)], WEIGHTS)
    two = [finding(RelationKind.FINE_TUNE, ref=f"acme/{n}") for n in "ab"]
    assert not check_relation("", two, WEIGHTS)  # two bases are no merge that anyone claimed
    assert not check_relation("finetune", [suspect], WEIGHTS)


def test_only_a_contradiction_is_a_warning() -> None:
    """What agrees or cannot be told makes no noise."""
    checks = check_relation("finetune", [finding(RelationKind.REARRANGED)], WEIGHTS)
    (warning,) = relation_warnings(checks)
    assert warning.code is PhraseCode.RELATION_DIFFERS
    assert sentence((warning,)) == (
        "The card declares 'finetune' of acme/base; the weights show rearranged: some detail"
    )
    assert not relation_warnings(
        check_relation("quantized", [finding(RelationKind.FINE_TUNE)], WEIGHTS)
    )
