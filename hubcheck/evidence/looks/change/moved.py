"""How did two models, or one part of them, move once they turned out related?"""

from __future__ import annotations

from collections.abc import Mapping

from hubcheck.evidence.looks.change.run import DEEP_BYTES, SAMPLE_BYTES, CloserLook, look_closer
from hubcheck.evidence.looks.interface import DEEP
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.refused import Refused, attempt
from hubcheck.report.phrases import Phrase
from hubcheck.report.words import Depth


def bytes_for(depth: Depth) -> int:
    """Return the bytes a closer look may add for each model."""
    return DEEP_BYTES if depth in DEEP else SAMPLE_BYTES


def how_it_moved(
    comparer: Comparer,
    comparison: Comparison,
    depth: Depth,
    base_of: Mapping[int, int],
    *,
    name: Phrase,
) -> CloserLook | Refused | Skip:
    """Return how two related models, or parts, differ; not their turn where they are not related.

    Args:
        comparer: Holds both sides and the draw.
        comparison: What the tests saw.
        depth: Says how much may be read.
        base_of: Subject layer to base layer, empty where no map was made.
        name: Of the look, for a refusal.
    """
    if not comparison.settled_related:
        return Skip.NOT_RELATED
    return attempt(
        lambda: look_closer(
            comparer.base,
            comparer.subject,
            comparison,
            comparer.draw,
            limit=bytes_for(depth),
            layers=base_of or None,
        ),
        name,
    )
