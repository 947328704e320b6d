"""How much of the base is still there?"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from hubcheck.evidence.family import BODY_ORDERS
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.report.schema import PartVerdict, Relation
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.verdict.equal_tensors import EqualTensors


def kept_of(
    comparison: Comparison,
    verdict: Verdict,
    relation: Relation | None,
    parts: Sequence[PartVerdict],
    equal: EqualTensors,
) -> float:
    """Return how similar the two are: over the orders that hit, else over all of the body.

    Args:
        comparison: What was seen of the orders of the body.
        verdict: On the whole.
        relation: How they are related, if they are.
        parts: The verdict on every part.
        equal: Which tensors of the bodies are bit for bit the same.

    Returns:
        A median cosine, 0 where nothing was compared.
    """
    if verdict is Verdict.RELATED and any(equal.proven) and not comparison.hitting:
        return 1.0  # bit-equal tensors carry the verdict
    if relation is not None and relation.kind is RelationKind.PARTS:
        return max((p.kept for p in parts if p.verdict is Verdict.RELATED), default=0.0)
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    hitting = list(comparison.hitting) if verdict is not Verdict.UNRELATED else []
    values = [o.best.kept for o in hitting] or [o.first.kept for o in body]
    return median(values) if values else 0.0
