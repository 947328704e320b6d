"""Who names the right base first among many: the catalogue, or a rival's?

``python -m benchmarks.catalogue.rivals DECOYS OUT --modeldna COMMAND`` puts the models of ``decoys``
into modeldna's reference database, by its own command, and asks both for descendants of some, made
as in ``recall``: which of the models is nearest, and does it stand out? ``COMMAND`` is modeldna 0.1.0
in an environment of its own. A database that is there already is gone on with.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.catalogue.recall import columns_of, descendants, sketch_in, sketch_product
from hubcheck.catalogue.calibration import stands_out
from hubcheck.catalogue.index import frames
from hubcheck.catalogue.sketch import Sketch

SEED: Final = 11
"""Which decoys get descendants."""
NOBODY: Final = ("NO_MATCH", "SAME_FAMILY_UNRESOLVED", "INSUFFICIENT", "ERROR")
"""Verdicts of modeldna that name nobody."""


class Rival:
    """modeldna with a database of the decoys."""

    def __init__(self, command: str, database: Path) -> None:
        """Remember the command and where its database lies."""
        self._command, self._database = command, database

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        return subprocess.run(
            [self._command, *arguments, "--db", str(self._database)],
            capture_output=True, text=True, check=False, env=environment,
        )  # fmt: skip

    def add(self, folders: Sequence[Path]) -> None:
        """Add what is not there yet."""
        there = self._run("db", "list").stdout
        for folder in folders:
            if folder.name in there.split():
                continue
            done = self._run("db", "add", str(folder), "--id", folder.name, "--family", "")
            if done.returncode and "exist" not in done.stdout + done.stderr:
                raise SystemExit(f"{folder.name}: {done.stdout}{done.stderr}")

    def ask(self, folder: Path) -> Mapping[str, Any]:
        """Return what it says of a model, in its own words."""
        done = self._run("scan", "--json", str(folder))
        try:
            said = json.loads(done.stdout)["verdict"]
        except (ValueError, KeyError):
            return {"verdict": "ERROR", "candidates": [], "probability": 0.0}
        return dict(said)


def ours(sketch: Sketch, bits: Sequence[Any], present: Any, own: int, threshold: float) -> Any:
    """Return whether the true base is first, and whether it stands out."""
    z = np.maximum(*frames(sketch, bits, present))
    first = int(z.argmax()) == own
    return {"first": first, "named": bool(z.max() >= threshold), "z": round(float(z[own]), 1)}


def main() -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.rivals")
    parser.add_argument("decoys", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--modeldna", required=True)
    parser.add_argument("--parents", type=int, default=12)
    parser.add_argument("--decoys-asked", type=int, default=128)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    folders = sorted(p.parent for p in asked.decoys.glob("*/training.json"))[: asked.decoys_asked]
    rival = Rival(asked.modeldna, asked.out / "database")
    asked.out.mkdir(parents=True, exist_ok=True)
    rival.add(folders)
    bits, present = columns_of([sketch_in(f) for f in folders])
    threshold = stands_out(len(folders))
    chosen = np.random.default_rng(SEED).choice(len(folders), asked.parents, replace=False)
    place = asked.out / "rows.json"
    rows: list[dict[str, Any]] = json.loads(place.read_text()) if place.exists() else []
    known = {(row["way"], row["parent"]) for row in rows}
    with tempfile.TemporaryDirectory() as made:
        for own in map(int, chosen):
            parent, other = folders[own], folders[own + 1 if own % 8 < 7 else own - 1]
            config = json.loads((parent / "config.json").read_bytes())
            for count, (way, hides, product) in enumerate(descendants(asked.decoys, parent, other)):
                if (way, parent.name) in known:
                    continue
                folder = Path(made) / f"{own}-{count}"
                sketch = sketch_product(product, config, folder)
                said = rival.ask(folder)
                best = said["candidates"][0] if said["candidates"] else {}
                rows.append(
                    {
                        "way": way,
                        "parent": parent.name,
                        "hides": hides,
                        "ours": ours(sketch, bits, present, own, threshold),
                        "theirs": {
                            "first": best.get("candidate_id") == parent.name,
                            "named": said["verdict"] not in NOBODY,
                            "verdict": said["verdict"],
                            "probability": best.get("probability"),
                        },
                    }
                )
                place.write_text(json.dumps(rows, indent=1) + "\n")
            sys.stderr.write(f"{parent.name} done\n")
    sys.stdout.write(table(rows, len(folders)))
    return 0


def table(rows: Sequence[Mapping[str, Any]], models: int) -> str:
    """Return the figures as a table."""
    lines = [
        f"{models} models in each; first / first and said to be it",
        "",
        "| way | descendants | hubcheck | modeldna 0.1.0 |",
        "|---|---|---|---|",
    ]
    for way in dict.fromkeys(row["way"] for row in rows):
        of = [row for row in rows if row["way"] == way]
        cells = []
        for who in ("ours", "theirs"):
            first = sum(row[who]["first"] for row in of)
            said = sum(row[who]["first"] and row[who]["named"] for row in of)
            cells.append(f"{first} / {said}")
        lines.append(f"| {way} | {len(of)} | {' | '.join(cells)} |")
    for who in ("ours", "theirs"):
        wrong = sum(row[who]["named"] and not row[who]["first"] for row in rows)
        lines.append(f"{who}: another model named {wrong} times of {len(rows)}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
