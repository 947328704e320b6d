"""How is the image run as GitHub's runner runs it?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tests.action.conftest import HEAD, MODELS, RUN, read_outputs
from tests.githubserver.world import NAME, OWNER
from tests.hubserver.server import LocalHub

IMAGE: Final = "localhost/hubcheck:small"
HARDENED: Final = (
    "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
    "--memory", "512m", "--pids-limit", "128", "--tmpfs", "/tmp",
)  # fmt: skip
"""No row of the table needs more than this."""
INNER: Final = ("home", "workflow", "file_commands", "workspace")
COMPOSITE: Final = Path(__file__).parents[3] / "composite" / "run.sh"


@dataclass
class Ended:
    """What a container left behind."""

    code: int
    log: str
    outputs: dict[str, str]
    summary: str
    first_line_s: float
    seconds: float


@dataclass
class Machine:
    """A runner: its folders, its servers' addresses, podman's settings."""

    folder: Path
    work: Path
    api: str
    graphql: str
    hub: str
    local_hub: LocalHub
    inputs: dict[str, str] = field(default_factory=dict)
    network: tuple[str, ...] = ("--network", "host")
    run_id: int = RUN

    @property
    def workspace(self) -> Path:
        """The checkout."""
        return self.folder / "workspace"

    def put_model(self, name: str, folder: str = "models/tiny") -> None:
        """Put a model of the demo into the workspace."""
        target = self.workspace / folder
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(MODELS / name, target)

    def run(
        self, name: str, payload: dict[str, Any], *, login: str = "bot-token", sha: str = HEAD
    ) -> Ended:
        """Run the image for an event."""
        environment = self._prepared("/github", name, payload, login=login, sha=sha)
        command = ["podman", "run", "--rm", "--workdir", "/github/workspace", *self.network]
        command += HARDENED
        for key, value in environment.items():
            command += ["-e", f"{key}={value}"]
        for inner in INNER:
            command += ["-v", f"{self.folder / inner}:/github/{inner}"]
        settings = {"CONTAINERS_CONF": str(self.work / "containers.conf")}
        return self._wait([*command, IMAGE], {**os.environ, **settings})

    def run_without_docker(self, name: str, payload: dict[str, Any]) -> Ended:
        """Run what ``composite/action.yml`` runs for an event, on this machine.

        What reaches the registry from here (certificates, pip's settings) stays in the environment.
        """
        prepared = self._prepared(str(self.folder), name, payload, login="bot-token", sha=HEAD)
        # Its steps name inputs as a shell can: composite/action.yml.
        given = {k.replace("-", "_"): v for k, v in prepared.items()}
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "GITHUB_"))}
        runner = {"RUNNER_TEMP": str(self.folder / "temp"), "HUBCHECK_PYTHON": sys.executable}
        shutil.rmtree(self.folder / "temp", ignore_errors=True)
        return self._wait([str(COMPOSITE)], {**kept, **given, **runner}, cwd=self.workspace)

    def _prepared(
        self, root: str, name: str, payload: dict[str, Any], *, login: str, sha: str
    ) -> dict[str, str]:
        """Return a job's environment, its folders made; ``root`` is where the job sees them."""
        for inner in INNER:
            (self.folder / inner).mkdir(parents=True, exist_ok=True)
        (self.folder / "workflow" / "event.json").write_text(json.dumps(payload))
        for file in ("output", "summary"):
            (self.folder / "file_commands" / file).write_text("")
        given = {"github-token": login, "model": "models/tiny", **self.inputs}
        self.run_id += 1
        return {
            **{f"INPUT_{key.upper()}": value for key, value in given.items()},
            "HOME": f"{root}/home",
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": f"{root}/workspace",
            "GITHUB_EVENT_NAME": name,
            "GITHUB_EVENT_PATH": f"{root}/workflow/event.json",
            "GITHUB_REPOSITORY": f"{OWNER}/{NAME}",
            "GITHUB_SHA": sha,
            "GITHUB_RUN_ID": str(self.run_id - 1),
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": self.api,
            "GITHUB_GRAPHQL_URL": self.graphql,
            "GITHUB_OUTPUT": f"{root}/file_commands/output",
            "GITHUB_STEP_SUMMARY": f"{root}/file_commands/summary",
            "HF_ENDPOINT": self.hub,
        }

    def _wait(
        self, command: list[str], environment: dict[str, str], cwd: Path | None = None
    ) -> Ended:
        started = time.monotonic()
        with subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment,
            cwd=cwd,
        ) as process:
            assert process.stdout is not None
            lines = [process.stdout.readline()]
            first = time.monotonic() - started
            lines += process.stdout.readlines()
        return Ended(
            code=process.returncode,
            log="".join(lines),
            outputs=read_outputs((self.folder / "file_commands" / "output").read_text()),
            summary=(self.folder / "file_commands" / "summary").read_text(),
            first_line_s=first,
            seconds=time.monotonic() - started,
        )
