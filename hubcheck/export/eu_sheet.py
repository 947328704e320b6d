"""How is a report written as a sheet of facts for the EU's forms?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcheck.card import markdown
from hubcheck.card.eu_sheet import compose

if TYPE_CHECKING:
    from hubcheck.report.schema import Report


def render(report: Report, report_sha256: str) -> str:
    """Return the sheet as markdown."""
    return markdown.render(compose(report, report_sha256))
