"""What does the terminal show?

Plain text: the title, the table, the next step. Nothing that a workflow log would take for a
command; no control character but the colours of a terminal that wants them, and those come from
here, never from a report.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final, assert_never

from hubcheck.card import first_table, matches, names, numbers
from hubcheck.card.compose import compose
from hubcheck.card.document import (
    Chip,
    Document,
    Identifier,
    Inline,
    Line,
    Meter,
    NextSteps,
    Paragraph,
    Role,
    Strong,
    Table,
    Term,
    Trusted,
    Untrusted,
    raw_text,
)
from hubcheck.card.escaping import plain_text
from hubcheck.card.next_steps import REPLAY
from hubcheck.card.wording import sentence
from hubcheck.frozen import frozen
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

CELL_WIDTH: Final = 112
"""Characters of one cell: a count says in words what was counted, and what chance gives."""
NARROWEST: Final = 8
"""Columns below which a cell is not wrapped: its words would be cut to letters."""


@frozen
class OverviewRow:
    """One subject of the overview: what is claimed beside what is there."""

    subject: str
    card_says: str
    weights_say: str
    verdict: DeclarationVerdict
    by_chance: str
    similarity: str
    norm_cosine: str


OVERVIEW_HEAD: Final = (
    "subject",
    "its card says",
    "what the weights say",
    "by chance",
    "similarity",
    "raw norm cosine (misleading)",
)


COLOURS: Final = {
    DeclarationVerdict.CONFIRMED: "32",
    DeclarationVerdict.UNDECLARED: "33",
    DeclarationVerdict.CONTRADICTED: "31",
    DeclarationVerdict.NONE_FOUND: "36",
    DeclarationVerdict.INCONCLUSIVE: "36",
}
"""Green, yellow, red, cyan of a terminal: beside the word, never instead of it."""


def summary(report: Report, *, width: int = 0, colour: bool = False, replay: str = REPLAY) -> str:
    """Return the result for standard output: title, table, next step, ending in a line break.

    Args:
        report: The report.
        width: Columns of the terminal; text is wrapped at words, cells too. Commands are not
            broken: they are pasted. 0: a line is as long as it is.
        colour: Whether the verdict is coloured.
        replay: The command that replays the report where it was written.
    """
    return report_text(report, compose(report), width=width, colour=colour, replay=replay)


def report_text(
    report: Report,
    document: Document,
    *,
    width: int = 0,
    colour: bool = False,
    replay: str = REPLAY,
) -> str:
    """Return a report's card, as it was composed, as text; see ``summary``."""
    return document_text(
        document,
        width=width,
        colour=COLOURS[report.verdict] if colour else "",
        replay=replay,
    )


def document_text(
    document: Document, *, width: int = 0, colour: str = "", replay: str = REPLAY
) -> str:
    """Return the first screen of a card as text, ending in a line break; see ``summary``.

    Args:
        document: The card.
        width: Columns, or 0.
        colour: Code of the verdict's colour; empty for none.
        replay: The command that replays the report where it was written.
    """
    said = f"({document.verdict})"
    lines = wrapped(f"hubcheck: {inline(document.title)}  {said}", width)
    if colour:
        lines[-1] = lines[-1].replace(said, f"\x1b[1;{colour}m{said}\x1b[0m")
    for block in document.blocks:
        match block:
            case Paragraph(role=Role.LEAD, content=content):
                lines += [*wrapped(inline(content), width), ""]
            case Table(head=head, rows=rows):
                cells = tuple(tuple(map(inline, row)) for row in rows)
                lines += [*columns(head, cells, width=width), ""]
            case NextSteps(steps=steps) if width and len(steps) > 1:
                lines += ["Next:", *(f"  - {_step(step, replay)}" for step in steps)]
            case NextSteps(steps=steps):
                lines.append("Next: " + " - ".join(_step(step, replay) for step in steps))
            case Paragraph(role=Role.FOOTER | Role.SCOPE, content=content):
                lines += wrapped(inline(content), width)
            case _:
                continue
    return "\n".join(lines) + "\n"


def _step(step: Line, replay: str) -> str:
    return "".join(replay if part == Identifier(REPLAY) else _inline(part) for part in step)


def wrapped(text: str, width: int) -> list[str]:
    """Return a text in lines of at most ``width`` columns, longer words whole; 0: in one line."""
    if not width or len(text) <= width:
        return [text]
    return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False)


def finding_line(report: Report, finding: Finding) -> str:
    """Return what was found of one base as a line of plain text, its reason included."""
    reason = sentence(finding.reason)
    said = inline(first_table.verdict_cell(report, finding))
    return said + (f": {plain_text(reason)}" if reason else "")


