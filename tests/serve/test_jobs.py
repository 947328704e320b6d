"""Does the queue keep its promises: each push once, each result once, nothing lost?"""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hubcheck.serve.intake import Intake
from hubcheck.serve.job import Added, Job, Result, State
from hubcheck.serve.jobs import MAX_ATTEMPTS, Jobs
from hubcheck.serve.payload import MAIN, Push


def push(number: int, *, ref: str = MAIN) -> Push:
    """Return a push of its own."""
    return Push(repo="acme/m", ref=ref, old_sha="", new_sha=f"{number:040x}")


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        """Start at a thousand."""
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def clock() -> Clock:
    """Return a clock."""
    return Clock()


@pytest.fixture
def jobs(tmp_path: Path, clock: Clock) -> Jobs:
    """Return an empty queue for three waiting jobs."""
    return Jobs(tmp_path / "queue.sqlite", limit=3, clock=clock)


def claimed(jobs: Jobs) -> Job:
    """Claim a job that must be there."""
    job = jobs.claim(lease_seconds=10)
    assert job is not None
    return job


def test_a_repeat_adds_nothing_even_after_the_end(jobs: Jobs) -> None:
    """(repository, ref, commit) counts once, whether it waits, runs or has ended."""
    assert jobs.add([push(1), push(1), push(1, ref="refs/pr/1")]) == [
        Added.NEW, Added.REPEATED, Added.NEW,
    ]  # fmt: skip
    job = claimed(jobs)
    assert jobs.add([push(1)]) == [Added.REPEATED]
    assert jobs.finish(job, Result(state=State.DONE, verdict="confirmed", conclusion="pass"))
    assert jobs.add([push(1)]) == [Added.REPEATED]
    assert jobs.unknown([push(1), push(2)]) == [push(2)]


def test_the_queue_is_bounded(jobs: Jobs) -> None:
    """What does not fit is refused, and fits when there is room."""
    outcomes = jobs.add([push(n) for n in range(5)])
    assert outcomes == [Added.NEW] * 3 + [Added.FULL] * 2
    claimed(jobs)
    assert jobs.add([push(3)]) == [Added.NEW]


def test_jobs_run_in_the_order_of_arrival(jobs: Jobs) -> None:
    """First come, first served, and nobody gets a job twice."""
    jobs.add([push(1), push(2)])
    assert [claimed(jobs).push, claimed(jobs).push] == [push(1), push(2)]
    assert jobs.claim(lease_seconds=10) is None


def test_a_result_is_taken_from_the_holder_only(jobs: Jobs, clock: Clock) -> None:
    """After a lease has run out and the job was given away, the first one's result is dropped."""
    jobs.add([push(1)])
    first = claimed(jobs)
    clock.now += 11
    second = claimed(jobs)
    assert second.id == first.id
    assert not jobs.finish(first, Result(state=State.FAILED, note="late"))
    assert not jobs.release(first)
    assert jobs.finish(second, Result(state=State.DONE, verdict="confirmed"))
    assert not jobs.finish(second, Result(state=State.DONE))
    assert [j.verdict for j in jobs.ended(5)] == ["confirmed"]


def test_recovery_puts_back_what_ran(tmp_path: Path, jobs: Jobs) -> None:
    """A new process finds the waiting and the interrupted jobs, each once."""
    jobs.add([push(1), push(2)])
    claimed(jobs)
    jobs.close()
    again = Jobs(tmp_path / "queue.sqlite", limit=3)
    assert again.recover() == 1
    assert [j.push for j in again.unfinished(5)] == [push(1), push(2)]
    assert claimed(again).attempts == 2


def test_what_never_ends_is_given_up(jobs: Jobs) -> None:
    """A job that was started three times and never ended fails, and says so."""
    jobs.add([push(1)])
    for _ in range(MAX_ATTEMPTS):
        claimed(jobs)
        jobs.recover()
    assert jobs.claim(lease_seconds=10) is None
    assert "given up: started 3 times" in jobs.ended(1)[0].note


def test_a_released_job_has_not_used_an_attempt(jobs: Jobs) -> None:
    """Stopping the server as often as one likes loses no job."""
    jobs.add([push(1)])
    for _ in range(MAX_ATTEMPTS + 2):
        job = claimed(jobs)
        assert job.attempts == 1
        assert jobs.release(job)


def test_a_postponed_job_waits_and_ends_after_three_attempts(jobs: Jobs, clock: Clock) -> None:
    """Trouble that passes is waited out, trouble that stays is told."""
    jobs.add([push(1)])
    for attempt in range(MAX_ATTEMPTS):
        assert jobs.postpone(claimed(jobs), seconds=60, note=f"the Hub is down {attempt}")
        assert jobs.claim(lease_seconds=10) is None
        clock.now += 61
    assert [(j.state, j.note) for j in jobs.ended(5)] == [(State.FAILED, "the Hub is down 2")]


