"""What does a report say of the components of two models, and which rows has it for them?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.report.schema import PartVerdict, Relation
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.verdict.component_entries import BODY, Components, Entry
from hubcheck.verdict.whole import not_compared

NAMED = 6
"""Components that are told one by one."""
MATCHING = frozenset({Verdict.RELATED, Verdict.DISGUISED})
UNCHANGED = frozenset({RelationKind.IDENTICAL, RelationKind.RECAST})


def relation_of_whole(held: Sequence[Entry], apart: Sequence[Entry], seen: Components) -> Relation:
    """Return how a model changed whose components are the base's."""
    changed = [e for e in held if e.kind not in UNCHANGED]
    alone = bool(apart) or any(seen.only)
    kind = RelationKind.UNDETERMINED
    if changed:
        kind = max(changed, key=lambda e: e.shares[1]).kind or kind
    elif not alone:
        same = all(e.kind is RelationKind.IDENTICAL for e in held)
        kind = RelationKind.IDENTICAL if same else RelationKind.RECAST
    return Relation(kind=kind, detail=said_of(held, apart, seen))


def said_of(held: Sequence[Entry], entries: Sequence[Entry], seen: Components) -> Clauses:
    """Return what each component is, those of one kind together."""
    apart = [e for e in entries if e not in held]
    found = [*held, *(e for e in apart if e.judged.verdict in MATCHING)]
    same = [e for e in found if e.kind is RelationKind.IDENTICAL]
    other = [e for e in apart if e.judged.verdict is Verdict.UNRELATED]
    rest = [e for e in apart if e not in found and e not in other]
    said = [_changed(e) for e in found if e not in same][:NAMED]
    for code, some in (
        (PhraseCode.COMPONENTS_SAME, same),
        (PhraseCode.COMPONENTS_DIFFER, other),
    ):
        said += [phrase(code, parts=names_of(some))] if some else []
    # What orders were tested of is open, which is more than not compared.
    open_ = [e for e in rest if e.judged.order_tested > 0 and e.judged.reason]
    said += [phrase(PhraseCode.ABOUT, name=e.name, what=e.judged.reason) for e in open_[:NAMED]]
    tried = [e for e in rest if e not in open_ and e.equal[1]]
    said += [_tried(e) for e in tried[:NAMED]]
    plain = [e for e in rest if e not in open_ and not e.equal[1]]
    if plain:
        said.append(phrase(PhraseCode.COMPONENTS_OPEN, parts=names_of(plain)))
    for side, only in zip(("base", "subject"), seen.only, strict=True):
        if only:
            said.append(phrase(PhraseCode.COMPONENTS_ONLY, side=side, parts=only))
    return tuple(said)


def _changed(entry: Entry) -> Phrase:
    """Return how one component changed; of a disguise, what was undone."""
    relation, verdict = entry.judged.relation, entry.judged.verdict
    if verdict is Verdict.DISGUISED:
        kind, detail = verdict.value, entry.judged.disguise
    else:
        kind = "" if relation is None else relation.kind.value
        detail = () if relation is None else relation.detail
    return phrase(PhraseCode.COMPONENT_RELATED, name=entry.name, kind=kind, what=detail)


def _tried(entry: Entry) -> Phrase:
    """Return what the bytes said of a component that no order settled."""
    equal, compared = entry.equal
    return phrase(PhraseCode.COMPONENT_TENSORS, name=entry.name, equal=equal, compared=compared)


def names_of(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return the names of components."""
    return tuple(e.name for e in entries)


def part_row(entry: Entry) -> PartVerdict:
    """Return one component as a part of the report."""
    judged = entry.judged
    reason = judged.reason
    if judged.verdict is Verdict.NOT_TESTED and entry.equal[1]:
        reason = (*reason, _tried(entry))
    return PartVerdict(
        name=entry.name,
        verdict=judged.verdict,
        log10_p=judged.log10_p,
        kept=round(max(-1.0, min(1.0, judged.kept)), 4),
        relation=entry.kind,
        tower=True,
        share=round(entry.shares[1], 4),
        base_share=round(entry.shares[0], 4),
        order_tested=judged.order_tested,
        compared=judged.compared,
        reason=reason,
    )


def not_compared_of(entries: Sequence[Entry]) -> Clauses:
    """Return what was not compared, with its component."""
    found: list[Phrase] = []
    for entry in entries:
        if entry.is_untested:
            found.append(not_compared(entry.name, entry.shares[1]))
        elif entry.name == BODY:
            found += entry.judged.not_compared
        else:
            found += [
                replace(one, params={**one.params, "part": entry.name})
                for one in entry.judged.not_compared
            ]
    return tuple(found)
