"""What would a smaller first step save of a related pair, and what would its card lose?

``python -m benchmarks.remote.first_step`` checks the tuned pair of 200 GB, and with ``--pair FOLDER``
the local pair of ``benchmarks.pair.make``, with first steps of other sizes than the one that ships.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from unittest.mock import patch

from benchmarks.pair.rivals import THIS_CODE
from benchmarks.remote.run import BASE, DERIVED, SEED, Stage
from hubcheck.check import observe
from hubcheck.cli.entry import main as hubcheck
from hubcheck.evidence.looks.sample.steps import STEP_BYTES
from tests.hubserver import Link, LocalHub
from tests.material.remote.shapes import GLM_AIR

SIZES: Final = (STEP_BYTES[0], 8_000_000, 6_000_000, 4_000_000)
"""Bytes of each model that the first step may add."""
HEAD: Final = (
    "| pair | first step MB | verdict | log10 p | families | tested for order | rows | changes "
    "| similarity | MB read of both | requests | processor s |\n|" + "---|" * 12
)


def checked(size: int, options: Sequence[str]) -> None:
    """Check once with a first step of this size, in this process; the report goes to a folder."""
    with patch.object(observe, "STEP_BYTES", (size, *STEP_BYTES[1:])):
        hubcheck(list(options))


def row(label: str, size: int, subject: str, base: str, environment: dict[str, str]) -> str:
    """Return one line: what was read, and what the report says of it."""
    with TemporaryDirectory() as folder:
        options = ["check", subject, "--base", base, *SEED, "--out", folder]
        command = [sys.executable, "-m", "benchmarks.remote.first_step", "--size", str(size)]
        before = os.times()
        subprocess.run(
            [*command, *options], env={**os.environ, **environment}, check=False,
            capture_output=True,
        )  # fmt: skip
        after = os.times()
        report: dict[str, Any] = json.loads(Path(folder, "report.json").read_text())
    one, covered = report["findings"][0], report["coverage"]
    low, high = one["kept_interval"]
    seconds = sum(after[2:4]) - sum(before[2:4])
    return (
        f"| {label} | {size / 1e6:.0f} | {one['verdict']} | {one['log10_p']:,.0f} | "
        f"{one['families_hit']} | {one['order_tested']:.1%} | {len(one['evidence'])} | "
        f"{len(one['changes'])} | {low:.4f} to {high:.4f} | {covered['bytes_read'] / 1e6:.1f} | "
        f"{covered['requests']} | {seconds:.1f} |"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.remote.first_step")
    parser.add_argument("--pair", type=Path, help="a folder made by benchmarks.pair.make")
    parser.add_argument("--size", type=int, help=argparse.SUPPRESS)
    given, options = parser.parse_known_args(arguments)
    if given.size is not None:
        checked(given.size, options)
        return 0
    print(HEAD)
    if given.pair is not None:
        derived, base = (str(given.pair / name) for name in ("derived", "base"))
        for size in SIZES:
            print(row("1 B", size, derived, base, dict(THIS_CODE)), flush=True)
    with LocalHub(link=Link(latency=0.05, bandwidth=125e6)) as hub:
        stage = Stage(hub)
        base = stage.add("glm-air", GLM_AIR, BASE)
        derived = stage.add("glm-air-tuned", GLM_AIR, DERIVED)
        environment = {"HF_ENDPOINT": hub.endpoint, "NO_PROXY": "127.0.0.1,localhost", **THIS_CODE}
        for size in SIZES:
            print(row("200 GB", size, derived, base, environment), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
