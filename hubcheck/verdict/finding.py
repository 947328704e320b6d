"""What does the evidence mean for one base?

The rules of DESIGN 3.3, in order; each returns the words and figures that justify it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import lgamma
from statistics import fmean, median
from typing import Final

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.compare import Comparison
from hubcheck.evidence.family import BODY_ORDERS, FamilyOutcome, Part, Test, View
from hubcheck.evidence.power import copied_share, related_from
from hubcheck.relate.look import CloserLook
from hubcheck.relate.values import Refusal
from hubcheck.statistics.evalues import log10_p
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.signs import log10_p_signs
from hubcheck.verdict.relation import relation_of
from hubcheck.verdict.report import Controls, Evidence, PartVerdict, Relation
from hubcheck.verdict.words import ORDER_ALONE, WHOLE_BASE, EvidenceKind, RelationKind, Verdict

COVERAGE_FLOOR: Final = 0.5
"""Below this share of understood parameters no verdict is given (DESIGN section 3.3 asks for a
floor; half the model is where 'the model' stops meaning what was tested)."""
FAMILY_REJECTS: Final = -3.0
"""A family counts as hit when its own bound 1/N! is below 1e-3 (7 hits)."""
PART_VIEWS: Final = {"raw embeddings": Part.EMBEDDINGS, "raw norms": Part.NORMS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The meaning of one comparison."""

    verdict: Verdict
    reason: str
    relation: Relation | None
    kept: float
    parts: tuple[PartVerdict, ...]


def judge(
    comparison: Comparison,
    base: Anatomy,
    subject: Anatomy,
    *,
    towers: Sequence[PartVerdict] = (),
    closer: CloserLook | Refusal | None = None,
) -> Judgement:
    """Return the verdict on one base whose weights were compared.

    Args:
        comparison: Everything seen.
        base: The base's anatomy.
        subject: The subject's anatomy.
        towers: Verdicts on the towers of multimodal models, judged on their own.
        closer: How the two differ, where a closer look was taken.
    """
    parts = (*parts_of(comparison), *towers)

    def say(verdict: Verdict, reason: str = "", relation: Relation | None = None) -> Judgement:
        kept = _kept(comparison, verdict, relation, parts)
        return Judgement(verdict=verdict, reason=reason, relation=relation, kept=kept, parts=parts)

    if base.get(Role.EMBED) is None and towers and not comparison.outcomes:
        return _only_towers(towers, say)
    borrowed = any(t.verdict is Verdict.RELATED for t in towers)
    least = min(base.mapped_share, subject.mapped_share)
    if least < COVERAGE_FLOOR and not borrowed:  # a part that was found is found all the same
        reason = f"only {least:.0%} of the parameters are understood"
        return say(Verdict.INCONCLUSIVE, reason)
    if not comparison.outcomes and not borrowed:
        return say(Verdict.NOT_TESTED, _no_order(comparison))
    order_agrees = (
        comparison.best_whole >= SETTLED
        and comparison.combined.without_strongest >= NOTABLE
        and comparison.combined.strongest_body >= NOTABLE
    )
    if order_agrees:
        start = _common_initialisation(comparison)
        if start is not None:
            return say(Verdict.RELATED, "", start)
        if comparison.settled_related:
            return say(Verdict.RELATED, "", relation_of(comparison, base, subject, closer))
        return say(Verdict.INCONCLUSIVE, ORDER_ALONE)
    copied = [p for p in parts if p.verdict is Verdict.RELATED and p.name != Part.BODY]
    if copied and comparison.combined.strongest_body < NOTABLE:
        names = " and ".join(p.name for p in copied)
        detail = f"{names} only, the body does not match"
        return say(Verdict.RELATED, "", Relation(kind=RelationKind.PARTS, detail=detail))
    if comparison.best_whole < NOTABLE and comparison.has_power:
        return say(Verdict.UNRELATED)
    if comparison.best_whole < NOTABLE:
        return say(Verdict.INCONCLUSIVE, "too little is comparable to have seen a copy")
    if comparison.best_whole >= SETTLED:
        return say(Verdict.INCONCLUSIVE, "a single part agrees, the rest does not")
    return say(Verdict.INCONCLUSIVE, "something agrees, not enough to settle it")


