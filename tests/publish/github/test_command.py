"""Tests of ``hubcheck publish --to pull-request``."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.publish.files import report_json
from hubcheck.report.words import DeclarationVerdict
from tests.card import reports
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import Login


@pytest.fixture
def report(tmp_path: Path) -> str:
    """The report of a wrong declaration, on disk."""
    path = tmp_path / "report.json"
    made = reports.report(DeclarationVerdict.CONTRADICTED, reports.unrelated(), reports.matching())
    path.write_text(report_json(made))
    return str(path)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch, server: LocalGitHub) -> LocalGitHub:
    """The variables of a job."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "octo/models")
    monkeypatch.setenv("GITHUB_API_URL", server.address)
    monkeypatch.setenv("GITHUB_TOKEN", "bot-token")
    monkeypatch.setenv("GITHUB_RUN_ID", "12")
    return server


def test_a_rehearsal_prints_the_exact_comment(
    report: str, runner: LocalGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without a token and without a request, stdout is what would be posted, byte for byte."""
    words = ["publish", report, "--to", "pull-request", "--number", "7"]
    assert main([*words, "--dry-run"]) == ExitCode.OK
    printed = capsys.readouterr()
    assert runner.requests == []
    assert "would write" in printed.err
    assert main(words) == ExitCode.OK
    (remark,) = runner.world.comments[7]
    assert remark.body == printed.out
    assert main(words) == ExitCode.OK
    assert "is already there" in capsys.readouterr().out


def test_trouble_is_a_line_and_never_an_exit_code(
    report: str, runner: LocalGitHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """A token that may not write, a pull request that is not there: said, exit 0."""
    runner.world.tokens["bot-token"] = Login(write=False)
    for number in ("7", "99"):
        words = ["publish", report, "--to", "pull-request", "--number", number]
        assert main(words) == ExitCode.OK
        assert "was not written" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--number", "0"], ["--number", "7", "--comment-id=-->"]])
def test_a_request_that_makes_no_sense(report: str, runner: LocalGitHub, words: list[str]) -> None:
    """Exit 2, nothing asked."""
    assert main(["publish", report, "--to", "pull-request", *words]) == ExitCode.USAGE
    assert runner.requests == []
