"""How much of the base is still there?"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor
from statistics import median
from typing import Final

from hubcheck.evidence.family import BODY_ORDERS
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.frozen import frozen
from hubcheck.report.schema import PartVerdict, Relation
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.statistics.similarity_interval import Interval, interval_of_similarities
from hubcheck.verdict.equal_tensors import EqualTensors

DIGITS: Final = 10_000
"""Similarities are told to four places."""


@frozen
class Kept:
    """How similar two models are."""

    median: float
    interval: Interval | None = None
    """95 % interval over the units of the families looked at; None where it is no such median."""


def rounded(interval: Interval | None) -> Interval | None:
    """Return an interval to four places, outwards, within what a cosine can be."""
    if interval is None:
        return None
    low, high = interval
    return max(-1.0, floor(low * DIGITS) / DIGITS), min(1.0, ceil(high * DIGITS) / DIGITS)


def kept_of(
    comparisons: Sequence[Comparison],
    verdict: Verdict,
    relation: Relation | None,
    parts: Sequence[PartVerdict],
    equal: EqualTensors,
) -> Kept:
    """Return how similar the two are: over the orders that hit, else over all of the body.

    Args:
        comparisons: What was seen of the orders of the body; of the towers of a model that is
            towers alone.
        verdict: On the whole.
        relation: How they are related, if they are.
        parts: The verdict on every part.
        equal: Which tensors of the bodies are bit for bit the same.

    Returns:
        A median cosine, 0 where nothing was compared.
    """
    found = [outcome for comparison in comparisons for outcome in comparison.hitting]
    if verdict is Verdict.RELATED and any(equal.proven) and not found:
        return Kept(median=1.0)  # bit-equal tensors carry the verdict
    if relation is not None and relation.kind is RelationKind.PARTS:
        best = max((p.kept for p in parts if p.verdict is Verdict.RELATED), default=0.0)
        return Kept(median=best)
    body = [o for some in comparisons for o in some.outcomes if o.test in BODY_ORDERS]
    hitting = found if verdict is not Verdict.UNRELATED else []
    chosen = [(o, o.best) for o in hitting] or [(o, o.first) for o in body]
    if not chosen:
        return Kept(median=0.0)
    units = [o.units.kept_u for o, v in chosen if o.units is not None and o.units.view == v]
    return Kept(
        median=median(view.kept for _, view in chosen),
        interval=interval_of_similarities(units) if len(units) == len(chosen) else None,
    )
