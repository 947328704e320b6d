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
from hubcheck.relate.change import Moved
from hubcheck.relate.direction import NEAREST, PRUNED, PRUNED_EQUAL
from hubcheck.relate.grid import Rounding
from hubcheck.relate.look import CloserLook
from hubcheck.relate.low_rank import EMPTY
from hubcheck.relate.stored import ON_GRID
from hubcheck.relate.values import (
    ATTENTION,
    BY_TOKEN,
    CROSS,
    DENSE,
    EXPERT,
    LATENT,
    MATRICES,
    NORMS,
)
from hubcheck.verdict.report import Relation
from hubcheck.verdict.words import RelationKind

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
    return Relation(kind=RelationKind.FINE_TUNE, detail="; ".join(_fine_tune(look)))


def words_of_parts(look: CloserLook) -> str:
    """Return the relative change of each part: 'relative change attention 0.06, norms 0.004'."""
    words = []
    for name, roles in PARTS:
        sizes = [m.relative for m in look.moved if m.place.role in roles]
        if sizes:
            words.append(f"{name} {median(sizes):.2g}")
    return "relative change " + ", ".join(words) if words else ""


def _recast(look: CloserLook) -> Relation | None:
    formats = look.formats
    matrices = [m for m in look.moved if m.place.role in MATRICES and m.fill > 0]
    if max(look.recast) < ON_GRID or not all(m.rounded for m in matrices):
        return None
    values = sum(m.values for m in look.moved)
    if all(m.relative == 0 for m in look.moved):
        detail = "every sampled value is equal; the files differ (resharded, renamed or rewritten)"
    elif any(m.cast for m in matrices):
        detail = (
            f"{formats.base_stored} in the base, {formats.subject_stored} in the subject, the same "
            "wherever both can hold it"
        )
    elif look.recast[0] >= ON_GRID:
        detail = f"{formats.base} to {formats.subject}"
    else:
        detail = (
            f"{formats.subject} in the subject, its values rounded to {formats.base} in the base"
        )
    if all(m.relative == 0 for m in look.moved):
        return Relation(kind=RelationKind.RECAST, detail=detail)
    detail += f"; of {values:,} sampled values {max(look.recast):.2%} are exactly the rounded ones"
    return Relation(kind=RelationKind.RECAST, detail=detail)


def _quantised(look: CloserLook) -> Relation | None:
    """Return that one side is the other rounded to the nearest of few levels."""
    return _on_levels(look, NEAREST)


def _nearly_quantised(look: CloserLook) -> Relation | None:
    """Return that one side lies on few levels, no farther from the other than rounding goes."""
    return _on_levels(look, 0.0)


def _on_levels(look: CloserLook, least: float) -> Relation | None:
    for side, other, seen in (
        ("subject", "base", look.subject_rounded),
        ("base", "subject", look.base_rounded),
    ):
        if not seen:
            continue
        bits = seen[0].grid.bits
        relative = median([r.relative for r in seen])
        nearest = median([r.nearest for r in seen])
        filled = 2 * sum(r.fills for r in seen) > len(seen)
        far = nearest < NEAREST and relative > BY_BITS.get(bits, 0.0)
        if nearest < least or far or not filled:
            continue
        detail = f"the {side} lies on {seen[0].grid.words}, {relative:.2g} from the {other}"
        return Relation(kind=RelationKind.QUANTISED, detail=f"{detail}; {_nearest_words(seen)}")
    return None


def _nearest_words(seen: Sequence[Rounding]) -> str:
    nearest, within = (median([getattr(r, n) for r in seen]) for n in ("nearest", "within_step"))
    if nearest >= NEAREST:
        return f"{nearest:.2%} of the sampled values are rounded to the nearest level"
    return (
        f"{nearest:.1%} of the sampled values are at the nearest level, {within:.1%} within a "
        "step: "
        "a quantiser that trades errors (GPTQ, AWQ), or light training before it"
    )


