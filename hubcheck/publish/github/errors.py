"""How can a request to GitHub fail, as far as the caller can do something about it?"""

from __future__ import annotations

from typing import ClassVar

from hubcheck.errors import ExitCode, HubcheckError, printable


class GitHubError(HubcheckError):
    """A request failed for good; nothing more specific is known."""

    exit_code: ClassVar[ExitCode] = ExitCode.UNREACHABLE

    def __init__(self, what: str, *, cause: str = "", next_step: str = "", status: int = 0) -> None:
        """Keep the answer's status beside the three parts of the message."""
        super().__init__(
            what,
            cause=cause or "GitHub had a fault, or the network between.",
            next_step=next_step or "run the job again; the report and the summary are complete.",
        )
        self.status = status


class ForbiddenError(GitHubError):
    """The token may not do this (401, 403): the normal case on a pull request from a fork."""


class NotFoundError(GitHubError):
    """What was named is not there (404, 410), or the token may not see it."""


class InvalidError(GitHubError):
    """GitHub understood the request and refused its content (422)."""


class RateLimitedError(GitHubError):
    """The wait that GitHub asks for is longer than this run may wait."""


class UncertainError(GitHubError):
    """No answer came to a request that must not be sent twice: it may have been carried out."""


def refused(status: int, method: str, path: str, message: str) -> GitHubError:
    """Return the error for an answer's status.

    Args:
        status: HTTP status of 400 or more.
        method: Of the request.
        path: Of the request, without the host; may hold hostile names.
        message: What GitHub said about it; hostile as far as it repeats our request.
    """
    what = f"{method} {printable(path)} was answered {status}: {printable(message or 'no reason')}."
    if status in {401, 403}:
        return ForbiddenError(
            what,
            cause="the token has no such permission; a fork's token is always read-only.",
            next_step="give the job the permission named in docs/action.md, or use two stages.",
            status=status,
        )
    if status in {404, 410}:
        return NotFoundError(
            what,
            cause="it was deleted, or the token may not see it.",
            next_step="check the names and the token's permissions.",
            status=status,
        )
    if status == 422:  # noqa: PLR2004 - GitHub's word for "understood, refused"
        return InvalidError(
            what,
            cause="a limit of GitHub, or a value it does not take.",
            next_step="report this as a fault of hubcheck if it happens again.",
            status=status,
        )
    return GitHubError(what, status=status)
