"""May a change pass a required gate, given its report and how the check ended?

The one place that turns a result into a state. Green needs evidence: at least one base compared,
and every base that was to be tested tested. Whatever else is missing is an error, never a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from hubcheck.errors import ExitCode, counted, printable
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import (
    NOT_EXAMINED,
    WHY_NOTHING,
    Conclusion,
    NothingCompared,
    ReasonCode,
    Verdict,
)
from hubcheck.verdict.compared import anything_compared

NAMED: Final = 3
"""Names in one text; a commit status takes 140 characters."""
BY_THE_USER: Final = frozenset({"--base", "--suspect"})
"""Reasons of a base that whoever runs the check named, and not the repository's prose."""
_ENDED: Final = {
    ExitCode.USAGE: "the check could not be carried out as asked",
    ExitCode.UNREACHABLE: "a model could not be reached",
    ExitCode.UNREADABLE: "the weights are unreadable",
    ExitCode.INTERNAL: "a fault of hubcheck",
}


class GateState(StrEnum):
    """The words of a commit status, ``pending`` aside: that is no result."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """The state, and why, in a few words of plain text."""

    state: GateState
    text: str


def gate(report: Report, code: ExitCode, *, unread: Sequence[str] = ()) -> Gate:
    """Return what a gate says of a result.

    Args:
        report: After what the policy file accepts.
        code: How the check ended.
        unread: Files of the model that could not be fetched to be checked.
    """
    if code not in {ExitCode.OK, ExitCode.POLICY_FAILED}:
        return Gate(state=GateState.ERROR, text=_ENDED[code])
    if code is ExitCode.POLICY_FAILED or report.conclusion is Conclusion.FAIL:
        return Gate(state=GateState.FAILURE, text=_failure(report))
    if unread:
        return Gate(state=GateState.ERROR, text=f"not readable here: {_listed(unread)}")
    if not anything_compared(report.findings):
        return Gate(state=GateState.ERROR, text=_nothing(report))
    open_bases = [f.base.ref for f in report.findings if _is_missing(f, report.accepted)]
    if open_bases:
        text = f"not every base could be tested: {_listed(open_bases)}"
        return Gate(state=GateState.ERROR, text=text)
    return Gate(state=GateState.SUCCESS, text=_counted(report))


def _is_missing(finding: Finding, accepted: Sequence[str]) -> bool:
    """Return whether a base that was to be tested was not, and nobody accepted that.

    A declared base must be tested. One that the user suspects must at least have been looked at: a
    list of suspects names models of every shape, and those that share no order with this one are
    no gap. Where most of the model was out of every test's reach (a tensor that no rule reads holds
    it) nothing was shown either: padding opens no gate. Names that only the repository's own prose
    leaks are proposals.
    """
    if finding.base.ref in accepted:
        return False
    if finding.code is ReasonCode.INTERNAL:
        return True  # files that break hubcheck open no gate, whoever named the base
    if finding.status == "tested":
        named = finding.declared or bool(BY_THE_USER & set(finding.proposed_by))
        unseen = finding.verdict is Verdict.INCONCLUSIVE and finding.code in NOT_EXAMINED
        return named and unseen
    looked_at = finding.bytes_total > 0
    return finding.declared or (bool(BY_THE_USER & set(finding.proposed_by)) and not looked_at)


def _failure(report: Report) -> str:
    if not anything_compared(report.findings):
        return _nothing(report)
    return _counted(report)


def _nothing(report: Report) -> str:
    why = WHY_NOTHING.get(report.nothing_compared) if report.nothing_compared else None
    return f"nothing was compared: {why or WHY_NOTHING[NothingCompared.NO_BASE_TESTED]}"


def _counted(report: Report) -> str:
    tested = sum(f.status == "tested" for f in report.findings)
    return f"{report.verdict.value}: {tested} of {counted(len(report.findings), 'base')} tested"


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name, limit=40) for name in names[:NAMED])
    more = len(names) - NAMED
    return f"{shown} and {more} more" if more > 0 else shown
