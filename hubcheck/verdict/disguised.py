"""What does the disguise test add to a finding?

A match that exact tests confirm is ``related``; one that only the calibrated table speaks for is
``disguised``; where the table is too small for the number of bases tried, ``inconclusive``. Where
nothing was seen the finding stays, and says what would have been.
"""

from __future__ import annotations

from math import log, log10
from statistics import median
from typing import Final

from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.looks.disguise.calibration import FLOOR
from hubcheck.evidence.looks.disguise.proof import MapProof, SignProof
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.writers import WriterEvidence, WriterHits
from hubcheck.report.phrases import Clauses, PhraseCode, because, phrase
from hubcheck.report.schema import Evidence, Finding, Power, Relation
from hubcheck.report.words import EvidenceKind, ReasonCode, RelationKind, Verdict
from hubcheck.statistics.disguise import LayerPair
from hubcheck.statistics.evalues import log10_p, log_e_hits, log_mean
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.signs import log10_p_signs
from hubcheck.verdict.finding import own_log10_p

LIKE_A_SIBLING: Final = 0.3
"""Share of agreeing neurons below which the same initial weights explain a match as well: models
that share only those reach 0.06, a copy trained three times over 0.76 (benchmarks/zoo)."""


def with_disguise(finding: Finding, seen: Disguise, said: Clauses) -> Finding:
    """Return the finding with what the disguise test adds.

    Args:
        finding: As the exact tests left it, not ``related`` as a whole.
        seen: What the disguise test saw.
        said: What was done to the copy, where something was found.
    """
    rows = (*finding.evidence, *evidence_of_disguise(seen))
    if not seen.found:
        return finding.model_copy(update={"evidence": rows, "power": _power(finding, seen)})
    if finding.verdict is Verdict.RELATED and finding.held > 0:
        # Exact orders of the body have settled the relation; the match says what became of the
        # rest: its neurons are there, in another order.
        return finding.model_copy(
            update={"evidence": rows, "disguise": said, "relation": _relation(seen)}
        )
    update: dict[str, object] = {
        "evidence": rows,
        "kept": round(seen.kept, 4),
        "disguise": said,
        "status": "tested",
        "reason": (),
        "power": None,
    }
    if seen.proven:
        update |= {
            "verdict": Verdict.RELATED,
            "log10_p": log10_p(seen.log_e),
            "log10_p_without_strongest": -max(0.0, seen.log_e_without_strongest) / LOG10 or 0.0,
            "relation": _relation(seen),
        }
    elif seen.calibrated:
        update |= {
            "verdict": Verdict.DISGUISED,
            "log10_p": log10(seen.bound),
            "relation": _relation(seen),
        }
    elif not seen.plain:
        update |= {
            "verdict": Verdict.INCONCLUSIVE,
            "reason": (phrase(PhraseCode.NOT_IN_TABLE),),
        }
    else:
        update |= {
            "verdict": Verdict.INCONCLUSIVE,
            "reason": because(
                ReasonCode.TABLE_TOO_SMALL,
                models=seen.calibration.models,
                bound=float(seen.bound),
                needed=float(FLOOR),
            ),
        }
    return finding.model_copy(update=update)


def with_writers(finding: Finding, seen: WriterEvidence, log_e: float, n_bases: int) -> Finding:
    """Return the finding with what another layer's writers show where no token is shared.

    Args:
        finding: As the exact tests left it.
        seen: Hits through the writers.
        log_e: Natural log of the e-value of all tests before, bases paid for; this later look at
            the same body orders shares the weight with them, half and half.
        n_bases: Bases tried in this check.
    """
    update: dict[str, object] = {
        "evidence": (*finding.evidence, *(_writer_row(one) for one in seen.layers))
    }
    paid = log(max(1, n_bases))
    both = log_mean([log_e, seen.log_e - paid])
    rest = seen.log_e_without_strongest - paid
    if both >= SETTLED and rest >= NOTABLE and seen.content_stands:
        hitting = [one.kept for one in seen.layers if one.stands]
        detail = (phrase(PhraseCode.WRITERS_ORDER),)
        update |= {
            "verdict": Verdict.RELATED,
            "status": "tested",
            "reason": (),
            "power": None,
            "log10_p": log10_p(both),
            "log10_p_without_strongest": -max(0.0, rest) / LOG10 or 0.0,
            "kept": round(median(hitting), 4),
            "relation": Relation(kind=RelationKind.REARRANGED, detail=detail),
            "disguise": (
                phrase(PhraseCode.STREAM_CHANGED),
                phrase(PhraseCode.VOCABULARY_REPLACED),
            ),
        }
    return finding.model_copy(update=update)


