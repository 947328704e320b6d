"""Where does every layer come from, what became narrower, which expert is which: at depth deep.

The full layer map is a later look at body orders that the sample may have used too. Both get half
of the weight, fixed by the depth before anything is seen, so the mean of the two is an e-value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from math import log
from typing import Final, TypeVar

from hubcheck.deep.expert_map import experts_of
from hubcheck.deep.layer_map import map_layers
from hubcheck.deep.layer_map_types import DeepRow, LayerMap, Refusal
from hubcheck.deep.layer_map_words import words_of_map
from hubcheck.deep.width import width_of
from hubcheck.deep.width_types import UnitOrder
from hubcheck.errors import BudgetExceededError, UnreachableError
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.compare import Comparer
from hubcheck.statistics.evalues import log10_p, log_mean
from hubcheck.statistics.hits import LOG10
from hubcheck.verdict.report import Evidence, Finding, LayerMatch, Relation
from hubcheck.verdict.words import OPEN, EvidenceKind, ReasonCode, RelationKind, Verdict

Found = TypeVar("Found")

LAYERS_NEEDED: Final = 2
"""Layers whose content must stand before a map alone makes ``related``: as for orders, one that
stands by itself settles nothing (DESIGN 3.3)."""
STRUCTURE: Final = frozenset(
    {RelationKind.LAYERS_CHANGED, RelationKind.WIDTH_CHANGED, RelationKind.UPCYCLED}
)
"""Relations whose detail the map and the widths say better."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """What the map, the widths and the experts say of one base."""

    layers: LayerMap | None
    rows: tuple[DeepRow, ...]
    words: tuple[str, ...]
    notes: tuple[str, ...]
    neurons_found: bool = False
    """Whether the neurons of a model of another width were found to be the base's."""

    @property
    def base_of(self) -> Mapping[int, int]:
        """Subject layer to base layer, as far as it is known."""
        return {} if self.layers is None else self.layers.base_of


NOT_MAPPED: Final = Mapped(layers=None, rows=(), words=(), notes=())
"""At the depths that map nothing."""


def map_everything(comparer: Comparer, progress: Callable[[str], None]) -> Mapped:
    """Map layers first; widths and experts are then looked for between layers that correspond.

    Raises:
        UnreadableError: a value read is not finite.
    """
    base, subject, draw = comparer.base, comparer.subject, comparer.draw
    notes: list[str] = []
    progress("mapping every layer")
    found = _tried(lambda: map_layers(base, subject, draw), "layer map", notes)
    layers = found if isinstance(found, LayerMap) else None
    rows = [layers.row()] if layers is not None else []
    words = list(words_of_map(layers)) if layers is not None else []
    base_of = dict(layers.base_of) if layers is not None else {}
    if not base_of and base.anatomy.geometry.layers == subject.anatomy.geometry.layers:
        base_of = {i: i for i in range(base.anatomy.geometry.layers)}
    width = _tried(lambda: width_of(base, subject, draw, base_of), "", notes)
    experts = _tried(lambda: experts_of(base, subject, draw, base_of), "", notes)
    for seen in (width, experts):
        if not isinstance(seen, Refusal):
            rows += seen.rows
            words += seen.words
    resized = None if isinstance(width, Refusal) else width.neurons
    return Mapped(
        layers=layers,
        rows=tuple(rows),
        words=tuple(words),
        notes=tuple(notes),
        neurons_found=resized is not None and resized.order is not UnitOrder.UNKNOWN,
    )


def _tried(look: Callable[[], Found | Refusal], what: str, notes: list[str]) -> Found | Refusal:
    """Return what a look gives; one that does not fit the budget is a reason, not an end."""
    try:
        seen = look()
    except (BudgetExceededError, UnreachableError) as error:
        seen = Refusal(reason=error.what)
    if what and isinstance(seen, Refusal):
        notes.append(f"{what} not made: {seen.reason}")
    return seen


def with_layers(finding: Finding, mapped: Mapped, log_e: float, n_bases: int) -> Finding:
    """Return the finding with the map.

    Args:
        finding: As the sample and the disguise test left it.
        mapped: What the map says.
        log_e: Natural log of the sample's whole-model e-value, bases paid for.
        n_bases: Bases tried in this check.
    """
    update: dict[str, object] = {
        "evidence": (*finding.evidence, *_evidence(mapped.rows)),
        "notes": (*finding.notes, *mapped.notes),
    }
    found = mapped.layers
    if found is None:
        return finding.model_copy(update=update)
    update["layer_map"] = tuple(
        LayerMatch(
            layer=o.layer,
            base_layer=o.base_layer,
            hits=o.hits,
            units=o.units,
            log10_p=o.log10_p,
            kept=round(o.kept, 4),
        )
        for o in found.origins
    )
    both = log_mean([log_e, found.log_e - log(max(1, n_bases))])
    if finding.verdict is Verdict.RELATED:
        update["log10_p"] = min(log10_p(both), finding.log10_p - log10_of_half())
        update["relation"] = _relation(finding.relation, mapped.words)
    elif (
        finding.verdict in OPEN
        and finding.code is not ReasonCode.HEAD_ALONE
        and both >= SETTLED
        and _stands(found, n_bases)
    ):
        detail = "; ".join(mapped.words) or "found by the map of every layer"
        update |= {
            "verdict": Verdict.RELATED,
            "status": "tested",
            "reason": "",
            "power": "",
            "log10_p": log10_p(both),
            "kept": round(_kept(found), 4),
            "relation": Relation(kind=RelationKind.LAYERS_CHANGED, detail=detail),
        }
    return finding.model_copy(update=update)


def log10_of_half() -> float:
    """Return log10(1/2): what the sample's evidence is worth once it shares the weight."""
    return -log(2.0) / LOG10


def _stands(found: LayerMap, n_bases: int) -> bool:
    """Return whether a map passes the gate of the sample: content, and more than one order."""
    rest = found.log_e_without_strongest - log(max(1, n_bases))
    origins = [o for o in found.origins if o.base_layer >= 0]
    enough = len(found.standing) >= LAYERS_NEEDED and 2 * len(found.standing) >= len(origins)
    return enough and rest >= NOTABLE


def _kept(found: LayerMap) -> float:
    kept = sorted(o.kept for o in found.standing)
    return kept[len(kept) // 2]


def _relation(relation: Relation | None, words: Iterable[str]) -> Relation | None:
    """Return the relation with the map's words, where layers or widths are what changed."""
    said = "; ".join(words)
    if relation is None or not said or relation.kind not in STRUCTURE:
        return relation
    return relation.model_copy(update={"detail": f"{said}; {relation.detail}"})


def _evidence(rows: Iterable[DeepRow]) -> tuple[Evidence, ...]:
    names = [f.name for f in fields(DeepRow)]
    return tuple(
        Evidence(
            **{
                **{name: getattr(row, name) for name in names},
                "kind": EvidenceKind(row.kind),
                "detectable_kept": 0.0,
            }
        )
        for row in rows
    )
