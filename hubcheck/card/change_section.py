"""How far did the weights move, part by part and layer by layer?

A heat map for each matching base, with its numbers as a table on a page and as a strip of
characters in a comment; above it what was measured over the whole model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import heat_grid, heat_svg, heat_tensors, matches, names
from hubcheck.card.document import (
    Details,
    Figure,
    Inner,
    Line,
    OnPage,
    Paragraph,
    Role,
    Table,
    Trusted,
    Untrusted,
)
from hubcheck.card.heat_layout import layout
from hubcheck.card.heat_strip import strip
from hubcheck.card.wording import sentence, words

if TYPE_CHECKING:
    from hubcheck.card.heat_grid import Grid
    from hubcheck.report.schema import Finding, Report

TEST: Final = "change"
"""Evidence rows of this test say in their note what was measured over the whole model."""
SUMMARY: Final = "How far the weights moved"
LONG_TEXT: Final = 400
COLUMNS_SHOWN: Final = 24
READING: Final = (
    "Each cell is one part of one layer: the size of the difference as a share of the size of the "
    "base's weights. At 1 % they are nearly the same; from 100 % on nothing of them is left."
)
WITHHELD: Final = (
    "No map is drawn. The units of this copy lie in another order or frame than the base's, and "
    "values were compared at the same place: a map would show every part as replaced although it "
    "was found again. The values as compared are in report.json."
)
SAMPLED: Final = " The numbers are estimated from a sample of the values."


def change_sections(report: Report) -> tuple[Details, ...]:
    """Return one section per base that has a heat map or a measurement of the whole model."""
    sections = [_withheld(f) for f in report.findings if _is_match(f) and heat_grid.withheld(f)]
    depth = heat_grid.depth_of(report)
    grids = {id(finding): grid for finding, grid in heat_grid.mapped(report)}
    order = [finding for finding, _ in heat_grid.mapped(report)]
    order += [f for f in report.findings if _is_match(f) and id(f) not in grids and whole_model(f)]
    for finding in order[: heat_grid.MAPS_SHOWN]:
        blocks: list[Inner] = [Paragraph(content=line) for line in whole_model(finding)]
        grid = grids.get(id(finding))
        if grid is not None:
            blocks += _map(finding, grid, depth)
        base = names.pinned_base(finding.base)
        sections.append(
            Details(
                summary=(Trusted(f"{SUMMARY} from "), base),
                blocks=tuple(blocks),
                unfolded=not sections and grid is not None,
            )
        )
    return tuple(sections)


def _is_match(finding: Finding) -> bool:
    return finding.verdict in matches.MATCHES


def _withheld(finding: Finding) -> Details:
    base = names.pinned_base(finding.base)
    return Details(
        summary=(Trusted(f"{SUMMARY} from "), base),
        blocks=(Paragraph(content=(Trusted(WITHHELD),)),),
    )


def whole_model(finding: Finding) -> tuple[Line, ...]:
    """Return what was measured over every value."""
    return tuple(
        (Untrusted(sentence(item.note) or words(item.family), limit=LONG_TEXT),)
        for item in finding.evidence
        if item.test == TEST
    )


def _map(finding: Finding, grid: Grid, depth: int) -> list[Inner]:
    reading = READING + (SAMPLED if grid.sampled else "")
    figure = Figure(
        element=heat_svg.element(finding, grid),
        style=heat_svg.STYLE,
        plain=strip(finding, layers=depth),
        width=layout(grid, "").width,
    )
    blocks: list[Inner] = [figure, Paragraph(content=(Trusted(reading),), role=Role.NOTE)]
    if grid.rows:
        blocks.append(OnPage(summary=(Trusted("The same numbers as a table"),), table=_table(grid)))
    return [*blocks, *heat_tensors.opened(finding)]


def _table(grid: Grid) -> Table:
    rows = grid.rows[:COLUMNS_SHOWN]
    moved = any(column.moved for column in grid.columns)
    head = ["layer", *(["base layer"] if moved else []), *(_head(row.role.name) for row in rows)]
    lines: list[tuple[Line, ...]] = []
    for i, column in enumerate(grid.columns):
        line: list[Line] = [(Trusted(column.name),)]
        if moved:
            line.append((Trusted(str(column.base) if column.base >= 0 else "-"),))
        for row in rows:
            cell = row.cells[i]
            line.append((Trusted("-" if cell is None else heat_grid.amount(cell)),))
        lines.append(tuple(line))
    return Table(head=tuple(head), rows=tuple(lines), numeric=frozenset(range(len(head))))


def _head(name: str) -> str:
    """Return the head of a column: the report's own word only where it is a plain one."""
    plain = all(c.isalnum() or c in " .,_-" for c in name) and name.isascii()
    return name[:24] if plain and name.strip() else "unnamed"
