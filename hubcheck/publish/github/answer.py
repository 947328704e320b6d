"""How does one pull request end up with one correct comment?

Edited in place, so that a pull request holds one answer; when the conclusion gets worse the old one
is folded away and a new one notifies, because editing notifies nobody. Another run may do the same
at the same moment, and a comment may vanish between two requests: whatever happens, the oldest
comment that is not folded away is the one, and it tells about the newest run.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.comments import (
    Comment,
    PullRequestPlace,
    create,
    delete,
    edit,
    minimise,
    own_comments,
)
from hubcheck.publish.github.errors import (
    ForbiddenError,
    GitHubError,
    InvalidError,
    NotFoundError,
    UncertainError,
)
from hubcheck.publish.github.state import State
from hubcheck.report.words import Conclusion

ROUNDS: Final = 4
"""Times a comment is looked up again after a surprise before the run gives up."""
SHRINK: Final = (1.0, 0.6, 0.3, 0.1)
"""Shares of the size limit tried when GitHub refuses the text as too long."""
SEVERITY: Final = {Conclusion.PASS: 0, Conclusion.NEUTRAL: 1, Conclusion.FAIL: 2}


class Mode(StrEnum):
    """When a comment is written."""

    CHANGES = "changes"
    ALWAYS = "always"
    FAILURES = "failures"
    OFF = "off"


class Done(StrEnum):
    """What became of the comment."""

    CREATED = "created"
    EDITED = "edited"
    REPLACED = "replaced"
    LEFT = "left as it is"
    SKIPPED = "not wanted"
    OUTRUN = "left to a newer run"


@frozen
class Answered:
    """What became of the comment, and where it is."""

    done: Done
    url: str = ""


@frozen
class Wanted:
    """The comment that should be there."""

    comment_id: str
    mode: Mode
    state: State
    body: Callable[[State | None, float], str]
    """Returns the text, given what the last comment said and the share of the size limit."""


def latest(comments: tuple[Comment, ...]) -> Comment | None:
    """Return the comment that speaks now: the oldest that is not folded away.

    Where all are, a maintainer folded the newest one; it stays so unless things get worse.
    """
    standing = next((c for c in comments if not c.minimised), None)
    return standing or (comments[-1] if comments else None)


def answer(github: GitHub, place: PullRequestPlace, wanted: Wanted) -> Answered:
    """Bring a pull request's comment up to date.

    Raises:
        GitHubError: a subclass says why it could not be done.
    """
    if wanted.mode is Mode.OFF:
        return Answered(done=Done.SKIPPED)
    failure: GitHubError | None = None
    for _ in range(ROUNDS):
        comments = own_comments(github, place, wanted.comment_id)
        try:
            return _once(github, place, wanted, comments)
        except (NotFoundError, UncertainError) as error:
            # Deleted meanwhile, or written without our hearing of it: look again.
            failure = error
    raise failure or GitHubError("The comment could not be written.")


def _once(
    github: GitHub, place: PullRequestPlace, wanted: Wanted, comments: tuple[Comment, ...]
) -> Answered:
    now = latest(comments)
    before = now.state if now else None
    if now is not None and now.state == wanted.state:
        # Also the end of a creation whose answer was lost.
        _settle(github, place, wanted, own=now)
        return Answered(done=Done.LEFT, url=now.url)
    if now is not None and now.state is not None and now.state.run > wanted.state.run > 0:
        return Answered(done=Done.OUTRUN, url=now.url)
    failed = wanted.state.conclusion is Conclusion.FAIL
    if now is None and wanted.mode is Mode.FAILURES and not failed:
        return Answered(done=Done.SKIPPED)
    if now is None:
        written = _sized(lambda body: create(github, place, body), wanted, before)
        return _settle(github, place, wanted, own=written)
    worse = before is not None and _is_worse(wanted.state.conclusion, before.conclusion)
    if not worse:
        written = _sized(lambda body: edit(github, place, now.number, body), wanted, before)
        return Answered(done=Done.EDITED, url=written.url or now.url)
    # Folded first: if the run dies in between, the next one writes a new comment all the same.
    if not _fold(github, comments):
        written = _sized(lambda body: edit(github, place, now.number, body), wanted, before)
        return Answered(done=Done.EDITED, url=written.url or now.url)
    written = _sized(lambda body: create(github, place, body), wanted, before)
    settled = _settle(github, place, wanted, own=written)
    return Answered(done=Done.REPLACED, url=settled.url)


def _settle(github: GitHub, place: PullRequestPlace, wanted: Wanted, *, own: Comment) -> Answered:
    """Leave one comment of several that runs wrote at once: the oldest, about the newest run."""
    comments = own_comments(github, place, wanted.comment_id)
    standing = [c for c in comments if not c.minimised]
    if len(standing) <= 1 or all(c.number != own.number for c in standing):
        return Answered(done=Done.CREATED, url=own.url)
    first = standing[0]
    if own.number == first.number:
        # The others see this one too, and give way themselves; a twin of ours is ours to remove.
        for twin in standing[1:]:
            if twin.state is not None and twin.state == own.state:
                _remove(github, place, twin.number)
        return Answered(done=Done.CREATED, url=own.url)
    newer = first.state is None or first.state.run <= wanted.state.run
    if newer and first.state != wanted.state:
        _sized(lambda body: edit(github, place, first.number, body), wanted, first.state)
    _remove(github, place, own.number)
    return Answered(done=Done.EDITED if newer else Done.OUTRUN, url=first.url)


def _remove(github: GitHub, place: PullRequestPlace, number: int) -> None:
    try:
        delete(github, place, number)
    except NotFoundError:
        return


def _sized(write: Callable[[str], Comment], wanted: Wanted, before: State | None) -> Comment:
    """Write the comment, shorter each time GitHub refuses its length.

    Raises:
        InvalidError: even the shortest is refused, so length is not the reason.
    """
    refusal: InvalidError | None = None
    for share in SHRINK:
        try:
            return write(wanted.body(before, share))
        except InvalidError as error:
            refusal = error
    raise refusal or GitHubError("The comment could not be written.")


def _fold(github: GitHub, comments: tuple[Comment, ...]) -> bool:
    """Fold every standing comment away; False if the token may write comments but not fold them."""
    try:
        for old in comments:
            if not old.minimised:
                minimise(github, old)
    except ForbiddenError:
        return False
    except NotFoundError:
        return True
    return True


def _is_worse(now: Conclusion, before: Conclusion) -> bool:
    return SEVERITY[now] > SEVERITY[before]
