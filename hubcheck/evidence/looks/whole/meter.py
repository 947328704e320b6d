"""How does long work show how far it is?

A bar with the rate and the time that remains: redrawn on a terminal, a line every some seconds in
a log. The clock is the caller's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

CELLS: Final = 20
ON_TERMINAL: Final = 0.2
"""Seconds between two drawings: smooth to the eye, nothing to the work."""
IN_LOG: Final = 10.0
"""Seconds between two lines of a log."""
LONGEST: Final = 1e7
"""Seconds; a rate that would take more than a hundred days is none."""


class Meter:
    """Told bytes; writes lines."""

    def __init__(
        self, write: Callable[[str], None], clock: Callable[[], float], *, every: float
    ) -> None:
        """Start to measure with the first bytes.

        Args:
            write: Shows one line.
            clock: Seconds, monotonic.
            every: Seconds between two lines.
        """
        self._write = write
        self._clock = clock
        self._every = every
        self._began: tuple[float, int] | None = None
        self._shown = clock()

    def __call__(self, done: int, total: int) -> None:
        """Take note of bytes done, and show it if it is time."""
        now = self._clock()
        if self._began is None:
            # What an earlier run did, and the first batch, are no measure of the speed.
            self._began = (now, done)
        if now - self._shown < self._every and done < total:
            return
        self._shown = now
        since, before = self._began
        self._write(line(done, total, (done - before) / (now - since) if now > since else 0.0))


def line(done: int, total: int, rate: float) -> str:
    """Return one line.

    Args:
        done: Bytes.
        total: Bytes in all, at least 1.
        rate: Bytes a second, 0 for unknown.
    """
    filled = CELLS * done // max(total, 1)
    bar = f"[{'#' * filled}{'.' * (CELLS - filled)}] {100 * done // max(total, 1):3d} %"
    said = f"comparing every value {bar} of {_size(total)}"
    if rate * LONGEST < total:
        return said
    left = "" if done >= total else f", {_time((total - done) / rate)} left"
    return f"{said}, {_size(int(rate))}/s{left}"


def _size(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 10**8 else f"{n_bytes / 1e6:.1f} MB"


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
