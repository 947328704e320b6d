"""How does a check end once the policy file has had its say?

The check itself knows what fails; what is accepted, and that a failure is to be told without
failing, is applied to its report afterwards, in the same way by every way in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from hubcheck.check.observe import Progress
from hubcheck.check.run import Outcome, check
from hubcheck.errors import ExitCode
from hubcheck.report.schema import Report
from hubcheck.report.words import Conclusion
from hubcheck.request.interface import Request
from hubcheck.verdict.allowance import apply_allowances


def conclude_check(request: Request, *, now: Callable[[], datetime], progress: Progress) -> Outcome:
    """Hold one subject against its bases, and apply what is accepted today.

    Args:
        request: What to check.
        now: The clock, in UTC.
        progress: Told each step in words.

    Raises:
        UnreachableError: the subject cannot be reached; nothing is known to report on.
        HubcheckError: a request that cannot be carried out.
    """
    outcome = check(request, now=now, progress=progress)
    report = apply_allowances(outcome.report, request.allow, today=now().date())
    code = exit_code_of(report, outcome, warn_only=request.warn_only)
    return Outcome(report=report, exit_code=code, waived=outcome.waived)


def exit_code_of(report: Report, outcome: Outcome, *, warn_only: bool) -> ExitCode:
    """Return the exit code after what was allowed; only the policy's own failure can be waived.

    Args:
        report: After what the policy file accepts.
        outcome: Of the check.
        warn_only: Whether failures are only told.
    """
    if outcome.exit_code is not ExitCode.POLICY_FAILED:
        return outcome.exit_code
    failed = report.conclusion is Conclusion.FAIL and not warn_only
    return ExitCode.POLICY_FAILED if failed else outcome.waived
