"""What becomes of a read when one step of it goes wrong, for every step and every fault?

``python -m tests.source.fault_table`` prints the table that stands in docs/reading.md. No run waits:
sleeps are injected.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from safetensors.numpy import save

from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.rows import read_rows
from hubcheck.errors import UnreachableError
from hubcheck.source import transport
from hubcheck.source.cache import SpanCache
from hubcheck.source.hub import HubSource
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import parse_hub_reference
from hubcheck.source.retry import Timing
from tests.hubserver import (
    Drop,
    Headers,
    IgnoreRange,
    LocalHub,
    Slow,
    Status,
    Truncate,
    Unframed,
)
from tests.hubserver.faults import Fault
from tests.hubserver.session import close_session

FOR_EVER: Final = 10_000
SURVIVED: Final = "survived"
PATIENCE_S: Final = 0.15
"""Seconds of silence that count as a fault here, in place of 30."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of reading a model, and how its requests are told from others."""

    name: str
    origin: str
    path: str
    skip: int = 0


STEPS: Final = (
    Step(name="commit", origin="hub", path="/revision/"),
    Step(name="listing", origin="hub", path="/tree/"),
    Step(name="config", origin="hub", path="config.json"),
    Step(name="lookup", origin="hub", path="00001-of-00002.safetensors"),
    Step(name="header", origin="storage", path="00001-of-00002.safetensors"),
    Step(name="weights", origin="storage", path="00001-of-00002.safetensors", skip=1),
)
RANGES: Final = ("config", "header", "weights")
API: Final = ("commit", "listing")
EVERY: Final = tuple(step.name for step in STEPS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One fault, at the steps where it can happen."""

    name: str
    fault: Fault
    times: int = 1
    steps: tuple[str, ...] = EVERY


TRIALS: Final = (
    Trial(name="503 once", fault=Status(status=503)),
    Trial(name="503 for ever", fault=Status(status=503), times=FOR_EVER),
    Trial(name="500 three times", fault=Status(status=500), times=3),
    Trial(name="429, Retry-After 7 s", fault=Status(status=429, headers={"Retry-After": "7"})),
    Trial(
        name="429, RateLimit window of 55 s",
        fault=Status(status=429, headers={"RateLimit": '"api";r=0;t=55'}),
    ),
    Trial(
        name="429, Retry-After one day",
        fault=Status(status=429, headers={"Retry-After": "86400"}),
        times=FOR_EVER,
    ),
    Trial(name="429 for ever", fault=Status(status=429), times=FOR_EVER),
    Trial(name="connection closed before the answer's body", fault=Drop(after=0)),
    Trial(name="connection closed within the body", fault=Drop(after=7)),
    Trial(name="connection always closed", fault=Drop(after=0), times=FOR_EVER),
    Trial(name="silent once", fault=Slow(seconds=2 * PATIENCE_S)),
    Trial(name="silent for ever", fault=Slow(seconds=2 * PATIENCE_S), times=FOR_EVER,
          steps=("weights",)),
    Trial(name="bytes missing, lengths agree", fault=Truncate(missing=3), steps=RANGES),
    Trial(name="bytes missing, no length", fault=Unframed(extra=-3), steps=RANGES),
    Trial(name="bytes too many, no length", fault=Unframed(extra=5), steps=("header", "weights")),
    Trial(name="another range", fault=Headers(headers={"Content-Range": "bytes 1-2/3"}),
          steps=RANGES),
    Trial(name="another file size", fault=Headers(headers={"Content-Range": "bytes 0-9/10"}),
          steps=RANGES),
    Trial(name="compressed", fault=Headers(headers={"Content-Encoding": "gzip"}), steps=RANGES),
    Trial(name="200 and the whole file", fault=IgnoreRange(), steps=RANGES),
    Trial(name="200 and a login page", fault=Status(status=200)),
    Trial(name="404", fault=Status(status=404)),
    Trial(name="401", fault=Status(status=401)),
    Trial(name="403 once (an expired address)", fault=Status(status=403)),
    Trial(name="another ETag", fault=Headers(headers={"ETag": '"other"'}), steps=("weights",)),
    Trial(name="another digest than listed", fault=Headers(headers={"X-Linked-Etag": "0" * 64}),
          steps=("lookup",)),
    Trial(name="another commit", fault=Headers(headers={"X-Repo-Commit": "b" * 40}),
          steps=("config", "lookup")),
    Trial(name="a storage host without an address",
          fault=Headers(headers={"Location": "http://storage.invalid/x"}), times=FOR_EVER,
          steps=("lookup",)),
    Trial(name="a redirect to plain text", fault=Headers(headers={"Location": "ftp://x/y"}),
          steps=("lookup",)),
    Trial(name="a redirect without a target",
          fault=Status(status=302), times=FOR_EVER, steps=(*API, "config", "lookup")),
)  # fmt: skip


def model_files() -> Mapping[str, bytes]:
    """Return a model of two shards."""
    rng = np.random.default_rng(4)
    tensors = [{f"t{n}": rng.standard_normal((400, 64)).astype(np.float32)} for n in (1, 2)]
    shards = [save(t) for t in tensors]
    names = [f"model-{n:05}-of-00002.safetensors" for n in (1, 2)]
    index = f'{{"weight_map": {{"t1": "{names[0]}", "t2": "{names[1]}"}}}}'.encode()
    return {
        "config.json": b'{"model_type": "none", "about": "long enough to be cut in the middle"}',
        "model.safetensors.index.json": index,
        **dict(zip(names, shards, strict=True)),
    }


class _Clock:
    """Moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def reading(hub: LocalHub, cache: SpanCache | None) -> str:
    """Read a model through every step and return the digest of what came of it."""
    clock = _Clock()
    source = HubSource(
        parse_hub_reference("org/m"),
        ledger=Ledger(10**7),
        token=None,
        endpoint=hub.endpoint,
        cache=cache,
        timing=Timing(
            monotonic=lambda: clock.now,
            wall=lambda: clock.now,
            sleep=clock.sleep,
            chance=lambda: 0.5,
        ),
    )
    seen = hashlib.sha256(source.read_document("config.json", limit=10**6))
    checkpoint = open_checkpoint(source, {})
    blocks = [RowBlock(tensor=t, start=s, stop=s + 2) for t in ("t1", "t2") for s in (0, 350)]
    for rows in read_rows(checkpoint, blocks):
        seen.update(rows.tobytes())
    return seen.hexdigest()


@contextmanager
def served() -> Iterator[LocalHub]:
    """Serve the model, with the patience of ``PATIENCE_S`` and no proxy in between."""
    before = {name: os.environ.get(name) for name in ("NO_PROXY", "no_proxy")}
    patience = transport.READ_SECONDS
    os.environ.update(dict.fromkeys(before, "*"))
    transport.READ_SECONDS = PATIENCE_S  # type: ignore[misc]
    close_session()
    try:
        with LocalHub(describes_files=False) as hub:  # every step is a request of its own
            hub.add_repo("org/m", model_files())
            yield hub
    finally:
        close_session()
        transport.READ_SECONDS = patience  # type: ignore[misc]
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def outcome(hub: LocalHub, trial: Trial, step: Step, truth: str) -> str:
    """Return what became of one read: ``SURVIVED``, or the kind of the error that reports it.

    A wrong number, a cache that was left with anything but whole entries, or an error of another
    kind is an AssertionError.
    """
    used = hub.faults.used
    hub.faults.add(
        trial.fault, origin=step.origin, path=step.path, skip=step.skip, times=trial.times
    )
    with TemporaryDirectory() as folder:
        try:
            found = reading(hub, SpanCache(Path(folder)))
        except UnreachableError as error:
            result = type(error).__name__.removesuffix("Error")
        else:
            assert found == truth, "a wrong number"
            result = SURVIVED
        assert hub.faults.used > used, "the fault did not happen"
        hub.faults.clear()
        assert not list(Path(folder).rglob(".new-*")), "half-written"
        again = SpanCache(Path(folder))
        assert reading(hub, again) == truth, "a wrong number from what was left behind"
        assert not again.warnings
    return result


def outcomes() -> dict[tuple[str, str], str]:
    """Return the outcome of every trial at every step where it can happen."""
    with served() as hub:
        truth = reading(hub, None)
        return {
            (trial.name, step.name): outcome(hub, trial, step, truth)
            for trial in TRIALS
            for step in STEPS
            if step.name in trial.steps
        }


WORDS: Final = {
    SURVIVED: "survived", "NetworkFault": "reported", "MissingModel": "reported: missing",
    "Unreachable": "reported: not allowed", "GatedModel": "reported: gated",
    "UnknownRevision": "reported: no such revision",
}  # fmt: skip


def table(found: Mapping[tuple[str, str], str]) -> str:
    """Return the outcomes in Markdown, with a count below."""
    lines = ["| fault | " + " | ".join(EVERY) + " |", "|---|" + "---|" * len(EVERY)]
    for trial in TRIALS:
        cells = [WORDS[found[trial.name, s]] if (trial.name, s) in found else "-" for s in EVERY]
        lines.append(f"| {trial.name} | " + " | ".join(cells) + " |")
    counts = Counter(v == SURVIVED for v in found.values())
    summary = (
        f"{len(found)} injections: {counts[True]} survived with the same numbers, "
        f"{counts[False]} reported, 0 wrong numbers, 0 half-written entries."
    )
    lines += ["", summary]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table(outcomes()))
