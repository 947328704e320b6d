"""What does the evidence mean where a base, or a subject, is a tower and nothing else?"""

from __future__ import annotations

from hubcheck.verdict.declaration import ENOUGH
from hubcheck.verdict.parts import ENOUGH_ORDER, MOST, Said
from hubcheck.verdict.report import Relation
from hubcheck.verdict.whole import Whole, part_name
from hubcheck.verdict.words import Holds, ReasonCode, RelationKind, Verdict


def towers_alone(whole: Whole) -> Said:
    """Judge a base, or a subject, that is a tower and nothing else."""
    held = [t for t in whole.towers if t.verdict is Verdict.RELATED]
    names = " and ".join(part_name(t.name) for t in held)
    if held and all(t.is_start for t in held):
        return Said(Verdict.RELATED, relation=held[0].relation)
    everything = whole.compared >= ENOUGH
    if held and all(whole.tower_only) and whole.compared >= MOST and len(held) == len(whole.towers):
        relation = held[0].relation or Relation(kind=RelationKind.UNDETERMINED, detail="")
        return Said(
            Verdict.RELATED,
            relation=Relation(
                kind=relation.kind,
                detail=relation.detail,
                holds=Holds.WHOLE if everything else Holds.BODY,
            ),
        )
    if held:
        owner = "the base" if whole.tower_only[0] else "this model"
        rest = f"all that {owner} holds" if everything else whole.rest_words
        relation = Relation(
            kind=RelationKind.PARTS,
            detail=f"{names}: {rest}",
            holds=Holds.WHOLE if everything else Holds.PART,
        )
        return Said(Verdict.RELATED, relation=relation)
    shares = [max(whole.tower_shares(t)) for t in whole.towers]
    if all(t.verdict is Verdict.UNRELATED for t in whole.towers):
        if sum(shares) >= ENOUGH_ORDER:
            return Said(Verdict.UNRELATED)
        return Said(
            Verdict.INCONCLUSIVE,
            ReasonCode.BODY_NOT_COMPARED,
            f"the towers do not match; {whole.rest_words}",
        )
    first = next(t for t in whole.towers if t.verdict is not Verdict.UNRELATED)
    return Said(Verdict.INCONCLUSIVE, first.code, first.reason)
