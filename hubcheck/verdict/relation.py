"""How are two related models related, as far as the sampled evidence tells?

Top-down, first that fits (DESIGN 3.6); what needs more than a sample says so.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.checkpoint.rounding import main_storage, rounding_of
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.compare import Comparison
from hubcheck.evidence.family import FamilyOutcome, Test
from hubcheck.verdict.report import Relation
from hubcheck.verdict.words import RelationKind

ROUNDING: Final = {"BF16": 2.0**-8, "F16": 2.0**-11, "F8_E4M3": 2.0**-4, "F8_E5M2": 2.0**-3}
"""Largest relative rounding error of a storage dtype (half a unit in the last place, doubled
because either side may have been rounded)."""

SAME_DIRECTION: Final = 0.9999
"""Units that kept this much point the same way to within storage rounding ..."""
RESCALED: Final = 0.02
"""... so a relative change beyond this is a change of their lengths: rescaled, not retrained."""


def relation_of(comparison: Comparison, base: Anatomy, subject: Anatomy) -> Relation:
    """Return the relation of two models whose bodies match, and the figures behind it."""
    hitting = comparison.hitting
    changes = [o.change for o in hitting if o.change >= 0]
    moved = _rearranged(comparison, base, subject)
    layers = _layers(hitting, base, subject)
    width = _width(base, subject)
    vocabulary = _vocabulary(comparison, base, subject)
    recast = _recast(changes, base, subject)
    if recast is not None and not moved and _heads_moved(comparison):
        moved = ["attention heads relabelled or turned"]
    if recast is not None and not (moved or layers or width or vocabulary):
        return recast
    detail = "; ".join([*moved, *layers, *width, *vocabulary, *_figures(changes)])
    for kind, reasons in (
        (RelationKind.LAYERS_CHANGED, layers),
        (RelationKind.WIDTH_CHANGED, width),
        (RelationKind.REARRANGED, moved),
        (RelationKind.VOCABULARY_CHANGED, vocabulary),
    ):
        if reasons:
            return Relation(kind=kind, detail=detail)
    return Relation(kind=RelationKind.FINE_TUNE, detail=detail)


def _recast(changes: list[float], base: Anatomy, subject: Anatomy) -> Relation | None:
    if not changes:
        return None
    if max(changes) == 0:
        detail = "every sampled value is equal; the files differ (resharded, renamed or rewritten)"
        return Relation(kind=RelationKind.RECAST, detail=detail)
    stored = [main_storage(side.checkpoint) for side in (base, subject)]
    if any(stored):
        return _quantised(changes, *stored)
    there, here = main_dtype(base), main_dtype(subject)
    if there != here and max(changes) <= max(ROUNDING.get(there, 0), ROUNDING.get(here, 0)) / 2:
        detail = f"{there} to {here}; sampled values differ by no more than the rounding"
        return Relation(kind=RelationKind.RECAST, detail=detail)
    return None


def _quantised(changes: list[float], there: str, here: str) -> Relation | None:
    """Return the relation of models of which one is packed and nothing else was seen to change."""
    if max(changes) > rounding_of(there) + rounding_of(here):
        return None
    detail = f"{here or 'plain values'}, the base {there or 'plain values'}"
    if there == here:
        detail = f"both stored as {here}"
    change = (
        f"sampled families differ by {median(changes):.2g}, no more than such rounding makes;"
        " training that moved them less would not show"
    )
    return Relation(kind=RelationKind.QUANTISED, detail=f"{detail}; {change}")


def _heads_moved(comparison: Comparison) -> bool:
    """Return whether a V/O order is gone; where all else is equal, training did not do that."""
    return any(
        o.test is Test.VO and o.log_e < NOTABLE and 2 * o.best.hits < o.best.units
        for o in comparison.outcomes
    )


def main_dtype(anatomy: Anatomy) -> str:
    """Return the dtype that holds most values of a model."""
    counts: dict[str, int] = {}
    for tensor in anatomy.checkpoint.tensors.values():
        counts[tensor.dtype] = counts.get(tensor.dtype, 0) + tensor.n_values
    return max(sorted(counts), key=lambda d: counts[d], default="")


def _rearranged(comparison: Comparison, base: Anatomy, subject: Anatomy) -> list[str]:
    """Return what was relabelled: an order that could have been kept and was not."""
    words = []
    hitting = comparison.hitting
    same_width = base.geometry.hidden == subject.geometry.hidden
    if same_width and hitting and all(o.best.name.startswith("token") for o in hitting):
        words.append("residual channels relabelled, rotated or rescaled")
    by_test: dict[Test, list[bool]] = {}
    for outcome in comparison.outcomes:
        # A family of few units can keep its order and still be too small to be notable.
        kept = outcome.log_e >= NOTABLE or 2 * outcome.best.hits >= outcome.best.units
        by_test.setdefault(outcome.test, []).append(kept)
    for test, name in ((Test.NEURONS, "MLP neurons"), (Test.EXPERTS, "experts")):
        seen = by_test.get(test, [])
        if seen and not any(seen):
            words.append(f"{name} relabelled")
    scaled = [o for o in hitting if o.kept > SAME_DIRECTION and o.change > RESCALED]
    if 3 * len(scaled) >= max(1, len(hitting)):
        words.append("units rescaled")
    values = [o for o in hitting if o.test is Test.VO]
    if any(o.best.subject.member != o.base.member for o in values):
        words.append("attention heads relabelled")
    return words


def _layers(hitting: tuple[FamilyOutcome, ...], base: Anatomy, subject: Anatomy) -> list[str]:
    n_base, n_subject = base.geometry.layers, subject.geometry.layers
    pairs = sorted({(o.base.layer, o.best_subject_layer) for o in hitting})
    if n_base == n_subject and all(i == j for i, j in pairs):
        return []
    shown = ", ".join(f"{i} in {j}" for i, j in pairs[:8])
    verb = "layers" if n_base == n_subject else f"{n_base} layers became {n_subject}"
    return [f"{verb} (base layer {shown})"]


def _width(base: Anatomy, subject: Anatomy) -> list[str]:
    names = (("hidden", "residual channels"), ("neurons", "neurons"), ("experts", "experts"))
    sizes = [
        (word, getattr(base.geometry, name), getattr(subject.geometry, name))
        for name, word in names
    ]
    return [f"{a:,} {word} became {b:,}" for word, a, b in sizes if a != b and a and b]


def _vocabulary(comparison: Comparison, base: Anatomy, subject: Anatomy) -> list[str]:
    a, b = base.get(Role.EMBED), subject.get(Role.EMBED)
    words = []
    if a is not None and b is not None and a.n_out != b.n_out:
        words.append(f"embedding rows {a.n_out:,} became {b.n_out:,}")
    channels = [o for o in comparison.outcomes if o.test is Test.CHANNELS]
    norms_kept = comparison.combined.norms >= NOTABLE
    seen = any(v.name == "raw embeddings" for o in channels for look in o.looks for v in look.views)
    if seen and norms_kept and comparison.combined.embeddings < NOTABLE:
        words.append("embeddings rebuilt")
    return words


def _figures(changes: list[float]) -> list[str]:
    """Return the relative change of what was sampled."""
    if not changes:
        return []
    return [f"relative change {median(changes):.2g} (median of {len(changes)} sampled families)"]
