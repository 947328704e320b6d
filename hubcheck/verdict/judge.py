"""What does the evidence mean for one base?

Every part is judged first (``verdict.parts``); what is said of the whole follows from them
(DESIGN 9.3, 9.4): nothing matches, or does not match, that no test touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.comparison import Comparison
from hubcheck.evidence.family import BODY_ORDERS, Part, Test
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.coverage import NO_PARAMETERS
from hubcheck.verdict.finding import PART_VIEWS
from hubcheck.verdict.parts import (
    ENOUGH_ORDER,
    MOST,
    NOTHING_EQUAL,
    EqualTensors,
    Judged,
    PartLook,
    judge_part,
    not_compared_words,
)
from hubcheck.verdict.report import PartVerdict, Relation
from hubcheck.verdict.words import Holds, ReasonCode, RelationKind, Verdict

BIG_PART: Final = 0.1
"""Share of the parameters from which a part must have been tested before a whole is called
unrelated, and must match before a declaration is confirmed (DESIGN 9.4)."""
ALL_OF_IT: Final = 0.9
"""Compared share from which "all that the base holds" may be said (DESIGN 9.5)."""
TOWER: Final = "tower"
"""What follows the name of such a part: ``vision tower``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The meaning of one comparison."""

    verdict: Verdict
    code: ReasonCode
    reason: str
    relation: Relation | None
    kept: float
    parts: tuple[PartVerdict, ...]
    order_tested: float
    compared: float
    held: float
    not_compared: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Whole:
    """What is known of all parts once each was judged."""

    body: Judged
    towers: tuple[Judged, ...]
    looks: tuple[PartLook, ...]
    """Of the towers, in the same order."""
    tower_only: tuple[bool, bool]
    """Whether base, and subject, is a tower and nothing else."""
    totals: tuple[int, int]
    """Parameters of base and of subject, buffers not counted."""

    def tower_shares(self, tower: Judged) -> tuple[float, float]:
        """Return the share of the base's and of the subject's parameters that a tower holds."""
        pairs = zip(tower.sides, self.totals, strict=True)
        base, subject = (side.parameters / max(1, total) for side, total in pairs)
        return base, subject

    @property
    def compared(self) -> float:
        """Share of what both sides could have in common whose values were compared; the least."""
        return min(self._compared(0), self._compared(1))

    def _compared(self, which: int) -> float:
        if any(self.tower_only):
            if not self.tower_only[which]:
                return 1.0  # the rest of this side could not have come from the other
            total = self.totals[which]
            seen = sum(t.sides[which].compared * t.sides[which].parameters for t in self.towers)
            return min(1.0, seen / max(1, total))
        parts = [self.body.sides[which], *(t.sides[which] for t in self.towers)]
        total = sum(side.parameters for side in parts)
        return sum(side.compared * side.parameters for side in parts) / max(1, total)


def judge(
    look: PartLook,
    *,
    towers: Sequence[PartLook] = (),
    sides: Sequence[PartVerdict] = (),
    equal: EqualTensors = NOTHING_EQUAL,
) -> Judgement:
    """Return the verdict on one base whose weights were compared.

    Args:
        look: The bodies of both models, and everything seen of them.
        towers: The towers that both have, each as a part of its own.
        sides: Verdicts on projectors and predictors, judged by their inner orders.
        equal: Tensors whose bytes were held against each other.
    """
    body = judge_part(look, equal)
    anatomies = (look.base, look.subject)
    whole = _Whole(
        body=body,
        towers=tuple(judge_alone(one) for one in towers),
        looks=tuple(towers),
        tower_only=tuple(  # type: ignore[arg-type] - two sides
            bool(towers) and a.get(Role.EMBED) is None and not look.comparison.outcomes
            for a in anatomies
        ),
        totals=(_parameters(look.base), _parameters(look.subject)),
    )
    parts = (
        *parts_of(look.comparison, body, whole.totals[1]),
        *(_tower_verdict(t, one, whole) for t, one in zip(whole.towers, towers, strict=True)),
        *sides,
    )
    said = _say_whole(whole, parts, equal)
    return Judgement(
        verdict=said.verdict,
        code=said.code,
        reason=said.reason,
        relation=said.relation,
        kept=_kept(look.comparison, said.verdict, said.relation, parts, equal),
        parts=parts,
        order_tested=round(body.order_tested, 4),
        compared=round(whole.compared, 4),
        held=round(body.held if not any(whole.tower_only) else 1.0, 4),
        not_compared=_missing(whole),
    )


@dataclass(frozen=True, slots=True)
class _Said:
    verdict: Verdict
    code: ReasonCode = ReasonCode.NONE
    reason: str = ""
    relation: Relation | None = None


def _say_whole(whole: _Whole, parts: Sequence[PartVerdict], equal: EqualTensors) -> _Said:
    """Let the parts say what the whole is (DESIGN 9.3, 9.4)."""
    body, unsure = whole.body, Verdict.INCONCLUSIVE
    if any(whole.tower_only):
        return _towers_alone(whole)
    if body.verdict is Verdict.NOT_TESTED and not whole.towers and not any(equal.proven):
        return _Said(Verdict.NOT_TESTED, body.code, body.reason)
    if body.verdict is Verdict.RELATED:
        relation = body.relation
        if _is_start(body):
            return _Said(Verdict.RELATED, relation=relation)
        if body.held < MOST or (relation is not None and relation.kind is RelationKind.PARTS):
            return _Said(Verdict.RELATED, relation=_some_orders(body))
        if relation is not None and not body.holds_most:
            detail = f"{relation.detail}; {not_compared_words(body.sides)}"
            relation = Relation(kind=relation.kind, detail=detail, holds=relation.holds)
        return _Said(Verdict.RELATED, relation=relation)
    same = _equal_body(whole, equal)
    if same is not None:
        return same
    copied = [p for p in parts if p.verdict is Verdict.RELATED and p.name != Part.BODY]
    if copied and body.code not in {ReasonCode.ORDER_WITHOUT_CONTENT, ReasonCode.START_OR_COPY}:
        return _parts_alone(body, copied)
    if body.verdict is not Verdict.UNRELATED:
        return _Said(unsure, body.code, body.reason)
    if not body.whole_is_quiet:
        return _Said(unsure, ReasonCode.BETWEEN, "something agrees, not enough to settle it")
    for tower in whole.towers:
        big = min(whole.tower_shares(tower)) >= BIG_PART
        if big and tower.verdict is not Verdict.UNRELATED:
            reason = f"the {tower.name} {TOWER} is open: {tower.reason or tower.verdict}"
            return _Said(unsure, ReasonCode.PART_OPEN, reason)
    return _Said(Verdict.UNRELATED)


def _equal_body(whole: _Whole, equal: EqualTensors) -> _Said | None:
    """Return what bit-equal tensors say where no order settled the body; None for nothing.

    Equality needs no anatomy (DESIGN 9.6): half of a body that is equal, bit for bit, is that body.
    Less of it is not nothing: such a base is never called unrelated.
    """
    share = max(side.equal for side in whole.body.sides)
    if share <= 0.0:
        return None
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    said = f"{n_equal} of {n_equal + n_differing} tensors compared are equal bit for bit"
    if not equal.whole:
        said += " in every range read"
    if equal.differing[1] or any(equal.alone):
        few = sorted(equal.differing[1])[:3]
        said += f"; differing: {', '.join(few)}" if few else ""
        others = len(equal.alone[0]) + len(equal.alone[1])
        said += f"; {others} without a counterpart" if others else ""
    if share < MOST:
        reason = f"{said}; of the body {share:.0%}, the rest does not match"
        return _Said(Verdict.INCONCLUSIVE, ReasonCode.SOME_TENSORS, reason)
    same = not equal.differing[1] and not any(equal.alone)
    kind = RelationKind.RECAST if same else RelationKind.UNDETERMINED
    return _Said(Verdict.RELATED, relation=Relation(kind=kind, detail=said))


def _some_orders(body: Judged) -> Relation:
    """Return that a smaller part of the body is the base's: its attention, not its MLPs."""
    own = body.relation
    if own is not None and own.kind is RelationKind.PARTS:
        return Relation(kind=own.kind, detail=own.detail, holds=Holds.PART)
    seen = body.sides[0]
    held = " and ".join(seen.held_words) or "a part of the body"
    lost = " and ".join(seen.lost_words)
    detail = f"{held}: the base's order" + (f"; {lost}: not in the base's order" if lost else "")
    return Relation(kind=RelationKind.PARTS, detail=detail, holds=Holds.PART)


