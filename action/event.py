"""What happened, to which commit, and where is it answered?

One value for each kind of event. Everything in a webhook's body may be chosen by a stranger: ids
are held against their grammar here, and nothing else of it is used.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from action.runner import Runner
from hubcheck.errors import UsageError, printable
from hubcheck.publish.github.pull_requests import is_commit
from hubcheck.source.reference import is_repo_id

NO_COMMIT: Final = "0" * 40
"""What a push of a new branch names as the commit before it."""
HUB_KEYS: Final = ("repo", "ref", "old_sha", "new_sha", "discussion")
"""Of ``client_payload``; GitHub takes ten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPullRequest:
    """A pull request was opened or pushed to."""

    number: int
    head: str
    target: bool
    """``pull_request_target``: runs with the base's rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnPush:
    """A branch was pushed to, or a merge queue built a commit."""

    after: str
    branch: str = ""
    """That was pushed to, where it may have a pull request: not a tag, nor the default branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFinishedRun:
    """Another workflow ended: the second stage for a pull request from a fork."""

    run_id: int
    head: str
    head_owner: str
    head_branch: str
    head_repository: str
    of_pull_request: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnHub:
    """Something was pushed to a model on the Hub, says ``repository_dispatch``."""

    repo: str
    before: str
    after: str
    """A commit, or empty: the default branch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDemand:
    """By hand, by the clock, or by an event that names no commit of its own."""

    name: str


Event: TypeAlias = OnPullRequest | OnPush | OnFinishedRun | OnHub | OnDemand


def read_event(runner: Runner) -> Event:
    """Return what happened.

    Raises:
        UsageError: the event lacks what its kind always has, or names no commit or model.
    """
    match runner.event_name:
        case "pull_request" | "pull_request_target":
            return _pull_request(runner)
        case "push":
            after = _commit(runner.event, "after") or _sha(runner)
            return OnPush(after=after, branch=_pushed_branch(runner.event))
        case "merge_group":
            group = _object(runner.event, "merge_group")
            return OnPush(after=_commit(group, "head_sha") or _sha(runner))
        case "workflow_run":
            return _finished_run(runner)
        case "repository_dispatch":
            return _hub(_object(runner.event, "client_payload"))
        case name:
            return OnDemand(name=printable(name, limit=40))


def _pull_request(runner: Runner) -> OnPullRequest:
    request = _object(runner.event, "pull_request")
    number = request.get("number") or runner.event.get("number")
    commit = _commit(_object(request, "head"), "sha")
    if not isinstance(number, int) or number < 1 or not commit:
        raise _incomplete(runner.event_name, "pull_request.number and pull_request.head.sha")
    return OnPullRequest(
        number=number,
        head=commit,
        target=runner.event_name == "pull_request_target",
    )


def _finished_run(runner: Runner) -> OnFinishedRun:
    run = _object(runner.event, "workflow_run")
    commit, number = _commit(run, "head_sha"), run.get("id")
    if not commit or not isinstance(number, int) or number < 1:
        raise _incomplete("workflow_run", "workflow_run.id and workflow_run.head_sha")
    repository = _object(run, "head_repository")
    return OnFinishedRun(
        run_id=number,
        head=commit,
        head_owner=_plain(_object(repository, "owner").get("login")),
        head_branch=_branch(run.get("head_branch")),
        head_repository=_plain(repository.get("full_name")),
        of_pull_request=run.get("event") == "pull_request",
    )


def _hub(payload: Mapping[str, Any]) -> OnHub:
    repo = payload.get("repo")
    if not isinstance(repo, str) or not is_repo_id(repo):
        shown = printable(repo) if isinstance(repo, str) else "nothing"
        raise UsageError(
            f"client_payload.repo is '{shown}'.",
            cause="the relay sends something else than the id of a model on the Hub.",
            next_step=f"send {', '.join(HUB_KEYS)}; see docs/action.md.",
        )
    for key in ("old_sha", "new_sha"):
        text = payload.get(key)
        if text not in (None, "") and not (isinstance(text, str) and is_commit(text)):
            raise UsageError(
                f"client_payload.{key} is '{printable(text)}'.",
                cause="the relay sends a branch where a commit is meant.",
                next_step="send the 40 hex digits of the commit.",
            )
    return OnHub(repo=repo, before=_commit(payload, "old_sha"), after=_commit(payload, "new_sha"))


def _object(values: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = values.get(key)
    return value if isinstance(value, dict) else {}


def _commit(values: Mapping[str, Any], key: str) -> str:
    value = values.get(key)
    return value if isinstance(value, str) and is_commit(value) and value != NO_COMMIT else ""


def _sha(runner: Runner) -> str:
    return runner.sha if is_commit(runner.sha) else ""


def _plain(value: object) -> str:
    """Return a login or ``owner/name`` if it is one, else nothing."""
    text = value if isinstance(value, str) else ""
    return text if text and all(c.isalnum() or c in "-_./" for c in text) else ""


def _pushed_branch(event: Mapping[str, Any]) -> str:
    ref, place = event.get("ref"), event.get("repository")
    usual = place.get("default_branch") if isinstance(place, dict) else None
    if not isinstance(ref, str) or not ref.startswith("refs/heads/"):
        return ""
    branch = _branch(ref.removeprefix("refs/heads/"))
    return "" if branch == usual else branch


def _branch(value: object) -> str:
    text = value if isinstance(value, str) else ""
    return text if text.isprintable() and len(text) <= 250 else ""  # noqa: PLR2004 - git's own limit


def _incomplete(name: str, missing: str) -> UsageError:
    return UsageError(
        f"The event {name} has no {missing}.",
        cause="GITHUB_EVENT_PATH holds another event than GITHUB_EVENT_NAME says.",
        next_step="run this as a step of a workflow.",
    )
