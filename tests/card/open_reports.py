"""Builds the reports of what stays open, and of what is plain: one for each reason a card can give."""

from __future__ import annotations

from typing import Any, Final

from hubcheck.report.phrases import PhraseCode, because, phrase
from hubcheck.report.schema import (
    BaseModelRef,
    Evidence,
    Finding,
    PartVerdict,
    Power,
    Relation,
    Report,
)
from hubcheck.report.words import (
    DeclarationVerdict,
    EvidenceKind,
    Holds,
    NothingCompared,
    ReasonCode,
    RelationKind,
    Verdict,
)
from tests.card import reports

OPEN: Final = DeclarationVerdict.INCONCLUSIVE


def open_finding(code: ReasonCode, *, hits: int = 3, **changes: Any) -> Finding:
    """Return a declared base that was tested and did not decide, for a reason."""
    params = changes.pop("params", {})
    fields: dict[str, Any] = {
        "verdict": Verdict.INCONCLUSIVE,
        "code": code,
        "reason": because(code, **params),
        "units_hit": hits,
        "kept": 0.004,
        "power": None,
        "detectable_kept": 0.0,
        "order_tested": 0.31,
    }
    return reports.unrelated(**(fields | changes))


def bare(code: ReasonCode, **params: Any) -> Finding:
    """Return a declared base of which no weights were compared, for a reason."""
    return reports.untested("acme/base-7b", because(code, **params), code=code)


def digests() -> tuple[Evidence, ...]:
    """Return the row that says that the weight files are the same."""
    return (
        reports.evidence(
            test="digest", family="weight files", kind=EvidenceKind.IDENTITY, part="model",
            frame="", layers=(), units=1, hits=1, log10_p=0.0, detectable_kept=0.0, kept=1.0,
            ceiling=0.0, log10_e=0.0, control_hits=-1,
        ),
    )  # fmt: skip


def identical() -> Report:
    """Return a mirror: every weight file of it has the digest of the base's."""
    base = reports.matching(
        ref="acme/base-7b", declared=True, proposed_by=("README.md line 4",), found_by="named",
        verdict=Verdict.IDENTICAL, relation=Relation(kind=RelationKind.IDENTICAL, detail=()),
        log10_p=0.0, log10_p_without_strongest=0.0, kept=1.0, parts=(), controls=None,
        evidence=digests(), units_tested=0, units_hit=0, families_tested=0, families_hit=0,
        base=BaseModelRef(ref="acme/base-7b", revision=reports.DECLARED_COMMIT, created=""),
    )  # fmt: skip
    return reports.report(DeclarationVerdict.CONFIRMED, base)


def refuted_by_shape() -> Report:
    """Return a model with more layers than the base its card names, and whose orders were tested."""
    power = Power(would_be_seen=0.4, other_shape=True, searched=True)
    rows = (
        reports.evidence(test="pruned-neurons", family="neurons of layer 7, in order", frame="token",
                         units=512, hits=9, log10_p=0.0, log10_e=-0.2, kept=0.0, ceiling=0.0,
                         control_hits=-1, detectable_kept=0.4),
        reports.evidence(test="signs", family="signs of neurons of layer 7", frame="token",
                         units=512, hits=260, log10_p=0.0, log10_e=-0.1, kept=0.0, ceiling=0.0,
                         control_hits=-1, detectable_kept=0.4),
    )  # fmt: skip
    base = reports.unrelated(
        power=power, detectable_kept=0.4, evidence=rows, units_tested=0, units_hit=0,
        families_tested=2, families_hit=0, controls=None,
        ruled_out=(phrase(PhraseCode.SHAPE_RULES_OUT, axis="layers", relation="finetune", base=46,
                          subject=48),),
    )  # fmt: skip
    subject, other = reports.context().architecture
    beside = other.model_copy(update={"ref": "acme/base-7b"})
    context = reports.context().model_copy(
        update={"architecture": (subject, beside), "norms": (), "tokenizer": ()}
    )
    return reports.report(DeclarationVerdict.CONTRADICTED, base, context=context)


