"""Where on a heat map does each box, line and word stand?

One list of shapes that SVG and PNG both draw, back to front, so that both show the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import heat_grid
from hubcheck.card.escaping import visible
from hubcheck.card.heat_grid import STEPS
from hubcheck.card.heat_shapes import NORMAL, SMALL, Box, Shape, Stroke, Words
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.card.heat_grid import Cell, Column, Grid

MARGIN: Final = 16
GUTTER: Final = 132
"""For the names of the rows."""
READOUT: Final = 96
"""Right of the map, where a page shows the numbers of one layer."""
LINE: Final = 38
"""Below the map, for two lines about one cell."""
LEGEND_MARKS: Final = 250
"""Right of the scale, for what the marks mean."""
ROW: Final = 18
GAP: Final = 8
"""Between two groups of rows."""
MAP_WIDTH: Final = 640
NARROWEST: Final = 6
BROADEST: Final = 44
APART: Final = 26
"""Width of a cell that has no layer."""
LEGEND_STEP: Final = 20
NAME_LIMIT: Final = 22
TITLE_LIMIT: Final = 64
LEAST_LABEL_ROOM: Final = 26
"""Pixels between two layer numbers."""
CHARACTER: Final = 0.56
"""Width of a character as a share of the size, on average."""


@frozen
class Layout:
    """A map laid out: its frame, and the shapes of each column apart for who points at one."""

    width: int
    height: int
    top: float
    """Upper edge of the rows."""
    bottom: float
    frame: tuple[Shape, ...]
    columns: tuple[tuple[tuple[Shape, ...], ...], ...]
    """For each column, for each row, the shapes of one cell."""
    lefts: tuple[float, ...]
    cell: float
    """Width of a column."""
    rows: tuple[float, ...]
    """Upper edge of each row."""
    apart: tuple[tuple[float, float, tuple[Shape, ...]], ...]
    """Place and shapes of each cell outside the layers."""
    readout: float
    """Left edge of the numbers of one layer."""
    line: float
    """Baseline of the first line about one cell."""


def layout(grid: Grid, title: str, *, told: bool = True) -> Layout:
    """Lay out one map under its title, legend included.

    Args:
        grid: The numbers.
        title: A line above the map, raw; empty for none.
        told: Whether room is left for the numbers of what is pointed at: right of the map for a
            layer, below it for a cell.
    """
    count = max(len(grid.columns), 1)
    cell = float(min(max(MAP_WIDTH // count, NARROWEST), BROADEST))
    left = MARGIN + GUTTER
    lefts = tuple(left + cell * i for i in range(len(grid.columns)))
    right = left + cell * count
    room = READOUT if told else 0
    width = round(max(right + room, left + LEGEND_STEP * STEPS + LEGEND_MARKS) + MARGIN)
    moved = any(column.moved for column in grid.columns)
    frame: list[Shape] = [
        Words(
            x=MARGIN, y=MARGIN + 12, text=visible(title, limit=TITLE_LIMIT), size=NORMAL, bold=True
        )
        for _ in range(bool(title))
    ]  # fmt: skip
    y = float(MARGIN + 26 if title else 4)
    if moved:
        frame += _origins(grid, lefts, cell, y)
        y += 24
    if grid.columns:
        frame += _axis(grid, lefts, cell, y + 10)
        y += 16
    top = y
    rows: list[float] = []
    group = grid.rows[0].role.group if grid.rows else ""
    for row in grid.rows:
        if row.role.group != group:
            y, group = y + GAP, row.role.group
        rows.append(y)
        name = visible(row.role.name, limit=NAME_LIMIT)
        frame.append(Words(x=left - 8, y=y + ROW - 5, text=name, anchor="end", size=SMALL + 0.5))
        y += ROW
    bottom = y
    columns = tuple(
        tuple(
            tuple(_cell(row.cells[i], lefts[i], at, cell, sampled=grid.sampled))
            for row, at in zip(grid.rows, rows, strict=True)
        )
        for i in range(len(grid.columns))
    )
    apart, shapes, y = _apart(grid, left, y + 14, width)
    frame += shapes
    frame += _legend(left, y + 18)
    return Layout(
        width=width,
        height=round(y + 18 + 69 + (LINE if told else MARGIN / 2)),
        top=top,
        bottom=bottom,
        frame=tuple(frame),
        columns=columns,
        lefts=lefts,
        cell=cell,
        rows=tuple(rows),
        apart=apart,
        readout=right + 10,
        line=y + 18 + 69 + 8,
    )


def _axis(grid: Grid, lefts: tuple[float, ...], cell: float, y: float) -> list[Shape]:
    step = next(s for s in (1, 2, 4, 8, 16, 32, 64, 128) if s * cell >= LEAST_LABEL_ROOM)
    shapes: list[Shape] = [Words(x=lefts[0] - 8, y=y, text="layer", colour="soft", anchor="end")]
    shapes += [
        Words(
            x=lefts[i] + cell / 2, y=y, text=str(grid.columns[i].first), colour="soft",
            anchor="middle",
        )
        for i in range(0, len(lefts), step)
    ]  # fmt: skip
    return shapes


def _origins(grid: Grid, lefts: tuple[float, ...], cell: float, y: float) -> list[Shape]:
    """Return brackets over the columns that come from a base layer of another number."""
    shapes: list[Shape] = [
        Words(x=lefts[0] - 8, y=y + 12, text="from base layer", colour="soft", anchor="end")
    ]
    free = 0.0
    for first, last in _runs(grid.columns):
        x0, x1 = lefts[first] + 1.5, lefts[last] + cell - 1.5
        shapes.append(Stroke(x0=x0, y0=y + 19, x1=x1, y1=y + 19, colour="ink", half=0.75))
        shapes += [
            Stroke(x0=x, y0=y + 19, x1=x, y1=y + 23, colour="ink", half=0.75) for x in (x0, x1)
        ]
        begin, end = grid.columns[first].base, grid.columns[last].base
        text = str(begin) if begin == end else f"{begin}-{end}"
        half = len(text) * SMALL * CHARACTER / 2
        middle = (x0 + x1) / 2
        if middle - half > free:  # two labels never touch: the numbers stand on the page too
            shapes.append(Words(x=middle, y=y + 12, text=text, anchor="middle"))
            free = middle + half + 4
    return shapes


def _runs(columns: tuple[Column, ...]) -> list[tuple[int, int]]:
    """Return first and last of each run of moved columns that keep their distance."""
    runs: list[tuple[int, int]] = []
    for i, column in enumerate(columns):
        if not column.moved:
            continue
        before = columns[i - 1] if i else None
        follows = before is not None and before.moved
        if (
            follows
            and before is not None
            and column.base - before.base == column.first - before.first
        ):
            runs[-1] = (runs[-1][0], i)
        else:
            runs.append((i, i))
    return runs


def _cell(
    cell: Cell | None,
    x: float,
    y: float,
    width: float,
    height: float = ROW,
    *,
    sampled: bool = True,
) -> list[Shape]:
    """Return one cell with a pixel of paper around it."""
    inner = (x + 0.5, y + 1, width - 1, height - 2)
    if cell is None:
        return _hatched(*inner) if sampled else _crossed(*inner)
    if cell.unchanged:
        return _unchanged(*inner)
    box = Box(x=inner[0], y=inner[1], width=inner[2], height=inner[3], colour=f"h{cell.step}")
    if cell.equal <= heat_grid.MOSTLY:
        return [box]
    # The dot is of the colour that is furthest from the cell's own.
    ink = "h0" if cell.step >= STEPS // 2 else f"h{STEPS - 1}"
    side = min(3.0, inner[2])
    middle = Box(
        x=x + width / 2 - side / 2, y=y + height / 2 - side / 2, width=side, height=side, colour=ink
    )
    return [box, middle]


def _unchanged(x: float, y: float, width: float, height: float) -> list[Shape]:
    """Return an outlined cell with an equals sign."""
    reach = min(width / 2 - 1.5, 3.5)
    middle = (x + width / 2, y + height / 2)
    return [
        *_outline(x, y, width, height),
        *(
            Stroke(
                x0=middle[0] - reach, y0=middle[1] + shift, x1=middle[0] + reach,
                y1=middle[1] + shift, colour="soft", half=0.6,
            )
            for shift in (-2, 2)
        ),
    ]  # fmt: skip


def _outline(x: float, y: float, width: float, height: float) -> list[Shape]:
    outer = Box(x=x, y=y, width=width, height=height, colour="line")
    return [outer, Box(x=x + 1, y=y + 1, width=width - 2, height=height - 2, colour="paper")]


def _hatched(x: float, y: float, width: float, height: float) -> list[Shape]:
    """Return slanted lines that end at the cell's edges; no pattern, so no name can clash."""
    shapes: list[Shape] = []
    offset = 4.0 - height
    while offset < width:
        x0, x1 = max(offset, 0.0), min(offset + height, width)
        if x1 - x0 > 1:
            shapes.append(
                Stroke(
                    x0=x + x0, y0=y + height - (x0 - offset), x1=x + x1,
                    y1=y + height - (x1 - offset), colour="hatch", half=0.6,
                )
            )  # fmt: skip
        offset += 6
    return shapes


