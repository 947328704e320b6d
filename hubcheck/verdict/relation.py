"""How are two related models related, as far as the evidence tells?

Top-down, first that fits (DESIGN 3.6). What the tests saw gives rearrangement, depth, width and
vocabulary; the kind of change inside comes from a closer look (``evidence.looks.change``), where
one was taken. Every relation carries its figures in words; what they do not justify is not said.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.checkpoint.rounding import main_storage, rounding_of
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import Test
from hubcheck.evidence.looks.change.direction import UNDETERMINED, Direction, direction_from
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.merge.look import MergeSeen
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.refused import Refused
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, Value, phrase
from hubcheck.report.schema import Change, MergeShare, Relation
from hubcheck.report.words import RelationKind, Verdict
from hubcheck.verdict.change_kind import body_of
from hubcheck.verdict.expert_words import ExpertWords, expert_words, moved_experts
from hubcheck.verdict.held import (
    MLP,
    converted,
    held_of,
    is_part,
    one_sided,
    said_of_kinds,
    was_found,
)
from hubcheck.verdict.refusals import why_not
from hubcheck.verdict.shape_words import layers_changed, vocabulary_changed, widths_changed

ROUNDING: Final = {"BF16": 2.0**-8, "F16": 2.0**-11, "F8_E4M3": 2.0**-4, "F8_E5M2": 2.0**-3}
"""Largest relative rounding error of a storage dtype (half a unit in the last place, doubled
because either side may have been rounded)."""

SAME_DIRECTION: Final = 0.9999
"""Units that kept this much point the same way to within storage rounding ..."""
RESCALED: Final = 0.02
"""... so a relative change beyond this is a change of their lengths: rescaled, not retrained."""
LEAST_PACKED: Final = 0.25
"""Of the most that a packed storage moves a row, what it moves a sample at least: measured 0.27 (8
bits) to 0.66 (fp8) in ``benchmarks/kinds``."""
RELABELLED: Final = 0.5
"""Share of the expected twins from which units count as relabelled."""
NO_PART_OF_A_MERGE: Final = frozenset(
    {
        RelationKind.PARTS,
        RelationKind.COMMON_INITIALISATION,
        RelationKind.REARRANGED,
        RelationKind.RECAST,
        RelationKind.WIDTH_CHANGED,
        RelationKind.UPCYCLED,
    }
)
_REST_EQUAL: Final = phrase(PhraseCode.REST_EQUAL)
STORED_ANEW: Final = frozenset({RelationKind.RECAST, RelationKind.QUANTISED})


def relation_of(
    comparison: Comparison,
    base: Anatomy,
    subject: Anatomy,
    closer: CloserLook | Refused | Skip = Skip.NOT_RELATED,
) -> Relation:
    """Return the relation of two models whose bodies match, and the figures behind it.

    Args:
        comparison: What the tests saw.
        base: The base.
        subject: The subject.
        closer: What a closer look measured, or why there is none.
    """
    look = closer if isinstance(closer, CloserLook) and closer.moved else None
    hitting = comparison.hitting
    changes = [o.change for o in hitting if o.change >= 0]
    held = held_of(comparison, base, subject)
    experts = expert_words(comparison, base, subject)
    missing = said_of_kinds(held, but=MLP if experts.said else "")
    alone = () if experts.explained else one_sided(base, subject)
    incomplete = bool(missing or alone) or experts.differ or experts.kind is not None
    moved = _rearranged(comparison, base, subject)
    layers = layers_changed(hitting, base, subject)
    width = widths_changed(base, subject)
    vocabulary = vocabulary_changed(comparison, base, subject)
    body = body_of(look) if look is not None and not moved else None
    if body is not None and body.kind is RelationKind.FINE_TUNE and changes:
        # Training smaller than what packing rounds away cannot be told from packing; a change that
        # is smaller than packing itself makes is no packing.
        there, here = (main_storage(side.checkpoint) for side in (base, subject))
        if here and not there and median(changes) >= LEAST_PACKED * rounding_of(here):
            body = _packed(changes, there, here) or body
    stored = body if body is not None and body.kind in STORED_ANEW else None
    if look is None or body is None:
        stored = _recast(changes, base, subject)
    if stored is not None and not (moved or layers or incomplete) and _heads_moved(comparison):
        moved = (phrase(PhraseCode.HEADS_TURNED),)
        body = None
    if stored is not None and not (moved or layers or width or vocabulary or incomplete):
        return stored
    if is_part(held):
        said = (*missing, *experts.said, *moved, *layers, *vocabulary, *_figures(changes))
        return Relation(kind=RelationKind.PARTS, detail=said)
    if stored is not None and (incomplete or layers or width or vocabulary):
        equal = all(m.relative == 0 for m in look.moved) if look is not None else not any(changes)
        body = _of_what_both_hold(stored, experts, equal=equal)
    elif look is not None and _only_these(look, experts):
        body = Relation(kind=RelationKind.SPARSE_UPDATE, detail=(_REST_EQUAL,))
    figures = body.detail if body is not None else _figures(changes)
    if isinstance(closer, Refused):
        figures = (*figures, phrase(PhraseCode.NOT_LOOKED_CLOSER, why=why_not(closer)))
    rest = (*missing, *layers, *width, *vocabulary, *alone, *figures)
    detail = (*moved, *experts.said, *rest)
    for kind, reasons in (
        (experts.kind, experts.said if experts.kind else ()),
        (RelationKind.LAYERS_CHANGED, layers),
        (RelationKind.WIDTH_CHANGED, width),
        (RelationKind.REARRANGED, moved),
        (RelationKind.VOCABULARY_CHANGED, vocabulary),
        (RelationKind.UNDETERMINED, missing or converted(alone)),
    ):
        if kind is not None and reasons:
            return Relation(kind=kind, detail=detail)
    kind = body.kind if body is not None else RelationKind.FINE_TUNE
    if kind is RelationKind.FINE_TUNE and _is_gone(comparison):
        kind = RelationKind.UNDETERMINED
    return Relation(kind=kind, detail=detail)


def _is_gone(comparison: Comparison) -> bool:
    """Return whether an order that a copy would show is not there, in place or elsewhere.

    Training leaves what a test sees (kept 0.2). Where one order of a layer is at chance and others
    hit, the layer may be another's or was rearranged: too few orders to say which.
    """
    return any(
        o.log_e < NOTABLE and 2 * o.best.hits < o.best.units and o.displaced < RELABELLED
        for o in comparison.seeing
    )


def _of_what_both_hold(stored: Relation, experts: ExpertWords, *, equal: bool) -> Relation:
    """Return what equal values mean while the models differ elsewhere: never 'the same values'."""
    if stored.kind is RelationKind.QUANTISED:
        return stored
    kind = RelationKind.SPARSE_UPDATE if experts.gone else RelationKind.UNDETERMINED
    return Relation(kind=kind, detail=(_REST_EQUAL,) if equal else stored.detail)


def _only_these(look: CloserLook, experts: ExpertWords) -> bool:
    """Return whether nothing moved but experts that are not the base's."""
    moved = [m.place for m in look.moved if m.touched]
    return bool(moved) and all((p.layer, p.expert) in experts.gone for p in moved)


