"""Why was a base, or one look at it, not tested?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from hubcheck.check.tested import Tested
from hubcheck.errors import HubcheckError, SubjectUnreadableError, UnsupportedFormatError
from hubcheck.evidence.refused import Cause, Refused
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, because, phrase
from hubcheck.report.schema import BaseModelRef, Finding
from hubcheck.report.words import ReasonCode, Verdict
from hubcheck.request.interface import BaseRequest
from hubcheck.source.pointer import NOT_AVAILABLE

_REASONS: Final[Mapping[str, ReasonCode]] = {
    "GatedModelError": ReasonCode.GATED,
    "MissingModelError": ReasonCode.MISSING,
    "NoWeightsError": ReasonCode.NO_WEIGHTS,
    "UnknownRevisionError": ReasonCode.UNKNOWN_REVISION,
    "NetworkFaultError": ReasonCode.UNREACHABLE,
    "UnreachableError": ReasonCode.FORBIDDEN,
    "BudgetExceededError": ReasonCode.BUDGET,
    "HostileCheckpointError": ReasonCode.HOSTILE,
}


def why(error: HubcheckError | None) -> tuple[ReasonCode, Clauses]:
    """Return why a base was not tested, as a code and as what is said of it."""
    if error is None:
        return ReasonCode.NONE, (phrase(PhraseCode.NO_WEIGHTS_READ),)
    if isinstance(error, UnsupportedFormatError):
        if error.format_name == NOT_AVAILABLE:
            code = ReasonCode.NOT_AVAILABLE
            return code, because(code, detail=error.what)
        return ReasonCode.FORMAT, because(ReasonCode.FORMAT, format=error.format_name)
    code = _REASONS.get(type(error).__name__, ReasonCode.UNREADABLE)
    return code, because(code, detail=error.what)


def untested(base: BaseRequest, pinned: BaseModelRef, code: ReasonCode, reason: Clauses) -> Finding:
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
        code, reason = why(first.error)
        whose = first.side == "subject"
        one.error = one.error or (None if whose else first.error)
        if whose:
            code, reason = ReasonCode.SUBJECT, because(ReasonCode.SUBJECT, why=reason)
        one.finding = finding.model_copy(update={"reason": reason, "code": code})
        return
    notes = dict.fromkeys(_note(r) for r in refused)
    update: dict[str, object] = {"notes": (*finding.notes, *notes)}
    if fault is not None and finding.verdict is Verdict.INCONCLUSIVE:
        reason = because(ReasonCode.SUBJECT, why=why(fault.error)[1])
        update |= {"code": ReasonCode.SUBJECT, "reason": reason}
    one.finding = finding.model_copy(update=update)


def _note(refused: Refused) -> Phrase:
    return phrase(
        PhraseCode.LOOK_REFUSED,
        look=refused.look,
        cause=refused.cause.value,
        side=refused.side,
        detail=refused.error.what,
    )
