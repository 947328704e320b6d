"""What does the finding of one base say, given everything that is known of it?

Made once, of all that was seen and of how it stands beside the other bases; never changed after.
"""

from __future__ import annotations

from typing import Any, Final

from hubcheck.check.tested import Tested
from hubcheck.checkpoint.open_pairs import shown_order
from hubcheck.checkpoint.pair_order import PairOrder
from hubcheck.checkpoint.unread import unread_files
from hubcheck.evidence.account import STREAM
from hubcheck.evidence.looks.change.look import CHANGE
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.disguise.look import DISGUISE
from hubcheck.evidence.looks.equality.files import FileState
from hubcheck.evidence.looks.layer_map.look import LAYER_MAP
from hubcheck.evidence.looks.orders import ORDERS
from hubcheck.evidence.looks.shapes.look import OTHER_SHAPES
from hubcheck.evidence.looks.towers import TOWERS
from hubcheck.evidence.observation import Skip
from hubcheck.model import Model
from hubcheck.report.phrases import Clauses, PhraseCode, because, phrase
from hubcheck.report.schema import (
    AccountLine,
    Change,
    Evidence,
    Finding,
    LayerMatch,
    Relation,
    UnreadWeights,
)
from hubcheck.report.words import EvidenceKind, ReasonCode, RelationKind, Verdict
from hubcheck.statistics.hits import LOG10
from hubcheck.verdict.adapter_words import adapter_notes, adapter_rows
from hubcheck.verdict.alignment import alignment_of
from hubcheck.verdict.declaration import NOT_EXPLAINED, Explanation
from hubcheck.verdict.finding import controls_of, detectable_of, power_of
from hubcheck.verdict.judge import Judgement
from hubcheck.verdict.kept import rounded
from hubcheck.verdict.refusals import why
from hubcheck.verdict.relation import changes_of
from hubcheck.verdict.rows import (
    comparisons_in,
    counted,
    deeper_rows,
    exact_rows,
    notes_of,
    whole_changes,
)

CLOSED: Final = frozenset({Verdict.RELATED, Verdict.DISGUISED, Verdict.INCONCLUSIVE})


def finding_of(one: Tested, explained: Explanation = NOT_EXPLAINED) -> Finding:
    """Return the finding of one base, made again only where there is more to say.

    Args:
        one: The base, and everything that was seen of it.
        explained: How it stands beside the declared bases.
    """
    if one.brief is not None:
        return one.brief
    facts = (*one.facts, explained)
    if one.told is not None and all(
        old is new for old, new in zip(one.told[0], facts, strict=True)
    ):
        return one.told[1]
    finding = _made(one, explained)
    one.told = facts, finding
    return finding


def _made(one: Tested, explained: Explanation) -> Finding:
    if one.equal_files and one.model is not None:
        return _identical(one, one.model, explained)
    if not one.looked_at or one.model is None:
        return _untested(one, explained)
    return _compared(one, one.model, one.judgement, explained)


def unread_weights(model: Model, *, nothing_read: bool = False) -> tuple[UnreadWeights, ...]:
    """Return the weight files of a model beside those that its findings speak of.

    Args:
        model: The model.
        nothing_read: Its weights could not be read, so its findings speak of none.
    """
    unread = unread_files(model.files, set()) if nothing_read else model.unread
    return tuple(
        UnreadWeights(path=f.path, size=f.size, sha256=f.sha256, why=f.why, same_as=f.same_as)
        for f in unread
    )


def _head(one: Tested, explained: Explanation) -> dict[str, Any]:
    """Return what every finding says first, whatever was seen: which base, asked by whom."""
    return {
        "base": one.base,
        "proposed_by": one.request.why,
        "declared": one.request.declared,
        "found_by": one.request.found_by,
        "tried": one.request.tried,
        "explained_by": explained.by,
        "closer": explained.closer,
        "upstream": explained.upstream,
        "bytes_read": one.bytes_read,
    }


def _untested(one: Tested, explained: Explanation) -> Finding:
    return Finding(
        **_head(one, explained),
        status="not-tested",
        reason=(*one.untested.reason, *adapter_notes(one.added)),
        code=one.untested.code,
        verdict=Verdict.NOT_TESTED,
        log10_p=0.0,
        kept=0.0,
        unread=() if one.model is None else unread_weights(one.model),
    )


def _identical(one: Tested, base: Model, explained: Explanation) -> Finding:
    """Return the finding of byte-equal weight files."""
    weights = base.loaded_files or base.weight_files
    evidence = Evidence(
        test="digest",
        family=phrase(PhraseCode.FAMILY_FILES, files=len(weights)),
        kind=EvidenceKind.EXACT,
        part="model",
        frame="",
        units=len(weights),
        hits=len(weights),
        log10_p=0.0,
        detectable_kept=0.0,
        note=(phrase(PhraseCode.NOTE_DIGESTS),),
        kept=1.0,
    )
    return Finding(
        **_head(one, explained),
        status="tested",
        reason=(),
        code=ReasonCode.NONE,
        verdict=Verdict.IDENTICAL,
        log10_p=0.0,
        kept=1.0,
        order_tested=1.0,
        compared=1.0,
        held=1.0,
        relation=Relation(kind=RelationKind.IDENTICAL, detail=(phrase(PhraseCode.SAME_BYTES),)),
        evidence=(evidence,),
        notes=_held_note(explained),
        bytes_total=base.weight_bytes,
        unread=unread_weights(base),
    )


