"""How slow is the line to the local Hub?"""

from __future__ import annotations

import threading
import time


class Link:
    """A line that all connections share; safe to use from several threads."""

    def __init__(self, *, latency: float = 0.0, bandwidth: float = 0.0) -> None:
        """Take its figures.

        Args:
            latency: Seconds from a request to the first byte of its answer.
            bandwidth: Bytes per second of all connections together; 0 is without limit.
        """
        self._latency = latency
        self._bandwidth = bandwidth
        self._free_at = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Wait for one latency."""
        if self._latency:
            time.sleep(self._latency)

    def carry(self, n_bytes: int) -> None:
        """Wait until the line has carried ``n_bytes`` more."""
        if not self._bandwidth:
            return
        with self._lock:
            now = time.monotonic()
            self._free_at = max(now, self._free_at) + n_bytes / self._bandwidth
            pause = self._free_at - now
        time.sleep(pause)
