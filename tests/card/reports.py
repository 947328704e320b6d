"""Builds the reports that the card tests render: small, complete and fixed to the byte."""

from __future__ import annotations

import random
from typing import Any, Final

from hubcheck.report.behaviour import Behaviour, BehaviourKind, Heard, KnownBehaviour
from hubcheck.report.phrases import Clauses, PhraseCode, because, phrase, text
from hubcheck.report.schema import (
    ArchitectureLine,
    BaseModelRef,
    Context,
    Controls,
    Coverage,
    Declared,
    Disclosure,
    Evidence,
    Finding,
    NormContext,
    PartVerdict,
    Policy,
    Power,
    Relation,
    Report,
    Subject,
    TokenizerContext,
    Tool,
    UnreadWeights,
    WeightFile,
)
from hubcheck.report.words import (
    Conclusion,
    DeclarationVerdict,
    Depth,
    EvidenceKind,
    Holds,
    NothingCompared,
    ReasonCode,
    RelationKind,
    Verdict,
)

SUBJECT_COMMIT: Final = "abc1234" + "5" * 33
DECLARED_COMMIT: Final = "1a2b3c4" + "d" * 33
OTHER_COMMIT: Final = "9f8e7d6" + "c" * 33

DIAGONAL: Final = tuple((u, u, 0.99) for u in range(64))
"""Every unit nearest to the one at its own place."""
_PLACES: Final = random.Random(3).sample(range(1, 64), 63)
SCATTER: Final = tuple((u, _PLACES[u - 1] if u else 0, 0.1) for u in range(64))
"""One unit in place, the others anywhere."""


def evidence(**changes: Any) -> Evidence:
    """Return the evidence of one family that matches, with ``changes`` to its fields."""
    fields: dict[str, Any] = {
        "test": "neurons",
        "family": "neurons of layer 7",
        "kind": EvidenceKind.EXACT,
        "part": "body",
        "frame": "raw",
        "layers": (7,),
        "units": 64,
        "hits": 64,
        "log10_p": -89.1,
        "detectable_kept": 0.05,
        "kept": 0.997,
        "ceiling": 0.21,
        "log10_e": 85.6,
        "control_hits": 1,
    }
    return Evidence(**(fields | changes))


def matching(ref: str = "other/base-7b", **changes: Any) -> Finding:
    """Return a finding that is related as a fine-tune."""
    fields: dict[str, Any] = {
        "base": BaseModelRef(ref=ref, revision=OTHER_COMMIT, created="2025-07-20T08:00:00Z"),
        "proposed_by": ("config.json name",),
        "found_by": "files",
        "declared": False,
        "status": "tested",
        "reason": "",
        "verdict": Verdict.RELATED,
        "log10_p": -410.2,
        "kept": 0.997,
        "relation": Relation(
            kind=RelationKind.FINE_TUNE,
            detail=(text("relative change 0.8 % in the body, 0.1 % in the embeddings"),),
        ),
        "parts": (
            PartVerdict(name="body", verdict=Verdict.RELATED, log10_p=-380.0, kept=0.997),
            PartVerdict(name="embeddings", verdict=Verdict.RELATED, log10_p=-30.2, kept=0.9999),
        ),
        "controls": Controls(shifted_hits=0.9, self_hits=1.0),
        "evidence": (
            evidence(nearest=DIAGONAL),
            evidence(family="neurons of layer 23", hits=62, layers=(23,), log10_p=-85.5, kept=0.99),
            evidence(
                test="channels",
                family="channels",
                part="embeddings",
                frame="raw+token",
                nearest=DIAGONAL,
            ),
            evidence(test="vo-dimensions", family="V/O dimensions of layer 7", control_hits=0),
        ),
        "log10_p_without_strongest": -320.0,
        "families_tested": 8,
        "families_hit": 8,
        "units_tested": 512,
        "units_hit": 510,
        "bytes_read": 6_200_000,
        "bytes_total": 15_200_000_000,
        "order_tested": 1.0,
        "compared": 1.0,
        "held": 1.0,
    }
    return Finding(**(fields | changes))


def unrelated(ref: str = "acme/base-7b", **changes: Any) -> Finding:
    """Return a finding without any match beyond chance, with power."""
    fields: dict[str, Any] = {
        "base": BaseModelRef(ref=ref, revision=DECLARED_COMMIT, created=""),
        "proposed_by": ("README.md line 4",),
        "declared": True,
        "status": "tested",
        "reason": "",
        "verdict": Verdict.UNRELATED,
        "log10_p": 0.0,
        "kept": 0.001,
        "controls": Controls(shifted_hits=1.1, self_hits=1.0),
        "evidence": (
            evidence(hits=1, log10_p=0.0, kept=0.002, ceiling=0.2, log10_e=-0.1, nearest=SCATTER),
            evidence(
                family="neurons of layer 23",
                hits=2,
                layers=(23,),
                log10_p=-0.3,
                kept=0.0,
                ceiling=0,
            ),
        ),
        "power": Power(would_be_seen=0.05),
        "detectable_kept": 0.05,
        "families_tested": 8,
        "families_hit": 0,
        "units_tested": 512,
        "units_hit": 3,
        "bytes_read": 6_200_000,
        "bytes_total": 15_200_000_000,
        "order_tested": 1.0,
    }
    return Finding(**(fields | changes))


