"""Are report and cards written whole, atomically, and read back as they were?"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from hubcheck.errors import UsageError
from hubcheck.publish.files import keep_earlier, report_json, write_atomically, write_outputs
from hubcheck.report.load import load_report
from hubcheck.report.schema import Report
from tests.evidence.laboratory import model, report_of


@pytest.fixture(scope="module")
def report() -> Report:
    """Return the report of a real check."""
    return report_of(model("wrong-declaration"), [model("base")], [model("twin")])


def test_a_report_survives_the_round_trip(report: Report, tmp_path: Path) -> None:
    """What is written is what is read, field by field."""
    paths = write_outputs(report, tmp_path)
    assert load_report(paths["report.json"]) == report
    assert load_report(paths["report.json"]).model_dump() == report.model_dump()


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


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_in_the_report_s_place_is_no_report(report: Report, tmp_path: Path) -> None:
    """It is not waited for: nobody may ever write into it."""
    os.mkfifo(tmp_path / "report.json")
    assert keep_earlier(report, tmp_path) == ""


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
