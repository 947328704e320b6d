"""What does the evidence mean for one part of a model: its body, a tower?

The rules of DESIGN 3.3 and 9, in order; each returns the words and figures that justify it. A part
matches only where its own orders were tested, and does not match only where they were tested with
power; what no test touched is not compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from hubcheck.anatomy.interface import Matrix, Role, Way
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.sample.comparison import POWER_FAMILIES, Comparison
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.evidence.looks.shapes.interface import OtherShapes
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, Value, because, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.thresholds import ENOUGH
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from hubcheck.verdict.common_start import common_start
from hubcheck.verdict.counterparts import judged_apart, matrices_alone, reshaped_tensors
from hubcheck.verdict.coverage import Covered, covered
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, EqualTensors, tensors_equal
from hubcheck.verdict.held import heads_of
from hubcheck.verdict.refusals import problems_said
from hubcheck.verdict.relation import RELABELLED, relation_of

ENOUGH_ORDER: Final = 0.5
"""Order-tested share from which a part can be called unrelated (DESIGN 9.4)."""
READ_BESIDE: Final = frozenset(
    {
        Role.EMBED, Role.LM_HEAD, Role.NORM_FINAL, Role.NORM_ATTN_IN, Role.NORM_ATTN_POST,
        Role.NORM_MLP_IN, Role.NORM_MLP_POST, Role.NORM_EMBED,
    }
)  # fmt: skip
"""What the tests read of both sides to see units by: channels and the token frame."""
ALIGNED: Final = 0.2
"""Cosine of two matrices from which their values stand in one alignment: kept 0.2 is what a test
must be able to see (DESIGN section 2), and units in another order have a cosine of about 0."""
MISSING: Final = 0.05
"""Share of the parameters that may go uncompared where all the rest is equal: routers, scales and
biases that no closer look reads."""
VALUES_SAME: Final = frozenset({RelationKind.RECAST, RelationKind.IDENTICAL})


@frozen
class Judged:
    """The meaning of one part."""

    name: str
    verdict: Verdict
    """``related``, ``unrelated``, ``inconclusive``; ``not-tested``: nothing is comparable."""
    code: ReasonCode
    reason: Clauses
    relation: Relation | None
    sides: tuple[Covered, Covered]
    """What was looked at of base and of subject."""
    whole_is_quiet: bool
    """Whether nothing at all was seen, the channels of the part included."""
    same_but_untold: bool = False
    """Whether nothing that was read differs while some tensors were not: equality tells of those
    (a head put on anew, biases that were trained alone)."""

    @property
    def is_start(self) -> bool:
        """Whether the part shares an initialisation and no training."""
        relation = self.relation
        return relation is not None and relation.kind is RelationKind.COMMON_INITIALISATION

    @property
    def held(self) -> float:
        """Share of the order-tested tensors whose order was found, on the base's side."""
        return self.sides[0].held

    @property
    def order_tested(self) -> float:
        """The smaller order-tested share of the two sides."""
        return min(side.order_tested for side in self.sides)

    @property
    def compared(self) -> float:
        """The smaller compared share of the two sides."""
        return min(side.compared for side in self.sides)

    @property
    def settles_equality(self) -> bool:
        """Whether orders leave nothing open that equal bytes could settle."""
        if self.verdict is Verdict.UNRELATED:
            return self.order_tested >= ENOUGH  # an equal tensor would have hit
        settled = self.verdict is Verdict.RELATED and self.compared >= ENOUGH
        return settled and not self.same_but_untold


def judge_part(
    look: PartLook, equal: EqualTensors = NOTHING_EQUAL, *, undone: Collection[Role] = ()
) -> Judged:
    """Return what was seen of one part, by its own orders.

    Args:
        look: The part and its comparison.
        equal: Tensors whose bytes were compared, if they were.
        undone: Roles that another look found to be the base's once a rearrangement was undone.
    """
    sides = sides_of(look, equal, undone=undone)
    said = _said(look, sides, equal)
    relation, compared = said.relation, min(side.compared for side in sides)
    return Judged(
        name=look.name,
        verdict=said.verdict,
        code=said.code,
        reason=said.reason,
        relation=None if relation is None else _checked(relation, look, sides, equal),
        sides=sides,
        whole_is_quiet=max(look.comparison.best_whole, look.shapes.log_e) < NOTABLE,
        same_but_untold=relation is not None and relation.kind in VALUES_SAME and compared < 1.0,
    )


@frozen(kw_only=False)
class Said:
    """What the rules say, of one part or of the whole."""

    verdict: Verdict
    code: ReasonCode = ReasonCode.NONE
    reason: Clauses = ()
    relation: Relation | None = None


