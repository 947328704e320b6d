"""What does everything that was seen of one base mean?

The one judge: a pure function from observations to the finding's verdict, which nobody else sets or
changes. Every part is judged first (``verdict.parts``); what is said of the whole follows from them
(DESIGN 9.3, 9.4): nothing matches, or does not match, that no test touched. Then the looks that
undo a rearrangement may close what orders left open (``verdict.rearranged``), and a fit of several
bases may name a merge. The bound is that of the account (``evidence.account``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.account import Account
from hubcheck.evidence.family import Part
from hubcheck.evidence.looks.change.direction import UNDETERMINED, Direction
from hubcheck.evidence.looks.change.look import CHANGE
from hubcheck.evidence.looks.equality.look import EQUAL_TENSORS
from hubcheck.evidence.looks.interface import Standing
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.merge.look import MERGE
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.evidence.looks.shapes.look import OTHER_SHAPES
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.observation import Observation, Observations
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, PhraseCode, phrase
from hubcheck.report.schema import MergeShare, PartVerdict, Relation
from hubcheck.report.thresholds import BIG_PART, ENOUGH
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from hubcheck.statistics.evalues import log10_p
from hubcheck.statistics.similarity_interval import Interval
from hubcheck.verdict.beside_towers import known_beside
from hubcheck.verdict.equal_tensors import EqualTensors, equal_tensors
from hubcheck.verdict.kept import kept_of
from hubcheck.verdict.other_layers import other_layers
from hubcheck.verdict.part_rows import body_rows, side_row, tower_row
from hubcheck.verdict.parts import Judged, Said, judge_part
from hubcheck.verdict.rearranged import Undone, undone
from hubcheck.verdict.relation import direction_of, in_merge, may_be_merged
from hubcheck.verdict.ruled_out import ruled_out
from hubcheck.verdict.whole import Whole, parameters_of
from hubcheck.verdict.whole_from_parts import judge_alone, say_whole

APART: Final = frozenset({RelationKind.PARTS, RelationKind.COMMON_INITIALISATION})
"""Relations that say already that the rest is not the base's."""


@frozen
class Case:
    """One base, and everything that was seen of it."""

    base: Anatomy
    subject: Anatomy
    tried: int
    """Bases tried in the check, at least 1."""
    seen: Observations
    relation: str = ""
    """What the card declares this base to be to the subject; empty where it says nothing."""


@frozen
class Judgement:
    """The meaning of everything that was seen of one base."""

    verdict: Verdict
    code: ReasonCode
    reason: Clauses
    relation: Relation | None
    kept: float
    kept_interval: Interval | None
    parts: tuple[PartVerdict, ...]
    order_tested: float
    compared: float
    held: float
    other_layers: float
    """Of the layers told, the share in which none of the base's orders was found."""
    not_compared: Clauses
    log10_p: float
    log10_p_without_strongest: float
    direction: Direction
    disguise: Clauses
    """What was done to hide the copy, where it was undone."""
    shares: tuple[MergeShare, ...]
    settles_equality: bool
    """Orders leave nothing open that bit-equal tensors could settle."""
    account: Account
    ruled_out: Clauses = ()
    """Which sizes rule out what the card declares, whatever the values show."""

    @property
    def standing(self) -> Standing:
        """How the base stands, for looks whose turn hangs on it."""
        return Standing(
            verdict=self.verdict,
            code=self.code,
            relation=self.relation.kind if self.relation is not None else None,
            order_tested=self.order_tested,
            held=self.held,
            compared=self.compared,
            settles_equality=self.settles_equality,
        )

    @property
    def may_be_merged(self) -> bool:
        """Whether a fit of several bases may hold this one as a member."""
        return may_be_merged(self.verdict, self.relation)


def account_of(case: Case) -> Account:
    """Return the account of everything that was tried on the whole of one base."""
    account = Account(tried=case.tried)
    for spent in case.seen.spent:
        account = account.with_spent(spent)
    return account


def body_of(case: Case) -> PartLook:
    """Return everything that was seen of the bodies."""
    left = case.seen.of(CHANGE)
    return PartLook(
        name="body",
        comparison=case.seen.seen(ORDERS),
        base=case.base,
        subject=case.subject,
        change=left.seen if isinstance(left, Observation) else left,
        shapes=case.seen.seen(OTHER_SHAPES),
    )


def equal_in(case: Case) -> EqualTensors:
    """Return which tensors of each side are equal, bit for bit."""
    return equal_tensors(case.seen.seen(EQUAL_TENSORS))


def judge(case: Case) -> Judgement:
    """Return what everything that was seen of one base means."""
    look, equal, account = body_of(case), equal_in(case), account_of(case)
    plain = _judged(case, look, equal, account, judge_part(look, equal))
    start = plain.relation is not None and (
        plain.relation.kind is RelationKind.COMMON_INITIALISATION
    )
    if plain.verdict is not Verdict.RELATED or start or plain.compared >= ENOUGH:
        return plain
    # What a rearrangement hid counts as compared once that was undone.
    found = case.seen.undone
    if not found:
        return plain
    body = judge_part(look, equal, undone=found)
    whole = _whole_of(case, look, body)
    return replace(
        plain,
        held=round(body.held, 4),
        order_tested=round(body.order_tested, 4),
        compared=round(whole.compared, 4),
        not_compared=whole.not_compared,
    )


