"""Which words and rows does a report have for the components of two models?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.verdict.component_entries import BODY, SAME_BYTES, Entry
from hubcheck.verdict.components_seen import ComponentsSeen
from hubcheck.verdict.report import PartVerdict, Relation
from hubcheck.verdict.words import RelationKind, Verdict

NAMED: Final = 6
"""Components of one list in a sentence."""
UNCHANGED: Final = frozenset({RelationKind.IDENTICAL, RelationKind.RECAST})


def relation_of_whole(
    held: Sequence[Entry], apart: Sequence[Entry], seen: ComponentsSeen
) -> Relation:
    """Return how a model changed whose components are the base's."""
    changed = [e for e in held if e.kind not in UNCHANGED]
    alone = bool(apart) or any(seen.only)
    kind = RelationKind.UNDETERMINED
    if changed:
        kind = max(changed, key=lambda e: e.shares[1]).kind or kind
    elif not alone:
        same = all(e.kind is RelationKind.IDENTICAL for e in held)
        kind = RelationKind.IDENTICAL if same else RelationKind.RECAST
    return Relation(kind=kind, detail=sentence_of(held, apart, seen))


def sentence_of(held: Sequence[Entry], entries: Sequence[Entry], seen: ComponentsSeen) -> str:
    """Return what each component is, those of one kind together."""
    changed = [e for e in held if e.kind is not RelationKind.IDENTICAL]
    same = [e for e in held if e.kind is RelationKind.IDENTICAL]
    apart = [e for e in entries if e not in held]
    other = [e for e in apart if e.judged.verdict is Verdict.UNRELATED]
    rest = [e for e in apart if e.judged.verdict is not Verdict.UNRELATED]
    said = [f"{e.name}: {_of(e)}" for e in changed[:NAMED]]
    if same:
        said.append(f"{names_of(same)}: {SAME_BYTES}")
    if other:
        said.append(f"{names_of(other)}: tested, no match")
    if rest:
        said.append(f"not compared by orders: {_listed([e.name + e.tried for e in rest])}")
    said += [f"only in the base: {_listed(seen.only[0])}"] * bool(seen.only[0])
    said += [f"only in this model: {_listed(seen.only[1])}"] * bool(seen.only[1])
    return "; ".join(said)


def _of(entry: Entry) -> str:
    """Return how one component changed, in words."""
    relation = entry.judged.relation
    if relation is None:
        return f"{entry.judged.verdict}"
    kind = "related" if relation.kind is RelationKind.UNDETERMINED else f"{relation.kind}"
    return f"{kind} ({relation.detail})" if relation.detail else kind


def names_of(entries: Sequence[Entry]) -> str:
    """Return the names of components, the first few and how many more."""
    return _listed([e.name for e in entries])


def _listed(names: Sequence[str]) -> str:
    shown = list(names[:NAMED])
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def part_row(entry: Entry) -> PartVerdict:
    """Return one component as a part of the report."""
    judged = entry.judged
    reason = judged.reason
    if judged.verdict is Verdict.NOT_TESTED and entry.tried:
        reason += entry.tried
    return PartVerdict(
        name=entry.name,
        verdict=judged.verdict,
        log10_p=entry.log10_p,
        kept=round(max(-1.0, min(1.0, judged.kept)), 4),
        relation=entry.kind,
        tower=True,
        share=round(entry.shares[1], 4),
        base_share=round(entry.shares[0], 4),
        order_tested=judged.order_tested,
        compared=judged.compared,
        reason=reason,
    )


def not_compared_words(entries: Sequence[Entry]) -> tuple[str, ...]:
    """Return what was not compared, the component in front."""
    found: list[str] = []
    for entry in entries:
        words = entry.judged.not_compared
        if entry.judged.verdict is Verdict.NOT_TESTED:
            found.append(f"{entry.name} {entry.shares[1]:.0%}")
        else:
            found += [w if entry.name == BODY else f"{entry.name}: {w}" for w in words]
    return tuple(found)
