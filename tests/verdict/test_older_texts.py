"""Is of an older report exempt what it says in texts, and nothing that is a number or a flag?"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.report.load import load_report
from hubcheck.verdict.differences import differences
from hubcheck.verdict.older_texts import lacking, retold

STORED: Final = Path(__file__).parents[1] / "report"
CODE: Final = {"code": "relation.cast", "params": {}}


def text(said: str) -> dict[str, Any]:
    """Return what a sentence is read as."""
    return {"code": "text", "params": {"text": said}}


def test_sentences_are_exempt_where_codes_stand_now() -> None:
    """Each in its own place; never a number, a word, or a sentence where nothing is said now."""
    raw: dict[str, Any] = {"a": "words", "n": 1, "rows": [{"note": ["x"]}, {"note": "y"}]}
    raw |= {"same": "s", "said": ["stolen"], "figure": "5"}
    given: dict[str, Any] = {"a": [text("words")], "n": 1, "same": "s", "figure": 5}
    given |= {"rows": [{"note": [text("x")]}, {"note": [text("y")]}], "said": [text("stolen")]}
    again: dict[str, Any] = {"a": [CODE], "n": 2, "same": "t", "said": [], "figure": 6, "new": 5}
    again |= {"rows": [{"note": [CODE]}, {"note": [text("y")]}]}
    assert list(lacking(raw, given, again, schema=(1, 0))) == ["a", "rows[0].note"]
    assert not list(lacking(raw, given, given, schema=(1, 0)))
    assert not list(lacking(raw, given, again, schema=(2, 1)))
    assert not list(lacking(raw, given, again, schema=(0, 0)))


def test_a_place_of_schema_2_0_that_reads_as_the_code_agrees() -> None:
    """Parameters of a phrase were texts: word by word the same is agreement, another is open."""
    place = {"code": "place.line", "params": {"path": "README.md", "line": 2}}
    now = {"warnings": [{"code": "x", "params": {"where": [place]}}]}
    was = {"warnings": [{"code": "x", "params": {"where": "README.md line 2"}}]}
    other = {"warnings": [{"code": "x", "params": {"where": "README.md line 3"}}]}
    path = ["warnings[0].params.where"]
    assert list(retold(was, was, now, schema=(2, 0))) == path
    assert not list(lacking(was, was, now, schema=(2, 0)))
    assert list(lacking(other, other, now, schema=(2, 0))) == path
    assert not list(retold(other, other, now, schema=(2, 0)))


@pytest.mark.parametrize(
    "field",
    ["evidence", "parts", "changes", "log10_p_without_strongest", "detectable_kept", "compared"],
)
def test_a_field_that_schema_1_has_is_missed(field: str) -> None:
    """Left out of a finding it is a difference; a field that came later is exempt."""
    raw = json.loads((STORED / "reports-1.0" / "wrong.json").read_text())
    again = load_report(json.dumps(raw))
    forged = copy.deepcopy(raw)
    assert forged["findings"][1].pop(field)
    given = load_report(json.dumps(forged))
    dumps = given.model_dump(mode="json"), again.model_dump(mode="json")
    assert not list(lacking(forged, *dumps, schema=(1, 0)))
    assert differences(given, again)
    later = again.model_dump(mode="json")
    later["findings"][1]["other_layers"] = 0.5
    assert list(lacking(raw, dumps[1], later, schema=(1, 0))) == ["findings[1].other_layers"]
