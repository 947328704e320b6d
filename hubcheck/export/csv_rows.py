"""How is a report written as CSV, a row a base, for spreadsheets and audits?"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from hubcheck.export import figures
from hubcheck.export.models import shown
from hubcheck.export.outcomes import results

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

HEAD: Final = (
    "subject", "subject-revision", "declaration-verdict", "conclusion", "base", "base-revision",
    "outcome", "rule", "verdict", "relation", "declared", "proposed-by", "reason-code",
    "log10-bound", "similarity", "similarity-low", "similarity-high", "compared-share",
    "order-tested-share", "units-tested", "units-hit", "detectable-similarity", "direction",
    "explained-by", "says", "report-sha256",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet takes for a formula (OWASP, CSV injection)."""


def render(report: Report, report_sha256: str) -> str:
    """Return the table; a report without a base has one row, about the declaration."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD, restval="", lineterminator="\n")
    writer.writeheader()
    told = results(report)
    for result in told[1:] or told:
        finding = result.finding
        row = {
            "subject": report.subject.ref,
            "subject-revision": report.subject.revision,
            "declaration-verdict": report.verdict.value,
            "conclusion": report.conclusion.value,
            "base": finding.base.ref if finding else "",
            "base-revision": finding.base.revision if finding else "",
            "outcome": result.outcome.value,
            "rule": result.rule,
            **(figures.of_finding(finding) if finding else {}),
            "says": result.says,
            "report-sha256": report_sha256,
        }
        writer.writerow({name: _cell(text) for name, text in row.items()})
    return out.getvalue()


def _cell(text: str) -> str:
    """Return a cell that no spreadsheet runs; figures stay figures."""
    line = shown(text) if text else ""
    try:
        float(line)
    except ValueError:
        return f"'{line}" if line.startswith(FORMULA) else line
    return line
