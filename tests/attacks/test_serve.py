"""Tests that no stranger shuts the receiver off, and that no clock and no file loses a delivery."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest
import uvicorn

from hubcheck.errors import UsageError
from hubcheck.serve.connections import CONNECTIONS, Connection
from hubcheck.serve.job import Result, State
from hubcheck.serve.jobs import Jobs
from hubcheck.serve.payload import Push
from hubcheck.serve.server import open_queue
from tests.attacks.registry import attack
from tests.serve.receiving import PASSWORD, Receiving

IDLE: Final = 500
CROWD: Final = 1500
"""Connections that come in one burst: nearly three times the places there are."""


@pytest.fixture(scope="module")
def receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiving]:
    """One receiver that nobody delivers to."""
    environment = {"HUBCHECK_PAGE_PASSWORD": PASSWORD, "HF_ENDPOINT": "http://127.0.0.1:9"}
    folder = tmp_path_factory.mktemp("state")
    with Receiving(folder, "--allow", "acme/*", environment=environment) as started:
        yield started


def login(password: str) -> dict[str, str]:
    """Return the header of a browser's login."""
    return {"Authorization": "Basic " + base64.b64encode(f"x:{password}".encode()).decode()}


@attack("serve", "500 connections that say nothing", before="every delivery answered 503",
        now="the quietest gives way: answered throughout")  # fmt: skip
@pytest.mark.parametrize("said", [b"", b"POST /webhook HTTP/1.1\r\nHost: x\r\nX-A: "])
def test_idle_connections_do_not_shut_it_off(receiver: Receiving, said: bytes) -> None:
    """Silent ones and ones whose head never ends; whoever asks is answered at once."""
    open_ones = []
    try:
        for number in range(IDLE):
            one = socket.create_connection(("127.0.0.1", receiver.port), timeout=10)
            one.sendall(said)
            open_ones.append(one)
            if number % 100 == 99:
                assert receiver.get("/healthz")[0] == 200
        began = time.monotonic()
        assert receiver.get("/healthz")[0] == 200
        assert time.monotonic() - began < 5
    finally:
        for one in open_ones:
            one.close()


@attack("serve", "1,500 connections at one moment, again and again",
        before="503 for every delivery that came beside them",
        now="answered throughout")  # fmt: skip
def test_a_crowd_does_not_make_it_look_full(receiver: Receiving) -> None:
    """Whoever gave way counts no more: nobody who asks beside a crowd is answered 503."""
    assert CROWD > CONNECTIONS
    for _ in range(2):
        crowd = [socket.socket() for _ in range(CROWD)]
        try:
            for one in crowd:
                one.setblocking(False)
                one.connect_ex(("127.0.0.1", receiver.port))
            answers = Counter(receiver.get("/healthz")[0] for _ in range(20))
        finally:
            for one in crowd:
                one.close()
        assert answers == {200: 20}


@attack("serve", "many questions on one connection, and no answer read",
        before="cut, counted no more, and open for ever",
        now="closed when its time is up, what it did not read with it")  # fmt: skip
@pytest.mark.parametrize("asked", [2, 40])
def test_who_reads_no_answer_is_closed(monkeypatch: pytest.MonkeyPatch, asked: int) -> None:
    """A connection that holds no place holds no file either.

    With many questions the server waits for room to answer them, and each is in progress.
    """
    monkeypatch.setattr("hubcheck.serve.connections.HEADER_SECONDS", 0.05)
    monkeypatch.setattr("hubcheck.serve.connections.ANSWER_SECONDS", 0.1)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 24_000})

    async def seen() -> tuple[int, bool]:
        server = uvicorn.Server(uvicorn.Config(application, lifespan="off", http=Connection))
        server.config.load()
        made: list[Connection] = []

        def connection() -> Connection:
            made.append(Connection(server.config, server.server_state, {}))
            return made[0]

        here, there = socket.socketpair()
        for one in (here, there):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(connection, here)
        with there:
            there.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * asked)
            await asyncio.sleep(0.3)
            left = made[0].transport.get_write_buffer_size()
            return left, here.fileno() == -1

    left, closed = asyncio.run(seen())
    assert closed, f"{left} bytes wait for somebody to read them"


