"""Of how many models that share nothing did a check say that they match, over all benchmarks?

    python -m benchmarks.kinds.run --json build/kinds.json
    python -m benchmarks.kinds.trained_senses --json build/senses.json
    python -m benchmarks.kinds.independents build/*.json --page docs/kinds.md

Reads what the benchmarks of kinds and of trained models kept, counts their independent pairs, and gives
the interval of what was counted. The exit code is 1 where one was said to match.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import comb
from pathlib import Path
from typing import Any, Final

from benchmarks.kinds.judge import MATCH
from benchmarks.kinds.pairs import Pair
from benchmarks.kinds.sections import write_part
from benchmarks.kinds.table import markdown

TAIL: Final = 0.025
"""On each side of an interval of 95 %."""
STEPS: Final = 60
"""Halvings of an interval's end: far below what is printed."""
HALF: Final = "half of another"
"""A subject that holds a part of its base: related in part."""
UNRELATED: Final = "unrelated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Independent pairs of one source, and what was said of them."""

    source: str
    asked: int
    unrelated: int
    matches: int


def counted(source: str, kept: Any) -> list[Counted]:
    """Return the independent pairs in what a benchmark kept, by group or kind.

    Args:
        source: What to call pairs that bear no group.
        kept: The parsed file: rows of kinds, or answers about trained models.
    """
    verdicts: dict[str, list[str]] = {}
    rows: Sequence[Mapping[str, Any]] = kept["pairs"] if isinstance(kept, dict) else kept
    for row in rows:
        if "judged" in row:
            if row["pair"] == Pair.STRANGER:
                verdicts.setdefault(f"{row['group']}, untrained", []).append(
                    row["judged"]["verdict"]
                )
        elif not row["related"] and row["subject"] != HALF:
            verdicts.setdefault(f"{row['kind']}, trained", []).append(row["verdict"])
    return [
        Counted(
            source=name or source,
            asked=len(said),
            unrelated=said.count(UNRELATED),
            matches=sum(one in MATCH for one in said),
        )
        for name, said in verdicts.items()
    ]


def interval(matches: int, asked: int) -> tuple[float, float]:
    """Return the interval of 95 % of a rate (Clopper and Pearson), by halving.

    Args:
        matches: Of them, how often.
        asked: How many, at least 1.
    """

    def at_most(n: int, rate: float) -> float:
        return sum(comb(asked, i) * rate**i * (1 - rate) ** (asked - i) for i in range(n + 1))

    def end(beyond: Any) -> float:
        low, high = 0.0, 1.0
        for _ in range(STEPS):
            middle = (low + high) / 2
            low, high = (low, middle) if beyond(middle) else (middle, high)
        return (low + high) / 2

    above = 1.0 if matches == asked else end(lambda rate: at_most(matches, rate) < TAIL)
    below = 0.0 if matches == 0 else end(lambda rate: 1 - at_most(matches - 1, rate) > TAIL)
    return below, above


def words(found: Sequence[Counted]) -> str:
    """Return the table, and the sum with its interval."""
    asked, matches = sum(c.asked for c in found), sum(c.matches for c in found)
    unrelated = sum(c.unrelated for c in found)
    lines = [(c.source, str(c.asked), str(c.unrelated), str(c.matches)) for c in found]
    table = markdown(("independent pairs", "asked", "unrelated", "said to match"), lines)
    if not asked:
        return table
    below, above = interval(matches, asked)
    return (
        f"{table}\n{matches} of {asked} independent pairs were said to match (95 %: {below:.2%} to "
        f"{above:.2%}); {unrelated} were said to be unrelated, the others stayed open. Pairs of one "
        "kind share models, so they are not as many independent draws.\n"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Count, print, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kinds.independents")
    parser.add_argument("files", nargs="+", type=Path, help="what the benchmarks kept (--json)")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write its part of the page")
    given = parser.parse_args(arguments)
    found = [c for path in given.files for c in counted(path.stem, json.loads(path.read_text()))]
    print(words(found))
    if given.page is not None:
        write_part(given.page, "independents", words(found))
    return int(any(c.matches for c in found))


if __name__ == "__main__":
    sys.exit(main())
