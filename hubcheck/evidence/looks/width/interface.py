"""What is known of neurons or channels that were dropped or added?"""

from __future__ import annotations

from enum import StrEnum

from hubcheck.evidence.row import Row
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase


class UnitOrder(StrEnum):
    """What became of the order of the units."""

    KEPT = "kept"
    LOST = "lost"
    """Sorted or shuffled anew."""
    UNKNOWN = "unknown"


@frozen
class Resized:
    """One axis that has another size in the subject."""

    axis: str
    """'neurons' or 'channels'."""
    base_units: int
    subject_units: int
    order: UnitOrder
    log_e: float
    """Natural log of the e-value of this axis alone: order and signs."""
    content: float
    """Median cosine of matched units, in the layer or view that shows most."""
    ceiling: float
    """What matching strangers could have reached there."""
    passed_over: tuple[tuple[int, tuple[int, ...]], ...]
    """(base layer, units of the wider model between matched neighbours): dropped, as far as seen;
    layer -1 for channels."""
    rows: tuple[Row, ...]

    @property
    def said(self) -> Phrase:
        """Say what was kept, and whether in order."""
        return phrase(
            PhraseCode.UNITS_KEPT,
            axis=self.axis,
            base=self.base_units,
            subject=self.subject_units,
            order=self.order.value,
        )


@frozen
class Width:
    """What changed of the width."""

    neurons: Resized | None
    """None where the number of neurons is the same, or nothing could be looked at."""
    channels: Resized | None
    log_e: float
    """Product over both axes: distinct orders of the base."""
    bytes_base: int
    bytes_subject: int

    @property
    def rows(self) -> tuple[Row, ...]:
        """Return the evidence of both axes."""
        return tuple(r for axis in (self.channels, self.neurons) if axis for r in axis.rows)

    @property
    def said(self) -> Clauses:
        """Return one phrase for each axis that changed."""
        return tuple(axis.said for axis in (self.neurons, self.channels) if axis is not None)
