"""Does ``hubcheck export`` write where it was told, and say what is wrong where it cannot?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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


def test_no_terminal_changes_a_letter(report: Path, tmp_path: Path) -> None:
    """Where stdout is ASCII the document is UTF-8 all the same, as in a file; --quiet is heeded."""
    text = report.read_text(encoding="utf-8")
    named = json.loads(text)["subject"]["ref"]
    report.write_text(text.replace(named, "acme/modèle-모델"), encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    out = tmp_path / "bom.json"
    command = [sys.executable, "-m", "hubcheck.cli", "export", str(report)]
    command += ["--format", "cyclonedx", "--quiet"]
    shown, written = (
        subprocess.run([*command, *to], env=environment, check=True, capture_output=True)
        for to in ([], ["--out", str(out)])
    )
    assert "modèle-모델" in shown.stdout.decode()
    assert shown.stdout == out.read_bytes()
    assert (written.stdout, written.stderr) == (b"", b"")


def test_a_folder_that_is_not_there_is_a_usage_error(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--out into a missing folder ends with exit 2 and the next step."""
    out = tmp_path / "none" / "bom.json"
    arguments = ["export", str(report), "--format", "csv", "--out", str(out)]
    assert main(arguments) == ExitCode.USAGE
    assert "cannot be written" in capsys.readouterr().err
