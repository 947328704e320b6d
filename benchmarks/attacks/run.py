"""What does a check say of each case? ``python -m benchmarks.attacks.run`` prints the table.

Right: what may be said of it was said. Of an attack that the card does not name it is told apart
whether the card at least says that the weights are closer to the suspect.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import torch
from tokenizers import Tokenizer

from benchmarks.attacks.cases import CASES, Case, Trained
from benchmarks.attacks.pieces import Weights
from benchmarks.closeness.judge import HOUSES, LENGTHS, PARENT_STEPS, RATES, WORK, build
from hubcheck.report.schema import Report
from tests.evidence.laboratory import model, plain, report_of, weights_of, write
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, tiny_tokens, train_tiny

HOUSE: Final = HOUSES[0]
SEED: Final = 7


def more(work: Path) -> None:
    """Train what the makers of the first house do not have."""
    tokenizer = Tokenizer.from_file(str(model("base") / "tokenizer.json"))
    texts = {text: tiny_tokens(tokenizer, text) for text in Text}
    build(HOUSE, texts, work)
    own = texts[HOUSE.text][: HOUSE.chars]

    def made(name: str, **how: object) -> None:
        folder = work / f"{HOUSE.name}-{name}"
        if not (folder / "model.safetensors").exists():
            tokens = how.pop("tokens", own)
            weights, _ = train_tiny(tokens, shape=TINY, **how)  # type: ignore[arg-type]
            write(folder, plain(weights, TINY))

    parent = weights_of(work / f"{HOUSE.name}-parent")
    first = HOUSE.seed + 10
    made("repeat", start=parent, order_seed=first, steps=LENGTHS[0], rate=1.3 * RATES[0])
    made(
        "middle", start=parent, order_seed=71, steps=60, rate=4e-3, tokens=texts[HOUSE.parent_text]
    )
    middle = weights_of(work / f"{HOUSE.name}-middle")
    made("far", start=middle, order_seed=72, steps=LENGTHS[1], rate=RATES[0])
    made("stranger", seed=73, order_seed=73, steps=PARENT_STEPS, tokens=texts[Text.MAIN])
    made("twin", seed=HOUSE.seed, order_seed=74, steps=PARENT_STEPS, tokens=texts[Text.OTHER])


def trained_in(work: Path) -> Trained:
    """Return what gives trained weights by name."""

    def weights(name: str) -> Weights:
        return weights_of(work / f"{HOUSE.name}-{name}")

    return weights


def check(case: Case, trained: Trained, work: Path) -> Report:
    """Return the report of one case, at the default depth."""
    names = ("subject", "declared", "suspect")
    at = [
        write(work / "case" / name, plain(weights, TINY))
        for name, weights in zip(names, case.make(trained), strict=True)
    ]
    return report_of(at[0], [at[1]], [at[2]], seed=SEED)


def row(case: Case, report: Report) -> dict[str, object]:
    """Return what came out for one case."""
    declared, suspect = report.findings
    return {
        "case": case.name,
        "honest": case.honest,
        "verdict": report.verdict.value,
        "right": report.verdict in case.right,
        "closer": suspect.closer,
        "declared": declared.verdict.value,
        "suspect": suspect.verdict.value,
    }


def table(rows: list[dict[str, object]]) -> str:
    """Return the table as markdown."""
    lines = ["| case | verdict | |", "|---|---|---|"]
    for honest in (True, False):
        for one in (r for r in rows if r["honest"] is honest):
            if one["right"]:
                note = "right"
            elif honest:
                note = "**an honest maker accused**"
            else:
                note = "told as closer to S" if one["closer"] else "**got through**"
            lines.append(f"| {one['case']} | {one['verdict']} | {note} |")
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Check every case that was not checked yet; print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.attacks.run", description=__doc__)
    parser.add_argument("--work", type=Path, default=WORK)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    chosen.work.mkdir(parents=True, exist_ok=True)
    more(chosen.work)
    kept = chosen.work / "attacks.json"
    rows: list[dict[str, object]] = json.loads(kept.read_text()) if kept.exists() else []
    done = {one["case"] for one in rows}
    trained = trained_in(chosen.work)
    for case in CASES:
        if case.name not in done:
            rows.append(row(case, check(case, trained, chosen.work)))
            kept.write_text(json.dumps(rows, indent=1) + "\n")
    sys.stdout.write(table(rows))
    accused = sum(bool(r["honest"]) and not r["right"] for r in rows)
    return 1 if accused else 0


if __name__ == "__main__":
    sys.exit(main())