def untested(ref: str, reason: str | Clauses, **changes: Any) -> Finding:
    """Return a finding about a base whose weights were not compared."""
    fields: dict[str, Any] = {
        "base": BaseModelRef(ref=ref, revision=DECLARED_COMMIT, created=""),
        "proposed_by": ("README.md line 4",),
        "declared": True,
        "status": "not-tested",
        "reason": reason,
        "code": ReasonCode.GATED if str(reason).startswith("gated") else ReasonCode.NONE,
        "verdict": Verdict.NOT_TESTED,
        "log10_p": 0.0,
        "kept": 0.0,
    }
    return Finding(**(fields | changes))


def report(
    verdict: DeclarationVerdict,
    *findings: Finding,
    **changes: Any,
) -> Report:
    """Return a complete report about ``acme/new-7b`` with these findings."""
    fails = {DeclarationVerdict.UNDECLARED, DeclarationVerdict.CONTRADICTED}
    passed = Conclusion.PASS if verdict is DeclarationVerdict.CONFIRMED else Conclusion.NEUTRAL
    fields: dict[str, Any] = {
        "tool": Tool(version="0.1.0"),
        "started": "2026-02-03T07:00:00Z",
        "finished": "2026-02-03T07:00:09Z",
        "depth": Depth.SAMPLE,
        "seed": 1234567,
        "processes": 1,
        "subject": Subject(
            ref="acme/new-7b",
            revision=SUBJECT_COMMIT,
            created="2026-02-01T00:00:00Z",
            weights_digest="0f" * 32,
            files=(WeightFile(path="model.safetensors", size=7_600_000_000, sha256="ab" * 32),),
        ),
        "declared": Declared(
            bases=tuple(f.base.ref for f in findings if f.declared), licence="apache-2.0"
        ),
        "findings": findings,
        "context": Context(),
        "verdict": verdict,
        "conclusion": Conclusion.FAIL if verdict in fails else passed,
        "policy": Policy(),
        "coverage": Coverage(
            bytes_read=12_400_000,
            bytes_total=15_200_000_000,
            requests=61,
            parameters_mapped=0.9996,
        ),
        "limits": (phrase(PhraseCode.LIMIT_DISTILLATION),),
        "replay": "hubcheck check acme/new-7b --base acme/base-7b --depth sample --seed 1234567",
        "max_read": 64_000_000,
        "seconds": 9.2,
    }
    return Report(**(fields | changes))


def with_unread(*, unread: tuple[UnreadWeights, ...] | None = None) -> Subject:
    """Return the subject of ``report`` as a folder that holds more weights than were read."""
    other = UnreadWeights(
        path="pytorch_model.bin", size=7_600_000_100, sha256="cd" * 32, why="other-format"
    )
    plain = report(DeclarationVerdict.CONFIRMED).subject
    return plain.model_copy(
        update={
            "read": ("model.safetensors",),
            "unread": (other,) if unread is None else unread,
        }
    )


def context() -> Context:
    """Return a context with every section filled."""
    return Context(
        architecture=(
            ArchitectureLine(
                ref="acme/new-7b",
                blocks=("embed 196608x4096", "MoE 128 x48", "norm", "head"),
                layers=48,
                parameters=102_600_000_000,
            ),
            ArchitectureLine(
                ref="other/base-7b",
                blocks=("embed 151552x4096", "dense x1, MoE 128 x45", "norm", "head", "MTP x1"),
                layers=46,
                parameters=106_900_000_000,
                differs=(True, True, False, False, True),
            ),
        ),
        tokenizer=(
            TokenizerContext(
                base="other/base-7b",
                same_digest=False,
                shared_tokens=60_211,
                subject_tokens=196_608,
                base_tokens=151_552,
            ),
        ),
        norms=(
            NormContext(
                base="other/base-7b",
                cosine=0.9497,
                cosine_shuffled=0.9399,
                pearson=0.013,
                tensors=94,
            ),
        ),
        disclosure=(
            Disclosure(
                item="training-data",
                found=True,
                where=(phrase(PhraseCode.PLACE_LINE, path="README.md", line=31),),
            ),
            Disclosure(item="training-logs", found=False),
        ),
    )


def _parts() -> Finding:
    return matching(
        relation=Relation(
            kind=RelationKind.PARTS,
            detail=(text("embeddings only, the body does not match"),),
            holds=Holds.PART,
        ),
        parts=(
            PartVerdict(name="embeddings", verdict=Verdict.RELATED, log10_p=-48.0, kept=0.981),
            PartVerdict(name="body", verdict=Verdict.UNRELATED, log10_p=0.0, kept=0.001),
        ),
        evidence=(
            evidence(
                test="channels", family="channels", part="embeddings", kept=0.981, nearest=DIAGONAL
            ),
            evidence(hits=1, log10_p=0.0, kept=0.001, ceiling=0.2, nearest=SCATTER),
        ),
        kept=0.981,
        units_tested=128,
        units_hit=65,
        families_tested=2,
        families_hit=1,
        log10_p=-48.0,
        log10_p_without_strongest=0.0,
        compared=0.15,
        held=0.0,
        not_compared=("attention 12%",),
    )


