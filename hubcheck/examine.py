"""How does one base become a finding?

Opened, refused with a reason, proven identical by digest, or compared by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hubcheck.anatomy.adapter_fit import adapter_fit
from hubcheck.base_identity import opened, unopened
from hubcheck.checkpoint.adapter import read_adapter
from hubcheck.checkpoint.other_formats import PEFT_ADAPTER
from hubcheck.closer import closer_look
from hubcheck.deeper import look_for_disguise, look_through_writers, may_be_disguised
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    SubjectUnreadableError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.evidence.compare import Comparer, Comparison, routing_groups
from hubcheck.layers import NOT_MAPPED, Mapped, map_everything, with_layers
from hubcheck.model import Access, Model, align_tokens, open_model, same_weights
from hubcheck.relate.direction import UNDETERMINED
from hubcheck.relate.look import CloserLook
from hubcheck.relate.values import Refusal
from hubcheck.request import BaseRequest, Request, at_least
from hubcheck.source.pointer import NOT_AVAILABLE
from hubcheck.source.reference import name_of
from hubcheck.statistics.evalues import log10_p
from hubcheck.statistics.hits import LOG10
from hubcheck.towers import tower_verdicts
from hubcheck.verdict.finding import FAMILY_REJECTS, controls_of, evidence_of, judge, power_of
from hubcheck.verdict.relation import changes_of, direction_of
from hubcheck.verdict.report import (
    BaseModelRef,
    Evidence,
    Finding,
    PartVerdict,
    Relation,
)
from hubcheck.verdict.words import Depth, EvidenceKind, RelationKind, Verdict
from hubcheck.whole import with_every_byte


@dataclass(slots=True, kw_only=True)
class Tested:
    """One base on its way to a finding."""

    request: BaseRequest
    model: Model | None
    finding: Finding
    comparer: Comparer | None = None
    subject_error: HubcheckError | None = None
    """Set when this base's test found values of the subject that cannot be used."""
    error: HubcheckError | None = None
    """Why it cannot be opened or its weights cannot be compared, once that was tried."""


Progress = Callable[[str], None]


def open_base(base: BaseRequest, access: Access, progress: Progress) -> Tested:
    """Open one base; an unreachable one is a finding, not the end of the check."""
    progress(f"opening {printable(name_of(base.reference))}")
    identity = unopened(base)
    model: Model | None = None
    if not identity.refused:
        try:
            model = base.opened or open_model(base.reference, access)
            identity = opened(base, model)
        except HubcheckError as error:
            finding = _untested(base, identity.base, _why(error))
            return Tested(request=base, model=None, finding=finding, error=error)
    reason = identity.refused or "no weights were read"
    finding = _untested(base, identity.base, reason)
    return Tested(request=base, model=None if identity.refused else model, finding=finding)


def _why(error: HubcheckError | None) -> str:
    """Return the reason of a not-tested finding in a few words."""
    if error is None:
        return "no weights were read"
    if isinstance(error, UnsupportedFormatError):
        if error.format_name == NOT_AVAILABLE:
            return f"{NOT_AVAILABLE}: {error.what}"
        return f"format: {error.format_name}"
    kind = type(error).__name__.removesuffix("Error")
    words = {
        "GatedModel": "gated, and no token with access",
        "MissingModel": "not found, or private",
        "UnknownRevision": "unknown revision",
        "NetworkFault": "the host could not be reached",
        "Unreachable": "the host does not allow reading",
        "BudgetExceeded": "needs more than --max-read allows",
        "HostileCheckpoint": "its files contradict themselves",
    }
    return f"{words.get(kind, 'unreadable')}: {error.what}"


def _untested(base: BaseRequest, pinned: BaseModelRef, reason: str) -> Finding:
    return Finding(
        base=pinned,
        proposed_by=base.why,
        declared=base.declared,
        status="not-tested",
        reason=reason,
        verdict=Verdict.NOT_TESTED,
        log10_p=0.0,
        kept=0.0,
    )


def subject_refusal(subject: Model, depth: Depth) -> HubcheckError | None:
    """Return why the subject's weights cannot be read, if they cannot."""
    if depth is Depth.HEADERS:
        return None
    try:
        _ = subject.anatomy
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        return error
    return None


def examine(
    one: Tested,
    subject: Model,
    request: Request,
    n_bases: int,
    refusal: HubcheckError | None,
    progress: Progress,
) -> None:
    """Turn an opened base into its finding."""
    base = one.model
    if base is None:
        return
    if same_weights(base, subject):
        one.finding = _identical(one.finding, base)
        return
    if request.depth is Depth.HEADERS:
        one.finding = one.finding.model_copy(update={"reason": "no weights are read at this depth"})
        return
    if refusal is not None:
        reason = f"subject {_why(refusal)}{_adapter_note(refusal, subject, base)}"
        one.finding = one.finding.model_copy(update={"reason": reason})
        return
    progress(f"reading {printable(str(base.pin))}")
    prepare(one, subject, request, n_bases)
    if one.comparer is None:
        one.finding = one.finding.model_copy(update={"reason": _why(one.error)})
        return
    try:
        deeper = base.anatomy.geometry.layers != subject.anatomy.geometry.layers
        comparison = one.comparer.run(search=one.request.declared or deeper)
        towers = tower_verdicts(base, subject, seed=request.seed, n_bases=n_bases)
        mapped = (
            map_everything(one.comparer, progress)
            if at_least(request.depth, Depth.DEEP)
            else NOT_MAPPED
        )
        closer = closer_look(one.comparer, comparison, request.depth, mapped.base_of)
        finding = _finding(one.finding, comparison, base, subject, towers, closer, mapped)
        finding = _deeper(
            finding, one.comparer, comparison, base, subject, request, mapped, progress
        )
    except SubjectUnreadableError as error:
        one.subject_error = error
        one.finding = one.finding.model_copy(update={"reason": f"subject {_why(error)}"})
        return
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        one.finding = one.finding.model_copy(update={"reason": _why(error)})
        return
    one.finding = finding.model_copy(update={"bytes_read": base.source.ledger.bytes_read})


