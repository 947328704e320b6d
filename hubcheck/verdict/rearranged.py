"""What do the looks that undo a rearrangement make of what the orders left open?

A match that the account settles is ``related``; one that only the calibrated table speaks for is
``disguised``; where the table is too small for the number of bases tried, or is not of such MLPs,
``inconclusive``. So it is where gate and up match and ``down`` was not paid for, and where the look
for a rearranged copy was broken off: neither a copy is shown, nor that there is none. Where nothing
was seen, what the orders say stays.
"""

from __future__ import annotations

from dataclasses import replace
from math import log10
from statistics import median
from typing import Final

from hubcheck.evidence.account import Account, Spender
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.looks.disguise.calibration import FLOOR
from hubcheck.evidence.looks.disguise.look import DISGUISE, UNSETTLED
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.expert_map.look import EXPERT_MAP
from hubcheck.evidence.looks.layer_map.interface import LayerMap
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.layer_map.wording import said_of_map
from hubcheck.evidence.looks.shapes.interface import OtherShapes
from hubcheck.evidence.looks.shapes.look import OTHER_SHAPES
from hubcheck.evidence.looks.width.interface import UnitOrder
from hubcheck.evidence.looks.width.look import WIDTH
from hubcheck.evidence.looks.writers import WRITERS, WriterEvidence
from hubcheck.evidence.observation import Observations, Skip
from hubcheck.evidence.refused import LookReason, Refused, Why
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, because, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.words import OPEN, ReasonCode, RelationKind, Verdict
from hubcheck.verdict.parts import Said

LIKE_A_SIBLING: Final = 0.3
"""Share of agreeing neurons below which the same initial weights explain a match as well: models
that share only those reach 0.06, a copy trained three times over 0.76 (benchmarks/zoo)."""
BROKEN_OFF: Final[frozenset[LookReason]] = frozenset({Why.NETWORK, Why.FAULT})
"""What ends the look for a rearranged copy without saying anything of the models. A limit does not
end it: that is known before, and the power says that no such copy would have been seen."""
STRUCTURE: Final = frozenset(
    {RelationKind.LAYERS_CHANGED, RelationKind.WIDTH_CHANGED, RelationKind.UPCYCLED}
)
"""Relations whose detail the map and the widths say better."""


@frozen
class Undone:
    """What is said of a base once rearrangements were undone."""

    said: Said
    changed: bool = False
    """Whether more is said than the orders said."""
    kept: float = -1.0
    """Of what was matched; -1 where the orders' own is to be told."""
    log10_p: float = 0.0
    """Of a ``disguised``: the calibrated bound."""
    done: Clauses = ()
    """What was done to the copy."""


def undone(said: Said, held: float, account: Account, seen: Observations) -> Undone:
    """Return what is said of a base, rearrangements undone.

    Args:
        said: What orders and equal tensors say.
        held: Share of the order-tested tensors whose order was found.
        account: Of everything that was tried.
        seen: Of every look.
    """
    disguise = seen.seen(DISGUISE)
    if not isinstance(disguise, Skip) and disguise.found:
        shapes = seen.seen(OTHER_SHAPES)
        return _disguised(said, held, account, disguise, _sizes(shapes))
    hidden = said.verdict in OPEN and said.code is not ReasonCode.HEAD_ALONE
    if hidden and account.settled:
        writers = seen.seen(WRITERS)
        if writers.content_stands and _speaks(account, Spender.WRITERS):
            return _through_writers(said, writers)
        if _speaks(account, Spender.SHAPES):
            return _by_shapes(said, seen.seen(OTHER_SHAPES))
        layers = seen.seen(LAYER_MAP)
        if _speaks(account, Spender.LAYER_MAP):
            return _by_layers(said, layers, seen)
    left = seen.of(DISGUISE)
    if isinstance(left, Refused) and left.code in BROKEN_OFF:
        said = left_open(said, ReasonCode.BROKEN_OFF, cause=left.code.value, detail=_cause(left))
    elif not isinstance(disguise, Skip) and disguise.half_found:
        said = left_open(said, ReasonCode.DOWN_NOT_READ)
    if said.verdict is Verdict.RELATED:
        return Undone(said=replace(said, relation=_as_the_map_says(said.relation, seen)))
    return Undone(said=said)


def left_open(said: Said, code: ReasonCode, **params: str) -> Said:
    """Return what is said where the look for a rearranged copy has no answer.

    Gate and up match and ``down`` was not read, or it was broken off: no body is said not to
    match. What is open for another reason (too little compared, say) keeps it, and so does a match.

    Args:
        said: What is said without it.
        code: Why it has none.
        params: Of the phrase of that code.
    """
    seen = because(code, **params)
    if said.verdict is Verdict.UNRELATED or said.code in UNSETTLED:
        return Said(Verdict.INCONCLUSIVE, code, seen)
    detail = said.relation.detail if said.relation is not None else ()
    only = next((one for one in detail if one.code is PhraseCode.PARTS_ONLY), None)
    if only is None:
        return said
    rest = ReasonCode.REST_NOT_COMPARED
    return Said(Verdict.INCONCLUSIVE, rest, because(rest, parts=only.params["parts"], rest=seen))


def _cause(refused: Refused) -> str:
    return refused.code.value if refused.error is None else refused.error.what


