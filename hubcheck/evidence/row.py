"""What does one line of evidence hold?

Plain strings and numbers, the fields of the report's own rows, so that a report can be filled from
them.
"""

from __future__ import annotations

from typing import Literal

from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase

Kind = Literal["exact", "calibrated", "context"]


@frozen
class Row:
    """One line of evidence; the fields are those of ``report.Evidence``."""

    test: str
    family: Phrase
    kind: Kind
    part: str
    frame: str
    layers: tuple[int, ...]
    """Base layers."""
    units: int
    hits: int
    log10_p: float
    """log10 of the row's own bound, at most 0; 0 for context."""
    log10_e: float
    """log10 of the e-value; 0 where the row is no exact test."""
    kept: float
    ceiling: float
    note: Clauses
