"""How do fifty deliveries at once get onto the disk before they are answered?

One thread writes. What arrives while it writes goes into the next transaction together, so that a
burst costs a few waits for the disk and not one for each delivery.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import field
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.serve.job import Added
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.payload import Push

MAX_BATCH: Final = 200
"""Deliveries in one transaction: a bound on what one answer waits for."""


@frozen
class _Delivery:
    pushes: tuple[Push, ...]
    answer: Future[list[Added]] = field(default_factory=Future)


class Intake:
    """Writes pushes into the queue; ``submit`` from any thread."""

    def __init__(self, jobs: Jobs, *, wake: Callable[[], None]) -> None:
        """Take the queue; ``wake`` is called after something new was written."""
        self._jobs = jobs
        self._wake = wake
        self._waiting: queue.SimpleQueue[_Delivery | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="hubcheck-intake", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what was handed in so far, and end."""
        self._waiting.put(None)
        self._thread.join()

    def submit(self, pushes: tuple[Push, ...]) -> Future[list[Added]]:
        """Hand pushes in; the future is there when they are on the disk."""
        delivery = _Delivery(pushes=pushes)
        self._waiting.put(delivery)
        return delivery.answer

    def _run(self) -> None:
        while True:
            first = self._waiting.get()
            batch = [first]
            while len(batch) < MAX_BATCH and batch[-1] is not None:
                try:
                    batch.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
            deliveries = [d for d in batch if d is not None]
            if deliveries:
                self._write(deliveries)
            if batch[-1] is None:
                return

    def _write(self, deliveries: list[_Delivery]) -> None:
        try:
            outcomes = self._jobs.add([push for d in deliveries for push in d.pushes])
        except Exception as error:  # noqa: BLE001 - a full disk must be answered, not end the thread
            for delivery in deliveries:
                if delivery.answer.set_running_or_notify_cancel():
                    delivery.answer.set_exception(error)
            return
        for delivery in deliveries:
            own, outcomes = outcomes[: len(delivery.pushes)], outcomes[len(delivery.pushes) :]
            # A client that hung up has cancelled its future; its pushes are written all the same.
            if delivery.answer.set_running_or_notify_cancel():
                delivery.answer.set_result(own)
        self._wake()
