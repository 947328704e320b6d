"""Is a report read back as it was written, of an older schema too, and anything else refused?"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hubcheck.card import badge, html, markdown
from hubcheck.card.compose import compose
from hubcheck.card.wording import sentence, words
from hubcheck.errors import UsageError
from hubcheck.publish.files import report_json
from hubcheck.report import load
from hubcheck.report.hints import hint_of
from hubcheck.report.load import load_report, schema_of
from hubcheck.report.phrases import PhraseCode, codes, phrase
from hubcheck.report.schema import SCHEMA_VERSION
from tests.card import deep_reports, reports

OLD = sorted((Path(__file__).parent / "reports-1.0").glob("*.json"))
"""Reports that a hubcheck of schema 1.0 wrote about the demo's models."""
CASES = {**reports.cases(), "merged": deep_reports.merged(), "upscaled": deep_reports.upscaled()}


@pytest.mark.parametrize("path", OLD, ids=lambda p: p.stem)
def test_a_report_of_schema_1_keeps_every_sentence(path: Path) -> None:
    """What stands in it as a sentence is said in the same words, and counts as text."""
    raw = json.loads(path.read_bytes())
    report = load_report(path)
    assert report.schema_version == raw["schema_version"] == "1.0"
    assert [sentence((w,)) for w in report.warnings] == raw["warnings"]
    for finding, old in zip(report.findings, raw["findings"], strict=True):
        assert sentence(finding.reason) == old["reason"]
        assert [sentence((n,)) for n in finding.notes] == old["notes"]
        assert sentence(finding.power.stated if finding.power else ()) == old["power"]
        assert [sentence((e.family,)) for e in finding.evidence] == [
            e["family"] for e in old["evidence"]
        ]
        if old["relation"]:
            assert finding.relation is not None
            assert sentence(finding.relation.detail) == old["relation"]["detail"]
            assert codes(finding.relation.detail) <= {PhraseCode.TEXT}


@pytest.mark.parametrize("name", ["wrong", "twin"])
def test_hints_of_schema_2_0_are_read_as_their_codes(name: str) -> None:
    """A place or an option that stands there as a text is the code that a check gives now."""
    path = Path(__file__).parent / "reports-2.0" / f"{name}.json"
    raw, report = json.loads(path.read_bytes()), load_report(path)
    assert report.schema_version == raw["schema_version"] == "2.0"
    for finding, old in zip(report.findings, raw["findings"], strict=True):
        assert [sentence((h,)) for h in finding.proposed_by] == old["proposed_by"]
    assert [sentence((p.where,)) for p in report.declared.places] == [
        p["where"] for p in raw["declared"]["places"]
    ]
    said = [{h.code for h in f.proposed_by} for f in report.findings]
    # What a catalogue proposed was written in one sentence only: that is shown, and never read.
    expected = {
        "wrong": [{PhraseCode.PLACE_LINE}, {PhraseCode.TEXT}],
        "twin": [{PhraseCode.HINT_OPTION}, {PhraseCode.HINT_OPTION}],
    }
    assert said == expected[name]
    text = markdown.render(compose(report))
    for old in raw["findings"]:
        assert old["proposed_by"][0].split()[0] in text


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("--base", PhraseCode.HINT_OPTION),
        ("README.md line 4", PhraseCode.PLACE_LINE),
        ("LICENSE line 12", PhraseCode.PLACE_LINE),
        ("README.md line 4 (link)", PhraseCode.PLACE_MENTION),
        ("config.json text_config._name_or_path", PhraseCode.PLACE_KEY),
        ("mergekit_config.yml", PhraseCode.PLACE_FILE),
        ("same shapes: 7 sizes in config.json", PhraseCode.TEXT),
        ("--base --suspect", PhraseCode.TEXT),
        ("", PhraseCode.TEXT),
    ],
)
def test_a_text_is_taken_for_a_code_where_it_is_written_like_one(
    said: str, code: PhraseCode
) -> None:
    """And reads as it stood, whichever it is."""
    hint = hint_of(said)
    assert (hint.code, words(hint)) == (code, said)


