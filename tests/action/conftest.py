"""A job of GitHub Actions on this machine: workspace, event, environment, and what came of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import pytest

from action.run import run
from hubcheck.errors import ExitCode
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import NAME, OWNER, event
from tests.hubserver.server import LocalHub

MODELS: Final = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
HEAD: Final = "a" * 40
BASE: Final = "b" * 40
RUN: Final = 4242


@dataclass
class Ended:
    """What a job left behind."""

    code: ExitCode
    log: list[str]
    outputs: dict[str, str]
    summary: str

    def annotations(self, level: str) -> list[str]:
        """Return the annotations of a level."""
        return [line for line in self.log if line.startswith(f"::{level} ")]


@dataclass
class Job:
    """Runs the action in this process, with files and sockets as on a runner."""

    folder: Path
    github: LocalGitHub
    hub: LocalHub
    inputs: dict[str, str] = field(default_factory=dict)
    token: str = "bot-token"
    server: str = "https://github.com"
    """Where the repository's large files lie."""
    run_id: int = RUN

    @property
    def workspace(self) -> Path:
        """The checkout."""
        return self.folder / "workspace"

    def put_model(self, name: str = "finetune", folder: str = "models/tiny") -> Path:
        """Put a model of the demo into the workspace."""
        target = self.workspace / folder
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(MODELS / name, target)
        return target

    def write(self, name: str, text: str) -> None:
        """Put a file into the workspace."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def environment(self, name: str, payload: dict[str, Any], sha: str) -> dict[str, str]:
        """Return what a runner sets."""
        path = self.folder / "event.json"
        path.write_text(json.dumps(payload))
        given = {"github-token": self.token, "model": "models/tiny", **self.inputs}
        return {
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": str(path),
            "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
            "GITHUB_SHA": sha,
            "GITHUB_RUN_ID": str(self.run_id),
            "GITHUB_SERVER_URL": self.server,
            "GITHUB_API_URL": self.github.address,
            "GITHUB_GRAPHQL_URL": f"{self.github.address}/graphql",
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            **{f"INPUT_{k.upper()}": v for k, v in given.items()},
        }

    def run(self, name: str, payload: dict[str, Any], *, sha: str = HEAD) -> Ended:
        """Run the action for an event."""
        for file in ("output", "summary"):
            (self.folder / file).write_text("")
        log: list[str] = []
        code = run(
            self.environment(name, payload, sha),
            now=lambda: datetime.now(UTC),
            write=log.append,
            sleep=lambda _seconds: None,
        )
        self.run_id += 1
        return Ended(
            code=code,
            log=log,
            outputs=read_outputs((self.folder / "output").read_text()),
            summary=(self.folder / "summary").read_text(),
        )

    def on_pull_request(self, *, fork: bool = False, target: bool = False) -> Ended:
        """Run the action for a pull request."""
        name = "pull_request_target" if target else "pull_request"
        return self.run(name, pull_request(fork=fork), sha=BASE if target else HEAD)


def pull_request(*, fork: bool = False, head: str = HEAD) -> dict[str, Any]:
    """Return the event of pull request 7."""
    payload = event("pull_request", number=7)
    payload["pull_request"]["number"] = 7
    payload["pull_request"]["head"]["sha"] = head
    if fork:
        payload["pull_request"]["head"]["repo"]["full_name"] = f"stranger/{NAME}"
    return payload


def finished_run(
    *, head: str = HEAD, run_id: int = RUN, of: str = "pull_request"
) -> dict[str, Any]:
    """Return the event of a finished run for a pull request from a fork."""
    payload = event("workflow_run")
    payload["workflow_run"] |= {
        "id": run_id,
        "head_sha": head,
        "head_branch": "changes",
        "event": of,
    }
    payload["workflow_run"]["head_repository"]["full_name"] = f"stranger/{NAME}"
    payload["workflow_run"]["head_repository"]["owner"]["login"] = "stranger"
    return payload


def read_outputs(text: str) -> dict[str, str]:
    """Return outputs as the runner reads them: a name, an end mark, lines up to it."""
    outputs: dict[str, str] = {}
    lines = text.splitlines()
    while lines:
        name, _, end = lines.pop(0).partition("<<")
        value: list[str] = []
        while lines[0] != end:
            value.append(lines.pop(0))
        lines.pop(0)
        outputs[name] = "\n".join(value)
    return outputs


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Job]:
    """A job over an honest fine-tune in ``models/tiny`` whose base lies on the local Hub."""
    with LocalGitHub() as github, LocalHub() as hub:
        github.world.add_pull(7, head=HEAD)
        hub.add_repo("zoo/base", MODELS / "base")
        (tmp_path / "workspace").mkdir()
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        monkeypatch.chdir(tmp_path / "workspace")
        one = Job(folder=tmp_path, github=github, hub=hub)
        one.put_model()
        yield one
        assert github.violations == []