def _said(look: PartLook, sides: tuple[Covered, Covered], equal: EqualTensors) -> Said:
    """Apply the rules of one part, in order."""
    comparison, unsure = look.comparison, Verdict.INCONCLUSIVE
    combined, shapes = comparison.combined, look.shapes
    assumed = Way.INFERRED in (look.base.way, look.subject.way)
    if not comparison.outcomes and not shapes.was_tested:
        return Said(Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER, _no_order(comparison))
    if (
        combined.whole >= SETTLED
        and combined.without_strongest >= NOTABLE
        and combined.strongest_body >= NOTABLE
    ):
        # An assumption says related only beside equal tensors, or where the base's own axes do not
        # stand in one order (DESIGN 10).
        if assumed and not (comparison.controlled or any(equal.proven)):
            return Said(unsure, ReasonCode.ASSUMED, because(ReasonCode.ASSUMED, agrees=True))
        return _order_agrees(look)
    if max(combined.strongest_body, combined.body) >= NOTABLE:
        if combined.whole >= SETTLED:
            return Said(unsure, ReasonCode.ONE_ORDER, because(ReasonCode.ONE_ORDER))
        return Said(unsure, ReasonCode.BETWEEN, because(ReasonCode.BETWEEN))
    if max(shapes.strongest, shapes.log_e) >= NOTABLE:
        if shapes.strongest >= NOTABLE and not shapes.standing:
            code = ReasonCode.ORDER_WITHOUT_CONTENT
            return Said(unsure, code, because(code))
        return Said(unsure, ReasonCode.BETWEEN, because(ReasonCode.BETWEEN))
    if min(side.order_tested for side in sides) < ENOUGH_ORDER:
        if shapes.was_tested:
            return Said(unsure, ReasonCode.OTHER_SHAPE, _other_shape(shapes, sides))
        return Said(unsure, ReasonCode.BODY_NOT_COMPARED, (not_tested(sides),))
    seeing = len(comparison.seeing) + len(shapes.seeing)
    if seeing < POWER_FAMILIES or not (comparison.has_power or shapes.seeing):
        if shapes.was_tested:
            return Said(unsure, ReasonCode.OTHER_SHAPE, _other_shape(shapes, sides))
        return Said(unsure, ReasonCode.NO_POWER, because(ReasonCode.NO_POWER))
    if assumed:
        return Said(unsure, ReasonCode.ASSUMED, because(ReasonCode.ASSUMED, agrees=False))
    return Said(Verdict.UNRELATED)


def _other_shape(shapes: OtherShapes, sides: tuple[Covered, Covered]) -> Clauses:
    """Return that too little survives the change of shape to say that nothing matches."""
    return because(
        ReasonCode.OTHER_SHAPE,
        sizes=tuple(
            phrase(PhraseCode.SIZE_DIFFERS, axis=axis, base=a, subject=b)
            for axis, a, b in shapes.sizes
        ),
        tested=round(min(side.order_tested for side in sides), 4),
        self_test=problems_said(shapes.abstained),
    )


def _order_agrees(look: PartLook) -> Said:
    """Judge a part whose order agrees beyond chance: a start, a copy, or order alone."""
    comparison = look.comparison
    start = common_start(comparison)
    if start is not None and start.kind is RelationKind.COMMON_INITIALISATION:
        return Said(Verdict.RELATED, relation=start)
    if start is not None:
        return Said(Verdict.INCONCLUSIVE, ReasonCode.START_OR_COPY, start.detail)
    if not comparison.settled_related:
        code = ReasonCode.ORDER_WITHOUT_CONTENT
        return Said(Verdict.INCONCLUSIVE, code, because(code))
    relation = relation_of(comparison, look.base, look.subject, look.change)
    return Said(Verdict.RELATED, relation=relation)


