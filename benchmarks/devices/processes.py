"""How long do one, two and three processes take, how much memory each, and are reports equal?

``python -m benchmarks.devices.processes BASE SUBJECT [--depth deep]... [--counts 1,2,3]``, as a user
would start them: one process plainly, more by ``torchrun``. Seconds are those of the whole command,
start-up included; beside them the processor's own, because other work on the machine lengthens
the clock's alone. On a machine with accelerators every process takes one; without, that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from hubcheck.devices.choice import choose, signs_of_accelerator

VARIES: Final = ("processes", "started", "finished", "seconds")


def measured(count: int, depth: str, base: Path, subject: Path) -> tuple[dict[str, Any], Any]:
    """Run one check with so many processes; return what it took, and its report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = ["-m", "benchmarks.devices.member", name, "check", str(subject)]
        command += ["--base", str(base), "--depth", depth, "--seed", "1", "--fail-on", "none"]
        command += ["--out", str(folder / "out")]
        launcher = ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={count}"]
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, *(launcher if count > 1 else []), *command],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            timeout=1200,
        )
        seconds = time.monotonic() - began
        if done.returncode:
            raise RuntimeError(done.stderr)
        each = [json.loads((folder / f"{n}.json").read_text()) for n in range(count)]
        report = json.loads((folder / "out" / "report.json").read_text())
    took = {
        "depth": depth,
        "processes": count,
        "seconds": round(seconds, 1),
        "cpu_s": round(sum(one["cpu_s"] for one in each), 1),
        "peak_mb": [round(one["peak_mb"]) for one in each],
    }
    return took, {key: value for key, value in report.items() if key not in VARIES}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.devices.processes")
    parser.add_argument("base", type=Path)
    parser.add_argument("subject", type=Path)
    parser.add_argument("--depth", action="append")
    parser.add_argument("--counts", default="1,2,3")
    given = parser.parse_args(arguments)
    said = str(choose()) if signs_of_accelerator() else "no accelerator: NumPy on the CPU"
    print(json.dumps({"device": said, "cores": os.cpu_count()}), flush=True)
    equal = True
    for depth in given.depth or ["deep", "full"]:
        first = None
        for count in map(int, given.counts.split(",")):
            took, report = measured(count, depth, given.base, given.subject)
            first = report if first is None else first
            equal &= report == first
            print(json.dumps({**took, "equal": report == first}), flush=True)
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
