"""What do NumPy, torch, one process and two make of a pair of a billion parameters?

``python -m benchmarks.full.run PAIR`` compares ``base`` with ``derived`` of the folder that
``benchmarks.pair.make`` wrote, files in memory, the ways by turns: one round that is not counted,
then three. Two processes are started by ``torchrun``. The last two ways are the whole command, of
``derived`` and of ``unrelated``: start-up, headers and every look of ``deep`` with it. Prints a
table of medians and all runs as JSON, with the processor's own count of seconds beside the clock's,
because other work on the machine lengthens the latter alone. ``--only`` takes some ways.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.pair.measure import run as measured
from benchmarks.pair.measure import warm

STREAM: Final = ("-m", "benchmarks.full.stream")
TORCHRUN: Final = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2")
WAYS: Final[dict[str, tuple[str, ...]]] = {
    "NumPy": (*STREAM, "--device", "numpy"),
    "torch on the CPU": (*STREAM, "--device", "torch"),
    "NumPy, two processes": (*TORCHRUN, *STREAM, "--device", "numpy"),
}
CHECKS: Final = {"the whole check": "derived", "the whole check, unrelated": "unrelated"}
TOLD: Final = ("seconds", "cpu_s", "gb_per_s", "gb_per_cpu_s", "peak_mb")


def run(way: Sequence[str], pair: Path, subject: str) -> dict[str, Any]:
    """Compare once, in a process of its own.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, *way, str(pair / "base"), str(pair / subject)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=environment, timeout=1200
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def check(pair: Path, subject: str) -> dict[str, Any]:
    """Run the whole command once.

    Raises:
        RuntimeError: it failed.
    """
    command = [sys.executable, "-P", "-m", "hubcheck", "check", str(pair / subject), "--base"]
    command += [str(pair / "base"), "--depth", "full", "--json", "--seed", "1"]
    root = str(Path(__file__).resolve().parents[2])
    cost = measured(command, {"PYTHONPATH": root, "OMP_NUM_THREADS": "1"})
    if cost.exit_code not in (0, 1):
        raise RuntimeError(cost.stdout)
    report = json.loads(cost.stdout)
    n_gb = sum(
        f.stat().st_size for d in ("base", subject) for f in (pair / d).glob("*.safetensors")
    )
    return {
        "seconds": cost.wall_s,
        "cpu_s": cost.cpu_s,
        "gb_per_s": n_gb / 1e9 / cost.wall_s,
        "gb_per_cpu_s": n_gb / 1e9 / cost.cpu_s,
        "peak_mb": cost.peak_mb,
        "verdict": report["verdict"],
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full.run")
    parser.add_argument("pair", type=Path)
    parser.add_argument("--subject", default="derived")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="+", choices=[*WAYS, *CHECKS], default=[*WAYS, *CHECKS])
    given = parser.parse_args(arguments)
    pair: Path = given.pair.resolve()
    subjects = {"base", given.subject, *(CHECKS[name] for name in given.only if name in CHECKS)}
    warm([p for name in sorted(subjects) for p in (pair / name).glob("*.safetensors")])
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in given.only}
    for number in range(given.rounds + 1):
        for name in given.only:
            if name in CHECKS:
                found = check(pair, CHECKS[name])
            else:
                found = run(WAYS[name], pair, given.subject)
            print(f"round {number} {name}: {found['seconds']:.2f} s", file=sys.stderr)
            if number:
                runs[name].append(found)
    print("| way | " + " | ".join(TOLD) + " |\n|---|" + "---|" * len(TOLD))
    for name, some in runs.items():
        cells = [f"{median(one[key] for one in some):.2f}" for key in TOLD]
        print(f"| {name} | " + " | ".join(cells) + " |")
    answers = {one["answer"] for some in runs.values() for one in some if "answer" in one}
    print(f"\n{len(answers)} different answers: {'; '.join(sorted(answers))}\n")
    print(json.dumps({"cores": os.cpu_count(), "runs": runs}))
    return 0 if len(answers) <= 1 else 1


if __name__ == "__main__":
    sys.exit(main())
