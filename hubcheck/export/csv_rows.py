"""How is a report written as CSV, a row a base, for spreadsheets and audits?"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

from hubcheck.export import figures
from hubcheck.export.models import shown
from hubcheck.export.outcomes import Result, results

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

FIGURES: Final = (
    "subject", "subject-revision", "declaration-verdict", "conclusion", "base", "base-revision",
    "outcome", "rule", *figures.OF_A_FINDING, "says",
)  # fmt: skip
HEAD: Final = (*FIGURES, "report-sha256")
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet takes for a formula (OWASP, CSV injection)."""


def rows(report: Report) -> list[dict[str, figures.Value]]:
    """Return the table's rows as values; a report without a base has one, about the declaration."""
    told = results(report)
    return [_row(report, result) for result in told[1:] or told]


def _row(report: Report, result: Result) -> dict[str, figures.Value]:
    finding = result.finding
    return {
        "subject": report.subject.ref,
        "subject-revision": report.subject.revision,
        "declaration-verdict": report.verdict.value,
        "conclusion": report.conclusion.value,
        "base": finding.base.ref if finding else "",
        "base-revision": finding.base.revision if finding else "",
        "outcome": result.outcome.value,
        "rule": result.rule,
        **(figures.values_of(finding) if finding else {}),
        "says": result.says,
    }


def render(report: Report, report_sha256: str) -> str:
    """Return the table as text."""
    out = io.StringIO()
    writer = csv.DictWriter(out, HEAD, restval="", lineterminator="\n")
    writer.writeheader()
    for row in rows(report):
        said = {name: figures.text_of(name, value) for name, value in row.items()}
        said["report-sha256"] = report_sha256
        writer.writerow({name: cell(text) for name, text in said.items()})
    return out.getvalue()


def cell(text: str) -> str:
    """Return a cell that no spreadsheet runs; figures stay figures."""
    line = shown(text) if text else ""
    try:
        float(line)
    except ValueError:
        return f"'{line}" if line.startswith(FORMULA) else line
    return line
