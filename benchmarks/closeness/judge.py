"""What does a check say of siblings, and of their children, that are in no table?

``python -m benchmarks.closeness.judge`` trains makers (two shapes, two texts, parents and seeds that the
calibration never saw), holds every sibling against every other beside their declared parent, and
every child of a sibling against that sibling, and prints what came out. Makers and results are
kept, so that an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.card.wording import words
from hubcheck.check.run import Outcome
from hubcheck.report.phrase_codes import PhraseCode
from tests.evidence.laboratory import model, outcome_of, plain, request, weights_of, write
from tests.material.zoo.corpus import Text
from tests.material.zoo.learn import TINY, tiny_tokens, train_tiny
from tests.material.zoo.model import Shape

WORK: Final = Path(__file__).parents[1] / "results" / "judges"
MAKERS: Final = 5
"""Twenty ordered pairs a parent."""
PARENT_STEPS: Final = 150
RATES: Final = (2e-3, 4e-3, 2e-3, 1e-3, 3e-3)
LENGTHS: Final = (50, 50, 90, 60, 40)
CHILD_STEPS: Final = 25
SMALL: Final = Shape(hidden=48, neurons=160, layers=3, heads=3, kv_heads=3, head_dim=16)


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One parent, and the makers that fine-tune it on one data set."""

    name: str
    shape: Shape
    parent_text: Text
    text: Text
    chars: int
    seed: int


HOUSES: Final = (
    House(name="a", shape=TINY, parent_text=Text.MAIN, text=Text.OTHER, chars=80_000, seed=9001),
    House(name="b", shape=SMALL, parent_text=Text.OTHER, text=Text.MAIN, chars=12_000, seed=9002),
    House(name="c", shape=TINY, parent_text=Text.OTHER, text=Text.MAIN, chars=40_000, seed=9003),
)


def build(house: House, texts: dict[Text, NDArray[np.int64]], work: Path) -> None:
    """Train a parent, its makers, and a child and an heir of every maker.

    A child is trained on lightly, on the same text; an heir on another.
    """

    def made(name: str, start: str, text: Text, order: int, steps: int, rate: float) -> None:
        folder = work / f"{house.name}-{name}"
        if (folder / "model.safetensors").exists():
            return
        own = texts[text][: house.chars] if text is house.text and start else texts[text]
        weights, _ = train_tiny(
            own,
            seed=house.seed,
            start=weights_of(work / f"{house.name}-{start}") if start else None,
            order_seed=order,
            steps=steps,
            rate=rate,
            shape=house.shape,
        )
        write(folder, plain(weights, house.shape))

    made("parent", "", house.parent_text, house.seed, PARENT_STEPS, 6e-3)
    for n, (rate, steps) in enumerate(zip(RATES, LENGTHS, strict=True)):
        made(f"maker{n}", "parent", house.text, house.seed + 10 + n, steps, rate)
        made(f"child{n}", f"maker{n}", house.text, house.seed + 30 + n, CHILD_STEPS, rate / 4)
        other = house.parent_text
        made(f"heir{n}", f"maker{n}", other, house.seed + 50 + n, CHILD_STEPS, rate / 2)


def held_against(work: Path, house: House, subject: str, suspect: str) -> dict[str, str]:
    """Return what a check says of one model, its parent declared and one relative suspected."""
    at = [work / f"{house.name}-{name}" for name in (subject, "parent", suspect)]
    return said(outcome_of(request(at[0], [at[1]], [at[2]], seed=5)))


def said(outcome: Outcome) -> dict[str, str]:
    """Return verdict, exit code, how the suspect stands, what the card says of it, directions."""
    report = outcome.report
    declared, suspect = report.findings
    reasons = [n for n in suspect.notes if n.code == PhraseCode.NOT_NAMED]
    on_card = flattened(render(compose(report)))
    return {
        "verdict": report.verdict.value,
        "exit": str(int(outcome.exit_code)),
        "suspect": suspect.verdict.value,
        "explained": str(suspect.explained_by is not None),
        "why": ", ".join(str(n.params["why"]) for n in reasons),
        "why_on_card": str(bool(reasons) and all(flattened(words(n)) in on_card for n in reasons)),
        "closer": str(suspect.closer),
        "direction_to_parent": declared.direction,
        "direction_to_suspect": suspect.direction,
    }


def flattened(text: str) -> str:
    """Return letters and digits alone: a renderer escapes, links and wraps what it is given."""
    return "".join(c for c in re.sub(r"\]\([^)]*\)", "", text).lower() if c.isalnum())


def main(arguments: list[str] | None = None) -> int:
    """Train what is missing, check what was not checked, print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.closeness.judge", description=__doc__
    )
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--only-train", action="store_true")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    chosen.work.mkdir(parents=True, exist_ok=True)
    tokenizer = Tokenizer.from_file(str(model("base") / "tokenizer.json"))
    texts = {text: tiny_tokens(tokenizer, text) for text in Text}
    for house in HOUSES:
        build(house, texts, chosen.work)
    if chosen.only_train:
        return 0
    kept = chosen.work / "judged.json"
    results: dict[str, dict[str, str]] = json.loads(kept.read_text()) if kept.exists() else {}
    for house in HOUSES:
        makers = [f"maker{n}" for n in range(MAKERS)]
        wanted = [("sibling", *pair) for pair in permutations(makers, 2)]
        for n in range(MAKERS):
            wanted += [("child", f"child{n}", f"maker{n}"), ("heir", f"heir{n}", f"maker{n}")]
            wanted.append(("origin", f"maker{n}", f"child{n}"))
        for kind, subject, suspect in wanted:
            key = f"{kind} {house.name} {subject} {suspect}"
            if key not in results:
                results[key] = held_against(chosen.work, house, subject, suspect)
                kept.write_text(json.dumps(results, indent=1) + "\n")
    sys.stdout.write(table(results))
    return 0


def table(results: dict[str, dict[str, str]]) -> str:
    """Return the counts by kind."""
    lines = []
    for kind in ("sibling", "child", "heir", "origin"):
        own = [r for key, r in results.items() if key.startswith(kind + " ")]
        verdicts = dict(Counter(r["verdict"] for r in own))
        closer = sum(r["closer"] == "True" for r in own)
        given = Counter(r[d] for r in own for d in ("direction_to_parent", "direction_to_suspect"))
        lines.append(
            f"{kind}: {len(own)} pairs, {verdicts}, closer {closer}, directions {dict(given)}, "
            f"exit {dict(Counter(r['exit'] for r in own))}"
        )
    green = [
        r for key, r in results.items() if key.startswith(("child ", "heir ")) and r["exit"] == "0"
    ]
    lines.append(
        f"children not named: {len(green)}, explained {sum(r['explained'] == 'True' for r in green)}, "
        f"why {dict(Counter(r['why'] for r in green))}, on the card {sum(r['why_on_card'] == 'True' for r in green)}"
    )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
