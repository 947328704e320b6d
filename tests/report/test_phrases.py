"""Does a phrase hold what is said, unchanged, and does a check say everything by codes?"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from hubcheck.report.phrases import Phrase, PhraseCode, clauses, codes, phrase, text
from hubcheck.report.schema import Evidence, Finding, Power, Relation, Report
from hubcheck.report.words import Depth, RelationKind
from tests.card import reports
from tests.evidence.laboratory import model, outcome_of, request


def said_in(part: BaseModel) -> Iterator[Phrase]:
    """Yield every phrase of a report, at any depth of its fields."""
    for name in type(part).model_fields:
        value = getattr(part, name)
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, Phrase):
                yield one
            elif isinstance(one, BaseModel):
                yield from said_in(one)


@pytest.mark.parametrize("depth", [Depth.SAMPLE, Depth.FULL])
def test_a_check_says_everything_by_codes(depth: Depth) -> None:
    """No finding of a plain check holds a sentence: what is said has a code and figures."""
    asked = request(model("wrong-declaration"), [model("base")], [model("twin")])
    report = outcome_of(replace(asked, depth=depth)).report
    assert PhraseCode.TEXT not in codes(said_in(report))
    assert PhraseCode.UNKNOWN not in codes(said_in(report))
    again = Report.model_validate_json(report.model_dump_json())
    assert list(said_in(again)) == list(said_in(report))


def test_a_phrase_cannot_be_changed() -> None:
    """It is shared by findings, warnings and cards; equal ones are one, in whatever order."""
    one = phrase(PhraseCode.CAST, base="F32", subject="BF16")
    assert hash(one) == hash(phrase(PhraseCode.CAST, subject="BF16", base="F32"))
    assert one == phrase(PhraseCode.CAST, subject="BF16", base="F32")
    params: Any = one.params
    for change in (
        lambda: params.update(base="x"),
        lambda: params.pop("base"),
        lambda: params.__setitem__("base", "x"),
        params.clear,
    ):
        with pytest.raises(TypeError):
            change()
    assert copy.deepcopy(one) == pickle.loads(pickle.dumps(one)) == one  # noqa: S301


def test_a_sentence_stands_for_itself_in_every_field() -> None:
    """What has no code yet, and what a report of schema 1 says, is text; an empty one is nothing."""
    assert Relation(kind=RelationKind.PARTS, detail="some words").detail == (text("some words"),)  # type: ignore[arg-type]
    assert Relation(kind=RelationKind.PARTS, detail="").detail == ()  # type: ignore[arg-type]
    finding = reports.matching(notes=("one", phrase(PhraseCode.ONE_ORDER)), power="as it was")
    assert finding.notes == (text("one"), phrase(PhraseCode.ONE_ORDER))
    assert finding.power == Power(stated=clauses("as it was"))
    assert isinstance(reports.evidence(family="neurons").family, Phrase)


def test_a_copy_is_checked_like_a_new_part() -> None:
    """A changed field takes what its type takes, and nothing else."""
    finding = reports.matching()
    assert finding.model_copy(update={"reason": "why"}).reason == (text("why"),)
    assert finding.model_copy() == finding
    assert finding.model_copy(update={"kept": 0.5}).evidence == finding.evidence
    with pytest.raises(ValidationError):
        finding.model_copy(update={"log10_p": 3.0})
    with pytest.raises(KeyError, match="verdikt"):
        finding.model_copy(update={"verdikt": "related"})


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        (Finding, ("kept_interval", "alignment", "account", "power", "unread")),
        (Evidence, ("kept_interval", "nearest")),
    ],
)
def test_what_later_looks_fill_in_is_empty_by_default(
    part: type[BaseModel], fields: tuple[str, ...]
) -> None:
    """A report without them is read and rendered as before."""
    for name in fields:
        assert part.model_fields[name].get_default(call_default_factory=True) in (None, ())
