"""What does the report show of one comparison: rows of evidence, controls, power?"""

from __future__ import annotations

from collections.abc import Sequence
from math import lgamma
from statistics import fmean
from typing import Final

from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.family import (
    PART_VIEWS,
    FamilyOutcome,
    Part,
    Test,
    Units,
    View,
)
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.looks.sample.power import copied_share, related_from
from hubcheck.evidence.looks.shapes.interface import NOT_SHAPES, OtherShapes
from hubcheck.evidence.observation import Skip
from hubcheck.evidence.shown import shown_view
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase
from hubcheck.report.schema import Controls, Evidence, Power
from hubcheck.report.words import EvidenceKind
from hubcheck.statistics.blocks import log_ways
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.signs import log10_p_signs
from hubcheck.statistics.similarity_interval import similarity_interval
from hubcheck.verdict.equal_tensors import EqualTensors
from hubcheck.verdict.expert_words import family_of, mlps_counted
from hubcheck.verdict.kept import rounded

FAMILY_REJECTS: Final = -3.0
"""A family counts as hit when its own bound 1/N! is below 1e-3 (7 hits)."""
PICTURED: Final = 4
"""Families of one comparison of which the nearest units are told: one of each kind, as a rule."""
PAIRS: Final = 64
"""Units told of each of them: all that are under test in a large model."""


def evidence_of(comparison: Comparison, *, part: str = "") -> tuple[Evidence, ...]:
    """Return one row per family, the parts of the channel family apart.

    Args:
        comparison: What the tests saw.
        part: Of a tower, its name: it stands on the rows in place of the body's.
    """
    rows: list[Evidence] = []
    pictured = _pictured(comparison.outcomes)
    for outcome in comparison.outcomes:
        rows.append(_row(outcome, part, pictured=outcome in pictured))
        if outcome.test is Test.CHANNELS:
            views = [v for v in outcome.looks[0].views if v.name in PART_VIEWS]
            rows += [_view_row(outcome, v, part) for v in views]
    for sign in comparison.signs:
        rows.append(
            Evidence(
                test=Test.SIGNS,
                family=_of(part, phrase(PhraseCode.FAMILY_SIGNS, label=(sign.label,))),
                kind=EvidenceKind.EXACT,
                part=part or Part.BODY,
                frame="raw+token",
                layers=(sign.base.layer,),
                units=sign.pairs,
                hits=sign.agreements,
                log10_p=log10_p_signs(sign.agreements, sign.pairs),
                detectable_kept=0.0,
                note=(phrase(PhraseCode.NOTE_SIGNS, undone=False),),
                log10_e=sign.log_e / LOG10,
            )
        )
    return tuple(rows)


def _of(part: str, family: Phrase) -> Phrase:
    """Return a family with the tower it is of."""
    return phrase(PhraseCode.ABOUT, name=part, what=(family,)) if part else family


def _pictured(outcomes: Sequence[FamilyOutcome]) -> list[FamilyOutcome]:
    """Return the families that are pictured: the first of each kind, whatever they show."""
    first: dict[Test, FamilyOutcome] = {}
    for outcome in outcomes:
        first.setdefault(outcome.test, outcome)
    return list(first.values())[:PICTURED]


