"""Tests of every event: which commit, where it is answered, with which exit code."""

from __future__ import annotations

from typing import Any

import pytest

from hubcheck.errors import ExitCode
from tests.action.conftest import BASE, HEAD, Job, finished_run, pull_request
from tests.card.rendered import unlinked
from tests.githubserver.server import Fault
from tests.githubserver.world import Login, event, pull_json

QUICK_FAILURE = {"depth": "headers", "fail-on": "inconclusive"}
"""Reads no weights and fails the policy all the same."""


def comments(job: Job) -> list[str]:
    """Return the texts of the comments on pull request 7."""
    return [r.body for r in job.github.world.comments[7]]


def test_a_pull_request_gets_its_answer(job: Job) -> None:
    """Five lines of workflow, one push of weights: comment, summary, annotation, outputs, exit 0."""
    ended = job.on_pull_request()
    assert ended.code is ExitCode.OK
    (body,) = comments(job)
    assert "### hubcheck: the weights match the declared base `zoo/base`  (confirmed)" in unlinked(
        body
    )
    assert f"[aaaaaaa](https://github.com/octo/models/commit/{HEAD})" in body
    assert "```mermaid" in body
    assert "\u2588" in body
    assert "(confirmed)" in ended.summary
    assert "<!--" not in ended.summary
    assert ended.outputs["verdict"] == "confirmed"
    assert ended.outputs["conclusion"] == "pass"
    assert ended.outputs["base"] == "zoo/base"
    assert float(ended.outputs["log10-p"]) < -10
    assert float(ended.outputs["kept"]) > 0.5
    assert int(ended.outputs["bytes-read"]) > 0
    assert ended.outputs["comment-url"].startswith("https://github.com/octo/models/pull/7#")
    assert (job.workspace / ended.outputs["report-path"]).is_file()
    assert (job.workspace / ended.outputs["card-path"]).is_file()
    (notice,) = ended.annotations("notice")
    assert notice.startswith("::notice file=models/tiny/README.md,line=")


def test_a_wrong_declaration_fails_and_points_at_its_line(job: Job) -> None:
    """Contradicted: exit 1, an error on the card's base_model line, the comment says what to do."""
    job.put_model("wrong-declaration")
    card = (job.workspace / "models/tiny/README.md").read_text().splitlines()
    line = next(i for i, text in enumerate(card, 1) if "zoo/base" in text)
    ended = job.on_pull_request()
    assert ended.code is ExitCode.POLICY_FAILED
    assert ended.outputs["conclusion"] == "fail"
    (error,) = ended.annotations("error")
    assert error.startswith(f"::error file=models/tiny/README.md,line={line},")
    assert "**Next:**" in comments(job)[0]


def test_getting_worse_notifies_and_says_what_changed(job: Job) -> None:
    """From confirmed to contradicted: the old comment is folded, the new one compares."""
    job.on_pull_request()
    job.put_model("wrong-declaration")
    job.on_pull_request()
    first, second = job.github.world.comments[7]
    assert (first.minimised, second.minimised) == (True, False)
    assert "last push: confirmed" in second.body
    assert "**Since the last push:**" in second.body
    assert "- verdict: confirmed, now contradicted" in second.body


@pytest.mark.parametrize("model", ["finetune", "wrong-declaration"])
def test_an_unchanged_push_ends_early_and_keeps_the_result(job: Job, model: str) -> None:
    """Same weights, same lineage lines, same policy: nothing is read, and a failure stays one."""
    job.put_model(model)
    first = job.on_pull_request()
    job.write("models/tiny/notes.txt", "more words")
    read = job.hub.content_bytes()
    again = job.on_pull_request()
    assert again.code is first.code
    assert (again.code is ExitCode.POLICY_FAILED) is (model == "wrong-declaration")
    assert again.outputs["status"] == first.outputs["status"]
    assert again.outputs["verdict"] == first.outputs["verdict"]
    assert again.outputs["comment-url"] == first.outputs["comment-url"]
    assert "unchanged since the last answer (commit aaaaaaa)" in again.summary
    assert job.hub.content_bytes() == read
    assert len(comments(job)) == 1


def test_a_result_that_was_not_reached_does_not_stand(job: Job) -> None:
    """Unreadable weights end with 4 on every push, not with 4 and then with "unchanged"."""
    (job.workspace / "models/tiny/model.safetensors").write_bytes(b"\xff" * 4_000)
    assert [job.on_pull_request().code for _ in range(2)] == [ExitCode.UNREADABLE] * 2


