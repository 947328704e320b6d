"""What does ``hubcheck check`` cost on a pair of 200 GB over 50 ms and 1 Gbit/s?

``python -m benchmarks.remote.run`` serves made-up models from this process and checks them from
another one. Bytes and requests are counted by the server. ``--what ladder`` goes from 1 B to 1 T
parameters, ``--what cache`` checks the same base again and again, ``--what seeds`` one pair under
many seeds. ``--timelines DIR`` writes a picture of the requests of each.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.pair.measure import Cost, run
from benchmarks.pair.rivals import THIS_CODE
from benchmarks.remote.timeline import round_trips, timeline
from tests.hubserver import Link, LocalHub
from tests.material.remote.repository import MadeShard, repository
from tests.material.remote.shapes import GLM_AIR, LADDER, SOLAR_OPEN, Published
from tests.material.remote.values import Recipe

BASE: Final = Recipe(seed=1)
DERIVED: Final = Recipe(seed=1, change=0.14, change_seed=2)
STRANGER: Final = Recipe(seed=3)
INDEX: Final = "index, headers, config"
TOKENIZER: Final = "tokenizer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One check, as the server and the operating system saw it."""

    label: str
    verdict: str
    kept: float
    weights_mb: tuple[float, float]
    """Of base and subject."""
    megabytes: dict[str, float]
    """By kind, a model; the mean of the two."""
    requests: tuple[int, int]
    """For base and subject; what cannot be told apart counts for both."""
    all_requests: int
    """Of the whole check."""
    weight_requests: tuple[int, int]
    """Those among them that asked for rows."""
    round_trips: int
    """Requests of which each began when the one before had ended."""
    connections: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    total_gb: float
    """A model's weights; the mean of the two."""
    shares: tuple[float, float]
    """Of body and towers, what was tested for order, and of all what was compared."""


def check(hub: LocalHub, subject: str, *options: str) -> tuple[Cost, dict[str, Any]]:
    """Run one check against the server, and return its report as well.

    Variables that tell of a CI job are not passed on.

    Raises:
        RuntimeError: the check wrote no report.
    """
    environment = {
        "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
        **THIS_CODE,
    }  # fmt: skip
    command = [sys.executable, "-m", "hubcheck", "check", subject, "--json"]
    cost = run([*command, *options], environment)
    if not cost.stdout.startswith("{"):
        raise RuntimeError(f"no report, exit code {cost.exit_code}")
    return cost, json.loads(cost.stdout)


