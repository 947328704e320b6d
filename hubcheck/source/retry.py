"""How long to wait before a failed request is made again, and when to give up?

The Hub counts requests in windows of five minutes and says in ``RateLimit`` when the window ends;
other hosts send ``Retry-After``. Without either the wait doubles. Time, sleep and chance come in as
arguments so that tests do not wait.
"""

from __future__ import annotations

import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

from hubcheck.errors import NetworkFaultError, printable
from hubcheck.frozen import frozen

RETRY_STATUS: Final = frozenset({408, 429, *range(500, 600)} - {501, 505})
"""Worth another try; 501 and 505 say that the host will never understand the request."""

_RATE_LIMIT: Final = re.compile(r'"[^"]*"\s*;\s*r\s*=\s*0+\s*;\s*t\s*=\s*([0-9]{1,9})\s*(?:;|,|$)')
"""A spent window in a ``RateLimit`` header: ``"api";r=0;t=55`` ends in 55 s."""


_SECONDS: Final = re.compile(r"[0-9]{1,9}")


@frozen
class RetryPolicy:
    """When one request is given up; waits are in seconds."""

    attempts: int = 6
    connect_attempts: int = 3
    """A host that cannot be connected to seldom comes back within seconds."""
    first_wait: float = 0.5
    longest_wait: float = 20.0
    """Caps the doubling, not a wait that the host asks for."""
    ceiling: float = 330.0
    """All waits of one request together: one rate-limit window of the Hub (300 s) and some."""


@frozen
class Timing:
    """The outside world of a retry: two clocks in seconds, a sleep, and a number in [0, 1)."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    chance: Callable[[], float] = random.random


def requested_wait(headers: Mapping[str, str], *, now: float) -> float | None:
    """Return the seconds a host asks to wait, or ``None`` when it asks nothing legible.

    Args:
        headers: Response headers; lookups must ignore case.
        now: Seconds since the epoch, for a ``Retry-After`` that is a date.
    """
    spent = _RATE_LIMIT.search(headers.get("ratelimit", ""))
    if spent:
        return float(spent[1])
    asked = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(asked):
        return float(asked)
    try:
        date = parsedate_to_datetime(asked)
        # RFC 9110 dates are in GMT; a date without a zone is read as such.
        moment = (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
    return max(0.0, moment - now)


class Gate:
    """Holds back all requests to a host that has announced a rate limit; for several threads."""

    def __init__(self, timing: Timing) -> None:
        """Start with every host open."""
        self._timing = timing
        self._opens: dict[str, float] = {}
        self._lock = threading.Lock()

    def close(self, origin: str, seconds: float) -> None:
        """Hold requests to ``origin`` back for ``seconds`` from now."""
        with self._lock:
            opens = self._timing.monotonic() + seconds
            self._opens[origin] = max(opens, self._opens.get(origin, opens))

    def delay(self, origin: str) -> float:
        """Return the seconds until ``origin`` may be asked again, 0 when it may now."""
        with self._lock:
            return max(0.0, self._opens.get(origin, 0.0) - self._timing.monotonic())


class Patience:
    """Counts the attempts and waits of one request, and ends them."""

    def __init__(self, what: str, policy: RetryPolicy, timing: Timing) -> None:
        """Start before the first attempt.

        Args:
            what: The request in words, without any address that carries a signature.
            policy: When to give up.
            timing: Clocks, sleep and chance.
        """
        self._what = what
        self._policy = policy
        self._timing = timing
        self._failures = 0
        self._waited = 0.0

    def wait(self, seconds: float, fault: str) -> None:
        """Sleep for ``seconds``, unless that passes the ceiling.

        Raises:
            NetworkFaultError: the waits of this request would pass ``policy.ceiling``.
        """
        if seconds <= 0:
            return
        if self._waited + seconds > self._policy.ceiling:
            raise self._given_up(f"{fault}; the next try would be in {seconds:.0f} s")
        self._waited += seconds
        self._timing.sleep(seconds)

    def failed(self, fault: str, *, connected: bool = True) -> float:
        """Book a failed attempt and return the wait that doubles from one to the next.

        Raises:
            NetworkFaultError: no attempt is left.
        """
        self._failures += 1
        policy = self._policy
        if self._failures >= (policy.attempts if connected else policy.connect_attempts):
            raise self._given_up(fault)
        doubled: float = policy.first_wait * 2 ** (self._failures - 1)
        # Half of the wait is chance, so that 16 requests that failed together do not return so.
        return min(policy.longest_wait, doubled) * (0.5 + 0.5 * self._timing.chance())

    def _given_up(self, fault: str) -> NetworkFaultError:
        return NetworkFaultError(
            f"{self._what} failed: {printable(fault)} (attempt {max(1, self._failures)}, "
            f"{self._waited:.0f} s waited).",
            cause="the host is down, overloaded, limits your requests, or there is no network.",
            next_step="run again later; a token raises the Hub's limits.",
        )
