"""Does a verdict pass, given what the user asked to fail on?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.errors import UsageError, printable
from hubcheck.verdict.report import Finding, Policy
from hubcheck.verdict.words import Conclusion, DeclarationVerdict, Verdict

FAILABLE: Final = (
    DeclarationVerdict.UNDECLARED.value,
    DeclarationVerdict.CONTRADICTED.value,
    DeclarationVerdict.INCONCLUSIVE.value,
    DeclarationVerdict.NONE_FOUND.value,
    Verdict.DISGUISED.value,
    Verdict.NOT_TESTED.value,
)
"""What ``--fail-on`` may name."""


def parse_fail_on(text: str) -> Policy:
    """Return the policy of a comma-separated list; ``none`` or nothing fails never.

    Raises:
        UsageError: a word is not one that can fail.
    """
    words = tuple(word.strip() for word in text.split(",") if word.strip() not in ("", "none"))
    for word in words:
        if word not in FAILABLE:
            raise UsageError(
                f"--fail-on names '{printable(word)}'.",
                cause="it is not a verdict that a policy can fail on.",
                next_step=f"choose from {', '.join(FAILABLE)}, or none.",
            )
    return Policy(fail_on=words)


def conclude(
    verdict: DeclarationVerdict, findings: Sequence[Finding], policy: Policy
) -> Conclusion:
    """Return pass, neutral or fail (DESIGN section 2)."""
    reached = {verdict.value, *(f.verdict.value for f in findings)}
    of_findings = {Verdict.DISGUISED.value, Verdict.NOT_TESTED.value}
    if any(w in reached and (w == verdict.value or w in of_findings) for w in policy.fail_on):
        return Conclusion.FAIL
    return Conclusion.PASS if verdict is DeclarationVerdict.CONFIRMED else Conclusion.NEUTRAL
