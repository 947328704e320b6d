"""How does a report get onto the model card of a repository on the Hub?

One commit with section, badge and report: on ``main``, or as a pull request of its own that later
runs add to. Every commit names the parent it was made for; if somebody was faster, everything is
read and edited once more, so that nobody's change is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from hubcheck.card.section import REPORT_FILE
from hubcheck.errors import HubcheckError
from hubcheck.publish.badge_files import is_stale
from hubcheck.publish.card_files import (
    MAX_OLD_REPORT,
    MAX_README,
    WHAT,
    Present,
    card_files,
    changed,
    outranked,
)
from hubcheck.publish.hub import texts
from hubcheck.publish.hub.client import MAIN, HubClient
from hubcheck.publish.hub.errors import ConflictError
from hubcheck.publish.hub.own import own_topics
from hubcheck.publish.hub.snapshot import Snapshot
from hubcheck.publish.model_card import README
from hubcheck.publish.outcome import NotPublished, Outcome, Published, Unchanged, not_published

if TYPE_CHECKING:
    from huggingface_hub import DiscussionWithDetails

    from hubcheck.report.schema import Report

OPEN: Final = frozenset({"open", "draft"})
DECLINED: Final = "with this proposal was closed by someone else; reopen it to have it updated"
TRIES: Final = 2
"""One more after a conflict. Two in a row mean that something commits without end."""


def publish_card(
    client: HubClient,
    report: Report,
    document: bytes,
    *,
    as_pull_request: bool,
    given: bool = False,
) -> Outcome:
    """Publish a report on the model card.

    Args:
        client: The repository, with the write role's token.
        report: The report.
        document: The same report as it was written.
        as_pull_request: Whether to propose the change instead of making it.
        given: Whether the report came as a file that nobody here has replayed.
    """
    attempt = _propose if as_pull_request else _commit
    try:
        return _again_after_conflict(lambda: attempt(client, report, document, given))
    except HubcheckError as error:
        return not_published(WHAT, error)


def _again_after_conflict(attempt: Callable[[], Outcome]) -> Outcome:
    for _ in range(TRIES - 1):
        try:
            return attempt()
        except ConflictError:
            continue
    return attempt()


def _commit(client: HubClient, report: Report, document: bytes, given: bool) -> Outcome:
    snapshot = Snapshot(client, MAIN)
    new = _new_files(snapshot, report, document, given)
    if isinstance(new, NotPublished):
        return new
    if not new:
        return Unchanged(what=WHAT, where=client.url())
    client.commit(new, title=texts.COMMIT_TITLE, text="", parent=snapshot.commit)
    return Published(what=WHAT, where=client.url())


def _propose(client: HubClient, report: Report, document: bytes, given: bool) -> Outcome:
    main = Snapshot(client, MAIN)
    new = _new_files(main, report, document, given)
    if isinstance(new, NotPublished):
        return new
    topics = own_topics(client, "pull_request")
    own = [topic for topic in topics if topic.status in OPEN]
    if not new:
        for topic in own:
            client.close(topic.num, texts.DONE)
        return Unchanged(what=WHAT, where=client.url())
    for topic in own:
        if topic.conflicting_files:
            client.close(topic.num, texts.REPLACED)
    fit = [topic.num for topic in own if not topic.conflicting_files]
    if fit:
        return _update(client, report, document, given, fit[0], weights=main)
    declined = [topic.num for topic in topics if _was_declined(topic)]
    if declined:
        return NotPublished(what=WHAT, reason=f"pull request {declined[-1]} {DECLINED}")
    return _open(client, report, document, given, new, main)


def _open(
    client: HubClient,
    report: Report,
    document: bytes,
    given: bool,
    new: dict[str, bytes],
    main: Snapshot,
) -> Outcome:
    text = texts.pull_request_text(report, client.repo_id)
    number = client.commit(
        new, title=texts.COMMIT_TITLE, text=text, parent=main.commit, create_pr=True
    )
    # Two runs at the same moment both find none and both open one: the older stays.
    older = [
        topic.num
        for topic in own_topics(client, "pull_request")
        if topic.num < number and topic.status in OPEN
    ]
    if older:
        client.close(number, texts.DOUBLE)
        return _update(client, report, document, given, older[0], weights=main)
    return Published(what=WHAT, where=client.url(number), number=number)


def _was_declined(topic: DiscussionWithDetails) -> bool:
    """Return whether a pull request was closed, and not by hubcheck."""
    said = {getattr(event, "content", "").strip() for event in topic.events}
    return topic.status == "closed" and said.isdisjoint(texts.CLOSINGS)


def _update(
    client: HubClient,
    report: Report,
    document: bytes,
    given: bool,
    number: int,
    *,
    weights: Snapshot,
) -> Outcome:
    """Bring an own pull request up to date: its files, then its description."""
    snapshot = Snapshot(client, f"refs/pr/{number}")
    new = _new_files(snapshot, report, document, given, weights=weights)
    if isinstance(new, NotPublished):
        return new
    where = client.url(number)
    if new:
        client.commit(
            new,
            title=texts.COMMIT_TITLE,
            text="",
            parent=snapshot.commit,
            revision=f"refs/pr/{number}",
        )
    text = texts.pull_request_text(report, client.repo_id)
    first = next((e for e in client.topic(number).events if e.type == "comment"), None)
    if first is not None and getattr(first, "content", "").strip() != text.strip():
        client.edit(number, first.id, text)
    elif not new:
        return Unchanged(what=WHAT, where=where, number=number)
    return Published(what=WHAT, where=where, number=number)


def _new_files(
    snapshot: Snapshot,
    report: Report,
    document: bytes,
    given: bool,
    *,
    weights: Snapshot | None = None,
) -> dict[str, bytes] | NotPublished:
    """Return the files that differ from a snapshot, or why what is there shall stay.

    Args:
        snapshot: Where the files would go.
        report: The report.
        document: The same report as it was written.
        given: Whether it came as a file that nobody here has replayed.
        weights: Where the weights are looked up, if elsewhere: a pull request's branch may be
            older than ``main``.
    """
    there = weights or snapshot
    present = Present(
        readme=snapshot.read(README, limit=MAX_README),
        published=snapshot.read(REPORT_FILE, limit=MAX_OLD_REPORT),
        newer=there.commit if is_stale(report, there.files) else "",
    )
    reason = outranked(report, present)
    if reason:
        return NotPublished(what=WHAT, reason=reason)
    files = card_files(report, document, present, given=given)
    return changed(files, snapshot.digests(tuple(files)))