def _parts_alone(body: Judged, copied: Sequence[PartVerdict]) -> _Said:
    """Judge models of which parts match and the body does not, or was not compared."""
    names = " and ".join(p.name for p in copied)
    starts = all(p.relation is RelationKind.COMMON_INITIALISATION for p in copied)
    if starts:  # a tower that shares its start alone: nobody's training is in it
        detail = f"{names}: the same initial weights, trained apart"
        relation = Relation(
            kind=RelationKind.COMMON_INITIALISATION, detail=detail, holds=Holds.NOTHING
        )
        return _Said(Verdict.RELATED, relation=relation)
    if body.verdict is Verdict.UNRELATED:
        detail = f"{names} only, the body does not match"
        relation = Relation(kind=RelationKind.PARTS, detail=detail, holds=Holds.PART)
        return _Said(Verdict.RELATED, relation=relation)
    verb = "match" if len(copied) > 1 or names.endswith("s") else "matches"
    rest = body.reason if body.verdict is not Verdict.NOT_TESTED else ""
    share = not_compared_words(body.sides)
    reason = f"the {names} {verb}; {share if 'not compared' not in rest else rest}"
    return _Said(Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED, reason)


def _towers_alone(whole: _Whole) -> _Said:
    """Judge a base, or a subject, that is a tower and nothing else."""
    held = [t for t in whole.towers if t.verdict is Verdict.RELATED]
    names = " and ".join(f"{t.name} {TOWER}" for t in held)
    if held and all(_is_start(t) for t in held):
        return _Said(Verdict.RELATED, relation=held[0].relation)
    everything = whole.compared >= ALL_OF_IT
    if held and all(whole.tower_only) and whole.compared >= MOST and len(held) == len(whole.towers):
        relation = held[0].relation or Relation(kind=RelationKind.UNDETERMINED, detail="")
        return _Said(
            Verdict.RELATED,
            relation=Relation(
                kind=relation.kind,
                detail=relation.detail,
                holds=Holds.WHOLE if everything else Holds.BODY,
            ),
        )
    if held:
        owner = "the base" if whole.tower_only[0] else "this model"
        rest = f"all that {owner} holds" if everything else _rest_words(whole)
        relation = Relation(
            kind=RelationKind.PARTS,
            detail=f"{names}: {rest}",
            holds=Holds.WHOLE if everything else Holds.PART,
        )
        return _Said(Verdict.RELATED, relation=relation)
    shares = [max(whole.tower_shares(t)) for t in whole.towers]
    if all(t.verdict is Verdict.UNRELATED for t in whole.towers):
        if sum(shares) >= ENOUGH_ORDER:
            return _Said(Verdict.UNRELATED)
        return _Said(
            Verdict.INCONCLUSIVE,
            ReasonCode.BODY_NOT_COMPARED,
            f"the towers do not match; {_rest_words(whole)}",
        )
    first = next(t for t in whole.towers if t.verdict is not Verdict.UNRELATED)
    return _Said(Verdict.INCONCLUSIVE, first.code, first.reason)


