"""How much of each other's change did siblings hold that were trained for the purpose?

The table ships; the models need not. ``benchmarks/closeness/calibrate.py`` makes it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from typing import Final

from hubcheck.frozen import frozen

TABLE: Final = "calibration.json"
FLOOR: Final = 0.01
"""The bound up to which a suspect's change counts as held (DESIGN 13.1)."""


class Rows(StrEnum):
    """Which rows a score is made of; each set has a table of its own."""

    ALL_64 = "all-64"
    """64 rows of every matrix of a layer."""
    ALL_32 = "all-32"
    MLP_64 = "mlp-64"
    """64 rows of gate and up: what other looks have read of a large model."""


@frozen
class Siblings:
    """What families of siblings reached."""

    families: int
    """Independent parents, each with a data set of its own."""
    greatest: Mapping[Rows, float]
    """The largest score of any pair of any family."""


@lru_cache(maxsize=1)
def shipped() -> Siblings:
    """Return the table that ships with this version."""
    stored = json.loads(files("hubcheck.evidence.looks.closeness").joinpath(TABLE).read_text())
    return Siblings(
        families=int(stored["families"]),
        greatest={rows: float(stored["greatest"][rows.value]) for rows in Rows},
    )
