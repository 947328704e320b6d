"""What does the evidence mean for models of several components?

Each component was judged as a model of its own, by the one judge; what is said of the whole follows
from them (DESIGN 9.3, 9.4). A component that no rule understands is compared by its bytes: equal,
it is the base's; else it was not compared, and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.comparison import Comparison
from hubcheck.evidence.equal_files import WholeFiles
from hubcheck.evidence.refused import Refused
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.declaration import BIG_PART, ENOUGH, MOST
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, Both, EqualTensors
from hubcheck.verdict.finding import evidence_of
from hubcheck.verdict.judge import Judgement, judge
from hubcheck.verdict.parts import ENOUGH_ORDER, PartLook, Said
from hubcheck.verdict.report import Evidence, PartVerdict, Relation
from hubcheck.verdict.whole import parameters_of
from hubcheck.verdict.words import EvidenceKind, Holds, ReasonCode, RelationKind, Verdict

SAME_BYTES: Final = "the same bytes"
NAMED: Final = 6
"""Components of one list in a sentence."""
_UNCHANGED: Final = frozenset({RelationKind.IDENTICAL, RelationKind.RECAST})
_BODY: Final = "body"


class Alone(StrEnum):
    """Which of the two is a single model, held against every component of the other."""

    NEITHER = ""
    BASE = "the base"
    SUBJECT = "this model"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLook:
    """One component that both models have, and everything that was seen of it."""

    name: str
    base: Anatomy
    subject: Anatomy
    seen: PartLook | WholeFiles | Refused
    """What the tests saw; equal weight files, after which nothing was looked at; or why it could
    not be looked at."""
    towers: tuple[PartLook, ...] = ()
    sides: tuple[PartVerdict, ...] = ()
    equal: EqualTensors = NOTHING_EQUAL

    @property
    def same_files(self) -> bool:
        """Whether its weight files are the same bytes."""
        return isinstance(self.seen, WholeFiles)

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """What was compared by orders: the component, then its towers."""
        own = (self.seen.comparison,) if isinstance(self.seen, PartLook) else ()
        return (*own, *(tower.comparison for tower in self.towers))


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentsSeen:
    """What was seen of all components beside the body."""

    looks: tuple[ComponentLook, ...] = ()
    only: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())
    """Components without a counterpart, of base and of subject."""
    alone: Alone = Alone.NEITHER

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """Every comparison by orders."""
        return tuple(one for look in self.looks for one in look.comparisons)

    @property
    def equal(self) -> EqualTensors:
        """Tensors of all components whose bytes were compared, the component's name in front."""
        every = [one for one in self.looks if one.equal is not NOTHING_EQUAL]

        def named(field: Literal["equal", "proven", "differing", "alone"]) -> Both:
            sides = (
                frozenset(f"{one.name}.{n}" for one in every for n in getattr(one.equal, field)[i])
                for i in (0, 1)
            )
            return next(sides), next(sides)

        return EqualTensors(
            equal=named("equal"),
            proven=named("proven"),
            differing=named("differing"),
            alone=named("alone"),
            log10_p=sum(one.equal.log10_p for one in every),
            whole=all(one.equal.whole for one in every),
        )

    def __bool__(self) -> bool:
        """Whether either model has components."""
        return bool(self.looks or any(self.only))


NO_COMPONENTS: Final = ComponentsSeen()
"""Of two models that have a body each, and nothing beside it."""


@dataclass(frozen=True, slots=True)
class _Entry:
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
        return self.judged.relation.kind if self.judged.relation is not None else None

    @property
    def is_held(self) -> bool:
        """Whether the component is the base's; its starting values alone are not."""
        held = self.judged.verdict is Verdict.RELATED
        return held and self.kind is not RelationKind.COMMON_INITIALISATION

    @property
    def is_big(self) -> bool:
        return min(self.shares) >= BIG_PART

    @property
    def is_whole(self) -> bool:
        """Whether all of the component is the base's, not a part of it alone."""
        return self.is_held and self.kind is not RelationKind.PARTS


