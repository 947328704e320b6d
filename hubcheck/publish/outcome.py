"""How did one attempt to publish end?"""

from __future__ import annotations

from hubcheck.errors import HubcheckError, printable
from hubcheck.frozen import frozen


@frozen
class Published:
    """Something was written."""

    what: str
    """In words: 'the section, the badge and the report', 'a comment'."""
    where: str
    """An address or a path."""
    number: int = 0
    """The pull request or discussion, 0 for none."""


@frozen
class Unchanged:
    """Everything was there already; nothing was written."""

    what: str
    where: str
    number: int = 0


@frozen
class NotPublished:
    """Nothing was written, for a reason that is no fault of the check."""

    what: str
    reason: str


Outcome = Published | Unchanged | NotPublished


def sentence(outcome: Outcome, *, dry_run: bool = False) -> str:
    """Return the outcome as one line of plain text."""
    match outcome:
        case Published(what=what, where=where):
            done = "would write" if dry_run else "wrote"
            return f"{done} {what}: {printable(where, limit=300)}"
        case Unchanged(what=what, where=where):
            return f"{what} is already there: {printable(where, limit=300)}"
        case NotPublished(what=what, reason=reason):
            return f"warning: {what} was not written: {reason}"


def not_published(what: str, error: HubcheckError) -> NotPublished:
    """Return the outcome for trouble that must not end the run."""
    return NotPublished(what=what, reason=printable(error, limit=600))
