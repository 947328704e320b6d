"""What does a heat map look like as a PNG?

The Hub shows no SVG of a repository in a model card. The picture has a ground of its own with
rounded corners, so that it sits on a light and on a dark page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from hubcheck.card import heat_grid
from hubcheck.card.heat_layout import layout
from hubcheck.card.heat_shapes import DARK, LIGHT, Box, Shape, Stroke, Words
from hubcheck.card.heat_svg import BETWEEN, heading
from hubcheck.card.raster import Raster
from hubcheck.card.strokes import line

if TYPE_CHECKING:
    from hubcheck.report.schema import Report

SCALE: Final = 2
"""Pixels drawn per pixel shown."""
CORNER: Final = 8 * SCALE
_UNIT: Final = 0.101
"""Pixels of a unit of the strokes per pixel of size: capitals as high as in the SVG."""
_HALF: Final = 0.046
_BOLD: Final = 0.066
"""Half the width of a stroke, per pixel of size."""
_ENDS: Final = {"start": 0.0, "middle": 0.5, "end": 1.0}


def png(report: Report, *, dark: bool = False) -> bytes:
    """Return the maps of a report as a PNG of 8-bit RGBA, ``b""`` where there are none."""
    maps = [
        layout(grid, heading(finding), told=False) for finding, grid in heat_grid.mapped(report)
    ]
    if not maps:
        return b""
    width = max(of.width for of in maps)
    palette = DARK if dark else LIGHT
    raster = Raster(
        width * SCALE,
        (sum(of.height for of in maps) + BETWEEN * (len(maps) - 1)) * SCALE,
        palette["paper"],
    )
    top = 0
    for of in maps:
        cells = [cell for column in of.columns for cell in column] + [c for _, _, c in of.apart]
        for shape in (*of.frame, *(shape for cell in cells for shape in cell)):
            _draw(raster, shape, top, palette)
        top += of.height + BETWEEN
    return raster.png(CORNER)


def _draw(raster: Raster, shape: Shape, top: int, palette: dict[str, str]) -> None:
    match shape:
        case Box(x=x, y=y, width=width, height=height, colour=colour):
            raster.box(x * SCALE, (y + top) * SCALE, width * SCALE, height * SCALE, palette[colour])
        case Stroke(x0=x0, y0=y0, x1=x1, y1=y1, colour=colour, half=half):
            ends = (x0 * SCALE, (y0 + top) * SCALE, x1 * SCALE, (y1 + top) * SCALE)
            raster.stroke(*ends, half * SCALE, palette[colour])
        case Words(x=x, y=y, text=text, colour=colour, size=size, anchor=anchor, bold=bold):
            unit = _UNIT * size * SCALE
            begin = x * SCALE - _ENDS[anchor] * line(text)[1] * unit
            half = (_BOLD if bold else _HALF) * size * SCALE
            raster.text(text, begin, (y + top) * SCALE, unit, half, palette[colour])
        case _:
            assert_never(shape)
