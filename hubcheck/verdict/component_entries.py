"""What does the evidence mean for one component of several?

The one judge of every model judges it; a component whose files are the same bytes needs no judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.account import Account
from hubcheck.evidence.looks.change.direction import UNDETERMINED
from hubcheck.evidence.looks.equality.files import WholeFiles
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.thresholds import BIG_PART
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from hubcheck.verdict.equal_tensors import EqualTensors
from hubcheck.verdict.judge import Case, Judgement, equal_in, judge
from hubcheck.verdict.refusals import why_not
from hubcheck.verdict.whole import parameters_of

BODY: Final = "body"
"""How the component is called that the others stand beside."""


class Alone(StrEnum):
    """Which of the two is a single model, held against every component of the other."""

    NEITHER = ""
    BASE = "base"
    SUBJECT = "subject"


@frozen
class Component:
    """One component that both models have, and what was seen of it."""

    name: str
    base: Anatomy
    subject: Anatomy
    seen: Case | WholeFiles | Refused
    """What the looks left; equal weight files, after which nothing was looked at; or why it could
    not be looked at."""


@frozen
class Components:
    """What was seen of everything that lies beside two bodies, folder by folder."""

    seen: tuple[Component, ...] = ()
    only: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Components without a counterpart, of base and of subject."""
    alone: Alone = Alone.NEITHER
    bodies: bool = True
    """Both have a body beside the components."""
    same_body: bool = False
    """The weight files of both bodies, beside the components, are the same bytes."""

    def __bool__(self) -> bool:
        """Whether either model has components."""
        return bool(self.seen or any(self.only))


NO_COMPONENTS: Final = Components()
"""Of two models that have a body each, and nothing beside it."""


@frozen(kw_only=False)
class Entry:
    """One component, judged."""

    name: str
    judged: Judgement
    shares: tuple[float, float]
    """Of the base's and of the subject's parameters."""
    equal: tuple[int, int] = (0, 0)
    """Tensors that are equal bit for bit, and tensors compared, where that is all there is."""

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
    def is_hidden(self) -> bool:
        """Whether the component matches once a rearrangement is undone, by the calibrated table."""
        return self.judged.verdict is Verdict.DISGUISED

    @property
    def is_untested(self) -> bool:
        """Whether nothing of it could be compared but tensors, of which none is equal."""
        judged = self.judged
        nothing = not (judged.order_tested or judged.compared)
        unsure = judged.code is ReasonCode.BODY_NOT_COMPARED and nothing
        return judged.verdict is Verdict.NOT_TESTED or unsure

    @property
    def is_big(self) -> bool:
        """Whether it holds a tenth of both models."""
        return min(self.shares) >= BIG_PART

    @property
    def is_whole(self) -> bool:
        """Whether all of the component is the base's, not a part of it alone."""
        return self.is_held and self.kind is not RelationKind.PARTS


def entry_of(one: Component, totals: tuple[int, int]) -> Entry:
    """Judge one component by the judge of every model."""
    equal = (0, 0)
    if isinstance(one.seen, Case):
        judged = judge(one.seen)
        equal = _counted(equal_in(one.seen))
    elif isinstance(one.seen, Refused):
        judged = _judged(Verdict.NOT_TESTED, 0.0, reason=why_not(one.seen))
    else:
        judged = same_bytes()
    shares = (parameters_of(one.base) / totals[0], parameters_of(one.subject) / totals[1])
    return Entry(name=one.name, judged=judged, shares=shares, equal=equal)


def entry_of_body(body: Judgement, case: Case, totals: tuple[int, int]) -> Entry:
    """Return the bodies as one component among the others."""
    beside = [
        sum(parameters_of(part) for part in anatomy.components.values())
        for anatomy in (case.base, case.subject)
    ]
    shares = [1.0 - n / total for n, total in zip(beside, totals, strict=True)]
    return Entry(name=BODY, judged=body, shares=(shares[0], shares[1]))


def same_bytes() -> Judgement:
    """Return what equal weight files mean for a component."""
    same = Relation(kind=RelationKind.IDENTICAL, detail=(phrase(PhraseCode.SAME_BYTES),))
    return _judged(Verdict.RELATED, 1.0, relation=same)


def _judged(
    verdict: Verdict, share: float, *, reason: Clauses = (), relation: Relation | None = None
) -> Judgement:
    """Return what is said of a component that was not put to any test: all of it, or nothing."""
    return Judgement(
        verdict=verdict,
        code=ReasonCode.NONE,
        reason=reason,
        relation=relation,
        kept=share,
        kept_interval=None,
        parts=(),
        order_tested=share,
        compared=share,
        held=share,
        other_layers=0.0,
        not_compared=(),
        log10_p=0.0,
        log10_p_without_strongest=0.0,
        direction=UNDETERMINED,
        disguise=(),
        shares=(),
        settles_equality=True,
        account=Account(tried=1),
    )


def _counted(equal: EqualTensors) -> tuple[int, int]:
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    return n_equal, n_equal + n_differing


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