def _rest_words(whole: _Whole) -> str:
    return f"{1.0 - whole.compared:.0%} of the parameters were not compared"


def _is_start(judged: Judged) -> bool:
    relation = judged.relation
    return relation is not None and relation.kind is RelationKind.COMMON_INITIALISATION


def _missing(whole: _Whole) -> tuple[str, ...]:
    """Return what was not compared, with its share of the part, of the side with less compared."""
    if any(whole.tower_only):
        return (_rest_words(whole),) if whole.compared < 1.0 - BIG_PART / 10 else ()
    least = min(whole.body.sides, key=lambda side: side.compared)
    found = [f"{words} {share:.0%}" for words, share in least.not_compared]
    found += [
        f"{t.name} {TOWER}: {words} {share:.0%}"
        for t in whole.towers
        for words, share in min(t.sides, key=lambda side: side.compared).not_compared
    ]
    return tuple(found)


def judge_alone(look: PartLook) -> Judged:
    """Return what was seen of a part that is a model of its own: a tower.

    Without embeddings beside it, its channels are its own too: where they agree alone, nothing is
    settled.
    """
    judged = judge_part(look)
    if judged.verdict is Verdict.UNRELATED and not judged.whole_is_quiet:
        return replace(
            judged,
            verdict=Verdict.INCONCLUSIVE,
            code=ReasonCode.BETWEEN,
            reason="something agrees, not enough to settle it",
        )
    return judged


