"""How high do independent models score in the disguise test?

``python -m benchmarks.zoo.calibrate`` matches the models of ``benchmarks.zoo.calibration`` (train
them first) in rounds of disjoint pairs and writes
``hubcheck/evidence/looks/disguise/calibration.json``, the table the product ships. Every round is
a perfect matching of all models, so each alone gives the rank bound 2/(M+2); the rounds together
can only raise the greatest score. ``--plain`` does the same with the models of
``benchmarks.zoo.plain``, whose MLPs have no gate, and their own table. ``--judge`` holds models that
are in no table against it, all pairs in both directions.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.zoo.plain import PLAIN as PLAIN_MODELS
from benchmarks.zoo.train import MODELS
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.disguise import calibration
from hubcheck.evidence.looks.disguise.calibration import TABLES, shipped
from hubcheck.evidence.looks.disguise.mlp_views import (
    Mlps,
    Neurons,
    Sample,
    frame_wanted,
    read_neurons,
)
from hubcheck.evidence.orders.mlps import DENSE
from hubcheck.evidence.side import Side
from hubcheck.model import Access, Model, align_tokens, open_model
from hubcheck.source.reference import parse_reference
from hubcheck.statistics.disguise import GATED, PLAIN, Score, match_layers, rank_bound, score

CALIBRATION: Final = MODELS / "calibration"
JUDGES: Final = MODELS / "judges"
ROUNDS: Final = 20
"""Perfect matchings: one is enough for the bound, more make the greatest score steadier."""
QUANTILES: Final = (0.5, 0.9, 0.99, 0.999)
log = logging.getLogger("benchmarks.zoo")


@dataclass(frozen=True, slots=True)
class Seen:
    """All layers of one model, read once: every model shares one tokenizer."""

    name: str
    kind: str
    layers: tuple[Neurons, ...]


def see(folder: Path, views: tuple[str, ...]) -> Seen:
    """Read every MLP of one small model that has these views, through all of its tokens."""
    access = Access(max_read=2**31, token=None, endpoint=None)
    model: Model = open_model(parse_reference(str(folder)), access)
    side = Side(model.reader, align_tokens(model, model).base_ids)
    layers = Mlps(roles=DENSE, matrices=views).layers(model.anatomy)
    side.reader.fetch(frame_wanted(side, layers))
    n = model.anatomy.geometry.neurons
    samples = [Sample(block=Block(layer=i), units=tuple(range(n)), pool=n) for i in layers]
    facts = json.loads((folder / "training.json").read_text())
    kind = "-".join(str(facts[key]) for key in ("kind", "variant") if key in facts)
    return Seen(folder.name, kind, tuple(read_neurons(side, DENSE, s) for s in samples))


def compare(a: Seen, b: Seen) -> Score:
    """Return the score of one pair, over all layer pairs."""
    return score(
        [
            match_layers(
                x.views,
                y.views,
                base=x.sample.block.layer,
                subject=y.sample.block.layer,
                a_pool=x.sample.pool,
                b_pool=y.sample.pool,
            )
            for x in a.layers
            for y in b.layers
        ]
    )


def rounds(n: int, count: int) -> Iterator[list[tuple[int, int]]]:
    """Yield perfect matchings of n models (the circle method), no pair twice.

    Args:
        n: Models, even.
        count: Matchings, at most n - 1.
    """
    for turn in range(min(count, n - 1)):
        ring = [(turn + k) % (n - 1) for k in range(n - 1)]
        yield [(n - 1, ring[0]), *((ring[k], ring[-k]) for k in range(1, n // 2))]


def figures(values: Sequence[float]) -> dict[str, float]:
    """Return the quantiles and the greatest of some scores."""
    found = {f"q{q:g}": round(float(np.quantile(values, q)), 6) for q in QUANTILES}
    return {**found, "greatest": round(max(values), 6)}


def table(models: Sequence[Seen], count: int, made_by: str) -> dict[str, object]:
    """Return the table over ``count`` rounds; an odd model out is left aside."""
    models = models[: len(models) // 2 * 2]
    scores: list[Score] = []
    for number, pairs in enumerate(rounds(len(models), count)):
        # each direction in turn: the statistic is not symmetric, the product asks both ways
        scores += [
            compare(models[i], models[j]) if number % 2 else compare(models[j], models[i])
            for i, j in pairs
        ]
        log.info("round %d: greatest %.4f", number + 1, max(s.value for s in scores))
    kinds: dict[str, int] = {}
    for model in models:
        kinds[model.kind] = kinds.get(model.kind, 0) + 1
    return {
        "models": len(models),
        "pairs": len(scores),
        "rounds": count,
        "rank_bound": round(rank_bound(len(models)), 6),
        "kinds": kinds,
        "score": figures([s.value for s in scores]),
        "agreement": figures([s.agreement for s in scores]),
        "outstanding": figures([s.outstanding for s in scores]),
        "made_by": made_by,
    }


def judge(models: Sequence[Seen], views: tuple[str, ...]) -> dict[str, object]:
    """Hold models that are in no table against the shipped one, in both directions."""
    scores = [compare(a, b) for a, b in permutations(models, 2)]
    known = shipped()[views]
    return {
        "models": len(models),
        "ordered_pairs": len(scores),
        "threshold": known.threshold,
        "found": sum(s.value > known.threshold for s in scores),
        "above_the_greatest": sum(s.value > known.greatest for s in scores),
        "score": figures([s.value for s in scores]),
    }


def trained(folder: Path) -> list[Path]:
    """Return the finished models of a folder, by name."""
    return sorted(p.parent for p in folder.glob("*/training.json"))


def main(arguments: list[str] | None = None) -> int:
    """Write the table, or judge by it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.zoo.calibrate", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--judge", action="store_true", help="judge models that are in no table")
    parser.add_argument("--plain", action="store_true", help="models whose MLPs have no gate")
    parser.add_argument("--models", type=Path, help="where they lie, instead of the usual place")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    views = PLAIN if chosen.plain else GATED
    usual = JUDGES if chosen.judge else PLAIN_MODELS if chosen.plain else CALIBRATION
    models = [see(p, views) for p in trained(chosen.models or usual)]
    if chosen.judge:
        print(json.dumps(judge(models, views), indent=2))
        return 0
    made_by = "python -m benchmarks.zoo.calibrate" + " --plain" * chosen.plain
    made = table(models, chosen.rounds, made_by)
    path = Path(calibration.__file__).parent / TABLES[views]
    path.write_text(json.dumps(made, indent=2) + "\n")
    print(json.dumps(made, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
