"""A push is checked, proposed on the model card and discussed; the next push edits all of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest
from huggingface_hub import HfApi

from hubcheck.card.section import REPORT_FILE
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.publish.badge_files import PNG
from hubcheck.publish.model_card import current_section
from tests.card.rendered import unlinked
from tests.hubserver import LocalHub
from tests.publish.hub.conftest import OWNER

MODEL: Final = "acme/finetune"
BASE: Final = "zoo/base"


def text_at(hub: LocalHub, ref: str, path: str) -> bytes:
    """Return a file of the model as the Hub holds it."""
    repository = hub.repository(MODEL)
    assert repository is not None
    commit = repository.resolve(ref)
    assert commit is not None
    content = commit.files[path]
    return content.read(0, content.size)


def run(*words: str) -> int:
    """Run the command line."""
    return main(list(words))


def test_push_check_propose_comment_and_again(
    hub: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Push, check, pull request with section, badge and report, comment on it; then once more."""
    monkeypatch.setenv("HUBCHECK_WRITE_TOKEN", OWNER)
    hub.add_user(OWNER, "owner", writes=frozenset({MODEL}))
    hub.add_repo(BASE, MODELS / "base")
    repository = hub.add_repo(MODEL, MODELS / "finetune")
    before = text_at(hub, "main", "README.md")
    out, report = tmp_path / "out", str(tmp_path / "out" / "report.json")

    # First push.
    assert run("check", MODEL, "--out", str(out), "--seed", "1") == 0
    assert run("publish", report, "--to", "model-card", "--create-pr") == 0
    assert run("publish", report, "--to", "discussion", "--number", "1") == 0
    assert text_at(hub, "main", "README.md") == before
    proposed = text_at(hub, "refs/pr/1", "README.md")
    assert proposed.startswith(before)
    first_section = current_section(proposed)
    assert first_section is not None
    assert "match the declared base `zoo/base`" in unlinked(first_section)
    assert json.loads(text_at(hub, "refs/pr/1", REPORT_FILE))["seed"] == 1
    assert text_at(hub, "refs/pr/1", PNG).startswith(b"\x89PNG")
    topic = repository.board.topics[1]
    assert [e.kind for e in topic.events] == ["comment", "commit", "comment"]
    first_comment = topic.comments[1].text
    assert "### hubcheck: the weights match the declared base" in unlinked(first_comment)

    # Publishing the same report again writes nothing.
    assert run("publish", report, "--to", "model-card", "--create-pr") == 0
    assert run("publish", report, "--to", "discussion", "--number", "1") == 0
    assert [e.kind for e in topic.events] == ["comment", "commit", "comment"]
    assert not any(e.edits for e in topic.comments)

    # Second push: other weights.
    weights = (MODELS / "continued" / "model.safetensors").read_bytes()
    pushed = hub.push(MODEL, {"model.safetensors": weights})
    assert run("check", MODEL, "--out", str(out), "--seed", "2") == 0
    assert run("publish", report, "--to", "model-card", "--create-pr") == 0
    assert run("publish", report, "--to", "discussion", "--number", "1") == 0
    assert list(repository.board.topics) == [1]
    assert [e.kind for e in topic.events] == ["comment", "commit", "comment", "commit"]
    assert [len(e.edits) for e in topic.comments] == [1, 1]
    assert topic.comments[1].edits == [first_comment]
    section = current_section(text_at(hub, "refs/pr/1", "README.md"))
    assert section is not None
    assert pushed.oid in section
    assert "Out of date" not in section

    # The owner merges; the weights stay as pushed, and nothing is left to propose.
    HfApi(endpoint=hub.endpoint, token=OWNER).merge_pull_request(MODEL, 1)
    assert text_at(hub, "main", "README.md").startswith(before)
    assert text_at(hub, "main", "model.safetensors") == weights
    assert run("publish", report, "--to", "model-card", "--create-pr") == 0
    assert list(repository.board.topics) == [1]
    assert "is already there" in capsys.readouterr().out
    assert run("replay", report) == 0
