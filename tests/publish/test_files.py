"""Are report and cards written whole, atomically, and read back as they were?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hubcheck.errors import UsageError
from hubcheck.publish import files as output
from hubcheck.publish.files import read_report, report_json, write_atomically, write_outputs
from hubcheck.report.schema import Report
from tests.evidence.laboratory import model, report_of


@pytest.fixture(scope="module")
def report() -> Report:
    """Return the report of a real check."""
    return report_of(model("wrong-declaration"), [model("base")], [model("twin")])


def test_a_report_survives_the_round_trip(report: Report, tmp_path: Path) -> None:
    """What is written is what is read, field by field."""
    paths = write_outputs(report, tmp_path)
    assert read_report(paths["report.json"]) == report
    assert read_report(paths["report.json"]).model_dump() == report.model_dump()


def test_every_file_is_written_and_readable(report: Report, tmp_path: Path) -> None:
    """Report, both cards and the badge, with line feeds only, readable by others."""
    paths = write_outputs(report, tmp_path / "a" / "b")
    assert set(paths) >= {"report.json", "card.md", "card.html", "badge.svg", "badge.json"}
    for path in paths.values():
        assert b"\r" not in path.read_bytes()
        assert path.stat().st_mode & 0o444 == 0o444
    json.loads(paths["badge.json"].read_text())


def test_the_same_report_gives_the_same_bytes(report: Report, tmp_path: Path) -> None:
    """Nothing but the report decides what is on the card."""
    first = write_outputs(report, tmp_path / "a")
    second = write_outputs(Report.model_validate_json(report_json(report)), tmp_path / "b")
    for name, path in first.items():
        assert path.read_bytes() == second[name].read_bytes()


def test_a_failed_write_leaves_the_old_file_and_no_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader sees the old or the new text, never half of one."""
    path = tmp_path / "report.json"
    write_atomically(path, "old")

    def full(*_a: object, **_k: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    monkeypatch.undo()
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["report.json"]


def test_a_link_at_the_place_of_a_file_is_replaced_not_followed(tmp_path: Path) -> None:
    """An output name that someone made a link is replaced; what it pointed to stays."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "card.md").symlink_to(victim)
    write_atomically(tmp_path / "card.md", "card")
    assert victim.read_text() == "precious"
    assert not (tmp_path / "card.md").is_symlink()


def test_a_folder_that_is_a_file_is_a_usage_error(report: Report, tmp_path: Path) -> None:
    """The message names the place and says what to do."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="Nothing can be written to"):
        write_outputs(report, tmp_path / "taken")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "not a hubcheck report"),
        (b"{}", "not a hubcheck report"),
        (b"[]", "not a hubcheck report"),
        (b"\xff\xfe", "not a hubcheck report"),
        (b'{"seed": -1}', "not a hubcheck report"),
        (b"[" * 5000, "not a hubcheck report"),
    ],
)
def test_what_is_no_report_is_refused_in_one_line(
    content: bytes, word: str, tmp_path: Path
) -> None:
    """Any other file is a usage error that names the first thing wrong."""
    path = tmp_path / "report.json"
    path.write_bytes(content)
    with pytest.raises(UsageError, match=word) as caught:
        read_report(path)
    assert "\n" not in caught.value.what


def test_a_missing_or_giant_report_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither is read into memory."""
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path / "none.json")
    monkeypatch.setattr(output, "MAX_REPORT", 10)
    (tmp_path / "giant.json").write_text(" " * 11)
    with pytest.raises(UsageError, match="has 11 bytes"):
        read_report(tmp_path / "giant.json")
    monkeypatch.undo()
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path)


def test_a_newer_report_with_more_fields_is_still_read(report: Report, tmp_path: Path) -> None:
    """Fields may be added by a later version; an older reader leaves them out."""
    values = json.loads(report_json(report))
    values["future"] = {"a": 1}
    values["findings"][0]["future"] = 2
    path = tmp_path / "report.json"
    path.write_text(json.dumps(values))
    assert read_report(path) == report