def _deeper(
    finding: Finding,
    comparer: Comparer,
    comparison: Comparison,
    base: Model,
    subject: Model,
    request: Request,
    mapped: Mapped,
    progress: Progress,
) -> Finding:
    """Return the finding with what the depths beyond the sample add."""
    n_bases = comparer.n_bases
    if may_be_disguised(finding, request.depth):
        finding = look_for_disguise(finding, comparer, request, progress)
        finding = look_through_writers(finding, comparer, comparison.best_whole, request)
    if not at_least(request.depth, Depth.DEEP):
        return finding
    finding = with_layers(finding, mapped, comparison.best_whole, n_bases)
    if request.depth is Depth.FULL:
        progress("comparing every tensor")
        finding = with_every_byte(finding, base, subject, request, mapped.base_of, comparer.tokens)
    return finding


def prepare(one: Tested, subject: Model, request: Request, n_bases: int) -> None:
    """Read what a comparison needs beside weights: headers, and vocabularies where they differ.

    Sets ``comparer`` or ``error``; doing it again changes nothing.
    """
    base = one.model
    if base is None or one.comparer is not None or one.error is not None:
        return
    try:
        one.comparer = Comparer(
            base.reader,
            subject.reader,
            align_tokens(base, subject),
            seed=request.seed,
            n_bases=n_bases,
            routing_groups=routing_groups(base.config),
        )
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        one.error = error


def _adapter_note(refusal: HubcheckError, subject: Model, base: Model) -> str:
    """Return how well an adapter fits a base, as context; empty for any other refusal."""
    if not isinstance(refusal, UnsupportedFormatError) or refusal.format_name != PEFT_ADAPTER:
        return ""
    try:
        fit = adapter_fit(read_adapter(subject.source), base.anatomy.checkpoint)
    except HubcheckError:
        return ""
    return f"; {fit.sentence}"


def _identical(finding: Finding, base: Model) -> Finding:
    """Return the finding of byte-equal weight files: nothing has to be read."""
    weights = base.weight_files
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
            "verdict": Verdict.IDENTICAL,
            "kept": 1.0,
            "relation": Relation(kind=RelationKind.IDENTICAL, detail="the same bytes"),
            "evidence": (evidence,),
            "bytes_total": base.weight_bytes,
        }
    )


def _finding(
    finding: Finding,
    comparison: Comparison,
    base: Model,
    subject: Model,
    towers: Sequence[PartVerdict],
    closer: CloserLook | Refusal | None,
    mapped: Mapped,
) -> Finding:
    models = (base.anatomy, subject.anatomy)
    judged = judge(comparison, *models, towers=towers, closer=closer)
    direction = UNDETERMINED
    if judged.verdict is Verdict.RELATED:
        direction = direction_of(comparison, *models, closer, mapped.base_of or None)
    bound = log10_p(comparison.best_whole)
    if judged.relation is not None and judged.relation.kind is RelationKind.PARTS:
        bound = min([bound, *(t.log10_p for t in towers if t.verdict is Verdict.RELATED)])
    rows = evidence_of(comparison)
    counted = [r for r in rows if r.log10_e != 0.0 and r.test != "signs"]
    untested = judged.verdict is Verdict.NOT_TESTED
    return finding.model_copy(
        update={
            "status": "not-tested" if untested else "tested",
            "reason": judged.reason,
            "verdict": judged.verdict,
            "log10_p": bound,
            "kept": round(max(-1.0, min(1.0, judged.kept)), 4),
            "relation": judged.relation,
            "parts": judged.parts,
            "direction": direction.value,
            "direction_reason": direction.reason,
            "changes": changes_of(closer),
            "controls": controls_of(comparison),
            "evidence": rows,
            "power": power_of(comparison),
            "detectable_kept": min(comparison.detectable, 1.0),
            "log10_p_without_strongest": -max(0.0, comparison.combined.without_strongest) / LOG10,
            "families_tested": len(counted),
            "families_hit": sum(r.log10_p <= FAMILY_REJECTS for r in counted),
            "units_tested": sum(r.units for r in counted),
            "units_hit": sum(r.hits for r in counted),
            "bytes_read": base.source.ledger.bytes_read,
            "bytes_total": base.weight_bytes,
        }
    )


def bases_related(
    tested: Sequence[Tested], declared: Finding, suspect: Finding, request: Request
) -> bool:
    """Return whether two bases are related: by what they declare, by digest, or by a test."""
    by_ref = {one.finding.base.ref: one.model for one in tested if one.model is not None}
    d, s = by_ref.get(declared.base.ref), by_ref.get(suspect.base.ref)
    if d is None or s is None:
        return False
    if same_weights(d, s):
        return True
    names = {b.ref.casefold() for b in s.known_declaration.bases}
    if d.pin.ref.casefold() in names or s.pin.ref.casefold() in {
        b.ref.casefold() for b in d.known_declaration.bases
    }:
        return True
    if declared.verdict is Verdict.IDENTICAL or suspect.verdict is Verdict.IDENTICAL:
        # the subject IS one of them, and is related to the other: so are they
        return True
    try:
        comparison = Comparer(
            d.reader,
            s.reader,
            align_tokens(d, s),
            seed=request.seed,
            n_bases=len(tested),
            routing_groups=routing_groups(d.config),
        ).run(search=True)
    except HubcheckError:
        return False
    return comparison.settled_related