def _only_towers(towers: Sequence[PartVerdict], say: Callable[..., Judgement]) -> Judgement:
    """Judge a base that is a tower and nothing else: what is said of the tower is said of it."""
    held = [t for t in towers if t.verdict is Verdict.RELATED]
    if held:
        detail = f"{' and '.join(t.name for t in held)}: {WHOLE_BASE}"
        return say(Verdict.RELATED, "", Relation(kind=RelationKind.PARTS, detail=detail))
    if all(t.verdict is Verdict.UNRELATED for t in towers):
        return say(Verdict.UNRELATED)
    return say(Verdict.INCONCLUSIVE, "too little of the tower is comparable to have seen a copy")


def _common_initialisation(comparison: Comparison) -> Relation | None:
    """Return the relation of models that share an initialisation and no training, if they do.

    The spectrum tells: bulk kept, learned top not. Where training has drowned the bulk, tokens that
    it never saw still hold their initial rows: reserved tokens that stand, beside a body that does
    not, say the same.
    """
    kind = RelationKind.COMMON_INITIALISATION
    spectra = comparison.spectra
    if spectra and 2 * sum(s.says_common_initialisation for s in spectra) > len(spectra):
        top, bulk = median(s.top for s in spectra), median(s.bulk for s in spectra)
        detail = (
            f"of the initial noise {bulk:.2f} is kept, of what training wrote {top:.2f}: "
            "the same initial weights, trained apart"
        )
        return Relation(kind=kind, detail=detail)
    reserved = [o for o in comparison.outcomes if o.test is Test.RESERVED]
    if not comparison.content_stands and any(o.stands and o.log_e >= NOTABLE for o in reserved):
        kept = max(o.kept for o in reserved)
        detail = (
            f"rows of tokens that training never saw keep {kept:.2f}, the trained body does not "
            "stand: the same initial weights, trained apart"
        )
        return Relation(kind=kind, detail=detail)
    return None


def _no_order(comparison: Comparison) -> str:
    if comparison.abstentions:
        why = "; ".join(sorted({a.reason for a in comparison.abstentions})[:2])
        return f"no shared order: the base fails its self-test ({why})"
    return "no shared order"


def _kept(
    comparison: Comparison,
    verdict: Verdict,
    relation: Relation | None,
    parts: Sequence[PartVerdict],
) -> float:
    """Return how much of the base is still there: over what hit, or over all of the body."""
    if relation is not None and relation.kind is RelationKind.PARTS:
        return max((p.kept for p in parts if p.verdict is Verdict.RELATED), default=0.0)
    body = [o for o in comparison.outcomes if o.test in BODY_ORDERS]
    hitting = list(comparison.hitting) if verdict is not Verdict.UNRELATED else []
    values = [o.best.kept for o in hitting] or [o.first.kept for o in body]
    return median(values) if values else 0.0


# -- parts ---------------------------------------------------------------------------------