@attack("serve", "a request whose body never ends", before="kept its place where nothing else ended it",
        now="cut when its time is up, whatever it asked for")  # fmt: skip
def test_a_body_that_never_ends_keeps_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A byte now and then gives a request no more time."""
    monkeypatch.setattr("hubcheck.serve.connections.ANSWER_SECONDS", 0.2)

    async def application(scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def seen() -> bool:
        config = uvicorn.Config(application, lifespan="off", http=Connection)
        config.load()
        state = uvicorn.Server(config).server_state
        here, there = socket.socketpair()
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: Connection(config, state, {}), here)
        with there:
            there.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n")
            for _ in range(10):
                await asyncio.sleep(0.05)
                with suppress(OSError):
                    there.sendall(b"x")
            return not state.connections

    assert asyncio.run(seen())


def test_a_slow_reader_gets_all_of_his_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer in one piece waits in the server for who reads it: that is no silence."""
    monkeypatch.setattr("hubcheck.serve.connections.HEADER_SECONDS", 0.1)
    monkeypatch.setattr("hubcheck.serve.connections.ANSWER_SECONDS", 20.0)
    size = 400_000

    async def application(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * size})

    async def seen() -> int:
        config = uvicorn.Config(application, lifespan="off", http=Connection)
        config.load()
        state = uvicorn.Server(config).server_state
        here, there = socket.socketpair()
        here.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        there.setblocking(False)
        loop = asyncio.get_running_loop()
        await loop.connect_accepted_socket(lambda: Connection(config, state, {}), here)
        with there:
            await loop.sock_sendall(there, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            got = b""
            while data := await loop.sock_recv(there, 32_000):
                got += data
                await asyncio.sleep(0.03)
            return got.count(b"x")

    assert asyncio.run(seen()) >= size


@attack("serve", "`GET /cards/` and 5,000 digits", before="500 and a traceback, not limited",
        now="404")  # fmt: skip
@pytest.mark.parametrize("job", ["9" * 5000, "\u0663", "-1", "1.0", "..%2f..", "0x1", "1" * 19])
def test_a_card_is_asked_for_by_a_number(receiver: Receiving, job: str) -> None:
    """Anything else is not there."""
    path = f"/cards/{job}".encode("ascii", "ignore").decode()
    assert receiver.get(path, login(PASSWORD))[0] in {404, 431}


@attack("serve", "guessing the page's password without end", before="not limited",
        now="429 after ten, whatever is guessed then")  # fmt: skip
def test_guesses_are_counted(tmp_path: Path) -> None:
    """Not even the right one is answered then; without a password nothing is counted."""
    environment = {"HUBCHECK_PAGE_PASSWORD": PASSWORD, "HF_ENDPOINT": "http://127.0.0.1:9"}
    with Receiving(tmp_path, "--allow", "acme/*", environment=environment) as started:
        assert {started.get("/")[0] for _ in range(15)} == {401}
        seen = [started.get("/", login(f"guess {n}"))[0] for n in range(12)]
        assert seen[:10] == [401] * 10
        assert seen[-1] == 429
        assert started.get("/", login(PASSWORD))[0] == 429
        assert started.get("/healthz")[0] == 200


@attack("serve", "bytes that are no HTTP", before="a line in the log that is no JSON",
        now="every line is a JSON object")  # fmt: skip
def test_every_line_of_the_log_is_json(receiver: Receiving) -> None:
    """Also what the libraries below have to say."""
    for data in (b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"\r\n\r\n\x00\xff" * 9):
        with socket.create_connection(("127.0.0.1", receiver.port), timeout=10) as one:
            one.sendall(data)
            one.settimeout(5)
            one.recv(200)
    assert receiver.get("/healthz")[0] == 200
    assert all(isinstance(json.loads(line), dict) for line in receiver.text)
    assert any(e["event"] == "library" for e in receiver.events)


# -- clocks and files -----------------------------------------------------------------------------


def push(number: int, old: int | None = None) -> Push:
    """Return a push."""
    before = "" if old is None else f"{old:040x}"
    return Push(repo="acme/m", ref="refs/heads/main", old_sha=before, new_sha=f"{number:040x}")


@attack("serve", "the machine's clock is set back by an hour", before="what waits waits for an hour",
        now="it runs at once")  # fmt: skip
@attack("serve", "the machine's clock is set forward by an hour", before="what runs is run again",
        now="its lease holds")  # fmt: skip
@pytest.mark.parametrize("step", [-3600.0, 3600.0])
def test_a_clock_that_is_set_moves_no_job(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: float
) -> None:
    """While the server runs, and from one process to the next."""
    jobs = Jobs(tmp_path / "q", limit=9)
    jobs.add([push(1)])
    real = time.time
    monkeypatch.setattr("hubcheck.serve.clock.time.time", lambda: real() + step)
    first = jobs.claim(lease_seconds=60)
    assert first is not None
    assert jobs.claim(lease_seconds=60) is None
    jobs.add([push(2)])
    jobs.close()
    monkeypatch.setattr("hubcheck.serve.clock.time.time", lambda: real() - step)
    again = Jobs(tmp_path / "q", limit=9)
    again.recover()
    found = [again.claim(lease_seconds=60) for _ in range(3)]
    assert [j.push.new_sha[-1] for j in found if j] == ["1", "2"]
    again.close()


@attack("serve", "a failed push excused by an older one, after a clock step",
        before="the older one counts as the last", now="the order is that of the endings")  # fmt: skip
def test_the_order_is_that_of_the_endings(tmp_path: Path) -> None:
    """What ended last is compared with, whatever a clock said then."""
    now = [10_000.0]
    jobs = Jobs(tmp_path / "q", limit=9, clock=lambda: now[0])
    jobs.add([push(1), push(2, 1)])
    for state in (State.DONE, State.FAILED):
        job = jobs.claim(lease_seconds=60)
        assert job is not None
        jobs.finish(job, Result(state=state))
        now[0] -= 3600
        jobs.recover()
    jobs.add([push(3, 2)])
    job = jobs.claim(lease_seconds=60)
    assert job is not None
    assert (
        jobs.held_against(job) == push(1).new_sha
    )  # the last that was checked, not the failed one
    assert [j.push.new_sha[-1] for j in jobs.ended(9)] == ["2", "1"]
    jobs.close()


def test_a_queue_of_the_version_before_is_opened(tmp_path: Path) -> None:
    """Its endings are numbered in the order of their times."""
    path = tmp_path / "q"
    jobs = Jobs(path, limit=9)
    jobs.close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE jobs DROP COLUMN ended")
        for number, finished in ((1, 50.0), (2, 20.0), (3, 0.0)):
            db.execute(
                "INSERT INTO jobs (repo, ref, old_sha, new_sha, state, received, not_before, finished)"
                " VALUES ('a/b','refs/heads/main','',?,?,1,1,?)",
                (f"{number:040x}", "done" if finished else "waiting", finished),
            )
    db.close()
    jobs = Jobs(path, limit=9)
    assert [j.push.new_sha[-1] for j in jobs.ended(9)] == ["1", "2"]
    jobs.close()


@attack("serve", "a damaged `queue.sqlite`", before="exit 5, a traceback", now="exit 2, what to do")
@pytest.mark.parametrize(
    "data",
    [b"no database at all, and long enough to be read" * 99, b"SQLite format 3\0" + b"\xff" * 5000],
)
def test_a_damaged_queue_is_told(tmp_path: Path, data: bytes) -> None:
    """With its name and the next step."""
    (tmp_path / "queue.sqlite").write_bytes(data)
    with pytest.raises(UsageError, match=r"queue\.sqlite' is no queue that can be opened"):
        open_queue(tmp_path, 9)
