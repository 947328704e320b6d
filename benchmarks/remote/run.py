"""What does ``hubcheck check`` cost on a pair of 200 GB over 50 ms and 1 Gbit/s?

``python -m benchmarks.remote.run`` serves made-up models from this process and checks them from
another one. Bytes and requests are counted by the server. ``--what ladder`` goes from 1 B to 1 T
parameters, ``--what cache`` checks the same base again and again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.pair.measure import Cost, run
from benchmarks.remote.repository import MadeShard, repository
from benchmarks.remote.shapes import GLM_AIR, LADDER, SOLAR_OPEN, Published
from benchmarks.remote.values import Recipe
from tests.hubserver import Link, LocalHub

BASE: Final = Recipe(seed=1)
DERIVED: Final = Recipe(seed=1, change=0.14, change_seed=2)
STRANGER: Final = Recipe(seed=3)
WEIGHTS, INDEX = "weights", "index, headers, config"
TOKENIZER: Final = "tokenizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One check, as the server and the operating system saw it."""

    label: str
    verdict: str
    kept: float
    megabytes: dict[str, float]
    """By kind, a model; the mean of the two."""
    requests: float
    """Half of the pair's."""
    connections: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    total_gb: float
    """A model's weights; the mean of the two."""


def check(hub: LocalHub, subject: str, *options: str) -> tuple[Cost, dict[str, Any]]:
    """Run one check against the server, and return its report as well.

    Raises:
        RuntimeError: the check wrote no report.
    """
    environment = {
        "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
    }  # fmt: skip
    command = [sys.executable, "-m", "hubcheck", "check", subject, "--json", "--seed", "1"]
    cost = run([*command, *options], environment)
    if not cost.stdout.startswith("{"):
        raise RuntimeError(f"no report, exit code {cost.exit_code}")
    return cost, json.loads(cost.stdout)


def row(hub: LocalHub, label: str, cost: Cost, report: dict[str, Any], headers: int) -> Row:
    """Return the line of one check; the server has forgotten all that came before.

    Args:
        hub: The server.
        label: What was checked.
        cost: What the command cost.
        report: What it reported.
        headers: Header bytes that the shards sent during this check.
    """
    sent = {WEIGHTS: -headers, INDEX: headers, TOKENIZER: 0}
    for seen in hub.exchanges:
        if seen.is_content:
            kind = WEIGHTS if seen.path.endswith(".safetensors") else INDEX
            sent[TOKENIZER if "tokenizer" in seen.path else kind] += seen.body_bytes
    finding = report["findings"][0]
    return Row(
        label=label,
        verdict=finding["verdict"],
        kept=finding["kept"],
        megabytes={kind: n / 2e6 for kind, n in sent.items()},
        requests=hub.requests / 2,
        connections=hub.connections,
        wall_s=cost.wall_s,
        cpu_s=cost.cpu_s,
        peak_mb=cost.peak_mb,
        total_gb=report["coverage"]["bytes_total"] / 2e9,
    )


class Stage:
    """A server with models on it, checked pair by pair."""

    def __init__(self, hub: LocalHub) -> None:
        """Start with no model."""
        self._hub = hub
        self._shards: list[MadeShard] = []

    def add(self, name: str, published: Published, recipe: Recipe) -> str:
        """Put a model on the server and return its repository."""
        files = repository(published, recipe, name)
        self._hub.add_repo(f"made/{name}", files)
        self._shards += [c for c in files.values() if isinstance(c, MadeShard)]
        return f"made/{name}"

    def measure(self, label: str, subject: str, *options: str, runs: int = 1) -> Row:
        """Check a pair and return the run with the median wall time."""
        rows = []
        for _ in range(runs):
            self._hub.forget()
            before, connected = sum(s.header_sent for s in self._shards), self._hub.connections
            cost, report = check(self._hub, subject, *options)
            headers = sum(s.header_sent for s in self._shards) - before
            found = row(self._hub, label, cost, report, headers)
            rows.append(replace(found, connections=self._hub.connections - connected))
            print(f"  {label}: {rows[-1].wall_s:.1f} s", file=sys.stderr)
        return sorted(rows, key=lambda r: r.wall_s)[len(rows) // 2]


HEAD: Final = (
    "| check | GB a model | verdict (kept) | weights MB | index, headers, config MB | tokenizer MB | "
    "requests | connections | wall s | processor s | peak MB |\n|" + "---|" * 11
)
"""Bytes and requests are a model's, the mean of the two; connections and the rest a check's."""


def line(r: Row) -> str:
    """Return a row of the table."""
    sent = " | ".join(f"{r.megabytes[kind]:.1f}" for kind in (WEIGHTS, INDEX, TOKENIZER))
    return (
        f"| {r.label} | {r.total_gb:,.0f} | {r.verdict} ({r.kept:.3f}) | {sent} | "
        f"{r.requests:.0f} | {r.connections} | {r.wall_s:.1f} | {r.cpu_s:.1f} | {r.peak_mb:.0f} |"
    )


def founding_pair(stage: Stage, runs: int) -> list[Row]:
    """Measure the pair of the founding dispute, and a derivative of the same size."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
    solar = stage.add("solar-open", SOLAR_OPEN, STRANGER)
    return [
        stage.measure("GLM-4.5-Air, tuned", derived, "--base", base, runs=runs),
        stage.measure("Solar-Open, suspected", solar, "--suspect", base, runs=runs),
        stage.measure("Solar-Open, declared", solar, "--base", base, runs=runs),
    ]


def ladder(stage: Stage, runs: int) -> list[Row]:
    """Measure a derivative of every size."""
    rows = []
    for published in LADDER:
        name = published.label.lower().replace(".", "-")
        base = stage.add(name, published, BASE)
        derived = stage.add(f"{name}-tuned", published, DERIVED)
        label = f"{published.label}, {published.parameters / 1e9:,.0f} B"
        rows.append(stage.measure(label, derived, "--base", base, runs=runs))
    return rows


def cached(stage: Stage, runs: int) -> list[Row]:
    """Measure a first check with an empty cache, and later ones of the same base."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
    other = stage.add("glm-air-other", GLM_AIR, Recipe(seed=1, change=0.14, change_seed=4))
    rows = []
    with TemporaryDirectory() as folder:
        for label, subject, seed in (
            ("empty cache", derived, "1"),
            ("the same again", derived, "1"),
            ("another seed", derived, "2"),
            ("another subject, same base and seed", other, "1"),
        ):
            # A later --seed outranks the one that every check is given.
            options = ("--base", base, "--cache", folder, "--seed", seed)
            rows.append(stage.measure(label, subject, *options, runs=runs))
    return rows


MEASURES: Final = {"pair": founding_pair, "ladder": ladder, "cache": cached}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote.run")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--bandwidth", type=float, default=125e6, help="bytes a second")
    parser.add_argument("--runs", type=int, default=1, help="the median is printed")
    parser.add_argument(
        "--what", choices=list(MEASURES), default="pair", help="the pair, 1 B to 1 T, or the cache"
    )
    given = parser.parse_args(arguments)
    with LocalHub(link=Link(latency=given.latency, bandwidth=given.bandwidth)) as hub:
        measured = MEASURES[given.what](Stage(hub), given.runs)
    print("\n".join([HEAD, *map(line, measured)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
