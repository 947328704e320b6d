"""How does a receiver stand many deliveries, good and bad, and being killed among them?

Deliveries of every kind over keep-alive connections; at half of them the server is killed as by a
power cut and started again. What got no answer is delivered again, as the Hub's replay does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from tests.hubserver import LocalHub
from tests.serve.dispatches import Dispatches
from tests.serve.hookedhub import payload
from tests.serve.receiving import SECRET, Receiving, until

GITHUB_TOKEN: Final = "github_token_of_the_load_test"
LIMIT: Final = 20_000
"""Bytes of a body that the server is told to take."""
HEALTH_PATIENCE: Final = 10.0
"""Seconds: what container platforms wait for at most before they count a probe as failed."""
STEPS: Final = (0, 3600, -3600)
"""Seconds by which the server's clock is off, by turns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One request to make, and what it is."""

    kind: str
    repo: str
    sha: str
    secret: str
    body: bytes


@dataclass(slots=True, kw_only=True)
class Figures:
    """What was measured."""

    deliveries: int
    answers: Counter[str] = field(default_factory=Counter)
    """By kind and status: ``good 202``."""
    redelivered: int = 0
    seconds: list[float] = field(default_factory=list)
    """Of each answer to a delivery with the right secret."""
    delivering_seconds: float = 0.0
    draining_seconds: float = 0.0
    lost: int = 0
    run_twice: int = 0
    """Jobs that ended more than once."""
    started_again: int = 0
    """Jobs that were running when the server was killed, and were started again."""
    dispatched_twice: int = 0
    """Of those: had reached GitHub before."""
    let_in: int = 0
    healthy: int = 0
    """Answers of ``/healthz`` while deliveries came."""
    not_healthy: int = 0
    """Answers that were not 200, or that took longer than ``HEALTH_PATIENCE``."""
    clock_steps: int = 0
    memory: list[int] = field(default_factory=list)
    """Highest resident bytes of each process."""

    def quantile(self, share: float) -> float:
        """Return a quantile of the answers' seconds."""
        return sorted(self.seconds)[min(int(share * len(self.seconds)), len(self.seconds) - 1)]


def make_deliveries(
    hub: LocalHub, unique: int, total: int, chance: random.Random
) -> list[Delivery]:
    """Return a shuffled mix: good ones, repeats, wrong secrets, oversized, malformed, unlisted."""
    per_repo = 40
    good: list[Delivery] = []
    for start in range(0, unique, per_repo):
        repo = f"acme/model-{start // per_repo}"
        made = hub.add_repo(repo, {"config.json": b"{}"})
        before = made.refs["main"]
        for i in range(min(per_repo, unique - start)):
            after = hub.push(repo, {"config.json": b'{"n": %d}' % i}).oid
            body = json.dumps(payload(repo, "refs/heads/main", before, after)).encode()
            good.append(Delivery(kind="good", repo=repo, sha=after, secret=SECRET, body=body))
            before = after
    kinds = ("repeat", "repeat", "repeat", "wrong-secret", "wrong-secret", "oversized",
             "malformed", "unlisted")  # fmt: skip
    rest = [_other(kinds[i % len(kinds)], good, chance) for i in range(total - len(good))]
    mixed = good + rest
    chance.shuffle(mixed)
    return mixed