def overview_row(report: Report) -> OverviewRow:
    """Return a report as one row of the overview."""
    finding = matches.main_match(report) or next(
        (f for f in report.findings if f.verdict in matches.MATCHES),
        next(iter(report.findings), None),
    )
    cosines = [n.cosine for n in report.context.norms if finding and n.base == finding.base.ref]
    return OverviewRow(
        subject=names.name(report.subject.ref, report.subject.revision),
        card_says=", ".join(report.declared.bases) or "no base",
        weights_say=_weights_say(report, finding),
        verdict=report.verdict,
        by_chance=_by_chance(finding),
        similarity=raw_text(first_table.similarity_cell(finding)) if finding else numbers.NOTHING,
        norm_cosine=numbers.cosine(cosines[0]) if cosines else numbers.NOTHING,
    )


def overview(rows: tuple[OverviewRow, ...]) -> str:
    """Return the table of ``hubcheck demo``: one line per subject, understood in ten seconds."""
    cells = tuple(tuple(plain_text(cell) for cell in overview_cells(row)) for row in rows)
    return "\n".join(columns(OVERVIEW_HEAD, cells)) + "\n"


def overview_cells(row: OverviewRow) -> tuple[str, ...]:
    """Return the cells of a row, raw, in the order of ``OVERVIEW_HEAD``."""
    return (
        row.subject,
        row.card_says,
        f"{row.weights_say} ({row.verdict.value})",
        row.by_chance,
        row.similarity,
        row.norm_cosine,
    )


def columns(
    head: tuple[str, ...], rows: tuple[tuple[str, ...], ...], *, width: int = 0
) -> list[str]:
    """Return aligned lines: the head, a rule, the rows; cells too long are cut.

    With a width, cells are wrapped until the table fits, as far as columns can be narrowed.
    """
    cells = [head, *(tuple(_cut(cell) for cell in row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    if width:
        widths = _narrowed(widths, width)
    lines = [line for row in cells for line in _lines(row, widths)]
    lines.insert(len(_lines(head, widths)), "  ".join("-" * w for w in widths))
    return [line.rstrip() for line in lines]


def _narrowed(widths: list[int], width: int) -> list[int]:
    """Return widths that fit together: the widest column gives first."""
    narrowed = list(widths)
    while sum(narrowed) + 2 * (len(narrowed) - 1) > width and max(narrowed) > NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _lines(row: tuple[str, ...], widths: list[int]) -> list[str]:
    """Return a row of the table, in as many lines as its longest cell needs."""
    parts = [
        [cell] if len(cell) <= w else textwrap.wrap(cell, w, break_on_hyphens=False)
        for cell, w in zip(row, widths, strict=True)
    ]
    high = max(map(len, parts))
    return [
        "  ".join(
            (part[n] if n < len(part) else "").ljust(w)
            for part, w in zip(parts, widths, strict=True)
        )
        for n in range(high)
    ]


def inline(content: Line) -> str:
    """Return a line of inline content as plain text."""
    return "".join(_inline(part) for part in content)


def _inline(part: Inline) -> str:
    match part:
        case Trusted(text):
            return text
        case Untrusted(text, limit) | Identifier(text, limit):
            return plain_text(text, limit=limit)
        case Strong(content) | Chip(content, _):
            return inline(content)
        case Meter(_, text):
            return text.text
        case Term():
            return part.text
        case _:
            assert_never(part)


def _by_chance(finding: Finding | None) -> str:
    if finding is None or finding.status == "not-tested":
        return numbers.NOTHING
    if finding.verdict is Verdict.UNRELATED:
        return "what chance gives"
    return numbers.chance(finding.log10_p) if finding.log10_p < 0 else numbers.NOTHING


def _weights_say(report: Report, finding: Finding | None) -> str:
    # Names stand raw here: every caller escapes the whole cell for its medium.
    if finding is None:
        return "nothing to compare with"
    ref = names.called(finding.base)
    bases = len(matches.tested(report))
    if report.verdict is DeclarationVerdict.NONE_FOUND and bases > 1:
        return f"unrelated to {bases} tested bases"
    if matches.is_relation(finding, RelationKind.COMMON_INITIALISATION):
        return f"same initialisation as {ref}"
    if matches.is_relation(finding, RelationKind.PARTS):
        return f"parts related to {ref}"
    match finding.verdict:
        case Verdict.IDENTICAL | Verdict.RELATED | Verdict.UNRELATED:
            return f"{finding.verdict.value} to {ref}"
        case Verdict.DISGUISED:
            return f"related to {ref}, disguised"
        case Verdict.NOT_TESTED:
            return f"{ref} not tested"
        case Verdict.INCONCLUSIVE if matches.is_framed(finding):
            return f"order agrees with {ref}, content too weak to tell"
        case Verdict.INCONCLUSIVE:
            return f"cannot tell about {ref}"


def _cut(cell: str) -> str:
    return cell if len(cell) <= CELL_WIDTH else cell[: CELL_WIDTH - 1] + "…"
