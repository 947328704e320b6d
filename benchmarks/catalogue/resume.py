"""Does a build on Ray that is killed lose nothing, and do nothing twice?

``python -m benchmarks.catalogue.resume FOLDER [--models N] [--workers N] [--address A]`` serves N
small models from a Hub on this machine, begins to build a catalogue of them, kills the build once a
third is journalled, and runs the same command again. It prints what is in the catalogue and what
the Hub was asked: of models that were journalled before the kill, nothing more, but where the exact
test needs them. With an address the work is done by a cluster that was started beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from hubcheck.catalogue.build import open_index
from hubcheck.catalogue.entry import Standing
from hubcheck.catalogue.journal import FOLDER, SKETCHES, Journal
from hubcheck.demo.run import MODELS
from tests.hubserver import Link, LocalHub
from tests.material.zoo.folder import write_model
from tests.material.zoo.model import Shape, initial_weights

SHAPE = Shape(hidden=48, neurons=64, layers=4, heads=4, kv_heads=2, head_dim=12)
FILES = ("tokenizer.json", "tokenizer_config.json")


def serve(hub: LocalHub, count: int, place: Path) -> list[str]:
    """Add models to a Hub: every twentieth is the one before it with noise."""
    files = {n: (MODELS / "base" / n).read_text() for n in FILES}
    names, rng = [], np.random.default_rng(0)
    weights = initial_weights(SHAPE, 0)
    for number in range(count):
        if number % 20:
            weights = initial_weights(SHAPE, number)
        else:
            weights = {
                n: np.asarray(w + 0.1 * w.std() * rng.standard_normal(w.shape), dtype=np.float32)
                for n, w in weights.items()
            }
        shutil.rmtree(place, ignore_errors=True)
        write_model(
            place, weights, SHAPE.config(), tokenizer_files=files, card="# m\n", dtype="BF16"
        )
        names.append(f"org/m-{number:04d}")
        hub.add_repo(names[-1], {p.name: p.read_bytes() for p in place.iterdir()})
    return names


def repository_of(path: str) -> str:
    """Return the repository that a path of the Hub asks about."""
    parts = path.removeprefix("/api/models").strip("/").split("/")
    return "/".join(parts[:2])


def opened(hub: LocalHub) -> Counter[str]:
    """Return how often each repository was opened since the Hub began to count."""
    paths = [e.path for e in hub.exchanges if e.origin == "hub" and e.method == "GET"]
    return Counter(repository_of(p) for p in paths if p.startswith("/api/") and "/tree/" not in p)


def main() -> int:
    """Serve, build, kill, build again, print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.resume")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=1_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--address", default="", help="of a Ray cluster; empty: this machine")
    parser.add_argument("--python", default=sys.executable, help="one that has the extra")
    asked = parser.parse_args()
    shutil.rmtree(asked.folder, ignore_errors=True)
    asked.folder.mkdir(parents=True)
    out, listed = asked.folder / "catalogue", asked.folder / "list.txt"
    with LocalHub(link=Link(latency=0.05, bandwidth=125e6)) as hub:
        names = serve(hub, asked.models, asked.folder / "model")
        listed.write_text("\n".join(names) + "\n")
        command = [asked.python, "-m", "hubcheck", "catalogue", "build", str(listed)]
        command += ["--out", str(out), "--workers", str(asked.workers)]
        command += ["--address", asked.address] if asked.address else []
        environment = {**os.environ, "HF_ENDPOINT": hub.endpoint}
        journal = out / FOLDER / SKETCHES
        began = time.monotonic()
        first = subprocess.Popen(command, env=environment, start_new_session=True)
        while first.poll() is None:
            done = journal.read_text().count("\n") if journal.exists() else 0
            if done >= asked.models // 3:
                os.killpg(first.pid, signal.SIGKILL)
                break
            time.sleep(0.2)
        first.wait()
        rows = Journal(out).rows(SKETCHES)
        kept = {str(r["asked"]) for r in rows}
        time.sleep(2)  # what the killed workers had asked for is answered
        before = time.monotonic() - began
        first_asked, first_bytes = opened(hub), hub.content_bytes()
        hub.forget()
        said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        seconds = time.monotonic() - began - before
        again, second_bytes, requests = opened(hub), hub.content_bytes(), hub.requests
    index = open_index(out)
    entries = list(index.entries()) if index else []
    counts = Counter(e.ref for e in entries)
    tested = {n for e in entries if e.standing is not Standing.ROOT for n in (e.ref, e.family)}
    figures: dict[str, Any] = {
        "models": asked.models,
        "workers": asked.workers,
        "journalled before the kill": len(kept),
        "opened before the kill": len(first_asked),
        "journalled, and opened again without an exact test": len((kept & again.keys()) - tested),
        "opened twice in one run without an exact test": sum(
            n > 1 for run in (first_asked, again) for name, n in run.items() if name not in tested
        ),
        "content bytes sent, both runs": [first_bytes, second_bytes],
        "requests of the second run": requests,
        "in the catalogue": len(counts),
        "missing": len(set(names) - counts.keys()),
        "twice": sum(n > 1 for n in counts.values()),
        "standings": Counter(e.standing.value for e in entries),
        "seconds": [round(before), round(seconds)],
        "said": said.stdout.splitlines(),
    }
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