def test_old_jobs_are_forgotten(jobs: Jobs, clock: Clock) -> None:
    """Only what has ended is forgotten, and by its age."""
    jobs.add([push(1), push(2)])
    job = claimed(jobs)
    jobs.finish(job, Result(state=State.SKIPPED))
    clock.now += 100
    assert jobs.oldest_waiting() == 100
    assert jobs.forget(before=clock.now) == [job.id]
    assert jobs.counts() == {
        State.WAITING: 1, State.RUNNING: 0, State.DONE: 0, State.SKIPPED: 0, State.FAILED: 0,
    }  # fmt: skip


def ran(jobs: Jobs, clock: Clock, new: int, old: int, state: State | None) -> str:
    """Run a push from ``old`` to ``new``; return with which commit it is compared."""
    made = Push(repo="acme/m", ref=MAIN, old_sha=f"{old:040x}", new_sha=f"{new:040x}")
    jobs.add([made])
    job = claimed(jobs)
    against = jobs.held_against(job)
    clock.now += 1
    if state is not None:
        jobs.finish(job, Result(state=state))
    return f"{int(against, 16)}" if against else ""


def test_a_push_is_held_against_the_one_before_it(jobs: Jobs, clock: Clock) -> None:
    """As long as that one was checked, skipped, or is being checked."""
    assert ran(jobs, clock, 1, 0, State.DONE) == "0"
    assert ran(jobs, clock, 2, 1, State.SKIPPED) == "1"
    assert ran(jobs, clock, 3, 2, None) == "2"
    assert ran(jobs, clock, 4, 3, State.SKIPPED) == "3"  # hubcheck's own, before 3 has ended


def test_what_slipped_through_is_not_excused_by_what_follows(jobs: Jobs, clock: Clock) -> None:
    """After a failed or a refused push the last commit that was checked counts."""
    assert ran(jobs, clock, 1, 0, State.FAILED) == "0"
    assert ran(jobs, clock, 2, 1, State.DONE) == ""  # nothing was ever checked
    assert ran(jobs, clock, 3, 2, State.FAILED) == "2"
    assert ran(jobs, clock, 4, 3, State.SKIPPED) == "2"
    assert ran(jobs, clock, 5, 4, State.DONE) == "2"  # still: 3 was never made up for
    assert ran(jobs, clock, 6, 5, State.SKIPPED) == "5"
    assert ran(jobs, clock, 8, 7, State.DONE) == "6"  # 7 was refused, or never came


def test_threads_share_the_queue_without_sharing_a_job(tmp_path: Path) -> None:
    """Eight threads that add the same pushes and claim run each push exactly once."""
    jobs = Jobs(tmp_path / "queue.sqlite", limit=1000)
    taken: list[str] = []

    def work() -> None:
        for n in range(40):
            jobs.add([push(n)])
            job = jobs.claim(lease_seconds=100)
            if job is not None:
                taken.append(job.push.new_sha)
                assert jobs.finish(job, Result(state=State.DONE))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(taken) == len(set(taken)) == 40


def test_what_was_accepted_survives_a_kill(tmp_path: Path) -> None:
    """A process that dies right after the answer has lost nothing of what it accepted."""
    code = (
        "import os, sys; from pathlib import Path\n"
        "from hubcheck.serve.jobs import Jobs; from hubcheck.serve.payload import Push\n"
        "jobs = Jobs(Path(sys.argv[1]), limit=10)\n"
        "jobs.add([Push(repo='a/b', ref='refs/pr/1', old_sha='', new_sha='c' * 40)])\n"
        "jobs.claim(lease_seconds=100)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "q")], check=False, timeout=60
    )
    assert done.returncode == -9
    jobs = Jobs(tmp_path / "q", limit=10)
    assert jobs.recover() == 1
    assert [j.push.repo for j in jobs.unfinished(5)] == ["a/b"]


def test_the_intake_answers_each_delivery_with_its_own(jobs: Jobs) -> None:
    """What was handed in together is written together and answered apart; errors are passed on."""
    woken: list[int] = []
    intake = Intake(jobs, wake=lambda: woken.append(1))
    answers = [intake.submit((push(1),)), intake.submit((push(1), push(2))), intake.submit(())]
    hung_up = intake.submit((push(3),))
    hung_up.cancel()
    intake.start()
    assert [a.result(5) for a in answers] == [[Added.NEW], [Added.REPEATED, Added.NEW], []]
    intake.stop()
    assert jobs.count(State.WAITING) == 3
    assert woken
    broken = Intake(jobs, wake=lambda: None)
    jobs.close()
    failed = broken.submit((push(4),))
    broken.start()
    assert failed.exception(5) is not None
    broken.stop()
