"""Tests that the check run says what the card says, on the lines that name a base, and opens no gate."""

from __future__ import annotations

import pytest

from action.check_run import NAME
from hubcheck.errors import ExitCode
from tests.action.conftest import HEAD, Job, finished_run
from tests.attacks.test_action import archived
from tests.attacks.test_gate import files_of
from tests.githubserver.world import Login


@pytest.fixture
def asked(job: Job) -> Job:
    """A job whose workflow asks for a check run, over a model that declares a wrong base."""
    job.inputs["check-run"] = "true"
    job.put_model("wrong-declaration")
    return job


def test_the_line_that_names_a_base_is_annotated(asked: Job) -> None:
    """With its verdict, in the file and on the line that the pull request shows."""
    assert asked.on_pull_request().code is ExitCode.POLICY_FAILED
    [made] = asked.github.world.check_runs
    assert (made["name"], made["head_sha"]) == (f"{NAME}: models/tiny", HEAD)
    assert made["conclusion"] == "failure"
    [remark] = made["output"]["annotations"]
    card = (asked.workspace / "models/tiny/README.md").read_text().splitlines()
    assert remark["path"] == "models/tiny/README.md"
    assert "base" in card[remark["start_line"] - 1]
    assert (remark["annotation_level"], remark["title"]) == ("failure", "hubcheck: unrelated")
    [comment] = asked.github.world.standing(7)
    assert made["output"]["text"].splitlines()[0] in comment.body


def test_no_more_than_a_gate_lets_pass_is_a_success(asked: Job) -> None:
    """A check that compared nothing is a failure, an honest one a success."""
    asked.put_model("finetune")
    asked.on_pull_request()
    asked.write("models/tiny/README.md", "---\nbase_model: zoo/missing\n---\n")
    assert asked.on_pull_request().outputs["status"] == "error"
    assert [r["conclusion"] for r in asked.github.world.check_runs] == ["success", "failure"]
    [remark] = asked.github.world.check_runs[1]["output"]["annotations"]
    assert (remark["annotation_level"], remark["start_line"]) == ("warning", 2)


def test_nobody_who_does_not_ask_or_may_not_gets_one(asked: Job) -> None:
    """The default makes no request; a token that may not write leaves a notice and the verdict."""
    asked.github.world.tokens["bot-token"] = Login(write=False)
    ended = asked.on_pull_request()
    assert ended.code is ExitCode.POLICY_FAILED
    assert any("the check run was not written" in line for line in ended.annotations("notice"))
    del asked.inputs["check-run"]
    asked.github.world.tokens["bot-token"] = Login()
    asked.on_pull_request()
    assert asked.github.world.check_runs == []


def test_a_strangers_report_gets_none(asked: Job) -> None:
    """The gate makes one of what it computed, the answer to a fork's report does not."""
    honest = asked.on_pull_request(fork=True)
    report = (asked.workspace / honest.outputs["report-path"]).read_bytes()
    asked.github.world.check_runs.clear()
    asked.github.world.add_commit(HEAD, files_of("wrong-declaration"))
    asked.github.world.artifacts[77] = [(5, "hubcheck-report", archived(report))]
    asked.inputs["mode"] = "publish"
    asked.run("workflow_run", finished_run(run_id=77))
    assert asked.github.world.check_runs == []
    asked.inputs["mode"] = "check"
    asked.run("workflow_run", finished_run())
    assert [r["conclusion"] for r in asked.github.world.check_runs] == ["failure"]