def parts_of(comparison: Comparison) -> tuple[PartVerdict, ...]:
    """Judge body, embeddings and norms separately, each by its own evidence."""
    combined = comparison.combined
    body = [o for o in comparison.outcomes if o.part is Part.BODY]
    found = []
    if body:
        stands = comparison.content_stands
        kept = median([o.best.kept for o in comparison.hitting] or [o.first.kept for o in body])
        found.append(
            _part(Part.BODY, combined.body, kept, stands=stands, power=comparison.has_power)
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
    return PartVerdict(name=part, verdict=verdict, log10_p=log10_p(log_e), kept=round(kept, 4))


# -- what the report shows -------------------------------------------------------------------


def shown_view(outcome: FamilyOutcome) -> View:
    """Return the view that stands for a family.

    The best of a notable one, else the one fixed beforehand: the best of several null counts would
    look like more than chance.
    """
    return outcome.best if outcome.log_e >= NOTABLE else outcome.first


def evidence_of(comparison: Comparison) -> tuple[Evidence, ...]:
    """Return one row per family, the parts of the channel family apart."""
    rows: list[Evidence] = []
    for outcome in comparison.outcomes:
        rows.append(_row(outcome))
        if outcome.test is Test.CHANNELS:
            rows += [_view_row(outcome, v) for v in outcome.looks[0].views if v.name in PART_VIEWS]
    for sign in comparison.signs:
        rows.append(
            Evidence(
                test=Test.SIGNS,
                family=f"signs of up rows, {sign.label}",
                kind=EvidenceKind.EXACT,
                part=Part.BODY,
                frame="raw+token",
                layers=(sign.base.layer,),
                units=sign.pairs,
                hits=sign.agreements,
                log10_p=log10_p_signs(sign.agreements, sign.pairs),
                detectable_kept=0.0,
                note="agreeing signs of matched rows; half by chance",
                log10_e=sign.log_e / LOG10,
            )
        )
    return tuple(rows)


def _row(outcome: FamilyOutcome) -> Evidence:
    view = shown_view(outcome)
    return Evidence(
        test=outcome.test,
        family=outcome.label,
        kind=EvidenceKind.EXACT,
        part="stream" if outcome.test is Test.CHANNELS else outcome.part,
        frame=view.name,
        layers=(outcome.base.layer,) if outcome.base.layer >= 0 else (),
        units=view.units,
        hits=view.hits,
        log10_p=own_log10_p(view.hits),
        detectable_kept=_shown(min(outcome.detectable_raw, outcome.detectable_token)),
        note=_note(outcome, view),
        kept=round(view.kept, 4),
        ceiling=round(outcome.ceiling, 4),
        log10_e=outcome.log_e / LOG10,
        control_hits=view.shifted,
    )


def _view_row(outcome: FamilyOutcome, view: View) -> Evidence:
    return Evidence(
        test=outcome.test,
        family=f"{outcome.label}: {view.name.removeprefix('raw ')} alone",
        kind=EvidenceKind.EXACT,
        part=PART_VIEWS[view.name],
        frame=view.name,
        units=view.units,
        hits=view.hits,
        log10_p=own_log10_p(view.hits),
        detectable_kept=0.0,
        note="a view of the family above, averaged into it",
        kept=round(view.kept, 4),
        control_hits=view.shifted,
    )


def own_log10_p(hits: int) -> float:
    """Return log10 of a family's own bound 1/hits!."""
    return -lgamma(hits + 1) / LOG10 or 0.0


def _shown(detectable: float) -> float:
    return 0.0 if detectable >= NOT_DETECTABLE else detectable


def _note(outcome: FamilyOutcome, view: View) -> str:
    notes = []
    if view.subject != outcome.base:
        where = f"layer {view.subject.layer}"
        where += f", member {view.subject.member}" if view.subject.member >= 0 else ""
        notes.append(f"found in the subject's {where}")
    if outcome.separate_hits >= 0:
        notes.append(f"{outcome.separate_hits} hit in every view alone")
    if outcome.ceiling and not outcome.stands:
        notes.append("content does not stand above the relabelling ceiling")
    frames = (("raw", outcome.detectable_raw), ("token", outcome.detectable_token))
    notes += [f"{f} frame would show {d:.2f}" for f, d in frames if d < NOT_DETECTABLE]
    return "; ".join(notes)


def controls_of(comparison: Comparison) -> Controls | None:
    """Return the mean shifted count per family and the share of self hits."""
    if not comparison.outcomes:
        return None
    shifted = fmean(shown_view(o).shifted for o in comparison.outcomes)
    own = fmean(o.self_hits for o in comparison.outcomes)
    return Controls(shifted_hits=round(shifted, 3), self_hits=round(own, 4))


def power_of(comparison: Comparison) -> str:
    """Return what an ``unrelated`` would have seen, in words."""
    if comparison.detectable >= NOT_DETECTABLE:
        return ""
    where = "in any layer" if comparison.searched else "in these layers"
    text = f"a copy keeping {comparison.detectable:.2f} or more {where} would have been seen"
    share = copied_share(comparison)
    if share < NOT_DETECTABLE:
        text += f", and so would {share:.0%} of the body's units copied exactly"
    related = related_from(comparison)
    if related <= 1:
        text += f"; one keeping {related:.2f} or more would have been called related"
    return f"{text}, assuming it was not shuffled and rotated"
