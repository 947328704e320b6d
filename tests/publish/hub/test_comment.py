"""A card gets into a discussion once, wherever that is, and trouble is never fatal."""

from __future__ import annotations

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hubcheck.publish.hub import texts
from hubcheck.publish.hub.card import publish_card
from hubcheck.publish.hub.comment import HIDDEN, publish_comment
from hubcheck.publish.outcome import NotPublished, Published, Unchanged
from tests.hubserver import LocalHub, Status
from tests.hubserver.accounts import Account
from tests.hubserver.board import Board
from tests.publish.hub.conftest import OTHER, OWNER, REPO, STRANGER, ClientOf
from tests.publish.hub.reports import document, report_now


def board(hub: LocalHub) -> Board:
    """Return the model's discussions."""
    repository = hub.repository(REPO)
    assert repository is not None
    return repository.board


def test_a_push_gets_one_discussion(hub: LocalHub, client_of: ClientOf) -> None:
    """The first report opens a discussion, the second edits it, the same again changes nothing."""
    first = publish_comment(client_of(), report_now(hub))
    assert first == Published(
        what="the comment", where=f"{hub.endpoint}/{REPO}/discussions/1", number=1
    )
    assert isinstance(publish_comment(client_of(), report_now(hub)), Unchanged)
    later = report_now(hub, "undeclared")
    assert isinstance(publish_comment(client_of(), later), Published)
    assert list(board(hub).topics) == [1]
    (only,) = board(hub).topics[1].comments
    assert "(undeclared)" in only.text
    assert len(only.edits) == 1
    assert texts.is_marked(only.text, REPO)


def test_a_closed_discussion_is_still_the_place(hub: LocalHub, client_of: ClientOf) -> None:
    """Closing the discussion does not make hubcheck open another."""
    publish_comment(client_of(), report_now(hub))
    HfApi(endpoint=hub.endpoint, token=OTHER).change_discussion_status(REPO, 1, "closed")
    assert isinstance(publish_comment(client_of(), report_now(hub, "undeclared")), Published)
    assert list(board(hub).topics) == [1]
    assert board(hub).topics[1].status == "closed"


def test_a_checked_pull_request_gets_the_comment(hub: LocalHub, client_of: ClientOf) -> None:
    """A report about the head of somebody's pull request is commented there, once."""
    HfApi(endpoint=hub.endpoint, token=STRANGER).create_commit(
        REPO,
        [CommitOperationAdd("config.json", b"{}")],
        commit_message="my change",
        create_pr=True,
    )
    report = report_now(hub, ref="refs/pr/1")
    outcome = publish_comment(client_of(), report)
    assert isinstance(outcome, Published)
    assert outcome.number == 1
    assert isinstance(publish_comment(client_of(), report), Unchanged)
    assert [c.author for c in board(hub).topics[1].comments] == ["stranger", "owner"]


def test_a_comment_on_the_own_pull_request_is_not_its_description(
    hub: LocalHub, client_of: ClientOf
) -> None:
    """The description carries the marker too, and stays what it is."""
    report = report_now(hub)
    publish_card(client_of(), report, document(report), as_pull_request=True)
    description = board(hub).topics[1].comments[0].text
    for _ in range(2):
        publish_comment(client_of(), report, number=1)
    assert [c.text.startswith(description) for c in board(hub).topics[1].comments] == [True, False]


def test_a_stranger_with_the_marker_is_not_edited(hub: LocalHub, client_of: ClientOf) -> None:
    """The owner's token could edit anybody's comment; only its own user's are."""
    api = HfApi(endpoint=hub.endpoint, token=STRANGER)
    api.create_discussion(REPO, texts.DISCUSSION_TITLE, description=texts.marker(REPO) + "\nx")
    api.comment_discussion(REPO, 1, texts.marker(REPO) + "\ny")
    assert isinstance(publish_comment(client_of(), report_now(hub), number=1), Published)
    comments = board(hub).topics[1].comments
    assert [c.author for c in comments] == ["stranger", "stranger", "owner"]
    assert not any(c.edits for c in comments)
    outcome = publish_comment(client_of(), report_now(hub))
    assert isinstance(outcome, Published)
    assert outcome.number == 2


