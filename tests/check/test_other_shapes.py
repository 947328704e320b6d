"""What does a whole check say of models whose sizes differ, and of what a card declares of them?"""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.card.wording import power_words, sentence
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, ReasonCode, RelationKind, Verdict
from tests.evidence.laboratory import SHAPE, model, plain, report_of, shipped, write
from tests.material.zoo.cuts import (
    CUTS,
    fewer_layers,
    fewer_neurons,
    in_turn,
    narrower,
    smaller_heads,
)
from tests.material.zoo.symmetries import Arrays


def checked(room: Path, weights: Arrays, relation: str, *, every_axis: bool = False) -> Report:
    """Return the report of a cut model that declares the base."""
    made = CUTS["every axis" if every_axis else "width and neurons"](weights, SHAPE)
    card = f"---\nbase_model: org/base\nbase_model_relation: {relation}\n---\n" if relation else ""
    folder = write(room / "m", plain(*made), card=card)
    at = {"org/base": model("base")}
    return report_of(folder, at=at) if relation else report_of(folder, [model("base")])


def test_a_wrong_fine_tune_of_another_shape_is_contradicted(tmp_path: Path) -> None:
    """Sizes rule the fine-tune out, first; the tests across shapes show that nothing was taken."""
    report = checked(tmp_path, shipped("twin"), "finetune")
    finding = report.findings[0]
    assert finding.verdict is Verdict.UNRELATED
    assert finding.status == "tested"
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert (
        sentence(finding.ruled_out[:1])
        == "a fine-tune of a model 96 wide is 96 wide; this one is 80"
    )
    assert finding.power is not None
    assert finding.power.other_shape
    assert "a copy cut to these sizes" in power_words(finding.power)
    said = render(compose(report))
    assert "A fine-tune of a model 96 wide is 96 wide; this one is 80." in said
    assert "A copy cut to these sizes and of [similarity](" in said
    assert "What remains possible" not in said
    assert "No weights were compared" not in said


@pytest.mark.parametrize("every_axis", [False, True])
def test_an_honest_child_of_another_shape_is_found(tmp_path: Path, every_axis: bool) -> None:
    """Layers, channels, heads dropped, neurons dropped or sorted, trained on: related, exit 0."""
    report = checked(tmp_path, shipped("continued"), "", every_axis=every_axis)
    finding = report.findings[0]
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.WIDTH_CHANGED
    order = "sorted or shuffled anew" if every_axis else "in their order"
    assert order in sentence(finding.relation.detail)
    assert finding.log10_p < -30
    assert finding.ruled_out == ()  # nothing was said that sizes could contradict
    assert report.verdict in {DeclarationVerdict.CONFIRMED, DeclarationVerdict.INCONCLUSIVE}


def test_a_sorted_child_is_found_as_the_base_of_its_parent(tmp_path: Path) -> None:
    """Its own order says nothing of anyone; the signs of its neurons say whose they are."""
    base = write(tmp_path / "b", plain(*CUTS["sorted"](shipped("continued"), SHAPE)))
    finding = report_of(model("base"), [], [base]).findings[0]
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert "the base's are among them, sorted or shuffled anew" in sentence(finding.relation.detail)


def test_a_child_that_calls_itself_a_fine_tune_is_told_apart_not_accused(tmp_path: Path) -> None:
    """The relation is wrong, the base is right: a warning, and what sizes rule out."""
    report = checked(tmp_path, shipped("continued"), "finetune")
    assert report.findings[0].verdict is Verdict.RELATED
    assert report.findings[0].ruled_out
    assert report.verdict is not DeclarationVerdict.CONTRADICTED
    assert [r.agrees for r in report.context.relations] == ["no"]


def test_where_too_little_is_read_it_is_open_and_says_of_what_shape(tmp_path: Path) -> None:
    """One layer of the base left that sees: no verdict, and never 'no weights were compared'."""
    cut = in_turn(fewer_layers, fewer_layers, fewer_layers, fewer_neurons, smaller_heads, narrower)
    folder = write(tmp_path / "m", plain(*cut(shipped("twin"), SHAPE)))
    base = write(
        tmp_path / "b",
        plain(*in_turn(fewer_layers, fewer_layers, fewer_layers)(shipped("base"), SHAPE)),
    )
    report = report_of(folder, [base])
    finding = report.findings[0]
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.code is ReasonCode.OTHER_SHAPE
    assert finding.status == "tested"
    assert "96 wide there, 80 here" in sentence(finding.reason)
    assert "No weights were compared" not in render(compose(report))