def test_warn_only_waives_the_policy_and_nothing_else(job: Job) -> None:
    """Unreadable weights are no failure of a policy, whatever the policy waits for."""
    job.inputs |= {"warn-only": "true", "fail-on": "not-tested,nothing-compared"}
    (job.workspace / "models/tiny/model.safetensors").write_bytes(b"\xff" * 4_000)
    assert job.on_pull_request().code is ExitCode.UNREADABLE


@pytest.mark.parametrize(
    "change",
    [
        ("README.md", "---\nbase_model: zoo/other\n---\n"),
        ("model.safetensors", None),
    ],
)
def test_a_changed_card_or_weight_is_checked_again(
    job: Job, change: tuple[str, str | None]
) -> None:
    """The lineage lines and the weights are what counts."""
    job.inputs["depth"] = "headers"
    job.on_pull_request()
    name, text = change
    path = job.workspace / "models/tiny" / name
    if text is None:
        path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\0")
    else:
        path.write_text(text)
    assert "unchanged" not in job.on_pull_request().summary


def test_always_checks_again(job: Job) -> None:
    """``comment: always`` rewrites the comment on every run."""
    job.inputs |= {"comment": "always", "depth": "headers"}
    job.on_pull_request()
    before = comments(job)
    assert "unchanged" not in job.on_pull_request().summary
    assert comments(job) != before


def test_a_fork_gets_everything_but_the_comment(job: Job) -> None:
    """Its token may not write: a notice says where the answer will come from; the verdict decides."""
    job.github.world.tokens["fork"] = Login(write=False)
    job.token = "fork"
    ended = job.on_pull_request(fork=True)
    assert ended.code is ExitCode.OK
    assert comments(job) == []
    assert "(confirmed)" in ended.summary
    assert ended.outputs["comment-url"] == ""
    assert any(
        "On a pull request from a fork that is normal" in n for n in ended.annotations("notice")
    )
    assert ended.annotations("warning") == []


def test_without_a_token_the_rest_is_done(job: Job) -> None:
    """No token at all: report, summary and outputs are there."""
    job.token = ""
    ended = job.on_pull_request()
    assert ended.code is ExitCode.OK
    assert ended.outputs["verdict"] == "confirmed"


@pytest.mark.parametrize(
    ("name", "sha"),
    [("push", HEAD), ("merge_group", HEAD), ("workflow_dispatch", HEAD), ("schedule", HEAD)],
)
def test_events_without_a_pull_request(job: Job, name: str, sha: str) -> None:
    """Summary, outputs and exit code; GitHub's API is not asked for anything."""
    job.inputs |= QUICK_FAILURE
    payload = event(name) if name != "schedule" else {"schedule": "7 3 * * *"}
    if name == "push":
        payload["after"] = HEAD
    ended = job.run(name, payload, sha=sha)
    assert ended.code is ExitCode.POLICY_FAILED
    assert ended.outputs["verdict"] == "inconclusive"
    assert "(inconclusive)" in ended.summary
    assert job.github.requests == []


@pytest.mark.parametrize(
    ("ref", "answered"),
    [("refs/heads/feature", True), ("refs/heads/master", False), ("refs/tags/v1", False)],
)
def test_a_push_answers_the_pull_request_of_its_branch(job: Job, ref: str, answered: bool) -> None:
    """A workflow of pushes alone answers; the default branch and a tag ask for nothing."""
    label = pull_json(7, job.github.world.pulls[7])["head"]["label"]
    branch = label.partition(":")[2]
    payload = event("push", after=HEAD, ref=ref.replace("feature", branch))
    ended = job.run("push", payload, sha=HEAD)
    assert ended.code is ExitCode.OK
    assert len(comments(job)) == answered
    assert bool(ended.outputs.get("comment-url")) is answered
    assert bool(job.github.requests) is answered


def test_a_push_of_a_branch_without_one_is_no_fault(job: Job) -> None:
    """Nor is a token that may not look."""
    payload = event("push", after=HEAD, ref="refs/heads/another")
    assert job.run("push", payload, sha=HEAD).code is ExitCode.OK
    assert comments(job) == []


def test_pull_request_target_with_a_checkout_of_the_head_is_refused(job: Job) -> None:
    """The base's rights over a stranger's files: exit 2 before anything is read."""
    job.write(".git/HEAD", f"{HEAD}\n")
    ended = job.on_pull_request(target=True)
    assert ended.code is ExitCode.USAGE
    assert "runs with a checkout of" in ended.summary
    assert job.hub.requests == 0


