"""How does a request become a report?

request -> subject and bases pinned -> anatomy -> reading plan -> evidence -> finding -> verdict.
Reading and judging happen below; this is the order of it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from hubcheck.assemble import assemble
from hubcheck.closer import with_merges
from hubcheck.errors import ExitCode, HubcheckError, UnreadableError, UnsupportedFormatError
from hubcheck.examine import Progress, Tested, bases_related, subject_refusal
from hubcheck.lineage import declared_ancestry, leads_to
from hubcheck.model import Model, open_model
from hubcheck.request import Request
from hubcheck.side_by_side import examine_all, headers_ahead, open_all
from hubcheck.verdict.declaration import explain
from hubcheck.verdict.report import Report
from hubcheck.verdict.words import Conclusion, Depth


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A report, and the exit code it ends with."""

    report: Report
    exit_code: ExitCode


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
    _ = subject.declaration  # every report shows it: read before weights can use the budget up
    bases = request.bases(subject)
    if not bases:  # nothing to compare with: no weight byte is read
        request = replace(request, depth=Depth.HEADERS)
    tested = open_all(bases, request.access, progress)
    with headers_ahead(tested, subject, request):
        refusal = subject_refusal(subject, request.depth)
    tried = max(len(bases), request.searched().tried)
    refusal = examine_all(tested, subject, request, tried, refusal, progress)
    if refusal is None:
        _merges(tested, subject, request)
    ancestry = declared_ancestry(subject, tested, request)
    findings = explain(
        [one.finding for one in tested],
        lambda d, s: (
            leads_to(ancestry, s, d)
            or leads_to(ancestry, d, s)
            or bases_related(tested, d, s, request)
        ),
        lambda s, d: leads_to(ancestry, s, d),
    )
    for one, finding in zip(tested, findings, strict=True):
        one.finding = finding
    report = assemble(
        request, subject, tested, findings, refusal, started, now(), ancestry=ancestry
    )
    return Outcome(report=report, exit_code=_exit_code(report, tested, refusal))


def _merges(tested: Sequence[Tested], subject: Model, request: Request) -> None:
    """Fill in the shares of a merge, which only all bases together can tell."""
    try:
        found = with_merges([(one.finding, one.model) for one in tested], subject, request)
    except UnreadableError as error:  # what a base holds beside what its test read
        found = [
            one.finding.model_copy(
                update={"notes": (*one.finding.notes, f"no merge was fitted: {error.what}")}
            )
            for one in tested
        ]
    for one, finding in zip(tested, found, strict=True):
        one.finding = finding


def _exit_code(report: Report, tested: Sequence[Tested], refusal: HubcheckError | None) -> ExitCode:
    """Return the exit code of DESIGN section 5; an unreadable subject outranks the policy."""
    if refusal is not None and not isinstance(refusal, UnsupportedFormatError):
        return refusal.exit_code
    if tested and all(one.model is None and one.error is not None for one in tested):
        return ExitCode.UNREACHABLE
    return ExitCode.POLICY_FAILED if report.conclusion is Conclusion.FAIL else ExitCode.OK
