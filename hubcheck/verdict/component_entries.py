"""What does the evidence mean for one component of several?

The one judge of every model judges it; a component whose files are the same bytes needs no judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hubcheck.evidence.refused import Refused
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.components_seen import ComponentLook
from hubcheck.verdict.declaration import BIG_PART
from hubcheck.verdict.equal_tensors import EqualTensors
from hubcheck.verdict.judge import Judgement, judge
from hubcheck.verdict.parts import PartLook
from hubcheck.verdict.report import Relation
from hubcheck.verdict.whole import parameters_of
from hubcheck.verdict.words import ReasonCode, RelationKind, Verdict

SAME_BYTES: Final = "the same bytes"
BODY: Final = "body"
"""How the component is called that the others stand beside."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One component, judged."""

    name: str
    judged: Judgement
    shares: tuple[float, float]
    """Of the base's and of the subject's parameters."""
    log10_p: float
    tried: str
    """What the bytes said, where no order could be tested."""

    @property
    def kind(self) -> RelationKind | None:
        """How the component is related, where it is."""
        return self.judged.relation.kind if self.judged.relation is not None else None

    @property
    def is_held(self) -> bool:
        """Whether the component is the base's; its starting values alone are not."""
        held = self.judged.verdict is Verdict.RELATED
        return held and self.kind is not RelationKind.COMMON_INITIALISATION

    @property
    def is_big(self) -> bool:
        """Whether it holds a tenth of both models."""
        return min(self.shares) >= BIG_PART

    @property
    def is_whole(self) -> bool:
        """Whether all of the component is the base's, not a part of it alone."""
        return self.is_held and self.kind is not RelationKind.PARTS


def has_bodies(look: PartLook) -> bool:
    """Return whether both models have a body beside their components."""
    return bool(look.base.matrices or look.base.unknown) and bool(
        look.subject.matrices or look.subject.unknown
    )


def entry_of(one: ComponentLook, totals: tuple[int, int]) -> Entry:
    """Judge one component by the judge of every model."""
    if isinstance(one.seen, PartLook):
        judged = judge(one.seen, towers=one.towers, sides=one.sides, equal=one.equal)
    elif isinstance(one.seen, Refused):
        judged = _judged(Verdict.NOT_TESTED, 0.0, reason=one.seen.error.what)
    else:
        judged = same_bytes()
    best = max((comparison.best_whole for comparison in one.comparisons), default=0.0)
    return Entry(
        name=one.name,
        judged=judged,
        shares=(
            parameters_of(one.base) / totals[0],
            parameters_of(one.subject) / totals[1],
        ),
        log10_p=log10_p(best),
        tried=_tried(one.equal),
    )


def entry_of_body(body: Judgement, look: PartLook, totals: tuple[int, int]) -> Entry:
    """Return the bodies as one component among the others."""
    beside = [
        sum(parameters_of(part) for part in anatomy.components.values())
        for anatomy in (look.base, look.subject)
    ]
    shares = [1.0 - n / total for n, total in zip(beside, totals, strict=True)]
    return Entry(
        name=BODY,
        judged=body,
        shares=(shares[0], shares[1]),
        log10_p=log10_p(look.comparison.best_whole),
        tried="",
    )


def same_bytes() -> Judgement:
    """Return what equal weight files mean for a component."""
    same = Relation(kind=RelationKind.IDENTICAL, detail=SAME_BYTES)
    return _judged(Verdict.RELATED, 1.0, relation=same)


def _judged(
    verdict: Verdict, share: float, *, reason: str = "", relation: Relation | None = None
) -> Judgement:
    """Return what is said of a component that was not put to any test: all of it, or nothing."""
    return Judgement(
        verdict=verdict,
        code=ReasonCode.NONE,
        reason=reason,
        relation=relation,
        kept=share,
        parts=(),
        order_tested=share,
        compared=share,
        held=share,
        not_compared=(),
    )


def _tried(equal: EqualTensors) -> str:
    """Return in brackets what equality said of a component that shares no order."""
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    if not n_equal + n_differing:
        return ""
    return f" ({n_equal} of {n_equal + n_differing} tensors compared are equal bit for bit)"


def least_of(entries: Sequence[Entry]) -> float:
    """Return which share of a model components are, of the side where it is less."""
    return min(sum(e.shares[side] for e in entries) for side in (0, 1))


def most_of(entries: Sequence[Entry]) -> float:
    """Return which share of a model components are, of the side where it is more."""
    return max(sum(e.shares[side] for e in entries) for side in (0, 1))


def least_compared(entries: Sequence[Entry]) -> float:
    """Return which share of a whole model was compared, of the side where it is less."""
    return min(sum(e.shares[side] * e.judged.compared for e in entries) for side in (0, 1))


def mean_of(entries: Sequence[Entry], field: str) -> float:
    """Return a share of what both models have in common, on the side with less of it."""
    return min((_mean_on(entries, field, side) for side in (0, 1)), default=0.0)


def _mean_on(entries: Sequence[Entry], field: str, side: int) -> float:
    total = sum(e.shares[side] for e in entries)
    seen = sum(e.shares[side] * float(getattr(e.judged, field)) for e in entries)
    return min(1.0, seen / total) if total else 0.0


def held_of(entries: Sequence[Entry]) -> float:
    """Return the share of the order-tested tensors whose order was found, on the base's side."""
    tested = sum(e.shares[0] * e.judged.order_tested for e in entries)
    held = sum(e.shares[0] * e.judged.order_tested * e.judged.held for e in entries)
    return held / tested if tested else 0.0