def _speaks(account: Account, look: Spender) -> bool:
    return any(one.look is look and one.stands for one in account.spent)


def _disguised(said: Said, held: float, account: Account, seen: Disguise, sizes: Clauses) -> Undone:
    """Judge a base whose neurons match, by each matrix of their MLP alone."""
    done, relation = seen.done, _relation(seen, sizes)
    if said.verdict is Verdict.RELATED and held > 0:
        # Exact orders of the body have settled the relation; the match says what became of the
        # rest: its neurons are there, in another order.
        return Undone(said=replace(said, relation=relation), done=done)
    kept = round(seen.kept, 4)
    if account.settled and _speaks(account, Spender.PROOF):
        found = Said(Verdict.RELATED, relation=relation)
        return Undone(said=found, changed=True, kept=kept, done=done)
    if seen.calibrated:
        found = Said(Verdict.DISGUISED, relation=relation)
        return Undone(said=found, changed=True, kept=kept, done=done, log10_p=log10(seen.bound))
    if not seen.in_table:
        code = ReasonCode.NOT_IN_TABLE
        reason = because(code)
    else:
        code = ReasonCode.TABLE_TOO_SMALL
        reason = because(
            code,
            models=seen.calibration.models,
            bound=float(seen.bound),
            needed=float(FLOOR),
        )
    found = Said(Verdict.INCONCLUSIVE, code, reason)
    return Undone(said=found, changed=True, kept=kept, done=done)


def _relation(seen: Disguise, sizes: Clauses) -> Relation:
    """Return the relation; what was done is told apart (``Finding.disguise``).

    Args:
        seen: A disguise test that found something.
        sizes: Which sizes differ.
    """
    if seen.score.agreement < LIKE_A_SIBLING and seen.score.outstanding < LIKE_A_SIBLING:
        either = phrase(PhraseCode.FAR_OR_START, share=float(seen.score.agreement))
        return Relation(kind=RelationKind.UNDETERMINED, detail=(either,))
    if sizes:
        return Relation(kind=RelationKind.WIDTH_CHANGED, detail=sizes)
    return Relation(kind=RelationKind.REARRANGED)


def _through_writers(said: Said, seen: WriterEvidence) -> Undone:
    """Judge a base of which no token is shared and whose stream was turned."""
    order = phrase(PhraseCode.WRITERS_ORDER)
    relation = Relation(kind=RelationKind.REARRANGED, detail=(order,))
    return Undone(
        said=replace(
            said, verdict=Verdict.RELATED, code=ReasonCode.NONE, reason=(), relation=relation
        ),
        changed=True,
        kept=round(median(one.kept for one in seen.layers if one.stands), 4),
        done=(phrase(PhraseCode.STREAM_CHANGED), phrase(PhraseCode.VOCABULARY_REPLACED)),
    )


def _by_layers(said: Said, found: LayerMap, seen: Observations) -> Undone:
    """Judge a base whose layers were found again, in other places."""
    detail = _said_of_structure(seen) or (phrase(PhraseCode.FOUND_BY_MAP),)
    relation = Relation(kind=RelationKind.LAYERS_CHANGED, detail=detail)
    kept = sorted(o.kept for o in found.standing)
    return Undone(
        said=replace(
            said, verdict=Verdict.RELATED, code=ReasonCode.NONE, reason=(), relation=relation
        ),
        changed=True,
        kept=round(kept[len(kept) // 2], 4),
    )


def _by_shapes(said: Said, found: OtherShapes) -> Undone:
    """Judge a base whose neurons were found again, cut or grown to another number."""
    first = found.standing[0]
    in_order = any(one.log_e_order >= NOTABLE for one in found.standing)
    units = phrase(
        PhraseCode.UNITS_KEPT,
        axis="neurons",
        base=first.n_base,
        subject=first.n_subject,
        order=(UnitOrder.KEPT if in_order else UnitOrder.LOST).value,
    )
    relation = Relation(
        kind=RelationKind.WIDTH_CHANGED, detail=(units, *_sizes(found, but="neurons"))
    )
    return Undone(
        said=replace(
            said, verdict=Verdict.RELATED, code=ReasonCode.NONE, reason=(), relation=relation
        ),
        changed=True,
        kept=round(found.kept, 4),
    )


def _sizes(found: OtherShapes, *, but: str = "") -> Clauses:
    """Return which sizes differ, one left aside of which more is said."""
    return tuple(
        phrase(PhraseCode.SIZE_CHANGED, axis=axis, base=a, subject=b)
        for axis, a, b in found.sizes
        if axis != but
    )


def _as_the_map_says(relation: Relation | None, seen: Observations) -> Relation | None:
    """Return the relation with the map's words, where layers or widths are what changed."""
    if relation is None or relation.kind not in STRUCTURE or not seen.took(LAYER_MAP):
        return relation
    said = _said_of_structure(seen)
    if not said:
        return relation
    return Relation(kind=relation.kind, detail=(*said, *relation.detail), holds=relation.holds)


def _said_of_structure(seen: Observations) -> Clauses:
    """Return what the map, the widths and the experts say."""
    layers = seen.seen(LAYER_MAP)
    mapped = said_of_map(layers) if seen.took(LAYER_MAP) else ()
    return (*mapped, *seen.seen(WIDTH).said, *seen.seen(EXPERT_MAP).said)
