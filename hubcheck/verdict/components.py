"""What does the evidence mean for models of several components?

Each component was judged as a model of its own, by the one judge; what is said of the whole follows
from them (DESIGN 9.3, 9.4). A component that no rule understands is compared by its bytes: equal,
it is the base's; else it was not compared, and is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hubcheck.report.phrases import PhraseCode, because, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.thresholds import BIG_PART, ENOUGH, MOST
from hubcheck.report.words import Holds, ReasonCode, RelationKind, Verdict
from hubcheck.verdict.component_entries import (
    BODY,
    Alone,
    Components,
    Entry,
    entry_of,
    entry_of_body,
    held_of,
    least_compared,
    least_of,
    mean_of,
    most_of,
    same_bytes,
)
from hubcheck.verdict.component_words import (
    names_of,
    not_compared_of,
    part_row,
    relation_of_whole,
    said_of,
)
from hubcheck.verdict.judge import Case, Judgement
from hubcheck.verdict.parts import ENOUGH_ORDER, Said
from hubcheck.verdict.whole import parameters_of


def judge_components(body: Judgement, case: Case, seen: Components) -> Judgement:
    """Return the verdict on one base of several components.

    Args:
        body: What was judged of the bodies; of a pipeline, which has none, it is left aside.
        case: The whole models, components counted in.
        seen: The components. Each paid for all of them, so that the bound of the one that carries
            the verdict is the bound of everything that was tried.
    """
    totals = (max(1, parameters_of(case.base)), max(1, parameters_of(case.subject)))
    entries = [entry_of(one, totals) for one in seen.seen]
    if seen.alone is Alone.NEITHER and seen.bodies:
        entries.insert(0, entry_of_body(same_bytes() if seen.same_body else body, case, totals))
    said = say_alone(entries, seen) if seen.alone else say_whole(entries, seen)
    carrying = _carrying(said, entries, seen)
    main = max(carrying or entries, key=lambda e: e.shares[1], default=None)
    # A single model is one of the components at most: the others are no parts of it.
    counted = carrying if seen.alone and carrying else entries
    known = main is not None and said.verdict is not Verdict.NOT_TESTED
    return replace(
        body,
        verdict=said.verdict,
        code=said.code,
        reason=said.reason,
        relation=said.relation,
        kept=main.judged.kept if main is not None and known else 0.0,
        kept_interval=main.judged.kept_interval if main is not None and known else None,
        parts=(
            *(body.parts if seen.bodies else ()),  # by its own evidence, whatever its files say
            *(part_row(e) for e in counted if e.name != BODY),
        ),
        order_tested=round(mean_of(counted, "order_tested"), 4),
        compared=round(mean_of(counted, "compared"), 4),
        held=round(held_of(counted), 4),
        not_compared=not_compared_of(counted),
        log10_p=min((e.judged.log10_p for e in carrying), default=0.0),
        log10_p_without_strongest=min(
            (e.judged.log10_p_without_strongest for e in carrying), default=0.0
        ),
        other_layers=max((e.judged.other_layers for e in counted), default=0.0),
        disguise=tuple(
            phrase(PhraseCode.ABOUT, name=e.name, what=e.judged.disguise)
            for e in carrying
            if e.judged.disguise
        ),
        shares=(),
    )


def _carrying(said: Said, entries: Sequence[Entry], seen: Components) -> Sequence[Entry]:
    """Return the components on whose evidence the verdict rests.

    A disguise is told by the table alone: the exact bound of a component beside it is none for it.
    """
    if said.verdict is Verdict.DISGUISED:
        return [e for e in entries if e.is_hidden]
    if said.verdict is Verdict.RELATED or seen.alone:
        starts = [e for e in entries if e.judged.verdict is Verdict.RELATED]
        return [e for e in entries if e.is_held] or starts
    return entries


def are_kin(seen: Components, totals: tuple[int, int]) -> bool:
    """Return whether most of two models lies in components that are one training's.

    Args:
        seen: The components of both.
        totals: Parameters of both models, all components counted.
    """
    held = [e for e in (entry_of(one, totals) for one in seen.seen) if e.is_whole]
    return least_of(held) >= MOST


def say_whole(entries: Sequence[Entry], seen: Components) -> Said:
    """Let the components that both models have say what the whole is."""
    held = [e for e in entries if e.is_held]
    apart = [e for e in entries if not e.is_held]
    if not held:
        return _nothing_held(apart, seen)
    big = [e for e in apart if e.is_big]
    if least_of(held) >= MOST:
        if not big and all(e.is_whole for e in held if e.is_big):
            return Said(Verdict.RELATED, relation=relation_of_whole(held, apart, seen))
        other = [e for e in big if e.judged.verdict is Verdict.UNRELATED]
        kind = RelationKind.PARTS if other or not big else RelationKind.UNDETERMINED
        relation = Relation(kind=kind, detail=said_of(held, apart, seen), holds=Holds.PART)
        return Said(Verdict.RELATED, relation=relation)
    hidden = [e for e in apart if e.is_hidden]
    if least_of([*held, *hidden]) >= MOST:
        return _hidden([*held, *hidden], apart, seen)
    open_ = [e for e in apart if e.judged.verdict is not Verdict.UNRELATED]
    if most_of(open_) < BIG_PART and not any(seen.only):
        relation = Relation(
            kind=RelationKind.PARTS, detail=said_of(held, apart, seen), holds=Holds.PART
        )
        return Said(Verdict.RELATED, relation=relation)
    rest = 1.0 - least_compared(entries)
    reason = (*said_of(held, apart, seen), phrase(PhraseCode.SHARE_NOT_COMPARED, share=rest))
    return Said(Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED, reason)


def _hidden(found: Sequence[Entry], entries: Sequence[Entry], seen: Components) -> Said:
    """Judge models of which most matches, some of it only once a rearrangement is undone."""
    big = [e for e in entries if e.is_big and e not in found]
    relation = Relation(
        kind=RelationKind.UNDETERMINED if big else RelationKind.REARRANGED,
        detail=said_of(found, entries, seen),
        holds=Holds.PART if big else Holds.BODY,
    )
    return Said(Verdict.DISGUISED, relation=relation)


def _nothing_held(entries: Sequence[Entry], seen: Components) -> Said:
    """Judge models of which no component is the base's, as far as was compared."""
    starts = [e for e in entries if e.judged.verdict is Verdict.RELATED]
    tested = [e for e in entries if not e.is_untested]
    refuted = [e for e in entries if e.judged.verdict is Verdict.UNRELATED]
    hidden = [e for e in entries if e.is_hidden]
    if least_of(hidden) >= MOST:
        return _hidden(hidden, entries, seen)
    open_ = [e for e in entries if e not in refuted and e not in starts]
    if starts and all(e in starts or e in refuted for e in entries):
        relation = Relation(
            kind=RelationKind.COMMON_INITIALISATION,
            detail=said_of(starts, entries, seen),
            holds=Holds.NOTHING,
        )
        return Said(Verdict.RELATED, relation=relation)
    if not tested and all(e.judged.verdict is Verdict.NOT_TESTED for e in entries):
        return Said(Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER, said_of((), entries, seen))
    if least_of(refuted) >= ENOUGH_ORDER and most_of(open_) < BIG_PART and not starts:
        return Said(Verdict.UNRELATED)
    undecided = [e for e in open_ if e.judged.verdict is Verdict.INCONCLUSIVE and e.is_big]
    code = undecided[0].judged.code if undecided else ReasonCode.BODY_NOT_COMPARED
    if any(e.is_big for e in hidden):
        code = ReasonCode.PART_OPEN
    if code is ReasonCode.NONE:
        code = ReasonCode.BODY_NOT_COMPARED
    return Said(Verdict.INCONCLUSIVE, code, said_of(starts, entries, seen))


