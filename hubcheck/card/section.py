"""What does a model card say about a check?

The verdict, the table and how to repeat it: a reader who trusts nobody gets the commits and the
command, everyone else one sentence. Markdown without the markers; the same report always gives the
same text. Image and report are named by relative paths, which the Hub and GitHub both resolve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import (
    badge,
    heat_grid,
    markdown,
    matches,
    names,
    numbers,
    order_picture,
    sentences,
    unread_section,
)
from hubcheck.card.compose import bases
from hubcheck.card.document import Identifier, as_sentence
from hubcheck.card.escaping import html_attribute, markdown_code, markdown_text
from hubcheck.card.given import NOTE
from hubcheck.card.heat_layout import layout
from hubcheck.card.heat_svg import heading
from hubcheck.card.linked import Links

if TYPE_CHECKING:
    from hubcheck.card.heat_grid import Grid
    from hubcheck.report.schema import BaseModelRef, Finding, Report

FOLDER: Final = "provenance"
"""Where the report and the badge lie, beside the model."""
REPORT_FILE: Final = f"{FOLDER}/hubcheck.json"
BADGE_FILE: Final = f"{FOLDER}/badge.png"
HEAT_MAP_FILE: Final = f"{FOLDER}/changes.png"
ORDER_FILE: Final = f"{FOLDER}/order.png"
CARD_FILE: Final = f"{FOLDER}/card.html"
HEADING: Final = "## Provenance"
COMMITS_NAMED: Final = 5
"""Bases whose whole commit is written out; a merge of more is rare, and the report has them all."""
_DATE_LENGTH: Final = len("2026-01-31")


def render(report: Report, *, newer: str = "", given: bool = False) -> str:
    """Return the section.

    Args:
        report: The report.
        newer: A commit whose weights differ from the ones checked; ``""`` when there is none. The
            section then begins by saying that it is out of date.
        given: Whether the report came as a file that nobody here has replayed.
    """
    parts = [HEADING, snippet(report, stale=bool(newer))]
    if newer:
        parts.append(_out_of_date(report, newer))
    links = Links()
    title = markdown.inline(as_sentence(links.line(sentences.title(report))))
    lead = markdown.inline(links.line(sentences.lead(report))).replace("**", "")
    parts.append(f"**{title}** ({report.verdict.value}). {lead}")
    table = _table(report, links)
    if table is not None:
        parts.append(table)
    scope = unread_section.line(report)
    if scope:
        parts.append(markdown.inline(scope))
    parts += [picture for picture in (_order(report), _heat_map(report)) if picture]
    parts += [_commits(report), _repeat(report)]
    if given:
        parts.append(markdown.inline(NOTE))
    return "\n\n".join(parts) + "\n"


def snippet(report: Report, *, stale: bool = False) -> str:
    """Return the badge as an image that leads to the card; its words stand in the alternative text.

    As an element and not as markdown, for markdown cannot say how large the image is to be shown.
    """
    said = html_attribute(badge.description(report, stale=stale), limit=badge.DESCRIPTION_LIMIT)
    image = f'<img src="{BADGE_FILE}" alt="{said}" height="{badge.HEIGHT}">'
    return f'<p><a href="{CARD_FILE}">{image}</a></p>'


def _out_of_date(report: Report, newer: str) -> str:
    checked = markdown_code(names.short(report.subject.revision))
    return (
        f"**Out of date:** the weights at {markdown_code(names.short(newer))} are not the ones "
        f"that were checked at {checked}. What follows is about {checked}."
    )


def _table(report: Report, links: Links) -> str | None:
    """Return the table of bases that the card shows."""
    if not report.findings:
        return None
    (table,) = links.blocks((bases(report),))
    return markdown.block_text(table)


def _order(report: Report) -> str:
    """Return the picture of the orders as an image, with its counts in words."""
    pictured = order_picture.pictured(report)
    if not pictured:
        return ""
    said = html_attribute(" ".join(order_picture.told(f) for f in pictured), limit=1000)
    width = max(order_picture.shapes(f, order_picture.heading(f))[0] for f in pictured)
    return f'<p><img src="{ORDER_FILE}" alt="{said}" width="{width}"></p>'


def _heat_map(report: Report) -> str:
    """Return the heat map as an image; what it shows stands in the alternative text."""
    maps = heat_grid.mapped(report)
    if not maps:
        return ""
    said = html_attribute(" ".join(_told(finding, grid) for finding, grid in maps), limit=1000)
    # One pixel shown for two in the file; where the text is narrower, pages shrink it.
    width = max(layout(grid, heading(finding), told=False).width for finding, grid in maps)
    return f'<p><img src="{HEAT_MAP_FILE}" alt="{said}" width="{width}"></p>'


def _told(finding: Finding, grid: Grid) -> str:
    """Return a heat map in words: what moved least and most."""
    name = names.called(finding.base)
    cells = [
        (cell.relative, f"{row.role.name} of layer {column.name}: {heat_grid.amount(cell)}")
        for row in grid.rows
        for column, cell in zip(grid.columns, row.cells, strict=True)
        if cell is not None
    ]
    cells += [
        (cell.relative, f"{role.name}: {heat_grid.amount(cell)}") for role, cell in grid.apart
    ]
    least, most = min(cells)[1], max(cells)[1]
    return f"Heat map: how far the weights moved from {name}. Least: {least}. Most: {most}."


def _commits(report: Report) -> str:
    subject = report.subject.revision
    date = markdown_text(report.finished[:_DATE_LENGTH])
    by = f"hubcheck {markdown_text(report.tool.version)}, depth {report.depth.value}"
    if names.is_commit(subject):
        checked = f"Checked on {date} at commit {markdown_code(subject)}"
    else:
        digest = report.subject.weights_digest
        weights = f", weights digest {markdown_code(digest)}" if digest else ""
        checked = f"Checked on {date} from a folder{weights}"
    lines = [f"{checked} with {by}, {numbers.byte_count(report.coverage.bytes_read)} read."]
    bases = [_held_against(f.base) for f in matches.tested(report)[:COMMITS_NAMED]]
    if bases:
        more = len(matches.tested(report)) - COMMITS_NAMED
        rest = f", and {more} more in the report" if more > 0 else ""
        lines.append(f"Held against {', '.join(bases)}{rest}.")
    return " ".join(lines)


def _held_against(base: BaseModelRef) -> str:
    """Return a base with what pins it: its commit, or the digest of a folder's weights."""
    called = markdown_code(names.called(base))
    if base.revision != names.LOCAL:
        return f"{called} at {markdown_code(base.revision)}"
    digest = f", weights digest {markdown_code(base.weights_digest)}" if base.weights_digest else ""
    return f"the folder {called}{digest}"


def _repeat(report: Report) -> str:
    command = markdown.inline((Identifier(f"hubcheck replay {REPORT_FILE}"),))
    revisions = [report.subject.revision, *(f.base.revision for f in matches.tested(report))]
    # What lies in a folder is pinned by nothing that a reader elsewhere could fetch.
    local = names.LOCAL in revisions
    where = "where the folders named here lie," if local else "from these commits"
    text = (
        f"{command} reads the same bytes again {where} and {sentences.same_numbers(report)}; "
        f"[{CARD_FILE}]({CARD_FILE}) is the whole card as a page, [{REPORT_FILE}]({REPORT_FILE}) "
        "has the evidence, the error bounds and the limits."
    )
    related = any(f.verdict in matches.MATCHES for f in report.findings)
    return f"{text} {sentences.RELATED_MEANS}" if related else text
