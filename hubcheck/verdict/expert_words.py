"""What may be said of experts: made from an MLP, taken out, replaced, or in their place?

Only what was compared is spoken of, with its count: a mixture has more experts than a sample reads.
"""

from __future__ import annotations

from collections import Counter
from statistics import median
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.family import Block, FamilyOutcome, Test, View
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.orders.mlp_matches import (
    FOUND,
    MlpMatches,
    found_pairs,
    mlp_matches,
    sure_layers,
)
from hubcheck.evidence.orders.mlps import DENSE, EXPERT
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.report.words import RelationKind
from hubcheck.verdict.held import was_found

NAMED: Final = 4
"""Experts named one by one."""


@frozen
class ExpertWords:
    """What the neuron tests say of experts."""

    kind: RelationKind | None
    """The relation that follows from it; None where it follows from something else."""
    said: Clauses
    differ: bool
    """Experts were compared and not found, or could not be compared."""
    explained: bool
    """Dense MLPs on one side and experts on the other are accounted for."""
    gone: frozenset[tuple[int, int]] = frozenset()
    """Layer and number of experts of the subject that were compared and are not the base's."""


NOTHING: Final = ExpertWords(kind=None, said=(), differ=False, explained=False)


def expert_words(comparison: Comparison, base: Anatomy, subject: Anatomy) -> ExpertWords:
    """Return what may be said of the experts of a related pair."""
    matches = mlp_matches(comparison.outcomes, base, subject)
    counts = [matches.total(EXPERT.kind, subject=side) for side in (False, True)]
    if not any(counts):
        return NOTHING
    if not matches.experts:
        side = "subject" if counts[1] else "base"
        none = phrase(PhraseCode.EXPERTS_NOT_COMPARABLE, experts=max(counts), side=side)
        return ExpertWords(kind=None, said=(none,), differ=True, explained=False)
    if not matches.pairs and any(
        o.test is Test.NEURONS and was_found(o, comparison) for o in comparison.outcomes
    ):
        return ExpertWords(kind=None, said=(), differ=False, explained=True)  # by signs alone
    if all(counts):
        sure = sure_layers(comparison.outcomes, subject)
        return _both(matches, counts[1], sure=len(sure) == len({b.layer for b in matches.base}))
    if counts[1]:
        return _made(matches, comparison, counts[1])
    return _taken_out(matches, comparison, counts[0])


def _both(matches: MlpMatches, total: int, *, sure: bool) -> ExpertWords:
    """Say which experts of one mixture are those of another.

    Args:
        matches: What was compared and found.
        total: Experts of the subject.
        sure: Whether an expert that was not found is not there.
    """
    compared = matches.compared(EXPERT.kind, subject=True)
    found = matches.found(EXPERT.kind, subject=True) & compared
    gone = sorted(compared - found, key=_place)
    drawn = not sure and bool(gone)
    named = [] if drawn or not found else gone
    said = phrase(
        PhraseCode.EXPERTS_MATCH,
        found=len(found),
        compared=len(compared),
        total=total,
        drawn=drawn,
        gone=tuple(b.said for b in named[:NAMED]),
        more=max(0, len(named) - NAMED),
    )
    if drawn:
        return ExpertWords(kind=None, said=(said,), differ=True, explained=False)
    places = frozenset((b.layer, b.member) for b in gone)
    return ExpertWords(kind=None, said=(said,), differ=bool(gone), explained=False, gone=places)


def _made(matches: MlpMatches, comparison: Comparison, total: int) -> ExpertWords:
    """Say which experts of the subject are the base's dense MLPs."""
    compared = matches.compared(EXPERT.kind, subject=True)
    found = matches.found(EXPERT.kind, subject=True) & compared
    if not found:
        none = _none_holds("base", len(compared), total)
        return ExpertWords(kind=None, said=(none,), differ=True, explained=True)
    changes = [
        o.change
        for o in comparison.hitting
        if o.best.subject.kind == EXPERT.kind and o.base.kind == DENSE.kind and o.change >= 0
    ]
    change = {"change": float(median(changes))} if changes else {}
    hold = _hold("subject", len(found), len(compared), total, **change)
    return ExpertWords(
        kind=RelationKind.UPCYCLED,
        said=(hold,),
        differ=len(found) < len(compared),
        explained=True,
    )


def _taken_out(matches: MlpMatches, comparison: Comparison, total: int) -> ExpertWords:
    """Say which experts of the base are the subject's dense MLPs."""
    compared = matches.compared(EXPERT.kind, subject=False)
    hit = [o for o in comparison.outcomes if _is_expert_of_base(o)]
    if not hit:
        none = _none_holds("subject", len(compared), total)
        return ExpertWords(kind=None, said=(none,), differ=True, explained=True)
    if max(Counter(o.base.layer for o in hit).values()) > 1:
        hold = _hold("base", len(hit), len(compared), total)
        return ExpertWords(
            kind=RelationKind.UPCYCLED, said=(hold,), differ=len(hit) < len(compared),
            explained=True,
        )  # fmt: skip
    made = phrase(
        PhraseCode.MLPS_ARE_EXPERTS,
        found=len(hit),
        layers=len({b.layer for b in matches.compared(DENSE.kind, subject=True)}),
        experts=tuple(sorted({o.base.member for o in hit})),
    )
    return ExpertWords(kind=RelationKind.WIDTH_CHANGED, said=(made,), differ=True, explained=True)


def _none_holds(side: str, compared: int, total: int) -> Phrase:
    return phrase(PhraseCode.NO_EXPERT_HOLDS, compared=compared, total=total, side=side)


def _hold(side: str, found: int, compared: int, total: int, **change: float) -> Phrase:
    counts = {"found": found, "compared": compared, "total": total}
    return Phrase(PhraseCode.EXPERTS_HOLD_MLP, {"side": side, **counts, **change})


def moved_experts(comparison: Comparison, base: Anatomy, subject: Anatomy) -> bool:
    """Return whether experts of the base were found at another number."""
    pairs = mlp_matches(comparison.outcomes, base, subject).pairs.items()
    return any(
        b.kind == a.kind == EXPERT.kind and b.layer == a.layer and b.member != a.member
        for b, a in pairs
    )


def family_of(outcome: FamilyOutcome, view: View) -> Phrase:
    """Return what was held against what: 'neurons of layer 3 in the subject's expert 2'."""
    kind = view.subject.kind
    if not kind or kind == view.base.kind:
        return phrase(PhraseCode.FAMILY, label=(outcome.label,))
    return phrase(
        PhraseCode.FAMILY,
        label=(outcome.label,),
        place=kind,
        member=view.subject.member,
        found=view.hits >= FOUND,
    )


def mlps_counted(outcome: FamilyOutcome) -> Clauses:
    """Return in how many MLPs of the subject an order was looked for and found; none for one."""
    seen = {view.subject for look in outcome.looks for view in look.views if view.subject.kind}
    if len(seen) <= 1:
        return ()
    found = len(found_pairs([outcome]))
    return (phrase(PhraseCode.NOTE_MLPS, found=found, compared=len(seen)),)


def _is_expert_of_base(outcome: FamilyOutcome) -> bool:
    return outcome.base.kind == EXPERT.kind and outcome.best.hits >= FOUND


def _place(block: Block) -> tuple[int, int]:
    return (block.layer, block.member)
