"""What are the numbers of pairs that are known, and can a distilled student be told?

``python -m benchmarks.behaviour.known --models DIR [--ship]`` runs what ``train`` made, as the check
runs models, and prints two tables: the least and most of families and of strangers, which
``--ship`` writes to ``hubcheck/behaviour/known.json``; and each student beside its control, both
held against the teacher. What one model did is kept in DIR, so a stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tempfile
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import Final

from hubcheck.behaviour.comparison import (
    Kind,
    Run,
    compared,
    middle_cka,
    one_vocabulary,
    same_texts,
    same_tokens,
)
from hubcheck.behaviour.places import laid_out
from hubcheck.behaviour.running import loaded, vocabulary_of
from hubcheck.model import Access, open_model
from hubcheck.source.reference import parse_reference

CHILDREN: Final = ("tuned", "pruned", "rounded")
SHIPPED: Final = Path("hubcheck/behaviour/known.json")
Row = tuple[float, float, float]
"""Agreement, divergence in bits, median likeness of states."""


def ran(folder: Path) -> Run:
    """Return what a model does on every kind of prompt; kept beside it."""
    kept = folder / "run.pickle"
    if kept.is_file():
        found: Run = pickle.loads(kept.read_bytes())  # noqa: S301 - our own, from this folder
        return found
    access = Access(max_read=1 << 40, token=None, endpoint=None)
    model = open_model(parse_reference(str(folder)), access)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name), laid_out(model, Path(name), all_bytes=True)
        own = vocabulary_of(*place)
        with loaded(*place) as runner:
            tokens, texts = same_tokens(runner, one_vocabulary(own, own)), same_texts(runner)
    run = Run(
        vocabulary=tokens.vocabulary,
        seen={**tokens.seen, **texts.seen},
        first_words=texts.first_words,
    )
    kept.write_bytes(pickle.dumps(run))
    return run


def rows(pairs: Sequence[tuple[Run, Run]]) -> dict[str, list[Row]]:
    """Return the numbers of pairs by kind of prompt."""
    found: dict[str, list[Row]] = {}
    for base, subject in pairs:
        for kind in compared(base, subject):
            found.setdefault(kind.prompts, []).append(row(kind))
    return found


def row(kind: Kind) -> Row:
    """Return the three numbers that a card shows first."""
    return kind.agreement, kind.js, round(middle_cka(kind), 3)


def between(some: Sequence[Row], n: int) -> list[float]:
    """Return the least and most of one number."""
    return [min(r[n] for r in some), max(r[n] for r in some)]


def table(families: int, runs: dict[str, Run]) -> list[dict[str, object]]:
    """Return the table of known pairs."""
    made = {
        "family": [
            (runs[f"base-{n}"], runs[f"{child}-{n}"]) for n in range(families) for child in CHILDREN
        ],
        "strangers": [
            (runs[f"base-{a}"], runs[f"base-{b}"]) for a, b in combinations(range(families), 2)
        ],
    }
    return [
        {
            "relation": relation,
            "prompts": prompts,
            "pairs": len(some),
            "agreement": between(some, 0),
            "js": between(some, 1),
            "cka": between(some, 2),
        }
        for relation, pairs in made.items()
        for prompts, some in rows(pairs).items()
    ]


def by_child(families: int, runs: dict[str, Run]) -> Iterator[str]:
    """Yield one line for each kind of child."""
    for child in CHILDREN:
        pairs = [(runs[f"base-{n}"], runs[f"{child}-{n}"]) for n in range(families)]
        for prompts, some in rows(pairs).items():
            yield f"| {child} | {prompts} | {len(some)} | {spans(some)} |"


def spans(some: Sequence[Row]) -> str:
    """Return least and most of the three numbers."""
    return " | ".join("{:.2f} to {:.2f}".format(*between(some, n)) for n in range(3))


def students(families: int, runs: dict[str, Run]) -> Iterator[str]:
    """Yield one line a student and its control, and how often the student is the nearer one."""
    nearer: dict[str, list[tuple[bool, bool, bool]]] = {}
    for n in range(families):
        teacher = runs[f"base-{n}"]
        both = [compared(teacher, runs[f"{who}-{n}"]) for who in ("student", "control")]
        for taught, alone in zip(*both, strict=True):
            a, b = row(taught), row(alone)
            nearer.setdefault(taught.prompts, []).append((a[0] > b[0], a[1] < b[1], a[2] > b[2]))
            yield (
                f"| {n} | {taught.prompts} | {a[0]:.2f} / {b[0]:.2f} | {a[1]:.3f} / {b[1]:.3f} "
                f"| {a[2]:.2f} / {b[2]:.2f} |"
            )
    for prompts, told in nearer.items():
        counts = [sum(one[k] for one in told) for k in range(3)]
        yield f"{prompts}: student nearer by agreement, divergence, states: {counts} of {len(told)}"


def alone_told(families: int, runs: dict[str, Run]) -> Iterator[str]:
    """Yield how many students lie outside of all controls, whoever's they are, by each number."""
    for prompts in runs["base-0"].seen:
        taught: list[Row] = []
        others: list[Row] = []
        for n in range(families):
            teacher = runs[f"base-{n}"]
            for kind in compared(teacher, runs[f"student-{n}"]):
                taught += [row(kind)] * (kind.prompts == prompts)
            for m in range(families):
                for kind in compared(teacher, runs[f"control-{m}"]):
                    others += [row(kind)] * (kind.prompts == prompts)
        outside = [
            sum(r[0] > max(o[0] for o in others) for r in taught),
            sum(r[1] < min(o[1] for o in others) for r in taught),
            sum(r[2] > max(o[2] for o in others) for r in taught),
        ]
        middle = [median(r[n] for r in taught) for n in range(3)]
        yield (
            f"{prompts}: students beyond all {len(others)} controls by agreement, divergence, "
            f"states: {outside} of {len(taught)}; medians {middle}; controls {spans(others)}"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.behaviour.known")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--ship", action="store_true")
    given = parser.parse_args(arguments)
    families = len(list(given.models.glob("student-*")))
    names = [f"{who}-{n}" for n in range(families) for who in
             ("base", *CHILDREN, "student", "control")]  # fmt: skip
    runs = {name: ran(given.models / name) for name in names}
    found = table(families, runs)
    for one in found:
        print(json.dumps(one))
    print(*by_child(families, runs), *students(families, runs), *alone_told(families, runs),
          sep="\n")  # fmt: skip
    if given.ship:
        said = {"made_by": "benchmarks.behaviour.known", "families": families, "pairs": found}
        SHIPPED.write_text(json.dumps(said, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