def _tower_verdict(judged: Judged, look: PartLook, whole: _Whole) -> PartVerdict:
    comparison = look.comparison
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    kept = [o.best.kept for o in comparison.hitting] or [o.first.kept for o in body]
    shares = whole.tower_shares(judged)
    return PartVerdict(
        name=f"{judged.name} {TOWER}",
        verdict=judged.verdict,
        log10_p=log10_p(comparison.best_whole),
        kept=_rounded(median(kept) if kept else 0.0),
        relation=judged.relation.kind if judged.relation is not None else None,
        tower=True,
        share=round(shares[1], 4),
        base_share=round(shares[0], 4),
        order_tested=round(judged.order_tested, 4),
        compared=round(judged.compared, 4),
        reason=judged.reason,
    )


def _parameters(anatomy: Anatomy) -> int:
    """Return the parameters of a model, buffers and scales not counted."""
    tensors = anatomy.checkpoint.tensors
    beside = sum(tensors[n].n_values for n, r in anatomy.others.items() if r in NO_PARAMETERS)
    return anatomy.checkpoint.n_parameters - beside


def _rounded(kept: float) -> float:
    return round(max(-1.0, min(1.0, kept)), 4)


def _kept(
    comparison: Comparison,
    verdict: Verdict,
    relation: Relation | None,
    parts: Sequence[PartVerdict],
    equal: EqualTensors,
) -> float:
    """Return how much of the base is still there: over what hit, or over all of the body."""
    if verdict is Verdict.RELATED and any(equal.proven) and not comparison.hitting:
        return 1.0  # bit-equal tensors carry the verdict
    if relation is not None and relation.kind is RelationKind.PARTS:
        return max((p.kept for p in parts if p.verdict is Verdict.RELATED), default=0.0)
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    hitting = list(comparison.hitting) if verdict is not Verdict.UNRELATED else []
    values = [o.best.kept for o in hitting] or [o.first.kept for o in body]
    return median(values) if values else 0.0


# -- parts ---------------------------------------------------------------------------------


def parts_of(
    comparison: Comparison, judged: Judged, subject_parameters: int
) -> tuple[PartVerdict, ...]:
    """Return body, embeddings and norms separately, each by its own evidence."""
    combined = comparison.combined
    body = [o for o in comparison.outcomes if o.part is Part.BODY]
    found = []
    if body:
        kept = median([o.best.kept for o in comparison.hitting] or [o.first.kept for o in body])
        base, subject = judged.sides
        found.append(
            PartVerdict(
                name=Part.BODY,
                verdict=judged.verdict,
                log10_p=log10_p(combined.body),
                kept=_rounded(kept),
                relation=judged.relation.kind if judged.relation is not None else None,
                share=round(subject.parameters / max(1, subject_parameters), 4),
                base_share=round(base.parameters / max(1, base.parameters), 4),
                order_tested=round(judged.order_tested, 4),
                compared=round(judged.compared, 4),
                reason=judged.reason,
            )
        )
    for outcome in comparison.outcomes:
        if outcome.test is not Test.CHANNELS:
            continue
        for view in outcome.looks[0].views:
            part = PART_VIEWS.get(view.name)
            if part is None:
                continue
            log_e = combined.embeddings if part is Part.EMBEDDINGS else combined.norms
            stands = outcome.view_stands.get(view.name, False)
            power = outcome.detectable_raw <= 1.0
            found.append(_part(part, log_e, view.kept, stands=stands, power=power))
    return tuple(found)


def _part(part: Part, log_e: float, kept: float, *, stands: bool, power: bool) -> PartVerdict:
    if log_e >= SETTLED and stands:
        verdict = Verdict.RELATED
    elif log_e < NOTABLE and power:
        verdict = Verdict.UNRELATED
    else:
        verdict = Verdict.INCONCLUSIVE
    return PartVerdict(name=part, verdict=verdict, log10_p=log10_p(log_e), kept=_rounded(kept))
