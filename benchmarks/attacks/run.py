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

from benchmarks.attacks.cases import CASES, Case
from benchmarks.attacks.distil import distilled
from benchmarks.attacks.further import Posed, shape_of, stacked, with_new_tokens
from benchmarks.attacks.pieces import Trained, Weights
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
            tokens, shape = how.pop("tokens", own), shape_of(name)
            weights, _ = train_tiny(tokens, shape=shape, **how)  # type: ignore[arg-type]
            write(folder, plain(weights, shape))

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
    teacher = weights_of(work / f"{HOUSE.name}-maker3")
    for n in (0, 1):
        how = {"order_seed": 80 + n, "steps": LENGTHS[n], "rate": RATES[n]}
        made(f"extended{n}", start=with_new_tokens(parent), **how)
        made(f"upscaled{n}", start=stacked(parent), **how)
        folder = work / f"{HOUSE.name}-student{n}"
        if not (folder / "model.safetensors").exists():
            weights = distilled(parent, teacher, own, **how)  # type: ignore[arg-type]
            write(folder, plain(weights, TINY))


def trained_in(work: Path) -> Trained:
    """Return what gives trained weights by name."""

    def weights(name: str) -> Weights:
        return weights_of(work / f"{HOUSE.name}-{name}")

    return weights


def check(case: Case, trained: Trained, work: Path) -> Report:
    """Return the report of one case, at the default depth."""
    made = case.make(trained)
    if not isinstance(made, Posed):
        subject, declared, suspect = (plain(weights, TINY) for weights in made)
        made = Posed(subject=subject, declared=(declared,), suspect=suspect)
    place = work / "case"
    bases = [write(place / f"declared-{n}", product) for n, product in enumerate(made.declared)]
    return report_of(
        write(place / "subject", made.subject), bases, [write(place / "suspect", made.suspect)],
        seed=SEED,
    )  # fmt: skip


def row(case: Case, report: Report) -> dict[str, object]:
    """Return what came out for one case."""
    *declared, suspect = report.findings
    return {
        "case": case.name,
        "honest": case.honest,
        "verdict": report.verdict.value,
        "right": report.verdict in case.right,
        "closer": suspect.closer,
        "declared": ", ".join(one.verdict.value for one in declared),
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