def judge_components(
    body: Judgement, look: PartLook, seen: ComponentsSeen
) -> tuple[Judgement, float]:
    """Return the verdict on one base, and log10 of the bound of what carries it.

    Args:
        body: What was judged of the bodies; of a pipeline, which has none, it is left aside.
        look: The whole models, components counted in.
        seen: The components.
    """
    totals = (max(1, parameters_of(look.base)), max(1, parameters_of(look.subject)))
    entries = [_entry(one, totals) for one in seen.looks]
    bodies = [p for p in body.parts if p.name == _BODY]
    if seen.alone is Alone.NEITHER and _has_bodies(look):
        entries.insert(0, _of_body(body, look, totals))
    said = _alone(entries, seen) if seen.alone else _whole(entries, seen)
    held = [e for e in entries if e.is_held]
    main = max(held or entries, key=lambda e: e.shares[1], default=None)
    # A single model is one of the components at most: the others are no parts of it.
    counted = held if seen.alone and held else entries
    bound = min((e.log10_p for e in held), default=0.0)
    if not seen.alone and said.verdict is not Verdict.RELATED:
        bound = min((e.log10_p for e in entries), default=0.0)
    judgement = Judgement(
        verdict=said.verdict,
        code=said.code,
        reason=said.reason,
        relation=said.relation,
        kept=main.judged.kept if main is not None and said.verdict is not Verdict.NOT_TESTED else 0,
        parts=(
            *(body.parts if bodies else ()),
            *(_row(e) for e in counted if e.name != _BODY),
        ),
        order_tested=round(_mean(counted, "order_tested"), 4),
        compared=round(_mean(counted, "compared"), 4),
        held=round(_held(counted), 4),
        not_compared=_not_compared(counted),
    )
    return judgement, bound


def are_kin(seen: ComponentsSeen, totals: tuple[int, int]) -> bool:
    """Return whether most of two models lies in components that are one training's.

    Args:
        seen: The components of both.
        totals: Parameters of both models, all components counted.
    """
    held = [e for e in (_entry(one, totals) for one in seen.looks) if e.is_whole]
    return bool(held) and min(sum(e.shares[side] for e in held) for side in (0, 1)) >= MOST


def component_rows(seen: ComponentsSeen) -> tuple[Evidence, ...]:
    """Return the rows of evidence of every component, its name as their part."""
    rows: list[Evidence] = []
    for one in seen.looks:
        if isinstance(one.seen, WholeFiles):
            rows.append(_digest_row(one.name, one.seen))
        elif isinstance(one.seen, PartLook):
            rows += evidence_of(one.seen.comparison, part=one.name)
        for tower in one.towers:
            rows += evidence_of(tower.comparison, part=f"{one.name}: {tower.name} tower")
    return tuple(rows)


def _digest_row(name: str, files: WholeFiles) -> Evidence:
    return Evidence(
        test="digest",
        family=f"{name}: {files.files} weight files by sha256",
        kind=EvidenceKind.EXACT,
        part=name,
        frame="",
        units=files.files,
        hits=files.files,
        log10_p=0.0,
        detectable_kept=0.0,
        note="equal digests: the same bytes",
        kept=1.0,
    )


def _has_bodies(look: PartLook) -> bool:
    return bool(look.base.matrices or look.base.unknown) and bool(
        look.subject.matrices or look.subject.unknown
    )


def _entry(one: ComponentLook, totals: tuple[int, int]) -> _Entry:
    """Judge one component by the judge of every model."""
    if isinstance(one.seen, PartLook):
        judged = judge(one.seen, towers=one.towers, sides=one.sides, equal=one.equal)
    elif isinstance(one.seen, Refused):
        judged = _judged(Verdict.NOT_TESTED, 0.0, reason=one.seen.error.what)
    else:
        same = Relation(kind=RelationKind.IDENTICAL, detail=SAME_BYTES)
        judged = _judged(Verdict.RELATED, 1.0, relation=same)
    best = max((comparison.best_whole for comparison in one.comparisons), default=0.0)
    return _Entry(
        name=one.name,
        judged=judged,
        shares=(
            parameters_of(one.base) / totals[0],
            parameters_of(one.subject) / totals[1],
        ),
        log10_p=log10_p(best),
        tried=_tried(one.equal),
    )


