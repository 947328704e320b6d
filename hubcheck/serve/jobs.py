"""Which checks wait, run and are done, whatever happens to the process in between?

A table in SQLite with a write-ahead log. What is unique in it is (repository, ref, commit): a
delivery that is repeated finds its row and adds nothing. A job is run by whoever holds its lease;
a result is taken from the holder only, so that no job ends twice.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from hubcheck.serve.clock import steady_clock
from hubcheck.serve.job import Added, Job, Result, State, job_of
from hubcheck.serve.payload import Push

MAX_ATTEMPTS: Final = 3
"""Starts of one job. What brings the server down three times would do so for ever."""
SCHEMA_VERSION: Final = 2

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  repo TEXT NOT NULL, ref TEXT NOT NULL, old_sha TEXT NOT NULL, new_sha TEXT NOT NULL,
  state TEXT NOT NULL, received REAL NOT NULL, not_before REAL NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, lease TEXT NOT NULL DEFAULT '',
  lease_until REAL NOT NULL DEFAULT 0, started REAL NOT NULL DEFAULT 0,
  finished REAL NOT NULL DEFAULT 0, verdict TEXT NOT NULL DEFAULT '',
  conclusion TEXT NOT NULL DEFAULT '', note TEXT NOT NULL DEFAULT '',
  ended INTEGER NOT NULL DEFAULT 0,
  UNIQUE (repo, ref, new_sha));
CREATE INDEX IF NOT EXISTS jobs_by_state ON jobs (state, not_before, id);
"""
_NEXT: Final = "(SELECT COALESCE(MAX(ended), 0) + 1 FROM jobs)"
"""What ends now ends after everything else, whatever a clock says."""
_COLUMNS: Final = (
    "id, repo, ref, old_sha, new_sha, state, received, attempts, lease, started, finished, "
    "verdict, conclusion, note"
)


