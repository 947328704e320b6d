"""How much came in, how long did the answers take, and how long is the queue?

Prometheus' text format. No label holds a name that a stranger chose, so that neither a private
model's name nor a million of them ends up in a monitoring system.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from typing import Final

from hubcheck.serve.job import State

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds in seconds of the answer's histogram; the Hub waits some seconds for an answer."""


class Metrics:
    """Counts since the start of the process; safe to use from several threads."""

    def __init__(self) -> None:
        """Start at zero."""
        self._deliveries: Counter[str] = Counter()
        self._jobs: Counter[str] = Counter()
        self._buckets = [0] * len(BUCKETS)
        self._answers = 0
        self._answer_seconds = 0.0
        self._job_seconds = 0.0
        self._lock = threading.Lock()

    def answered(self, result: str, seconds: float) -> None:
        """Count an answer to a delivery."""
        with self._lock:
            self._deliveries[result] += 1
            self._answers += 1
            self._answer_seconds += seconds
            for i, bound in enumerate(BUCKETS):
                self._buckets[i] += seconds <= bound

    def ended(self, state: str, seconds: float) -> None:
        """Count a job that ended."""
        with self._lock:
            self._jobs[state] += 1
            self._job_seconds += seconds

    def text(self, counts: Mapping[State, int], oldest_waiting: float) -> str:
        """Return everything, with the present length of the queue."""
        with self._lock:
            lines = [
                *_family("hubcheck_deliveries_total", "counter", "Deliveries by result."),
                *(
                    f'hubcheck_deliveries_total{{result="{name}"}} {n}'
                    for name, n in sorted(self._deliveries.items())
                ),
                *_family("hubcheck_answer_seconds", "histogram", "Time to answer a delivery."),
                *(
                    f'hubcheck_answer_seconds_bucket{{le="{bound}"}} {n}'
                    for bound, n in zip(BUCKETS, self._buckets, strict=True)
                ),
                f'hubcheck_answer_seconds_bucket{{le="+Inf"}} {self._answers}',
                f"hubcheck_answer_seconds_sum {self._answer_seconds:.6f}",
                f"hubcheck_answer_seconds_count {self._answers}",
                *_family("hubcheck_jobs_ended_total", "counter", "Jobs ended since the start."),
                *(
                    f'hubcheck_jobs_ended_total{{state="{name}"}} {n}'
                    for name, n in sorted(self._jobs.items())
                ),
                *_family("hubcheck_job_seconds_total", "counter", "Time spent on ended jobs."),
                f"hubcheck_job_seconds_total {self._job_seconds:.3f}",
            ]
        lines += [
            *_family("hubcheck_jobs", "gauge", "Jobs in the queue's file, by state."),
            *(f'hubcheck_jobs{{state="{state}"}} {n}' for state, n in counts.items()),
            *_family("hubcheck_oldest_waiting_seconds", "gauge", "Age of the oldest waiting job."),
            f"hubcheck_oldest_waiting_seconds {oldest_waiting:.1f}",
        ]
        return "\n".join(lines) + "\n"


def _family(name: str, kind: str, words: str) -> tuple[str, str]:
    return f"# HELP {name} {words}", f"# TYPE {name} {kind}"
