"""How often does hubcheck err on the zoo: false positives on strangers, misses on derivatives?

``nulls``: every ordered pair of independent trained models. ``power``: every derivative against its
base. Prints a table and, with ``--json``, writes the figures.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean, stdev
from typing import Final

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads: pairs are small

from benchmarks.zoo.train import MODELS
from hubcheck.card.wording import sentence
from hubcheck.check.run import check
from hubcheck.model import Access
from hubcheck.report.schema import Report
from hubcheck.report.words import Depth, Verdict
from hubcheck.request.bases import chosen_bases
from hubcheck.request.interface import Request, budget_of
from hubcheck.source.reference import LocalReference
from hubcheck.verdict.policy import parse_fail_on

INDEPENDENT: Final = ("base", "twin", *(f"ind{n}" for n in range(2, 10)))


def run(
    subject: Path,
    bases: Sequence[Path],
    suspects: Sequence[Path],
    seed: int,
    depth: Depth = Depth.SAMPLE,
) -> Report:
    """Check one model of the zoo."""
    request = Request(
        subject=LocalReference(path=subject, typed=str(subject)),
        bases=chosen_bases([str(b) for b in bases], [str(s) for s in suspects]),
        depth=depth,
        seed=seed,
        policy=parse_fail_on("none"),
        access=Access(max_read=budget_of(depth, None), token=None, endpoint=None),
        replay="",
    )
    return check(request, now=lambda: datetime.now(UTC), progress=lambda _: None).report


def present(models: Path, names: Sequence[str]) -> list[str]:
    """Return the models that have been made."""
    return [n for n in names if (models / n / "config.json").exists()]


def nulls(
    models: Path, seeds: Sequence[int], depth: Depth = Depth.SAMPLE, *, judges: bool = False
) -> dict[str, object]:
    """Hold every independent model against every other.

    Args:
        models: The folder of the zoo.
        seeds: One draw each.
        depth: How deep to look.
        judges: The judge models, every pair once, instead of the zoo's ten in both orders.
    """
    if judges:
        models = models / "judges"
        names = sorted(p.parent.name for p in models.glob("*/config.json"))
        pairs = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :]]
    else:
        names = present(models, INDEPENDENT)
        pairs = [(a, b) for a in names for b in names if a != b]
    verdicts: dict[str, int] = {}
    hits: list[int] = []
    shifted: list[int] = []
    largest = 0.0
    parts = 0
    for seed in seeds:
        for subject, base in pairs:
            finding = run(models / subject, [], [models / base], seed, depth).findings[0]
            verdicts[finding.verdict.value] = verdicts.get(finding.verdict.value, 0) + 1
            largest = max(largest, -finding.log10_p)
            parts += sum(p.verdict is Verdict.RELATED for p in finding.parts)
            rows = [e for e in finding.evidence if e.log10_e != 0.0 and e.control_hits >= 0]
            hits += [e.hits for e in rows]
            shifted += [e.control_hits for e in rows]
    return {
        "models": len(names),
        "pairs": len(pairs),
        "seeds": len(seeds),
        "verdicts": verdicts,
        "parts_related": parts,
        "families": len(hits),
        "mean_hits": round(fmean(hits), 4),
        "standard_error": round(stdev(hits) / len(hits) ** 0.5, 4),
        "max_hits": max(hits),
        "mean_shifted": round(fmean(shifted), 4),
        "largest_log10_E": round(largest, 3),
    }


def power(
    models: Path, seeds: Sequence[int], depth: Depth = Depth.SAMPLE
) -> list[dict[str, object]]:
    """Hold every other model of the zoo against the base."""
    rows: list[dict[str, object]] = []
    for folder in sorted(models.iterdir()):
        if folder.name in INDEPENDENT or not (folder / "config.json").exists():
            continue
        for seed in seeds:
            finding = run(folder, [models / "base"], [], seed, depth).findings[0]
            relation = finding.relation
            rows.append(
                {
                    "model": folder.name,
                    "seed": seed,
                    "verdict": finding.verdict.value,
                    "relation": "" if relation is None else relation.kind.value,
                    "log10_p": round(finding.log10_p, 1),
                    "kept": finding.kept,
                    "reason": sentence(finding.reason),
                    "detail": "" if relation is None else sentence(relation.detail),
                }
            )
    return rows


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["nulls", "power"])
    parser.add_argument("--seeds", type=int, default=1, help="draws per pair")
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--depth", type=Depth, choices=list(Depth), default=Depth.SAMPLE)
    parser.add_argument("--judges", action="store_true", help="nulls of the judge models")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    seeds = range(1, options.seeds + 1)
    figures: object
    if options.what == "nulls":
        figures = nulls(options.models, seeds, options.depth, judges=options.judges)
        print(json.dumps(figures, indent=2))
    else:
        figures = power(options.models, seeds, options.depth)
        for row in figures:
            print("  ".join(f"{value!s:<{w}}" for value, w in zip(row.values(), (28, 3, 12, 22, 9, 8, 0, 0), strict=True)))  # fmt: skip
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
