"""What does the badge look like as a PNG?

The Hub shows no SVG of a repository in a model card, so the same words are drawn here: twice the
badge's size for sharp screens, rounded corners on a transparent ground so that it sits on a light
and on a dark page. Needs NumPy only; the same report always gives the same bytes.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final

import numpy as np

from hubcheck.card import badge
from hubcheck.card.strokes import Segment, line

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hubcheck.verdict.report import Report

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
_INK: Final = 255


def png(report: Report, *, stale: bool = False) -> bytes:
    """Return the badge as a PNG of 8-bit RGBA, ``SCALE * badge.HEIGHT`` pixels high."""
    words = badge.message(report, stale=stale)[:_MESSAGE_LIMIT]
    left, label_width = line(badge.LABEL)
    right, words_width = line(words)
    split = round(label_width * _UNIT) + 2 * _PADDING
    total = split + round(words_width * _UNIT) + 2 * _PADDING
    image = np.empty((badge.HEIGHT * SCALE, total, 4), dtype=np.uint8)
    image[:, :split, :3] = _rgb(_LABEL_GROUND)
    image[:, split:, :3] = _rgb(badge.colour(report, stale=stale))
    ink = np.zeros(image.shape[:2])
    _draw(ink, left, _PADDING)
    _draw(ink, right, split + _PADDING)
    ground = image[..., :3].astype(np.float64)
    image[..., :3] = np.rint(ground + (_INK - ground) * ink[..., None]).astype(np.uint8)
    image[..., 3] = np.rint(_INK * _corners(ink.shape)).astype(np.uint8)
    return encode(image)


def encode(image: NDArray[np.uint8]) -> bytes:
    """Return an image of shape (height, width, 4), RGBA, as a PNG file."""
    height, width, _ = image.shape
    rows = np.zeros((height, 1 + 4 * width), dtype=np.uint8)  # filter 0 before each row
    rows[:, 1:] = image.reshape(height, 4 * width)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


def _draw(ink: NDArray[np.float64], segments: list[Segment], x: float) -> None:
    """Add strokes to ``ink`` (coverage 0 to 1), the line beginning at pixel column ``x``."""
    for segment in segments:
        radius = _HALF_DOT if segment.dot else _HALF_STROKE
        x0, x1 = (x + v * _UNIT for v in (segment.x0, segment.x1))
        y0, y1 = (_BASELINE - v * _UNIT for v in (segment.y0, segment.y1))
        reach = radius + 1
        top, bottom = max(int(min(y0, y1) - reach), 0), int(max(y0, y1) + reach) + 1
        begin, end = max(int(min(x0, x1) - reach), 0), int(max(x0, x1) + reach) + 1
        window = ink[top:bottom, begin:end]
        rows, columns = np.indices(window.shape)
        # Distance from each pixel's centre to the segment; half a pixel of it fades out.
        px, py = columns + begin + 0.5 - x0, rows + top + 0.5 - y0
        dx, dy = x1 - x0, y1 - y0
        length = dx * dx + dy * dy
        along = np.clip((px * dx + py * dy) / length, 0, 1) if length else 0.0
        distance = np.hypot(px - along * dx, py - along * dy)
        np.maximum(window, np.clip(radius + 0.5 - distance, 0, 1), out=window)


def _corners(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return the coverage of a rectangle with rounded corners."""
    rows, columns = np.indices(shape)
    beyond = [
        np.maximum(_CORNER - 0.5 - v, 0) + np.maximum(v - (n - 0.5 - _CORNER), 0)
        for v, n in ((rows, shape[0]), (columns, shape[1]))
    ]
    coverage: NDArray[np.float64] = np.clip(_CORNER + 0.5 - np.hypot(*beyond), 0, 1)
    return coverage


def _rgb(colour: str) -> NDArray[np.uint8]:
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), dtype=np.uint8)
