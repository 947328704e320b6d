"""Tests that a push which touched nothing that is read ends early, and that doubt never does."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import pytest

from action.pushed import is_read
from hubcheck.errors import ExitCode
from tests.action.conftest import BASE, HEAD, Ended, Job
from tests.githubserver.server import Fault
from tests.githubserver.world import Login, event

FOLDER = "models/tiny"


@pytest.fixture
def checkout(job: Job) -> Job:
    """A job whose workspace is a git checkout of the pushed commit."""
    job.inputs |= {"depth": "headers", "fail-on": "inconclusive"}
    job.write("notes.txt", "words")
    for words in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *words], cwd=job.workspace, check=True)
    job.write(".git/HEAD", f"{HEAD}\n")
    return job


def push(job: Job, *changed: str, status: str = "ahead", **more: Any) -> Ended:
    """Run the action for a push that changed these paths."""
    if changed:
        job.github.world.add_comparison(BASE, HEAD, changed, status=status)
    payload: dict[str, Any] = {"before": BASE, "after": HEAD, "forced": False}
    return job.run("push", event("push", **(payload | more)))


def skipped(ended: Ended) -> bool:
    """Return whether the push ended early; a run that did neither is a fault."""
    early = "nothing to check" in ended.summary
    assert early is (ended.outputs["conclusion"] == "neutral"), ended.log
    assert early is (ended.code is ExitCode.OK)
    assert early is ("verdict" not in ended.outputs)
    return early


def test_a_push_that_touches_nothing_read_ends_early(checkout: Job) -> None:
    """One request, a notice, the outputs of an early end, and nothing of the weights read."""
    ended = push(checkout, "notes.txt", "src/train.py", f"{FOLDER}/notes.txt", "other/config.json")
    assert skipped(ended)
    assert ended.outputs == {"conclusion": "neutral", "bytes-read": "0"}
    (notice,) = ended.annotations("notice")
    assert notice == (
        "::notice title=hubcheck::this push changed neither weights nor lineage lines since "
        "bbbbbbb: nothing to check."
    )
    assert checkout.github.requests == [f"GET /repos/octo/models/compare/{BASE}...{HEAD}"]


@pytest.mark.parametrize(
    "path",
    [
        f"{FOLDER}/model.safetensors",
        f"{FOLDER}/part/model-00001-of-00002.bin",
        f"{FOLDER}/model.safetensors.index.json",
        f"{FOLDER}/README.md",
        f"{FOLDER}/config.json",
        f"{FOLDER}/adapter_config.json",
        f"{FOLDER}/tokenizer.model",
        f"{FOLDER}/merges.txt",
        f"{FOLDER}/old.safetensors>attic/old.safetensors",
        f"{FOLDER}/weights",
        FOLDER,
        "models",
        ".gitattributes",
        ".github/hubcheck.yml",
        ".github/workflows/provenance.yml",
    ],
)
def test_a_push_that_touches_what_is_read_is_checked(checkout: Job, path: str) -> None:
    """One such file among others is enough, the old name of a renamed one too."""
    assert not skipped(push(checkout, "notes.txt", path))


def test_a_policy_file_elsewhere_counts(checkout: Job) -> None:
    """The file that ``config-file`` names decides, wherever it lies."""
    checkout.inputs["config-file"] = "./policy/ours.txt"
    checkout.write("policy/ours.txt", "warn-only: false\n")
    assert not skipped(push(checkout, "policy/ours.txt"))
    assert skipped(push(checkout, "policy/theirs.txt"))


@pytest.mark.parametrize(("count", "early"), [(299, True), (300, False), (301, False)])
def test_a_list_at_githubs_cap_is_not_trusted(checkout: Job, count: int, early: bool) -> None:
    """Of 300 files there may be more that the answer does not show."""
    assert skipped(push(checkout, *(f"docs/{i}.md" for i in range(count)))) is early


def test_without_a_token_everything_is_checked(checkout: Job) -> None:
    """Nothing is asked without one."""
    checkout.token = ""
    assert not skipped(push(checkout, "notes.txt"))
    assert checkout.github.requests == []


def test_a_read_only_token_is_enough(checkout: Job) -> None:
    """``contents: read`` is what the job has anyway."""
    checkout.github.world.tokens["reader"] = Login(write=False)
    checkout.token = "reader"
    assert skipped(push(checkout, "notes.txt"))


@pytest.mark.parametrize("status", [403, 404, 500])
def test_an_answer_that_is_none_is_checked(checkout: Job, status: int) -> None:
    """Forbidden, gone, a fault: the log says why, the check is done, nothing is a warning."""
    checkout.github.faults.append(Fault("GET .*/compare/", status=status, times=99))
    ended = push(checkout, "notes.txt")
    assert not skipped(ended)
    assert any("so everything is checked" in line for line in ended.log)
    assert ended.annotations("warning") == []


def test_a_commit_that_github_does_not_know_is_checked(checkout: Job) -> None:
    """404 from the repository itself."""
    assert not skipped(push(checkout))


@pytest.mark.parametrize("more", [{"forced": True}, {"forced": None}, {"before": "0" * 40}])
def test_a_forced_or_first_push_is_checked(checkout: Job, more: dict[str, Any]) -> None:
    """There is no commit before it that stands for the branch; nothing is asked."""
    assert not skipped(push(checkout, "notes.txt", **more))
    assert checkout.github.requests == []


@pytest.mark.parametrize("status", ["diverged", "behind", "identical"])
def test_commits_that_do_not_follow_each_other_are_checked(checkout: Job, status: str) -> None:
    """The list is then about another pair of commits."""
    assert not skipped(push(checkout, "notes.txt", status=status))


def test_a_merge_queue_is_always_checked(checkout: Job) -> None:
    """It is a gate: its result is about the merged commit."""
    checkout.github.world.add_comparison(BASE, HEAD, ["notes.txt"])
    payload = event("merge_group")
    payload["merge_group"] |= {"head_sha": HEAD, "base_sha": BASE}
    assert not skipped(checkout.run("merge_group", payload))


def test_weights_that_an_earlier_step_made_are_checked(checkout: Job) -> None:
    """They are not the commit's, so its changes say nothing about them."""
    path = checkout.workspace / FOLDER / "model.safetensors"
    state = path.stat()
    os.utime(path, (state.st_atime, state.st_mtime + 60))
    assert not skipped(push(checkout, "notes.txt"))
    os.utime(path, (state.st_atime, state.st_mtime))
    assert skipped(push(checkout, "notes.txt"))
    checkout.write(f"{FOLDER}/adapter_config.json", "{}")
    assert not skipped(push(checkout, "notes.txt"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".git/HEAD", f"{BASE}\n"),
        (".git/index", "DIRC"),
        (".git/index", "nonsense"),
        (f"{FOLDER}/.git/HEAD", f"{HEAD}\n"),
    ],
)
def test_a_checkout_of_something_else_is_checked(checkout: Job, name: str, text: str) -> None:
    """Another commit, an index that is not understood, a second repository in the folder."""
    checkout.write(name, text)
    assert not skipped(push(checkout, "notes.txt"))


@pytest.mark.parametrize(("expires", "early"), [("2020-01-01", False), ("2999-01-01", True)])
def test_an_acceptance_that_ran_out_is_checked(checkout: Job, expires: str, early: bool) -> None:
    """Time alone can change the conclusion."""
    text = f"allow:\n  - base: zoo/other\n    reason: known\n    expires: {expires}\n"
    checkout.write(".github/hubcheck.yml", text)
    assert skipped(push(checkout, "notes.txt")) is early


def test_a_base_in_the_workspace_is_checked(checkout: Job) -> None:
    """Its files lie outside of the model's folder."""
    checkout.put_model("base", "models/base")
    checkout.inputs["bases"] = "./models/base"
    assert not skipped(push(checkout, "models/base/model.safetensors"))


def test_a_model_in_the_root_of_the_repository() -> None:
    """Every folder of the repository is the model's then; prose and code still are not read."""
    assert is_read("sub/model.safetensors", "")
    assert is_read("README.md", "")
    assert is_read("sub/LICENSE", "")
    assert not is_read("docs/notes.md", "")
    assert not is_read("train.py", "")
