"""How does a heat map read where there are only characters?

One line per kind of part, one character per layer, at most eighty columns: the higher the block,
the further the weights moved, on a logarithmic scale.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hubcheck.card import heat_grid
from hubcheck.card.document import CodeBlock, Segment
from hubcheck.card.escaping import visible

if TYPE_CHECKING:
    from hubcheck.card.heat_grid import Cell, Grid
    from hubcheck.report.schema import Finding

BLOCKS: Final = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
UNCHANGED: Final = "="
NOT_COMPARED: Final = "\u00b7"
NOT_THERE: Final = "x"
WIDEST: Final = 64
"""Layers in a line; with the name in front a line has at most 80 columns."""
NAME_WIDTH: Final = 12
LEAST_LOG10: Final = -3.5
"""The lowest block ends here: 0.03 %."""
PER_DECADE: Final = 2
LEGEND_WIDTH: Final = 24
LEGEND: Final = (
    (UNCHANGED, "unchanged, every bit"),
    (BLOCKS[0], "under 0.03 %"),
    (BLOCKS[3], "under 1 % of its size"),
    (BLOCKS[5], "under 10 %"),
    (BLOCKS[7], "replaced"),
    (NOT_COMPARED, "not compared"),
    (NOT_THERE, "no counterpart"),
)


def strip(finding: Finding, *, layers: int = 0) -> CodeBlock | None:
    """Return the strip of one base, or None where nothing was compared."""
    grid = heat_grid.grid(finding, widest=WIDEST, layers=layers)
    if grid is None:
        return None
    lines: list[tuple[Segment, ...]] = []
    if grid.columns:
        last = grid.columns[-1].last
        shared = grid.columns[0].last - grid.columns[0].first + 1
        head = f"0 to {last}" + (f", {shared} to a column" if shared > 1 else "")
        lines.append((Segment(text="layers", width=NAME_WIDTH), Segment(text=head)))
    lines += [
        (
            Segment(text=row.role.name, width=NAME_WIDTH),
            Segment(text="".join(_block(cell, grid) for cell in row.cells)),
        )
        for row in heat_grid.by_line(grid)
    ]
    if any(column.moved for column in grid.columns):
        moved = "".join("^" if column.moved else " " for column in grid.columns)
        lines.append((Segment(text="moved", width=NAME_WIDTH + len(moved) - len(moved.lstrip())),
                      Segment(text=moved.strip())))  # fmt: skip
    for role, cell in grid.apart:
        lines.append(
            (
                Segment(text=visible(role.name, limit=2 * NAME_WIDTH - 2), width=2 * NAME_WIDTH),
                Segment(text=f"{_block(cell, grid)} {heat_grid.amount(cell)}"),
            )
        )
    words = [Segment(text=f"{sign} {text}", width=LEGEND_WIDTH) for sign, text in LEGEND]
    lines += [(), tuple(words[:3]), tuple(words[3:6]), tuple(words[6:])]
    if any(column.moved for column in grid.columns):
        lines.append((Segment(text="^ from a base layer of another number"),))
    return CodeBlock(lines=tuple(lines))


def _block(cell: Cell | None, grid: Grid) -> str:
    if cell is None:
        return NOT_COMPARED if grid.sampled else NOT_THERE
    if cell.unchanged:
        return UNCHANGED
    if cell.relative >= heat_grid.REPLACED:
        return BLOCKS[-1]
    if cell.relative <= 0:
        return BLOCKS[0]
    position = math.floor(PER_DECADE * (math.log10(cell.relative) - LEAST_LOG10) + 1e-9) + 1
    return BLOCKS[min(max(position, 0), len(BLOCKS) - 2)]