def unread() -> Report:
    """Return a confirmed model beside whose weights another set lies that was not read."""
    shared = reports.matching(ref="acme/base-7b", declared=True, proposed_by=("README.md line 4",))
    return reports.report(
        DeclarationVerdict.CONFIRMED, shared, subject=reports.with_unread()
    )  # fmt: skip


def one_of_two() -> Report:
    """Return a model with two declared bases, one of which the network did not give."""
    lost = because(ReasonCode.UNREACHABLE, detail="huggingface.co did not answer in 30 s")
    return reports.report(
        OPEN,
        reports.matching(ref="acme/base-7b", declared=True, proposed_by=("README.md line 4",)),
        reports.untested("acme/other-7b", lost, code=ReasonCode.UNREACHABLE),
    )


def parts_open() -> dict[str, Finding]:
    """Return what was found where a part of the model keeps the card open."""
    tower = PartVerdict(
        name="vision tower", verdict=Verdict.INCONCLUSIVE, log10_p=0.0, kept=0.0, tower=True,
        share=0.28, base_share=0.28, reason=because(ReasonCode.NO_POWER),
    )  # fmt: skip
    body = PartVerdict(name="body", verdict=Verdict.UNRELATED, log10_p=0.0, kept=0.001)
    embeddings = PartVerdict(name="embeddings", verdict=Verdict.RELATED, log10_p=-48.0, kept=0.98)
    seen = phrase(PhraseCode.SHARE_NOT_COMPARED, share=0.85, what=())
    return {
        "rest-not-compared": reports.matching(
            ref="acme/base-7b", declared=True, proposed_by=("README.md line 4",),
            verdict=Verdict.INCONCLUSIVE, code=ReasonCode.REST_NOT_COMPARED,
            reason=because(ReasonCode.REST_NOT_COMPARED, parts=("embeddings",), rest=(seen,)),
            relation=None, parts=(embeddings,), units_tested=64, units_hit=64, families_tested=1,
            families_hit=1, log10_p=0.0, log10_p_without_strongest=0.0, compared=0.15, held=0.0,
            evidence=(reports.evidence(test="channels", family="channels", part="embeddings",
                                       nearest=reports.DIAGONAL),),
        ),
        "part-open": open_finding(
            ReasonCode.PART_OPEN, parts=(body, tower),
            params={"part": "vision tower", "why": because(ReasonCode.NO_POWER),
                    "verdict": "inconclusive"},
        ),
    }  # fmt: skip


