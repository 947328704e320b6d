"""A report gets onto a model card on the Hub, and nobody's change is lost on the way."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

from hubcheck.card.section import REPORT_FILE
from hubcheck.publish.badge_files import ENDPOINT, PNG, SVG
from hubcheck.publish.hub import texts
from hubcheck.publish.hub.client import HubClient
from hubcheck.publish.model_card import README, current_section
from hubcheck.publish.outcome import NotPublished, Published, Unchanged
from tests.hubserver import LocalHub, Status
from tests.publish.hub.conftest import OTHER, OWNER, REPO, STRANGER, ClientOf
from tests.publish.hub.conftest import README as BEFORE
from tests.publish.hub.reports import (
    document,
    file_at,
    log,
    publish,
    report_now,
    repository,
    section_at,
    topics,
)


def test_a_direct_commit_adds_all_files_and_keeps_every_byte(
    hub: LocalHub, client_of: ClientOf
) -> None:
    """One commit brings section, badge and report; the card's own text stays as it was."""
    report = report_now(hub)
    outcome = publish(client_of(), report)
    assert isinstance(outcome, Published)
    assert file_at(hub, README).startswith(BEFORE)
    assert report.subject.revision in section_at(hub)
    assert file_at(hub, REPORT_FILE) == document(report)
    assert file_at(hub, PNG).startswith(b"\x89PNG")
    assert file_at(hub, SVG).startswith(b"<svg")
    assert b"matches its card" in file_at(hub, ENDPOINT)
    assert log(hub) == [texts.COMMIT_TITLE, "Upload model"]


def test_publishing_again_commits_nothing(hub: LocalHub, client_of: ClientOf) -> None:
    """The same report is found there already, although committing it moved the head."""
    report = report_now(hub)
    publish(client_of(), report)
    assert isinstance(publish(client_of(), report), Unchanged)
    assert isinstance(publish(client_of(OTHER), report), Unchanged)
    assert len(log(hub)) == 2


@pytest.mark.parametrize("base", ["undeclared", "contradicted", "confirmed"])
@pytest.mark.parametrize("propose", [True, False])
def test_what_the_card_declares_is_never_changed(
    hub: LocalHub, client_of: ClientOf, base: str, propose: bool
) -> None:
    """The front matter stays, byte for byte; a base is proposed in words only."""
    publish(client_of(), report_now(hub, base), propose=propose)
    readme = file_at(hub, README, "refs/pr/1" if propose else "main")
    assert readme.startswith(BEFORE)
    if propose:
        text = topics(hub)[1].comments[0].text
        assert ("base_model: other/base-7b" in text) is (base != "confirmed")


def test_a_model_without_a_card_gets_one(hub: LocalHub, client_of: ClientOf) -> None:
    """Without a README.md the section is the whole file."""
    api = HfApi(endpoint=hub.endpoint, token=OWNER)
    api.create_commit(REPO, [CommitOperationDelete("README.md")], commit_message="no card")
    assert isinstance(publish(client_of(), report_now(hub)), Published)
    assert file_at(hub, README).startswith(b"<!-- hubcheck:section:start")


def test_a_commit_in_between_is_kept(hub: LocalHub, client_of: ClientOf) -> None:
    """Somebody edits the card after it was read: everything is read again, both edits are there."""
    report = report_now(hub)
    client = client_of()
    _interfere(hub, client, times=1)
    assert isinstance(publish(client, report), Published)
    readme = file_at(hub, README)
    assert b"Edit 1." in readme
    assert current_section(readme) is not None
    statuses = [e.status for e in hub.exchanges if "/commit/" in e.path]
    assert statuses == [412, 200]


def test_two_conflicts_in_a_row_are_reported(hub: LocalHub, client_of: ClientOf) -> None:
    """It is tried twice, then said; nothing of hubcheck's is written, nothing of others is lost."""
    client = client_of()
    report = report_now(hub)
    _interfere(hub, client, times=2)
    outcome = publish(client, report)
    assert isinstance(outcome, NotPublished)
    assert "somebody else committed in between" in outcome.reason
    assert b"Edit 1.\nEdit 2.\n" in file_at(hub, README)
    assert current_section(file_at(hub, README)) is None


def _interfere(hub: LocalHub, client: HubClient, *, times: int) -> None:
    """Let somebody commit right before each of the client's first ``times`` commits."""
    commit = client.commit
    left = list(range(1, times + 1))

    def slower(*args: object, **options: object) -> int:
        if left:
            edited = file_at(hub, README) + f"Edit {left.pop(0)}.\n".encode()
            hub.push(REPO, {"README.md": edited})
        return commit(*args, **options)  # type: ignore[arg-type]

    client.commit = slower  # type: ignore[method-assign]


