"""What does the finding of a base say once its weights were compared?"""

from __future__ import annotations

from hubcheck.model import Model
from hubcheck.relate.direction import UNDETERMINED
from hubcheck.relate.look import CloserLook
from hubcheck.relate.values import Refusal
from hubcheck.statistics.evalues import log10_p
from hubcheck.statistics.hits import LOG10
from hubcheck.towers import PartsSeen
from hubcheck.verdict.components import judge_components
from hubcheck.verdict.components_seen import (
    IDENTITY,
    NO_COMPONENTS,
    ComponentsSeen,
    component_rows,
)
from hubcheck.verdict.equal_tensors import EqualTensors, joined
from hubcheck.verdict.finding import (
    FAMILY_REJECTS,
    controls_of,
    evidence_of,
    identity_rows,
    power_of,
)
from hubcheck.verdict.judge import judge
from hubcheck.verdict.parts import PartLook
from hubcheck.verdict.relation import changes_of, direction_of
from hubcheck.verdict.report import Finding
from hubcheck.verdict.words import RelationKind, Verdict


def as_compared(
    finding: Finding,
    body: PartLook,
    base: Model,
    parts: PartsSeen,
    equal: EqualTensors,
    components: ComponentsSeen = NO_COMPONENTS,
) -> Finding:
    """Return the finding with the verdict on what was compared, and what the verdict rests on.

    Args:
        finding: Of the base, opened.
        body: The bodies of both models, and everything seen of them.
        base: Says what was read of it.
        parts: Towers and side parts.
        equal: Tensors whose bytes were held against each other.
        components: What was seen of the components beside the body.
    """
    comparison, closer = body.comparison, body.closer
    models = (body.base, body.subject)
    judged = judge(body, towers=parts.towers, sides=parts.sides, equal=equal)
    direction = UNDETERMINED
    if judged.verdict is Verdict.RELATED:
        direction = direction_of(comparison, *models, closer)
    bound = log10_p(comparison.best_whole)
    if judged.relation is not None and judged.relation.kind is RelationKind.PARTS:
        bound = min([bound, *(p.log10_p for p in judged.parts if p.verdict is Verdict.RELATED)])
    rows = (
        *evidence_of(comparison),
        *(row for t in parts.towers for row in evidence_of(t.comparison, part=f"{t.name} tower")),
        *identity_rows(equal),
    )
    comparisons = (comparison, *(t.comparison for t in parts.towers))
    if components:
        judged, bound = judge_components(judged, body, components)
        rows = (
            *(row for row in rows if row.test != IDENTITY),
            *component_rows(components),
            *identity_rows(joined(equal, components.equal)),
        )
        comparisons = (*comparisons, *components.comparisons)
    # What an unrelated base would have shown is said of the part that carries the verdict.
    main = next((c for c in comparisons if c.outcomes), comparison)
    counted = [r for r in rows if r.log10_e != 0.0 and r.test != "signs"]
    untested = judged.verdict is Verdict.NOT_TESTED
    return finding.model_copy(
        update={
            "status": "not-tested" if untested else "tested",
            "reason": judged.reason,
            "code": judged.code,
            "verdict": judged.verdict,
            "order_tested": judged.order_tested,
            "compared": judged.compared,
            "held": judged.held,
            "not_compared": judged.not_compared,
            "log10_p": bound,
            "kept": round(max(-1.0, min(1.0, judged.kept)), 4),
            "relation": judged.relation,
            "parts": judged.parts,
            "direction": direction.value,
            "direction_reason": direction.reason,
            "changes": changes_of(closer if comparison.outcomes else _tower_closer(parts)),
            "controls": controls_of(comparisons),
            "evidence": rows,
            "power": power_of(main),
            "detectable_kept": min(main.detectable, 1.0),
            "log10_p_without_strongest": -max(0.0, comparison.combined.without_strongest) / LOG10,
            "families_tested": len(counted),
            "families_hit": sum(r.log10_p <= FAMILY_REJECTS for r in counted),
            "units_tested": sum(r.units for r in counted),
            "units_hit": sum(r.hits for r in counted),
            "bytes_read": base.source.ledger.bytes_read,
            "bytes_total": base.weight_bytes,
        }
    )


def _tower_closer(parts: PartsSeen) -> CloserLook | Refusal | None:
    """Return how the first tower changed, for models that are a tower and nothing else."""
    return parts.towers[0].closer if parts.towers else None