def direction_of(
    comparison: Comparison,
    base: Anatomy,
    subject: Anatomy,
    closer: CloserLook | Refused | Skip = Skip.NOT_RELATED,
) -> Direction:
    """Return which model is the later one, where information is on one side only.

    Args:
        comparison: What the tests saw.
        base: The base.
        subject: The subject.
        closer: What a closer look measured, if one was taken.
    """
    look = closer if isinstance(closer, CloserLook) and closer.moved else None
    if look is not None and not _rearranged(comparison, base, subject):
        found = direction_from(look)
        if found is not UNDETERMINED:
            return found
    return UNDETERMINED


def changes_of(closer: CloserLook | Refused | Skip) -> tuple[Change, ...]:
    """Return what was measured of each matrix, as cells of the heat map."""
    if not isinstance(closer, CloserLook):
        return ()
    return tuple(
        Change(
            layer=m.place.layer,
            base_layer=m.place.base_layer,
            role=m.place.role,
            relative=m.relative,
            equal=m.equal,
            cosine=m.cosine,
            rank=m.rank.rank if m.rank is not None and m.rank.is_low else -1,
            values=m.values,
            whole=m.whole,
        )
        for m in closer.moved
    )


def may_be_merged(verdict: Verdict, relation: Relation | None) -> bool:
    """Return whether a base may be a part of a merge: its weights as a whole are in the subject."""
    kind = relation.kind if relation is not None else RelationKind.UNDETERMINED
    return verdict is Verdict.RELATED and kind not in NO_PART_OF_A_MERGE


@frozen
class InMerge:
    """What a fit of several bases says of one of them."""

    shares: tuple[MergeShare, ...] = ()
    relation: Relation | None = None
    """Where it is a member of the merge."""
    direction: Direction = UNDETERMINED


NO_MERGE: Final = InMerge()