def behaviours() -> tuple[Behaviour, ...]:
    """Return a base that was run, one of another vocabulary, one that was not, and a server."""
    known = KnownBehaviour(
        relation="strangers",
        prompts="texts",
        pairs=15,
        agreement=(0.21, 0.34),
        js=(0.2, 0.31),
        cka=(0.31, 0.52),
    )
    layers = (0.998, 0.991, 0.987, 0.981, 0.972)
    kind = BehaviourKind(
        prompts="texts", positions=400, agreement=0.913, kl=0.061, js=0.021, cka=layers
    )
    return (
        Behaviour(
            against="base",
            base="acme/base-7b",
            one_vocabulary=True,
            kinds=(kind, kind.model_copy(update={"prompts": "random tokens", "positions": 320})),
            known=(known.model_copy(update={"relation": "family", "cka": (0.9, 1.0)}), known),
        ),
        Behaviour(
            against="base",
            base="other/base-7b",
            kinds=(
                kind.model_copy(
                    update={"prompts": "beginnings", "positions": 40, "kl": -1.0, "js": -1.0}
                ),
            ),
        ),
        Behaviour(
            against="base",
            base="other/base-7b",
            not_run="failed",
            whose="base",
            fault="ValueError",
        ),
        Behaviour(
            against="endpoint",
            base="served-7b",
            heard=Heard(positions=40, agreement=0.875, overlap=0.81),
        ),
    )


def cases() -> dict[str, Report]:
    """Return the reports whose cards are golden, by name."""
    shared = matching(
        ref="acme/base-7b",
        declared=True,
        proposed_by=("README.md line 4", "adapter_config.json"),
        found_by="named",
        base=BaseModelRef(ref="acme/base-7b", revision=DECLARED_COMMIT, created=""),
    )
    start = matching(
        ref="acme/seed-7b",
        relation=Relation(
            kind=RelationKind.COMMON_INITIALISATION,
            detail=(
                text(
                    "of the initial noise 0.91 is kept, of what training wrote 0.12: the same "
                    "initial weights, trained apart"
                ),
            ),
        ),
        proposed_by=("--suspect",),
        found_by="named",
        kept=0.412,
        parts=(),
    )
    framed = unrelated(
        verdict=Verdict.INCONCLUSIVE,
        reason=because(ReasonCode.ORDER_WITHOUT_CONTENT),
        code=ReasonCode.ORDER_WITHOUT_CONTENT,
        units_hit=480,
        kept=0.19,
        power="",
        evidence=(evidence(hits=60, kept=0.19, ceiling=0.18, log10_p=-81.9, nearest=DIAGONAL),),
        families_hit=8,
        log10_p=0.0,
    )
    sibling = matching(
        ref="other/base-7b-chat",
        explained_by="acme/base-7b",
        kept=0.981,
        proposed_by=("--suspect",),
        found_by="named",
    )
    verdicts = DeclarationVerdict
    return {
        "contradicted": report(verdicts.CONTRADICTED, unrelated(), matching(), context=context()),
        "confirmed": report(verdicts.CONFIRMED, shared, sibling),
        "behaviour": report(verdicts.CONFIRMED, shared, behaviour=behaviours()),
        "undeclared": report(
            verdicts.UNDECLARED,
            matching(),
            warnings=("config.json names a model that is not in the card: other/base-7b",),
        ),
        "none-found": report(
            verdicts.NONE_FOUND,
            *(
                unrelated(
                    ref=f"org{i}/base",
                    declared=False,
                    proposed_by=("same shapes",),
                    found_by="search",
                )
                for i in range(1, 4)
            ),
            context=context(),
        ),
        "no-name-declared": report(
            verdicts.INCONCLUSIVE,
            depth=Depth.SAMPLE,
            warnings=(
                phrase(
                    PhraseCode.KEY_UNUSABLE,
                    where=(),
                    key="base_model",
                    why=(phrase(PhraseCode.NO_REPOSITORY, text="./base", problem="path"),),
                ),
            ),
            nothing_compared=NothingCompared.NO_NAME,
        ),
        "nothing-declared": report(
            verdicts.INCONCLUSIVE,
            depth=Depth.HEADERS,
            coverage=Coverage(
                bytes_read=48_213,
                bytes_total=15_200_000_000,
                requests=6,
                parameters_mapped=0.0,
            ),
            replay="hubcheck check acme/new-7b --depth headers --seed 1234567",
            seconds=0.8,
        ),
        "gated": report(
            verdicts.INCONCLUSIVE, untested("acme/base-7b", "gated: its owner must grant access")
        ),
        "parts": report(verdicts.INCONCLUSIVE, _parts()),
        "common-initialisation": report(verdicts.INCONCLUSIVE, start),
        "relabelled": report(verdicts.INCONCLUSIVE, framed),
    }
