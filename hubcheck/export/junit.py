"""How is a report written as JUnit XML, for the test page of a CI system?

A base is a test case. What does not decide is skipped with its reason, never passed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from hubcheck.export.models import moment, shown
from hubcheck.export.outcomes import Outcome, Result, results

if TYPE_CHECKING:
    from hubcheck.report.schema import Report


def render(report: Report, report_sha256: str) -> str:
    """Return the XML text; ``shown`` leaves no character that XML 1.0 forbids."""
    told = results(report)
    failed = sum(r.outcome is Outcome.FAILED for r in told)
    skipped = sum(r.outcome is Outcome.WARNED for r in told)
    counts = f'tests="{len(told)}" failures="{failed}" errors="0"'
    timed = f'time="{report.seconds:.3f}" timestamp="{moment(report.finished)}"'
    name = quoteattr(shown(report.subject.ref))
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="hubcheck" {counts}>',
        f'  <testsuite name={name} {counts} skipped="{skipped}" {timed}>',
        "    <properties>",
        f'      <property name="report-sha256" value={quoteattr(report_sha256)}/>',
        f'      <property name="replay" value={quoteattr(shown(report.replay))}/>',
        "    </properties>",
        *(line for result in told for line in _case(report, result)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(report: Report, result: Result) -> list[str]:
    classname = quoteattr(f"hubcheck.{shown(report.subject.ref)}")
    head = f'    <testcase name={quoteattr(shown(result.name))} classname={classname} time="0"'
    says = shown(result.says)
    if result.outcome is Outcome.PASSED:
        return [f"{head}>", f"      <system-out>{escape(says)}</system-out>", "    </testcase>"]
    if result.outcome is Outcome.FAILED:
        inner = f"<failure type={quoteattr(result.rule)} message={quoteattr(says)}/>"
    else:
        inner = f"<skipped message={quoteattr(f'{result.rule}: {says}')}/>"
    return [f"{head}>", f"      {inner}", "    </testcase>"]
