"""Tests that a token serves no stranger: a private model that only a card names stays unknown.

The answer of the Action and of the receiver is read by everybody. A private model and one that is
not there leave the same words, and no request with the token is made for either.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.report.schema import Report
from hubcheck.report.words import ReasonCode, Verdict
from hubcheck.serve.settings import CheckHere
from tests.action.conftest import MODELS, Ended, Job, pull_request
from tests.attacks.registry import attack

TOKEN: Final = "hf_reads_private"
PRIVATE, GONE, GATED = "acme/secret", "acme/absent", "acme/gated"


@pytest.fixture
def trap(job: Job) -> Job:
    """A job whose token reads a private and a gated model: what the subject was made from."""
    readers = frozenset({TOKEN})
    job.hub.add_repo(PRIVATE, MODELS / "base", private=True, readers=readers)
    job.hub.add_repo(GATED, MODELS / "base", gated=True, readers=readers)
    job.inputs["read-token"] = TOKEN
    return job


def on_pull_request(job: Job, base: str, *, private: bool = False, policy: str = "") -> Ended:
    """Run the action over a card that declares this base."""
    job.write("models/tiny/README.md", f"---\nbase_model: {base}\n---\n# M\n")
    job.write(".github/hubcheck.yml", policy or "depth: sample\n")
    job.hub.forget()
    payload = pull_request()
    payload["repository"]["private"] = private
    job.github.world.comments[7].clear()
    return job.run("pull_request", payload)


def report_of(job: Job, ended: Ended) -> Report:
    """Return the report that an action left."""
    return Report.model_validate_json((job.workspace / ended.outputs["report-path"]).read_bytes())


def said(job: Job, ended: Ended) -> str:
    """Return all that anybody can read of an answer."""
    [comment] = job.github.world.standing(7)
    report = (job.workspace / ended.outputs["report-path"]).read_text()
    return "\n".join([*ended.log, ended.summary, comment.body, report, str(ended.outputs)])


def asked_with_token(job: Job) -> list[str]:
    """Return the addresses that the token was sent to."""
    sent = (e for e in job.hub.exchanges if TOKEN in str(dict(e.headers)))
    return [e.path for e in sent]


@attack("action", "a card that names a private model which the job's token may read",
        before="its existence, commit, hits and similarity in the comment",
        now="the words of a model that is not there; the token is not used")  # fmt: skip
def test_a_private_model_answers_like_none(trap: Job) -> None:
    """Nothing in the answer tells one from the other."""
    hidden = on_pull_request(trap, PRIVATE)
    assert asked_with_token(trap) == []
    [finding] = report_of(trap, hidden).findings
    assert finding.verdict is Verdict.NOT_TESTED
    assert (finding.code, finding.base.revision) == (ReasonCode.MISSING, "")
    assert hidden.outputs["status"] == "error"
    repository = trap.hub.repository(PRIVATE)
    assert repository is not None
    assert repository.refs["main"] not in said(trap, hidden)
    [of_private] = report_of(trap, hidden).findings
    [of_gone] = report_of(trap, on_pull_request(trap, GONE)).findings
    same = json.dumps(of_private.model_dump(mode="json")).replace(PRIVATE, GONE)
    assert json.loads(same) == of_gone.model_dump(mode="json")


def test_what_the_owner_names_is_tested(trap: Job) -> None:
    """Gated models are known to everybody; the policy file, and the workflow, may name more."""
    policy = f"allow-private: [{PRIVATE.upper()}]\n"
    assert on_pull_request(trap, GATED).outputs["verdict"] == "confirmed"
    assert on_pull_request(trap, PRIVATE, policy=policy).outputs["verdict"] == "confirmed"
    assert on_pull_request(trap, PRIVATE, private=True).outputs["verdict"] == "confirmed"
    trap.inputs["bases"] = PRIVATE
    assert on_pull_request(trap, GONE).outputs["verdict"] == "confirmed"


@attack("action", "a public base whose own card names a private ancestor",
        before="its licence, date and ancestors in the report", now="found by nobody")  # fmt: skip
def test_ancestors_are_asked_for_without_the_token(trap: Job) -> None:
    """The declared graph is public or it is not walked."""
    trap.hub.push(PRIVATE, {"README.md": b"---\nlicense: other\nlicense_name: told\n---\n"})
    trap.hub.push("zoo/base", {"README.md": f"---\nbase_model: {PRIVATE}\n---\n".encode()})
    ended = on_pull_request(trap, "zoo/base")
    assert ended.outputs["verdict"] == "confirmed"
    assert PRIVATE not in str(asked_with_token(trap))
    assert "told" not in (trap.workspace / ended.outputs["report-path"]).read_text()


@attack("serve", "a pushed card that names a private model which the server's token may read",
        before="its existence, commit, hits and similarity in the discussion",
        now="the words of a model that is not there")  # fmt: skip
def test_the_receivers_check_does_the_same(
    trap: Job, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The words with which the receiver runs a check, with and without the model allowed."""
    trap.hub.add_repo("acme/m", MODELS / "finetune")
    trap.hub.push("acme/m", {"README.md": f"---\nbase_model: {PRIVATE}\n---\n".encode()})
    monkeypatch.setenv("HUBCHECK_READ_TOKEN", TOKEN)
    plan = CheckHere(depth="sample", max_read=None, fail_on="none", suspects=(), publish=(),
                     create_pr=False, seconds=60)  # fmt: skip
    codes = []
    for allowed in ((), (PRIVATE,)):
        manner = CheckHere(**{f.name: getattr(plan, f.name) for f in fields(plan)}
                           | {"allow_private": allowed}).manner()  # fmt: skip
        main(["check", "acme/m", *manner, "--out", str(tmp_path / "o"), "--seed", "5"])
        report = Report.model_validate_json((tmp_path / "o/report.json").read_bytes())
        codes.append((report.findings[0].status, report.findings[0].code))
    assert codes == [("not-tested", ReasonCode.MISSING), ("tested", ReasonCode.NONE)]
    assert main(["check", "acme/m", "--out", str(tmp_path / "p")]) == ExitCode.OK
