"""Who may deliver, for which models, and how often?"""

from __future__ import annotations

import hashlib
import hmac
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import field
from fnmatch import fnmatchcase
from typing import Final

from hubcheck.frozen import frozen

MAX_REPOSITORIES: Final = 10_000
"""Repositories whose rate is remembered; the one that was quiet for longest is forgotten."""


@frozen
class Secrets:
    """The shared secrets that open the door: the present one, and one that is being replaced."""

    present: str = field(repr=False)
    previous: str = field(default="", repr=False)

    def admit(self, given: str | None) -> bool:
        """Return whether ``given`` is one of them, in a time that does not depend on it.

        Digests are compared, so that not even the length of a secret can be timed.
        """
        mine = [s for s in (self.present, self.previous) if s]
        asked = _digest(given or "")
        # All are compared, whatever the first one gives.
        equal = [hmac.compare_digest(asked, _digest(secret)) for secret in mine]
        return bool(given) and any(equal)


def is_listed(repo: str, patterns: Sequence[str]) -> bool:
    """Return whether a model is on the allow-list; the Hub's names ignore capitals.

    A star matches within one part: ``acme/*`` are the models of acme, ``*/*`` is everything.
    """
    owner, _, name = repo.casefold().rpartition("/")
    for pattern in patterns:
        of_owner, _, of_name = pattern.casefold().rpartition("/")
        if fnmatchcase(owner, of_owner) and fnmatchcase(name, of_name):
            return True
    return False


class Rate:
    """A bucket of tokens: a burst at once, then so many a second; safe for several threads."""

    def __init__(
        self, *, burst: int, per_second: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start full.

        Args:
            burst: Tokens of a full bucket.
            per_second: Tokens that flow in.
            clock: Seconds of any origin.
        """
        self._burst = float(burst)
        self._per_second = per_second
        self._clock = clock
        self._left = self._burst
        self._at = clock()
        self._lock = threading.Lock()

    def take(self, count: int = 1) -> float:
        """Take tokens and return 0, or take none and return the seconds until there are enough."""
        with self._lock:
            wait = self._wait(count)
            if not wait:
                self._left -= count
            return wait

    def missing(self) -> float:
        """Return the seconds until there is one token, 0 where there is; take none."""
        with self._lock:
            return self._wait(1)

    def _wait(self, count: int) -> float:
        """Let flow in what is due; return the seconds until there are enough tokens."""
        now = self._clock()
        self._left = min(self._burst, self._left + (now - self._at) * self._per_second)
        self._at = now
        return 0.0 if self._left >= count else (count - self._left) / self._per_second


class RatePerRepository:
    """One bucket for each repository or sender, so that a busy one does not silence the others."""

    def __init__(
        self, *, burst: int, per_hour: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Take the figures of each bucket."""
        self._burst, self._per_second, self._clock = burst, per_hour / 3600, clock
        self._rates: OrderedDict[str, Rate] = OrderedDict()
        self._lock = threading.Lock()

    def owed(self, repo: str) -> float:
        """Return the seconds until there is a token again, 0 where there is one; take none."""
        with self._lock:
            rate = self._rates.get(repo.casefold())
        return 0.0 if rate is None else rate.missing()

    def take(self, repo: str) -> float:
        """Take one token of a repository; see ``Rate.take``."""
        with self._lock:
            key = repo.casefold()
            rate = self._rates.pop(key, None) or Rate(
                burst=self._burst, per_second=self._per_second, clock=self._clock
            )
            self._rates[key] = rate
            if len(self._rates) > MAX_REPOSITORIES:
                self._rates.popitem(last=False)
        return rate.take()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
