"""How does a card get into a discussion on the Hub, once?

One comment of our own per discussion, found by a hidden first line and edited in place. It goes to
the discussion that was named, else to the pull request whose head was checked, else to a discussion
of our own. Editing notifies nobody, which is right for every push after the first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.errors import HubcheckError
from hubcheck.publish.hub import texts
from hubcheck.publish.hub.own import own_comments, own_topics
from hubcheck.publish.outcome import NotPublished, Outcome, Published, Unchanged, not_published

if TYPE_CHECKING:
    from hubcheck.publish.hub.client import HubClient
    from hubcheck.report.schema import Report

WHAT: Final = "the comment"
HIDDEN: Final = "somebody hid hubcheck's comment there; it is not posted again"


def publish_comment(
    client: HubClient, report: Report, *, number: int = 0, given: bool = False
) -> Outcome:
    """Post or edit the one comment.

    Args:
        client: The repository, with the write role's token.
        report: The report.
        number: A discussion or pull request; 0 finds the place.
        given: Whether the report came as a file that nobody here has replayed.

    Returns:
        What happened. Discussions that are switched off and a token that may not comment are
        outcomes, not errors.
    """
    text = texts.comment_text(report, client.repo_id, given=given)
    try:
        place = number or client.refs().pull_request_at(report.subject.revision)
        place = place or next((t.num for t in own_topics(client, "discussion")), 0)
        if not place:
            place = client.open_discussion(texts.DISCUSSION_TITLE, text)
            return Published(what=WHAT, where=client.url(place), number=place)
        return _edit_or_post(client, place, text)
    except HubcheckError as error:
        return not_published(WHAT, error)


def _edit_or_post(client: HubClient, number: int, text: str) -> Outcome:
    where = client.url(number)
    own = own_comments(client, number)
    if any(comment.hidden for comment in own):
        return NotPublished(what=WHAT, reason=HIDDEN)
    if not own:
        client.comment(number, text)
        return Published(what=WHAT, where=where, number=number)
    if own[0].content.strip() == text.strip():
        return Unchanged(what=WHAT, where=where, number=number)
    client.edit(number, own[0].id, text)
    return Published(what=WHAT, where=where, number=number)
