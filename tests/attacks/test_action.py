"""Tests that no pull request, fork or push gets a wrong answer out of the Action."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pytest

from hubcheck.errors import ExitCode
from tests.action.conftest import BASE, HEAD, Ended, Job, finished_run
from tests.attacks.registry import attack
from tests.attacks.test_gate import files_of
from tests.githubserver.world import event


def push(job: Job, before: str, after: str) -> Ended:
    """Run the action for a push to a branch."""
    return job.run("push", event("push", before=before, after=after, forced=False), sha=after)


@attack("action", "weights that a config names are exchanged, the last answer passed",
        before="the result stands: green", now="checked again")  # fmt: skip
@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors.index.json"])
def test_a_pass_does_not_outlive_what_it_read(job: Job, name: str) -> None:
    """The key of a result has every file that a check reads in it."""
    assert job.on_pull_request().outputs["bytes-read"] != "0"
    assert job.on_pull_request().outputs["bytes-read"] == "0"
    path = job.workspace / "models/tiny" / name
    path.write_text(path.read_text() + "\n" if path.exists() else '{"weight_map": {}}')
    assert job.on_pull_request().outputs["bytes-read"] != "0"


@attack("action", "a contradicted push, then one that only touches prose",
        before="nothing to check: main is green", now="checked: red")  # fmt: skip
def test_prose_does_not_excuse_what_was_pushed_before(job: Job) -> None:
    """The bad weights are still there."""
    job.put_model("wrong-declaration")
    assert push(job, BASE, HEAD).code is ExitCode.POLICY_FAILED
    job.write("docs/note.md", "hello")
    assert push(job, HEAD, "c" * 40).code is ExitCode.POLICY_FAILED


def archived(report: bytes) -> bytes:
    """Return an artifact."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("report.json", report)
    return buffer.getvalue()


@attack("action", "a fork's own report after the gate said contradicted",
        before="the comment says confirmed", now="a comment of its own, the gate's stays")  # fmt: skip
def test_a_strangers_report_never_takes_the_gates_place(job: Job) -> None:
    """Two comments, two statuses; the forged one says who computed it."""
    honest = job.on_pull_request(fork=True)
    report = (job.workspace / honest.outputs["report-path"]).read_bytes()
    job.github.world.comments[7].clear()
    job.github.world.add_commit(HEAD, files_of("wrong-declaration"))
    job.inputs["mode"] = "check"
    assert job.run("workflow_run", finished_run()).code is ExitCode.POLICY_FAILED
    job.inputs["mode"] = "publish"
    job.github.world.artifacts[77] = [(5, "hubcheck-report", archived(report))]
    job.run("workflow_run", finished_run(run_id=77))
    gate, reported = (c.body for c in job.github.world.standing(7))
    assert "(contradicted)" in gate.splitlines()[1]
    assert "which its author controls" in reported
    contexts = {s["context"]: s["state"] for s in job.github.world.statuses}
    assert contexts == {"hubcheck": "failure", "hubcheck (reported)": "success"}


@attack("action", "`pull_request_target` with the head checked out two folders down",
        before="the guard looks one level deep", now="exit 2")  # fmt: skip
@pytest.mark.parametrize("place", ["a/b", "a/b/c/d", "models/tiny"])
def test_the_guard_looks_all_the_way_down(job: Job, place: str) -> None:
    """A checkout of a stranger's files is refused wherever it lies."""
    (job.workspace / ".git").mkdir()
    (job.workspace / ".git/HEAD").write_text(BASE)
    (job.workspace / place / ".git").mkdir(parents=True)
    (job.workspace / place / ".git/HEAD").write_text(HEAD)
    assert job.on_pull_request(target=True).code is ExitCode.USAGE


@attack("action", "`config-file` or `model` that leaves the workspace by dots or a link",
        before="read", now="exit 2")  # fmt: skip
@pytest.mark.parametrize("how", ["dots", "link", "policy dots", "policy link", "NUL"])
def test_no_path_leaves_the_workspace(job: Job, tmp_path: Path, how: str) -> None:
    """Named by the workflow, or by the policy file of a pull request."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "model.safetensors").write_bytes(b"secret")
    (job.workspace / "linked").symlink_to(outside)
    match how:
        case "dots":
            job.inputs["model"] = "models/../../outside"
        case "link":
            job.inputs["model"] = "linked"
        case "policy dots":
            job.write(".github/hubcheck.yml", "bases: [models/../../outside]\n")
        case "policy link":
            job.write(".github/hubcheck.yml", "bases: [linked]\n")
        case _:
            job.write(".github/hubcheck.yml", 'bases: ["a\\0b"]\n')
    ended = job.on_pull_request()
    assert ended.code is ExitCode.USAGE
    assert "secret" not in "".join(ended.log)


@attack("action", "an absolute path of the runner as the model", before="in the report and the comment",
        now="nowhere: the path inside the workspace")  # fmt: skip
def test_no_path_of_the_machine_is_published(job: Job) -> None:
    """Neither in report.json nor in the comment's hidden state."""
    job.inputs["model"] = str(job.workspace / "models/tiny")
    ended = job.on_pull_request()
    report = (job.workspace / ended.outputs["report-path"]).read_text()
    [comment] = job.github.world.standing(7)
    assert str(job.folder) not in report + comment.body
    assert json.loads(report)["subject"]["ref"] == "models/tiny"


@attack("action", "no `model` input, the weights lie in a folder", before="green: nothing is wrong",
        now="exit 1, the folders are named")  # fmt: skip
def test_a_check_that_looked_at_nothing_is_not_green(job: Job) -> None:
    """And a workspace without any weights neither, unless the workflow says what fails."""
    job.inputs["model"] = ""
    ended = job.on_pull_request()
    assert ended.code is ExitCode.POLICY_FAILED
    assert "weights lie in `models/tiny`" in ended.summary
    (job.workspace / "models/tiny/model.safetensors").unlink()
    assert job.on_pull_request().code is ExitCode.POLICY_FAILED
    job.inputs["fail-on"] = "contradicted"
    assert job.on_pull_request().code is ExitCode.OK


@attack("action", "`base_model: None`, as templates write it", before="a base that is not there, for ever",
        now="no base is declared")  # fmt: skip
@pytest.mark.parametrize("value", ["None", "none", "N/A", '"null"', "[none]", "-"])
def test_no_base_is_no_base(job: Job, value: str) -> None:
    """Nothing is looked for under that name."""
    (job.workspace / "models/tiny/README.md").write_text(f"---\nbase_model: {value}\n---\n")
    ended = job.on_pull_request()
    assert ended.code is ExitCode.OK
    assert "no base is declared" in ended.summary


@attack("action", "two models in one pull request, one job each",
        before="contradicted, now confirmed: one comment for both", now="a comment for each")  # fmt: skip
@attack("action", "a pattern of models that matches none", before="-", now="exit 2")
@attack("action", "a model removed from a pattern that the gate checks", before="-",
        now="error: it is named")  # fmt: skip
def test_several_models_have_tests_of_their_own() -> None:
    """In ``tests/action/test_many.py``."""
    names = (Path(__file__).parents[1] / "action" / "test_many.py").read_text()
    for name in ("has_a_comment_for_each", "matches_nothing", "that_was_removed"):
        assert name in names