class Stage:
    """A server with models on it, checked pair by pair."""

    def __init__(self, hub: LocalHub, timelines: Path | None = None) -> None:
        """Start with no model.

        Args:
            hub: The server.
            timelines: Folder for a picture of the requests of every check.
        """
        self._hub = hub
        self._timelines = timelines
        self._shards: dict[str, list[MadeShard]] = {}

    def add(self, name: str, published: Published, recipe: Recipe) -> str:
        """Put a model on the server and return its repository."""
        files = repository(published, recipe, name)
        self._hub.add_repo(f"made/{name}", files)
        shards = [c for c in files.values() if isinstance(c, MadeShard)]
        self._shards[f"made/{name}"] = shards
        return f"made/{name}"

    def measure(self, label: str, base: str, subject: str, *options: str, runs: int = 1) -> Row:
        """Check a pair and return the run with the median wall time.

        Args:
            label: What is checked.
            base: Its repository.
            subject: Its repository.
            options: The rest of the command line, ``--base`` or ``--suspect`` included.
            runs: How often.
        """
        rows = []
        for _ in range(runs):
            self._hub.forget()
            before = [self._sent(model) for model in (base, subject)]
            connected = self._hub.connections
            cost, report = check(self._hub, subject, *options)
            sent = [
                [now - then for now, then in zip(self._sent(model), known, strict=True)]
                for model, known in zip((base, subject), before, strict=True)
            ]
            row = self._row(label, (base, subject), cost, report, sent)
            rows.append(replace(row, connections=self._hub.connections - connected))
            if self._timelines is not None:
                name = "".join(c if c.isalnum() else "-" for c in label.lower())
                picture = timeline(self._hub.exchanges, label)
                (self._timelines / f"{name}.svg").write_text(picture, encoding="utf-8")
            print(f"  {label}: {rows[-1].wall_s:.1f} s", file=sys.stderr)
        return sorted(rows, key=lambda r: r.wall_s)[len(rows) // 2]

    def _sent(self, model: str) -> tuple[int, int, int, int]:
        """Return header bytes, value bytes, requests, and requests for values, of all shards."""
        shards = self._shards[model]
        return (
            sum(s.header_sent for s in shards), sum(s.values_sent for s in shards),
            sum(s.reads for s in shards), sum(s.value_reads for s in shards),
        )  # fmt: skip

    def _row(
        self,
        label: str,
        models: tuple[str, str],
        cost: Cost,
        report: dict[str, Any],
        sent: list[list[int]],
    ) -> Row:
        """Return the line of one check; the server has forgotten all that came before."""
        documents = {INDEX: sum(headers for headers, *_ in sent), TOKENIZER: 0}
        either, requests = 0, [reads for *_, reads, _ in sent]
        for seen in self._hub.exchanges:
            shard = seen.path.endswith(".safetensors")
            if seen.is_content and not shard:
                documents[TOKENIZER if "tokenizer" in seen.path else INDEX] += seen.body_bytes
            of = [n for n, m in enumerate(models) if f"/{m}/" in f"{seen.path}/"]
            if seen.origin == "hub" and len(of) == 1:
                requests[of[0]] += 1
            elif not (seen.is_content and shard):
                either += 1
        finding = report["findings"][0]
        return Row(
            label=label,
            verdict=finding["verdict"],
            kept=finding["kept"],
            weights_mb=(sent[0][1] / 1e6, sent[1][1] / 1e6),
            megabytes={kind: n / 2e6 for kind, n in documents.items()},
            requests=(requests[0] + either, requests[1] + either),
            all_requests=len(self._hub.exchanges),
            weight_requests=(sent[0][3], sent[1][3]),
            round_trips=round_trips(self._hub.exchanges),
            connections=self._hub.connections,
            wall_s=cost.wall_s,
            cpu_s=cost.cpu_s,
            peak_mb=cost.peak_mb,
            total_gb=report["coverage"]["bytes_total"] / 2e9,
            shares=(_order_tested(finding), finding["compared"]),
        )


def _order_tested(finding: dict[str, Any]) -> float:
    """Return the share of body and towers that was tested for order, each by its size."""
    parts = [p for p in finding["parts"] if p["share"] > 0]
    whole: float = sum(p["share"] for p in parts)
    tested: float = sum(p["share"] * p["order_tested"] for p in parts)
    return tested / whole if whole else float(finding["order_tested"])


HEAD: Final = (
    "| check | GB a model | verdict (kept) | weights MB | index, headers, config MB | tokenizer MB | "
    "requests | of them for rows | one after the other | connections | wall s | processor s | "
    "peak MB |\n|" + "---|" * 13
)
"""Weights and requests are those of base / subject; documents a model's, the mean of the two."""
SEED: Final = ("--seed", "1")


def line(r: Row) -> str:
    """Return a row of the table."""
    documents = " | ".join(f"{r.megabytes[kind]:.1f}" for kind in (INDEX, TOKENIZER))
    return (
        f"| {r.label} | {r.total_gb:,.0f} | {r.verdict} ({r.kept:.3f}) | "
        f"{r.weights_mb[0]:.1f} / {r.weights_mb[1]:.1f} | {documents} | "
        f"{r.requests[0]} / {r.requests[1]} | {r.weight_requests[0]} / {r.weight_requests[1]} | "
        f"{r.round_trips} | {r.connections} | {r.wall_s:.1f} | {r.cpu_s:.1f} | {r.peak_mb:.0f} |"
    )


def founding_pair(stage: Stage, runs: int) -> list[Row]:
    """Measure the pair of the founding dispute, and a derivative of the same size."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
    solar = stage.add("solar-open", SOLAR_OPEN, STRANGER)
    return [
        stage.measure("GLM-4.5-Air, tuned", base, derived, "--base", base, *SEED, runs=runs),
        stage.measure("Solar-Open, suspected", base, solar, "--suspect", base, *SEED, runs=runs),
    ]


def deep(stage: Stage, runs: int) -> list[Row]:
    """Measure the derivative, and a stranger, at depth deep: 2 GB of each model at most."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
    other = stage.add("glm-air-drawn-anew", GLM_AIR, STRANGER)
    options = ("--base", base, "--depth", "deep", *SEED)
    return [
        stage.measure("GLM-4.5-Air, tuned, deep", base, derived, *options, runs=runs),
        stage.measure("GLM-4.5-Air's shape, drawn anew, deep", base, other, *options, runs=runs),
    ]


def declared(stage: Stage, runs: int) -> list[Row]:
    """Measure wrong declarations: of one shape it is looked into further before it is called one."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    solar = stage.add("solar-open", SOLAR_OPEN, STRANGER)
    other = stage.add("glm-air-drawn-anew", GLM_AIR, STRANGER)
    return [
        stage.measure(
            "GLM-4.5-Air's shape, declared", base, other, "--base", base, *SEED, runs=runs
        ),
        stage.measure("Solar-Open, declared", base, solar, "--base", base, *SEED, runs=runs),
    ]


def seeds(stage: Stage, _runs: int) -> list[Row]:
    """Measure the unrelated pair under ten seeds, once each."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    solar = stage.add("solar-open", SOLAR_OPEN, STRANGER)
    return [
        stage.measure(f"seed {n}", base, solar, "--suspect", base, "--seed", str(n))
        for n in range(1, 11)
    ]


def ladder(stage: Stage, runs: int) -> list[Row]:
    """Measure a derivative of every size."""
    rows = []
    for number, published in enumerate(LADDER):
        base = stage.add(f"base-{number}", published, BASE)
        derived = stage.add(f"tuned-{number}", published, DERIVED)
        label = f"{published.label}, {published.parameters / 1e9:,.0f} B"
        rows.append(stage.measure(label, base, derived, "--base", base, *SEED, runs=runs))
    return rows


def cached(stage: Stage, _runs: int) -> list[Row]:
    """Measure checks of one base in a row with one cache, none of them given a seed."""
    base = stage.add("glm-air", GLM_AIR, BASE)
    derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
    other = stage.add("glm-air-other", GLM_AIR, Recipe(seed=1, change=0.14, change_seed=4))
    solar = stage.add("solar-open", SOLAR_OPEN, STRANGER)
    rows = []
    with TemporaryDirectory() as folder:
        for label, subject, options in (
            ("empty cache", derived, ()),
            ("another subject, same base", other, ()),
            ("the same subject again", other, ()),
            ("a stranger with other tokens, same base", solar, ()),
            ("the first with --fresh-seed", derived, ("--fresh-seed",)),
        ):
            named = "--suspect" if subject == solar else "--base"
            command = (named, base, "--cache", folder, *options)
            rows.append(stage.measure(label, base, subject, *command))
    return rows


MEASURES: Final = {
    "pair": founding_pair, "deep": deep, "declared": declared, "seeds": seeds, "ladder": ladder, "cache": cached,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote.run")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--bandwidth", type=float, default=125e6, help="bytes a second")
    parser.add_argument("--runs", type=int, default=1, help="the median is printed")
    parser.add_argument("--what", choices=list(MEASURES), default="pair")
    parser.add_argument("--timelines", type=Path, help="folder for a picture of each check")
    given = parser.parse_args(arguments)
    if given.timelines is not None:
        given.timelines.mkdir(parents=True, exist_ok=True)
    with LocalHub(link=Link(latency=given.latency, bandwidth=given.bandwidth)) as hub:
        measured = MEASURES[given.what](Stage(hub, given.timelines), given.runs)
    print("\n".join([HEAD, *map(line, measured)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