def _nearest(units: Units) -> tuple[tuple[int, int, float], ...]:
    """Return which subject unit is nearest to each of evenly many base units."""
    n = len(units.nearest_u)
    chosen = range(n) if n <= PAIRS else [k * n // PAIRS for k in range(PAIRS)]
    return tuple((u, units.nearest_u[u], round(units.cosine_u[u], 4)) for u in chosen)


def _row(outcome: FamilyOutcome, part: str, *, pictured: bool) -> Evidence:
    view = shown_view(outcome)
    # Where a guard has taken views out of a family since, its units are those of another view.
    units = outcome.units if outcome.units is not None and outcome.units.view == view else None
    return Evidence(
        test=outcome.test,
        family=_of(part, family_of(outcome, view)),
        kind=EvidenceKind.ASSUMED if outcome.assumed else EvidenceKind.EXACT,
        part=part or ("stream" if outcome.test is Test.CHANNELS else outcome.part),
        frame=view.name,
        layers=(outcome.base.layer,) if outcome.base.layer >= 0 else (),
        units=view.units,
        hits=view.hits,
        log10_p=own_log10_p(view.hits, in_blocks=view.in_blocks),
        detectable_kept=_shown(outcome.detectable),
        note=_note(outcome, view),
        kept=round(view.kept, 4),
        ceiling=round(outcome.ceiling, 4),
        kept_interval=None if units is None else rounded(similarity_interval(units.kept_u)),
        log10_e=outcome.log_e / LOG10,
        control_hits=view.shifted,
        nearest=_nearest(units) if units is not None and pictured else (),
    )


def _view_row(outcome: FamilyOutcome, view: View, part: str) -> Evidence:
    alone = phrase(
        PhraseCode.FAMILY_VIEW, label=(outcome.label,), view=view.name.removeprefix("raw ")
    )
    return Evidence(
        test=outcome.test,
        family=_of(part, alone),
        kind=EvidenceKind.EXACT,
        part=part or PART_VIEWS[view.name],
        frame=view.name,
        units=view.units,
        hits=view.hits,
        log10_p=own_log10_p(view.hits),
        detectable_kept=0.0,
        note=(phrase(PhraseCode.NOTE_VIEW),),
        kept=round(view.kept, 4),
        control_hits=view.shifted,
    )


def identity_rows(equal: EqualTensors) -> tuple[Evidence, ...]:
    """Return one row for tensors whose bytes were compared: no order, and outside E."""
    n_equal, n_differing = len(equal.equal[1]), len(equal.differing[1])
    if not n_equal + n_differing:
        return ()
    note = phrase(PhraseCode.NOTE_IDENTITY, whole=equal.whole, proven=len(equal.proven[1]))
    return (
        Evidence(
            test="identity",
            family=phrase(PhraseCode.FAMILY_IDENTITY),
            kind=EvidenceKind.IDENTITY,
            part="model",
            frame="",
            units=n_equal + n_differing,
            hits=n_equal,
            log10_p=min(0.0, equal.log10_p),
            detectable_kept=0.0,
            note=(note,),
        ),
    )


def own_log10_p(hits: int, *, in_blocks: bool = False) -> float:
    """Return log10 of a family's own bound: 1/hits!, more where units move in blocks only."""
    ways = log_ways(hits, whole=False) if in_blocks else 0.0
    return min(0.0, ways - lgamma(hits + 1)) / LOG10 or 0.0


def _shown(detectable: float) -> float:
    return 0.0 if detectable >= NOT_DETECTABLE else detectable


def _note(outcome: FamilyOutcome, view: View) -> Clauses:
    notes: list[Phrase] = []
    if view.subject != outcome.base:
        found = bool(outcome.log_e >= NOTABLE)
        notes.append(phrase(PhraseCode.NOTE_PLACE, place=(view.subject.said,), found=found))
    notes += mlps_counted(outcome)
    if outcome.known_as:
        known = phrase(PhraseCode.NOTE_AXIS, known=outcome.known_as, blocks=view.in_blocks)
        notes.append(known)
    if outcome.separate_hits >= 0:
        notes.append(phrase(PhraseCode.NOTE_SEPARATE, hits=outcome.separate_hits))
    if outcome.ceiling and not outcome.stands:
        notes.append(phrase(PhraseCode.NOTE_CEILING))
    frames = (("raw", outcome.detectable_raw), ("token", outcome.detectable_token))
    notes += [
        phrase(PhraseCode.NOTE_FRAME, frame=frame, detectable=float(d))
        for frame, d in frames
        if d < NOT_DETECTABLE
    ]
    return tuple(notes)


def controls_of(comparisons: Sequence[Comparison]) -> Controls | None:
    """Return the mean shifted count per family and the share of self hits."""
    outcomes = [o for c in comparisons for o in c.outcomes]
    if not outcomes:
        return None
    shifted = fmean(shown_view(o).shifted for o in outcomes)
    own = fmean(o.self_hits for o in outcomes)
    return Controls(shifted_hits=round(shifted, 3), self_hits=round(own, 4))


def detectable_of(comparison: Comparison, shapes: OtherShapes = NOT_SHAPES) -> float:
    """Return the kept from which a copy would have been seen in two orders of the body.

    Args:
        comparison: What orders of equal sizes showed.
        shapes: What those of other sizes showed.
    """
    return comparison.detectable_with(one.detectable for one in shapes.orders)


def power_of(
    comparison: Comparison,
    disguise: Disguise | Skip = Skip.SETTLED,
    shapes: OtherShapes = NOT_SHAPES,
) -> Power | None:
    """Return what an ``unrelated`` would have seen; None where nothing would have shown.

    Args:
        comparison: What the orders showed.
        disguise: What the disguise test saw, where it was made.
        shapes: What the look across shapes showed.
    """
    across = detectable_of(comparison, shapes)
    if across < comparison.detectable:
        return Power(would_be_seen=across, other_shape=True)
    if comparison.detectable >= NOT_DETECTABLE:
        return None
    share, related = copied_share(comparison), related_from(comparison)
    hidden = 0.0
    if not isinstance(disguise, Skip) and not disguise.found:
        hidden = disguise.detectable if disguise.detectable < NOT_DETECTABLE else 0.0
    return Power(
        would_be_seen=comparison.detectable,
        would_be_related=related if related <= 1 else 0.0,
        copied_share=share if share < NOT_DETECTABLE else 0.0,
        searched=comparison.searched,
        rearranged=float(hidden),
    )