def in_merge(seen: MergeSeen | Skip) -> InMerge:
    """Return what a fit of several bases says of one of them."""
    if isinstance(seen, Skip) or seen.member not in seen.merge.shares:
        return NO_MERGE
    merge, name = seen.merge, seen.member
    shares = tuple(
        MergeShare(layer=s.layer, share=s.share, low=s.low, high=s.high) for s in merge.shares[name]
    )
    if name not in merge.members:
        return InMerge(shares=shares) if merge.is_merge else NO_MERGE
    whole = shares[0]
    params: dict[str, Value] = {
        "others": tuple(m for m in merge.members if m != name),
        "rule": merge.kind.value,
    }
    if merge.drops is None:  # where values were dropped, no share is the rule's
        params |= {"share": whole.share, "low": whole.low, "high": whole.high}
    said = [Phrase(PhraseCode.MERGED_WITH, params)]
    if merge.drops is not None and merge.ancestor:
        dropped = float(merge.drops.dropped)
        said.append(phrase(PhraseCode.STILL_ANCESTOR, share=dropped, ancestor=merge.ancestor))
    said.append(phrase(PhraseCode.SUM_NEARER, gain=float(merge.gain), best=merge.best))
    last = UNDETERMINED
    if merge.computed:
        last = Direction(value="base-to-subject", reason=(phrase(PhraseCode.SUM_COMPUTED),))
    return InMerge(
        shares=shares,
        relation=Relation(kind=RelationKind.MERGE, detail=tuple(said)),
        direction=last,
    )


def _recast(changes: list[float], base: Anatomy, subject: Anatomy) -> Relation | None:
    """Return whether nothing but storage changed, from what the tests alone saw."""
    if not changes:
        return None
    if max(changes) == 0:
        return Relation(kind=RelationKind.RECAST, detail=(phrase(PhraseCode.SAME_VALUES),))
    stored = [main_storage(side.checkpoint) for side in (base, subject)]
    if any(stored):
        return _packed(changes, *stored)
    there, here = main_dtype(base), main_dtype(subject)
    if there != here and max(changes) <= max(ROUNDING.get(there, 0), ROUNDING.get(here, 0)) / 2:
        cast = phrase(PhraseCode.CAST_ROUNDED, base=there, subject=here)
        return Relation(kind=RelationKind.RECAST, detail=(cast,))
    return None


def _packed(changes: list[float], there: str, here: str) -> Relation | None:
    """Return the relation of models of which one is packed and nothing else was seen to change."""
    if max(changes) > rounding_of(there) + rounding_of(here):
        return None
    packed = phrase(PhraseCode.PACKED, base=there, subject=here)
    rounding = phrase(PhraseCode.PACKED_ROUNDING, change=float(median(changes)))
    return Relation(kind=RelationKind.QUANTISED, detail=(packed, rounding))


def _heads_moved(comparison: Comparison) -> bool:
    """Return whether a V/O order is gone; where all else is equal, training did not do that.

    Only in a layer of which another order is there: one that holds none is another's (a graft).
    """
    there = {o.base.layer for o in comparison.hitting if o.test is not Test.VO}
    return any(
        o.test is Test.VO
        and o.base.layer in there
        and o.log_e < NOTABLE
        and 2 * o.best.hits < o.best.units
        for o in comparison.outcomes
    )


def main_dtype(anatomy: Anatomy) -> str:
    """Return the dtype that holds most values of a model."""
    counts: dict[str, int] = {}
    for tensor in anatomy.checkpoint.tensors.values():
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.n_values
    return max(sorted(counts), key=lambda d: counts[d], default="")


def _rearranged(comparison: Comparison, base: Anatomy, subject: Anatomy) -> Clauses:
    """Return what was relabelled, turned or rescaled, where that was found."""
    found: list[PhraseCode] = []
    hitting = comparison.hitting
    same_width = base.geometry.hidden == subject.geometry.hidden
    if same_width and hitting and all(o.best.name.startswith("token") for o in hitting):
        found.append(PhraseCode.CHANNELS_TURNED)
    neurons = [o for o in comparison.outcomes if o.test is Test.NEURONS]
    in_order = [o for o in neurons if o.log_e >= NOTABLE or 2 * o.best.hits >= o.best.units]
    displaced = median([o.displaced for o in neurons]) if neurons else -1.0
    if not in_order and (any(was_found(o, comparison) for o in neurons) or displaced >= RELABELLED):
        found.append(PhraseCode.NEURONS_RELABELLED)
    if moved_experts(comparison, base, subject):
        found.append(PhraseCode.EXPERTS_RELABELLED)
    scaled = [o for o in hitting if o.kept > SAME_DIRECTION and o.change > RESCALED]
    if 3 * len(scaled) >= max(1, len(hitting)):
        found.append(PhraseCode.UNITS_RESCALED)
    values = [o for o in hitting if o.test is Test.VO]
    if any(o.best.subject.member != o.base.member for o in values):
        found.append(PhraseCode.HEADS_RELABELLED)
    return tuple(map(phrase, found))


def _figures(changes: list[float]) -> Clauses:
    """Return the relative change of what was sampled."""
    if not changes:
        return ()
    change = float(median(changes))
    return (phrase(PhraseCode.SAMPLED_CHANGE, change=change, families=len(changes)),)
