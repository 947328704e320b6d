"""What does the evidence mean where a base, or a subject, is a tower and nothing else?"""

from __future__ import annotations

from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.thresholds import ENOUGH, MOST
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict
from hubcheck.verdict.beside_towers import of_the_whole
from hubcheck.verdict.equal_tensors import EqualTensors
from hubcheck.verdict.parts import ENOUGH_ORDER, VALUES_SAME, Said
from hubcheck.verdict.whole import Whole, part_name


def towers_alone(whole: Whole, equal: EqualTensors) -> Said:
    """Judge a base, or a subject, that is a tower and nothing else.

    Args:
        whole: What is known of all parts.
        equal: Tensors whose bytes were compared, if they were.
    """
    held = [t for t in whole.towers if t.verdict is Verdict.RELATED]
    names = tuple(part_name(t.name) for t in held)
    if held and all(t.is_start for t in held):
        return Said(Verdict.RELATED, relation=held[0].relation)
    everything = whole.compared >= ENOUGH
    if held and all(whole.tower_only) and whole.compared >= MOST and len(held) == len(whole.towers):
        # Of several towers, what is said of the one that moved is true of all.
        said = [t.relation or Relation(kind=RelationKind.UNDETERMINED) for t in held]
        relation = next((r for r in said if r.kind not in VALUES_SAME), said[0])
        relation = of_the_whole(relation, whole.beside, equal)
        holds = Holds.WHOLE if everything else Holds.BODY
        told = Relation(kind=relation.kind, detail=relation.detail, holds=holds)
        return Said(Verdict.RELATED, relation=told)
    if held:
        owner = "base" if whole.tower_only[0] else "subject"
        detail = (
            phrase(PhraseCode.PARTS_ALL, parts=names, owner=owner)
            if everything
            else phrase(PhraseCode.PARTS_REST, parts=names, missing=whole.rest)
        )
        relation = Relation(
            kind=RelationKind.PARTS,
            detail=(detail,),
            holds=Holds.WHOLE if everything else Holds.PART,
        )
        return Said(Verdict.RELATED, relation=relation)
    shares = [max(whole.tower_shares(t)) for t in whole.towers]
    if all(t.verdict is Verdict.UNRELATED for t in whole.towers):
        if sum(shares) >= ENOUGH_ORDER:
            return Said(Verdict.UNRELATED)
        differ = phrase(PhraseCode.TOWERS_DIFFER, missing=whole.rest)
        return Said(Verdict.INCONCLUSIVE, ReasonCode.BODY_NOT_COMPARED, (differ,))
    first = next(t for t in whole.towers if t.verdict is not Verdict.UNRELATED)
    return Said(Verdict.INCONCLUSIVE, first.code, first.reason)
