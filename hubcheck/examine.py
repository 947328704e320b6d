"""How does one base become a finding?

Opened, refused with a reason, proven identical by digest, or compared by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from hubcheck.anatomy.adapter_fit import adapter_fit
from hubcheck.checkpoint.adapter import read_adapter
from hubcheck.checkpoint.other_formats import PEFT_ADAPTER
from hubcheck.closer import closer_look
from hubcheck.deep.disguise import Disguise
from hubcheck.deeper import (
    look_for_disguise,
    look_through_writers,
    may_be_disguised,
    with_undone,
)
from hubcheck.equal import as_read, files_of, identical, tensors_of
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    SubjectUnreadableError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
    printable,
)
from hubcheck.evidence.compare import Comparer, routing_groups
from hubcheck.evidence.equal_files import FileState, WholeFiles
from hubcheck.evidence.equality_value import Equality
from hubcheck.evidence.refused import Cause, Refused, attempt
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
from hubcheck.towers import NO_PARTS, PartsSeen, look_at_parts
from hubcheck.verdict.declaration import Kinship
from hubcheck.verdict.equal_tensors import NOTHING_EQUAL, EqualTensors, equal_tensors
from hubcheck.verdict.finding import (
    FAMILY_REJECTS,
    controls_of,
    evidence_of,
    identity_rows,
    power_of,
)
from hubcheck.verdict.judge import judge
from hubcheck.verdict.parts import PartLook, needs_equality
from hubcheck.verdict.relation import changes_of, direction_of
from hubcheck.verdict.report import (
    BaseModelRef,
    Finding,
)
from hubcheck.verdict.words import Depth, ReasonCode, RelationKind, Verdict
from hubcheck.whole import with_every_byte

Seen = TypeVar("Seen")
Step = Callable[[Finding], Finding]
LOCAL: Final = "local"
"""The revision of a folder or file."""


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
    try:
        model = base.opened or open_model(base.reference, access)
    except HubcheckError as error:
        pinned = BaseModelRef(ref=name_of(base.reference), revision="", created="")
        finding = _untested(base, pinned, *why(error))
        return Tested(request=base, model=None, finding=finding, error=error)
    return Tested(request=base, model=model, finding=_untested(base, _pinned(model), *why(None)))


_REASONS: Final[Mapping[str, tuple[ReasonCode, str]]] = {
    "GatedModelError": (ReasonCode.GATED, "gated, and no token with access"),
    "MissingModelError": (ReasonCode.MISSING, "not found, or private"),
    "NoWeightsError": (ReasonCode.NO_WEIGHTS, "holds no weights"),
    "UnknownRevisionError": (ReasonCode.UNKNOWN_REVISION, "unknown revision"),
    "NetworkFaultError": (ReasonCode.UNREACHABLE, "the host could not be reached"),
    "UnreachableError": (ReasonCode.FORBIDDEN, "the host does not allow reading"),
    "BudgetExceededError": (ReasonCode.BUDGET, "needs more than --max-read allows"),
    "HostileCheckpointError": (ReasonCode.HOSTILE, "its files contradict themselves"),
}


def why(error: HubcheckError | None) -> tuple[ReasonCode, str]:
    """Return why a base was not tested, as a code and in a few words."""
    if error is None:
        return ReasonCode.NONE, "no weights were read"
    if isinstance(error, UnsupportedFormatError):
        if error.format_name == NOT_AVAILABLE:
            return ReasonCode.NOT_AVAILABLE, f"{NOT_AVAILABLE}: {error.what}"
        return ReasonCode.FORMAT, f"format: {error.format_name}"
    unreadable = (ReasonCode.UNREADABLE, "unreadable")
    code, words = _REASONS.get(type(error).__name__, unreadable)
    return code, f"{words}: {error.what}"


def _pinned(model: Model) -> BaseModelRef:
    pin = model.pin
    return BaseModelRef(ref=pin.ref, revision=pin.revision, created=pin.created)


def _untested(base: BaseRequest, pinned: BaseModelRef, code: ReasonCode, reason: str) -> Finding:
    return Finding(
        base=pinned,
        proposed_by=base.why,
        declared=base.declared,
        status="not-tested",
        reason=reason,
        code=code,
        found_by=base.found_by,
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
    files = files_of(base, subject, request)
    if files.state is FileState.EQUAL:
        one.finding = identical(one.finding, base)
        return
    if request.depth is Depth.HEADERS:
        one.finding = one.finding.model_copy(
            update={
                "reason": "no weights are read at this depth",
                "code": ReasonCode.HEADERS_ONLY,
            }
        )
        return
    if refusal is not None:
        reason = f"subject {why(refusal)[1]}{_adapter_note(refusal, subject, base)}"
        one.finding = one.finding.model_copy(update={"reason": reason, "code": ReasonCode.SUBJECT})
        return
    progress(f"reading {printable(str(base.pin))}")
    prepare(one, subject, request, n_bases)
    if one.comparer is None:
        code, reason = why(one.error)
        one.finding = one.finding.model_copy(update={"reason": reason, "code": code})
        return
    _look(one, one.comparer, base, subject, request, n_bases, files, progress)


def _look(
    one: Tested,
    comparer: Comparer,
    base: Model,
    subject: Model,
    request: Request,
    n_bases: int,
    files: WholeFiles,
    progress: Progress,
) -> None:
    """Take every look that the depth asks for; one that fails takes nothing from the others."""
    deeper = base.anatomy.geometry.layers != subject.anatomy.geometry.layers
    refused: list[Refused] = []

    def tried(look: Callable[[], Seen], name: str, instead: Seen) -> Seen:
        seen = attempt(look, name)
        if isinstance(seen, Refused):
            refused.append(seen)
            return instead
        return seen

    comparison = attempt(lambda: comparer.run(search=one.request.declared or deeper), "order tests")
    if isinstance(comparison, Refused):
        _could_not(one, (comparison,))
        return
    parts = tried(
        lambda: look_at_parts(
            base, subject, seed=request.seed, n_bases=n_bases, depth=request.depth
        ),
        "towers and side parts",
        NO_PARTS,
    )
    mapped = NOT_MAPPED
    if at_least(request.depth, Depth.DEEP):
        mapped = tried(lambda: map_everything(comparer, progress), "layer map", NOT_MAPPED)
    closer = attempt(
        lambda: closer_look(comparer, comparison, request.depth, mapped.base_of), "closer look"
    )
    if isinstance(closer, Refused):
        refused.append(closer)
        closer = Refusal(reason=closer.error.what)
    body = PartLook(
        name="body",
        comparison=comparison,
        base=base.anatomy,
        subject=subject.anatomy,
        closer=closer,
    )
    equal = NOTHING_EQUAL
    if needs_equality(body):  # where orders have settled everything, equality adds nothing
        seen = tensors_of(base, subject, request)
        if isinstance(seen, Equality):
            equal = equal_tensors(seen)
    finding = _finding(one.finding, body, base, parts, equal)
    for name, step in _deeper(body, comparer, base, subject, request, mapped, progress):
        finding = tried(partial(step, finding), name, finding)
    finding = finding.model_copy(update={"bytes_read": base.source.ledger.bytes_read})
    one.finding = as_read(finding, files)
    _could_not(one, (*comparison.refused, *parts.refused, *refused))


def _could_not(one: Tested, refused: Sequence[Refused]) -> None:
    """Write down what could not be looked at; whatever was settled stays settled (DESIGN 9.1)."""
    if not refused:
        return
    fault = next((r for r in refused if r.side == "subject" and r.cause is Cause.VALUES), None)
    if fault is not None and isinstance(fault.error, SubjectUnreadableError):
        one.subject_error = fault.error
    finding = one.finding
    if finding.status == "not-tested":  # nothing was settled: the reason is the first trouble
        first = fault or refused[0]
        code, words = why(first.error)
        whose = "subject " if first.side == "subject" else ""
        one.error = one.error or (None if whose else first.error)
        one.finding = finding.model_copy(
            update={
                "reason": f"{whose}{words}",
                "code": ReasonCode.SUBJECT if whose else code,
            }
        )
        return
    notes = dict.fromkeys(_note(r) for r in refused)
    update: dict[str, object] = {"notes": (*finding.notes, *notes)}
    if fault is not None and finding.verdict is Verdict.INCONCLUSIVE:
        update |= {"code": ReasonCode.SUBJECT, "reason": f"subject {why(fault.error)[1]}"}
    one.finding = finding.model_copy(update=update)


def _note(refused: Refused) -> str:
    whose = f" of the {refused.side}" if refused.side else ""
    return f"{refused.look}: not looked at, {refused.cause}{whose}: {refused.error.what}"


def _deeper(
    body: PartLook,
    comparer: Comparer,
    base: Model,
    subject: Model,
    request: Request,
    mapped: Mapped,
    progress: Progress,
) -> Sequence[tuple[str, Step]]:
    """Return what the depth adds to a finding, step by step; each may fail on its own."""
    log_e = body.comparison.best_whole
    seen: list[Disguise] = []

    def disguise_test(finding: Finding) -> Finding:
        if not may_be_disguised(finding, request.depth):
            return finding
        finding, disguise = look_for_disguise(finding, comparer, request, progress)
        seen.extend([disguise] if disguise is not None else [])
        return finding

    def frame_of_writers(finding: Finding) -> Finding:
        if not may_be_disguised(finding, request.depth):
            return finding
        return look_through_writers(finding, comparer, log_e, request)

    def attention_through_tokens(finding: Finding) -> Finding:
        return with_undone(finding, body, comparer, seen[0] if seen else None)

    def layer_map(finding: Finding) -> Finding:
        return with_layers(finding, mapped, log_e, comparer.n_bases)

    def every_byte(finding: Finding) -> Finding:
        progress("comparing every tensor")
        return with_every_byte(finding, base, subject, request, mapped.base_of, comparer.tokens)

    steps: list[tuple[str, Step]] = [
        ("disguise test", disguise_test),
        ("frame of writers", frame_of_writers),
        ("attention through the tokens", attention_through_tokens),
    ]
    if at_least(request.depth, Depth.DEEP):
        steps.append(("layer map", layer_map))
    if request.depth is Depth.FULL:
        steps.append(("every tensor", every_byte))
    return steps


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


def _finding(
    finding: Finding, body: PartLook, base: Model, parts: PartsSeen, equal: EqualTensors
) -> Finding:
    comparison, closer = body.comparison, body.closer
    models = (body.base, body.subject)
    judged = judge(body, towers=parts.towers, sides=parts.sides, equal=equal)
    direction = UNDETERMINED
    if judged.verdict is Verdict.RELATED:
        direction = direction_of(comparison, *models, closer)
    bound = log10_p(comparison.best_whole)
    if judged.relation is not None and judged.relation.kind is RelationKind.PARTS:
        bound = min([bound, *(p.log10_p for p in judged.parts if p.verdict is Verdict.RELATED)])
    rows = (
        *evidence_of(comparison),
        *(row for t in parts.towers for row in evidence_of(t.comparison, part=f"{t.name} tower")),
        *identity_rows(equal),
    )
    comparisons = (comparison, *(t.comparison for t in parts.towers))
    # What an unrelated base would have shown is said of the part that carries the verdict.
    main = comparison if comparison.outcomes or not parts.towers else parts.towers[0].comparison
    counted = [r for r in rows if r.log10_e != 0.0 and r.test != "signs"]
    untested = judged.verdict is Verdict.NOT_TESTED
    return finding.model_copy(
        update={
            "status": "not-tested" if untested else "tested",
            "reason": judged.reason,
            "code": judged.code,
            "verdict": judged.verdict,
            "order_tested": judged.order_tested,
            "compared": judged.compared,
            "held": judged.held,
            "not_compared": judged.not_compared,
            "log10_p": bound,
            "kept": round(max(-1.0, min(1.0, judged.kept)), 4),
            "relation": judged.relation,
            "parts": judged.parts,
            "direction": direction.value,
            "direction_reason": direction.reason,
            "changes": changes_of(closer if comparison.outcomes else _tower_closer(parts)),
            "controls": controls_of(comparisons),
            "evidence": rows,
            "power": power_of(main),
            "detectable_kept": min(main.detectable, 1.0),
            "log10_p_without_strongest": -max(0.0, comparison.combined.without_strongest) / LOG10,
            "families_tested": len(counted),
            "families_hit": sum(r.log10_p <= FAMILY_REJECTS for r in counted),
            "units_tested": sum(r.units for r in counted),
            "units_hit": sum(r.hits for r in counted),
            "bytes_read": base.source.ledger.bytes_read,
            "bytes_total": base.weight_bytes,
        }
    )


def _tower_closer(parts: PartsSeen) -> CloserLook | Refusal | None:
    """Return how the first tower changed, for models that are a tower and nothing else."""
    return parts.towers[0].closer if parts.towers else None


def kinship(
    tested: Sequence[Tested], declared: Finding, suspect: Finding, request: Request
) -> Kinship:
    """Return how two bases are related: by what they declare, by digest, or by a test."""
    by_ref = {one.finding.base.ref: one.model for one in tested if one.model is not None}
    d, s = by_ref.get(declared.base.ref), by_ref.get(suspect.base.ref)
    if d is None or s is None:
        return Kinship.NONE
    names = [{b.ref.casefold() for b in m.known_declaration.bases} for m in (d, s)]
    if d.pin.ref.casefold() in names[1] or s.pin.ref.casefold() in names[0] or names[0] & names[1]:
        # Two that declare one ancestor are siblings by their own word; a false word would show in
        # what is tested next to it, the subject's own relation to both.
        declared_kin = Kinship.DECLARED
    else:
        declared_kin = Kinship.NONE
    on_the_hub = LOCAL not in {d.pin.revision, s.pin.revision}
    by_weights = Kinship.WEIGHTS if on_the_hub else Kinship.UNKNOWN_NAMES
    if declared_kin is Kinship.DECLARED and not names[0] & names[1]:
        return declared_kin
    if not _related(d, s, declared, suspect, request, len(tested)):
        return Kinship.NONE
    return declared_kin if declared_kin is not Kinship.NONE else by_weights


def _related(
    d: Model, s: Model, declared: Finding, suspect: Finding, request: Request, n_bases: int
) -> bool:
    """Return whether the weights of two bases are related."""
    if same_weights(d, s):
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
            n_bases=n_bases,
            routing_groups=routing_groups(d.config),
        ).run(search=True)
    except HubcheckError:
        return False
    return comparison.settled_related
