"""Tests of how one request ends: retries, broken transfers, wrong answers, secrets."""

from __future__ import annotations

import logging
import random

import pytest

from hubcheck.errors import NetworkFaultError
from hubcheck.source import transport
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.retry import RetryPolicy, Timing
from hubcheck.source.transport import origin_of
from tests.hubserver import Drop, Headers, IgnoreRange, LocalHub, Slow, Status, Truncate, Unframed
from tests.hubserver.faults import Fault
from tests.source.conftest import FakeClock, OpenHub

WEIGHTS = random.Random(3).randbytes(300_000)
SPAN = Span(path="w.safetensors", start=1000, stop=201_000)
BYTES = WEIGHTS[1000:201_000]


@pytest.fixture(autouse=True)
def _repository(hub: LocalHub) -> None:
    """Put a repository with one weight file on the Hub."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS, "config.json": b"{}"})


@pytest.mark.parametrize("origin", ["hub", "storage"])
@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_fault_is_retried(
    hub: LocalHub, open_hub: OpenHub, clock: FakeClock, origin: str, status: int
) -> None:
    """A status that may pass is tried again after a wait; every try is counted."""
    hub.faults.add(Status(status=status), origin=origin, path="w.safetensors", times=2)
    source = open_hub("org/m")
    assert source.read([SPAN], Purpose.WEIGHTS) == [BYTES]
    assert source.ledger.requests == hub.requests == 3 + 2
    assert source.ledger.bytes_read == hub.content_bytes() == len(BYTES)
    assert clock.slept == [0.25, 0.5]


def test_api_calls_are_retried_too(hub: LocalHub, open_hub: OpenHub) -> None:
    """The lookup and the listing survive a passing fault."""
    hub.describes_files = False
    hub.faults.add(Status(status=503), path="/revision/")
    hub.faults.add(Drop(after=3), path="/tree/")
    source = open_hub("org/m")
    assert len(source.files()) == 2
    assert source.ledger.requests == hub.requests == 4


def test_a_fault_that_stays_ends_it(hub: LocalHub, open_hub: OpenHub, clock: FakeClock) -> None:
    """After six attempts the read fails with the status and the attempts."""
    source = open_hub("org/m")
    source.files()
    hub.forget()
    hub.faults.add(Status(status=503), origin="storage", times=100)
    with pytest.raises(NetworkFaultError, match=r"'w\.safetensors' failed: status 503 \(attempt 6"):
        source.read([SPAN], Purpose.WEIGHTS)
    assert hub.requests == 1 + 6
    assert clock.slept == [0.25, 0.5, 1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"RateLimit": '"resolvers";r=0;t=55'}, 55.0),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "Thu, 01 Jan 1970 00:17:10 GMT"}, 30.0),
    ],
)
def test_the_wait_a_host_asks_for_is_kept(
    hub: LocalHub, open_hub: OpenHub, clock: FakeClock, headers: dict[str, str], seconds: float
) -> None:
    """A rate limit or Retry-After decides how long is waited."""
    hub.faults.add(Status(status=429, headers=headers), path="config.json")
    assert open_hub("org/m").read_document("config.json", limit=10) == b"{}"
    assert clock.slept == [seconds]


def test_a_limit_holds_back_every_request_to_that_host(
    hub: LocalHub, open_hub: OpenHub, clock: FakeClock
) -> None:
    """After one limited request the next ones wait instead of asking; other hosts do not."""
    source = open_hub("org/m", policy=RetryPolicy(ceiling=60))
    source.read([SPAN], Purpose.WEIGHTS)
    hub.faults.add(Status(status=429, headers={"Retry-After": "600"}), path="config.json")
    hub.forget()
    for _ in range(3):
        with pytest.raises(NetworkFaultError, match="the next try would be in 600 s"):
            source.read_document("config.json", limit=10)
    assert hub.requests == 1
    assert source.read([SPAN], Purpose.WEIGHTS) == [BYTES]
    assert clock.slept == []


@pytest.mark.parametrize("after", [0, 1, 65_536, 199_999])
def test_a_broken_transfer_goes_on_where_it_stopped(
    hub: LocalHub, open_hub: OpenHub, after: int
) -> None:
    """A dropped connection costs a request and no byte twice."""
    hub.faults.add(Drop(after=after), origin="storage")
    source = open_hub("org/m")
    assert source.read([SPAN], Purpose.WEIGHTS) == [BYTES]
    assert source.ledger.requests == hub.requests == 4
    assert source.ledger.bytes_read == hub.content_bytes() == len(BYTES)
    assert hub.exchanges[-1].headers["range"] == f"bytes={1000 + after}-200999"


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (IgnoreRange(), "status 200 instead of 206"),
        (
            Headers(headers={"Content-Range": "bytes 1001-201000/300000"}),
            "'bytes 1001-201000/300000' instead of 'bytes 1000-200999/300000'",
        ),
        (Headers(headers={"Content-Range": "bytes 1000-200999/300001"}), "instead of"),
        (Headers(headers={"Content-Range": "bytes 1000-200999/*"}), "instead of"),
        (Headers(headers={"Content-Range": "bytes 1000-200998/300000"}), "instead of"),
        (Headers(headers={"Content-Range": ""}), "'' instead of"),
        (Headers(headers={"Content-Encoding": "gzip"}), "content encoding 'gzip'"),
        (Truncate(missing=5), "199995 bytes announced, 200000 asked for"),
        (Unframed(extra=-5), "5 bytes too few"),
        (Unframed(extra=5), "more bytes than were asked for"),
    ],
)
def test_a_wrong_answer_is_refused(
    hub: LocalHub, open_hub: OpenHub, clock: FakeClock, fault: Fault, detail: str
) -> None:
    """Anything but exactly the range asked for is an error at once, never other bytes."""
    hub.faults.add(fault, origin="storage")
    with pytest.raises(NetworkFaultError) as caught:
        open_hub("org/m").read([SPAN], Purpose.WEIGHTS)
    assert detail in caught.value.what
    assert clock.slept == []


def test_a_whole_file_is_not_read_by_mistake(hub: LocalHub, open_hub: OpenHub) -> None:
    """A host that ignores the range sends no more than fits the sockets' buffers."""
    hub.add_repo("org/big", {"w.safetensors": bytes(64 << 20)})
    hub.faults.add(IgnoreRange(), origin="storage")
    source = open_hub("org/big")
    with pytest.raises(NetworkFaultError, match="status 200 instead of 206"):
        source.read([SPAN], Purpose.WEIGHTS)
    assert hub.content_bytes() < 16 << 20


