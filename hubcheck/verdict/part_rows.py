"""What does the report show of each part: the body, embeddings, norms, a tower?"""

from __future__ import annotations

from statistics import median

from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.comparison import Comparison
from hubcheck.evidence.family import BODY_ORDERS, Part, Test
from hubcheck.statistics.evalues import log10_p
from hubcheck.verdict.finding import PART_VIEWS
from hubcheck.verdict.parts import Judged, PartLook
from hubcheck.verdict.report import PartVerdict
from hubcheck.verdict.whole import Whole, part_name
from hubcheck.verdict.words import Verdict


def body_rows(
    comparison: Comparison, judged: Judged, totals: tuple[int, int]
) -> tuple[PartVerdict, ...]:
    """Return body, embeddings and norms separately, each by its own evidence.

    Args:
        comparison: Of the bodies.
        judged: What it means.
        totals: Parameters of base and of subject.
    """
    combined = comparison.combined
    body = [o for o in comparison.outcomes if o.part is Part.BODY]
    found = []
    if body:
        kept = median([o.best.kept for o in comparison.hitting] or [o.first.kept for o in body])
        base, subject = judged.sides
        found.append(
            PartVerdict(
                name=Part.BODY,
                verdict=judged.verdict,
                log10_p=log10_p(combined.body),
                kept=_rounded(kept),
                relation=judged.relation.kind if judged.relation is not None else None,
                share=round(subject.parameters / max(1, totals[1]), 4),
                base_share=round(base.parameters / max(1, totals[0]), 4),
                order_tested=round(judged.order_tested, 4),
                compared=round(judged.compared, 4),
                reason=judged.reason,
            )
        )
    for outcome in comparison.outcomes:
        if outcome.test is not Test.CHANNELS:
            continue
        for view in outcome.looks[0].views:
            part = PART_VIEWS.get(view.name)
            if part is None:
                continue
            log_e = combined.embeddings if part is Part.EMBEDDINGS else combined.norms
            stands = outcome.view_stands.get(view.name, False)
            power = outcome.detectable_raw <= 1.0
            found.append(_part(part, log_e, view.kept, stands=stands, power=power))
    return tuple(found)


def _part(part: Part, log_e: float, kept: float, *, stands: bool, power: bool) -> PartVerdict:
    if log_e >= SETTLED and stands:
        verdict = Verdict.RELATED
    elif log_e < NOTABLE and power:
        verdict = Verdict.UNRELATED
    else:
        verdict = Verdict.INCONCLUSIVE
    return PartVerdict(name=part, verdict=verdict, log10_p=log10_p(log_e), kept=_rounded(kept))


def tower_row(judged: Judged, look: PartLook, whole: Whole) -> PartVerdict:
    """Return one tower, by its own evidence."""
    comparison = look.comparison
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    kept = [o.best.kept for o in comparison.hitting] or [o.first.kept for o in body]
    shares = whole.tower_shares(judged)
    return PartVerdict(
        name=part_name(judged.name),
        verdict=judged.verdict,
        log10_p=log10_p(comparison.best_whole),
        kept=_rounded(median(kept) if kept else 0.0),
        relation=judged.relation.kind if judged.relation is not None else None,
        tower=True,
        share=round(shares[1], 4),
        base_share=round(shares[0], 4),
        order_tested=round(judged.order_tested, 4),
        compared=round(judged.compared, 4),
        reason=judged.reason,
    )


def _rounded(kept: float) -> float:
    return round(max(-1.0, min(1.0, kept)), 4)