def _whole_of(case: Case, look: PartLook, body: Judged) -> Whole:
    """Return what is known of all parts: the body as it was judged, and every tower."""
    parts = case.seen.seen(TOWERS)
    towers = parts.towers

    def tower_only(anatomy: Anatomy) -> bool:
        nothing = not look.comparison.outcomes
        return bool(towers) and anatomy.get(Role.EMBED) is None and nothing

    return Whole(
        body=body,
        towers=tuple(judge_alone(one) for one in towers),
        looks=towers,
        tower_only=(tower_only(look.base), tower_only(look.subject)),
        beside=known_beside(parts.beside, equal_in(case), look.base, look.subject),
        heads_alone=(look.base.alone, look.subject.alone),
        totals=(parameters_of(look.base), parameters_of(look.subject)),
        ruled_out=tuple(bool(ruled_out(case.relation, one.base, one.subject)) for one in towers),
    )


def _judged(
    case: Case, look: PartLook, equal: EqualTensors, account: Account, body: Judged
) -> Judgement:
    """Judge with what the orders, equal tensors and rearrangements that were undone say."""
    seen = case.seen.seen(TOWERS)
    whole = _whole_of(case, look, body)
    parts = (
        # Of a head alone, what stands for a body is the head's own layer.
        *(
            row
            for row in body_rows(look.comparison, body, whole.totals)
            if not (whole.is_head_alone and row.name == Part.BODY)
        ),
        *(tower_row(t, one, whole) for t, one in zip(whole.towers, seen.towers, strict=True)),
        *(side_row(one) for one in seen.sides),
    )
    said = say_whole(whole, parts, equal)
    held = body.held if not any(whole.tower_only) else 1.0
    closed = undone(said, held, account, case.seen)
    said, other_share = _with_other_layers(closed.said, case, whole, bool(closed.done))
    similar = [one.comparison for one in seen.towers] if any(whole.tower_only) else []
    kept = kept_of(similar or [look.comparison], said.verdict, said.relation, parts, equal)
    direction, relation = UNDETERMINED, said.relation
    shares: tuple[MergeShare, ...] = ()
    if said.verdict is Verdict.RELATED and not closed.changed:
        direction = direction_of(look.comparison, look.base, look.subject, look.change)
    if may_be_merged(said.verdict, said.relation):
        merge = in_merge(case.seen.seen(MERGE))
        shares = merge.shares
        if merge.relation is not None:
            relation, direction = merge.relation, merge.direction
    return Judgement(
        verdict=said.verdict,
        code=said.code,
        reason=said.reason,
        relation=relation,
        kept=closed.kept if closed.kept >= 0 else kept.median,
        kept_interval=kept.interval if closed.kept < 0 else None,
        parts=parts,
        order_tested=round(body.order_tested, 4),
        compared=round(whole.compared, 4),
        held=round(held, 4),
        other_layers=round(other_share, 4),
        not_compared=whole.not_compared,
        log10_p=_bound(said, closed, account, parts, tower_only=any(whole.tower_only)),
        log10_p_without_strongest=log10_p(account.log_e_without_strongest),
        direction=direction,
        disguise=closed.done,
        shares=shares,
        settles_equality=body.settles_equality,
        account=account,
        # A tower, or a head, is no model whose sizes the other would have to keep.
        ruled_out=()
        if any(whole.tower_only) or whole.is_head_alone
        else ruled_out(case.relation, look.base, look.subject),
    )


def _with_other_layers(said: Said, case: Case, whole: Whole, disguised: bool) -> tuple[Said, float]:
    """Return what is said where some layers of the subject are another's, and their share.

    Of the body, and of every tower that holds a tenth of a model; the largest share counts.
    """
    relation = said.relation
    if said.verdict is not Verdict.RELATED or relation is None or disguised:
        return said, 0.0
    if relation.kind in APART:
        return said, 0.0
    body = other_layers(case.seen.seen(ORDERS), case.base, case.subject, case.seen.seen(LAYER_MAP))
    towers = [
        other_layers(look.comparison, look.base, look.subject, LAYER_MAP.nothing)
        for tower, look in zip(whole.towers, whole.looks, strict=True)
        if max(whole.tower_shares(tower)) >= BIG_PART
    ]
    layers = max((body, *towers), key=lambda one: one.share)
    of_whole = layers is body or any(whole.tower_only)
    if layers.share < BIG_PART or not of_whole:
        return said, layers.share
    other = phrase(PhraseCode.LAYERS_OF_ANOTHER, layers=layers.other, found=len(layers.found))
    changed = Relation(
        kind=RelationKind.LAYERS_CHANGED, detail=(other, *relation.detail), holds=relation.holds
    )
    return replace(said, relation=changed), layers.share


def _bound(
    said: Said,
    closed: Undone,
    account: Account,
    parts: Sequence[PartVerdict],
    *,
    tower_only: bool,
) -> float:
    """Return log10 of the bound of what is said: of the whole, or of the parts that match."""
    if said.verdict is Verdict.DISGUISED:
        return closed.log10_p
    bound = log10_p(account.log_e)
    by_parts = said.relation is not None and said.relation.kind is RelationKind.PARTS
    if said.verdict is Verdict.RELATED and (by_parts or tower_only):
        return min([bound, *(p.log10_p for p in parts if p.verdict is Verdict.RELATED)])
    return bound
