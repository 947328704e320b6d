"""What does everything that was seen of one base mean?

The one judge: a pure function from observations to the finding's verdict, which nobody else sets or
changes. Every part is judged first (``verdict.parts``); what is said of the whole follows from them
(DESIGN 9.3, 9.4): nothing matches, or does not match, that no test touched. Then the looks that
undo a rearrangement may close what orders left open (``verdict.rearranged``), and a fit of several
bases may name a merge. The bound is that of the account (``evidence.account``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.account import Account
from hubcheck.evidence.family import BODY_ORDERS, Part
from hubcheck.evidence.looks.change.direction import UNDETERMINED, Direction
from hubcheck.evidence.looks.change.look import CHANGE
from hubcheck.evidence.looks.equality.look import EQUAL_TENSORS
from hubcheck.evidence.looks.interface import Standing
from hubcheck.evidence.looks.merge.look import MERGE
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.observation import Observation, Observations
from hubcheck.report.phrases import Clauses, PhraseCode, because, phrase
from hubcheck.report.schema import MergeShare, PartVerdict, Relation
from hubcheck.report.thresholds import BIG_PART, ENOUGH, MOST
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.beside import beside_the_body
from hubcheck.verdict.equal_tensors import EqualTensors, equal_tensors
from hubcheck.verdict.part_rows import body_rows, side_row, tower_row
from hubcheck.verdict.parts import Judged, Said, judge_part, share_not_compared
from hubcheck.verdict.rearranged import Undone, undone
from hubcheck.verdict.relation import direction_of, in_merge, may_be_merged
from hubcheck.verdict.tower_alone import towers_alone
from hubcheck.verdict.whole import Whole, parameters_of, part_name


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One base, and everything that was seen of it."""

    base: Anatomy
    subject: Anatomy
    tried: int
    """Bases tried in the check, at least 1."""
    seen: Observations


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The meaning of everything that was seen of one base."""

    verdict: Verdict
    code: ReasonCode
    reason: Clauses
    relation: Relation | None
    kept: float
    parts: tuple[PartVerdict, ...]
    order_tested: float
    compared: float
    held: float
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

    @property
    def standing(self) -> Standing:
        """How the base stands, for looks whose turn hangs on it."""
        return Standing(
            verdict=self.verdict,
            code=self.code,
            relation=self.relation.kind if self.relation is not None else None,
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
    towers = case.seen.seen(TOWERS).towers

    def tower_only(anatomy: Anatomy) -> bool:
        nothing = not look.comparison.outcomes
        return bool(towers) and anatomy.get(Role.EMBED) is None and nothing

    return Whole(
        body=body,
        towers=tuple(judge_alone(one) for one in towers),
        looks=towers,
        tower_only=(tower_only(look.base), tower_only(look.subject)),
        heads_alone=(look.base.alone, look.subject.alone),
        totals=(parameters_of(look.base), parameters_of(look.subject)),
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
    said = _say_whole(whole, parts, equal)
    held = body.held if not any(whole.tower_only) else 1.0
    closed = undone(said, held, account, case.seen)
    said = closed.said
    kept = _kept(look.comparison, said.verdict, said.relation, parts, equal)
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
        kept=closed.kept if closed.kept >= 0 else kept,
        parts=parts,
        order_tested=round(body.order_tested, 4),
        compared=round(whole.compared, 4),
        held=round(held, 4),
        not_compared=whole.not_compared,
        log10_p=_bound(said, closed, account, parts, tower_only=any(whole.tower_only)),
        log10_p_without_strongest=log10_p(account.log_e_without_strongest),
        direction=direction,
        disguise=closed.done,
        shares=shares,
        settles_equality=body.settles_equality,
        account=account,
    )


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


def _say_whole(whole: Whole, parts: Sequence[PartVerdict], equal: EqualTensors) -> Said:
    """Let the parts say what the whole is (DESIGN 9.3, 9.4)."""
    body, unsure = whole.body, Verdict.INCONCLUSIVE
    if whole.is_head_alone:
        return Said(unsure, ReasonCode.HEAD_ALONE, whole.head_alone)
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
        return Said(unsure, ReasonCode.BETWEEN, because(ReasonCode.BETWEEN))
    for tower in whole.towers:
        big = min(whole.tower_shares(tower)) >= BIG_PART
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
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    said = phrase(
        PhraseCode.TENSORS_EQUAL,
        equal=n_equal,
        compared=n_equal + n_differing,
        whole=equal.whole,
        differing=tuple(sorted(equal.differing[1])[:3]),
        alone=len(equal.alone[0]) + len(equal.alone[1]),
    )
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
    rest: Clauses = (share_not_compared(body.sides),)
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
