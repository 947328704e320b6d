"""Who takes jobs out of the queue, and what happens to them when the server stops?"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from hubcheck.errors import printable
from hubcheck.serve.carry_out import Ending, Later, Stopped, Tell
from hubcheck.serve.job import Job, Result, State
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.metrics import Metrics

POLL: Final = 1.0
"""Seconds between two looks at an empty queue; a new delivery wakes a worker at once."""
KEPT: Final = 30 * 86_400.0
"""Seconds for which ended jobs are remembered, and with them which deliveries are repeats."""
TIDY: Final = 3600.0

CarryOut = Callable[[Job, Path, threading.Event], Ending]


class Workers:
    """Threads that claim jobs and carry them out, one job each at a time."""

    def __init__(
        self,
        jobs: Jobs,
        carry_out: CarryOut,
        *,
        folder: Path,
        count: int,
        lease_seconds: float,
        metrics: Metrics,
        tell: Tell,
    ) -> None:
        """Prepare; nothing runs yet.

        Args:
            jobs: The queue.
            carry_out: Does a job; gets a folder for it and an event that asks it to stop.
            folder: Where the jobs' folders lie.
            count: Threads.
            lease_seconds: More than any job may take.
            metrics: Told how jobs ended.
            tell: The log.
        """
        self._jobs = jobs
        self._carry_out = carry_out
        self._folder = folder
        self._lease = lease_seconds
        self._metrics = metrics
        self._tell = tell
        self._work = threading.Event()
        self._closing = threading.Event()
        self._stop = threading.Event()
        self._tidied = 0.0
        self._threads = [
            threading.Thread(target=self._run, name=f"hubcheck-worker-{i}", daemon=True)
            for i in range(count)
        ]

    def start(self) -> None:
        """Put back what a process that is gone was running, then begin."""
        recovered = self._jobs.recover()
        if recovered:
            self._tell("recovered", jobs=recovered)
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that there is something new."""
        self._work.set()

    def stop(self, *, grace: float) -> None:
        """Claim nothing more; wait for running jobs, then end them and put them back."""
        self._closing.set()
        self._work.set()
        until = time.monotonic() + grace
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                # Before looking, so that what comes in between is not slept over.
                self._work.clear()
                job = self._jobs.claim(lease_seconds=self._lease)
                if job is None:
                    self._tidy()
                    self._work.wait(POLL)
                    continue
                self._carry(job)
            except Exception as error:  # noqa: BLE001 - a full disk must not end the thread for good
                self._tell("worker-error", error=f"{type(error).__name__}: {printable(error)}")
                self._closing.wait(POLL)

    def _carry(self, job: Job) -> None:
        push = job.push
        names = {"job": job.id, "repo": push.repo, "ref": push.ref, "sha": push.new_sha}
        self._tell("started", **names, attempt=job.attempts)
        began = time.monotonic()
        ending: Ending
        try:
            ending = self._carry_out(job, self._folder / str(job.id), self._stop)
        except Exception as error:  # noqa: BLE001 - one job must not end the worker
            note = f"internal error: {type(error).__name__}: {printable(error)}"
            ending = Result(state=State.FAILED, note=note)
        seconds = time.monotonic() - began
        match ending:
            case Result():
                self._jobs.finish(job, ending)
                self._metrics.ended(ending.state, seconds)
                self._tell(
                    "ended", **names, state=ending.state, verdict=ending.verdict,
                    conclusion=ending.conclusion, note=ending.note, seconds=round(seconds, 3),
                )  # fmt: skip
            case Later(seconds=pause, note=note):
                self._jobs.postpone(job, seconds=pause, note=note)
                self._tell("postponed", **names, pause=pause, note=note)
            case Stopped():
                self._jobs.release(job)
                self._tell("released", **names)

    def _tidy(self) -> None:
        """Forget old jobs, an hour after the last time."""
        now = time.monotonic()
        if self._tidied and now - self._tidied < TIDY:
            return
        self._tidied = now
        for job_id in self._jobs.forget(before=time.time() - KEPT):
            shutil.rmtree(self._folder / str(job_id), ignore_errors=True)
