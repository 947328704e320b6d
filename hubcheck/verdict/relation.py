"""How are two related models related, as far as the evidence tells?

Top-down, first that fits (DESIGN 3.6). What the tests saw gives rearrangement, depth, width and
vocabulary; the kind of change inside comes from a closer look (``relate.look``), where one was
taken. Every relation carries its figures in words; what they do not justify is not said.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.checkpoint.rounding import main_storage, rounding_of
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.compare import Comparison
from hubcheck.evidence.family import FamilyOutcome, Test
from hubcheck.relate.direction import UNDETERMINED, Direction, direction_from
from hubcheck.relate.look import CloserLook
from hubcheck.relate.merge import Merge
from hubcheck.relate.values import Refusal
from hubcheck.verdict.change_kind import body_of
from hubcheck.verdict.report import Change, Finding, MergeShare, Relation
from hubcheck.verdict.words import RelationKind, Verdict

ROUNDING: Final = {"BF16": 2.0**-8, "F16": 2.0**-11, "F8_E4M3": 2.0**-4, "F8_E5M2": 2.0**-3}
"""Largest relative rounding error of a storage dtype (half a unit in the last place, doubled
because either side may have been rounded)."""

SAME_DIRECTION: Final = 0.9999
"""Units that kept this much point the same way to within storage rounding ..."""
RESCALED: Final = 0.02
"""... so a relative change beyond this is a change of their lengths: rescaled, not retrained."""
NAMES: Final = {Test.NEURONS: "MLP neurons", Test.EXPERTS: "experts"}
RELABELLED: Final = 0.5
"""Share of the expected twins from which units count as relabelled ..."""
REPLACED: Final = 0.1
"""... and below which they count as others, ..."""
HARDLY_CHANGED: Final = 0.8
"""... where the rest of the model keeps so much: a twin is then nearer than any stranger."""
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
COMPUTED: Final = (
    "the subject is a weighted sum of several models to within its own rounding: had one of them "
    "been computed from the subject, the remainder would be that of its rounding, scaled"
)
STORED_ANEW: Final = frozenset({RelationKind.RECAST, RelationKind.QUANTISED})


def relation_of(
    comparison: Comparison,
    base: Anatomy,
    subject: Anatomy,
    closer: CloserLook | Refusal | None = None,
) -> Relation:
    """Return the relation of two models whose bodies match, and the figures behind it.

    Args:
        comparison: What the tests saw.
        base: The base.
        subject: The subject.
        closer: What a closer look measured, or why none could be taken; ``None`` without one.
    """
    look = closer if isinstance(closer, CloserLook) else None
    hitting = comparison.hitting
    changes = [o.change for o in hitting if o.change >= 0]
    moved = _rearranged(comparison, base, subject)
    layers = _layers(hitting, base, subject)
    lost = _orders_lost(comparison, same_places=not layers)
    width = _width(base, subject)
    vocabulary = _vocabulary(comparison, base, subject)
    body = body_of(look) if look is not None and not moved and not lost else None
    stored = body if body is not None and body.kind in STORED_ANEW else None
    if (look is None or body is None) and not lost:
        stored = _recast(changes, base, subject)
    if stored is not None and not (moved or layers) and _heads_moved(comparison):
        moved = ["attention heads relabelled or turned"]
        body = None
    if stored is not None and not (moved or layers or width or vocabulary):
        return stored
    figures = [body.detail] if body is not None else _figures(changes)
    if isinstance(closer, Refusal):
        figures.append(f"not looked at more closely: {closer.reason}")
    upcycled = _upcycled(look)
    detail = "; ".join([*moved, *lost, *upcycled, *layers, *width, *vocabulary, *figures])
    for kind, reasons in (
        (RelationKind.UPCYCLED, upcycled),
        (RelationKind.LAYERS_CHANGED, layers),
        (RelationKind.WIDTH_CHANGED, width),
        (RelationKind.REARRANGED, moved),
        (RelationKind.UNDETERMINED, lost),
        (RelationKind.VOCABULARY_CHANGED, vocabulary),
    ):
        if reasons:
            return Relation(kind=kind, detail=detail)
    if body is not None:
        return Relation(kind=body.kind, detail=detail)
    return Relation(kind=RelationKind.FINE_TUNE, detail=detail)


def direction_of(
    comparison: Comparison,
    base: Anatomy,
    subject: Anatomy,
    closer: CloserLook | Refusal | None = None,
) -> Direction:
    """Return which model is the later one, where information is on one side only.

    Args:
        comparison: What the tests saw.
        base: The base.
        subject: The subject.
        closer: What a closer look measured, if one was taken.
    """
    look = closer if isinstance(closer, CloserLook) else None
    if look is not None and not _rearranged(comparison, base, subject):
        found = direction_from(look)
        if found is not UNDETERMINED:
            return found
    return UNDETERMINED


def changes_of(closer: CloserLook | Refusal | None) -> tuple[Change, ...]:
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


def may_be_merged(finding: Finding) -> bool:
    """Return whether a base may be a part of a merge: its weights as a whole are in the subject."""
    kind = finding.relation.kind if finding.relation is not None else RelationKind.UNDETERMINED
    return finding.verdict is Verdict.RELATED and kind not in NO_PART_OF_A_MERGE


def with_merge(finding: Finding, merge: Merge | Refusal, ref: str = "") -> Finding:
    """Return a finding with what a fit of several bases says about its base.

    Args:
        finding: Of one of the bases that were fitted.
        merge: The fit; a refusal changes nothing.
        ref: The base's name in the fit, where it is not that of the finding.
    """
    name = ref or finding.base.ref
    if isinstance(merge, Refusal) or name not in merge.shares:
        return finding
    shares = tuple(
        MergeShare(layer=s.layer, share=s.share, low=s.low, high=s.high) for s in merge.shares[name]
    )
    if name not in merge.members:
        return finding.model_copy(update={"shares": shares}) if merge.is_merge else finding
    whole = shares[0]
    others = " and ".join(m for m in merge.members if m != name)
    words = [f"merged with {others}: {merge.kind.value}"]
    if merge.drops is None:  # where values were dropped, no share is the rule's
        share = f"share {whole.share:.3f} (95 % interval {whole.low:.3f} to {whole.high:.3f})"
        words = [f"{share}, {words[0]}"]
    if merge.drops is not None and merge.ancestor:
        words.append(f"{merge.drops.dropped:.0%} of the values are still those of {merge.ancestor}")
    words.append(f"the sum lies {merge.gain:.0%} nearer than {merge.best} alone")
    update: dict[str, object] = {
        "shares": shares,
        "relation": Relation(kind=RelationKind.MERGE, detail="; ".join(words)),
        "direction": UNDETERMINED.value,
        "direction_reason": "",
    }
    if merge.computed:
        update["direction"] = "base-to-subject"
        update["direction_reason"] = COMPUTED
    return finding.model_copy(update=update)


def _upcycled(look: CloserLook | None) -> list[str]:
    """Return that experts are copies of a dense MLP, if they are."""
    if look is None or look.experts is None or look.experts.found < 2:  # noqa: PLR2004 - one expert shows no copying
        return []
    seen = look.experts
    sparse, dense = ("subject", "base") if seen.sparse_is_subject else ("base", "subject")
    hits = " to ".join(str(n) for n in sorted({min(seen.hits), max(seen.hits)}))
    experts = f"{seen.found} of {seen.looked} experts looked at in the {sparse}"
    return [
        f"{experts} hold the neurons of the {dense}'s MLP in their order ({hits} of {seen.units})"
    ]


def _recast(changes: list[float], base: Anatomy, subject: Anatomy) -> Relation | None:
    """Return whether nothing but storage changed, from what the tests alone saw."""
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
    """Return what was relabelled, turned or rescaled, where that was found."""
    words = []
    hitting = comparison.hitting
    same_width = base.geometry.hidden == subject.geometry.hidden
    if same_width and hitting and all(o.best.name.startswith("token") for o in hitting):
        words.append("residual channels relabelled, rotated or rescaled")
    for test, name in NAMES.items():
        lost = _lost(comparison, test)
        if lost and median(o.displaced for o in lost) >= RELABELLED:
            words.append(f"{name} relabelled")
    scaled = [o for o in hitting if o.kept > SAME_DIRECTION and o.change > RESCALED]
    if 3 * len(scaled) >= max(1, len(hitting)):
        words.append("units rescaled")
    values = [o for o in hitting if o.test is Test.VO]
    if any(o.best.subject.member != o.base.member for o in values):
        words.append("attention heads relabelled")
    return words


def _lost(comparison: Comparison, test: Test) -> list[FamilyOutcome]:
    """Return the families of a kind, if none of them stands in the base's order."""
    own = [o for o in comparison.outcomes if o.test is test]
    # A family of few units can keep its order and still be too small to be notable.
    kept = any(o.log_e >= NOTABLE or 2 * o.best.hits >= o.best.units for o in own)
    return [] if kept else own


