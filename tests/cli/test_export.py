"""Does ``hubcheck export`` write where it was told, and say what is wrong where it cannot?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from tests.export.test_formats import CASES


@pytest.fixture
def report(tmp_path: Path) -> Path:
    """Return the file of a report."""
    path = tmp_path / "report.json"
    path.write_text(next(iter(CASES.values())).model_dump_json(), encoding="utf-8")
    return path


def test_terminal_and_file_hold_the_same(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The document goes to standard output alone, or to the file of --out."""
    assert main(["export", str(report), "--format", "cyclonedx"]) == ExitCode.OK
    shown = capsys.readouterr().out
    out = tmp_path / "bom.json"
    assert main(["export", str(report), "--format", "cyclonedx", "--out", str(out)]) == ExitCode.OK
    assert out.read_text(encoding="utf-8") == shown
    assert json.loads(shown)["bomFormat"] == "CycloneDX"


def test_a_folder_that_is_not_there_is_a_usage_error(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--out into a missing folder ends with exit 2 and the next step."""
    out = tmp_path / "none" / "bom.json"
    arguments = ["export", str(report), "--format", "csv", "--out", str(out)]
    assert main(arguments) == ExitCode.USAGE
    assert "cannot be written" in capsys.readouterr().err