def test_a_crawling_transfer_is_taken_up_again(
    hub: LocalHub, open_hub: OpenHub, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A transfer below the slowest rate is ended, and the next request asks for the rest."""
    source = open_hub("org/m")
    source.files()
    hub.forget()
    times = clock.timing()
    # Every look at the clock costs a minute, so no transfer of two looks is fast enough.
    minutes = iter(range(0, 6000, 60))
    crawl = Timing(
        monotonic=lambda: float(next(minutes)),
        wall=times.wall,
        sleep=times.sleep,
        chance=times.chance,
    )
    monkeypatch.setattr(source._transport, "_timing", crawl)
    assert source.read([SPAN], Purpose.WEIGHTS) == [BYTES]
    assert source.ledger.bytes_read == len(BYTES)
    starts = [seen.headers["range"].partition("-")[0] for seen in hub.exchanges[1:]]
    assert starts[0] == "bytes=1000"
    assert len(set(starts)) == len(starts) > 1


def test_silence_is_a_fault(
    hub: LocalHub, open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A host that accepts and says nothing is given up after the read timeout."""
    monkeypatch.setattr(transport, "READ_SECONDS", 0.1)
    hub.faults.add(Slow(seconds=0.4), origin="storage", times=2)
    source = open_hub("org/m", policy=RetryPolicy(attempts=2))
    with pytest.raises(NetworkFaultError, match=r"failed: ReadTimeout \(attempt 2"):
        source.read([SPAN], Purpose.WEIGHTS)


def test_secrets_stay_out_of_errors_and_logs(
    hub: LocalHub, open_hub: OpenHub, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the token nor a signature is in a message, a traceback's chain or the log."""
    hub.add_repo("org/p", {"w.safetensors": WEIGHTS}, private=True, readers=frozenset({"hf_key"}))
    hub.faults.add(Drop(after=5), origin="storage")
    hub.faults.add(Status(status=403), origin="storage", times=2)
    source = open_hub("org/p", token="hf_key")
    with caplog.at_level(logging.DEBUG), pytest.raises(NetworkFaultError) as caught:
        source.read([SPAN], Purpose.WEIGHTS)
    assert caught.value.__cause__ is None
    seen = "\n".join([str(caught.value), repr(source), *caplog.messages])
    assert any(name in seen for name in ("HTTP Request", "send_request", '"GET /'))
    for secret in ("hf_key", "X-Amz-Signature"):
        assert secret not in seen


def test_offline_mode_is_kept(open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine set to offline makes no request and says which switch it is."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(NetworkFaultError, match="offline mode") as caught:
        open_hub("org/m")
    assert caught.value.cause == "HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set."


def test_an_answer_without_a_length_is_accepted(hub: LocalHub, open_hub: OpenHub) -> None:
    """What counts is the range: a body that ends with the connection is fine if it is complete."""
    hub.faults.add(Unframed(extra=0), origin="storage")
    assert open_hub("org/m").read([SPAN], Purpose.WEIGHTS) == [BYTES]


def test_an_endless_answer_is_cut_off(open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A JSON answer has a limit."""
    monkeypatch.setattr(transport, "MAX_JSON", 10)
    with pytest.raises(NetworkFaultError, match="not the Hub's JSON \\(more than 10 bytes\\)"):
        open_hub("org/m")


def test_an_answer_that_is_not_json(hub: LocalHub, open_hub: OpenHub) -> None:
    """A login page in place of the API is a network fault."""
    hub.faults.add(Status(status=200, headers={"Content-Type": "text/html"}), path="/revision/")
    with pytest.raises(NetworkFaultError, match="the answer is not the Hub's JSON"):
        open_hub("org/m")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Host/a?b", "https://host:443"),
        ("http://host:80", "http://host:80"),
        ("https://user:pw@host:8443/x", "https://host:8443"),
        ("https://host:99999/", "https://host:0"),
        ("https://host.evil/", "https://host.evil:443"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str) -> None:
    """Default ports are named, so that two spellings of one origin are equal."""
    assert origin_of(url) == origin