def _orders_lost(comparison: Comparison, *, same_places: bool) -> list[str]:
    """Return what stands in no order of the base's and was not found relabelled.

    That it is not the base's is said where its twins would have been seen: the layers correspond,
    and what did match is hardly changed.
    """
    words = []
    near = median([o.kept for o in comparison.hitting] or [0.0]) >= HARDLY_CHANGED
    for test, name in NAMES.items():
        lost = _lost(comparison, test)
        share = median(o.displaced for o in lost) if lost else 1.0
        if share >= RELABELLED:
            continue
        if same_places and near and 0 <= share < REPLACED:
            words.append(f"the {name} are not the base's")
        else:
            words.append(f"the {name} stand in no order of the base's")
    return words


def _layers(hitting: Sequence[FamilyOutcome], base: Anatomy, subject: Anatomy) -> list[str]:
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
    if a is not None and b is not None and a.n_out == b.n_out and _tokens_moved(comparison):
        words.append("the tokens stand in another order")
    return words


def _tokens_moved(comparison: Comparison) -> bool:
    """Return whether rows aligned by token string lie at other ids."""
    rows = [
        next((w.units for w in wanted if w.matrix.role is Role.EMBED and w.units), ())
        for wanted in (comparison.wanted_base, comparison.wanted_subject)
    ]
    return len(rows[0]) == len(rows[1]) and rows[0] != rows[1]


def _figures(changes: list[float]) -> list[str]:
    """Return the relative change of what was sampled."""
    if not changes:
        return []
    return [f"relative change {median(changes):.2g} (median of {len(changes)} sampled families)"]
