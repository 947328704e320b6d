"""Tests of how long is waited before a request is made again."""

from __future__ import annotations

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import NetworkFaultError
from hubcheck.source.retry import (
    RETRY_STATUS,
    Gate,
    Patience,
    RetryPolicy,
    requested_wait,
)
from tests.source.conftest import FakeClock

NOW = 1_700_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit": '"api";r=0;t=55'}, 55.0),
        ({"ratelimit": '"resolvers"; r = 0 ; t = 7'}, 7.0),
        ({"ratelimit": '"api";r=0;t=55', "retry-after": "3"}, 55.0),
        ({"ratelimit": '"api";r=12;t=55'}, None),
        ({"ratelimit": '"api";r=12;t=55', "retry-after": "3"}, 3.0),
        ({"retry-after": " 120 "}, 120.0),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW - 30, usegmt=True)}, 0.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:50 -0000"}, 30.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "9" * 400}, None),
        ({}, None),
    ],
)
def test_what_a_host_asks_for(headers: dict[str, str], seconds: float | None) -> None:
    """A spent rate limit comes first, then Retry-After in seconds or as a date."""
    assert requested_wait(headers, now=NOW) == seconds


@given(st.text(max_size=40), st.text(max_size=40))
def test_no_header_breaks_the_reader(limit: str, after: str) -> None:
    """Whatever a host sends is a wait of at least nothing, or no wait."""
    asked = requested_wait({"ratelimit": limit, "retry-after": after}, now=NOW)
    assert asked is None or asked >= 0


def test_which_statuses_are_worth_another_try() -> None:
    """Time-outs, limits and server errors are retried; answers are not."""
    assert {408, 429, 500, 502, 503, 504} <= RETRY_STATUS
    assert not {200, 206, 302, 400, 401, 403, 404, 416, 501} & RETRY_STATUS


def test_waits_double_up_to_the_cap(clock: FakeClock) -> None:
    """Without chance the wait is half of 0.5, 1, 2, ... seconds, and at most half the cap."""
    policy = RetryPolicy(attempts=9)
    patience = Patience("Reading", policy, clock.timing())
    waits = [patience.failed("status 503") for _ in range(8)]
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_chance_spreads_the_waits(clock: FakeClock) -> None:
    """With all of the chance a wait is twice as long as with none."""
    patience = Patience("Reading", RetryPolicy(), clock.timing(chance=1.0))
    assert patience.failed("status 503") == 0.5


def test_the_last_attempt_ends_it(clock: FakeClock) -> None:
    """The error counts the attempts and the waits, in exact words."""
    patience = Patience("Reading 'a'", RetryPolicy(attempts=2), clock.timing())
    patience.wait(patience.failed("status 503"), "status 503")
    with pytest.raises(NetworkFaultError) as caught:
        patience.failed("status 503")
    assert str(caught.value) == (
        "Reading 'a' failed: status 503 (attempt 2, 0 s waited). Likely cause: the host is down, "
        "overloaded, limits your requests, or there is no network. Next: run again later; a token "
        "raises the Hub's limits."
    )


def test_a_host_that_cannot_be_connected_to_gets_fewer_attempts(clock: FakeClock) -> None:
    """Connection failures end after three attempts."""
    patience = Patience("Reading", RetryPolicy(), clock.timing())
    patience.failed("ConnectError", connected=False)
    patience.failed("ConnectError", connected=False)
    with pytest.raises(NetworkFaultError, match="attempt 3"):
        patience.failed("ConnectError", connected=False)


def test_the_ceiling_ends_it_without_sleeping(clock: FakeClock) -> None:
    """A wait that passes the ceiling is not begun."""
    patience = Patience("Reading", RetryPolicy(ceiling=100), clock.timing())
    patience.wait(60, "status 429")
    with pytest.raises(NetworkFaultError, match=r"status 429; the next try would be in 41 s"):
        patience.wait(41, "status 429")
    assert clock.slept == [60]


def test_a_closed_gate_opens_with_time(clock: FakeClock) -> None:
    """A limit holds one host back until it ends; a shorter one does not lift a longer one."""
    gate = Gate(clock.timing())
    gate.close("a", 10)
    gate.close("a", 5)
    assert (gate.delay("a"), gate.delay("b")) == (10, 0)
    clock.sleep(9)
    assert gate.delay("a") == 1
    clock.sleep(9)
    assert gate.delay("a") == 0
