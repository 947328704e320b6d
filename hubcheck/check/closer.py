"""How are two related models related, and which bases make a merge: what a few more bytes tell.

Only asked once weights turned out related; what does not fit the budget is a note, never an end.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hubcheck.errors import BudgetExceededError, UnreachableError
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.run import DEEP_BYTES, SAMPLE_BYTES, CloserLook, look_closer
from hubcheck.evidence.looks.change.values import Refusal
from hubcheck.evidence.looks.merge.run import MergeMember, merge_shares
from hubcheck.evidence.looks.sample.compare import Comparer
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.model import Model
from hubcheck.report.schema import Finding
from hubcheck.report.words import Depth
from hubcheck.request.interface import Request, at_least
from hubcheck.verdict.relation import may_be_merged, with_merge

Seen = TypeVar("Seen")


def bytes_for(depth: Depth) -> int:
    """Return the bytes a closer look may add for each model."""
    return DEEP_BYTES if at_least(depth, Depth.DEEP) else SAMPLE_BYTES


def closer_look(
    comparer: Comparer, comparison: Comparison, depth: Depth, base_of: Mapping[int, int]
) -> CloserLook | Refusal | None:
    """Return how two related models differ; None where they are not related.

    Args:
        comparer: Holds both sides and the draw.
        comparison: What the tests saw.
        depth: Says how much may be read.
        base_of: Subject layer to base layer, empty where no map was made.

    Raises:
        UnreadableError: a value read is not finite.
    """
    if not comparison.settled_related:
        return None
    return _tried(
        lambda: look_closer(
            comparer.base,
            comparer.subject,
            comparison,
            comparer.draw,
            limit=bytes_for(depth),
            layers=base_of or None,
        )
    )


def with_merges(
    findings: Sequence[tuple[Finding, Model | None]], subject: Model, request: Request
) -> list[Finding]:
    """Return the findings with the share of each base, where the subject is a merge of several.

    Args:
        findings: One per base, with the opened base.
        subject: The subject.
        request: The seed and the depth.

    Raises:
        UnreadableError: a value read is not finite.
    """
    refs = Counter(f.base.ref for f, _ in findings)
    related = {
        f.base.ref if refs[f.base.ref] == 1 else f"{f.base.ref}@{f.base.revision}": (f, m)
        for f, m in findings
        if m is not None and may_be_merged(f)
    }
    if len(related) < 2:  # noqa: PLR2004 - a merge needs two
        return [f for f, _ in findings]
    members = [MergeMember(ref=name, reader=m.reader) for name, (_, m) in related.items()]
    merge = _tried(
        lambda: merge_shares(
            subject.reader, members, Draw(request.seed), limit=bytes_for(request.depth)
        )
    )
    names = {id(f): name for name, (f, _) in related.items()}
    return [with_merge(f, merge, names[id(f)]) if id(f) in names else f for f, _ in findings]


def _tried(look: Callable[[], Seen | Refusal]) -> Seen | Refusal:
    """Return what a look gives, or why it could not be paid for."""
    try:
        return look()
    except (BudgetExceededError, UnreachableError) as error:
        return Refusal(reason=error.what)
