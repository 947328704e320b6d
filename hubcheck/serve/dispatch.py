"""How is a workflow on GitHub told of a push to the Hub?"""

from __future__ import annotations

from hubcheck.errors import printable
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.errors import GitHubError, RateLimitedError, UncertainError
from hubcheck.serve.carry_out import Ending, Guarded, Later
from hubcheck.serve.job import Result, State
from hubcheck.serve.payload import Push
from hubcheck.serve.settings import Dispatch


def dispatch(push: Push, plan: Dispatch, guarded: Guarded) -> Ending:
    """Send one ``repository_dispatch``; what GitHub may not have got is sent again.

    Twice is harmless, for the workflow edits its own comment; never is not.
    """
    ending = guarded.look(push)
    if ending is not None:
        return ending
    try:
        GitHub(plan.token, api=plan.api).post(
            f"/repos/{plan.repository}/dispatches",
            {"event_type": plan.event_type, "client_payload": client_payload(push)},
        )
    except (RateLimitedError, UncertainError) as error:
        return Later(seconds=300, note=printable(error, limit=600))
    except GitHubError as error:
        return Result(state=State.FAILED, note=printable(error, limit=600))
    return Result(state=State.DONE, note=f"sent to {plan.repository} on GitHub")


def client_payload(push: Push) -> dict[str, object]:
    """Return what the workflow is told: ids and commits, nothing that a pusher could word."""
    return {
        "repo": push.repo,
        "ref": push.ref,
        "old_sha": push.old_sha,
        "new_sha": push.new_sha,
        "discussion": push.pull_request,
    }
