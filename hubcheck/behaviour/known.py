"""What are the same numbers of pairs of which it is known what they are?

``benchmarks.behaviour`` trains small models and measures pairs of them: of one family (a model and
what was made of it by further training, pruning, rounding) and strangers (everything alike but the
seed, or other sizes). The table ships; a report shows it beside its own numbers, and no number is
held against a threshold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Least and most of some known pairs, on one kind of prompt."""

    relation: Literal["family", "strangers"]
    prompts: str
    pairs: int
    agreement: tuple[float, float]
    js: tuple[float, float]
    cka: tuple[float, float]


@cache
def known_pairs() -> tuple[Known, ...]:
    """Return the table that ships."""
    found = json.loads(files("hubcheck.behaviour").joinpath("known.json").read_text("utf-8"))
    return tuple(
        Known(
            relation=row["relation"],
            prompts=row["prompts"],
            pairs=row["pairs"],
            agreement=(row["agreement"][0], row["agreement"][1]),
            js=(row["js"][0], row["js"][1]),
            cka=(row["cka"][0], row["cka"][1]),
        )
        for row in found["pairs"]
    )
