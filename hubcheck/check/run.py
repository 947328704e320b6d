"""How does a request become a report?

request -> subject and bases pinned -> anatomy -> reading plan -> evidence -> finding -> verdict.
Reading and judging happen below; this is the order of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from hubcheck.check.adapters import add_adapters
from hubcheck.check.assemble import assemble
from hubcheck.check.closeness import closeness
from hubcheck.check.faults import unless_at_fault
from hubcheck.check.finding import finding_of
from hubcheck.check.in_full import told
from hubcheck.check.kinship import kinship
from hubcheck.check.lineage import AskedEarly, leads_to
from hubcheck.check.observe import Progress
from hubcheck.check.prefetch import OpenedEarly, examine_all, open_all, read_subject
from hubcheck.check.signatures import signatures_of
from hubcheck.check.tested import Tested
from hubcheck.errors import (
    ExitCode,
    HubcheckError,
    InternalFaultError,
    NetworkFaultError,
    NoWeightsError,
    UnsupportedFormatError,
)
from hubcheck.evidence.looks.merge.look import MERGE, fit_merge
from hubcheck.evidence.looks.merge.run import MergeMember
from hubcheck.frozen import frozen
from hubcheck.model import SAID, Model, open_model
from hubcheck.report.behaviour import Behaviour
from hubcheck.report.hints import BY_THE_USER
from hubcheck.report.schema import Report
from hubcheck.report.words import Conclusion, Depth
from hubcheck.request.interface import Request
from hubcheck.verdict.closeness import APART
from hubcheck.verdict.compared import anything_compared
from hubcheck.verdict.declaration import Kinship, explain
from hubcheck.verdict.policy import fails_on_what_was_found


@frozen
class Outcome:
    """A report, and the exit code it ends with."""

    report: Report
    exit_code: ExitCode
    waived: ExitCode = ExitCode.OK
    """The exit code where whoever asked lets the policy's failure pass: an unreadable subject and
    a network that kept everything from being compared stay what they are."""


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
    with OpenedEarly(request.named, request.access) as early:
        subject = open_model(request.subject, request.access, is_subject=True, documents=SAID)
        _ = subject.declaration  # every report shows it: read before weights use the budget up
        signatures = signatures_of(subject, request.policy.signers)
        bases = request.bases(subject)
        if not bases:  # nothing to compare with: no weight byte is read
            request = replace(request, depth=Depth.HEADERS)
        tested = open_all(bases, progress, early)
    for one in tested:
        one.taught = _is_taught(one, subject)
        if one.model is not None:
            signed = signatures_of(one.model, request.policy.signers)
            one.base = one.base.model_copy(update={"signatures": signed})
    with AskedEarly(subject, tested, request) as above:
        subject, refusal = read_subject(subject, tested, request)
        tried = max(len(bases), request.searched().tried)
        fault = examine_all(tested, subject, request, tried, refusal, progress)
        if refusal is None:
            unless_at_fault(lambda: _fit_merge(tested, subject, request), None, progress)
            unless_at_fault(lambda: add_adapters(tested, subject, request), None, progress)
        drafts = [finding_of(one) for one in tested]
        ancestry = above.ancestry(drafts)
    explained = explain(
        drafts,
        lambda d, s: (
            Kinship.DECLARED
            if leads_to(ancestry, s, d) or leads_to(ancestry, d, s)
            else unless_at_fault(lambda: kinship(tested, d, s, request), Kinship.NONE, progress)
        ),
        lambda s, d: leads_to(ancestry, s, d),
        lambda d, s: unless_at_fault(
            lambda: closeness(tested, subject, d, s, request), APART, progress
        ),
    )
    findings = told(
        [finding_of(one, how) for one, how in zip(tested, explained, strict=True)], request.in_full
    )
    refusal = refusal or fault
    unseen: tuple[Behaviour, ...] = ()
    behaviour = unless_at_fault(
        lambda: _behaviour(subject, tested, request, progress), unseen, progress
    )
    report = assemble(
        request,
        subject,
        tested,
        findings,
        refusal,
        started,
        now(),
        ancestry=ancestry,
        signatures=signatures,
        behaviour=behaviour,
    )
    code, waived = exit_codes(report, tested, refusal if _is_bad(refusal, subject) else None)
    return Outcome(report=report, exit_code=code, waived=waived)


def _behaviour(
    subject: Model, tested: Sequence[Tested], request: Request, progress: Progress
) -> tuple[Behaviour, ...]:
    """Return what was seen of running the models, where that was asked for."""
    if request.behaviour is None:
        return ()
    from hubcheck.check.behaviour import behaviour_of  # nothing that others wait for

    return behaviour_of(subject, tested, request, progress)


def _is_taught(one: Tested, subject: Model) -> bool:
    """Return whether the card names a base and says that the subject was distilled from it.

    A base that the user declares is asked about whatever the card says.
    """
    by_card = one.request.declared and not BY_THE_USER & set(one.request.why)
    return by_card and one.base.ref.casefold() in subject.declaration.distilled


def _fit_merge(tested: Sequence[Tested], subject: Model, request: Request) -> None:
    """Look whether several related bases make a merge, which only all of them together can tell."""
    refs = Counter(one.base.ref for one in tested)
    members = {
        one.base.ref if refs[one.base.ref] == 1 else f"{one.base.ref}@{one.base.revision}": one
        for one in tested
        if one.model is not None and one.looked_at and one.judgement.may_be_merged
    }
    if len(members) < 2:  # noqa: PLR2004 - a merge needs two
        return
    left = fit_merge(
        subject.reader,
        [MergeMember(ref=n, reader=o.model.reader) for n, o in members.items() if o.model],
        seed=request.seed,
        depth=request.depth,
    )
    for name, one in members.items():
        one.seen = one.seen.with_left(MERGE, left[name])


def _is_bad(refusal: HubcheckError | None, subject: Model) -> bool:
    """Return whether a refusal is about bad weights; there being none, or none read here, is not.

    Where something was left out (a link that leaves the folder) it may have been the weights.
    """
    if isinstance(refusal, NoWeightsError):
        return bool(subject.left_out)
    return refusal is not None and not isinstance(refusal, UnsupportedFormatError)


def exit_codes(
    report: Report, tested: Sequence[Tested], refusal: HubcheckError | None
) -> tuple[ExitCode, ExitCode]:
    """Return the exit code of DESIGN sections 5 and 9, and the one where the policy is waived.

    ``refusal`` says why the subject's weights are unreadable or hostile, if they are.

    What was found fails first: a model that matches an undeclared base does not get away with a
    tensor that cannot be read. Then a subject that is unreadable, then the rest of the policy. A
    base that is not there, private or gated is the policy's business; a fault of hubcheck's own is
    5 where it left nothing compared; only a network that kept everything from being compared is 3,
    because the same check can end otherwise later.
    """
    without = ExitCode.OK
    if refusal is not None:
        without = refusal.exit_code
    elif not anything_compared(report.findings) and any(
        isinstance(one.error, InternalFaultError) for one in tested
    ):
        without = ExitCode.INTERNAL
    elif not anything_compared(report.findings) and any(
        isinstance(one.error, NetworkFaultError) for one in tested
    ):
        without = ExitCode.UNREACHABLE
    if report.conclusion is not Conclusion.FAIL:
        return without, without
    found = fails_on_what_was_found(report.verdict, report.findings, report.policy)
    return ExitCode.POLICY_FAILED if found or without is ExitCode.OK else without, without
