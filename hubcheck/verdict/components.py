"""What does the evidence mean for models of several components?

Each component was judged as a model of its own, by the one judge; what is said of the whole follows
from them (DESIGN 9.3, 9.4). A component that no rule understands is compared by its bytes: equal,
it is the base's; else it was not compared, and is named.
"""

from __future__ import annotations

from collections.abc import Sequence

from hubcheck.verdict.component_entries import (
    BODY,
    Entry,
    entry_of,
    entry_of_body,
    has_bodies,
    held_of,
    least_compared,
    least_of,
    mean_of,
    most_of,
    same_bytes,
)
from hubcheck.verdict.component_words import (
    names_of,
    not_compared_words,
    part_row,
    relation_of_whole,
    sentence_of,
)
from hubcheck.verdict.components_seen import Alone, ComponentsSeen
from hubcheck.verdict.declaration import BIG_PART, ENOUGH, MOST
from hubcheck.verdict.judge import Judgement
from hubcheck.verdict.parts import ENOUGH_ORDER, PartLook, Said
from hubcheck.verdict.report import Relation
from hubcheck.verdict.whole import parameters_of
from hubcheck.verdict.words import Holds, ReasonCode, RelationKind, Verdict


def judge_components(
    body: Judgement, look: PartLook, seen: ComponentsSeen
) -> tuple[Judgement, float]:
    """Return the verdict on one base, and log10 of the bound of what carries it.

    Args:
        body: What was judged of the bodies; of a pipeline, which has none, it is left aside.
        look: The whole models, components counted in.
        seen: The components.
    """
    totals = (max(1, parameters_of(look.base)), max(1, parameters_of(look.subject)))
    entries = [entry_of(one, totals) for one in seen.looks]
    bodies = [p for p in body.parts if p.name == BODY]
    if seen.alone is Alone.NEITHER and has_bodies(look):
        entries.insert(0, entry_of_body(same_bytes() if seen.same_body else body, look, totals))
    said = say_alone(entries, seen) if seen.alone else say_whole(entries, seen)
    held = [e for e in entries if e.is_held]
    main = max(held or entries, key=lambda e: e.shares[1], default=None)
    # A single model is one of the components at most: the others are no parts of it.
    counted = held if seen.alone and held else entries
    bound = min((e.log10_p for e in held), default=0.0)
    if not seen.alone and said.verdict is not Verdict.RELATED:
        bound = min((e.log10_p for e in entries), default=0.0)
    judgement = Judgement(
        verdict=said.verdict,
        code=said.code,
        reason=said.reason,
        relation=said.relation,
        kept=main.judged.kept if main is not None and said.verdict is not Verdict.NOT_TESTED else 0,
        parts=(
            *(body.parts if bodies else ()),  # by its own evidence, whatever its files say
            *(part_row(e) for e in counted if e.name != BODY),
        ),
        order_tested=round(mean_of(counted, "order_tested"), 4),
        compared=round(mean_of(counted, "compared"), 4),
        held=round(held_of(counted), 4),
        not_compared=not_compared_words(counted),
    )
    return judgement, bound


def are_kin(seen: ComponentsSeen, totals: tuple[int, int]) -> bool:
    """Return whether most of two models lies in components that are one training's.

    Args:
        seen: The components of both.
        totals: Parameters of both models, all components counted.
    """
    held = [e for e in (entry_of(one, totals) for one in seen.looks) if e.is_whole]
    return least_of(held) >= MOST


def say_whole(entries: Sequence[Entry], seen: ComponentsSeen) -> Said:
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
        relation = Relation(kind=kind, detail=sentence_of(held, apart, seen), holds=Holds.PART)
        return Said(Verdict.RELATED, relation=relation)
    open_ = [e for e in apart if e.judged.verdict is not Verdict.UNRELATED]
    if most_of(open_) < BIG_PART and not any(seen.only):
        relation = Relation(
            kind=RelationKind.PARTS, detail=sentence_of(held, apart, seen), holds=Holds.PART
        )
        return Said(Verdict.RELATED, relation=relation)
    rest = 1.0 - least_compared(entries)
    reason = f"{sentence_of(held, apart, seen)}; {rest:.0%} of the parameters were not compared"
    return Said(Verdict.INCONCLUSIVE, ReasonCode.REST_NOT_COMPARED, reason)


def _nothing_held(entries: Sequence[Entry], seen: ComponentsSeen) -> Said:
    """Judge models of which no component is the base's, as far as was compared."""
    starts = [e for e in entries if e.judged.verdict is Verdict.RELATED]
    tested = [e for e in entries if e.judged.verdict is not Verdict.NOT_TESTED]
    refuted = [e for e in entries if e.judged.verdict is Verdict.UNRELATED]
    open_ = [e for e in entries if e not in refuted and e not in starts]
    if starts and all(e in starts or e in refuted for e in entries):
        relation = Relation(
            kind=RelationKind.COMMON_INITIALISATION,
            detail=sentence_of(starts, entries, seen),
            holds=Holds.NOTHING,
        )
        return Said(Verdict.RELATED, relation=relation)
    if not tested:
        return Said(Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER, sentence_of((), entries, seen))
    if least_of(refuted) >= ENOUGH_ORDER and most_of(open_) < BIG_PART and not starts:
        return Said(Verdict.UNRELATED)
    undecided = [e for e in open_ if e.judged.verdict is Verdict.INCONCLUSIVE and e.is_big]
    code = undecided[0].judged.code if undecided else ReasonCode.BODY_NOT_COMPARED
    if code is ReasonCode.NONE:
        code = ReasonCode.BODY_NOT_COMPARED
    return Said(Verdict.INCONCLUSIVE, code, sentence_of(starts, entries, seen))


def say_alone(entries: Sequence[Entry], seen: ComponentsSeen) -> Said:
    """Judge a single model that was held against every component of the other."""
    held = [e for e in entries if e.is_held]
    if held:
        everything = all(e.judged.compared >= ENOUGH and e.is_whole for e in held)
        rest = f"all that {seen.alone} holds"
        if not everything:
            rest = f"{1.0 - mean_of(held, 'compared'):.0%} of its parameters were not compared"
        relation = Relation(
            kind=RelationKind.PARTS,
            detail=f"{names_of(held)}: {rest}",
            holds=Holds.WHOLE if everything else Holds.PART,
        )
        return Said(Verdict.RELATED, relation=relation)
    if all(e.judged.verdict is Verdict.NOT_TESTED for e in entries):
        reason = f"no shared order with any component: {names_of(entries)}"
        return Said(Verdict.NOT_TESTED, ReasonCode.NO_SHARED_ORDER, reason)
    return Said(Verdict.INCONCLUSIVE, ReasonCode.BODY_NOT_COMPARED, sentence_of((), entries, seen))
