"""How does the page look that links to several cards?

The overview table as HTML, each subject a link to its card beside it.
"""

from __future__ import annotations

import re
from typing import Final

from hubcheck.card.compose import TONES
from hubcheck.card.document import Tone
from hubcheck.card.escaping import html_attribute, html_text
from hubcheck.card.html import SHORT, SIGNS, page
from hubcheck.card.table import OVERVIEW_HEAD, OverviewRow, overview_cells
from hubcheck.frozen import frozen

_FILE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*")
"""A relative path without schemes, dots at the start or anything a browser would resolve."""


@frozen
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
        "similarity is the median cosine of units at the same place in the families whose order "
        "was found, 1 for a copy.</p>\n"
        f'<div class="scroll stack index"><table>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{rows}\n"
        "</tbody>\n</table></div>\n"
        '<p class="note">The raw norm cosine is high between strangers too. It is shown because '
        "it is often quoted; it moves no verdict.</p>"
    )
    return page(title="hubcheck: provenance cards", tone=Tone.PLAIN, body=body)


def _row(entry: IndexEntry) -> str:
    row = entry.row
    link = f'<a class="short" href="{html_attribute(entry.href)}">{_shown(row.subject)}</a>'
    tone = TONES[row.verdict]
    sign = f'<span aria-hidden="true">{SIGNS[tone]}</span>'
    chip = f'<span class="chip {tone.value} short">{sign} {row.verdict.value}</span>'
    shown = [link, *map(_shown, overview_cells(row)[1:])]
    shown[2] = f"{_shown(row.weights_say)}<br>{chip}"
    cells = "".join(
        f'<td data-label="{html_attribute(label)}"><div>{cell}</div></td>'
        for label, cell in zip(OVERVIEW_HEAD, shown, strict=True)
    )
    return f"<tr>{cells}</tr>"


def _shown(text: str) -> str:
    short = ' class="short"' if len(text) <= SHORT and " " not in text else ""
    return f"<bdi{short}>{html_text(text)}</bdi>"
