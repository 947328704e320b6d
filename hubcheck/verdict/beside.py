"""What is said of a body that matches while a large part beside it does not?

A body stands for the whole where the parts that hold a tenth of both models or more match, too, or
are not in both. Else the relation speaks of the body and names the rest: a decoder, or an ear, of
another origin is no recast of the base (DESIGN 9.3, 9.5).
"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.thresholds import BIG_PART, MOST
from hubcheck.report.words import Holds, RelationKind, Verdict
from hubcheck.verdict.parts import VALUES_SAME, Judged
from hubcheck.verdict.whole import STACK, Whole, part_name


def beside_the_body(whole: Whole) -> Relation | None:
    """Return the relation of a body that matches, with what is not the base's beside it."""
    relation = whole.body.relation
    big = [t for t in whole.towers if min(whole.tower_shares(t)) >= BIG_PART]
    other = [t for t in big if t.verdict is Verdict.UNRELATED]
    unsettled = [t for t in big if t.verdict not in (Verdict.UNRELATED, Verdict.RELATED)]
    if relation is None or not (other or unsettled):
        return relation
    said = [phrase(PhraseCode.OF_THE_BODY, what=relation.detail)]
    if other:
        said.append(phrase(PhraseCode.PARTS_DIFFER, parts=_names(other)))
    if unsettled:
        said.append(phrase(PhraseCode.PARTS_UNTOLD, parts=_names(unsettled)))
    if any(t.name in STACK for t in other) and whole.body_share < MOST:
        # Two stacks make one model of text: one of them that is less than half is a part of it.
        return Relation(kind=RelationKind.PARTS, detail=tuple(said), holds=Holds.PART)
    of_most = {*VALUES_SAME, RelationKind.SPARSE_UPDATE}  # words about the rest of all values
    kind = RelationKind.UNDETERMINED if relation.kind in of_most else relation.kind
    return Relation(kind=kind, detail=tuple(said), holds=relation.holds)


def _names(parts: Sequence[Judged]) -> tuple[str, ...]:
    return tuple(part_name(t.name) for t in parts)