def _writer_row(one: WriterHits) -> Evidence:
    return Evidence(
        test="neurons",
        family=phrase(PhraseCode.FAMILY_WRITERS, layer=one.base, frame=one.frame),
        kind=EvidenceKind.EXACT,
        part="body",
        frame="writers",
        layers=(one.base,),
        units=one.units,
        hits=one.hits,
        log10_p=own_log10_p(one.hits),
        detectable_kept=0.0,
        note=() if one.base == one.subject else (phrase(PhraseCode.NOTE_LAYER, layer=one.subject),),
        kept=round(one.kept, 4),
        log10_e=log_e_hits(one.hits) / LOG10,
    )


def _relation(seen: Disguise) -> Relation:
    """Return the relation; what was done is told apart (``Finding.disguise``)."""
    if seen.score.agreement < LIKE_A_SIBLING and seen.score.outstanding < LIKE_A_SIBLING:
        either = phrase(PhraseCode.FAR_OR_START, share=float(seen.score.agreement))
        return Relation(kind=RelationKind.UNDETERMINED, detail=(either,))
    return Relation(kind=RelationKind.REARRANGED)


def _power(finding: Finding, seen: Disguise) -> Power | None:
    """Return what would have been seen, of a copy that was shuffled and rotated as well."""
    if finding.power is None or seen.detectable >= NOT_DETECTABLE:
        return finding.power
    return finding.power.model_copy(update={"rearranged": float(seen.detectable)})


def evidence_of_disguise(seen: Disguise) -> tuple[Evidence, ...]:
    """Return one calibrated row for each base layer, and one exact row for each proof."""
    return (
        *(_layer_row(seen, pair, share) for pair, share in _with_shares(seen)),
        *(_sign_row(sign) for sign in seen.signs),
        *(_map_row(mapped) for mapped in seen.maps),
    )


def _sign_row(sign: SignProof) -> Evidence:
    return Evidence(
        test="signs",
        family=phrase(PhraseCode.FAMILY_MATCHED_SIGNS, layer=sign.base),
        kind=EvidenceKind.EXACT,
        part="body",
        frame="token",
        layers=(sign.base,),
        units=sign.pairs,
        hits=sign.agreements,
        log10_p=log10_p_signs(sign.agreements, sign.pairs),
        detectable_kept=0.0,
        note=(phrase(PhraseCode.NOTE_SIGNS, undone=True),),
        log10_e=sign.log_e / LOG10,
    )


def _map_row(mapped: MapProof) -> Evidence:
    return Evidence(
        test="shared-map",
        family=phrase(PhraseCode.FAMILY_MAPPED, layer=mapped.base, by=mapped.mapped_by),
        kind=EvidenceKind.EXACT,
        part="body",
        frame="token gate",
        layers=(mapped.base,),
        units=mapped.units,
        hits=mapped.hits,
        log10_p=own_log10_p(mapped.hits),
        detectable_kept=0.0,
        note=(phrase(PhraseCode.NOTE_SHARED_MAP),),
        kept=round(mapped.kept, 4),
        log10_e=mapped.log_e / LOG10,
    )


def _with_shares(seen: Disguise) -> list[tuple[LayerPair, float]]:
    return list(zip(seen.score.found, seen.score.stands_out, strict=True))


def _layer_row(seen: Disguise, pair: LayerPair, stands_out: float) -> Evidence:
    table = seen.calibration
    return Evidence(
        test="disguise",
        family=phrase(PhraseCode.FAMILY_DISGUISE, layer=pair.base),
        kind=EvidenceKind.CALIBRATED,
        part="body",
        frame="token",
        layers=(pair.base,),
        units=round(pair.expected),
        hits=min(pair.agreeing, round(pair.expected)),
        log10_p=log10(seen.bound) if seen.found else 0.0,
        detectable_kept=0.0 if seen.detectable >= NOT_DETECTABLE else seen.detectable,
        note=(
            phrase(
                PhraseCode.NOTE_CALIBRATED,
                models=table.models,
                score=float(seen.score.value),
                pairs=table.pairs,
                greatest=float(table.greatest),
                outstanding=float(stands_out),
                layer=pair.subject,
            ),
        ),
        kept=round(seen.kept, 4),
    )
