"""May a change pass a required gate, given its report and how the check ended?

The one place that turns a result into a state. Green needs evidence: at least one base compared,
and every base that was to be tested tested. Whatever else is missing is an error, never a success.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from hubcheck.errors import ExitCode, printable
from hubcheck.frozen import frozen
from hubcheck.report.hints import BY_THE_USER
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import (
    NOT_EXAMINED,
    Conclusion,
    NothingCompared,
    ReasonCode,
    Verdict,
)
from hubcheck.verdict.compared import anything_compared

NAMED: Final = 3
"""Names in one text; a commit status takes 140 characters."""


class GateState(StrEnum):
    """The words of a commit status, ``pending`` aside: that is no result."""

    SUCCESS = "success"
    FAILURE = "failure"
    ERROR = "error"


@frozen
class Gate:
    """The state, and why; the card has the words (``card.wording``)."""

    state: GateState
    said: Phrase


def gate(report: Report, code: ExitCode, *, unread: Sequence[str] = ()) -> Gate:
    """Return what a gate says of a result.

    Args:
        report: After what the policy file accepts.
        code: How the check ended.
        unread: Files of the model that could not be fetched to be checked.
    """
    if code not in {ExitCode.OK, ExitCode.POLICY_FAILED}:
        return Gate(state=GateState.ERROR, said=phrase(PhraseCode.GATE_ENDED, ended=int(code)))
    if code is ExitCode.POLICY_FAILED or report.conclusion is Conclusion.FAIL:
        return Gate(state=GateState.FAILURE, said=_failure(report))
    if unread:
        files, more = named(unread)
        return Gate(
            state=GateState.ERROR, said=phrase(PhraseCode.GATE_UNREAD, files=files, more=more)
        )
    if not anything_compared(report.findings):
        return Gate(state=GateState.ERROR, said=_nothing(report))
    open_bases = [f.base.ref for f in report.findings if _is_missing(f, report.accepted)]
    if open_bases:
        bases, more = named(open_bases)
        return Gate(
            state=GateState.ERROR, said=phrase(PhraseCode.GATE_OPEN, bases=bases, more=more)
        )
    return Gate(state=GateState.SUCCESS, said=_counted(report))


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


def _failure(report: Report) -> Phrase:
    if not anything_compared(report.findings):
        return _nothing(report)
    return _counted(report)


def _nothing(report: Report) -> Phrase:
    why = report.nothing_compared or NothingCompared.NO_BASE_TESTED
    return phrase(PhraseCode.GATE_NOTHING, why=why.value)


def _counted(report: Report) -> Phrase:
    tested = sum(f.status == "tested" for f in report.findings)
    verdict, bases = report.verdict.value, len(report.findings)
    return phrase(PhraseCode.GATE_COUNTED, verdict=verdict, tested=tested, bases=bases)


def named(names: Sequence[str], *, limit: int = 40) -> tuple[tuple[str, ...], int]:
    """Return the names that a status has room for, printable, and how many more there are."""
    shown = tuple(printable(name, limit=limit) for name in names[:NAMED])
    return shown, max(0, len(names) - NAMED)
