"""What does a report say of each base, as a test that passed, failed, or does not decide?

Gates and dashboards know three outcomes. Nothing that was not compared passes, and nothing fails
that the user's policy does not fail.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from hubcheck.card import matches, sentences
from hubcheck.card.table import finding_line, inline
from hubcheck.frozen import frozen
from hubcheck.report import standing
from hubcheck.report.thresholds import ENOUGH
from hubcheck.report.words import Conclusion, DeclarationVerdict, Holds, RelationKind, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report


class Outcome(StrEnum):
    """The results of an in-toto test-result predicate."""

    PASSED = "PASSED"
    WARNED = "WARNED"
    FAILED = "FAILED"


class Kinship(StrEnum):
    """Where a pedigree puts a base."""

    ANCESTOR = "ancestor"
    """Declared and in the weights; or the weights themselves tell the direction."""
    VARIANT = "variant"
    """Related; who came first is not known."""
    DESCENDANT = "descendant"
    """The weights tell that the base was made later than the subject."""
    NONE = "none"
    """No exact evidence that trained weights are shared."""


@frozen(kw_only=False)
class Result:
    """The outcome of one test of a report."""

    name: str
    """Raw: it names a model."""
    rule: str
    """What kind of outcome: a word that a policy can name, or a verdict."""
    outcome: Outcome
    says: str
    """One sentence for people; raw."""
    finding: Finding | None


def results(report: Report) -> tuple[Result, ...]:
    """Return the outcome of the declaration as a whole, then of every base, in report order."""
    whole = {
        Conclusion.PASS: Outcome.PASSED,
        Conclusion.NEUTRAL: Outcome.WARNED,
        Conclusion.FAIL: Outcome.FAILED,
    }[report.conclusion]
    if whole is Outcome.PASSED and report.nothing_compared is not None:
        whole = Outcome.WARNED
    rule = "nothing-compared" if report.nothing_compared is not None else report.verdict.value
    says = inline(sentences.title(report))
    return (
        Result("declaration", rule, whole, says, None),
        *(_of_base(report, finding) for finding in report.findings),
    )


def _of_base(report: Report, finding: Finding) -> Result:
    passed, rule = _rule(finding)
    # A word of the policy makes a base fail only where the whole result fails by the policy.
    failed = report.conclusion is Conclusion.FAIL and rule in report.policy.fail_on
    outcome = Outcome.PASSED if passed else Outcome.FAILED if failed else Outcome.WARNED
    name = f"{'declared' if finding.declared else 'suspected'} base {finding.base.ref}"
    return Result(name, rule, outcome, finding_line(report, finding), finding)


def _rule(finding: Finding) -> tuple[bool, str]:
    """Return whether a base passes, and the word for what was found of it."""
    verdict = finding.verdict.value
    if finding.upstream:
        return False, standing.UPSTREAM
    if finding.declared:
        if standing.is_refuted(finding):
            return False, DeclarationVerdict.CONTRADICTED.value
        held = _holds(finding)
        return held, DeclarationVerdict.CONFIRMED.value if held else verdict
    if standing.is_undeclared(finding):
        return False, DeclarationVerdict.UNDECLARED.value
    if standing.is_undated(finding):
        return False, standing.UNDATED
    if standing.is_undeclared_part(finding):
        return False, standing.UNDECLARED_PART
    if finding.explained_by is not None:
        return True, "explained"
    return finding.verdict is Verdict.UNRELATED, verdict


def _holds(finding: Finding) -> bool:
    """Return whether a declared base was found with enough of it compared (DESIGN 9.5)."""
    if finding.verdict is Verdict.IDENTICAL:
        return True
    held = finding.relation is not None and finding.relation.holds in {Holds.BODY, Holds.WHOLE}
    return standing.is_proof(finding) and held and finding.compared >= ENOUGH


def kinship(finding: Finding) -> Kinship:
    """Return where a pedigree may put a base: as far as evidence and declaration carry.

    A calibrated ``disguised`` and a common initialisation put it nowhere (DESIGN 2 and 3.3); parts
    alone never make an ancestor.
    """
    proven = finding.verdict in standing.PROVEN
    if not proven or matches.is_relation(finding, RelationKind.COMMON_INITIALISATION):
        return Kinship.NONE
    if finding.direction == "subject-to-base":
        return Kinship.DESCENDANT
    if standing.is_part(finding):
        return Kinship.VARIANT
    if finding.declared or finding.direction == "base-to-subject":
        return Kinship.ANCESTOR
    return Kinship.VARIANT