def _of_body(body: Judgement, look: PartLook, totals: tuple[int, int]) -> _Entry:
    """Return the bodies as one component among the others."""
    beside = [
        sum(parameters_of(part) for part in anatomy.components.values())
        for anatomy in (look.base, look.subject)
    ]
    shares = [1.0 - n / total for n, total in zip(beside, totals, strict=True)]
    return _Entry(
        name=_BODY,
        judged=body,
        shares=(shares[0], shares[1]),
        log10_p=log10_p(look.comparison.best_whole),
        tried="",
    )


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


def _whole(entries: Sequence[_Entry], seen: ComponentsSeen) -> Said:
    """Let the components that both models have say what the whole is."""
    held = [e for e in entries if e.is_held]
    apart = [e for e in entries if not e.is_held]
    if not held:
        return _nothing_held(apart, seen)
    share = min(sum(e.shares[side] for e in held) for side in (0, 1))
    big = [e for e in apart if e.is_big]
    if share >= MOST:
        if not big and all(e.is_whole for e in held if e.is_big):
            return Said(Verdict.RELATED, relation=_relation(held, apart, seen))
        other = [e for e in big if e.judged.verdict is Verdict.UNRELATED]
        kind = RelationKind.PARTS if other or not big else RelationKind.UNDETERMINED
        relation = Relation(kind=kind, detail=_sentence(held, apart, seen), holds=Holds.PART)
        return Said(Verdict.RELATED, relation=relation)
    if all(e.judged.verdict is Verdict.UNRELATED for e in big) and not seen.only[0]:
        relation = Relation(
            kind=RelationKind.PARTS, detail=_sentence(held, apart, seen), holds=Holds.PART
        )
        return Said(Verdict.RELATED, relation=relation)
    rest = 1.0 - _mean(entries, "compared")
    reason = f"{_sentence(held, apart, seen)}; {rest:.0%} of the parameters were not compared"
    return Said(Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED, reason)


def _nothing_held(entries: Sequence[_Entry], seen: ComponentsSeen) -> Said:
    """Judge models of which no component is the base's, as far as was compared."""
    starts = [e for e in entries if e.judged.verdict is Verdict.RELATED]
    tested = [e for e in entries if e.judged.verdict is not Verdict.NOT_TESTED]
    refuted = [e for e in entries if e.judged.verdict is Verdict.UNRELATED]
    open_ = [e for e in entries if e not in refuted and e not in starts]
    if starts and all(e in starts or e in refuted for e in entries):
        detail = f"{_names(starts)}: the same initial weights, trained apart"
        relation = Relation(
            kind=RelationKind.COMMON_INITIALISATION, detail=detail, holds=Holds.NOTHING
        )
        return Said(Verdict.RELATED, relation=relation)
    if not tested:
        return Said(Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER, _sentence((), entries, seen))
    share = min(sum(e.shares[side] for e in refuted) for side in (0, 1))
    if share >= ENOUGH_ORDER and not any(e.is_big for e in open_) and not starts:
        return Said(Verdict.UNRELATED)
    undecided = [e for e in open_ if e.judged.verdict is Verdict.INCONCLUSIVE and e.is_big]
    code = undecided[0].judged.code if undecided else ReasonCode.BODY_NOT_COMPARED
    if code is ReasonCode.NONE:
        code = ReasonCode.BODY_NOT_COMPARED
    return Said(Verdict.INCONCLUSIVE, code, _sentence(starts, entries, seen))


def _alone(entries: Sequence[_Entry], seen: ComponentsSeen) -> Said:
    """Judge a single model that was held against every component of the other."""
    held = [e for e in entries if e.is_held]
    if held:
        everything = all(e.judged.compared >= ENOUGH and e.is_whole for e in held)
        rest = f"all that {seen.alone} holds"
        if not everything:
            rest = f"{1.0 - _mean(held, 'compared'):.0%} of its parameters were not compared"
        relation = Relation(
            kind=RelationKind.PARTS,
            detail=f"{_names(held)}: {rest}",
            holds=Holds.WHOLE if everything else Holds.PART,
        )
        return Said(Verdict.RELATED, relation=relation)
    if all(e.judged.verdict is Verdict.NOT_TESTED for e in entries):
        reason = f"no shared order with any component: {_names(entries)}"
        return Said(Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER, reason)
    return Said(Verdict.INCONCLUSIVE, ReasonCode.BODY_NOT_COMPARED, _sentence((), entries, seen))


