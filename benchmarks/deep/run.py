"""How long does ``--depth deep`` take on a pair, how much memory, how many bytes?

``python -m benchmarks.deep.run BASE SUBJECT...`` runs the command line as a user would, one process
after another, and prints seconds from process start to card, peak memory, bytes and the verdict.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path


def measure(base: Path, subject: Path, depth: str) -> dict[str, object]:
    """Run one check in a process of its own."""
    with tempfile.TemporaryDirectory() as out:
        began = time.monotonic()
        command = [sys.executable, "-m", "hubcheck", "check", str(subject), "--base", str(base)]
        command += ["--depth", depth, "--seed", "1", "--fail-on", "none", "--out", out]
        done = subprocess.run(command, capture_output=True, check=False)
        seconds = time.monotonic() - began
        report = json.loads((Path(out) / "report.json").read_text())
    finding = report["findings"][0]
    return {
        "subject": subject.name,
        "depth": depth,
        "exit": done.returncode,
        "seconds": round(seconds, 1),
        "peak_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "mb_a_model": round(report["coverage"]["subject_bytes_read"] / 1e6),
        "verdict": finding["verdict"],
        "log10_p": round(finding["log10_p"], 1),
        "words": finding["disguise"],
        "load": round(os.getloadavg()[0], 1),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.deep.run", description=__doc__)
    parser.add_argument("base", type=Path)
    parser.add_argument("subjects", type=Path, nargs="+")
    parser.add_argument("--depth", default="deep")
    chosen = parser.parse_args(arguments)
    for subject in chosen.subjects:
        print(json.dumps(measure(chosen.base, subject, chosen.depth)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
