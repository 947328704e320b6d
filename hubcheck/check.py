"""How does a request become a report?

request -> subject and bases pinned -> anatomy -> reading plan -> evidence -> finding -> verdict.
Reading and judging happen below; this is the order of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from hubcheck import __version__
from hubcheck.candidates.disclosure import read_disclosure
from hubcheck.candidates.tokenizer import same_tokenizer
from hubcheck.errors import (
    BudgetExceededError,
    ExitCode,
    HubcheckError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.evidence.compare import Comparer, Comparison, routing_groups
from hubcheck.model import Access, Model, align_tokens, open_model, same_weights
from hubcheck.source.reference import Reference, name_of
from hubcheck.statistics.evalues import log10_p
from hubcheck.statistics.hits import LOG10
from hubcheck.verdict import context as contexts
from hubcheck.verdict.declaration import declaration_verdict, explain, younger
from hubcheck.verdict.finding import FAMILY_REJECTS, controls_of, evidence_of, judge, power_of
from hubcheck.verdict.policy import conclude
from hubcheck.verdict.report import (
    BaseModelRef,
    Context,
    Coverage,
    Declared,
    Evidence,
    Finding,
    Policy,
    Relation,
    Report,
    Subject,
    Tool,
    WeightFile,
)
from hubcheck.verdict.words import DeclarationVerdict, Depth, EvidenceKind, RelationKind, Verdict

LIMITS: Final = (
    "Distillation leaves no trace in weights.",
    (
        "A match means derivation in either direction, a common ancestor or a common "
        "initialisation; it does not say who copied whom."
    ),
    (
        "The bound holds if the base was initialised with exchangeable indices and trained by an "
        "index-equivariant optimiser, independently of the subject."
    ),
    "'unrelated' at this depth assumes that the copy was not relabelled and rotated everywhere.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRequest:
    """One base to test."""

    reference: Reference
    declared: bool
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Everything a check depends on but the models themselves, the clock and the network."""

    subject: Reference
    bases: Callable[[Model], Sequence[BaseRequest]]
    """Which bases to test, given the opened subject (its declaration may name them)."""
    depth: Depth
    seed: int
    policy: Policy
    access: Access
    replay: str
    """The command that repeats this check, for the card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A report, and the exit code it ends with."""

    report: Report
    exit_code: ExitCode


@dataclass(slots=True, kw_only=True)
class _Tested:
    """One base on its way to a finding."""

    request: BaseRequest
    model: Model | None
    finding: Finding
    comparer: Comparer | None = None


Progress = Callable[[str], None]


def check(request: Request, *, now: Callable[[], datetime], progress: Progress) -> Outcome:
    """Hold one subject against its bases.

    Args:
        request: What to check.
        now: The clock, timezone-aware.
        progress: Told each step in words.

    Raises:
        UnreachableError: the subject cannot be reached; nothing is known to report on.
        HubcheckError: a request that cannot be carried out.
    """
    started = now()
    progress("opening the subject")
    subject = open_model(request.subject, request.access)
    bases = request.bases(subject)
    tested = [_open_base(base, request.access, progress) for base in bases]
    refusal = _subject_refusal(subject, request.depth)
    for one in tested:
        if one.model is not None:
            _test(one, subject, request, len(bases), refusal, progress)
    findings = explain(
        [one.finding for one in tested], lambda d, s: _bases_related(tested, d, s, request)
    )
    report = _report(request, subject, tested, findings, refusal, started, now())
    return Outcome(report=report, exit_code=_exit_code(report, tested, refusal))


# -- opening ---------------------------------------------------------------------------------


def _open_base(base: BaseRequest, access: Access, progress: Progress) -> _Tested:
    """Open one base; an unreachable one is a finding, not the end of the check."""
    progress(f"opening {printable(name_of(base.reference))}")
    try:
        model = open_model(base.reference, access)
    except HubcheckError as error:
        pinned = BaseModelRef(ref=name_of(base.reference), revision="", created="")
        return _Tested(request=base, model=None, finding=_untested(base, pinned, _why(error)))
    return _Tested(
        request=base, model=model, finding=_untested(base, _pinned(model), "no weights were read")
    )


