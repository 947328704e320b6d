"""Tests of finding and renewing the address of a file's bytes."""

from __future__ import annotations

import random

import pytest

from hubcheck.errors import NetworkFaultError
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from tests.hubserver import Headers, LocalHub, Status
from tests.source.conftest import OpenHub

WEIGHTS = random.Random(5).randbytes(2_000_000)
SPANS = [Span(path="w.safetensors", start=s, stop=s + 50) for s in range(0, 2_000_000, 100_000)]
BYTES = [WEIGHTS[span.start : span.stop] for span in SPANS]


@pytest.fixture(autouse=True)
def _repository(hub: LocalHub) -> None:
    """Put a repository with one weight file on the Hub."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS})


def resolves(hub: LocalHub) -> int:
    """Return how often the Hub was asked where the file lies."""
    return sum("/resolve/" in seen.path for seen in hub.exchanges)


def test_the_address_is_found_once(hub: LocalHub, open_hub: OpenHub) -> None:
    """Twenty ranges side by side ask the Hub once and the storage host twenty times."""
    source = open_hub("org/m")
    assert source.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert source.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert resolves(hub) == 1
    assert source.ledger.requests == hub.requests == 1 + 1 + 40


def test_an_expired_address_is_renewed(hub: LocalHub, open_hub: OpenHub) -> None:
    """When signatures expire in the middle, the Hub is asked again and the read goes on."""
    source = open_hub("org/m")
    source.read(SPANS[:3], Purpose.WEIGHTS)
    for _ in range(3):
        hub.expire_signatures()
        assert source.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert source.ledger.requests == hub.requests
    assert source.ledger.bytes_read == hub.content_bytes() == 50 * 63


def test_a_renewal_costs_two_requests(hub: LocalHub, open_hub: OpenHub) -> None:
    """One refused range is followed by one lookup and the range itself, nothing more."""
    source = open_hub("org/m")
    source.read(SPANS[:1], Purpose.WEIGHTS)
    hub.expire_signatures()
    hub.forget()
    source.read(SPANS[1:2], Purpose.WEIGHTS)
    assert [(seen.origin, seen.status) for seen in hub.exchanges] == [
        ("storage", 403),
        ("hub", 302),
        ("storage", 206),
    ]


@pytest.mark.parametrize("status", [401, 403])
def test_a_fresh_address_that_is_refused_ends_it(
    hub: LocalHub, open_hub: OpenHub, status: int
) -> None:
    """A storage host that refuses what was just signed is not asked for ever."""
    source = open_hub("org/m")
    source.read(SPANS[:1], Purpose.WEIGHTS)
    hub.forget()
    hub.faults.add(Status(status=status), origin="storage", times=100)
    with pytest.raises(NetworkFaultError, match=f"with status {status}, and had refused"):
        source.read(SPANS[1:2], Purpose.WEIGHTS)
    assert hub.requests == 3


@pytest.mark.parametrize(
    ("location", "what"),
    [
        ("/org/m/resolve/main/w.safetensors", "more than 5 times"),
        ("file:///etc/passwd", "not HTTPS"),
        ("", "not HTTPS"),
        ("http://[::1", "not HTTPS"),
        ("https://[::1", "not an address|not HTTPS"),
        ("https://host:99999/w", "failed"),
        ("https://host:x/w", "failed"),
    ],
)
def test_redirects_that_lead_nowhere(
    hub: LocalHub, open_hub: OpenHub, location: str, what: str
) -> None:
    """Circles end, and a redirect to anything but the web is refused."""
    hub.faults.add(Headers(headers={"Location": location}), origin="hub", path="w.safe", times=9)
    with pytest.raises(NetworkFaultError, match=what):
        open_hub("org/m").read(SPANS[:1], Purpose.WEIGHTS)


def test_another_commit_is_refused(hub: LocalHub, open_hub: OpenHub) -> None:
    """A mirror that serves another commit than the one asked for is not read."""
    hub.faults.add(Headers(headers={"X-Repo-Commit": "b" * 40}), origin="hub", path="w.safe")
    with pytest.raises(NetworkFaultError, match=f"commit '{'b' * 40}' was served"):
        open_hub("org/m").read(SPANS[:1], Purpose.WEIGHTS)


def test_another_version_under_the_same_address_is_refused(
    hub: LocalHub, open_hub: OpenHub
) -> None:
    """A file that is replaced between two ranges is not read on."""
    source = open_hub("org/m")
    source.read(SPANS[:1], Purpose.WEIGHTS)
    hub.faults.add(Headers(headers={"ETag": '"new"'}), origin="storage")
    with pytest.raises(NetworkFaultError, match="changed on the host"):
        source.read(SPANS[1:2], Purpose.WEIGHTS)


def test_another_digest_than_the_listed_one_is_refused(hub: LocalHub, open_hub: OpenHub) -> None:
    """What the Hub redirects to must be what it listed."""
    hub.faults.add(Headers(headers={"X-Linked-Etag": f'"{"0" * 64}"'}), origin="hub", path="w.safe")
    with pytest.raises(NetworkFaultError, match="changed on the host"):
        open_hub("org/m").read(SPANS[:1], Purpose.WEIGHTS)
