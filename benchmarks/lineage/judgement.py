"""What does a tool's answer mean for the question, and how high does it rank the pair?

Every tool's words become one of four calls by its own documentation and thresholds:

- hubcheck: ``identical``, ``related`` and ``disguised`` are a match, except ``related`` by a common
  initialisation, which says that nothing learned is shared. ``unrelated`` is no match;
  ``inconclusive`` and ``not-tested`` are no answer.
- modeldna: the classes that its own card check calls positive are a match. ``NO_MATCH`` is none.
  ``SAME_FAMILY_UNRESOLVED`` is what its README calls abstention, and counts as no answer: to its
  advantage on strangers, against it on derivatives.
- cisco-ai-provenance-kit: ``Confirmed Match``, ``High-Confidence Match`` and ``Weak Match`` are a
  match (its published benchmark decides at 0.65, where ``Weak Match`` begins).
  ``Insufficient data`` is no answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from benchmarks.lineage.pairs import Kind
from benchmarks.lineage.relations import meant
from benchmarks.lineage.results import Row


class Call(StrEnum):
    """What a tool's answer comes to."""

    MATCH = "match"
    NO_MATCH = "no match"
    ABSTAINED = "no answer"
    FAILED = "failed"


COMMON_START: Final = "common-initialisation"
CALLS: Final[Mapping[str, Call]] = {
    "identical": Call.MATCH,
    "related": Call.MATCH,
    "disguised": Call.MATCH,
    "unrelated": Call.NO_MATCH,
    "inconclusive": Call.ABSTAINED,
    "not-tested": Call.ABSTAINED,
    "EXACT_COPY": Call.MATCH,
    "QUANTIZED_COPY": Call.MATCH,
    "FINE_TUNE": Call.MATCH,
    "SAME_LINEAGE": Call.MATCH,
    "LIKELY_MERGE": Call.MATCH,
    "SAME_FAMILY_UNRESOLVED": Call.ABSTAINED,
    "INSUFFICIENT": Call.ABSTAINED,
    "NO_MATCH": Call.NO_MATCH,
    "Confirmed Match": Call.MATCH,
    "High-Confidence Match": Call.MATCH,
    "Weak Match": Call.MATCH,
    "Not Matched": Call.NO_MATCH,
    "Insufficient data": Call.ABSTAINED,
}
METADATA_ONLY: Final = " (metadata only)"
"""What cisco-ai-provenance-kit adds to a decision made without weights; the decision stands."""
RANKS: Final[Mapping[str, float]] = {
    "identical": 3.0,
    "related": 2.0,
    "disguised": 2.0,
    "inconclusive": 1.0,
    "unrelated": 0.0,
    "not-tested": 0.5,
}
"""hubcheck's verdicts in order; inside one verdict log10 E decides."""
STEP: Final = 1e6
"""Between two verdicts; log10 E stays far below."""
LOWEST: Final = -math.inf
"""Of a pair that a tool said nothing about: no match was reported."""
WEIGHTS_ALONE: Final = 0.65
"""cisco-ai-provenance-kit's own decision threshold, put to its score of the weights alone."""


def call(row: Row) -> Call:
    """Return what a row comes to.

    Raises:
        KeyError: the tool used a word that this table does not know.
    """
    if row.failure or not row.verdict:
        return Call.FAILED
    if row.relation == COMMON_START:
        return Call.NO_MATCH
    return CALLS[row.verdict.removesuffix(METADATA_ONLY)]


def rank(row: Row) -> float:
    """Return the tool's own score of a pair, larger for a surer match."""
    if row.failure:
        return LOWEST
    if row.tool.startswith("hubcheck"):
        step = RANKS["inconclusive" if row.relation == COMMON_START else row.verdict]
        return STEP * step + row.scores.get("log10_E", 0.0)
    name = "pipeline_score" if row.tool == "cisco" else "probability"
    return row.scores.get(name, LOWEST)


def right(row: Row) -> bool:
    """Return whether the call is the right answer; no answer and a failure never are.

    In a hard case it is right not to report a match, or to name exactly what is shared.
    """
    called = call(row)
    if row.kind in {Kind.DERIVED, Kind.KIN}:
        return called is Call.MATCH
    if row.kind is Kind.STRANGER:
        return called is Call.NO_MATCH
    named = bool(set(meant(row.verdict, row.relation)) & set(row.words))
    return called in {Call.NO_MATCH, Call.ABSTAINED} or named
