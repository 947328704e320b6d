"""What does the report show of each part: the body, embeddings, norms, a tower?"""

from __future__ import annotations

from statistics import median
from typing import Final

from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.family import BODY_ORDERS, PART_VIEWS, Part, Test
from hubcheck.evidence.looks.sample.comparison import POWER_KEPT, Comparison
from hubcheck.evidence.looks.sample.part import PartLook
from hubcheck.evidence.looks.towers import SidePartLook
from hubcheck.report.schema import NotCompared, PartVerdict
from hubcheck.report.words import Verdict
from hubcheck.statistics.evalues import log10_p
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.verdict.parts import Judged
from hubcheck.verdict.whole import Whole, part_name

SEEN_BY_ITSELF: Final = 0.5
"""Kept that norms or embeddings must be able to show by themselves before they are said not to
match: fine-tuning leaves more of them, and one or two norms could not show even that."""


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
                not_compared=_not_compared(judged),
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
            power = outcome.view_detectable.get(view.name, NOT_DETECTABLE) <= SEEN_BY_ITSELF
            verdict = _by_itself(log_e, stands=stands, power=power)
            found.append(
                PartVerdict(
                    name=part, verdict=verdict, log10_p=log10_p(log_e), kept=_rounded(view.kept)
                )
            )
    return tuple(found)


def side_row(look: SidePartLook) -> PartVerdict:
    """Return a projector or the MTP blocks, by their inner orders, of which there is one at least.

    Their channels are those of the body and of the tower, and would agree wherever these do.
    """
    comparison = look.comparison
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    detectable = min(o.detectable for o in body)
    log_e = comparison.combined.body
    return PartVerdict(
        name=look.name,
        verdict=_by_itself(log_e, stands=comparison.content_stands, power=detectable <= POWER_KEPT),
        log10_p=log10_p(log_e),
        kept=_rounded(max(o.best.kept for o in comparison.hitting or body)),
    )


def _by_itself(log_e: float, *, stands: bool, power: bool) -> Verdict:
    """Return what one part's own evidence says of it: it matches, it does not, or it is open."""
    if log_e >= SETTLED and stands:
        return Verdict.RELATED
    if log_e < NOTABLE and power:
        return Verdict.UNRELATED
    return Verdict.INCONCLUSIVE


def tower_row(judged: Judged, look: PartLook, whole: Whole) -> PartVerdict:
    """Return one tower, by its own evidence."""
    comparison = look.comparison
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    kept = [o.best.kept for o in comparison.hitting] or [o.first.kept for o in body]
    shares = whole.tower_shares(judged)
    return PartVerdict(
        name=part_name(judged.name),
        verdict=judged.verdict,
        log10_p=log10_p(comparison.combined.whole),
        kept=_rounded(median(kept) if kept else 0.0),
        relation=judged.relation.kind if judged.relation is not None else None,
        tower=True,
        share=round(shares[1], 4),
        base_share=round(shares[0], 4),
        order_tested=round(judged.order_tested, 4),
        compared=round(judged.compared, 4),
        not_compared=_not_compared(judged),
        reason=judged.reason,
    )


def _not_compared(judged: Judged) -> tuple[NotCompared, ...]:
    """Return what of each side was neither compared nor tested."""
    base, subject = judged.sides
    found = [NotCompared(side="base", what=w, share=round(n, 4)) for w, n in base.not_compared]
    found += [
        NotCompared(side="subject", what=w, share=round(n, 4)) for w, n in subject.not_compared
    ]
    return tuple(found)


def _rounded(kept: float) -> float:
    return round(max(-1.0, min(1.0, kept)), 4)
