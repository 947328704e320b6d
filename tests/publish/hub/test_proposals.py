"""A report becomes one pull request of hubcheck's own, and nobody else's is touched."""

from __future__ import annotations

from typing import Final

import pytest
from huggingface_hub import CommitOperationAdd, HfApi

from hubcheck.publish.hub import texts
from hubcheck.publish.model_card import README, with_section
from hubcheck.publish.outcome import NotPublished, Outcome, Published, Unchanged
from tests.hubserver import LocalHub
from tests.publish.hub.conftest import OTHER, OWNER, REPO, STRANGER, ClientOf
from tests.publish.hub.conftest import README as BEFORE
from tests.publish.hub.reports import (
    file_at,
    publish,
    report_now,
    repository,
    section_at,
    topics,
)

MALICE: Final = b"---\nlicense: mit\n---\nmalice\n"


def test_a_proposal_is_one_pull_request_however_often(hub: LocalHub, client_of: ClientOf) -> None:
    """Later reports go to the open pull request, and its description follows."""
    first = publish(client_of(), report_now(hub), propose=True)
    assert isinstance(first, Published)
    assert first.number == 1
    assert isinstance(publish(client_of(), report_now(hub), propose=True), Unchanged)
    later = report_now(hub, "undeclared", finished="2026-03-01T00:00:00Z")
    second = publish(client_of(), later, propose=True)
    assert second == Published(what=first.what, where=first.where, number=1)
    assert list(topics(hub)) == [1]
    assert file_at(hub, README) == BEFORE
    assert "match `other/base-7b`" in section_at(hub, "refs/pr/1")
    assert "match `other/base-7b`" in topics(hub)[1].comments[0].text
    assert len(topics(hub)[1].comments) == 1


@pytest.mark.parametrize("filters", [True, False])
def test_somebody_elses_pull_request_is_left_alone(
    hub: LocalHub, client_of: ClientOf, filters: bool
) -> None:
    """A stranger's pull request with our title and marker is not ours, even where it is listed."""
    repository(hub).board.filters = filters
    api = HfApi(endpoint=hub.endpoint, token=STRANGER)
    api.create_commit(
        REPO,
        [CommitOperationAdd("README.md", MALICE)],
        commit_message=texts.COMMIT_TITLE,
        commit_description=texts.marker(REPO) + "\ntrust me",
        create_pr=True,
    )
    outcome = publish(client_of(), report_now(hub), propose=True)
    assert isinstance(outcome, Published)
    assert outcome.number == 2
    assert file_at(hub, README, "refs/pr/1") == MALICE
    assert topics(hub)[1].comments[0].text.endswith("trust me")


def test_two_proposals_at_the_same_moment_become_one(hub: LocalHub, client_of: ClientOf) -> None:
    """The later of two is closed, and the older gets its content."""
    client = client_of()
    rival = client_of()
    commit = client.commit
    rivals: list[Outcome] = []

    def slower(*args: object, **options: object) -> int:
        if not rivals:
            rivals.append(publish(rival, report_now(hub), propose=True))
        return commit(*args, **options)  # type: ignore[arg-type]

    client.commit = slower  # type: ignore[method-assign]
    outcome = publish(client, report_now(hub, finished="2026-03-01"), propose=True)
    assert isinstance(outcome, Published)
    assert outcome.number == 1
    assert {number: topic.status for number, topic in topics(hub).items()} == {
        1: "open",
        2: "closed",
    }
    assert topics(hub)[2].comments[-1].text == texts.DOUBLE
    assert "2026-03-01" in section_at(hub, "refs/pr/1")


def test_a_proposal_that_no_longer_merges_is_replaced(hub: LocalHub, client_of: ClientOf) -> None:
    """When the card changed at the same place, a new pull request takes over and says so."""
    publish(client_of(), report_now(hub), propose=True)
    hub.push(REPO, {"README.md": with_section(BEFORE, "another section")})
    outcome = publish(client_of(), report_now(hub), propose=True)
    assert isinstance(outcome, Published)
    assert outcome.number == 2
    assert topics(hub)[1].status == "closed"
    assert topics(hub)[1].comments[-1].text == texts.REPLACED
    # Closing it was no answer of the owner's: the next push may still be proposed.
    assert isinstance(
        publish(client_of(), report_now(hub, finished="2026-05-01"), propose=True), Published
    )


def test_a_proposal_that_the_owner_closed_is_not_made_again(
    hub: LocalHub, client_of: ClientOf
) -> None:
    """Closing the pull request ends it; reopening it goes on."""
    publish(client_of(), report_now(hub), propose=True)
    owner = HfApi(endpoint=hub.endpoint, token=OTHER)
    owner.change_discussion_status(REPO, 1, "closed")
    newer = report_now(hub, finished="2026-05-01")
    outcome = publish(client_of(), newer, propose=True)
    assert isinstance(outcome, NotPublished)
    assert "pull request 1 with this proposal was closed" in outcome.reason
    owner.change_discussion_status(REPO, 1, "open")
    assert isinstance(publish(client_of(), newer, propose=True), Published)
    assert list(topics(hub)) == [1]


def test_a_proposal_that_became_needless_is_closed(hub: LocalHub, client_of: ClientOf) -> None:
    """Once main says the same, the open pull request goes."""
    report = report_now(hub)
    publish(client_of(), report, propose=True)
    publish(client_of(), report)
    assert isinstance(publish(client_of(), report, propose=True), Unchanged)
    assert topics(hub)[1].status == "closed"
    assert topics(hub)[1].comments[-1].text == texts.DONE


def test_an_older_branch_makes_no_proposal_stale(hub: LocalHub, client_of: ClientOf) -> None:
    """The pull request's branch has the weights of its day; what counts are those on main."""
    publish(client_of(), report_now(hub), propose=True)
    hub.push(REPO, {"model.safetensors": b"weights 2"})
    publish(client_of(), report_now(hub, finished="2026-03-01"), propose=True)
    assert "Out of date" not in section_at(hub, "refs/pr/1")


@pytest.mark.parametrize("merged", [True, False])
def test_a_late_proposal_does_not_overwrite_a_newer_one(
    hub: LocalHub, client_of: ClientOf, merged: bool
) -> None:
    """An earlier check leaves a later one on the pull request, and on main after the merge."""
    publish(client_of(), report_now(hub, finished="2026-01-02"), propose=True)
    if merged:
        HfApi(endpoint=hub.endpoint, token=OWNER).merge_pull_request(REPO, 1)
    late = publish(client_of(), report_now(hub, finished="2026-01-01"), propose=True)
    assert isinstance(late, NotPublished)
    assert "later check" in late.reason
    assert "2026-01-02" in section_at(hub, "main" if merged else "refs/pr/1")
    assert list(topics(hub)) == [1]


def test_no_pull_requests_where_they_are_switched_off(hub: LocalHub, client_of: ClientOf) -> None:
    """Disabled discussions close pull requests too: said, not fatal."""
    repository(hub).board.enabled = False
    outcome = publish(client_of(), report_now(hub), propose=True)
    assert isinstance(outcome, NotPublished)
    assert "switched off" in outcome.reason
    assert isinstance(publish(client_of(), report_now(hub)), Published)
