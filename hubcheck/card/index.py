"""How does the page look that links to several cards?

The overview table as HTML, each subject a link to its card beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from hubcheck.card.document import Tone
from hubcheck.card.escaping import html_attribute, html_text
from hubcheck.card.html import page
from hubcheck.card.table import OVERVIEW_HEAD, OverviewRow, overview_cells

_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""A relative path without schemes, dots at the start or anything a browser would resolve."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """One card on the index page."""

    href: str
    row: OverviewRow


def index_html(entries: tuple[IndexEntry, ...]) -> str:
    """Return a page that links to each card.

    Raises:
        ValueError: An ``href`` is not a plain relative path; the caller names the files.
    """
    for entry in entries:
        if not _FILE.fullmatch(entry.href):
            message = f"href {entry.href!r} is not a plain relative path such as 'card/index.html'."
            raise ValueError(message)
    head = "".join(f'<th scope="col">{html_text(name)}</th>' for name in OVERVIEW_HEAD)
    rows = "\n".join(_row(entry) for entry in entries)
    body = (
        '<p class="top"><span>hubcheck provenance cards</span></p>\n'
        "<h1>What the cards say, and what the weights say</h1>\n"
        '<p class="lead">Each row is one model. The chance is a bound on a match by accident; '
        "kept is the share of the base that is still there.</p>\n"
        f'<div class="scroll stack"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n'
        "</tbody>\n</table></div>\n"
        '<p class="note">The raw norm cosine is high between strangers too. It is shown because '
        "it is often quoted; it moves no verdict.</p>"
    )
    return page(title="hubcheck: provenance cards", tone=Tone.PLAIN, body=body)


def _row(entry: IndexEntry) -> str:
    cells = []
    for label, text in zip(OVERVIEW_HEAD, overview_cells(entry.row), strict=True):
        shown = f"<bdi>{html_text(text)}</bdi>"
        if label == OVERVIEW_HEAD[0]:
            shown = f'<a href="{html_attribute(entry.href)}">{shown}</a>'
        cells.append(f'<td data-label="{html_attribute(label)}"><div>{shown}</div></td>')
    return f"<tr>{''.join(cells)}</tr>"
