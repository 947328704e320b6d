"""Are a base and the subject equal byte for byte, and what does the finding say then?

Equality needs no anatomy: a copy is a copy in any architecture and in any format.
"""

from __future__ import annotations

from typing import Final

from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.errors import HubcheckError
from hubcheck.evidence.equal_files import HASH_LIMIT, FileState, WholeFiles
from hubcheck.evidence.equality import FAR_RANGES, LIMIT, look_for_equality, refused
from hubcheck.evidence.equality_value import Equality, NoEquality, RefusedBy
from hubcheck.model import Model, compare_weights
from hubcheck.request import Request
from hubcheck.verdict.report import Evidence, Finding, Relation
from hubcheck.verdict.words import Depth, EvidenceKind, ReasonCode, RelationKind, Verdict

GIGA: Final = 10**9
DEEP_LIMIT: Final = 64_000_000
"""Bytes of tensors a model at ``deep`` and ``full``: 16 times the pages of ``sample``, in seconds;
every byte is held against every other by ``full`` itself."""
FEWEST_RANGES: Final = 8
"""Of one component of several on a host: each may be a request."""


def files_of(base: Model, subject: Model, request: Request) -> WholeFiles:
    """Return what is known of the weight files of both, by what the depth allows.

    ``headers`` reads no weight byte, so stated digests decide; ``full`` reads every byte anyway, so
    it hashes local files of any size.
    """
    return compare_weights(
        base,
        subject,
        seed=request.seed,
        reading=request.depth is not Depth.HEADERS,
        hash_limit=None if request.depth is Depth.FULL else HASH_LIMIT,
    )


def identical(finding: Finding, base: Model) -> Finding:
    """Return the finding of byte-equal weight files."""
    weights = base.loaded_files or base.weight_files
    evidence = Evidence(
        test="digest",
        family=f"{len(weights)} weight files by sha256",
        kind=EvidenceKind.EXACT,
        part="model",
        frame="",
        units=len(weights),
        hits=len(weights),
        log10_p=0.0,
        detectable_kept=0.0,
        note="equal digests: the same bytes",
        kept=1.0,
    )
    return finding.model_copy(
        update={
            "status": "tested",
            "reason": "",
            "code": ReasonCode.NONE,
            "verdict": Verdict.IDENTICAL,
            "kept": 1.0,
            "order_tested": 1.0,
            "compared": 1.0,
            "held": 1.0,
            "relation": Relation(kind=RelationKind.IDENTICAL, detail="the same bytes"),
            "evidence": (evidence,),
            "bytes_read": base.source.ledger.bytes_read,
            "bytes_total": base.weight_bytes,
        }
    )


def as_read(finding: Finding, files: WholeFiles) -> Finding:
    """Return the finding with how far files too large to hash are known to be equal."""
    if files.state is not FileState.EQUAL_AS_READ:
        return finding
    note = (
        f"the weight files are equal in every range read, {files.bytes_compared / GIGA:.3f} of "
        f"{files.bytes_total / GIGA:.3f} GB; depth full compares them all"
    )
    return finding.model_copy(update={"notes": (*finding.notes, note)})


def tensors_of(
    base: Model, subject: Model, request: Request, *, share: int = 1
) -> Equality | NoEquality:
    """Return which tensors of both are equal bit for bit, by what the depth allows.

    A model whose weights cannot be located is a refusal with its side; nothing is raised. Of a
    model of several components it is the body's tensors: each component is looked at by itself.

    Args:
        base: The base.
        subject: The subject.
        request: Depth and seed.
        share: How many looks share what may be read: the components of one model.
    """
    if request.depth is Depth.HEADERS:
        return NoEquality(code=RefusedBy.DEPTH, side="")
    located: list[Checkpoint] = []
    for side, model in (("base", base), ("subject", subject)):
        try:
            checkpoint = model.body_checkpoint if model.components else model.checkpoint
        except HubcheckError as error:
            return refused(side, error)
        if checkpoint is None:
            return NoEquality(code=RefusedBy.NOTHING_COMPARABLE, side=side)
        located.append(checkpoint)
    limit = LIMIT if request.depth is Depth.SAMPLE else DEEP_LIMIT
    return look_for_equality(
        located[0],
        located[1],
        seed=request.seed,
        limit_bytes=limit // share,
        far_ranges=max(FEWEST_RANGES, FAR_RANGES // share),
    )
