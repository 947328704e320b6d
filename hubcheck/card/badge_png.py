"""What does the badge look like as a PNG?

The Hub shows no SVG of a repository in a model card, so the same words are drawn here: twice the
badge's size for sharp screens, rounded corners on a transparent ground so that it sits on a light
and on a dark page. Needs NumPy only; the same report always gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hubcheck.card import badge
from hubcheck.card.raster import INK, corners, draw, encode, rgb
from hubcheck.card.strokes import Segment, line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hubcheck.report.schema import Report

SCALE: Final = 2
"""Pixels drawn per pixel shown."""
_UNIT: Final = 1.13 * SCALE
"""Pixels per unit of the strokes: capitals are eight pixels high at the size shown."""
_HALF_STROKE: Final = 0.55 * SCALE
_HALF_DOT: Final = 0.72 * SCALE
_BASELINE: Final = 14.0 * SCALE
_PADDING: Final = 7 * SCALE
_CORNER: Final = 3.0 * SCALE
_LABEL_GROUND: Final = "#3d444d"
_MESSAGE_LIMIT: Final = 120
"""Characters; a badge is one line on a page."""


def png(report: Report, *, stale: bool = False) -> bytes:
    """Return the badge as a PNG of 8-bit RGBA, ``SCALE * badge.HEIGHT`` pixels high."""
    words = badge.message(report, stale=stale)[:_MESSAGE_LIMIT]
    left, label_width = line(badge.LABEL)
    right, words_width = line(words)
    split = round(label_width * _UNIT) + 2 * _PADDING
    total = split + round(words_width * _UNIT) + 2 * _PADDING
    image = np.empty((badge.HEIGHT * SCALE, total, 4), dtype=np.uint8)
    image[:, :split, :3] = rgb(_LABEL_GROUND)
    image[:, split:, :3] = rgb(badge.colour(report, stale=stale))
    ink = np.zeros(image.shape[:2])
    _draw(ink, left, _PADDING)
    _draw(ink, right, split + _PADDING)
    ground = image[..., :3].astype(np.float64)
    image[..., :3] = np.rint(ground + (INK - ground) * ink[..., None]).astype(np.uint8)
    image[..., 3] = np.rint(INK * corners(ink.shape[:2], _CORNER)).astype(np.uint8)
    return encode(image)


def _draw(ink: NDArray[np.float64], segments: list[Segment], x: float) -> None:
    """Add strokes to ``ink`` (coverage 0 to 1), the line beginning at pixel column ``x``."""
    for segment in segments:
        radius = _HALF_DOT if segment.dot else _HALF_STROKE
        x0, x1 = (x + v * _UNIT for v in (segment.x0, segment.x1))
        y0, y1 = (_BASELINE - v * _UNIT for v in (segment.y0, segment.y1))
        draw(ink, x0, y0, x1, y1, radius)
