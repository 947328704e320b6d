"""How does the receiver start, listen and stop?

On SIGTERM or SIGINT it stops listening, lets the deliveries in progress be answered, gives running
checks their grace, puts back what did not end, and leaves with 0.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sqlite3
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import IO, Final

import uvicorn
from starlette.types import ASGIApp

from hubcheck import __version__
from hubcheck.errors import UsageError, printable
from hubcheck.serve.asked import question_of
from hubcheck.serve.carry_out import Ending, Guarded, OwnName, check_asked, check_here
from hubcheck.serve.connections import CONNECTIONS, HEADER_SECONDS, Connection
from hubcheck.serve.dispatch import dispatch
from hubcheck.serve.events import EventLog, LibraryLog, secrets_in
from hubcheck.serve.intake import Intake
from hubcheck.serve.job import Job, Result, State
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.kept import Kept
from hubcheck.serve.metrics import Metrics
from hubcheck.serve.receiver import Receiver
from hubcheck.serve.settings import CheckHere, Dispatch, Settings
from hubcheck.serve.workers import Workers
from hubcheck.system import lock

BACKLOG: Final = 512
"""Connections that wait in the kernel to be accepted."""
AT_A_TIME: Final = 32
"""Accepted in one turn of the loop: what each of them says is read before hundreds follow."""
BUSY: Final = 256
"""Requests in progress, beyond the connections that say nothing, before more are answered 503."""
DISPATCH_SECONDS: Final = 600.0
"""Longest that guards and one dispatch take, waits for rate limits included."""
LEASE_MARGIN: Final = 900.0
"""Seconds of a lease beyond the time limits: the guards' requests and their waits."""


def serve(settings: Settings, environment: Mapping[str, str]) -> None:
    """Run the receiver until it is asked to stop.

    Raises:
        UsageError: the address is taken, the folder cannot be used, or another server uses it.
    """
    tell = EventLog(sys.stderr, secrets=secrets_in(environment))
    logging.basicConfig(handlers=[LibraryLog(tell)], level=logging.WARNING, force=True)
    metrics = Metrics()
    folder = settings.state / "jobs"
    with _held(settings.state), _listening(settings.host, settings.port) as listener:
        folder.mkdir(exist_ok=True)
        kept = kept_in(settings)
        jobs = open_queue(settings.state, settings.queue_limit)
        workers = Workers(
            jobs,
            _carrier(settings, environment, tell, jobs, kept),
            folder=folder,
            count=settings.workers,
            lease_seconds=_lease(settings),
            metrics=metrics,
            tell=tell,
        )
        intake = Intake(jobs, wake=workers.wake)
        receiver = Receiver(
            settings,
            jobs=jobs,
            intake=intake,
            metrics=metrics,
            tell=tell,
            cards=folder,
            kept=kept,
        )
        intake.start()
        workers.start()
        host, port = listener.getsockname()[:2]
        tell("listening", version=__version__, host=host, port=port, pid=os.getpid())
        try:
            asyncio.run(_answer(receiver.application(), listener))
        finally:
            tell("stopping")
            intake.stop()
            workers.stop(grace=settings.grace)
            jobs.close()
            tell("stopped")


def open_queue(state: Path, limit: int) -> Jobs:
    """Open the queue of a folder.

    Raises:
        UsageError: its file is no queue.
    """
    path = state / "queue.sqlite"
    try:
        return Jobs(path, limit=limit)
    except sqlite3.DatabaseError as error:
        raise UsageError(
            f"'{printable(path)}' is no queue that can be opened: {printable(error)}.",
            cause="the file was damaged, or is something else.",
            next_step="restore it from a copy, or move it away; what waited in it is then lost.",
        ) from error


def kept_in(settings: Settings) -> Kept:
    """Return where the answers of the open page stay."""
    plan = settings.open_page
    return Kept(settings.state / "kept", limit=plan.cards if plan is not None else 0)


def _carrier(
    settings: Settings, environment: Mapping[str, str], tell: EventLog, jobs: Jobs, kept: Kept
) -> _Carrier:
    guarded = Guarded(
        endpoint=settings.endpoint,
        environment=environment,
        own_name=OwnName(endpoint=settings.endpoint, environment=environment),
        tell=tell,
    )
    return _Carrier(settings.work, guarded, jobs, kept)


class _Carrier:
    """Does a job in the way that the settings say."""

    def __init__(
        self, work: CheckHere | Dispatch, guarded: Guarded, jobs: Jobs, kept: Kept
    ) -> None:
        self._work = work
        self._guarded = guarded
        self._jobs = jobs
        self._kept = kept

    def __call__(self, job: Job, folder: Path, stop: threading.Event) -> Ending:
        question = question_of(job.push.repo, job.push.ref, job.push.new_sha)
        if question is not None and isinstance(self._work, CheckHere):
            ending = check_asked(question, folder, self._work, self._guarded, stop)
            if isinstance(ending, Result) and ending.state is State.DONE:
                self._kept.answer(question, folder)
            return ending
        push = replace(job.push, old_sha=self._jobs.held_against(job))
        match self._work:
            case CheckHere() as plan:
                return check_here(push, folder, plan, self._guarded, stop)
            case Dispatch() as plan:
                return dispatch(push, plan, self._guarded)


def _lease(settings: Settings) -> float:
    match settings.work:
        case CheckHere(seconds=seconds, publish=publish):
            return seconds * (1 + len(publish)) + LEASE_MARGIN
        case Dispatch():
            return DISPATCH_SECONDS + LEASE_MARGIN


class _Server(uvicorn.Server):
    """uvicorn, which would end the process with the signal it caught instead of returning."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start; asyncio has one number for what it accepts at a time and for what may wait."""
        await super().startup(sockets=sockets)
        for one in sockets or ():
            one.listen(BACKLOG)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            try:
                loop.add_signal_handler(number, self._leave)
            except NotImplementedError:  # Windows
                signal.signal(number, lambda *_: loop.call_soon_threadsafe(self._leave))
        yield

    def _leave(self) -> None:
        self.force_exit = self.should_exit  # asked twice: open connections are cut
        self.should_exit = True


async def _answer(application: ASGIApp, listener: socket.socket) -> None:
    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        http=Connection,
        limit_concurrency=CONNECTIONS + BUSY,
        backlog=AT_A_TIME,
        timeout_keep_alive=int(HEADER_SECONDS),
        timeout_graceful_shutdown=20,
    )
    await _Server(config).serve(sockets=[listener])


@contextmanager
def _held(state: Path) -> Iterator[None]:
    """Hold the folder for this process alone: two servers would run the same jobs."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        held: IO[bytes] = (state / "lock").open("ab")
    except OSError as error:
        raise UsageError(
            f"'{printable(state)}' cannot be used: {error.strerror}.",
            cause="--state names a place without rights or room.",
            next_step="choose a folder that lasts longer than the server.",
        ) from error
    with held:
        if not lock(held.fileno(), wait=False):
            raise UsageError(
                f"'{printable(state)}' is used by another server.",
                cause="hubcheck serve runs already with this --state.",
                next_step="stop it, or name another folder.",
            )
        yield


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        listener = socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise UsageError(
            f"{printable(host)}:{port} cannot be listened on: {error.strerror}.",
            cause="the port is taken, or the address is not this machine's.",
            next_step="choose another --port or --host.",
        ) from error
    with listener:
        # Accepted connections inherit it. Without it an answer in two packets waits 40 ms.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield listener