def test_a_hidden_comment_is_not_posted_again(hub: LocalHub, client_of: ClientOf) -> None:
    """Hiding it was somebody's answer."""
    publish_comment(client_of(), report_now(hub))
    api = HfApi(endpoint=hub.endpoint, token=OTHER)
    api.create_discussion(REPO, "Question", description="why?")
    publish_comment(client_of(), report_now(hub), number=2)
    board(hub).topics[2].comments[1].hidden = True
    outcome = publish_comment(client_of(), report_now(hub, "undeclared"), number=2)
    assert outcome == NotPublished(what="the comment", reason=HIDDEN)
    assert len(board(hub).topics[2].comments) == 2


def test_discussions_that_are_switched_off_are_said(hub: LocalHub, client_of: ClientOf) -> None:
    """The owner switched them off: an outcome with the reason, nothing raised."""
    board(hub).enabled = False
    outcome = publish_comment(client_of(), report_now(hub))
    assert isinstance(outcome, NotPublished)
    assert "discussions and pull requests are switched off there" in outcome.reason


@pytest.mark.parametrize(
    ("account", "words"),
    [
        (Account(name="ci", discusses=False), "may not do that (status 403)"),
        (Account(name="reader", role="read"), "may not do that (status 403)"),
        (None, "may not do that (status 401)"),
    ],
)
def test_a_token_that_may_not_comment_is_said(
    hub: LocalHub, client_of: ClientOf, account: Account | None, words: str
) -> None:
    """A token without the permission, a read-only one and an invalid one are outcomes too."""
    if account is not None:
        hub.add_account("hf_weak", account)
    outcome = publish_comment(client_of("hf_weak"), report_now(hub))
    assert isinstance(outcome, NotPublished)
    assert words in outcome.reason
    assert "hf_weak" not in outcome.reason


def test_a_token_of_nobody_posts_nothing(hub: LocalHub, client_of: ClientOf) -> None:
    """Without a user there is no telling which comments are our own, so none is added."""
    hub.add_account("hf_nobody", Account(name="", writes=frozenset({REPO})))
    outcome = publish_comment(client_of("hf_nobody"), report_now(hub))
    assert isinstance(outcome, NotPublished)
    assert "does not say whose token this is" in outcome.reason
    assert not board(hub).topics


def test_a_lost_answer_is_not_posted_twice(hub: LocalHub, client_of: ClientOf) -> None:
    """A fault behind the posting is reported; the next run finds the comment and edits it."""
    HfApi(endpoint=hub.endpoint, token=OTHER).create_discussion(REPO, "Question", description="?")
    hub.faults.add(Status(status=502), path="/discussions/1/comment")
    outcome = publish_comment(client_of(), report_now(hub), number=1)
    assert isinstance(outcome, NotPublished)
    assert "status 502" in outcome.reason
    assert isinstance(publish_comment(client_of(), report_now(hub), number=1), Unchanged)
    assert len(board(hub).topics[1].comments) == 2


def test_rate_limits_are_waited_out_up_to_a_limit(hub: LocalHub, client_of: ClientOf) -> None:
    """429 names its wait and is tried again; a wait that is too long ends the attempt."""
    hub.faults.add(
        Status(status=429, headers={"RateLimit": '"api";r=0;t=55'}), path="/discussions", times=2
    )
    waits: list[float] = []
    client = client_of()
    client._sleep = waits.append
    assert isinstance(publish_comment(client, report_now(hub)), Published)
    assert waits == [55, 55]
    hub.faults.add(
        Status(status=429, headers={"RateLimit": '"api";r=0;t=299'}), path="/discussions", times=9
    )
    outcome = publish_comment(client_of(), report_now(hub, "undeclared"))
    assert isinstance(outcome, NotPublished)
    assert "status 429" in outcome.reason


def test_whose_token_it_is_is_asked_once(hub: LocalHub, client_of: ClientOf) -> None:
    """The Hub limits that question strictly."""
    publish_comment(client_of(), report_now(hub))
    hub.forget()
    client = client_of()
    report = report_now(hub, "undeclared")
    publish_card(client, report, document(report), as_pull_request=True)
    publish_comment(client, report)
    assert [e.path for e in hub.exchanges].count("/api/whoami-v2") == 1


def test_a_long_card_fits_into_a_comment(hub: LocalHub, client_of: ClientOf) -> None:
    """The Hub refuses long comments; a report with very many bases is shortened."""
    report = report_now(hub, "undeclared")
    many = report.model_copy(update={"findings": report.findings * 400})
    assert isinstance(publish_comment(client_of(OWNER), many), Published)
    assert len(board(hub).topics[1].comments[0].text) < 65_536
