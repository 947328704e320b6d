"""What does each kind of check cost, beside a rival where there is one, in one run?

``python -m benchmarks.costs.run PAIR [--rivals DIR] [--timelines DIR]`` checks the local pair of a
billion parameters (``benchmarks.pair.make``) at ``sample`` and ``full``, made-up models of 200 GB and
of a trillion parameters on a local Hub, and many suspects, and prints one table: processor seconds,
memory, bytes, requests, and how many of these had to wait for one another. Everything is measured
one after the other, so that the lines stand beside each other on one machine; ``--only`` takes some.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.pair.measure import Cost, run, warm
from benchmarks.pair.rivals import Tool, hubcheck, installed, modeldna
from benchmarks.pair.run import ENVIRONMENT, PAIRS
from benchmarks.pair.suspects import Suspects, suspects_of
from benchmarks.remote.run import BASE, DERIVED, SEED, STRANGER, Row, Stage
from tests.hubserver import Link, LocalHub
from tests.material.remote.shapes import GLM_AIR, LADDER

HEAD: Final = (
    "| work | tool | answer | processor s | peak MB | MB read | requests | one after the other | load |\n"
    "|---|---|---|---|---|---|---|---|---|"
)
LATENCY: Final = 0.05
"""Seconds before each answer of the local Hub."""
BANDWIDTH: Final = 125e6
LARGEST: Final = LADDER[-2]
"""A trillion parameters in FP8: the most tensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One work of one tool; what does not apply is -1."""

    work: str
    tool: str
    answer: str
    cpu_s: float
    peak_mb: float
    read_mb: float
    requests: int = -1
    round_trips: int = -1
    load: float
    """Of the machine when it ended: other work lengthens processor times, too."""

    def __str__(self) -> str:
        """Return it as a row of the table."""
        counts = [str(n) if n >= 0 else "-" for n in (self.requests, self.round_trips)]
        cells = (
            self.work, self.tool, self.answer, f"{self.cpu_s:.2f}", f"{self.peak_mb:.0f}",
            f"{self.read_mb:.1f}", *counts, f"{self.load:.0f}",
        )  # fmt: skip
        return f"| {' | '.join(cells)} |"


def local(folder: Path, rivals: Path | None) -> Iterator[Line]:
    """Yield the local pair, related and unrelated, by hubcheck and modeldna on one thread."""
    tools: list[Tool] = [hubcheck(1)]
    if rivals is not None:
        tools.append(modeldna(installed(rivals.resolve(), "modeldna"), one_thread=True))
    weights = [folder / name / "model.safetensors" for name in ("base", "derived", "unrelated")]
    for pair, names in PAIRS.items():
        subject, base = (folder.resolve() / name for name in names)
        for tool in tools:
            for counted in (False, True):
                warm(weights)
                cost = run(tool.command(subject, base), {**ENVIRONMENT, **tool.variables})
                if counted:
                    yield _of_tool(f"1 B, {pair}, declared", tool, cost)


def _of_tool(work: str, tool: Tool, cost: Cost) -> Line:
    said = json.loads(cost.stdout[cost.stdout.index("{") :])
    own = tool.read_mb(said)
    return Line(
        work=work,
        tool=tool.name,
        answer=tool.answer(said),
        cpu_s=cost.cpu_s,
        peak_mb=cost.peak_mb,
        read_mb=cost.read_mb if own is None else own,
        load=os.getloadavg()[0],
    )


def full(folder: Path) -> Iterator[Line]:
    """Yield every value of the local pair compared, by NumPy and by torch on a CPU."""
    for device in ("numpy", "torch"):
        warm([folder / name / "model.safetensors" for name in ("base", "derived")])
        command = [sys.executable, "-m", "benchmarks.full.stream", "--device", device]
        both = [str(folder.resolve() / name) for name in ("base", "derived")]
        root = str(Path(__file__).resolve().parents[2])
        cost = run([*command, *both], {**ENVIRONMENT, "PYTHONPATH": root})
        said = json.loads(cost.stdout.strip().splitlines()[-1])
        yield Line(
            work="1 B, every value",
            tool=f"hubcheck, {device}",
            answer=str(said["answer"]).partition(";")[0],
            cpu_s=said["cpu_s"],
            peak_mb=cost.peak_mb,
            read_mb=1e3 * said["gb"],
            load=os.getloadavg()[0],
        )


def remote(hub: LocalHub, timelines: Path | None) -> Iterator[Line]:
    """Yield pairs on a Hub: 200 GB related and unrelated, and a trillion parameters."""
    stage = Stage(hub, timelines)
    base = stage.add("glm-air", GLM_AIR, BASE)
    derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
    other = stage.add("glm-air-drawn-anew", GLM_AIR, STRANGER)
    for work, subject in (("200 GB, related", derived), ("200 GB, unrelated, declared", other)):
        yield _of_row(stage.measure(work, base, subject, "--base", base, *SEED))
    base = stage.add("largest", LARGEST, BASE)
    derived = stage.add("largest-tuned", LARGEST, DERIVED)
    work = f"{LARGEST.label}, related"
    yield _of_row(stage.measure(work, base, derived, "--base", base, *SEED))


def _of_row(row: Row) -> Line:
    return Line(
        work=row.label,
        tool="hubcheck",
        answer=f"{row.verdict} ({row.kept:.3f})",
        cpu_s=row.cpu_s,
        peak_mb=row.peak_mb,
        read_mb=sum(row.weights_mb) + 2 * sum(row.megabytes.values()),
        requests=row.all_requests,
        round_trips=row.round_trips,
        load=os.getloadavg()[0],
    )


def suspects(hub: LocalHub, numbers: Sequence[int]) -> Iterator[Line]:
    """Yield one subject beside many suspects of 2 MB, on a Hub."""
    for n in numbers:
        found: Suspects = suspects_of(hub, n)
        yield Line(
            work=f"{n} suspects of 2 MB",
            tool="hubcheck",
            answer=f"{found.findings} findings",
            cpu_s=found.cost.cpu_s,
            peak_mb=found.cost.peak_mb,
            read_mb=found.sent_mb,
            requests=found.requests,
            round_trips=found.round_trips,
            load=os.getloadavg()[0],
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.costs.run")
    parser.add_argument("pair", type=Path, help="folder written by benchmarks.pair.make")
    parser.add_argument("--rivals", type=Path, help="folder of their environments, made if absent")
    parser.add_argument(
        "--timelines", type=Path, help="folder for a picture of each check's requests"
    )
    parser.add_argument("--suspects", type=int, nargs="*", default=[1, 10, 100])
    works = ("local", "full", "remote", "suspects")
    parser.add_argument("--only", choices=works, nargs="*", default=works)
    given = parser.parse_args(arguments)
    if given.timelines is not None:
        given.timelines.mkdir(parents=True, exist_ok=True)
    print(
        f"{len(os.sched_getaffinity(0))} processors, Python {platform.python_version()}\n\n{HEAD}"
    )
    with LocalHub(link=Link(latency=LATENCY, bandwidth=BANDWIDTH)) as hub:
        makers: dict[str, Callable[[], Iterator[Line]]] = {
            "local": lambda: local(given.pair, given.rivals),
            "full": lambda: full(given.pair),
            "remote": lambda: remote(hub, given.timelines),
            "suspects": lambda: suspects(hub, given.suspects),
        }
        for name in given.only:
            for line in makers[name]():
                print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
