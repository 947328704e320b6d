"""Does ``hubcheck init`` look first, write what runs, and replace nothing unasked?"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from hubcheck.cli import init
from hubcheck.cli.first_files import NO_COMMIT, POLICY, WORKFLOW, badge_markdown
from hubcheck.request.policy_file import read_policy_file
from hubcheck.source.folder_patterns import pattern_of
from tests.cli.test_entry import FINETUNE, Run, run

__all__ = ["run"]

COMMIT = "a1" * 20


@pytest.fixture
def repository(tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the working folder with one model in it; nothing is looked up by git."""
    shutil.copytree(FINETUNE, tmp_path / "weights")
    monkeypatch.setattr(init, "_git", lambda _root, *_words: "")
    return tmp_path


def workflow(folder: Path) -> dict[str, Any]:
    """Read the workflow that was written."""
    document = yaml.safe_load((folder / WORKFLOW).read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def test_a_repository_gets_a_pinned_workflow_and_a_policy_that_is_read(
    repository: Path, run: Run
) -> None:
    """Every action by commit, permissions by job, no lfs; the policy passes its own schema."""
    done = run("init", "--action", f"acme/hubcheck@{COMMIT}")
    assert done.code == 0, done.err
    assert "its weights can be read: 39 tensors" in done.out
    assert "its card declares zoo/base" in done.out
    found = workflow(repository)
    assert found["permissions"] == {}
    steps = found["jobs"]["check"]["steps"]
    assert all(re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", step["uses"]) for step in steps)
    assert steps[1]["uses"] == f"acme/hubcheck@{COMMIT}"
    assert "lfs" not in steps[0]["with"]
    inputs = yaml.safe_load((Path(__file__).parents[2] / "action.yml").read_text("utf-8"))["inputs"]
    assert set(steps[1]["with"]) <= set(inputs)
    assert read_policy_file(repository / POLICY, shown=POLICY).model == "weights"
    assert run("check", "weights", "--policy", POLICY, "--depth", "headers").code in {0, 3}


def test_nothing_is_replaced_unasked(repository: Path, run: Run) -> None:
    """Neither file, not even the one that is missing; --force replaces both."""
    (repository / ".github").mkdir()
    (repository / POLICY).write_text("model: mine\n", encoding="utf-8")
    done = run("init")
    assert done.code == 2
    assert f"{POLICY} is there already" in done.err
    assert (repository / POLICY).read_text(encoding="utf-8") == "model: mine\n"
    assert not (repository / WORKFLOW).exists()
    assert "--- .github/hubcheck.yml" in run("init", "--dry-run").out
    assert not (repository / WORKFLOW).exists()
    assert run("init", "--force").code == 0
    assert (repository / WORKFLOW).exists()


def test_a_link_out_of_the_repository_is_not_followed(
    repository: Path, run: Run, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Somebody else's folder is not written into, with --force neither."""
    outside = tmp_path_factory.mktemp("outside")
    (repository / ".github").symlink_to(outside)
    assert run("init", "--force").code == 2
    assert not list(outside.iterdir())


def test_an_unknown_release_is_said_and_never_a_tag(repository: Path, run: Run) -> None:
    """A placeholder that GitHub refuses, and a line that says what to put there."""
    done = run("init")
    assert f"@{NO_COMMIT}" in (repository / WORKFLOW).read_text(encoding="utf-8")
    assert "put the commit of a release" in done.out
    assert run("init", "--force", "--action", "acme/hubcheck@v1").code == 2


def test_the_release_of_this_version_is_pinned(
    repository: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit that the tag stands for, and the tag beside it for people."""
    monkeypatch.setattr(init, "_git", lambda _root, *words: f"{COMMIT}\trefs/tags/x"
                        if words[0] == "ls-remote" else "git@github.com:acme/models.git\n")  # fmt: skip
    done = run("init", "--badge")
    assert f"@{COMMIT} # v" in (repository / WORKFLOW).read_text(encoding="utf-8")
    assert badge_markdown("acme/models") in done.out
    assert workflow(repository)["jobs"]["check"]["permissions"]["contents"] == "write"


def test_several_models_are_not_guessed_from(repository: Path, run: Run) -> None:
    """The folders are named; --model chooses."""
    shutil.copytree(FINETUNE, repository / "other")
    done = run("init")
    assert done.code == 2
    assert "Weights lie in 2 folders: other, weights" in done.err
    assert run("init", "--model", "other").code == 0
    assert json.dumps("other") in (repository / POLICY).read_text(encoding="utf-8")


def test_several_models_are_one_job_where_they_are_named(repository: Path, run: Run) -> None:
    """By a pattern, which the error offers, or by a list; the Action reads both from the policy."""
    shutil.copytree(FINETUNE, repository / "models" / "a")
    shutil.copytree(FINETUNE, repository / "models" / "b")
    done = run("init", "--model", "models/*")
    assert done.code == 0
    assert "2 models in one job" in done.out
    assert "hubcheck check models/a --policy" in done.out
    policy = read_policy_file(repository / POLICY, shown=POLICY)
    assert policy.model == "models/*"
    assert run("init", "--model", "models/a,models/b", "--force").code == 0
    assert read_policy_file(repository / POLICY, shown=POLICY).model == "models/a, models/b"
    for wrong in ("none/*", "models/a,../b c"):
        assert run("init", "--model", wrong, "--force").code == 2


def test_folders_that_lie_together_are_offered_as_a_pattern() -> None:
    """And such as lie apart as a list."""
    assert pattern_of(("models/a", "models/b")) == "models/*"
    assert pattern_of(("a", "b")) == "*"
    assert [pattern_of(f) for f in ((), ("a",), ("a", "b/c"), ("", "a"))] == [""] * 4


def test_large_files_that_were_not_fetched_are_told(repository: Path, run: Run) -> None:
    """Pointers cannot be read here; the workflow is written all the same."""
    (repository / ".gitattributes").write_text("*.safetensors filter=lfs\n", encoding="utf-8")
    (repository / "weights" / "model.safetensors").write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 1000000\n",
        encoding="utf-8",
    )
    done = run("init")
    assert done.code == 0, done.err
    assert "its large files are in Git LFS" in done.out
    assert "its weights cannot be read here" in done.out