def reasons() -> dict[str, Report]:
    """Return a report for each reason for which what was tested does not decide."""
    size = phrase(PhraseCode.SIZE_DIFFERS, axis="width", base=4096, subject=7168)
    disguise = {"models": 256, "bound": 0.0078, "needed": 0.01}
    found = {
        ReasonCode.START_OR_COPY: open_finding(
            ReasonCode.START_OR_COPY, hits=500, params={"bulk": 0.62, "top": 0.41}, kept=0.55,
            families_hit=8, evidence=(reports.evidence(kept=0.55, nearest=reports.DIAGONAL),),
        ),
        ReasonCode.BODY_NOT_COMPARED: open_finding(
            ReasonCode.BODY_NOT_COMPARED, params={"tested": 0.31, "missing": ("attention 42 %",)},
            not_compared=("attention 42 %",),
        ),
        ReasonCode.NO_POWER: open_finding(ReasonCode.NO_POWER, hits=1, units_tested=32,
                                          families_tested=2),
        ReasonCode.OTHER_SHAPE: open_finding(
            ReasonCode.OTHER_SHAPE, params={"sizes": (size,), "tested": 0.12, "self_test": ()},
            units_tested=0, hits=0, families_tested=0, evidence=(), controls=None,
        ),
        ReasonCode.HEAD_ALONE: open_finding(
            ReasonCode.HEAD_ALONE, params={"side": "subject", "head": "classifier"},
            units_tested=0, hits=0, families_tested=0, evidence=(), controls=None,
        ),
        ReasonCode.SOME_TENSORS: open_finding(ReasonCode.SOME_TENSORS, params={"share": 0.34}),
        ReasonCode.ONE_ORDER: open_finding(
            ReasonCode.ONE_ORDER, hits=63, families_hit=1,
            evidence=(
                reports.evidence(hits=63, nearest=reports.DIAGONAL),
                reports.evidence(test="channels", family="channels", hits=0, log10_p=0.0, kept=0.0,
                                 ceiling=0.2, nearest=reports.SCATTER[1:]),
            ),
        ),
        ReasonCode.BETWEEN: open_finding(ReasonCode.BETWEEN, hits=14),
        ReasonCode.ASSUMED: open_finding(
            ReasonCode.ASSUMED, params={"agrees": True}, hits=502, kept=0.98, families_hit=8,
            evidence=(reports.evidence(kind=EvidenceKind.ASSUMED, nearest=reports.DIAGONAL),),
        ),
        ReasonCode.TABLE_TOO_SMALL: open_finding(ReasonCode.TABLE_TOO_SMALL, params=disguise),
        ReasonCode.NOT_IN_TABLE: open_finding(ReasonCode.NOT_IN_TABLE),
        ReasonCode.DOWN_NOT_READ: open_finding(ReasonCode.DOWN_NOT_READ),
        ReasonCode.BROKEN_OFF: open_finding(
            ReasonCode.BROKEN_OFF,
            params={"cause": "network", "detail": "the host ended an answer early"},
        ),
    }  # fmt: skip
    made = {f"open-{code.value}": reports.report(OPEN, one) for code, one in found.items()}
    made |= {f"open-{name}": reports.report(OPEN, one) for name, one in parts_open().items()}
    return made


def untested_cases() -> dict[str, Report]:
    """Return a report for each kind of reason for which no weights of a base were compared."""
    why: dict[ReasonCode, dict[str, Any]] = {
        ReasonCode.MISSING: {"detail": "acme/base-7b is not there"},
        ReasonCode.BUDGET: {"detail": "96 MB are needed and 64 MB are allowed"},
        ReasonCode.FORMAT: {"format": "GGUF with a quantisation that is not read"},
        ReasonCode.NO_SHARED_ORDER: {"self_test": ()},
    }
    return {
        f"not-tested-{code.value}": reports.report(OPEN, bare(code, **params))
        for code, params in why.items()
    }


def nothing_compared() -> dict[str, Report]:
    """Return a report for each reason for which there was nothing to compare."""
    kinds = (NothingCompared.NO_WEIGHTS, NothingCompared.NO_CONTENT, NothingCompared.NOT_READABLE)
    return {f"nothing-{kind.value}": reports.report(OPEN, nothing_compared=kind) for kind in kinds}


def tower_alone() -> Report:
    """Return a vision tower that was taken out of a declared model."""
    relation = Relation(kind=RelationKind.PARTS, detail=(), holds=Holds.WHOLE)
    tower = PartVerdict(
        name="vision tower", verdict=Verdict.RELATED, log10_p=-380.0, kept=0.997, tower=True,
        share=1.0, base_share=0.28,
    )  # fmt: skip
    found = reports.matching(
        ref="acme/base-7b", declared=True, proposed_by=("README.md line 4",), relation=relation,
        parts=(tower,),
    )  # fmt: skip
    return reports.report(DeclarationVerdict.CONFIRMED, found)


def open_cases() -> dict[str, Report]:
    """Return the reports whose cards are golden, by name."""
    return {
        "identical": identical(),
        "other-shape": refuted_by_shape(),
        "unread": unread(),
        "one-of-two": one_of_two(),
        "tower": tower_alone(),
        **reasons(),
        **untested_cases(),
        **nothing_compared(),
    }
