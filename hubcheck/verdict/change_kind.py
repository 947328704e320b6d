"""What kind of change do the figures of a closer look justify?

Recast, quantised, pruned, of low rank, light or sparse, and else a fine-tune with its relative
change per part: a continuum, of which no class is invented.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.checkpoint.rounding import BY_BITS
from hubcheck.evidence.looks.change.direction import NEAREST, PRUNED, PRUNED_EQUAL
from hubcheck.evidence.looks.change.grid import Rounding
from hubcheck.evidence.looks.change.low_rank import EMPTY
from hubcheck.evidence.looks.change.matrix import Moved
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.change.stored import ON_GRID, SIGNIFICANT_BITS
from hubcheck.evidence.looks.change.values import (
    ATTENTION,
    BY_TOKEN,
    CROSS,
    DENSE,
    EXPERT,
    LATENT,
    MATRICES,
    NORMS,
)
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.report.schema import Relation
from hubcheck.report.words import RelationKind

LOW_RANK_SHARE: Final = 0.8
"""Of the matrices whose rank could be measured: one that is full among many may be a stray."""
LEAST_ROOM: Final = 8
"""Rank that a sample must be able to show before it counts for or against an adapter."""
MOSTLY_EQUAL: Final = 0.5
"""Share of values with equal bits from which an update is called sparse: most were not moved by
as much as the storage can show."""
LIGHT: Final = 0.05
"""... and the rest by less than this, relative to the whole: otherwise rows were replaced."""
FEW_ROWS: Final = 0.5
PARTS: Final = (
    ("attention", (*ATTENTION, *LATENT, *CROSS)),
    ("MLP", DENSE),
    ("experts", EXPERT),
    ("embeddings", BY_TOKEN),
    ("norms", (*NORMS, Role.NORM_FINAL)),
)


def body_of(look: CloserLook) -> Relation:
    """Return the first kind of change that fits, with its figures."""
    for rule in RULES:
        found = rule(look)
        if found is not None:
            return found
    return Relation(kind=RelationKind.FINE_TUNE, detail=_fine_tune(look))


def change_of_parts(look: CloserLook) -> Clauses:
    """Return the relative change of each part: attention 0.06, norms 0.004; nothing without any."""
    sizes = {
        name: [m.relative for m in look.moved if m.place.role in roles] for name, roles in PARTS
    }
    found = {name: float(median(some)) for name, some in sizes.items() if some}
    return (Phrase(PhraseCode.RELATIVE_CHANGE, found),) if found else ()


def _recast(look: CloserLook) -> Relation | None:
    formats = look.formats
    matrices = [m for m in look.moved if m.place.role in MATRICES and m.fill > 0]
    # Values on few levels fill the cells of a float unevenly, and hold no step of training that is
    # smaller than the distance of two levels: equal once rounded, they are the same.
    packed = not {formats.base_stored, formats.subject_stored} <= SIGNIFICANT_BITS.keys()
    # A few values lie anywhere in their cells: where others tell, they are asked for no more than
    # to be equal once rounded.
    told = any(m.tells_rounding for m in matrices)
    few = [m for m in matrices if told and not m.tells_rounding]
    same = all(m.rounded or ((packed or m in few) and not m.touched) for m in matrices)
    if max(look.recast) < ON_GRID or not same:
        return None
    if all(m.relative == 0 for m in look.moved):
        return Relation(kind=RelationKind.RECAST, detail=(phrase(PhraseCode.SAME_VALUES),))
    code, dtypes = PhraseCode.ROUNDED_IN_BASE, (formats.base, formats.subject)
    if any(m.cast for m in matrices):
        code, dtypes = PhraseCode.CAST_BOTH_WAYS, (formats.base_stored, formats.subject_stored)
    elif look.recast[0] >= ON_GRID:
        code = PhraseCode.CAST
    values = sum(m.values for m in look.moved)
    rounded = phrase(PhraseCode.ROUNDED_SHARE, values=values, share=float(max(look.recast)))
    detail = (phrase(code, base=dtypes[0], subject=dtypes[1]), rounded)
    return Relation(kind=RelationKind.RECAST, detail=detail)


def _quantised(look: CloserLook) -> Relation | None:
    """Return that one side is the other rounded to the nearest of few levels."""
    return _on_levels(look, NEAREST)


def _nearly_quantised(look: CloserLook) -> Relation | None:
    """Return that one side lies on few levels, no farther from the other than rounding goes."""
    return _on_levels(look, 0.0)


def _on_levels(look: CloserLook, least: float) -> Relation | None:
    for side, seen in (("subject", look.subject_rounded), ("base", look.base_rounded)):
        if not seen:
            continue
        bits = seen[0].grid.bits
        relative = median([r.relative for r in seen])
        nearest = median([r.nearest for r in seen])
        filled = 2 * sum(r.fills for r in seen) > len(seen)
        far = nearest < NEAREST and relative > BY_BITS.get(bits, 0.0)
        if nearest < least or far or not filled:
            continue
        lies = _lies_on(side, seen[0], relative=float(relative))
        return Relation(kind=RelationKind.QUANTISED, detail=(lies, _nearest(seen)))
    return None


def _lies_on(side: str, seen: Rounding, **distance: float) -> Phrase:
    grid = seen.grid
    return phrase(
        PhraseCode.ON_LEVELS, side=side, bits=int(grid.bits), group=int(grid.group), **distance
    )


def _nearest(seen: Sequence[Rounding]) -> Phrase:
    nearest, within = (
        float(median([getattr(r, n) for r in seen])) for n in ("nearest", "within_step")
    )
    if nearest >= NEAREST:
        return phrase(PhraseCode.NEAREST_LEVELS, share=nearest)
    return phrase(PhraseCode.NEAR_LEVELS, share=nearest, within=within)


def _pruned(look: CloserLook) -> Relation | None:
    weights = [m for m in look.moved if m.place.role in MATRICES and m.touched]
    if not weights:
        return None
    zeroed, unzeroed = (median([getattr(m, n) for m in weights]) for n in ("zeroed", "unzeroed"))
    equal = median([m.kept_equal for m in weights])
    if zeroed >= PRUNED and equal >= PRUNED_EQUAL:
        cut = phrase(PhraseCode.ZEROED, share=float(zeroed))
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=(cut,))
    if unzeroed >= PRUNED and median([m.equal for m in weights]) >= 1 - unzeroed - 0.01:
        cut = phrase(PhraseCode.ZERO_IN_BASE, share=float(unzeroed))
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=(cut,))
    return None


def _some_rows(look: CloserLook) -> Relation | None:
    """Return that some rows were replaced and the others left alone.

    A change of few rows has a low rank, too, and is no adapter.
    """
    touched = [m for m in look.moved if m.touched and m.place.role in MATRICES and m.values > 1]
    if not touched or max(m.rows_moved for m in touched) > FEW_ROWS:
        return None
    share = float(median([m.rows_moved for m in touched]))
    rows = phrase(PhraseCode.ROWS_CHANGED, share=share, stored=look.formats.coarser)
    return Relation(kind=RelationKind.SPARSE_UPDATE, detail=(rows, *change_of_parts(look)))


def _low_rank(look: CloserLook) -> Relation | None:
    """Return the relation of a merged adapter.

    Ranks of several matrices must agree in being low; what has no low rank must not have moved at
    all. A light fine-tune whose spectrum sinks into the storage rounding has no gap and no clean
    residual, so it is not called one (``evidence.looks.change.low_rank``).
    """
    touched = [m for m in look.moved if m.touched and m.place.role in MATRICES]
    measured = [m for m in touched if m.rank is not None and m.rank.room >= LEAST_ROOM]
    low = [m for m in measured if m.rank is not None and m.rank.is_low]
    most = max((m.rank.rank for m in low if m.rank is not None), default=0)
    # A matrix too small to show that rank as low speaks neither for it nor against it.
    told = [m for m in measured if m in low or (m.rank is not None and m.rank.room >= 2 * most)]
    if not low or len(low) < LOW_RANK_SHARE * len(told):
        return None
    ranks = sorted({m.rank.rank for m in low if m.rank is not None})
    said = [
        phrase(
            PhraseCode.LOW_RANK,
            roles=tuple(sorted({m.place.role.value for m in touched})),
            least=int(ranks[0]),
            most=int(ranks[-1]),
            stored=look.formats.coarser,
            matrices=len(low),
            room=int(max(m.rank.room for m in low if m.rank is not None)),
        )
    ]
    if look.one_direction:
        said.append(phrase(PhraseCode.DIRECTION_REMOVED))
    alone = [m for m in look.moved if not m.touched]
    also = sorted({_part(m) for m in look.moved if m.touched} - {"attention", "MLP", "experts"})
    said.append(phrase(PhraseCode.OTHERS_EQUAL, tensors=len(alone)))
    if also:
        said.append(phrase(PhraseCode.CHANGED_BESIDE, parts=tuple(also)))
    return Relation(kind=RelationKind.LORA_MERGE, detail=(*said, *change_of_parts(look)))


def _part(moved: Moved) -> str:
    return next((n for n, roles in PARTS if moved.place.role in roles), "other tensors")


def _sparse(look: CloserLook) -> Relation | None:
    weights = [m for m in look.moved if m.place.role in MATRICES]
    touched = [m for m in weights if m.touched]
    if not touched:
        # Only norms or embeddings moved.
        names = sorted({_part(m) for m in look.moved if m.touched})
        if not names:
            return None
        only = phrase(PhraseCode.ONLY_CHANGED, parts=tuple(names), matrices=len(weights))
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=(only, *change_of_parts(look)))
    equal = sum(m.equal * m.values for m in touched) / sum(m.values for m in touched)
    relative = median([m.relative for m in touched])
    if equal < MOSTLY_EQUAL or relative > LIGHT:
        return None
    most = phrase(PhraseCode.MOSTLY_EQUAL, share=float(equal), stored=look.formats.coarser)
    return Relation(kind=RelationKind.SPARSE_UPDATE, detail=(most, *change_of_parts(look)))


def _fine_tune(look: CloserLook) -> Clauses:
    said = [*change_of_parts(look)]
    alone = [m for m in look.moved if not m.touched and m.place.role in MATRICES]
    touched = [m for m in look.moved if m.touched and m.place.role in MATRICES]
    if alone and touched:
        both = len(alone) + len(touched)
        said.append(phrase(PhraseCode.MATRICES_EQUAL, equal=len(alone), matrices=both))
    full = [m.rank for m in touched if m.rank is not None and m.rank.is_full]
    if full:
        most = max(int(EMPTY * r.room) for r in full)
        said.append(phrase(PhraseCode.DIRECTIONS_CHANGED, directions=most))
    for side, seen in (("subject", look.subject_rounded), ("base", look.base_rounded)):
        if seen:
            said.append(_lies_on(side, seen[0]))
    return tuple(said)


RULES: Final = (
    _recast, _quantised, _pruned, _some_rows, _low_rank, _nearly_quantised, _sparse,
)  # fmt: skip
"""First that fits."""
