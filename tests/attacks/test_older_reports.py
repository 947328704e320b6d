"""Attacks by reports that say of themselves that an older hubcheck wrote them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from tests.attacks.registry import attack
from tests.evidence.laboratory import model

Report = dict[str, Any]
OLD = Path(__file__).parents[1] / "report" / "reports-2.0" / "whole.json"
"""About a wrong declaration; of both bases everything but the disguise test is made again."""


@pytest.fixture
def forged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Report], tuple[int, str]]:
    """Return a function that replays a forged report: exit code and output."""
    monkeypatch.chdir(tmp_path)
    for name in ("wrong-declaration", "base", "twin"):
        shutil.copytree(model(name), name)

    def replay(report: Report) -> tuple[int, str]:
        Path("report.json").write_text(json.dumps(report | {"schema_version": "1.0"}))
        code = main(["replay", "report.json"])
        ended = capsys.readouterr()
        assert "agrees" not in ended.out + ended.err
        return code, ended.out + ended.err

    return replay


@attack("replay", "a report that states schema 1.0, with numbers and flags written as texts",
        before="*all that was made again agrees*", now="exit 2")  # fmt: skip
@pytest.mark.parametrize(
    ("field", "value"),
    [("log10_p", "-99999.5"), ("kept", "0.5"), ("bytes_read", "123456789"), ("declared", "true")],
)
def test_numbers_as_texts_are_refused(
    forged: Callable[[Report], tuple[int, str]], field: str, value: str
) -> None:
    """They were taken for sentences, and read as numbers."""
    report = json.loads(OLD.read_text())
    report["findings"][0][field] = value
    code, said = forged(report)
    assert code == ExitCode.USAGE
    assert f"{field} is written as a text" in said


@attack("replay", "a report that states schema 1.0 and leaves out what does not suit",
        before="*all that was made again agrees*", now="exit 1")  # fmt: skip
@attack("replay", "a report that states schema 1.0, with a match by a disguise test that was never "
        "made", before="*all that was made again agrees*", now="exit 1")  # fmt: skip
def test_what_is_left_out_or_added_is_named(forged: Callable[[Report], tuple[int, str]]) -> None:
    """Each field that schema 1.0 has, and each row and byte that no test made."""
    report = json.loads(OLD.read_text())
    del report["limits"], report["licence"]
    twin = report["findings"][1]
    del report["findings"][0]["parts"], twin["log10_p_without_strongest"]
    twin["evidence"].append(twin["evidence"][0] | {"test": "disguise", "log10_p": -300.0})
    twin["bytes_read"] += 10**12
    code, said = forged(report)
    assert code == ExitCode.POLICY_FAILED
    lines = [line for line in said.splitlines() if " in the report, " in line]
    for path in ("limits", "licence", "findings[0].parts", "findings[1].log10_p_without_strongest",
                 "findings[1].evidence[16]", "findings[1].bytes_read"):  # fmt: skip
        assert any(line.startswith(path) for line in lines), path
