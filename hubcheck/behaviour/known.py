"""What are the same numbers of pairs of which it is known what they are?

``benchmarks.behaviour`` trains small models and measures pairs of them: of one family (a model and
what was made of it by further training, pruning, rounding) and strangers (everything alike but the
seed, or other sizes). The table ships; a report shows it beside its own numbers, and no number is
held against a threshold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

from hubcheck.report.behaviour import KnownBehaviour


def known_pairs(prompts: Iterable[str]) -> tuple[KnownBehaviour, ...]:
    """Return the numbers of known pairs on these kinds of prompt."""
    wanted = set(prompts)
    return tuple(known for known in _shipped() if known.prompts in wanted)


@cache
def _shipped() -> tuple[KnownBehaviour, ...]:
    found = json.loads(files("hubcheck.behaviour").joinpath("known.json").read_text("utf-8"))
    return tuple(map(KnownBehaviour.model_validate, found["pairs"]))
