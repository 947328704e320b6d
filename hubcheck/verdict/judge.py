"""What does the evidence mean for one base?

Every part is judged first (``verdict.parts``); what is said of the whole follows from them
(DESIGN 9.3, 9.4): nothing matches, or does not match, that no test touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.comparison import Comparison
from hubcheck.evidence.family import BODY_ORDERS, Part
from hubcheck.verdict.beside import beside_the_body
from hubcheck.verdict.declaration import BIG_PART
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, EqualTensors
from hubcheck.verdict.part_rows import body_rows, tower_row
from hubcheck.verdict.parts import (
    MOST,
    Judged,
    PartLook,
    Said,
    judge_part,
    not_compared_words,
)
from hubcheck.verdict.report import PartVerdict, Relation
from hubcheck.verdict.tower_alone import towers_alone
from hubcheck.verdict.whole import Whole, parameters_of, part_name
from hubcheck.verdict.words import Holds, ReasonCode, RelationKind, Verdict


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

    def tower_only(anatomy: Anatomy) -> bool:
        return bool(towers) and anatomy.get(Role.EMBED) is None and not look.comparison.outcomes

    whole = Whole(
        body=body,
        towers=tuple(judge_alone(one) for one in towers),
        looks=tuple(towers),
        tower_only=(tower_only(look.base), tower_only(look.subject)),
        heads_alone=(look.base.alone, look.subject.alone),
        totals=(parameters_of(look.base), parameters_of(look.subject)),
    )
    head = whole.is_head_alone
    parts = (
        # Of a head alone, what stands for a body is the head's own layer.
        *(
            r
            for r in body_rows(look.comparison, body, whole.totals)
            if not (head and r.name == Part.BODY)
        ),
        *(tower_row(t, one, whole) for t, one in zip(whole.towers, towers, strict=True)),
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
        not_compared=whole.not_compared,
    )


def _say_whole(whole: Whole, parts: Sequence[PartVerdict], equal: EqualTensors) -> Said:
    """Let the parts say what the whole is (DESIGN 9.3, 9.4)."""
    body, unsure = whole.body, Verdict.INCONCLUSIVE
    if whole.is_head_alone:
        return Said(unsure, ReasonCode.HEAD_ALONE, whole.head_words)
    if any(whole.tower_only):
        return towers_alone(whole)
    if body.verdict is Verdict.NOT_TESTED and not whole.towers and not any(equal.proven):
        return Said(Verdict.NOT_TESTED, body.code, body.reason)
    if body.verdict is Verdict.RELATED:
        relation = body.relation
        if body.is_start:
            return Said(Verdict.RELATED, relation=relation)
        if body.held < MOST or (relation is not None and relation.kind is RelationKind.PARTS):
            return Said(Verdict.RELATED, relation=_some_orders(body))
        return Said(Verdict.RELATED, relation=beside_the_body(whole))
    same = _equal_body(whole, equal)
    if same is not None:
        return same
    copied = [p for p in parts if p.verdict is Verdict.RELATED and p.name != Part.BODY]
    if copied and body.code not in {ReasonCode.ORDER_WITHOUT_CONTENT, ReasonCode.START_OR_COPY}:
        return _parts_alone(body, copied)
    if body.verdict is not Verdict.UNRELATED:
        return Said(unsure, body.code, body.reason)
    if not body.whole_is_quiet:
        return Said(unsure, ReasonCode.BETWEEN, "something agrees, not enough to settle it")
    for tower in whole.towers:
        big = min(whole.tower_shares(tower)) >= BIG_PART
        if big and tower.verdict is not Verdict.UNRELATED:
            reason = f"the {part_name(tower.name)} is open: {tower.reason or tower.verdict}"
            return Said(unsure, ReasonCode.PART_OPEN, reason)
    return Said(Verdict.UNRELATED)


def _equal_body(whole: Whole, equal: EqualTensors) -> Said | None:
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
        return Said(Verdict.INCONCLUSIVE, ReasonCode.SOME_TENSORS, reason)
    same = not equal.differing[1] and not any(equal.alone)
    kind = RelationKind.RECAST if same else RelationKind.UNDETERMINED
    return Said(Verdict.RELATED, relation=Relation(kind=kind, detail=said))


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


def _parts_alone(body: Judged, copied: Sequence[PartVerdict]) -> Said:
    """Judge models of which parts match and the body does not, or was not compared."""
    names = " and ".join(p.name for p in copied)
    starts = all(p.relation is RelationKind.COMMON_INITIALISATION for p in copied)
    if starts:  # a tower that shares its start alone: nobody's training is in it
        detail = f"{names}: the same initial weights, trained apart"
        relation = Relation(
            kind=RelationKind.COMMON_INITIALISATION, detail=detail, holds=Holds.NOTHING
        )
        return Said(Verdict.RELATED, relation=relation)
    if body.verdict is Verdict.UNRELATED:
        detail = f"{names} only, the body does not match"
        relation = Relation(kind=RelationKind.PARTS, detail=detail, holds=Holds.PART)
        return Said(Verdict.RELATED, relation=relation)
    verb = "match" if len(copied) > 1 or names.endswith("s") else "matches"
    rest = body.reason if body.verdict is not Verdict.NOT_TESTED else ""
    share = not_compared_words(body.sides)
    reason = f"the {names} {verb}; {share if 'not compared' not in rest else rest}"
    return Said(Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED, reason)


def judge_alone(look: PartLook) -> Judged:
    """Return what was seen of a part that is a model of its own: a tower.

    Without embeddings beside it, its channels are its own too: where they agree alone, nothing is
    settled. A stack that borrows the body's embedding has channels that agree wherever these do:
    its own orders speak.
    """
    judged = judge_part(look)
    own = not (look.base.borrowed and look.subject.borrowed)
    if judged.verdict is Verdict.UNRELATED and not judged.whole_is_quiet and own:
        return replace(
            judged,
            verdict=Verdict.INCONCLUSIVE,
            code=ReasonCode.BETWEEN,
            reason="something agrees, not enough to settle it",
        )
    return judged


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
