"""Which discussions, pull requests and comments on the Hub did hubcheck write?

Those of the token's own user that begin with the hidden marker. A marker in somebody else's text
means nothing: editing it, or adding to it, would lend a stranger hubcheck's name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcheck.publish.hub import texts

if TYPE_CHECKING:
    from huggingface_hub import DiscussionComment, DiscussionWithDetails

    from hubcheck.publish.hub.client import HubClient


def own_topics(client: HubClient, kind: str) -> list[DiscussionWithDetails]:
    """Return the topics that hubcheck opened, oldest first, closed ones included.

    Args:
        client: The repository.
        kind: ``pull_request`` or ``discussion``.
    """
    found = [client.topic(topic.num) for topic in client.topics_of(client.name(), kind=kind)]
    return [topic for topic in found if _begins_with_marker(topic, client.repo_id)]


def own_comments(client: HubClient, number: int) -> list[DiscussionComment]:
    """Return hubcheck's comments in a topic, oldest first.

    A hidden comment has no text left to tell by, so every hidden one of the same user counts. The
    description of an own pull request carries the marker too and is no comment.
    """
    topic = client.topic(number)
    name = client.name()
    comments = _comments(topic)
    if topic.is_pull_request:
        comments = comments[1:]
    return [
        c
        for c in comments
        if c.author == name and (c.hidden or texts.is_marked(c.content, client.repo_id))
    ]


def _begins_with_marker(topic: DiscussionWithDetails, repo_id: str) -> bool:
    comments = _comments(topic)
    return bool(comments) and texts.is_marked(comments[0].content, repo_id)


def _comments(topic: DiscussionWithDetails) -> list[DiscussionComment]:
    from huggingface_hub import DiscussionComment

    return [event for event in topic.events if isinstance(event, DiscussionComment)]
