"""Tests of what the Hub is asked about repositories that nobody has opened."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from hubcheck.candidates.hub_answers import Described, described
from hubcheck.candidates.hub_index import HubIndex, Query, Unavailable
from hubcheck.errors import BudgetExceededError, GatedModelError, NetworkFaultError
from hubcheck.source.interface import FileEntry
from tests.candidates.small_hub import IMPATIENT, day, files, index_of, running
from tests.hubserver import Status
from tests.hubserver.search import SearchableHub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return a hub with three open models and a gated one."""
    with running(monkeypatch) as started:
        started.add_model("acme/old", files(values=1000), created=day(1), downloads=5)
        started.add_model("acme/new", files("acme/old", values=1100), created=day(2), downloads=9)
        started.add_model("acme/big", files(values=9000), created=day(3), downloads=99)
        started.add_model("acme/gated", files(values=1000), created=day(4), gated=True)
        yield started


def test_a_description_is_asked_for_once(hub: SearchableHub) -> None:
    """Everything a search needs comes with one request, and a second question costs none."""
    index = index_of(hub)
    found = index.describe("acme/new")
    again = index.describe("ACME/New")
    assert isinstance(found, Described)
    assert found is again
    assert (found.bases, found.licence, found.parameters) == (("acme/old",), "mit", 1100)
    assert (found.created, found.downloads, found.model_type) == (day(2), 9, "llama")
    assert hub.requests == 1


def test_a_gated_model_is_described_and_its_files_are_not_read(hub: SearchableHub) -> None:
    """What the Hub shows to everyone is used; the contents stay closed, with the reason."""
    index = index_of(hub)
    found = index.describe("acme/gated")
    assert isinstance(found, Described)
    assert found.gated
    listed = {e.path: e for e, _ in index.listing(found.ref, found.commit)}
    assert "config.json" in listed
    with pytest.raises(GatedModelError):
        index.document(found.ref, found.commit, listed["config.json"], limit=10_000)


def test_what_does_not_exist_is_a_value(hub: SearchableHub) -> None:
    """A deleted repository is no error; a host that fails is told apart from it."""
    index = index_of(hub)
    gone = index.describe("acme/none")
    assert isinstance(gone, Unavailable)
    assert gone.missing
    hub.faults.add(Status(status=503), path="acme/old", times=9)
    failing = index.describe("acme/old")
    assert isinstance(failing, Unavailable)
    assert not failing.missing


def test_a_search_is_capped_and_ordered_by_use(hub: SearchableHub) -> None:
    """Size and architecture narrow a search; no more comes back than was asked for."""
    index = index_of(hub)
    near = index.search(Query(model_type="llama", parameters=(900, 1200)))
    assert [d.ref for d in near] == ["acme/new", "acme/old", "acme/gated"]
    assert [d.ref for d in index.search(Query(limit=2))] == ["acme/big", "acme/new"]
    assert not index.search(Query(model_type="gemma"))
    before = hub.requests
    assert isinstance(index.describe("acme/big"), Described)
    assert hub.requests == before, "a model that a search described is not asked for again"


def test_a_renamed_repository_has_its_new_name(hub: SearchableHub) -> None:
    """Redirects on the Hub are followed; the answer carries the name of today."""
    hub.rename("acme/old", "acme/renamed")
    found = index_of(hub).describe("acme/old")
    assert isinstance(found, Described)
    assert found.ref == "acme/renamed"


@pytest.mark.parametrize("location", ["", "http://127.0.0.1:1/", "http://[::1"])
def test_a_question_is_not_led_away(hub: SearchableHub, location: str) -> None:
    """A redirect to another host, or to what is no address, is no answer and no crash."""
    hub.faults.add(Status(status=302, headers={"Location": location}), path="acme/old", times=9)
    found = index_of(hub).describe("acme/old")
    assert isinstance(found, Unavailable)
    assert not found.missing
    assert {seen.origin for seen in hub.exchanges} == {"hub"}


def test_requests_and_bytes_are_refused_once_spent(hub: SearchableHub) -> None:
    """The limits are hard: the question after the last one is not asked."""
    index = index_of(hub, requests=2)
    index.describe("acme/old")
    index.describe("acme/new")
    with pytest.raises(BudgetExceededError):
        index.describe("acme/big")
    assert hub.requests == 2
    small = index_of(hub, max_read=10)
    entry = FileEntry(path="config.json", size=100, sha256="")
    with pytest.raises(BudgetExceededError):
        small.document("acme/old", "0" * 40, entry, limit=1000)


def test_a_hub_that_does_not_answer_is_asked_once() -> None:
    """Twenty names do not wait for twenty timeouts."""
    index = HubIndex(
        endpoint="http://127.0.0.1:9", token=None, max_requests=99, max_read=1, policy=IMPATIENT
    )
    for n in range(20):
        assert isinstance(index.describe(f"acme/m{n}"), Unavailable)
    with pytest.raises(NetworkFaultError):
        index.search(Query())
    assert index.ledger.requests == 1


@pytest.mark.parametrize(
    "payload",
    [
        "null",
        "[]",
        '{"id": 5}',
        '{"id": "a/b/c"}',
        '{"id": "acme/x", "cardData": [], "baseModels": 3, "safetensors": "x", "config": null}',
        '{"id": "acme/x", "cardData": {"base_model": [1, null, "../..", {"a": 1}]}}',
        '{"id": "acme/x", "downloads": -5, "createdAt": "\\u0000", "sha": "z", "gated": {}}',
    ],
)
def test_a_hostile_answer_is_checked_field_by_field(payload: str) -> None:
    """Whatever a host answers, only well-formed names, dates and numbers come through."""
    found = described(json.loads(payload))
    if found is not None:
        assert found.ref == "acme/x"
        assert found.bases == ()
        assert (found.created, found.commit, found.downloads) == ("", "", 0)