def _why(error: HubcheckError) -> str:
    """Return the reason of a not-tested finding in a few words."""
    if isinstance(error, UnsupportedFormatError):
        return f"format: {error.format_name}"
    kind = type(error).__name__.removesuffix("Error")
    words = {
        "GatedModel": "gated, and no token with access",
        "MissingModel": "not found, or private",
        "UnknownRevision": "unknown revision",
        "NetworkFault": "the host could not be reached",
        "BudgetExceeded": "needs more than --max-read allows",
        "HostileCheckpoint": "its files contradict themselves",
    }
    return f"{words.get(kind, 'unreadable')}: {error.what}"


def _pinned(model: Model) -> BaseModelRef:
    pin = model.pin
    return BaseModelRef(ref=pin.ref, revision=pin.revision, created=pin.created)


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


def _subject_refusal(subject: Model, depth: Depth) -> HubcheckError | None:
    """Return why the subject's weights cannot be read, if they cannot."""
    if depth is Depth.HEADERS:
        return None
    try:
        _ = subject.anatomy
    except (UnreadableError, BudgetExceededError) as error:
        return error
    return None


# -- testing ---------------------------------------------------------------------------------


def _test(
    one: _Tested,
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
        one.finding = one.finding.model_copy(update={"reason": f"subject: {_why(refusal)}"})
        return
    progress(f"reading {printable(str(base.pin))}")
    try:
        one.comparer = Comparer(
            base.reader,
            subject.reader,
            align_tokens(base, subject),
            seed=request.seed,
            n_bases=n_bases,
            routing_groups=routing_groups(base.config),
        )
        deeper = base.anatomy.geometry.layers != subject.anatomy.geometry.layers
        comparison = one.comparer.run(search=one.request.declared or deeper)
    except (UnreadableError, BudgetExceededError, UnreachableError) as error:
        one.finding = one.finding.model_copy(update={"reason": _why(error)})
        return
    one.finding = _finding(one.finding, comparison, base, subject)


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


def _finding(finding: Finding, comparison: Comparison, base: Model, subject: Model) -> Finding:
    judged = judge(comparison, base.anatomy, subject.anatomy)
    rows = evidence_of(comparison)
    counted = [r for r in rows if r.log10_e != 0.0 and r.test != "signs"]
    untested = judged.verdict is Verdict.NOT_TESTED
    return finding.model_copy(
        update={
            "status": "not-tested" if untested else "tested",
            "reason": judged.reason,
            "verdict": judged.verdict,
            "log10_p": log10_p(comparison.best_whole),
            "kept": round(max(-1.0, min(1.0, judged.kept)), 4),
            "relation": judged.relation,
            "parts": judged.parts,
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


def _bases_related(
    tested: Sequence[_Tested], declared: Finding, suspect: Finding, request: Request
) -> bool:
    """Return whether two bases are related: by what they declare, by digest, or by a test."""
    by_ref = {one.finding.base.ref: one.model for one in tested if one.model is not None}
    d, s = by_ref.get(declared.base.ref), by_ref.get(suspect.base.ref)
    if d is None or s is None:
        return False
    if same_weights(d, s):
        return True
    names = {b.ref.casefold() for b in s.declaration.bases}
    if d.pin.ref.casefold() in names or s.pin.ref.casefold() in {
        b.ref.casefold() for b in d.declaration.bases
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


# -- reporting -------------------------------------------------------------------------------


def _report(
    request: Request,
    subject: Model,
    tested: Sequence[_Tested],
    findings: Sequence[Finding],
    refusal: HubcheckError | None,
    started: datetime,
    finished: datetime,
) -> Report:
    declaration = subject.declaration
    declared = [f for f in findings if f.declared]
    verdict = declaration_verdict(
        findings, declared_any=bool(declared), subject_created=subject.pin.created
    )
    ledgers = [subject.source.ledger, *(o.model.source.ledger for o in tested if o.model)]
    models = [subject, *(o.model for o in tested if o.model)]
    readable = refusal is None and request.depth is not Depth.HEADERS
    return Report(
        tool=Tool(version=__version__),
        started=started.isoformat(timespec="seconds"),
        finished=finished.isoformat(timespec="seconds"),
        depth=request.depth,
        seed=request.seed,
        processes=1,
        subject=Subject(
            ref=subject.pin.ref,
            revision=subject.pin.revision,
            created=subject.pin.created,
            weights_digest=subject.weights_digest,
            files=tuple(
                WeightFile(path=f.path, size=f.size, sha256=f.sha256) for f in subject.weight_files
            ),
        ),
        declared=Declared(
            bases=tuple(b.ref for b in declaration.bases),
            relation=declaration.relation,
            licence=declaration.licence,
        ),
        findings=tuple(findings),
        context=_context(subject, tested, readable=readable),
        verdict=verdict,
        conclusion=conclude(verdict, findings, request.policy),
        policy=request.policy,
        coverage=Coverage(
            bytes_read=sum(ledger.bytes_read for ledger in ledgers),
            bytes_total=sum(m.weight_bytes for m in models),
            requests=sum(ledger.requests for ledger in ledgers),
            parameters_mapped=round(subject.anatomy.mapped_share, 4) if readable else 0.0,
            subject_bytes_read=subject.source.ledger.bytes_read,
            subject_bytes_total=subject.weight_bytes,
            bytes_hashed=sum(ledger.hashed_bytes for ledger in ledgers),
        ),
        warnings=_warnings(subject, findings, verdict, refusal),
        limits=LIMITS,
        replay=request.replay,
        max_read=request.access.max_read,
        seconds=round((finished - started).total_seconds(), 2),
    )


def _context(subject: Model, tested: Sequence[_Tested], *, readable: bool) -> Context:
    disclosure = contexts.disclosures(read_disclosure(subject.source))
    if not readable:
        return Context(disclosure=disclosure)
    compared = [(o.model, o.comparer) for o in tested if o.model and o.comparer]
    lines = [(str(subject.pin), subject.anatomy), *((str(m.pin), m.anatomy) for m, _ in compared)]
    norms = [contexts.norm_context(m.pin.ref, c.norm_likeness()) for m, c in compared]
    tokens = [
        contexts.tokenizer_context(
            m.pin.ref,
            m.__dict__.get("vocabulary"),
            subject.__dict__.get("vocabulary"),
            same_files=same_tokenizer(m.files, subject.files),
        )
        for m, _ in compared
    ]
    return Context(
        architecture=contexts.architecture_lines(lines),
        tokenizer=sum(tokens, ()),
        norms=sum(norms, ()),
        disclosure=disclosure,
    )


def _warnings(
    subject: Model,
    findings: Sequence[Finding],
    verdict: DeclarationVerdict,
    refusal: HubcheckError | None,
) -> tuple[str, ...]:
    """Return what a reader should know and no field says."""
    found = list(subject.declaration.problems)
    if refusal is not None:
        found.append(f"{refusal}")
    for finding in findings:
        if younger(finding, subject.pin.created):
            found.append(
                f"{finding.base.ref} first appeared after the subject: a match would not make it "
                "an undeclared base"
            )
        if finding.relation is not None and finding.relation.kind is RelationKind.PARTS:
            found.append(f"{finding.base.ref}: {finding.relation.detail}")
    if not findings:
        found.append(
            "No base was named or declared: add base_model to the card, or name one with --base "
            "or --suspect."
        )
    if verdict is DeclarationVerdict.INCONCLUSIVE and subject.declaration.leaked:
        names = ", ".join(b.ref for b in subject.declaration.leaked)
        found.append(f"The files also name {names}: test it with --suspect.")
    return tuple(found)


def _exit_code(
    report: Report, tested: Sequence[_Tested], refusal: HubcheckError | None
) -> ExitCode:
    """Return the exit code of DESIGN section 5; an unreadable subject outranks the policy."""
    if refusal is not None and not isinstance(refusal, UnsupportedFormatError):
        return refusal.exit_code
    if tested and all(one.model is None for one in tested):
        return ExitCode.UNREACHABLE
    return ExitCode.POLICY_FAILED if report.conclusion == "fail" else ExitCode.OK
