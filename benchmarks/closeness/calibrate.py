"""How much of each other's change do siblings hold, and how often are true children above them?

``python -m benchmarks.closeness.calibrate`` reads the rooms that ``benchmarks.closeness.train`` has
trained and writes ``hubcheck/evidence/looks/closeness/calibration.json``, the table the product
ships: of rooms 17 to 33, for the form of the score was chosen on rooms 0 to 16. A family counts
once, by the greatest score of its ordered pairs of siblings, repeats among them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.closeness.families import CHILDREN, SIBLINGS, plan_of
from benchmarks.closeness.learn import Arrays
from benchmarks.closeness.train import FAMILIES_AT, load
from hubcheck.evidence.looks.closeness import calibration
from hubcheck.evidence.looks.closeness.calibration import TABLE, Rows
from hubcheck.statistics.closeness import bound, held_share
from hubcheck.statistics.profiles import FloatArray

COUNT: Final = {Rows.ALL_64: 64, Rows.ALL_32: 32, Rows.MLP_64: 64}
QUANTILES: Final = (0.5, 0.9, 0.99)


def score(family: dict[str, Arrays], suspect: str, subject: str, rows: Rows) -> float:
    """Return the score of one ordered pair of heirs."""

    def changes() -> Iterator[tuple[FloatArray, FloatArray]]:
        for name, parent in family["parent"].items():
            if rows is Rows.MLP_64 and not name.endswith(("gate_proj.weight", "up_proj.weight")):
                continue
            own = [
                family[who][name][: COUNT[rows]] - parent[: COUNT[rows]]
                for who in (suspect, subject)
            ]
            yield own[0], own[1]

    return held_share(changes()).score


def table(rooms: list[int], folder: Path) -> dict[str, object]:
    """Return the table of some rooms."""
    greatest: dict[Rows, list[float]] = {rows: [] for rows in Rows}
    others: dict[str, dict[Rows, list[float]]] = {
        name: {rows: [] for rows in Rows} for name in CHILDREN
    }
    pairs = list(permutations(SIBLINGS, 2))
    for room in rooms:
        for family in load(room, folder):
            for rows in Rows:
                greatest[rows].append(max(score(family, *pair, rows) for pair in pairs))
                for child in CHILDREN:
                    others[child][rows].append(score(family, "suspect", child, rows))
    families = len(greatest[Rows.ALL_64])
    widths = [plan_of(room).shape.hidden for room in rooms]
    return {
        "families": families,
        "pairs": families * len(pairs),
        "bound": round(bound(families, 1), 6),
        "rooms_by_width": {str(w): widths.count(w) for w in sorted(set(widths))},
        "greatest": {rows.value: round(max(some), 6) for rows, some in greatest.items()},
        "of_families": {
            rows.value: {f"q{q:g}": round(float(np.quantile(some, q)), 6) for q in QUANTILES}
            for rows, some in greatest.items()
        },
        "above": {
            name: {
                rows.value: round(float(np.mean(np.array(some) > max(greatest[rows]))), 4)
                for rows, some in of.items()
            }
            for name, of in others.items()
        },
        "made_by": "python -m benchmarks.closeness.calibrate",
    }


def main(arguments: list[str] | None = None) -> int:
    """Write the table of every room that is there."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.closeness.calibrate", description=__doc__
    )
    parser.add_argument("--families", type=Path, default=FAMILIES_AT)
    parser.add_argument("--rooms", type=int, nargs=2, metavar=("FIRST", "LAST"), default=(17, 33))
    parser.add_argument("--dry-run", action="store_true", help="print the table, write nothing")
    chosen = parser.parse_args(arguments)
    there = (int(p.stem.rpartition("-")[2]) for p in chosen.families.glob("room-???.npz"))
    first, last = chosen.rooms
    rooms = sorted(room for room in there if first <= room <= last)
    made = table(rooms, chosen.families)
    text = json.dumps(made, indent=2) + "\n"
    if not chosen.dry_run:
        (Path(calibration.__file__).parent / TABLE).write_text(text)
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
