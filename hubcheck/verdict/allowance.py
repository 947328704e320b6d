"""Which findings has the user accepted, with a reason and until when?

An accepted base no longer fails the policy; the verdict stays what it is, and the card says who
accepted what. An entry that has run out says so instead of passing in silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import Accepted, Finding, Report
from hubcheck.report.standing import is_refuted, is_signed, is_undeclared
from hubcheck.report.words import NOT_EXAMINED, Conclusion, DeclarationVerdict
from hubcheck.verdict.compared import anything_compared
from hubcheck.verdict.policy import NOTHING_COMPARED, REQUIRE_SIGNATURE, words_of


@frozen
class Allowance:
    """One accepted base."""

    base: str
    """``org/name`` or a folder, as the report names it."""
    reason: str
    expires: date | None = None
    """The last day on which it holds; None: for ever."""


def apply_allowances(report: Report, allowances: Sequence[Allowance], *, today: date) -> Report:
    """Return the report with its conclusion and warnings after what was accepted.

    Args:
        report: As the check made it.
        allowances: From the policy file.
        today: In UTC.
    """
    valid = {a.base.casefold(): a for a in allowances if a.expires is None or today <= a.expires}
    culprits = _culprits(report)
    names = {f.base.ref.casefold() for f in culprits}
    warnings = [
        phrase(PhraseCode.ALLOWANCE_ENDED, base=printable(a.base), until=f"{a.expires}")
        for a in allowances
        if a.expires is not None and today > a.expires and a.base.casefold() in names
    ]
    accepted = tuple(
        f.base.ref
        for f in report.findings
        if (f.status == "not-tested" or f.code in NOT_EXAMINED) and f.base.ref.casefold() in valid
    )
    used = [valid[name] for name in sorted(names) if name in valid]
    spoken_of = names | {ref.casefold() for ref in accepted}
    shown = [valid[name] for name in sorted(spoken_of) if name in valid]
    warnings += [
        phrase(
            PhraseCode.ALLOWED,
            base=printable(a.base),
            until=f"{a.expires or ''}",
            why=printable(a.reason, limit=300),
        )
        for a in shown
    ]
    if not warnings:
        return report
    met = [a for a in allowances if a.base.casefold() in spoken_of]
    policy = report.policy.model_copy(update={"allow": tuple(_accepted(a) for a in met)})
    conclusion = report.conclusion
    if conclusion is Conclusion.FAIL and culprits and len(used) == len(names):
        conclusion = Conclusion.NEUTRAL
    return report.model_copy(
        update={
            "conclusion": conclusion,
            "accepted": accepted,
            "warnings": (*report.warnings, *warnings),
            "policy": policy,
        }
    )


def allowances_of(report: Report) -> tuple[Allowance, ...]:
    """Return what a report says was accepted, for the same result made again."""
    return tuple(
        Allowance(base=a.base, reason=a.reason, expires=_day(a.expires))
        for a in report.policy.allow
    )


def _accepted(one: Allowance) -> Accepted:
    expires = one.expires.isoformat() if one.expires else ""
    return Accepted(base=one.base, reason=one.reason, expires=expires)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _culprits(report: Report) -> list[Finding]:
    """Return the findings for which the policy fails; none where a missing result fails it."""
    fail_on = report.policy.fail_on
    if REQUIRE_SIGNATURE in fail_on and not is_signed(report.subject):
        return []
    if NOTHING_COMPARED in fail_on and not anything_compared(report.findings):
        return []
    if report.verdict.value in fail_on and report.verdict not in {
        DeclarationVerdict.UNDECLARED,
        DeclarationVerdict.CONTRADICTED,
    }:
        return []
    found: list[Finding] = []
    for finding in report.findings:
        by_word = bool(words_of(finding) & set(fail_on))
        undeclared = is_undeclared(finding)
        refuted = is_refuted(finding)
        if by_word or (report.verdict.value in fail_on and (undeclared or refuted)):
            found.append(finding)
    return found