@pytest.mark.parametrize("where", ["", "head/"])
@pytest.mark.parametrize("head", ["ref: refs/heads/x\n", "nonsense", "ref: ../../etc/passwd"])
def test_an_unclear_checkout_counts_as_the_head(job: Job, where: str, head: str) -> None:
    """What cannot be shown to be the base is refused, in a subfolder too."""
    job.write(f"{where}.git/HEAD", head)
    assert job.on_pull_request(target=True).code is ExitCode.USAGE


def test_pull_request_target_over_the_base_is_answered(job: Job) -> None:
    """With the base checked out there is nothing of the stranger's on disk."""
    job.inputs["depth"] = "headers"
    job.write(".git/HEAD", "ref: refs/heads/main\n")
    job.write(".git/refs/heads/main", BASE)
    assert job.on_pull_request(target=True).code is ExitCode.OK
    assert len(comments(job)) == 1


def test_a_newer_commit_is_left_to_its_own_run(job: Job) -> None:
    """The pull request moved on while this run was reading: it says nothing there."""
    job.inputs["depth"] = "headers"
    job.github.world.pulls[7]["head"] = "c" * 40
    ended = job.on_pull_request()
    assert comments(job) == []
    assert any("newer commit" in n for n in ended.annotations("notice"))


def dispatch(**payload: Any) -> dict[str, Any]:
    """Return a repository_dispatch from the Hub."""
    return event("repository_dispatch", action="hub-update", client_payload=payload)


def test_a_push_on_the_hub(job: Job) -> None:
    """The event names model and commit; the answer is about exactly that commit."""
    from tests.action.conftest import MODELS

    job.inputs["model"] = ""
    job.hub.add_repo("acme/tuned", MODELS / "finetune")
    first = job.hub.push("acme/tuned", MODELS / "finetune")
    second = job.hub.push("acme/tuned", MODELS / "wrong-declaration")
    job.inputs |= QUICK_FAILURE
    ended = job.run("repository_dispatch", dispatch(repo="acme/tuned", ref="refs/heads/main",
                    old_sha=first.oid, new_sha=second.oid, discussion=0))  # fmt: skip
    assert ended.code is ExitCode.POLICY_FAILED
    assert second.oid[:7] in ended.summary


def test_a_push_on_the_hub_that_changes_nothing(job: Job) -> None:
    """Same weights and lineage lines as the commit before: said, and not checked again."""
    from tests.action.conftest import MODELS

    job.inputs["model"] = ""
    job.hub.add_repo("acme/tuned", MODELS / "finetune")
    first = job.hub.push("acme/tuned", MODELS / "finetune")
    second = job.hub.push("acme/tuned", {
        **{p.name: p.read_bytes() for p in (MODELS / "finetune").iterdir()}, "notes.txt": b"x"
    })  # fmt: skip
    payload = dispatch(repo="acme/tuned", old_sha=first.oid, new_sha=second.oid)
    ended = job.run("repository_dispatch", payload)
    assert ended.code is ExitCode.OK
    assert "changed neither weights nor lineage lines" in ended.summary


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"repo": "../etc"},
        {"repo": ["a/b"]},
        {"repo": "a/b", "new_sha": "main"},
        {"repo": "a/b", "old_sha": "${{ secrets.TOKEN }}"},
    ],
)
def test_a_dispatch_is_data(job: Job, payload: dict[str, Any]) -> None:
    """What is no repository id or commit is refused by name."""
    job.inputs["model"] = ""
    ended = job.run("repository_dispatch", dispatch(**payload))
    assert ended.code is ExitCode.USAGE
    assert any("client_payload." in line for line in ended.annotations("error"))


def test_a_dispatch_for_an_unlisted_model_is_refused(job: Job) -> None:
    """With a list in the policy file, an event from outside can name nothing else."""
    job.inputs["model"] = ""
    job.write(".github/hubcheck.yml", "models: [acme/ours]\n")
    ended = job.run("repository_dispatch", dispatch(repo="acme/theirs"))
    assert ended.code is ExitCode.USAGE
    assert "not among models" in ended.summary


def test_a_fault_while_commenting_never_decides(job: Job) -> None:
    """GitHub is down for the comment: a warning, and the exit code of the verdict."""
    job.github.faults.append(Fault("POST|GET|PATCH", status=500, times=999))
    ended = job.on_pull_request()
    assert ended.code is ExitCode.OK
    assert ended.outputs["verdict"] == "confirmed"
    assert any("the comment was not written" in w for w in ended.annotations("warning"))


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("pull_request", {}),
        ("pull_request", {"pull_request": {"number": "7", "head": {"sha": "x"}}}),
        ("workflow_run", {"workflow_run": {"id": 1}}),
        ("workflow_run", {"workflow_run": []}),
    ],
)
def test_an_incomplete_event_is_a_usage_error(job: Job, name: str, payload: dict[str, Any]) -> None:
    """An event that lacks what its kind always has ends with exit 2 and says what is missing."""
    ended = job.run(name, payload)
    assert ended.code is ExitCode.USAGE
    assert any("has no" in line for line in ended.annotations("error"))


