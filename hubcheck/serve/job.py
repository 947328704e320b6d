"""What is known of one check that waits, runs or is done?"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from hubcheck.frozen import frozen
from hubcheck.serve.payload import Push


class State(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class Added(StrEnum):
    """What became of a push that was handed in."""

    NEW = "accepted"
    REPEATED = "repeated"
    FULL = "full"


@frozen
class Job:
    """One row; times are seconds since 1970, 0 for not yet."""

    id: int
    push: Push
    state: State
    received: float
    attempts: int
    lease: str
    started: float
    finished: float
    verdict: str
    conclusion: str
    note: str


@frozen
class Result:
    """How a job ended."""

    state: State
    verdict: str = ""
    conclusion: str = ""
    note: str = ""


def job_of(row: Sequence[object]) -> Job:
    """Return a row of the queue, in the order of its columns, as a job."""
    job_id, repo, ref, old, new, state, received, attempts, lease, started, finished = row[:11]
    verdict, conclusion, note = row[11:]
    return Job(
        id=int(str(job_id)),
        push=Push(repo=str(repo), ref=str(ref), old_sha=str(old), new_sha=str(new)),
        state=State(str(state)),
        received=float(str(received)),
        attempts=int(str(attempts)),
        lease=str(lease),
        started=float(str(started)),
        finished=float(str(finished)),
        verdict=str(verdict),
        conclusion=str(conclusion),
        note=str(note),
    )