def _checked(
    relation: Relation, look: PartLook, sides: tuple[Covered, Covered], equal: EqualTensors
) -> Relation:
    """Return the relation; "the same values" only where nothing differs or stands alone.

    A sample that shows no change says so of itself: of what has no counterpart, or no rule, it
    knows nothing (DESIGN 9.5). What no order and no closer look reads, heads and biases, is held
    against its namesake by equality.
    """
    if relation.kind not in VALUES_SAME:
        return relation
    sides_differ = zip(equal.differing, (look.base, look.subject), strict=True)
    if any(names - judged_apart(anatomy) for names, anatomy in sides_differ):
        said = (tensors_equal(equal), phrase(PhraseCode.REST_EQUAL))
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=said)
    if isinstance(look.change, CloserLook) and look.change.heads_differ:
        names = tuple(look.change.heads_differ[:3])
        other = phrase(PhraseCode.HEAD_OF_ANOTHER, tensors=names)
        return Relation(kind=RelationKind.UNDETERMINED, detail=(*relation.detail, other))
    reshaped = reshaped_tensors(look.base, look.subject)
    if reshaped:  # classes of another number, where nothing says that they are a head
        other = phrase(PhraseCode.HEAD_OF_ANOTHER, tensors=reshaped[:3])
        return Relation(kind=RelationKind.UNDETERMINED, detail=(*relation.detail, other))
    if isinstance(look.change, CloserLook) and look.change.by_name.differ:
        names = look.change.by_name.differ[:3]
        other = phrase(PhraseCode.OTHER_VALUES, tensors=names)
        return Relation(kind=RelationKind.UNDETERMINED, detail=(*relation.detail, other))
    heads = [heads_of(look.base) - equal.equal[0], heads_of(look.subject) - equal.equal[1]]
    if all(heads) and any(equal.equal):
        untold = phrase(PhraseCode.NOT_HELD_AGAINST, what=("output head",))
        cast = heads[0] <= equal.alone[0] and heads[1] <= equal.alone[1]
        kind = relation.kind if cast else RelationKind.UNDETERMINED
        return Relation(kind=kind, detail=(*relation.detail, untold))
    alone = matrices_alone(look.base, look.subject)
    if not alone and min(side.compared for side in sides) >= 1 - MISSING:
        return relation
    words = list(alone) or [w for side in sides for w, _ in side.not_compared]
    what = tuple(dict.fromkeys(words)) or ("a part",)
    missing = phrase(PhraseCode.NOT_HELD_AGAINST, what=what)
    return Relation(kind=RelationKind.UNDETERMINED, detail=(*relation.detail, missing))


def sides_of(
    look: PartLook, equal: EqualTensors = NOTHING_EQUAL, *, undone: Collection[Role] = ()
) -> tuple[Covered, Covered]:
    """Return what was looked at of base and of subject.

    Args:
        look: The part and its comparison.
        equal: Tensors whose bytes were compared, if they were.
        undone: Roles that a deeper look found to be the base's once a rearrangement was undone.
    """
    comparison, change = look.comparison, look.change
    moved = change.moved if isinstance(change, CloserLook) else ()
    sides: list[Covered] = []
    for which, anatomy in enumerate((look.base, look.subject)):
        # Units whose twins stand at other indices were compared with them: relabelled, not gone.
        tested = [
            (m, o.log_e >= NOTABLE or o.displaced >= RELABELLED)
            for o in comparison.outcomes
            if o in comparison.seeing or o.displaced >= RELABELLED
            for m in (o.base_matrices, o.subject_matrices)[which]
        ]
        tested += [
            (m, one.hits and one.stands)
            for one in look.shapes.seeing
            for m in (one.base_matrices, one.subject_matrices)[which]
        ]
        found_again = [m for m in anatomy.matrices.values() if m.role in undone and not m.bias]
        tested += [(m, True) for m in found_again]
        hitting = [m for m, hit in tested if hit]
        wanted = comparison.wanted_base if which == 0 else comparison.wanted_subject
        beside = [w.matrix for w in wanted if w.matrix.role in READ_BESIDE]
        embedded = anatomy.get(Role.EMBED)
        if look.shapes.standing and embedded is not None:
            beside.append(embedded)  # the token frame is made of it
        # Where the values point elsewhere, they were not held against their own counterparts.
        places = [m.place.at(look.base, look.subject) for m in moved if m.cosine >= ALIGNED]
        closely = [both[which] for both in places if both is not None]
        sides.append(
            covered(
                anatomy,
                tested=tested,
                compared=_distinct([*hitting, *beside, *closely]),
                equal=equal.equal[which],
                proven=equal.proven[which],
                told_apart=equal.differing[which],
                by_name=change.by_name.near[which] if isinstance(change, CloserLook) else (),
            )
        )
    return sides[0], sides[1]


def _distinct(matrices: Iterable[Matrix]) -> tuple[Matrix, ...]:
    return tuple(dict.fromkeys(matrices))


def share_not_compared(sides: tuple[Covered, Covered], *, of: str = "") -> Phrase:
    """Return which share of the parameters was not compared, of the side with less of it.

    Args:
        sides: What was looked at, of base and of subject.
        of: The part that they are, where the model has others.
    """
    least = min(sides, key=lambda side: side.compared)
    share = round(1.0 - least.compared, 4)
    part: dict[str, Value] = {"of": of} if of else {}
    return phrase(PhraseCode.SHARE_NOT_COMPARED, share=share, what=_named(least), **part)


def not_tested(sides: tuple[Covered, Covered]) -> Phrase:
    """Return that too little of a body was tested to say that it does not match."""
    least = min(sides, key=lambda side: side.order_tested)
    tested = round(least.order_tested, 4)
    return phrase(PhraseCode.BODY_NOT_COMPARED, tested=tested, missing=_named(least))


def _named(side: Covered) -> tuple[str, ...]:
    return tuple(words for words, _ in side.not_compared[:4])


def _no_order(comparison: Comparison) -> Clauses:
    why = sorted({a.reason for a in comparison.abstentions})[:2]
    return because(ReasonCode.NO_SHARED_ORDER, self_test=problems_said(why))
