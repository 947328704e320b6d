"""How many bytes and requests does the same pair cost when it lies on a Hub?

``python -m benchmarks.pair.remote PAIR`` serves the pair over loopback HTTP, on a line of 50 ms and
1 Gbit/s by default, and checks the related and the unrelated pair. Bytes and requests are counted
by the server: what hubcheck says of itself stands beside them.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.pair.measure import Cost, run
from benchmarks.pair.rivals import THIS_CODE
from benchmarks.pair.run import PAIRS
from tests.hubserver import Content, Link, LocalHub


def files_of(folder: Path) -> dict[str, Content]:
    """Return a model's files; digests of weights are stated, not computed: nothing checks them."""
    found = {}
    for path in sorted(folder.iterdir()):
        large = path.suffix == ".safetensors"
        stated = hashlib.sha256(folder.name.encode()).hexdigest() if large else ""
        found[path.name] = Content(path, sha256=stated)
    return found


def check(hub: LocalHub, subject: str, base: str, seed: int) -> Cost:
    """Run one check against the server.

    Args:
        hub: The server.
        subject: Repository under test.
        base: Repository it is held against.
        seed: Seed of the draws.
    """
    environment = {
        "HF_ENDPOINT": hub.endpoint,
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "NO_PROXY": "127.0.0.1,localhost",
        "no_proxy": "127.0.0.1,localhost",
        **THIS_CODE,
    }
    command = [sys.executable, "-m", "hubcheck", "check", subject, "--base", base,
               "--seed", str(seed), "--json"]  # fmt: skip
    return run(command, environment)


def row(hub: LocalHub, pair: str, cost: Cost) -> str:
    """Return one line of the table, from what the server saw and the report says."""
    report = json.loads(cost.stdout)
    finding = report["findings"][0]
    weights = hub.content_bytes("model.safetensors")
    every = sum(e.body_bytes for e in hub.exchanges)
    heads = sum(e.method == "HEAD" for e in hub.exchanges)
    return (
        f"| {pair} | {weights / 2e6:.1f} | {every / 2e6:.1f} | {len(hub.exchanges) / 2:.0f} "
        f"({heads / 2:.0f} HEAD) | {report['coverage']['requests'] / 2:.0f} | {cost.wall_s:.1f} | "
        f"{cost.cpu_s:.1f} | {cost.peak_mb:.0f} | {finding['verdict']} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pair.remote")
    parser.add_argument("pair", type=Path, help="folder written by benchmarks.pair.make")
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer")
    parser.add_argument("--bandwidth", type=float, default=125e6, help="bytes a second")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    lines = [
        "| pair | weights MB a model | all bytes MB a model | requests a model | reported | wall s | processor s | peak MB | verdict |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    with LocalHub(link=Link(latency=given.latency, bandwidth=given.bandwidth)) as hub:
        for name in ("base", "derived", "unrelated"):
            hub.add_repo(f"pair/{name}", files_of(given.pair / name))
        for pair, (subject, base) in PAIRS.items():
            hub.forget()
            cost = check(hub, f"pair/{subject}", f"pair/{base}", given.seed)
            lines.append(row(hub, pair, cost))
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
