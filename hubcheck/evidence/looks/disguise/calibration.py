"""On how many independent models is the disguise test calibrated, and how high did they score?

The tables ship; the models need not. ``benchmarks/zoo/calibrate.py`` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Final

from hubcheck.frozen import frozen
from hubcheck.statistics.disguise import GATED, PLAIN, rank_bound

TABLES: Final[Mapping[tuple[str, ...], str]] = {
    GATED: "calibration.json",
    PLAIN: "calibration_plain.json",
}
"""By the views of an MLP: two views agree by chance more often than three."""
MARGIN: Final = 2.0
"""A score counts as outside the table only at twice its greatest: the table's models are small, and
a margin can only lower the rate of false alarms that the rank bound states."""
FLOOR: Final = 0.01
"""The bound up to which a verdict ``disguised`` is given (DESIGN 3.5)."""


@frozen
class Calibration:
    """Scores of pairs of independently trained models."""

    models: int
    pairs: int
    greatest: float
    """The largest score of any pair."""

    @property
    def threshold(self) -> float:
        """The score from which on a pair lies outside the table."""
        return MARGIN * self.greatest

    def bound(self, searches: int) -> float:
        """Return the chance that one of ``searches`` independent pairs scores above the table."""
        return min(1.0, rank_bound(self.models) * max(1, searches))


@lru_cache(maxsize=1)
def shipped() -> Mapping[tuple[str, ...], Calibration]:
    """Return the tables that ship with this version, by the views of an MLP."""
    folder = files("hubcheck.evidence.looks.disguise")
    stored = {v: json.loads(folder.joinpath(name).read_text()) for v, name in TABLES.items()}
    return {
        views: Calibration(
            models=int(table["models"]),
            pairs=int(table["pairs"]),
            greatest=float(table["score"]["greatest"]),
        )
        for views, table in stored.items()
    }
