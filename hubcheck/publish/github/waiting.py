"""How long must a client wait before it may ask GitHub again?

Primary limits name the second at which they end, secondary limits a number of seconds or nothing;
faults of the server are waited out with growing pauses. One run waits for a stated time in all.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

TRANSIENT: Final = frozenset({408, 500, 502, 503, 504})
"""Faults that pass by themselves."""
LIMITED: Final = frozenset({403, 429})
"""GitHub answers either when a rate limit is reached."""
SECONDARY_WAIT: Final = 60.0
"""Seconds; what GitHub's documentation asks for when a secondary limit names no time."""
FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 20.0
DEFAULT_CEILING: Final = 180.0
"""Seconds that one run may wait in all: a comment is not worth a runner's quarter of an hour."""


@dataclass(slots=True, kw_only=True)
class Patience:
    """What is left of the time that one run may wait.

    Attributes:
        ceiling: Seconds in all.
        sleep: Waits; an argument so that tests need no time.
        clock: Seconds since 1970, for limits that name the second at which they end.
    """

    ceiling: float
    sleep: Callable[[float], None]
    clock: Callable[[], float]
    spent: float = 0.0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def wait(self, seconds: float) -> bool:
        """Wait, or return False when that would pass the ceiling."""
        if not math.isfinite(seconds) or self.spent + seconds > self.ceiling:
            return False
        self.spent += seconds
        self.sleep(seconds)
        return True

    def pause(self, attempt: int) -> float:
        """Return the pause after the given failed attempt (from 0), with jitter."""
        longest = min(FIRST_PAUSE * 2.0**attempt, LONGEST_PAUSE)
        return longest * (0.5 + self._random.random() / 2)


def limit_wait(status: int, headers: Mapping[str, str], message: str, now: float) -> float | None:
    """Return the seconds that a rate limit asks for, or None when there is no rate limit.

    A 403 is a limit only if it says so: most are missing permissions, and waiting helps nothing.
    """
    if status not in LIMITED:
        return None
    stated = _number(headers.get("retry-after"))
    if stated is not None:
        return max(stated, 0.0)
    if headers.get("x-ratelimit-remaining") == "0":
        reset = _number(headers.get("x-ratelimit-reset"))
        # One second more: the limit ends within that second, and clocks differ.
        return SECONDARY_WAIT if reset is None else max(reset - now, 0.0) + 1.0
    if "rate limit" in message.lower() or status == 429:  # noqa: PLR2004 - too many requests
        return SECONDARY_WAIT
    return None


def _number(text: str | None) -> float | None:
    try:
        value = float(text) if text is not None else math.nan
    except ValueError:
        return None
    return value if math.isfinite(value) else None
