"""Can a report that the action made be replayed, whatever its policy file says?"""

from __future__ import annotations

import json
import shlex
from datetime import date, timedelta
from pathlib import Path

import pytest

from hubcheck.card.wording import sentence
from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.report.load import load_report
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.schema import Report
from tests.action.conftest import MODELS, Job


def replayed(job: Job, path: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Replay a report of a job and return exit code and output."""
    capsys.readouterr()
    code = main(["replay", str(job.workspace / path)])
    return code, capsys.readouterr().out


@pytest.fixture
def hub(job: Job, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """Return a job whose Hub is this machine's, standing outside of the workspace."""
    monkeypatch.chdir(tmp_path_factory.mktemp("else"))
    monkeypatch.setenv("HF_ENDPOINT", job.hub.endpoint)
    return job


def test_a_run_replays(hub: Job, capsys: pytest.CaptureFixture[str]) -> None:
    """Zero differences, with the names that the files leak, from another folder."""
    path = hub.workspace / "models/tiny/config.json"
    path.write_text(path.read_text().replace("{", '{"_name_or_path": "zoo/twin",', 1))
    hub.hub.add_repo("zoo/twin", MODELS / "twin")
    ended = hub.run("schedule", {})
    report = json.loads((hub.workspace / ended.outputs["report-path"]).read_text())
    assert [f["base"]["ref"] for f in report["findings"]] == ["zoo/base", "zoo/twin"]
    code, text = replayed(hub, ended.outputs["report-path"], capsys)
    assert code == 0, text
    assert "the replay agrees: 2 bases" in text


@pytest.mark.parametrize("accepted", [False, True])
def test_the_line_on_the_card_repeats_a_run(
    hub: Job, monkeypatch: pytest.MonkeyPatch, accepted: bool
) -> None:
    """In the checkout it asks for the same: leaked names, policy, what is accepted."""
    hub.put_model("wrong-declaration")
    path = hub.workspace / "models/tiny/config.json"
    path.write_text(path.read_text().replace("{", '{"_name_or_path": "zoo/twin",', 1))
    hub.hub.add_repo("zoo/twin", MODELS / "twin")
    policy = "fail-on: [contradicted, disguised]\nmax-read: 60MB\n"
    if accepted:
        entries = (f"  - base: zoo/{n}\n    reason: known and agreed\n" for n in ("base", "twin"))
        policy += "allow:\n" + "".join(entries)
    hub.write(".github/hubcheck.yml", policy)
    ended = hub.run("schedule", {})
    before = Report.model_validate_json((hub.workspace / ended.outputs["report-path"]).read_bytes())
    assert "--suspect files" in before.replay
    assert str(hub.workspace) not in before.replay
    assert ("--policy .github/hubcheck.yml" in before.replay) is accepted
    monkeypatch.chdir(hub.workspace)
    code = main([*shlex.split(before.replay)[1:], "--out", "again"])
    assert code == ended.code == (ExitCode.OK if accepted else ExitCode.POLICY_FAILED)
    after = Report.model_validate_json((hub.workspace / "again" / "report.json").read_bytes())
    clock = {"started": "", "finished": "", "seconds": 0.0}
    assert after.model_copy(update=clock) == before.model_copy(update=clock)


def test_a_folder_named_in_full_is_called_as_in_the_checkout(hub: Job) -> None:
    """Neither report nor card shows where the runner keeps its workspace."""
    hub.inputs["model"] = str(hub.workspace / "models/tiny")
    ended = hub.run("schedule", {})
    folder = (hub.workspace / ended.outputs["report-path"]).parent
    for file in ("report.json", "card.md"):
        assert str(hub.workspace) not in (folder / file).read_text()
    report = json.loads((folder / "report.json").read_text())
    assert report["subject"]["ref"] == "models/tiny"


def test_the_line_of_a_model_on_the_hub_names_its_revision(hub: Job) -> None:
    """A run for a commit is repeated for that commit, not for what ``main`` is by then."""
    commit = hub.hub.push("zoo/base", MODELS / "base").oid
    hub.inputs |= {"model": "zoo/base", "revision": commit, "suspects": "none"}
    ended = hub.run("schedule", {})
    report = json.loads((hub.workspace / ended.outputs["report-path"]).read_text())
    assert f"hubcheck check zoo/base@{commit} " in report["replay"]


def test_a_leaked_name_that_is_left_out_of_the_report_is_found(
    hub: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    """A report of such a run cannot forget what the files name."""
    path = hub.workspace / "models/tiny/config.json"
    path.write_text(path.read_text().replace("{", '{"_name_or_path": "zoo/twin",', 1))
    hub.hub.add_repo("zoo/twin", MODELS / "twin")
    ended = hub.run("schedule", {})
    place = hub.workspace / ended.outputs["report-path"]
    report = json.loads(place.read_text())
    del report["findings"][1]
    place.write_text(json.dumps(report))
    code, text = replayed(hub, ended.outputs["report-path"], capsys)
    assert code == ExitCode.POLICY_FAILED
    assert "findings[1]: (not there) in the report" in text


@pytest.mark.parametrize("days", [1, -1])
def test_what_the_policy_file_accepts_is_named_as_unverified(
    hub: Job, capsys: pytest.CaptureFixture[str], days: int
) -> None:
    """The conclusion comes out the same; that it was accepted is the report's own word."""
    hub.put_model("wrong-declaration")
    day = date.today() + timedelta(days=days)  # noqa: DTZ011 - a day more or less does not matter
    if days > 0:
        day += timedelta(days=1)
    text = f"allow:\n  - base: zoo/base\n    reason: known and agreed\n    expires: {day}\n"
    hub.write(".github/hubcheck.yml", text)
    ended = hub.run("schedule", {})
    assert ended.outputs["conclusion"] == ("neutral" if days > 0 else "fail")
    code, said = replayed(hub, ended.outputs["report-path"], capsys)
    assert code == 0, said
    assert "unverified: policy.allow: what a policy file accepted" in said


def test_a_base_of_the_policy_file_that_is_a_pull_request_is_refused(hub: Job) -> None:
    """``bases`` of the policy file, and the input, obey the rule of every declared base."""
    hub.hub.push("zoo/base", MODELS / "twin", ref="refs/pr/9")
    hub.write(".github/hubcheck.yml", "bases:\n  - zoo/base@refs/pr/9\n")
    for _ in range(2):
        ended = hub.run("schedule", {})
        assert Path(ended.outputs["report-path"]).name == "report.json"
        report = load_report(hub.workspace / ended.outputs["report-path"])
        [finding] = report.findings
        assert [one.code for one in finding.reason] == [PhraseCode.PROPOSAL]
        assert sentence(finding.reason).startswith("a proposal to zoo/base, not zoo/base")
        assert "zoo/base@refs/pr/9" in ended.summary
        assert "`zoo/base`" not in ended.summary
        (hub.workspace / ".github/hubcheck.yml").unlink(missing_ok=True)
        hub.inputs["bases"] = "zoo/base@refs/pr/9"
