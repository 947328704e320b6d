"""What do the parts of two models say of the whole (DESIGN 9.3, 9.4)?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hubcheck.evidence.family import Part
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.report.phrases import Clauses, PhraseCode, because, phrase
from hubcheck.report.schema import PartVerdict, Relation
from hubcheck.report.thresholds import BIG_PART, MOST
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict
from hubcheck.verdict.beside import beside_the_body
from hubcheck.verdict.equal_tensors import EqualTensors, tensors_equal
from hubcheck.verdict.parts import Judged, Said, judge_part, share_not_compared
from hubcheck.verdict.tower_alone import towers_alone
from hubcheck.verdict.whole import Whole, part_name


def say_whole(whole: Whole, parts: Sequence[PartVerdict], equal: EqualTensors) -> Said:
    """Let the parts say what the whole is (DESIGN 9.3, 9.4)."""
    body, unsure = whole.body, Verdict.INCONCLUSIVE
    if whole.is_head_alone:
        return Said(unsure, ReasonCode.HEAD_ALONE, whole.head_alone)
    if any(whole.tower_only):
        return towers_alone(whole, equal)
    if body.verdict is Verdict.NOT_TESTED and not whole.towers and not any(equal.proven):
        if equal.differing[1]:  # tensors were compared, and none proves anything
            code = ReasonCode.BODY_NOT_COMPARED
            said = (tensors_equal(equal), *because(ReasonCode.NO_SHARED_ORDER))
            return Said(unsure, code, said)
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
        return Said(unsure, ReasonCode.BETWEEN, because(ReasonCode.BETWEEN))
    for tower, ruled_out in zip(whole.towers, whole.ruled_out, strict=True):
        big = min(whole.tower_shares(tower)) >= BIG_PART and not ruled_out
        if big and tower.verdict is not Verdict.UNRELATED:
            reason = because(
                ReasonCode.PART_OPEN,
                part=part_name(tower.name),
                why=tower.reason,
                verdict=tower.verdict.value,
            )
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
    said = tensors_equal(equal)
    if share < MOST:
        code = ReasonCode.SOME_TENSORS
        reason = (said, *because(code, share=round(share, 4)))
        return Said(Verdict.INCONCLUSIVE, code, reason)
    same = not equal.differing[1] and not any(equal.alone)
    kind = RelationKind.RECAST if same else RelationKind.UNDETERMINED
    return Said(Verdict.RELATED, relation=Relation(kind=kind, detail=(said,)))


def _some_orders(body: Judged) -> Relation:
    """Return that a smaller part of the body is the base's: its attention, not its MLPs."""
    own = body.relation
    if own is not None and own.kind is RelationKind.PARTS:
        return Relation(kind=own.kind, detail=own.detail, holds=Holds.PART)
    seen = body.sides[0]
    some = phrase(PhraseCode.SOME_ORDERS, held=seen.held_words, lost=seen.lost_words)
    return Relation(kind=RelationKind.PARTS, detail=(some,), holds=Holds.PART)


def _parts_alone(body: Judged, copied: Sequence[PartVerdict]) -> Said:
    """Judge models of which parts match and the body does not, or was not compared."""
    names = tuple(str(p.name) for p in copied)
    starts = all(p.relation is RelationKind.COMMON_INITIALISATION for p in copied)
    if starts:  # a tower that shares its start alone: nobody's training is in it
        detail = phrase(PhraseCode.SAME_START, parts=names)
        relation = Relation(
            kind=RelationKind.COMMON_INITIALISATION, detail=(detail,), holds=Holds.NOTHING
        )
        return Said(Verdict.RELATED, relation=relation)
    if body.verdict is Verdict.UNRELATED:
        detail = phrase(PhraseCode.PARTS_ONLY, parts=names)
        relation = Relation(kind=RelationKind.PARTS, detail=(detail,), holds=Holds.PART)
        return Said(Verdict.RELATED, relation=relation)
    # Where the body's own reason says what was not compared, that is the rest.
    # Beside a tower the body is not all there is.
    of = "body" if any(p.tower for p in copied) else ""
    rest: Clauses = (share_not_compared(body.sides, of=of),)
    if any(one.params.get("missing") for one in body.reason):
        rest = body.reason
    code = ReasonCode.REST_NOT_COMPARED
    return Said(Verdict.INCONCLUSIVE, code, because(code, parts=names, rest=rest))


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
            reason=because(ReasonCode.BETWEEN),
        )
    return judged
