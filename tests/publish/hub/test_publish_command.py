"""``hubcheck publish`` puts a report where it was told, and never fails a run for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from hubcheck.card.section import REPORT_FILE
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.publish.badge_files import PNG
from hubcheck.publish.files import report_json
from hubcheck.publish.model_card import README, current_section
from tests.hubserver import LocalHub
from tests.publish.hub.conftest import OWNER, REPO
from tests.publish.hub.reports import file_at, report_now


@pytest.fixture
def report_path(hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the path of a report about the model on the local Hub."""
    monkeypatch.setenv("HUBCHECK_WRITE_TOKEN", OWNER)
    path = tmp_path / "report.json"
    path.write_text(report_json(report_now(hub, "undeclared")))
    return str(path)


def test_a_dry_run_says_everything_and_writes_nothing(
    hub: LocalHub, report_path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files, section, description and comment are printed; the Hub sees only reading."""
    repository = hub.repository(REPO)
    assert repository is not None
    for words in (
        ["--to", "model-card"],
        ["--to", "model-card", "--create-pr"],
        ["--to", "discussion"],
    ):
        assert main(["publish", report_path, *words, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert f"would commit to main on {report_now(hub).subject.revision[:7]}" in out
    assert "would commit to a new pull request" in out
    assert "provenance/badge.png: " in out
    assert "## Provenance" in out
    assert "base_model: other/base-7b" in out
    assert "would open a discussion: hubcheck: provenance of the weights" in out
    assert "would write the comment" in out
    assert not repository.board.topics
    assert {e.method for e in hub.exchanges} <= {"GET", "HEAD", "POST"}
    posts = [e.path for e in hub.exchanges if e.method == "POST"]
    assert all("/paths-info/" in path for path in posts)


def test_a_dry_run_shows_edits_and_closings(
    hub: LocalHub, report_path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there already would be edited, commented on or closed; nothing is."""
    repository = hub.repository(REPO)
    assert repository is not None
    propose = ["publish", report_path, "--to", "model-card", "--create-pr"]
    assert main(propose) == 0
    newer = tmp_path / "newer.json"
    newer.write_text(report_json(report_now(hub, "confirmed", finished="2026-09-01")))
    again = ["publish", str(newer), "--to", "model-card", "--create-pr", "--dry-run"]
    comment = ["publish", str(newer), "--to", "discussion", "--number", "1", "--dry-run"]
    assert main(again) == 0
    assert main(comment) == 0
    assert main(["publish", report_path, "--to", "model-card"]) == 0
    assert main([*propose, "--dry-run"]) == 0
    out = capsys.readouterr().out
    assert "would commit to refs/pr/1 on" in out
    assert "would edit hubcheck's comment" in out
    assert "would comment on discussion 1:" in out
    assert "would close pull request 1: Closed: the model card already says this." in out
    topic = repository.board.topics[1]
    assert topic.status == "open"
    assert [len(c.edits) for c in topic.comments] == [0]


def test_a_dry_run_needs_no_token(
    hub: LocalHub,
    report_path: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What would be proposed can be seen by anybody who can read the model."""
    monkeypatch.delenv("HUBCHECK_WRITE_TOKEN")
    assert main(["publish", report_path, "--to", "model-card", "--create-pr", "--dry-run"]) == 0
    assert "## Provenance" in capsys.readouterr().out


def test_without_a_token_nothing_is_written_and_that_is_an_error(
    hub: LocalHub,
    report_path: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It names the variables, with exit code 2: who asks to publish has to learn of it."""
    monkeypatch.delenv("HUBCHECK_WRITE_TOKEN")
    assert main(["publish", report_path, "--to", "model-card"]) == 2
    captured = capsys.readouterr()
    assert "cannot be written: there is no token to write with" in captured.err
    assert "set HUBCHECK_WRITE_TOKEN or HF_TOKEN" in captured.err
    assert captured.out == ""


def test_a_failed_exchange_is_a_warning_too(
    hub: LocalHub,
    report_path: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Trouble with the trusted publisher never becomes an exit code of publishing."""
    monkeypatch.setenv("HUBCHECK_WRITE_OIDC_RESOURCE", REPO)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    assert main(["publish", report_path, "--to", "discussion"]) == 0
    assert "gave no token (OIDCError)" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--to", "model-card"], ["--to", "discussion"]])
def test_trouble_is_never_an_exit_code(
    hub: LocalHub, report_path: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The Hub is gone: a warning and exit code 0."""
    hub.__exit__(None, None, None)
    assert main(["publish", report_path, *words]) == 0
    assert "warning" in capsys.readouterr().err


def test_a_folder_gets_the_same_edit(
    hub: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A model in a checked-out repository: README edited, files beside it, the rest untouched."""
    model, path = tmp_path / "checkout" / "finetune", tmp_path / "local.json"
    shutil.copytree(MODELS / "finetune", model)
    before = (model / README).read_bytes()
    report = report_now(hub)
    local = report.subject.model_copy(update={"ref": str(model), "revision": "local"})
    path.write_text(report_json(report.model_copy(update={"subject": local})))
    words = ["publish", str(path), "--to", "model-card", "--folder", str(model)]
    assert main([*words, "--dry-run"]) == 0
    assert (model / README).read_bytes() == before
    assert main(words) == 0
    after = (model / README).read_bytes()
    assert after.startswith(before)
    assert current_section(after) is not None
    assert (model / REPORT_FILE).is_file()
    assert (model / PNG).is_file()
    capsys.readouterr()
    assert main(words) == 0
    assert "is already there" in capsys.readouterr().out


def test_another_checkout_of_the_same_model(
    hub: LocalHub, report_path: str, tmp_path: Path
) -> None:
    """``--folder`` edits a checkout of a model whose report is about the Hub."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    assert main(["publish", report_path, "--to", "model-card", "--folder", str(folder)]) == 0
    assert current_section((folder / README).read_bytes()) is not None
    assert file_at(hub, REPORT_FILE) == b""


def test_a_folder_has_no_discussion(
    hub: LocalHub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request that makes no sense is a usage error with a way out."""
    report = report_now(hub)
    local = report.subject.model_copy(update={"ref": "./model", "revision": "local"})
    path = tmp_path / "local.json"
    path.write_text(report_json(report.model_copy(update={"subject": local})))
    assert main(["publish", str(path), "--to", "discussion"]) == 2
    assert "'./model' is not a model on the Hub." in capsys.readouterr().err
