"""How can publishing to the Hub fail, as far as the caller can do something about it?

Messages are ours: the text of an answer may quote what was sent with the request.
"""

from __future__ import annotations

from hubcheck.errors import ExitCode, HubcheckError, printable

DENIED = frozenset({401, 403})
GONE = frozenset({404, 410})
MOVED_ON = frozenset({409, 412})
"""The Hub answers 412 when a branch is not at the parent that was named."""


class HubPublishError(HubcheckError):
    """A request to the Hub failed for good; nothing more specific is known."""

    def __init__(self, what: str, *, cause: str = "", next_step: str = "") -> None:
        """Keep the three parts of the message, with the usual cause and next step."""
        super().__init__(
            what,
            cause=cause or "the Hub had a fault, or the network between.",
            next_step=next_step or "publish the same report again later.",
        )


class ForbiddenError(HubPublishError):
    """The token may not do this, or the owner has switched it off."""


class NotThereError(HubPublishError):
    """The repository, discussion or comment is not there, or this token may not see it."""


class ConflictError(HubPublishError):
    """Somebody else committed in between; nothing was written."""


class CredentialError(HubPublishError):
    """No usable token for a role; before a check this is a fault of the configuration."""

    exit_code = ExitCode.USAGE


def refused(status: int, *, doing: str, repo_id: str, disabled: bool = False) -> HubPublishError:
    """Return the error for an answer other than success.

    Args:
        status: What the Hub answered; 0 when there was no answer.
        doing: What was asked, beginning with a verb in -ing.
        repo_id: The repository.
        disabled: Whether the Hub said that discussions are switched off.
    """
    what = f"{doing} on '{printable(repo_id)}' failed"
    if disabled:
        return ForbiddenError(
            f"{what}: discussions and pull requests are switched off there.",
            cause="the owner has disabled the community tab.",
            next_step="enable it in the repository's settings, or commit directly.",
        )
    if status in DENIED:
        return ForbiddenError(
            f"{what}: the token may not do that (status {status}).",
            cause="it is read-only, expired, or lacks this permission for this repository.",
            next_step="give the write role a token that may write this repository and its "
            "discussions.",
        )
    if status in GONE:
        return NotThereError(
            f"{what}: not found (status {status}).",
            cause="it was deleted or renamed, or it is private and this token may not see it.",
            next_step="check the name, and the token's access.",
        )
    if status in MOVED_ON:
        return ConflictError(
            f"{what}: somebody else committed in between (status {status}).",
            cause="another run or a person was faster.",
            next_step="publish the same report again.",
        )
    if not status:
        return HubPublishError(f"{what}: no answer.", cause="the network, a proxy, or the Hub.")
    return HubPublishError(f"{what}: status {status}.")