def test_the_two_stages_of_a_fork(job: Job) -> None:
    """Stage one computes without rights; stage two renders from its data and sets the status."""
    import io
    import zipfile

    job.inputs |= QUICK_FAILURE
    job.github.world.tokens["fork"] = Login(write=False)
    job.token = "fork"
    first = job.on_pull_request(fork=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("report.json", (job.workspace / first.outputs["report-path"]).read_bytes())
    job.github.world.artifacts[77] = [(5, "hubcheck-report", archive.getvalue())]
    job.token = "bot-token"
    second = job.run("workflow_run", finished_run(run_id=77))
    assert second.code is ExitCode.OK
    (body,) = comments(job)
    assert "(inconclusive)" in body
    assert "Computed in the pull request's own run" in body
    (status,) = job.github.world.statuses
    assert (status["context"], status["state"], status["sha"]) == (
        "hubcheck (reported)", "failure", HEAD,
    )  # fmt: skip


def test_the_second_stage_without_an_open_pull_request(job: Job) -> None:
    """Closed meanwhile, or the head moved: a notice and exit 0."""
    ended = job.run("workflow_run", finished_run(head="d" * 40))
    assert ended.code is ExitCode.OK
    assert any("no open pull request has ddddddd" in n for n in ended.annotations("notice"))
    ended = job.run("workflow_run", finished_run(of="push"))
    assert ended.code is ExitCode.OK


def test_a_required_gate_checks_the_head_commit_itself(job: Job) -> None:
    """``mode: check`` reads the commit over the API: what the fork's run said plays no part."""
    from tests.action.conftest import MODELS

    files = {
        f"models/tiny/{p.name}": p.read_bytes() for p in (MODELS / "wrong-declaration").iterdir()
    }
    job.github.world.add_commit(HEAD, files)
    job.inputs["mode"] = "check"
    ended = job.run("workflow_run", finished_run())
    assert ended.code is ExitCode.POLICY_FAILED
    states = [(s["context"], s["state"]) for s in job.github.world.statuses]
    assert states == [("hubcheck", "pending"), ("hubcheck", "failure")]
    assert "(contradicted)" in comments(job)[0]
    assert "own run" not in comments(job)[0]


def test_a_required_gate_whose_model_is_gone(job: Job) -> None:
    """The pull request removed the model: the status says error, never success."""
    job.inputs |= {"mode": "check", "model": "models/tiny/deeper"}
    job.github.world.add_commit(HEAD, {"other/README.md": b"x"})
    assert job.run("workflow_run", finished_run()).code is ExitCode.USAGE
    assert [s["state"] for s in job.github.world.statuses] == ["pending", "error"]


def test_pull_request_event_of_the_same_repository_is_no_fork() -> None:
    """The example payload itself is of one repository."""
    payload = pull_request()
    assert payload["pull_request"]["head"]["repo"]["full_name"] == "octo/models"


@pytest.mark.parametrize("named", ["acme/all:v2", "https://huggingface.co/acme/all/tree/main/v2"])
def test_a_folder_of_a_repository_is_a_model(job: Job, named: str) -> None:
    """``model`` takes what the command line takes; a push on the Hub is checked at its commit."""
    from tests.action.conftest import MODELS

    files = {f"v2/{p.name}": p.read_bytes() for p in (MODELS / "finetune").iterdir()}
    job.hub.add_repo("acme/all", files)
    pushed = job.hub.push("acme/all", {**files, "notes.txt": b"x"})
    job.inputs |= {"model": named, "depth": "headers", "bases": "acme/all:v2"}
    ended = job.run("workflow_dispatch", event("workflow_dispatch"))
    assert ended.code is ExitCode.OK
    assert "acme/all:v2" in ended.summary
    job.inputs["model"] = "acme/all:v2"
    payload = dispatch(repo="acme/all", old_sha=pushed.oid, new_sha=pushed.oid)
    assert pushed.oid[:7] in job.run("repository_dispatch", payload).summary


def test_a_name_that_is_no_model_is_told_every_spelling(job: Job) -> None:
    """Exit 2, and the message shows the forms that a folder or quantisation has."""
    job.inputs["model"] = "acme/all/v2"
    ended = job.run("workflow_dispatch", event("workflow_dispatch"))
    assert ended.code is ExitCode.USAGE
    assert "org/name:folder" in ended.summary + " ".join(ended.log)
