"""On how many independent models is the disguise test calibrated, and how high did they score?

The tables ship; the models need not. ``benchmarks/zoo/calibrate.py`` makes them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from hubcheck.statistics.disguise import GATED, PLAIN, rank_bound

TABLES: Final[Mapping[tuple[str, ...], str]] = {
    GATED: "calibration.json",
    PLAIN: "calibration_plain.json",
}
"""By the views of an MLP: two views agree by chance more often than three. A table that was not
made yet is ``NO_TABLE``."""
MARGIN: Final = 2.0
"""A score counts as outside the table only at twice its greatest: the table's models are small, and
a margin can only lower the rate of false alarms that the rank bound states."""
FLOOR: Final = 0.01
"""The bound up to which a verdict ``disguised`` is given (DESIGN 3.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
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


NO_TABLE: Final = Calibration(models=0, pairs=0, greatest=0.1)
"""Where no models were calibrated on: where a fifth of the neurons match, the match is undone, and
only what an exact test then proves decides. Its bound is 1."""


@lru_cache(maxsize=1)
def shipped() -> Mapping[tuple[str, ...], Calibration]:
    """Return the tables that ship with this version, by the views of an MLP."""
    folder = files("hubcheck.evidence.looks.disguise")
    made = {views: folder.joinpath(name) for views, name in TABLES.items()}
    return {
        views: _calibration(json.loads(path.read_text())) if path.is_file() else NO_TABLE
        for views, path in made.items()
    }


def _calibration(stored: Mapping[str, Any]) -> Calibration:
    return Calibration(
        models=int(stored["models"]),
        pairs=int(stored["pairs"]),
        greatest=float(stored["score"]["greatest"]),
    )
