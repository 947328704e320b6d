"""What does a heat map look like as a PNG?

The Hub shows no SVG of a repository in a model card. The picture has a ground of its own with
rounded corners, so that it sits on a light and on a dark page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcheck.card import heat_grid
from hubcheck.card.heat_layout import layout
from hubcheck.card.heat_shapes import DARK, LIGHT
from hubcheck.card.heat_svg import BETWEEN, heading
from hubcheck.card.raster import Raster
from hubcheck.card.shapes_png import CORNER, SCALE, draw

if TYPE_CHECKING:
    from hubcheck.report.schema import Report


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
            draw(raster, shape, top, palette)
        top += of.height + BETWEEN
    return raster.png(CORNER)
