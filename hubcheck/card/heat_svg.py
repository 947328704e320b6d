"""How is a heat map drawn as SVG, in a page and as a file of its own?

No script: pointing at a column, touching it or moving to it with the keyboard shows its numbers by
style alone, for every number is in the picture already. All text passes ``escaping``; the same
report always gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from hubcheck.card import heat_grid, names
from hubcheck.card.escaping import html_text
from hubcheck.card.heat_layout import (
    APART,
    CHARACTER,
    MARGIN,
    NAME_LIMIT,
    ROW,
    Layout,
    layout,
)
from hubcheck.card.heat_shapes import DARK, LIGHT, Box, Shape, Stroke, Words

if TYPE_CHECKING:
    from hubcheck.card.heat_grid import Grid
    from hubcheck.report.schema import Finding, Report

TEXT_LIMIT: Final = 240
LABEL_LIMIT: Final = 4000
HINT: Final = (
    "Point at a cell, touch it, or move with the tab key: its numbers show here and on the right."
)
TOLD_SIZE: Final = 11
TOLD_STEP: Final = 15
TOLD_BEFORE: Final = 150
"""Pixels that what is told about a cell begins left of it."""
BETWEEN: Final = 8
"""Pixels between two maps of one file."""


def _variables(palette: dict[str, str]) -> str:
    return "".join(f"--{name}:{colour};" for name, colour in palette.items())


def _classes() -> str:
    return "".join(f".heat .{n}{{fill:var(--{n})}}.heat .s-{n}{{stroke:var(--{n})}}" for n in LIGHT)


STYLE: Final = (
    f".heat{{{_variables(LIGHT)}}}\n"
    f"@media (prefers-color-scheme:dark){{.heat{{{_variables(DARK)}}}}}\n"
    f"{_classes()}\n"
    ".heat path{fill:none}\n"
    '.heat text{font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,"DejaVu Sans",'
    "sans-serif;font-variant-numeric:tabular-nums}\n"
    ".heat .told{visibility:hidden;pointer-events:none;font-size:"
    f"{TOLD_SIZE}px;fill:var(--ink)}}\n"
    ".heat .layer,.heat .one{outline:none}\n"
    ".heat .edge{fill:none;stroke:var(--ink);stroke-width:1.5}\n"
    ".heat .hit{fill:transparent}\n"
    # What is pointed at is told; what has the focus is told while nothing is pointed at.
    ".heat .layer:hover>.told,.heat .one:hover>.told,.heat:not(:hover) .layer:focus>.told,"
    ".heat:not(:hover) .one:focus>.told{visibility:visible}\n"
    ".heat .one:hover>:first-child,.heat .one:focus>:first-child{stroke:var(--ink);"
    "stroke-width:1.5}\n"
    ".heat:has(.layer:hover,.one:hover,.one:focus) .hint{visibility:hidden}\n"
)
"""For a page, and inside a file of its own."""


def svg(report: Report) -> str:
    """Return the maps of a report as one self-contained SVG, ``""`` where there are none."""
    maps = [
        (finding, grid, layout(grid, heading(finding)))
        for finding, grid in heat_grid.mapped(report)
    ]
    if not maps:
        return ""
    width = max(of.width for _, _, of in maps)
    height = sum(of.height for _, _, of in maps) + BETWEEN * (len(maps) - 1)
    subject = names.name(report.subject.ref, report.subject.revision)
    title = html_text(f"How far the weights of {subject} moved, layer by layer")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="heat" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>'
    )
    parts = [head]
    y = 0
    for _, grid, of in maps:
        parts.append(f'<g transform="translate(0 {y})">\n{_body(grid, of)}\n</g>')
        y += of.height + BETWEEN
    return "\n".join([*parts, "</svg>"]) + "\n"


def element(finding: Finding, grid: Grid) -> str:
    """Return one map as an element of a page that has ``STYLE``."""
    of = layout(grid, "")
    base = names.called(finding.base)
    label = html_text(f"Heat map: how far each part of each layer moved from {base}")
    return (
        f'<svg class="heat" width="{of.width}" height="{of.height}" '
        f'viewBox="0 0 {of.width} {of.height}" role="group" aria-label="{label}">\n'
        f"{_body(grid, of)}\n</svg>"
    )


def heading(finding: Finding) -> str:
    """Return the line above a map, raw."""
    return f"How far the weights moved from {names.called(finding.base)}"


def _body(grid: Grid, of: Layout) -> str:
    parts = [drawn(of.frame)]
    parts += [_column(grid, of, i) for i in range(len(grid.columns))]
    parts += [_alone(grid, of, i) for i in range(len(grid.apart))]
    hint = Words(x=MARGIN, y=of.line, text=HINT, colour="soft")
    parts.append(f'<g class="hint">{drawn((hint,))}</g>')
    return "\n".join(parts)


def _column(grid: Grid, of: Layout, index: int) -> str:
    """Return a column: its cells, and what is told when it is pointed at."""
    column, x = grid.columns[index], of.lefts[index]
    numbers: list[str] = []
    said: list[str] = []
    cells: list[str] = []
    for row, y, shapes in zip(grid.rows, of.rows, of.columns[index], strict=True):
        cell = row.cells[index]
        amount = heat_grid.missing(grid) if cell is None else heat_grid.amount(cell)
        numbers.append(f'<text x="{_n(of.readout)}" y="{_n(y + ROW - 5)}">{amount}</text>')
        said.append(f"{row.role.name[:NAME_LIMIT]} {amount}")
        told = heat_grid.told(row.role.name, column, cell, grid)
        cells.append(_one(shapes, told, of, (x, y, of.cell)))
    origin = f", from base layer {column.base}" if column.moved else ""
    label = html_text(f"layer {column.name}{origin}: {', '.join(said)}", limit=LABEL_LIMIT)
    return (
        f'<g class="layer" tabindex="0" role="img" aria-label="{label}">{"".join(cells)}'
        f'<g class="told"><rect class="edge" x="{_n(x - 0.5)}" y="{_n(of.top - 0.5)}" '
        f'width="{_n(of.cell + 1)}" height="{_n(of.bottom - of.top + 1)}" rx="2"/>'
        f'<text x="{_n(of.readout)}" y="{_n(of.top - 6)}" font-weight="600">layer {column.name}'
        f"</text>{''.join(numbers)}</g></g>"
    )


def _alone(grid: Grid, of: Layout, index: int) -> str:
    """Return a cell outside the layers: a stop of the tab key of its own."""
    role, cell = grid.apart[index]
    x, y, shapes = of.apart[index]
    told = heat_grid.told(role.name, None, cell, grid)
    label = html_text("; ".join(filter(None, told)), limit=TEXT_LIMIT)
    attributes = f' tabindex="0" role="img" aria-label="{label}"'
    return _one(shapes, told, of, (x, y, APART), attributes)


def _one(
    shapes: tuple[Shape, ...],
    told: tuple[str, str],
    of: Layout,
    place: tuple[float, float, float],
    attributes: str = "",
) -> str:
    """Return one cell and the two lines that are told below the map when it is pointed at."""
    x, y, width = place
    hit = ""
    if not isinstance(shapes[0], Box):  # slanted lines have gaps between them
        hit = f'<rect class="hit" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{ROW}"/>'
    # Near the cell, so that both are seen on a phone, where the map is scrolled.
    room = of.width - MARGIN - CHARACTER * TOLD_SIZE * max(map(len, told))
    left = max(min(x - TOLD_BEFORE, room), MARGIN)
    lines = "".join(
        f'<text x="{_n(left)}" y="{_n(of.line + TOLD_STEP * i)}">'
        f"{html_text(line, limit=TEXT_LIMIT)}</text>"
        for i, line in enumerate(filter(None, told))
    )
    return f'<g class="one"{attributes}>{hit}{drawn(shapes)}<g class="told">{lines}</g></g>'


def drawn(shapes: tuple[Shape, ...]) -> str:
    """Return shapes as elements of an SVG whose class is ``heat``."""
    return "".join(_shape(shape) for shape in shapes)


def _shape(shape: Shape) -> str:
    match shape:
        case Box(x=x, y=y, width=width, height=height, colour=colour):
            return (
                f'<rect class="{colour}" x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" '
                f'height="{_n(height)}"/>'
            )
        case Stroke(x0=x0, y0=y0, x1=x1, y1=y1, colour=colour, half=half):
            return (
                f'<path class="s-{colour}" stroke-width="{_n(2 * half)}" '
                f'd="M{_n(x0)} {_n(y0)}L{_n(x1)} {_n(y1)}"/>'
            )
        case Words(x=x, y=y, text=text, colour=colour, size=size, anchor=anchor, bold=bold):
            turned = "" if anchor == "start" else f' text-anchor="{anchor}"'
            weight = ' font-weight="600"' if bold else ""
            return (
                f'<text class="{colour}" x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}"{turned}'
                f"{weight}>{html_text(text, limit=TEXT_LIMIT)}</text>"
            )
        case _:
            assert_never(shape)


def _n(value: float) -> str:
    """Return a coordinate with at most one digit after the point."""
    return f"{value:.1f}".removesuffix(".0")
