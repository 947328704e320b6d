"""Why was a base, or one look at it, not tested?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hubcheck.check.tested import Tested
from hubcheck.errors import HubcheckError, SubjectUnreadableError, UnsupportedFormatError
from hubcheck.evidence.refused import Cause, Refused
from hubcheck.report.schema import BaseModelRef, Finding
from hubcheck.report.words import ReasonCode, Verdict
from hubcheck.request.interface import BaseRequest
from hubcheck.source.pointer import NOT_AVAILABLE

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


def untested(base: BaseRequest, pinned: BaseModelRef, code: ReasonCode, reason: str) -> Finding:
    """Return the finding of a base that was not tested, with why not."""
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


def could_not_look(one: Tested, refused: Sequence[Refused]) -> None:
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
