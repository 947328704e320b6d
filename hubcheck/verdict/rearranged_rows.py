"""What does the report show of what was seen once a rearrangement was undone?"""

from __future__ import annotations

from math import log10

from hubcheck.evidence.looks.disguise.proof import MapProof, SignProof
from hubcheck.evidence.looks.disguise.run import Disguise
from hubcheck.evidence.looks.writers import WriterEvidence, WriterHits
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Evidence
from hubcheck.report.words import EvidenceKind
from hubcheck.statistics.disguise import LayerPair
from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.signs import log10_p_signs
from hubcheck.verdict.finding import own_log10_p


def writer_rows(seen: WriterEvidence) -> tuple[Evidence, ...]:
    """Return one row for each layer seen through the writers of another."""
    return tuple(_writer_row(one) for one in seen.layers)


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


def evidence_of_disguise(seen: Disguise) -> tuple[Evidence, ...]:
    """Return one calibrated row for each base layer, and one exact row for each proof."""
    return (
        *(_layer_row(seen, pair, share) for pair, share in _with_shares(seen)),
        *(_sign_row(sign, PhraseCode.FAMILY_MATCHED_SIGNS) for sign in seen.signs),
        *(_sign_row(sign, PhraseCode.FAMILY_VALUE_SIGNS) for sign in seen.values),
        *(_map_row(mapped, gated=seen.gated) for mapped in seen.maps),
    )


def _sign_row(sign: SignProof, family: PhraseCode) -> Evidence:
    return Evidence(
        test="signs",
        family=phrase(family, layer=sign.base),
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


def _map_row(mapped: MapProof, *, gated: bool) -> Evidence:
    return Evidence(
        test="shared-map",
        family=phrase(PhraseCode.FAMILY_MAPPED, layer=mapped.base, by=mapped.mapped_by),
        kind=EvidenceKind.EXACT,
        part="body",
        frame="token gate" if gated else "token up",
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
        family=phrase(
            PhraseCode.FAMILY_DISGUISE,
            layer=pair.base,
            plain=not seen.gated,
            reading=seen.by_reading,
        ),
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
                reading=seen.by_reading,
            ),
        ),
        kept=round(seen.kept, 4),
    )