def _other(kind: str, good: list[Delivery], chance: random.Random) -> Delivery:
    like = chance.choice(good)
    if kind == "repeat":
        return Delivery(kind=kind, repo=like.repo, sha=like.sha, secret=SECRET, body=like.body)
    sha = f"{chance.getrandbits(160):040x}"
    repo = "stranger/model" if kind == "unlisted" else like.repo
    body = json.dumps(payload(repo, "refs/heads/main", None, sha)).encode()
    if kind == "oversized":
        body = body[:-1] + b', "more": "' + b"x" * chance.choice((LIMIT, 2_000_000)) + b'"}'
    if kind == "malformed":
        body = body[: len(body) // 2]
    secret = SECRET[:-1] + "?" if kind == "wrong-secret" else SECRET
    return Delivery(kind=kind, repo=repo, sha=sha, secret=secret, body=body)


def run(
    folder: Path,
    *,
    total: int,
    unique: int,
    connections: int,
    workers: int,
    patience: float = 600.0,
    kills: int = 1,
    idle: int = 0,
    fake_clock: Path | None = None,
) -> Figures:
    """Deliver, kill, start again, deliver the rest, wait until all is done, and count.

    Args:
        folder: For the server.
        total: Deliveries.
        unique: Good pushes among them.
        connections: Clients at once.
        workers: Of the server.
        patience: Seconds for all jobs to end.
        kills: Times the server is killed, evenly spread.
        idle: Connections beside those, opened again when cut, that never say anything.
        fake_clock: The library libfaketime; with it the server's clock is set by an hour, to and
            fro, each time a tenth of the deliveries is answered.
    """
    figures = Figures(deliveries=total)
    off = folder / "clock"
    off.write_text("+0", encoding="ascii")
    with LocalHub() as hub, Dispatches(token=GITHUB_TOKEN) as github:
        deliveries = make_deliveries(hub, unique, total, random.Random(1))
        environment = {
            "HF_ENDPOINT": hub.endpoint,
            "GITHUB_API_URL": github.address,
            "HUBCHECK_GITHUB_TOKEN": GITHUB_TOKEN,
        }
        if fake_clock is not None:
            environment |= {
                "LD_PRELOAD": str(fake_clock),
                "FAKETIME_TIMESTAMP_FILE": str(off),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
        words = ("--allow", "acme/*", "--dispatch", "acme/checks", "--workers", str(workers),
                 "--per-hour", "1000", "--queue-limit", "100000",
                 "--body-limit", str(LIMIT))  # fmt: skip
        receiver = Receiving(folder, *words, environment=environment)
        began = time.perf_counter()
        first: list[dict[str, Any]] = []
        with receiver:
            at = {len(deliveries) * (n + 1) // (kills + 1) for n in range(kills)}
            clock = off if fake_clock is not None else None
            asyncio.run(
                _deliver(receiver, deliveries, connections, figures, at, first, idle, clock)
            )
            figures.delivering_seconds = time.perf_counter() - began
            _drain(folder, unique, patience)
            figures.draining_seconds = time.perf_counter() - began
            figures.memory.append(_peak_memory(receiver.process.pid))
            assert receiver.terminate() == 0
        _count(figures, folder, deliveries, github, [*first, *receiver.events])
    return figures


async def _deliver(
    receiver: Receiving,
    deliveries: list[Delivery],
    connections: int,
    figures: Figures,
    kills: set[int],
    first: list[dict[str, Any]],
    idle: int,
    clock: Path | None,
) -> None:
    waiting = list(reversed(deliveries))
    answered = 0
    up = asyncio.Event()
    up.set()

    async def restart() -> None:
        up.clear()
        figures.memory.append(_peak_memory(receiver.process.pid))
        await asyncio.to_thread(receiver.kill)
        await asyncio.to_thread(receiver.__exit__)
        first.extend(receiver.events)
        receiver.events = []
        await asyncio.to_thread(receiver.__enter__)
        up.set()

    restarting: list[asyncio.Task[None]] = []

    async def connection() -> None:
        nonlocal answered
        stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while waiting:
            delivery = waiting.pop()
            await up.wait()
            try:
                if stream is None:
                    stream = await asyncio.open_connection("127.0.0.1", receiver.port)
                began = time.perf_counter()
                status, close = await _request(*stream, delivery)
            except (OSError, EOFError, ValueError):
                # No answer: it is delivered again, unless it is one that may be cut off.
                if delivery.kind in {"oversized", "wrong-secret"} and up.is_set():
                    figures.answers[f"{delivery.kind} cut off"] += 1
                else:
                    figures.redelivered += 1
                    waiting.append(delivery)
                    await asyncio.sleep(0.01)
                await _close(stream)
                stream = None
                continue
            figures.answers[f"{delivery.kind} {status}"] += 1
            if status == HTTPStatus.SERVICE_UNAVAILABLE:
                waiting.append(delivery)
            if delivery.secret == SECRET:
                figures.seconds.append(time.perf_counter() - began)
            answered += 1
            if clock is not None and answered % max(len(deliveries) // 10, 1) == 0:
                figures.clock_steps += 1
                _set(clock, STEPS[figures.clock_steps % len(STEPS)])
            if answered in kills:
                restarting.append(asyncio.create_task(restart()))
            if close:
                await _close(stream)
                stream = None
        await _close(stream)

    async def silence() -> None:
        while True:
            await up.wait()
            stream = None
            with contextlib.suppress(OSError):
                stream = await asyncio.open_connection("127.0.0.1", receiver.port)
                await stream[0].read(1)
            await _close(stream)
            await asyncio.sleep(0.05)

    async def health() -> None:
        while True:
            await up.wait()
            began = time.perf_counter()
            try:
                status, _, _ = await asyncio.to_thread(receiver.get, "/healthz")
            except OSError:
                if up.is_set():
                    figures.not_healthy += 1
            else:
                late = time.perf_counter() - began > HEALTH_PATIENCE
                figures.healthy += status == HTTPStatus.OK and not late
                figures.not_healthy += status != HTTPStatus.OK or late
            await asyncio.sleep(0.2)

    asked = asyncio.create_task(health())
    silent = [asyncio.create_task(silence()) for _ in range(idle)]
    await asyncio.gather(*(connection() for _ in range(connections)))
    await asyncio.gather(*restarting)
    for one in (asked, *silent):
        one.cancel()
    await asyncio.gather(asked, *silent, return_exceptions=True)


def _set(clock: Path, seconds: int) -> None:
    clock.write_text(f"{seconds:+d}", encoding="ascii")


async def _request(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delivery: Delivery
) -> tuple[int, bool]:
    head = (
        f"POST /webhook HTTP/1.1\r\nHost: receiver\r\nContent-Type: application/json\r\n"
        f"X-Webhook-Secret: {delivery.secret}\r\nContent-Length: {len(delivery.body)}\r\n\r\n"
    )
    writer.write(head.encode() + delivery.body)
    await writer.drain()
    answer = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    status = int(answer.split(" ", 2)[1])
    length = next(
        (line for line in answer.split("\r\n") if line.startswith("content-length:")), ":0"
    )
    await reader.readexactly(int(length.split(":")[1]))
    return status, "connection: close" in answer


async def _close(stream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None) -> None:
    if stream is not None:
        stream[1].close()
        with contextlib.suppress(OSError):
            await stream[1].wait_closed()


def _drain(folder: Path, unique: int, patience: float) -> None:
    """Wait until every job has ended."""

    def done() -> bool:
        with contextlib.closing(sqlite3.connect(folder / "queue.sqlite")) as db:
            states: dict[str, int] = dict(
                db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state")
            )
        return states.get("done", 0) + states.get("failed", 0) >= unique

    until(done, seconds=patience)


def _count(
    figures: Figures,
    folder: Path,
    deliveries: list[Delivery],
    github: Dispatches,
    events: list[dict[str, Any]],
) -> None:
    good = {(d.repo, d.sha) for d in deliveries if d.kind == "good"}
    with contextlib.closing(sqlite3.connect(folder / "queue.sqlite")) as db:
        done = list(db.execute("SELECT repo, new_sha FROM jobs WHERE state='done'"))
        everything = set(db.execute("SELECT repo, new_sha FROM jobs"))
    sent = Counter(
        (d["client_payload"]["repo"], d["client_payload"]["new_sha"]) for d in github.taken
    )
    ended = Counter((e["repo"], e["sha"]) for e in events if e["event"] == "ended")
    started = Counter((e["repo"], e["sha"]) for e in events if e["event"] == "started")
    figures.lost = len(good - set(done)) + len(good - set(sent))
    figures.run_twice = sum(n - 1 for n in ended.values()) + len(done) - len(set(done))
    figures.started_again = sum(n - 1 for n in started.values())
    figures.dispatched_twice = sum(n - 1 for n in sent.values())
    figures.let_in = len((everything | set(sent)) - good)


def _peak_memory(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024