class Jobs:
    """The table; safe to use from several threads of one process."""

    def __init__(self, path: Path, *, limit: int, clock: Callable[[], float] | None = None) -> None:
        """Open or create it.

        Args:
            path: The file of the database.
            limit: Jobs that may wait at once.
            clock: Seconds since 1970; default: this machine's when the queue was opened, and what
                went by since. A clock that is set moves no lease and holds no job back.
        """
        self._limit = limit
        self._clock = clock or steady_clock()
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
        self._db.execute("PRAGMA journal_mode=WAL")
        # An answer of 202 is a promise: what was accepted is on the disk.
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(_SCHEMA)
        self._add_sequence()
        self._db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")

    def _add_sequence(self) -> None:
        """Number what ended in a queue of the version before, in the order of its clock."""
        with self._transaction():
            if "ended" not in {row[1] for row in self._db.execute("PRAGMA table_info(jobs)")}:
                self._db.execute("ALTER TABLE jobs ADD COLUMN ended INTEGER NOT NULL DEFAULT 0")
                self._db.execute(
                    "UPDATE jobs SET ended=(SELECT COUNT(*) FROM jobs AS j WHERE j.finished>0 AND "
                    "(j.finished, j.id)<=(jobs.finished, jobs.id)) WHERE finished>0"
                )

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()

    def add(self, pushes: Sequence[Push]) -> list[Added]:
        """Add pushes in one transaction and say of each what became of it."""
        with self._lock, self._transaction():
            now = self._clock()
            waiting = self.count(State.WAITING)
            outcomes = []
            for push in pushes:
                key = (push.repo, push.ref, push.new_sha)
                where = "SELECT 1 FROM jobs WHERE repo=? AND ref=? AND new_sha=?"
                if self._db.execute(where, key).fetchone():
                    outcomes.append(Added.REPEATED)
                    continue
                if waiting >= self._limit:
                    outcomes.append(Added.FULL)
                    continue
                self._db.execute(
                    "INSERT INTO jobs (repo, ref, old_sha, new_sha, state, received, not_before) "
                    "VALUES (?,?,?,?,?,?,?)",
                    (push.repo, push.ref, push.old_sha, push.new_sha, State.WAITING, now, now),
                )
                waiting += 1
                outcomes.append(Added.NEW)
            return outcomes

    def unknown(self, pushes: Sequence[Push]) -> list[Push]:
        """Return the pushes that were never handed in."""
        where = "SELECT 1 FROM jobs WHERE repo=? AND ref=? AND new_sha=?"
        with self._lock:
            return [
                push
                for push in pushes
                if not self._db.execute(where, (push.repo, push.ref, push.new_sha)).fetchone()
            ]

    def claim(self, *, lease_seconds: float) -> Job | None:
        """Take the oldest job that may run, or one whose lease has run out."""
        with self._lock, self._transaction():
            now = self._clock()
            self._give_up(now)
            row = self._db.execute(
                "SELECT id FROM jobs WHERE (state=? AND not_before<=?) "
                "OR (state=? AND lease_until<?) ORDER BY not_before, id LIMIT 1",
                (State.WAITING, now, State.RUNNING, now),
            ).fetchone()
            if row is None:
                return None
            self._db.execute(
                "UPDATE jobs SET state=?, attempts=attempts+1, lease=?, lease_until=?, started=? "
                "WHERE id=?",
                (State.RUNNING, secrets.token_hex(8), now + lease_seconds, now, row[0]),
            )
            return self.get(row[0])

    def finish(self, job: Job, result: Result) -> bool:
        """End a job; return whether its lease still held."""
        return self._leave(
            job,
            f"state=?, verdict=?, conclusion=?, note=?, finished=?, ended={_NEXT}",
            (result.state, result.verdict, result.conclusion, result.note, self._clock()),
        )

    def postpone(self, job: Job, *, seconds: float, note: str) -> bool:
        """Let a job run again later; the attempt counts."""
        if job.attempts >= MAX_ATTEMPTS:
            return self.finish(job, Result(state=State.FAILED, note=note))
        at = self._clock() + seconds
        return self._leave(job, "state=?, not_before=?, note=?", (State.WAITING, at, note))

    def release(self, job: Job) -> bool:
        """Put a job back that was not finished through no fault of its own."""
        return self._leave(job, "state=?, attempts=attempts-1", (State.WAITING,))

    def recover(self) -> int:
        """Put back what a process that is gone was running; return how many.

        Only for the one process that holds the queue, before it claims anything.
        """
        with self._lock, self._transaction():
            changed = self._db.execute(
                "UPDATE jobs SET state=?, lease='' WHERE state=?", (State.WAITING, State.RUNNING)
            ).rowcount
            # The clock may stand elsewhere than when the process that is gone looked at it.
            self._db.execute(
                "UPDATE jobs SET not_before=MIN(not_before, ?) WHERE state=?",
                (self._clock(), State.WAITING),
            )
            self._give_up(self._clock())
            return changed

    def forget(self, *, before: float) -> list[int]:
        """Delete jobs that ended before a time; return their ids."""
        ended = (State.DONE, State.SKIPPED, State.FAILED)
        with self._lock, self._transaction():
            rows = self._db.execute(
                "DELETE FROM jobs WHERE state IN (?,?,?) AND finished<? RETURNING id",
                (*ended, before),
            ).fetchall()
            return [row[0] for row in rows]

    def get(self, job_id: int) -> Job | None:
        """Return one job."""
        found = self._select("WHERE id=?", (job_id,))
        return found[0] if found else None

    def find(self, push: Push) -> Job | None:
        """Return the job of a push that was handed in."""
        found = self._select(
            "WHERE repo=? AND ref=? AND new_sha=?", (push.repo, push.ref, push.new_sha)
        )
        return found[0] if found else None

    def before(self, job: Job) -> int:
        """Return how many jobs wait in front of a job that waits."""
        with self._lock:
            row = self._db.execute(
                "SELECT COUNT(*) FROM jobs WHERE state=? AND (not_before, id) < "
                "(SELECT not_before, id FROM jobs WHERE id=?)",
                (State.WAITING, job.id),
            ).fetchone()
        return int(row[0])

    def again(self, push: Push, *, after: float) -> bool:
        """Let a push wait once more whose job failed some time ago; return whether it does.

        Args:
            push: What was handed in.
            after: Seconds since it failed.
        """
        now = self._clock()
        with self._lock, self._transaction():
            changed = self._db.execute(
                "UPDATE jobs SET state=?, attempts=0, not_before=?, received=?, note='' "
                "WHERE repo=? AND ref=? AND new_sha=? AND state=? AND finished<=?",
                (State.WAITING, now, now, push.repo, push.ref, push.new_sha, State.FAILED,
                 now - after),
            )  # fmt: skip
            return changed.rowcount == 1

    def held_against(self, job: Job) -> str:
        """Return the commit with which a push is compared; ``""`` when it is to be checked anyway.

        That is the commit before it, unless the one before it was never checked: its job failed, or
        its delivery was refused. Then it is the last one that was, so that weights which slipped
        through are not excused by a later push that leaves them alone.
        """
        push = job.push
        with self._lock:
            rows = self._db.execute(
                "SELECT new_sha, state FROM jobs WHERE repo=? AND ref=? AND id<>? "
                "ORDER BY ended DESC, id DESC",
                (push.repo, push.ref, job.id),
            ).fetchall()
        newest = {state: sha for sha, state in reversed(rows)}
        ended = [state for _, state in rows if state in (State.DONE, State.FAILED)]
        if ended and ended[0] == State.FAILED:
            return str(newest.get(State.DONE, ""))
        settled = [sha for sha, state in rows if state in (State.DONE, State.SKIPPED)]
        if not settled or push.old_sha in {sha for sha, _ in rows}:
            return push.old_sha
        return str(settled[0])

    def ended(self, limit: int) -> list[Job]:
        """Return the jobs that ended last, newest first."""
        states = (State.DONE, State.SKIPPED, State.FAILED)
        return self._select(
            "WHERE state IN (?,?,?) ORDER BY ended DESC, id DESC LIMIT ?", (*states, limit)
        )

    def unfinished(self, limit: int) -> list[Job]:
        """Return what runs and what waits, in the order in which it will run."""
        return self._select(
            "WHERE state IN (?,?) ORDER BY state, not_before, id LIMIT ?",
            (State.RUNNING, State.WAITING, limit),
        )

    def counts(self) -> dict[State, int]:
        """Return how many jobs stand where."""
        with self._lock:
            rows = self._db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall()
        return dict.fromkeys(State, 0) | {State(name): count for name, count in rows}

    def count(self, state: State) -> int:
        """Return how many jobs stand in one state."""
        with self._lock:
            row = self._db.execute("SELECT COUNT(*) FROM jobs WHERE state=?", (state,)).fetchone()
        return int(row[0])

    def oldest_waiting(self) -> float:
        """Return the seconds for which the oldest waiting job has waited, 0 without any."""
        with self._lock:
            row = self._db.execute(
                "SELECT MIN(received) FROM jobs WHERE state=?", (State.WAITING,)
            ).fetchone()
        return max(0.0, self._clock() - row[0]) if row[0] is not None else 0.0

    def _leave(self, job: Job, changes: str, values: tuple[object, ...]) -> bool:
        with self._lock, self._transaction():
            changed = self._db.execute(
                f"UPDATE jobs SET {changes}, lease='', lease_until=0 "  # noqa: S608 - constants
                "WHERE id=? AND state=? AND lease=?",
                (*values, job.id, State.RUNNING, job.lease),
            )
            return changed.rowcount == 1

    def _give_up(self, now: float) -> None:
        """End jobs that were started too often without ever ending."""
        note = f"given up: started {MAX_ATTEMPTS} times, and the server ended each time"
        ending = f"state=?, note=?, finished=?, ended={_NEXT}, lease=''"
        self._db.execute(
            f"UPDATE jobs SET {ending} WHERE attempts>=? "  # noqa: S608 - constants
            "AND (state=? OR (state=? AND lease_until<?))",
            (State.FAILED, note, now, MAX_ATTEMPTS, State.WAITING, State.RUNNING, now),
        )

    def _select(self, where: str, values: tuple[object, ...]) -> list[Job]:
        with self._lock:
            # The conditions are constants of this module.
            query = f"SELECT {_COLUMNS} FROM jobs {where}"  # noqa: S608
            rows = self._db.execute(query, values).fetchall()
        return [job_of(row) for row in rows]

    def _transaction(self) -> _Transaction:
        return _Transaction(self._db)


class _Transaction:
    """Takes the write lock at once, so that what was read is still so when it is written."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def __enter__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._db.execute("ROLLBACK" if kind is not None else "COMMIT")