def say_alone(entries: Sequence[Entry], seen: Components) -> Said:
    """Judge a single model that was held against every component of the other."""
    held = [e for e in entries if e.is_held]
    if held:
        everything = all(e.judged.compared >= ENOUGH and e.is_whole for e in held)
        if everything:
            detail = phrase(PhraseCode.PARTS_ALL, parts=names_of(held), owner=seen.alone.value)
        else:
            missing = 1.0 - mean_of(held, "compared")
            detail = phrase(PhraseCode.PARTS_REST, parts=names_of(held), missing=missing)
        relation = Relation(
            kind=RelationKind.PARTS,
            detail=(detail,),
            holds=Holds.WHOLE if everything else Holds.PART,
        )
        return Said(Verdict.RELATED, relation=relation)
    hidden = [e for e in entries if e.is_hidden]
    if hidden:
        undone = said_of(hidden, hidden, replace(seen, only=((), ())))
        relation = Relation(kind=RelationKind.REARRANGED, detail=undone, holds=Holds.PART)
        return Said(Verdict.DISGUISED, relation=relation)
    if all(e.is_untested for e in entries):
        code = ReasonCode.NO_SHARED_ORDER
        said = (*because(code, self_test=""), *said_of((), entries, seen))
        return Said(Verdict.NOT_TESTED, code, said)
    return Said(Verdict.INCONCLUSIVE, ReasonCode.BODY_NOT_COMPARED, said_of((), entries, seen))
