"""How are the shapes of a picture drawn on a raster?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never

from hubcheck.card.heat_shapes import Box, Shape, Stroke, Words
from hubcheck.card.strokes import width_of

if TYPE_CHECKING:
    from hubcheck.card.raster import Raster

SCALE: Final = 2
"""Pixels drawn per pixel shown."""
CORNER: Final = 8 * SCALE
_UNIT: Final = 0.101
"""Pixels of a unit of the strokes per pixel of size: capitals as high as in the SVG."""
_HALF: Final = 0.046
_BOLD: Final = 0.066
"""Half the width of a stroke, per pixel of size."""
_ENDS: Final = {"start": 0.0, "middle": 0.5, "end": 1.0}


def draw(raster: Raster, shape: Shape, top: int, palette: dict[str, str]) -> None:
    """Draw one shape ``top`` pixels below the upper edge."""
    match shape:
        case Box(x=x, y=y, width=width, height=height, colour=colour):
            raster.box(x * SCALE, (y + top) * SCALE, width * SCALE, height * SCALE, palette[colour])
        case Stroke(x0=x0, y0=y0, x1=x1, y1=y1, colour=colour, half=half):
            ends = (x0 * SCALE, (y0 + top) * SCALE, x1 * SCALE, (y1 + top) * SCALE)
            raster.stroke(*ends, half * SCALE, palette[colour])
        case Words(x=x, y=y, text=text, colour=colour, size=size, anchor=anchor, bold=bold):
            unit = _UNIT * size * SCALE
            begin = x * SCALE - _ENDS[anchor] * width_of(text) * unit
            half = (_BOLD if bold else _HALF) * size * SCALE
            raster.text(text, begin, (y + top) * SCALE, unit, half, palette[colour])
        case _:
            assert_never(shape)