def _crossed(x: float, y: float, width: float, height: float) -> list[Shape]:
    """Return a small cross: every tensor was compared, and this one is not on both sides."""
    reach = min(width / 2 - 1, 3.0)
    left, top = x + width / 2, y + height / 2
    return [
        Stroke(
            x0=left - reach, y0=top - turn * reach, x1=left + reach, y1=top + turn * reach,
            colour="hatch", half=0.75,
        )
        for turn in (1, -1)
    ]  # fmt: skip


def _apart(
    grid: Grid, left: float, y: float, width: int
) -> tuple[tuple[tuple[float, float, tuple[Shape, ...]], ...], list[Shape], float]:
    """Return the cells that have no layer, with their names behind them, line by line."""
    if not grid.apart:
        return (), [], y - 14
    shapes: list[Shape] = [
        Words(x=left - 8, y=y + ROW - 5, text="outside the layers", colour="soft", anchor="end")
    ]
    places: list[tuple[float, float, tuple[Shape, ...]]] = []
    x = float(left)
    for role, cell in grid.apart:
        text = f"{visible(role.name, limit=NAME_LIMIT)}: {heat_grid.amount(cell)}"
        needed = APART + 6 + len(text) * (SMALL * CHARACTER) + 16
        if x > left and x + needed > width - MARGIN:
            x, y = float(left), y + ROW + 4
        places.append((x, y, tuple(_cell(cell, x, y, APART))))
        shapes.append(Words(x=x + APART + 6, y=y + ROW - 5, text=text))
        x += needed
    return tuple(places), shapes, y + ROW


