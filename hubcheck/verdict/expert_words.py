"""What may be said of experts: made from an MLP, taken out, replaced, or in their place?

Only what was compared is spoken of, with its count: a mixture has more experts than a sample reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
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
from hubcheck.evidence.orders.mlps import DENSE, EXPERT, SHARED
from hubcheck.report.words import RelationKind
from hubcheck.verdict.held import was_found

_PLACE: Final = {DENSE.kind: "MLPs", EXPERT.kind: "experts", SHARED.kind: "shared experts"}
NAMED: Final = 4
"""Experts named one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertWords:
    """What the neuron tests say of experts."""

    kind: RelationKind | None
    """The relation that follows from it; None where it follows from something else."""
    words: tuple[str, ...]
    differ: bool
    """Experts were compared and not found, or could not be compared."""
    explained: bool
    """Dense MLPs on one side and experts on the other are accounted for."""
    gone: frozenset[tuple[int, int]] = frozenset()
    """Layer and number of experts of the subject that were compared and are not the base's."""


NOTHING: Final = ExpertWords(kind=None, words=(), differ=False, explained=False)


def expert_words(comparison: Comparison, base: Anatomy, subject: Anatomy) -> ExpertWords:
    """Return what may be said of the experts of a related pair."""
    matches = mlp_matches(comparison.outcomes, base, subject)
    counts = [matches.total(EXPERT.kind, subject=side) for side in (False, True)]
    if not any(counts):
        return NOTHING
    if not matches.experts:
        side = "subject" if counts[1] else "base"
        words = f"none of the {max(counts):,} experts of the {side} could be compared"
        return ExpertWords(kind=None, words=(words,), differ=True, explained=False)
    if not matches.pairs and any(
        o.test is Test.NEURONS and was_found(o, comparison) for o in comparison.outcomes
    ):
        return ExpertWords(kind=None, words=(), differ=False, explained=True)  # by signs alone
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
    words = f"{len(found)} of {_of(len(compared), total)} match"
    gone = sorted(compared - found, key=_place)
    if not sure and gone:
        words += ", the rest may be experts of the base that were not drawn"
        return ExpertWords(kind=None, words=(words,), differ=True, explained=False)
    if gone and found:
        words += f", not: {_named(gone)}"
    places = frozenset((b.layer, b.member) for b in gone)
    return ExpertWords(kind=None, words=(words,), differ=bool(gone), explained=False, gone=places)


def _made(matches: MlpMatches, comparison: Comparison, total: int) -> ExpertWords:
    """Say which experts of the subject are the base's dense MLPs."""
    compared = matches.compared(EXPERT.kind, subject=True)
    found = matches.found(EXPERT.kind, subject=True) & compared
    if not found:
        words = f"none of {_of(len(compared), total)} holds the base's MLP"
        return ExpertWords(kind=None, words=(words,), differ=True, explained=True)
    words = f"{len(found)} of {_of(len(compared), total)} in the subject hold "
    words += "the neurons of the base's MLP in their order"
    changes = [
        o.change
        for o in comparison.hitting
        if o.best.subject.kind == EXPERT.kind and o.base.kind == DENSE.kind and o.change >= 0
    ]
    if changes:
        words += f", at a relative change of {median(changes):.2g}"
    return ExpertWords(
        kind=RelationKind.UPCYCLED,
        words=(words,),
        differ=len(found) < len(compared),
        explained=True,
    )


def _taken_out(matches: MlpMatches, comparison: Comparison, total: int) -> ExpertWords:
    """Say which experts of the base are the subject's dense MLPs."""
    compared = matches.compared(EXPERT.kind, subject=False)
    hit = [o for o in comparison.outcomes if _is_expert_of_base(o)]
    if not hit:
        words = f"none of {_of(len(compared), total)} holds the subject's MLP"
        return ExpertWords(kind=None, words=(words,), differ=True, explained=True)
    if max(Counter(o.base.layer for o in hit).values()) > 1:
        words = f"{len(hit)} of {_of(len(compared), total)} in the base hold "
        words += "the neurons of the subject's MLP in their order"
        return ExpertWords(
            kind=RelationKind.UPCYCLED, words=(words,), differ=len(hit) < len(compared),
            explained=True,
        )  # fmt: skip
    layers = len({b.layer for b in matches.compared(DENSE.kind, subject=True)})
    members = sorted({o.base.member for o in hit})
    one = f"expert{'' if len(members) == 1 else 's'} {', '.join(map(str, members[:NAMED]))}"
    words = f"the MLPs of {len(hit)} of {layers} layers compared are experts of the base ({one})"
    return ExpertWords(kind=RelationKind.WIDTH_CHANGED, words=(words,), differ=True, explained=True)


def moved_experts(comparison: Comparison, base: Anatomy, subject: Anatomy) -> bool:
    """Return whether experts of the base were found at another number."""
    pairs = mlp_matches(comparison.outcomes, base, subject).pairs.items()
    return any(
        b.kind == a.kind == EXPERT.kind and b.layer == a.layer and b.member != a.member
        for b, a in pairs
    )


def family_words(outcome: FamilyOutcome, view: View) -> str:
    """Return what was held against what: 'neurons of layer 3 in the subject's expert 2'."""
    kind = view.subject.kind
    if not kind or kind == view.base.kind:
        return outcome.label
    if view.hits < FOUND:
        return f"{outcome.label} against the subject's {_PLACE[kind]}"
    number = f" {view.subject.member}" if view.subject.member >= 0 else ""
    return f"{outcome.label} in the subject's {_PLACE[kind].removesuffix('s')}{number}"


def counted_words(outcome: FamilyOutcome) -> str:
    """Return in how many MLPs of the subject an order was looked for and found; '' for one."""
    seen = {view.subject for look in outcome.looks for view in look.views if view.subject.kind}
    if len(seen) <= 1:
        return ""
    return f"found in {len(found_pairs([outcome]))} of {len(seen)} MLPs compared"


def _is_expert_of_base(outcome: FamilyOutcome) -> bool:
    return outcome.base.kind == EXPERT.kind and outcome.best.hits >= FOUND


def _of(compared: int, total: int) -> str:
    return f"{compared:,} experts compared" + (f" (of {total:,})" if compared < total else "")


def _named(blocks: Iterable[Block]) -> str:
    some = list(blocks)
    shown = "; ".join(b.words for b in some[:NAMED])
    more = len(some) - NAMED
    return shown + (f" and {more:,} more" if more > 0 else "")


def _place(block: Block) -> tuple[int, int]:
    return (block.layer, block.member)
