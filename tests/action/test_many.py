"""Tests of several models in one pull request: in one job, and in one job each."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from hubcheck.errors import ExitCode
from hubcheck.publish.github.state import read_state
from hubcheck.source.folder_patterns import matches
from tests.action.conftest import HEAD, MODELS, Job, finished_run
from tests.attacks.test_gate import files_of, last, states


def standing(job: Job) -> list[str]:
    """Return the texts of the comments that speak now."""
    return [c.body for c in job.github.world.standing(7)]


def test_a_job_for_each_model_has_a_comment_for_each(job: Job) -> None:
    """A matrix over two folders with one comment-id: both results stay, nothing has changed."""
    job.put_model("wrong-declaration", "models/bad")
    job.put_model("finetune", "models/good")
    job.inputs["model"] = "models/bad"
    assert job.on_pull_request().code is ExitCode.POLICY_FAILED
    job.inputs["model"] = "models/good"
    assert job.on_pull_request().code is ExitCode.OK
    bad, good = standing(job)
    assert "(contradicted)" in bad.splitlines()[1]
    assert "(confirmed)" in good.splitlines()[1]
    assert "Since the last push" not in good


@pytest.mark.parametrize("asked", ["models/bad, models/good", "models/*"])
def test_one_job_answers_for_many(job: Job, asked: str) -> None:
    """One comment with a line for each; the worst result is the job's; the next push edits it."""
    job.put_model("wrong-declaration", "models/bad")
    job.put_model("finetune", "models/good")
    (job.workspace / "models" / "tiny" / "model.safetensors").unlink()
    job.inputs |= {"model": asked, "depth": "sample"}
    ended = job.on_pull_request()
    assert ended.code is ExitCode.POLICY_FAILED
    assert (ended.outputs["status"], ended.outputs["verdict"]) == ("failure", "contradicted")
    [text] = standing(job)
    assert "### hubcheck: 1 of 2 models fail" in text
    assert "| `models/good` |" in text
    assert text.count("<summary><code>models/") == 2
    assert "1 of 2 models fail" in ended.summary
    there = sorted(p.parent.name for p in job.workspace.glob("hubcheck-out/*/report.json"))
    assert there == ["01-models-bad", "02-models-good"]
    job.put_model("finetune", "models/bad")
    assert job.on_pull_request().code is ExitCode.OK
    [text] = standing(job)
    assert "`models/bad`: contradicted, now confirmed" in text
    assert "none of 2 models fails" in text
    state = read_state(text)
    assert state is not None
    assert [m.said for m in state.models] == ["confirmed", "confirmed"]


def test_one_that_cannot_be_checked_takes_nothing_from_the_others(job: Job) -> None:
    """A name that is nothing is a line of the table, and the exit code of its trouble."""
    job.inputs["model"] = "models/tiny\nmodels/not there"
    ended = job.on_pull_request()
    assert ended.code is ExitCode.USAGE
    assert ended.outputs["status"] == "error"
    [text] = standing(job)
    assert "1 could not be compared" in text
    assert "not checked: 'models/not there' is neither a folder" in text
    assert "(confirmed)" in text


def test_a_pattern_that_matches_nothing_is_an_error(job: Job) -> None:
    """Never a green job that looked at nothing."""
    job.inputs["model"] = "modells/*"
    ended = job.on_pull_request()
    assert ended.code is ExitCode.USAGE
    assert "no folder with weights matches it" in ended.summary


def test_a_gate_checks_every_model_of_the_commit(job: Job) -> None:
    """Also one that only the pull request has; one bad model fails the status."""
    files = {**files_of("finetune"), **files_of("wrong-declaration", "models/new")}
    job.github.world.add_commit(HEAD, files)
    job.inputs |= {"mode": "check", "model": "models/*"}
    ended = job.run("workflow_run", finished_run())
    assert ended.code is ExitCode.POLICY_FAILED
    assert states(job) == ["pending", "failure"]
    assert last(job)[1] == "1 of 2 models: models/new"


def test_a_gate_sees_a_model_that_was_removed(job: Job) -> None:
    """Removing the weights of a model that the pattern matches does not pass for a clean commit."""
    job.put_model("finetune", "models/other")
    job.github.world.add_commit(HEAD, files_of("finetune"))
    job.inputs |= {"mode": "check", "model": "models/*"}
    job.run("workflow_run", finished_run())
    assert last(job)[0] == "error"
    assert "models/other" in last(job)[1]


def archived(*reports: bytes) -> bytes:
    """Return an artifact with these reports."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, data in enumerate(reports):
            archive.writestr(f"{number}/report.json", data)
    return buffer.getvalue()


@pytest.mark.parametrize("how", ["one artifact", "one each"])
def test_a_forks_reports_of_several_models_are_found(job: Job, how: str) -> None:
    """In one artifact or in one for each job of a matrix: one comment, all of them."""
    job.put_model("wrong-declaration", "models/bad")
    job.inputs["model"] = "models/tiny,models/bad"
    job.on_pull_request(fork=True)
    found = [p.read_bytes() for p in sorted(job.workspace.glob("hubcheck-out/*/report.json"))]
    archives = (
        [(5, "hubcheck-report", archived(*found))]
        if how == "one artifact"
        else [
            (5, "hubcheck-report-a", archived(found[0])),
            (6, "hubcheck-report-b", archived(found[1])),
        ]
    )
    job.github.world.artifacts[77] = archives
    job.github.world.comments[7].clear()
    job.run("workflow_run", finished_run(run_id=77))
    [text] = standing(job)
    assert "1 of 2 models fail" in text
    assert "id=hubcheck.reported " in text.splitlines()[0]
    assert last(job)[0] == "failure"


@pytest.mark.parametrize(
    ("folder", "pattern", "same"),
    [
        ("models/a", "models/*", True),
        ("models/a/b", "models/*", False),
        ("a", "*", True),
        ("models/a", "./models/*", True),
        ("models/a", "*/?", True),
        ("models/a", "models/[b-z]", False),
    ],
)
def test_a_star_stands_for_one_part(folder: str, pattern: str, same: bool) -> None:
    """As a shell reads it."""
    assert matches(folder, pattern) is same


def test_no_link_is_followed_by_a_pattern(job: Job, tmp_path: Path) -> None:
    """A link out of the workspace is no folder that a pattern matches."""
    (job.workspace / "models" / "out").symlink_to(MODELS / "base")
    job.inputs["model"] = "models/*"
    ended = job.on_pull_request()
    assert ended.code is ExitCode.OK
    assert "id=hubcheck." in standing(job)[0]
    assert "models/out" not in standing(job)[0]
