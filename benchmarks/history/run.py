"""Are chains of models trained from scratch told from chains that begin with another model?

``python -m benchmarks.history.run [ROOM ...]`` asks ``hubcheck history`` of every chain that
``benchmarks.history.train`` made, beginning at each of its states, and prints the counts of
``docs/history.md``. States are written as folders in half precision, as checkpoints are published.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections import Counter, defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from benchmarks.closeness.families import SHAPES
from benchmarks.history.train import RESERVED, ROOMS, STATES, Chain, load
from hubcheck.cli import main as hubcheck
from hubcheck.report.history import History
from tests.material.zoo.folder import write_model

BEGINS: Final = (0, 10, 100)
"""Steps of the first state that is published."""


def chain_of(chain: Chain, config: dict[str, object], begins: int, seed: int) -> History:
    """Return what the command says of a chain from one of its states on."""
    with tempfile.TemporaryDirectory() as place:
        run = Path(place) / "run"
        for step in (s for s in (0, *STATES) if s >= begins):
            write_model(
                run / f"checkpoint-{step}", chain[step], config, tokenizer_files={}, card="# M\n",
                dtype="BF16",
            )  # fmt: skip
        out = Path(place) / "out"
        hubcheck(["history", str(run), "--seed", str(seed), "--out", str(out), "--quiet"])
        return History.model_validate_json((out / "history.json").read_text())


def main() -> int:
    """Print the counts."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    shares: dict[str, list[float]] = defaultdict(list)
    ratios: dict[str, list[float]] = defaultdict(list)
    growth: dict[str, list[float]] = defaultdict(list)
    rooms = [int(r) for r in sys.argv[1:]] or list(range(ROOMS))
    for room in rooms:
        shape = replace(SHAPES[room % len(SHAPES)], vocab=SHAPES[0].vocab + RESERVED)
        for kind, chains in load(room).items():
            for m, chain in enumerate(chains):
                for begins in BEGINS:
                    found = chain_of(chain, shape.config(), begins, m)
                    named = f"{kind}, from step {begins}"
                    counts[named][found.looks.value] += 1
                    first, last = found.states[0], found.states[-1]
                    shares[named].append(first.beyond)
                    if last.beyond:
                        growth[named].append(first.beyond / last.beyond)
                    if found.tokens is not None and found.tokens.ratio:
                        ratios[named].append(found.tokens.ratio)
    told: dict[str, Any] = {}
    for named, found_counts in counts.items():
        told[named] = {
            "looks": dict(found_counts),
            "beyond a draw in the first state": _range(shares[named]),
            "of that in the last": _range(growth[named]),
            "trained tokens over still ones": _range(ratios[named]),
        }
    print(json.dumps(told, indent=2))
    return 0


def _range(values: list[float]) -> list[float]:
    if not values:
        return []
    return [round(v, 3) for v in (min(values), statistics.median(values), max(values))]


if __name__ == "__main__":
    sys.exit(main())
