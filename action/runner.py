"""Where does the job run, and which files does the runner read afterwards?"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hubcheck.errors import UsageError, printable
from hubcheck.publish.github.client import PUBLIC_API

EVENT_LIMIT: Final = 30_000_000
"""Bytes of an event; GitHub's own limit for a webhook is 25 MB."""

_REPOSITORY: Final = re.compile(r"([A-Za-z0-9_.-]{1,100})/([A-Za-z0-9_.-]{1,100})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Runner:
    """What the runner told this container."""

    workspace: Path
    event_name: str
    event: Mapping[str, Any]
    """The webhook's body; every value in it may be chosen by a stranger."""
    owner: str
    repository: str
    """Name without its owner."""
    sha: str
    run_id: int
    server: str
    api: str
    graphql: str
    output: Path | None
    summary: Path | None

    @property
    def full_name(self) -> str:
        """``owner/name``, or nothing outside of a job."""
        return f"{self.owner}/{self.repository}" if self.owner else ""

    @property
    def is_private(self) -> bool:
        """Whether the event says that not everybody reads this repository's jobs and comments."""
        repository = self.event.get("repository")
        return isinstance(repository, dict) and repository.get("private") is True


def read_runner(environment: Mapping[str, str]) -> Runner:
    """Return where this runs.

    Raises:
        UsageError: the event cannot be read.
    """
    named = _REPOSITORY.fullmatch(environment.get("GITHUB_REPOSITORY", ""))
    api = environment.get("GITHUB_API_URL") or PUBLIC_API
    run_id = environment.get("GITHUB_RUN_ID", "")
    return Runner(
        workspace=Path(environment.get("GITHUB_WORKSPACE") or "."),
        event_name=environment.get("GITHUB_EVENT_NAME", ""),
        event=_event(environment.get("GITHUB_EVENT_PATH", "")),
        owner=named.group(1) if named else "",
        repository=named.group(2) if named else "",
        sha=environment.get("GITHUB_SHA", ""),
        run_id=int(run_id) if run_id.isascii() and run_id.isdecimal() else 0,
        server=environment.get("GITHUB_SERVER_URL") or "https://github.com",
        api=api,
        graphql=environment.get("GITHUB_GRAPHQL_URL") or f"{api.rstrip('/')}/graphql",
        output=_path(environment.get("GITHUB_OUTPUT")),
        summary=_path(environment.get("GITHUB_STEP_SUMMARY")),
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text else None


def _event(path: str) -> Mapping[str, Any]:
    if not path:
        return {}
    try:
        with Path(path).open("rb") as file:
            document = json.loads(file.read(EVENT_LIMIT))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(
            f"The event at '{printable(path)}' cannot be read: {printable(error)}.",
            cause="GITHUB_EVENT_PATH names no JSON file.",
            next_step="run this as a step of a workflow, or see docs/action.md.",
        ) from error
    return document if isinstance(document, dict) else {}