def _compared(one: Tested, base: Model, judged: Judgement, explained: Explanation) -> Finding:
    """Return the finding of a base whose weights were looked at."""
    case, seen = one.case, one.seen
    rows = exact_rows(case, one.components)
    count = counted(rows)
    comparisons = comparisons_in(case, one.components)
    # What an unrelated base would have shown is said of the part that carries the verdict.
    main = next((c for c in comparisons if c.outcomes), comparisons[0])
    shapes = seen.seen(OTHER_SHAPES)
    closed = judged.verdict in CLOSED and judged.disguise != ()
    code, reason = judged.code, judged.reason
    fault = one.fault_of_subject
    if fault is not None and judged.verdict is Verdict.INCONCLUSIVE:
        code = ReasonCode.SUBJECT
        reason = because(code, why=why(fault.error)[1])
    return Finding(
        **_head(one, explained),
        status="not-tested" if judged.verdict is Verdict.NOT_TESTED else "tested",
        reason=reason,
        code=code,
        verdict=judged.verdict,
        order_tested=judged.order_tested,
        compared=judged.compared,
        held=judged.held,
        other_layers=judged.other_layers,
        not_compared=judged.not_compared,
        log10_p=judged.log10_p,
        log10_p_without_strongest=judged.log10_p_without_strongest,
        kept=round(max(-1.0, min(1.0, judged.kept)), 4),
        kept_interval=rounded(judged.kept_interval),
        relation=judged.relation,
        parts=judged.parts,
        direction=judged.direction.value,
        direction_reason=judged.direction.reason,
        disguise=judged.disguise,
        alignment=alignment_of(seen),
        changes=_changes(one),
        layer_map=_layer_map(one),
        shares=judged.shares,
        account=_account(judged),
        controls=controls_of(comparisons),
        evidence=(*rows, *adapter_rows(one.added), *deeper_rows(case)),
        power=None if closed else power_of(main, seen.seen(DISGUISE), shapes),
        detectable_kept=min(detectable_of(main, shapes), 1.0),
        families_tested=count.families,
        families_hit=count.hit,
        units_tested=count.units,
        units_hit=count.units_hit,
        taught=one.taught and judged.verdict is Verdict.UNRELATED,
        notes=(
            *_taught_note(one, judged),
            *_held_note(explained),
            *notes_of(case, one.refused),
            *_files_note(one),
            *_renamed_note(one),
            *_pair_order_notes(one),
            *adapter_notes(one.added),
        ),
        ruled_out=judged.ruled_out,
        bytes_total=base.weight_bytes,
        unread=unread_weights(base),
    )


def _account(judged: Judgement) -> tuple[AccountLine, ...]:
    """Return what each look spends on the statement about the whole, and what it is worth there."""
    account = judged.account
    return tuple(
        AccountLine(
            look=spent.look.value,
            share=float(account.shares[spent.look] * account.statement),
            log10_e=spent.log_e / LOG10,
            orders=tuple("stream" if n == STREAM else f"layer {n}" for n in spent.orders),
        )
        for spent in account.spent
    )


def _changes(one: Tested) -> tuple[Change, ...]:
    """Return the cells of the heat map: of every tensor where they were streamed."""
    whole = whole_changes(one.case)
    if whole:
        return whole
    towers = one.seen.seen(TOWERS).towers
    if not one.seen.seen(ORDERS).outcomes and towers:
        return changes_of(towers[0].change)
    moved = one.seen.seen(CHANGE)
    return changes_of(moved if isinstance(moved, CloserLook) else Skip.NOT_RELATED)


def _layer_map(one: Tested) -> tuple[LayerMatch, ...]:
    return tuple(
        LayerMatch(
            layer=o.layer,
            base_layer=o.base_layer,
            hits=o.hits,
            units=o.units,
            log10_p=o.log10_p,
            kept=round(o.kept, 4),
        )
        for o in one.seen.seen(LAYER_MAP).origins
    )


def _taught_note(one: Tested, judged: Judgement) -> Clauses:
    """Return that a base which the card calls a teacher gave no weights, and none were claimed."""
    if not one.taught or judged.verdict is not Verdict.UNRELATED:
        return ()
    return (phrase(PhraseCode.NONE_CLAIMED),)


def _held_note(explained: Explanation) -> Clauses:
    """Return why the declared base beside a match does not explain it, or why it still does."""
    held = explained.held
    if explained.not_named is not None:
        why, families = explained.not_named.value, explained.families
        return (phrase(PhraseCode.NOT_NAMED, why=why, families=families),)
    if held is None:
        return ()
    if not held.families:
        return (phrase(PhraseCode.HELD_BIT_FOR_BIT, equal=held.equal, matrices=held.matrices),)
    return (
        phrase(
            PhraseCode.HELD_CHANGE,
            share=held.share,
            families=held.families,
            bound=held.bound,
        ),
    )


def _files_note(one: Tested) -> Clauses:
    """Return how far files too large to hash are known to be equal."""
    files = one.files
    if files is None or files.state is not FileState.EQUAL_AS_READ:
        return ()
    return (
        phrase(PhraseCode.EQUAL_AS_READ, compared=files.bytes_compared, total=files.bytes_total),
    )


def _pair_order_notes(one: Tested) -> Clauses:
    """Return in which order four-bit codes were read, where values had to show it."""
    comparer = one.comparer
    if comparer is None:
        return ()
    sides = (("base", comparer.base.anatomy), ("subject", comparer.subject.anatomy))
    return tuple(
        phrase(PhraseCode.PAIR_ORDER, side=side, order=order.value, orders=len(PairOrder))
        for side, anatomy in sides
        if (order := shown_order(anatomy.checkpoint)) is not None
    )


def _renamed_note(one: Tested) -> Clauses:
    """Return that the subject was read under the base's names, where it was."""
    found = one.renamed
    if found is None:
        return ()
    return (phrase(PhraseCode.RENAMED, matched=found.matched, tensors=found.tensors),)
