"""What does the report show of one comparison: rows of evidence, controls, power?"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from statistics import fmean
from typing import Final

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import FamilyOutcome, Part, Test, View
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.sample.power import copied_share, related_from
from hubcheck.evidence.observation import Skip
from hubcheck.report.schema import Controls, Evidence
from hubcheck.report.words import EvidenceKind
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.signs import log10_p_signs
from hubcheck.verdict.equal_tensors import EqualTensors
from hubcheck.verdict.expert_words import counted_words, family_words

FAMILY_REJECTS: Final = -3.0
"""A family counts as hit when its own bound 1/N! is below 1e-3 (7 hits)."""
PART_VIEWS: Final = {"raw embeddings": Part.EMBEDDINGS, "raw norms": Part.NORMS}


def shown_view(outcome: FamilyOutcome) -> View:
    """Return the view that stands for a family.

    The best of a notable one, else the one fixed beforehand: the best of several null counts would
    look like more than chance.
    """
    return outcome.best if outcome.log_e >= NOTABLE else outcome.first


def evidence_of(comparison: Comparison, *, part: str = "") -> tuple[Evidence, ...]:
    """Return one row per family, the parts of the channel family apart.

    Args:
        comparison: What the tests saw.
        part: Of a tower, its name: it stands on the rows in place of the body's.
    """
    rows = _rows(comparison)
    if not part:
        return rows
    return tuple(
        row.model_copy(update={"part": part, "family": f"{part}: {row.family}"}) for row in rows
    )


def _rows(comparison: Comparison) -> tuple[Evidence, ...]:
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
        family=family_words(outcome, view),
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


def identity_rows(equal: EqualTensors) -> tuple[Evidence, ...]:
    """Return one row for tensors whose bytes were compared: no order, and outside E."""
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    if not n_equal + n_differing:
        return ()
    scope = "every value" if equal.whole else "in every range read"
    return (
        Evidence(
            test="identity",
            family="tensors equal bit for bit",
            kind=EvidenceKind.IDENTITY,
            part="model",
            frame="",
            units=n_equal + n_differing,
            hits=n_equal,
            log10_p=min(0.0, equal.log10_p),
            detectable_kept=0.0,
            note=f"{scope}; {len(equal.proven[1])} beyond chance, others hold too little to prove "
            "anything; a public part that both took is equal, too",
        ),
    )


def own_log10_p(hits: int) -> float:
    """Return log10 of a family's own bound 1/hits!."""
    return -lgamma(hits + 1) / LOG10 or 0.0


def _shown(detectable: float) -> float:
    return 0.0 if detectable >= NOT_DETECTABLE else detectable


def _note(outcome: FamilyOutcome, view: View) -> str:
    notes = []
    if view.subject != outcome.base:
        verb = "found in" if outcome.log_e >= NOTABLE else "against"
        notes.append(f"{verb} the subject's {view.subject.words}")
    notes += [words for words in (counted_words(outcome),) if words]
    if outcome.separate_hits >= 0:
        notes.append(f"{outcome.separate_hits} hit in every view alone")
    if outcome.ceiling and not outcome.stands:
        notes.append("content does not stand above the relabelling ceiling")
    frames = (("raw", outcome.detectable_raw), ("token", outcome.detectable_token))
    notes += [f"{f} frame would show {d:.2f}" for f, d in frames if d < NOT_DETECTABLE]
    return "; ".join(notes)


def controls_of(comparisons: Sequence[Comparison]) -> Controls | None:
    """Return the mean shifted count per family and the share of self hits."""
    outcomes = [o for c in comparisons for o in c.outcomes]
    if not outcomes:
        return None
    shifted = fmean(shown_view(o).shifted for o in outcomes)
    own = fmean(o.self_hits for o in outcomes)
    return Controls(shifted_hits=round(shifted, 3), self_hits=round(own, 4))


def power_of(comparison: Comparison, disguise: Disguise | Skip = Skip.SETTLED) -> str:
    """Return what an ``unrelated`` would have seen, in words.

    Args:
        comparison: What the orders showed.
        disguise: What the disguise test saw, where it was made.
    """
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
    if isinstance(disguise, Skip) or disguise.found or disguise.detectable >= NOT_DETECTABLE:
        return f"{text}, assuming it was not shuffled and rotated"
    hidden = f"one that was shuffled and rotated would have from {disguise.detectable:.2f} on"
    return f"{text}; {hidden}, had it kept its embeddings"