def _relation(held: Sequence[_Entry], apart: Sequence[_Entry], seen: ComponentsSeen) -> Relation:
    """Return how a model changed whose components are the base's."""
    changed = [e for e in held if e.kind not in _UNCHANGED]
    alone = bool(apart) or any(seen.only)
    kind = RelationKind.UNDETERMINED
    if changed:
        kind = max(changed, key=lambda e: e.shares[1]).kind or kind
    elif not alone:
        same = all(e.kind is RelationKind.IDENTICAL for e in held)
        kind = RelationKind.IDENTICAL if same else RelationKind.RECAST
    return Relation(kind=kind, detail=_sentence(held, apart, seen))


def _sentence(held: Sequence[_Entry], entries: Sequence[_Entry], seen: ComponentsSeen) -> str:
    """Return what each component is, those of one kind together."""
    changed = [e for e in held if e.kind is not RelationKind.IDENTICAL]
    same = [e for e in held if e.kind is RelationKind.IDENTICAL]
    apart = [e for e in entries if e not in held]
    other = [e for e in apart if e.judged.verdict is Verdict.UNRELATED]
    rest = [e for e in apart if e.judged.verdict is not Verdict.UNRELATED]
    said = [f"{e.name}: {_of(e)}" for e in changed[:NAMED]]
    if same:
        said.append(f"{_names(same)}: {SAME_BYTES}")
    if other:
        said.append(f"{_names(other)}: tested, no match")
    if rest:
        said.append(f"not compared by orders: {_listed([e.name + e.tried for e in rest])}")
    said += [f"only in the base: {_listed(seen.only[0])}"] * bool(seen.only[0])
    said += [f"only in this model: {_listed(seen.only[1])}"] * bool(seen.only[1])
    return "; ".join(said)


def _of(entry: _Entry) -> str:
    """Return how one component changed, in words."""
    relation = entry.judged.relation
    if relation is None:
        return f"{entry.judged.verdict}"
    kind = "related" if relation.kind is RelationKind.UNDETERMINED else f"{relation.kind}"
    return f"{kind} ({relation.detail})" if relation.detail else kind


def _names(entries: Sequence[_Entry]) -> str:
    return _listed([e.name for e in entries])


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:NAMED])
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def _row(entry: _Entry) -> PartVerdict:
    """Return one component as a part of the report."""
    judged = entry.judged
    reason = judged.reason
    if judged.verdict is Verdict.NOT_TESTED and entry.tried:
        reason += entry.tried
    return PartVerdict(
        name=entry.name,
        verdict=judged.verdict,
        log10_p=entry.log10_p,
        kept=round(max(-1.0, min(1.0, judged.kept)), 4),
        relation=entry.kind,
        tower=True,
        share=round(entry.shares[1], 4),
        base_share=round(entry.shares[0], 4),
        order_tested=judged.order_tested,
        compared=judged.compared,
        reason=reason,
    )


def _mean(entries: Sequence[_Entry], field: str) -> float:
    """Return a share of what both models have in common, on the side with less of it."""
    return min((_mean_of(entries, field, side) for side in (0, 1)), default=0.0)


def _mean_of(entries: Sequence[_Entry], field: str, side: int) -> float:
    total = sum(e.shares[side] for e in entries)
    seen = sum(e.shares[side] * float(getattr(e.judged, field)) for e in entries)
    return min(1.0, seen / total) if total else 0.0


def _held(entries: Sequence[_Entry]) -> float:
    """Return the share of the order-tested tensors whose order was found, on the base's side."""
    tested = sum(e.shares[0] * e.judged.order_tested for e in entries)
    held = sum(e.shares[0] * e.judged.order_tested * e.judged.held for e in entries)
    return held / tested if tested else 0.0


def _not_compared(entries: Sequence[_Entry]) -> tuple[str, ...]:
    """Return what was not compared, the component in front."""
    found: list[str] = []
    for entry in entries:
        words = entry.judged.not_compared
        if entry.judged.verdict is Verdict.NOT_TESTED:
            found.append(f"{entry.name} {entry.shares[1]:.0%}")
        else:
            found += [w if entry.name == _BODY else f"{entry.name}: {w}" for w in words]
    return tuple(found)
