"""Does a verdict pass, given what the user asked to fail on?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from hubcheck.errors import UsageError, printable
from hubcheck.report.schema import Finding, Policy
from hubcheck.report.standing import (
    UNDATED,
    UNDECLARED_PART,
    UPSTREAM,
    is_undated,
    is_undeclared_part,
)
from hubcheck.report.words import Conclusion, DeclarationVerdict, Verdict
from hubcheck.verdict.compared import anything_compared

NOTHING_COMPARED: Final = "nothing-compared"
"""Fails where the weights of no base were compared, whatever the reason."""
REQUIRE_SIGNATURE: Final = "require-signature"
"""Fails where no signer whom the policy names signed all weights that were read."""
FAILABLE: Final = (
    DeclarationVerdict.UNDECLARED.value,
    DeclarationVerdict.CONTRADICTED.value,
    DeclarationVerdict.INCONCLUSIVE.value,
    DeclarationVerdict.NONE_FOUND.value,
    Verdict.DISGUISED.value,
    Verdict.NOT_TESTED.value,
    NOTHING_COMPARED,
    UPSTREAM,
    UNDATED,
    UNDECLARED_PART,
    REQUIRE_SIGNATURE,
)
"""What ``--fail-on`` may name."""
SETTLED: Final = frozenset(
    {
        DeclarationVerdict.UNDECLARED.value,
        DeclarationVerdict.CONTRADICTED.value,
        Verdict.DISGUISED.value,
        UPSTREAM,
        UNDATED,
        UNDECLARED_PART,
    }
)
"""Words of ``FAILABLE`` that rest on something found, and not on something missing."""


def parse_fail_on(text: str, signers: tuple[str, ...] = ()) -> Policy:
    """Return the policy of a comma-separated list; ``none`` or nothing fails never.

    Args:
        text: The list.
        signers: Who may have signed the weights.

    Raises:
        UsageError: a word is not one that can fail, or asks for a signature of nobody.
    """
    words = tuple(word.strip() for word in text.split(",") if word.strip() not in ("", "none"))
    for word in words:
        if word not in FAILABLE:
            raise UsageError(
                f"--fail-on names '{printable(word)}'.",
                cause="it is not a verdict that a policy can fail on.",
                next_step=f"choose from {', '.join(FAILABLE)}, or none.",
            )
    if REQUIRE_SIGNATURE in words and not signers:
        raise UsageError(
            f"the policy says {REQUIRE_SIGNATURE}, and names no signer.",
            cause="a signature of anybody would do, and anybody can sign.",
            next_step="name whom you trust: --signer FILE, or signers in the policy file.",
        )
    return Policy(fail_on=words, signers=signers)


def conclude(
    verdict: DeclarationVerdict,
    findings: Sequence[Finding],
    policy: Policy,
    *,
    signed: bool = False,
    sound: bool = True,
) -> Conclusion:
    """Return pass, neutral or fail (DESIGN section 2).

    Args:
        verdict: About the whole card.
        findings: One per base.
        policy: What the user asked to fail on.
        signed: Whether a signer of the policy signed the subject's weights.
        sound: Whether all that was asked of the subject's weights could be read: what a value that
            is no number stands for was not examined, and is no pass.
    """
    if failing_words(verdict, findings, policy, signed=signed):
        return Conclusion.FAIL
    passed = verdict is DeclarationVerdict.CONFIRMED and sound
    return Conclusion.PASS if passed else Conclusion.NEUTRAL


def words_of(finding: Finding) -> frozenset[str]:
    """Return the words of ``FAILABLE`` that a single base reaches, whatever the whole card says."""
    reached = {
        Verdict.DISGUISED.value: finding.verdict is Verdict.DISGUISED,
        Verdict.NOT_TESTED.value: finding.verdict is Verdict.NOT_TESTED,
        UPSTREAM: finding.upstream,
        UNDATED: is_undated(finding),
        UNDECLARED_PART: is_undeclared_part(finding),
    }
    return frozenset(word for word, holds in reached.items() if holds)


def failing_words(
    verdict: DeclarationVerdict,
    findings: Sequence[Finding],
    policy: Policy,
    *,
    signed: bool = False,
) -> tuple[str, ...]:
    """Return the words of the policy that this result fails on."""
    reached = {verdict.value}.union(*(words_of(f) for f in findings))
    if not anything_compared(findings):
        reached.add(NOTHING_COMPARED)
    if not signed:
        reached.add(REQUIRE_SIGNATURE)
    return tuple(word for word in policy.fail_on if word in reached)


def fails_on_what_was_found(
    verdict: DeclarationVerdict, findings: Sequence[Finding], policy: Policy
) -> bool:
    """Return whether settled evidence fails the policy, not the lack of it.

    What was found stays found, whatever a later look could not read (DESIGN 9.1).
    """
    return any(word in SETTLED for word in failing_words(verdict, findings, policy))
