"""What does the picture of the orders look like as a PNG?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hubcheck.card.heat_shapes import DARK, LIGHT
from hubcheck.card.order_picture import heading, pictured, shapes
from hubcheck.card.raster import Raster
from hubcheck.card.shapes_png import CORNER, SCALE, draw

if TYPE_CHECKING:
    from hubcheck.report.schema import Report


def png(report: Report, *, dark: bool = False) -> bytes:
    """Return the pictures of a report as a PNG, ``b""`` where there are none."""
    laid = [shapes(finding, heading(finding)) for finding in pictured(report)]
    if not laid:
        return b""
    palette = DARK if dark else LIGHT
    size = (max(w for w, _, _ in laid), sum(h for _, h, _ in laid))
    raster = Raster(size[0] * SCALE, size[1] * SCALE, palette["paper"])
    top = 0
    for _, high, found in laid:
        for shape in found:
            draw(raster, shape, top, palette)
        top += high
    return raster.png(CORNER)