@pytest.mark.parametrize("path", OLD, ids=lambda p: p.stem)
def test_a_report_of_schema_1_renders_with_its_sentences(path: Path) -> None:
    """Every surface is made of it, and the sentences of its findings stand on the card."""
    report = load_report(path)
    text = markdown.render(compose(report))
    html.render(compose(report))
    badge.svg(report)
    said = [f.relation.detail for f in report.findings if f.relation and f.relation.detail]
    assert said or all(f.relation is None for f in report.findings)
    shown = "".join(c for c in text if c.isalnum())
    for detail in said:
        words = "".join(c for c in sentence(detail)[1:120] if c.isalnum())
        assert words in shown


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_report_survives_the_round_trip(name: str, tmp_path: Path) -> None:
    """What is written is what is read, phrase by phrase, from its file and from its text."""
    report = CASES[name]
    path = tmp_path / "report.json"
    path.write_text(report_json(report), encoding="utf-8")
    assert load_report(path) == load_report(str(path)) == report
    assert load_report(report_json(report)) == report


def test_a_newer_report_with_more_fields_is_still_read() -> None:
    """Fields and phrases may be added by a later minor version; what is not known is left out."""
    report = CASES["confirmed"]
    values: dict[str, Any] = json.loads(report_json(report))
    values["schema_version"] = "2.9"
    values["future"] = {"a": 1}
    values["findings"][0]["future"] = 2
    values["findings"][0]["notes"] = [{"code": "note.of-the-future", "params": {"share": 0.5}}]
    again = load_report(json.dumps(values))
    assert again.findings[0].notes == (phrase(PhraseCode.UNKNOWN, share=0.5),)
    assert "share=0.5" in markdown.render(compose(again))


def test_a_report_of_a_newer_major_version_is_refused() -> None:
    """Its fields may mean something else; the error says which version it is and what to do."""
    values = json.loads(report_json(CASES["confirmed"]))
    values["schema_version"] = "3.0"
    with pytest.raises(UsageError, match=r"schema 3\.0") as caught:
        load_report(json.dumps(values))
    assert SCHEMA_VERSION in caught.value.cause
    assert "upgrade" in caught.value.next_step


@pytest.mark.parametrize(
    ("stated", "version"),
    [("2.0", (2, 0)), ("1.12", (1, 12)), ("x", (0, 0)), ("9" * 50, (0, 0)), (None, (0, 0)), (2, (0, 0))],
)  # fmt: skip
def test_a_schema_version_is_read_as_two_numbers(stated: object, version: tuple[int, int]) -> None:
    """Anything else states none."""
    assert schema_of({"schema_version": stated}) == version


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not a hubcheck report"),
        (b"{}", "not a hubcheck report"),
        (b"[]", "not a hubcheck report"),
        (b"\xff\xfe", "not a hubcheck report"),
        (b'{"seed": -1}', "not a hubcheck report"),
        (b"[" * 5000, "not a hubcheck report"),
        (b'{"schema_version": ' + b"9" * 5000 + b"}", "not a hubcheck report"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(
    content: bytes, word: str, tmp_path: Path
) -> None:
    """Any other file is a usage error that names the first thing wrong."""
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=word) as caught:
        load_report(path)
    assert "\n" not in caught.value.what


def test_a_missing_or_giant_report_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is read into memory."""
    with pytest.raises(UsageError, match="cannot be read"):
        load_report(tmp_path / "none.json")
    monkeypatch.setattr(load, "MAX_REPORT", 10)
    (tmp_path / "giant.json").write_text(" " * 11)
    with pytest.raises(UsageError, match="has 11 bytes"):
        load_report(tmp_path / "giant.json")
    with pytest.raises(UsageError, match="has 12 bytes"):
        load_report("{" + " " * 11)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="cannot be read"):
        load_report(tmp_path)


@pytest.mark.parametrize("number", [2**63, -(2**63), 10**400, -(10**4000)])
@pytest.mark.parametrize("place", ["max_read", "seed"])
def test_a_number_that_no_report_holds_is_refused(number: int, place: str) -> None:
    """A quotient of such numbers is no float: whoever shows a report need not expect one."""
    raw = json.loads(report_json(CASES["confirmed"]))
    text = json.dumps(raw | {place: number})
    with pytest.raises(UsageError, match="a whole number of"):
        load_report(text)