def test_two_writers_at_once_lose_nothing(hub: LocalHub, client_of: ClientOf) -> None:
    """While hubcheck publishes, people commit: every line they wrote is there, in order."""
    done = threading.Event()
    written: list[int] = []

    def write() -> None:
        api = HfApi(endpoint=hub.endpoint, token=OTHER)
        number = 0
        while not done.is_set() and number < 12:
            number += 1
            head = repository(hub).read_refs()["main"]
            line = f"line {number}\n".encode()
            old = file_at(hub, README, head)
            added = old.replace(b"# Model\n", b"# Model\n" + line)
            operation = CommitOperationAdd("README.md", added)
            try:
                api.create_commit(REPO, [operation], commit_message="edit", parent_commit=head)
            except OSError:
                continue
            written.append(number)

    report = report_now(hub)
    thread = threading.Thread(target=write)
    thread.start()
    outcomes = [publish(client_of(), report_now(hub, finished=f"2026-03-0{i}")) for i in (1, 2, 3)]
    done.set()
    thread.join()
    final = publish(client_of(), report_now(hub, finished="2026-03-09"))
    assert isinstance(final, Published | Unchanged)
    assert all(
        isinstance(o, Published) or "in between" in getattr(o, "reason", "") for o in outcomes
    )
    readme = file_at(hub, README)
    positions = [readme.index(f"line {number}\n".encode()) for number in written]
    assert all(later < earlier for earlier, later in pairwise(positions))
    assert readme.count(b"hubcheck:section:start") == 1
    assert report.subject.weights_digest == report_now(hub).subject.weights_digest


def test_a_stale_report_says_so(hub: LocalHub, client_of: ClientOf) -> None:
    """Weights that changed after the check make section and badge say that they are out of date."""
    report = report_now(hub)
    pushed = hub.push(REPO, {"model.safetensors": b"weights 2"})
    publish(client_of(), report)
    assert "**Out of date:**" in section_at(hub)
    assert pushed.oid[:7] in section_at(hub)
    assert b"out of date: weights changed since" in file_at(hub, ENDPOINT)
    assert b"out of date" in file_at(hub, SVG)
    # A fresh check makes it current again.
    publish(client_of(), report_now(hub))
    assert "Out of date" not in section_at(hub)


def test_other_files_make_no_report_stale(hub: LocalHub, client_of: ClientOf) -> None:
    """A commit that leaves the weights alone leaves the badge alone."""
    report = report_now(hub)
    hub.push(REPO, {"config.json": b"{}"})
    publish(client_of(), report)
    assert "Out of date" not in section_at(hub)


def test_a_late_run_does_not_overwrite_a_newer_one(hub: LocalHub, client_of: ClientOf) -> None:
    """A report about older weights, or an earlier check of the same, leaves what is there."""
    old = report_now(hub, finished="2026-01-01")
    hub.push(REPO, {"model.safetensors": b"weights 2"})
    publish(client_of(), report_now(hub, finished="2026-01-02"))
    late = publish(client_of(), old)
    assert isinstance(late, NotPublished)
    assert "newer weights" in late.reason
    earlier = publish(client_of(), report_now(hub, finished="2026-01-01"))
    assert isinstance(earlier, NotPublished)
    assert "later check" in earlier.reason
    assert "2026-01-02" in section_at(hub)


def test_a_card_with_doubtful_markers_is_left_alone(hub: LocalHub, client_of: ClientOf) -> None:
    """A refusal of the text edit is an outcome with its reason."""
    hub.push(REPO, {"README.md": b"<!-- hubcheck:section:start -->\n"})
    outcome = publish(client_of(), report_now(hub))
    assert isinstance(outcome, NotPublished)
    assert "lost hubcheck's end marker" in outcome.reason
    assert len(log(hub)) == 2


def test_a_card_that_the_hub_refuses_is_named(hub: LocalHub, client_of: ClientOf) -> None:
    """Front matter that is no YAML is the owner's to mend: the Hub takes no commit before that."""
    hub.push(REPO, {"README.md": b"---\nlicense: [mit\n---\n"})
    outcome = publish(client_of(), report_now(hub))
    assert isinstance(outcome, NotPublished)
    assert "front matter" in outcome.reason


@pytest.mark.parametrize("propose", [True, False])
@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "may not do that"), (403, "may not do that"), (404, "not found"), (500, "status 500")],
)
def test_trouble_is_an_outcome(
    hub: LocalHub, client_of: ClientOf, status: int, words: str, propose: bool
) -> None:
    """Whatever the Hub refuses, nothing is raised and the reason is said."""
    hub.faults.add(Status(status=status), path="/commit/main", times=9)
    outcome = publish(client_of(), report_now(hub), propose=propose)
    assert isinstance(outcome, NotPublished)
    assert words in outcome.reason
    assert OWNER not in outcome.reason


def test_a_reader_may_not_commit_but_may_propose(hub: LocalHub, client_of: ClientOf) -> None:
    """A token without write access to the model is told so; proposing is open to it."""
    outcome = publish(client_of(STRANGER), report_now(hub))
    assert isinstance(outcome, NotPublished)
    assert "may not do that (status 403)" in outcome.reason
    assert isinstance(publish(client_of(STRANGER), report_now(hub), propose=True), Published)
