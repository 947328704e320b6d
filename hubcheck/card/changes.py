"""What changed between two answers about the same model?

Short statements for a reader who saw the last answer: the verdict, each base that came, went or was
judged otherwise, and how similar it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import names, numbers
from hubcheck.card.document import Identifier, Line, Trusted
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubcheck.report.schema import Report
    from hubcheck.report.words import DeclarationVerdict, Verdict

KEPT_STEP: Final = 0.005
"""Smaller changes of kept are what another draw of rows gives."""
CHANGES_SHOWN: Final = 12


@frozen
class BaseBefore:
    """What the last answer said about one base."""

    ref: str
    revision: str
    verdict: Verdict
    kept: float


def changes(
    report: Report, *, verdict: DeclarationVerdict, bases: Sequence[BaseBefore]
) -> tuple[Line, ...]:
    """Return what is different from the last answer, most important first.

    Args:
        report: The answer now.
        verdict: What the last answer said of the whole card.
        bases: What it said of each base.
    """
    found: list[Line] = []
    if report.verdict is not verdict:
        found.append((Trusted(f"verdict: {verdict.value}, now {report.verdict.value}"),))
    before = {base.ref.casefold(): base for base in bases}
    for finding in report.findings:
        name = Identifier(names.called(finding.base))
        last = before.pop(finding.base.ref.casefold(), None)
        now = finding.verdict.value
        if last is None:
            found.append((name, Trusted(f": not tested before, now {now}")))
        elif last.verdict is not finding.verdict:
            found.append((name, Trusted(f": {last.verdict.value}, now {now}")))
        elif abs(last.kept - finding.kept) > KEPT_STEP:
            kept = f": similarity {numbers.kept(last.kept)}, now {numbers.kept(finding.kept)}"
            found.append((name, Trusted(kept)))
        elif last.revision != finding.base.revision and names.is_commit(finding.base.revision):
            found.append((name, Trusted(" moved to another commit, same verdict")))
    found += [
        (Identifier(names.name(base.ref, base.revision)), Trusted(": no longer tested"))
        for base in before.values()
    ]
    if len(found) > CHANGES_SHOWN:
        more = len(found) - CHANGES_SHOWN
        found = [*found[:CHANGES_SHOWN], (Trusted(f"and {more} more changes"),)]
    return tuple(found)