def _pruned(look: CloserLook) -> Relation | None:
    weights = [m for m in look.moved if m.place.role in MATRICES and m.touched]
    if not weights:
        return None
    zeroed, unzeroed = (median([getattr(m, n) for m in weights]) for n in ("zeroed", "unzeroed"))
    equal = median([m.kept_equal for m in weights])
    if zeroed >= PRUNED and equal >= PRUNED_EQUAL:
        detail = f"{zeroed:.0%} of the base's values were set to zero, the others are bit-equal"
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=detail)
    if unzeroed >= PRUNED and median([m.equal for m in weights]) >= 1 - unzeroed - 0.01:
        detail = f"{unzeroed:.0%} of the values are zero in the base only, the others are bit-equal"
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=detail)
    return None


def _some_rows(look: CloserLook) -> Relation | None:
    """Return that some rows were replaced and the others left alone.

    A change of few rows has a low rank, too, and is no adapter.
    """
    touched = [m for m in look.moved if m.touched and m.place.role in MATRICES and m.values > 1]
    if not touched or max(m.rows_moved for m in touched) > FEW_ROWS:
        return None
    detail = (
        f"{median([m.rows_moved for m in touched]):.1%} of the rows changed, all others are "
        f"bit-equal in {look.formats.coarser}; {words_of_parts(look)}"
    )
    return Relation(kind=RelationKind.SPARSE_UPDATE, detail=detail)


def _low_rank(look: CloserLook) -> Relation | None:
    """Return the relation of a merged adapter.

    Ranks of several matrices must agree in being low; what has no low rank must not have moved at
    all. A light fine-tune whose spectrum sinks into the storage rounding has no gap and no clean
    residual, so it is not called one (``relate.low_rank``).
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
    roles = ", ".join(sorted({m.place.role.value for m in touched}))
    room = max(m.rank.room for m in low if m.rank is not None)
    shown = f"{ranks[0]}" if len(ranks) == 1 else f"{ranks[0]} to {ranks[-1]}"
    rounding = f"above the rounding of {look.formats.coarser}"
    power = f"{len(low)} matrices, up to {room} would have shown"
    words = [f"the change of {roles} has rank {shown} {rounding} ({power})"]
    if look.one_direction:
        words.append(
            "one direction of the residual stream was taken out of what writes to it (abliteration)"
        )
    alone = [m for m in look.moved if not m.touched]
    also = sorted({_part(m) for m in look.moved if m.touched} - {"attention", "MLP", "experts"})
    words.append(f"{len(alone)} other sampled tensors are bit-equal")
    if also:
        words.append(f"{' and '.join(also)} changed beside it")
    words.append(words_of_parts(look))
    return Relation(kind=RelationKind.LORA_MERGE, detail="; ".join(words))


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
        detail = (
            f"only {' and '.join(names)} changed; {len(weights)} sampled matrices are bit-equal"
        )
        return Relation(kind=RelationKind.SPARSE_UPDATE, detail=f"{detail}; {words_of_parts(look)}")
    equal = sum(m.equal * m.values for m in touched) / sum(m.values for m in touched)
    relative = median([m.relative for m in touched])
    if equal < MOSTLY_EQUAL or relative > LIGHT:
        return None
    detail = (
        f"{equal:.0%} of the values are bit-equal in {look.formats.coarser}, the others moved "
        f"little, in no low rank; {words_of_parts(look)}"
    )
    return Relation(kind=RelationKind.SPARSE_UPDATE, detail=detail)


def _fine_tune(look: CloserLook) -> list[str]:
    words = [words_of_parts(look)]
    alone = [m for m in look.moved if not m.touched and m.place.role in MATRICES]
    touched = [m for m in look.moved if m.touched and m.place.role in MATRICES]
    if alone and touched:
        words.append(f"{len(alone)} of {len(alone) + len(touched)} sampled matrices are bit-equal")
    full = [m.rank for m in touched if m.rank is not None and m.rank.is_full]
    if full:
        words.append(
            f"the change has more than {max(int(EMPTY * r.room) for r in full)} directions"
        )
    for side, seen in (("subject", look.subject_rounded), ("base", look.base_rounded)):
        if seen:
            words.append(f"the {side} lies on {seen[0].grid.words}")
    return words


RULES: Final = (
    _recast, _quantised, _pruned, _some_rows, _low_rank, _nearly_quantised, _sparse,
)  # fmt: skip
"""First that fits."""