def _legend(left: float, y: float) -> list[Shape]:
    """Return the scale and the four marks."""
    shapes: list[Shape] = [
        Words(x=left - 8, y=y + 13, text="moved by", colour="soft", anchor="end"),
        Words(x=left - 8, y=y + 29, text="share of its size", colour="soft", anchor="end"),
    ]
    for step in range(STEPS):
        x = left + LEGEND_STEP * step
        shapes.append(Box(x=x, y=y + 3, width=LEGEND_STEP, height=12, colour=f"h{step}"))
    for power, text in enumerate(("0.01 %", "0.1 %", "1 %", "10 %", "100 %")):
        x = left + LEGEND_STEP * (1 + heat_grid.PER_DECADE * power)
        shapes.append(Stroke(x0=x, y0=y + 15, x1=x, y1=y + 19, colour="soft"))
        shapes.append(Words(x=x, y=y + 29, text=text, colour="soft", anchor="middle"))
    end = left + LEGEND_STEP * STEPS
    shapes.append(Words(x=end + 6, y=y + 13, text="replaced", colour="soft"))
    x = end + 92
    for shape, text, row in (
        (_unchanged(x, y - 4, 22, 14), "unchanged, every bit", 0),
        (_dotted(x, y + 14), "over half unchanged", 1),
        (_hatched(x, y + 32, 22, 14), "not compared", 2),
        (_crossed(x, y + 50, 22, 14), "no counterpart", 3),
    ):
        shapes += shape
        shapes.append(Words(x=x + 30, y=y + 7 + 18 * row, text=text, colour="soft"))
    return shapes


def _dotted(x: float, y: float) -> list[Shape]:
    return [
        Box(x=x, y=y, width=22, height=14, colour="h4"),
        Box(x=x + 9.5, y=y + 5.5, width=3, height=3, colour=f"h{STEPS - 1}"),
    ]
