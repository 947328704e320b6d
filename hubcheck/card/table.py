"""What does the terminal show?

Plain text: the title, the table, the next step. No colour, no control character, nothing that a
workflow log would take for a command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, assert_never

from hubcheck.card import first_table, matches, names, numbers
from hubcheck.card.compose import compose
from hubcheck.card.document import (
    Chip,
    Identifier,
    Inline,
    Line,
    Meter,
    NextSteps,
    Paragraph,
    Role,
    Strong,
    Table,
    Trusted,
    Untrusted,
    raw_text,
)
from hubcheck.card.escaping import plain_text
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict

if TYPE_CHECKING:
    from hubcheck.report.schema import Finding, Report

CELL_WIDTH: Final = 64
"""Characters of one cell: five cells of typical length fit 160 columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewRow:
    """One subject of the overview: what is claimed beside what is there."""

    subject: str
    card_says: str
    weights_say: str
    verdict: DeclarationVerdict
    by_chance: str
    kept: str
    norm_cosine: str


OVERVIEW_HEAD: Final = (
    "subject",
    "its card says",
    "what the weights say",
    "by chance",
    "kept",
    "raw norm cosine (misleading)",
)


def summary(report: Report) -> str:
    """Return the result for standard output: title, table, next step, ending in a line break."""
    document = compose(report)
    lines = [f"hubcheck: {inline(document.title)}  ({document.verdict})"]
    for block in document.blocks:
        match block:
            case Paragraph(role=Role.LEAD, content=content):
                lines += [inline(content), ""]
            case Table(head=head, rows=rows):
                lines += [*columns(head, tuple(tuple(map(inline, row)) for row in rows)), ""]
            case NextSteps(steps=steps):
                lines.append("Next: " + " - ".join(inline(step) for step in steps))
            case Paragraph(role=Role.FOOTER | Role.SCOPE, content=content):
                lines.append(inline(content))
            case _:
                continue
    return "\n".join(lines) + "\n"


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
        kept=raw_text(first_table.kept_cell(finding)) if finding else numbers.NOTHING,
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
        row.kept,
        row.norm_cosine,
    )


def columns(head: tuple[str, ...], rows: tuple[tuple[str, ...], ...]) -> list[str]:
    """Return aligned lines: the head, a rule, the rows; cells too long are cut."""
    cells = [head, *(tuple(_cut(cell) for cell in row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in cells]
    lines.insert(1, "  ".join("-" * width for width in widths))
    return [line.rstrip() for line in lines]


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
