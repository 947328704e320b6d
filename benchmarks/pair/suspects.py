"""What do many suspects cost: time, memory, requests, on a local Hub?

``python -m benchmarks.pair.suspects`` serves the demo's models from this process, one of them under
as many names as suspects are wanted, and holds the demo's fine-tune against them. Bytes and requests
are counted by the server.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.pair.measure import Cost, run
from benchmarks.pair.rivals import THIS_CODE
from benchmarks.remote.timeline import round_trips
from tests.evidence.laboratory import model
from tests.hubserver import Link, LocalHub

HEAD = (
    "| suspects | requests | one after the other | MB | wall s | processor s | peak MB | report MB "
    "|\n|" + "---|" * 8
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspects:
    """One check against many suspects, as the server and the operating system saw it."""

    cost: Cost
    findings: int
    requests: int
    round_trips: int
    sent_mb: float


def suspects_of(hub: LocalHub, n: int) -> Suspects:
    """Check the demo's fine-tune against one of its strangers under ``n`` names.

    Raises:
        RuntimeError: the check wrote no report, or too few findings.
    """
    names = [f"zoo/stranger-{i}" for i in range(n)]
    for name, of in (
        ("zoo/base", "base"),
        ("zoo/finetune", "finetune"),
        *((m, "twin") for m in names),
    ):
        if hub.repository(name) is None:
            hub.add_repo(name, model(of))
    hub.forget()
    with TemporaryDirectory() as folder:
        listed = Path(folder) / "suspects.txt"
        listed.write_text("\n".join(names), encoding="utf-8")
        environment = {
            "HF_ENDPOINT": hub.endpoint, "HF_HUB_DISABLE_TELEMETRY": "1",
            "NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost",
            **THIS_CODE,
        }  # fmt: skip
        command = [sys.executable, "-m", "hubcheck", "check", "zoo/finetune", "--json"]
        cost = run([*command, "--seed", "1", "--suspects-file", str(listed)], environment)
    if not cost.stdout.startswith("{"):
        raise RuntimeError(f"no report, exit code {cost.exit_code}")
    found = json.loads(cost.stdout)["findings"]
    if len(found) < n:
        raise RuntimeError(f"{len(found)} findings of {n} suspects")
    seen = hub.exchanges
    return Suspects(
        cost=cost,
        findings=len(found),
        requests=len(seen),
        round_trips=round_trips(seen),
        sent_mb=sum(e.body_bytes for e in seen) / 1e6,
    )


def measured(hub: LocalHub, n: int) -> str:
    """Return the line of one check against ``n`` suspects."""
    found = suspects_of(hub, n)
    cost = found.cost
    return (
        f"| {n} | {found.requests} | {found.round_trips} | {found.sent_mb:.1f} | {cost.wall_s:.1f} | "
        f"{cost.cpu_s:.1f} | {cost.peak_mb:.0f} | {len(cost.stdout) / 1e6:.1f} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pair.suspects")
    parser.add_argument("numbers", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--latency", type=float, default=0.025, help="seconds before each answer")
    given = parser.parse_args(arguments)
    lines = [HEAD]
    with LocalHub(link=Link(latency=given.latency)) as hub:
        for n in given.numbers:
            lines.append(measured(hub, n))
            print(lines[-1], file=sys.stderr, flush=True)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
