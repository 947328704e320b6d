"""How does a picture become a PNG without an imaging library?

Rectangles, straight lines and the letters of ``strokes`` on an array of pixels, edges smoothed by
their coverage. Needs NumPy only; the same picture always gives the same bytes.
"""

from __future__ import annotations

import struct
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np

from hubcheck.card.strokes import line, width_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

INK: Final = 255
_SEGMENT_REACH: Final = 1
"""Pixels beyond a stroke's edge that its coverage can touch."""
_WORDS_KEPT: Final = 128
"""Lines of text, some 50 kB each; a picture of each kind has fewer together."""


class Raster:
    """An opaque picture that is drawn on from back to front; coordinates are pixels."""

    def __init__(self, width: int, height: int, ground: str) -> None:
        """Begin with an even ground, a colour such as ``#ffffff``."""
        self.pixels = np.empty((height, width, 3), dtype=np.uint8)
        self.pixels[:] = rgb(ground)

    def box(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle; its edges fall on whole pixels."""
        rows = slice(max(round(y), 0), max(round(y + height), 0))
        columns = slice(max(round(x), 0), max(round(x + width), 0))
        self.pixels[rows, columns] = rgb(colour)

    def stroke(self, x0: float, y0: float, x1: float, y1: float, half: float, colour: str) -> None:
        """Draw a straight line of half width ``half`` with round ends."""
        top, left = (max(int(min(v) - half - 2), 0) for v in ((y0, y1), (x0, x1)))
        bottom, right = (int(max(v) + half + 2) + 1 for v in ((y0, y1), (x0, x1)))
        window = np.s_[top:bottom, left:right]
        ink = np.zeros(self.pixels[window].shape[:2])
        draw(ink, x0 - left, y0 - top, x1 - left, y1 - top, half)
        self._blend(window, ink, colour)

    def text(self, words: str, x: float, y: float, unit: float, half: float, colour: str) -> None:
        """Draw a line of text whose baseline is ``y``; ``unit`` pixels are a unit of the face."""
        top, bottom = max(int(y - 10 * unit), 0), int(y + 5 * unit) + 1
        left, right = max(int(x - 3 * unit), 0), int(x + (width_of(words) + 3) * unit) + 1
        window = np.s_[top:bottom, left:right]
        shape = self.pixels[window].shape
        ink = _written(words, shape[0], shape[1], x - left, y - top, unit, half)
        self._blend(window, ink, colour)

    def _blend(self, window: tuple[slice, slice], ink: NDArray[np.float64], colour: str) -> None:
        ground = self.pixels[window].astype(np.float64)
        mixed = ground + (rgb(colour) - ground) * ink[..., None]
        self.pixels[window] = np.rint(mixed).astype(np.uint8)

    def png(self, corner: int = 0) -> bytes:
        """Return the file, with transparent rounded corners of radius ``corner``."""
        height, width, _ = self.pixels.shape
        image = np.full((height, width, 4), INK, dtype=np.uint8)
        image[..., :3] = self.pixels
        if corner:
            round_ = np.rint(INK * corners((2 * corner, 2 * corner), corner)).astype(np.uint8)
            for rows, half in (
                (np.s_[:corner], round_[:corner]),
                (np.s_[-corner:], round_[corner:]),
            ):
                image[rows, :corner, 3] = half[:, :corner]
                image[rows, -corner:, 3] = half[:, corner:]
        return encode(image)


@lru_cache(maxsize=_WORDS_KEPT)
def _written(
    words: str, height: int, width: int, x: float, y: float, unit: float, half: float
) -> NDArray[np.float64]:
    """Return the coverage of a line of text in its window, for the light and the dark picture."""
    ink = np.zeros((height, width))
    for s in line(words)[0]:
        ends = (x + s.x0 * unit, y - s.y0 * unit)
        other = (x + s.x1 * unit, y - s.y1 * unit)
        draw(ink, *ends, *other, half * 1.25 if s.dot else half)
    ink.flags.writeable = False
    return ink


def draw(
    ink: NDArray[np.float64], x0: float, y0: float, x1: float, y1: float, radius: float
) -> None:
    """Add a stroke to ``ink`` (coverage 0 to 1)."""
    reach = radius + _SEGMENT_REACH
    top, bottom = max(int(min(y0, y1) - reach), 0), max(int(max(y0, y1) + reach) + 1, 0)
    begin, end = max(int(min(x0, x1) - reach), 0), max(int(max(x0, x1) + reach) + 1, 0)
    window = ink[top:bottom, begin:end]
    rows, columns = np.ogrid[: window.shape[0], : window.shape[1]]
    # Distance from each pixel's centre to the segment; half a pixel of it fades out.
    px, py = columns + begin + 0.5 - x0, rows + top + 0.5 - y0
    dx, dy = x1 - x0, y1 - y0
    length = dx * dx + dy * dy
    along = np.minimum(np.maximum((px * dx + py * dy) / length, 0), 1) if length else 0.0
    distance = np.hypot(px - along * dx, py - along * dy)
    np.maximum(window, np.minimum(radius + 0.5 - distance, 1), out=window)  # from 0 on


def corners(shape: tuple[int, int], radius: float) -> NDArray[np.float64]:
    """Return the coverage of a rectangle with rounded corners."""
    if radius <= 0:
        return np.ones(shape)
    beyond = [
        np.maximum(radius - 0.5 - v, 0) + np.maximum(v - (n - 0.5 - radius), 0)
        for v, n in zip(np.ogrid[: shape[0], : shape[1]], shape, strict=True)
    ]
    coverage: NDArray[np.float64] = np.clip(radius + 0.5 - np.hypot(*beyond), 0, 1)
    return coverage


def rgb(colour: str) -> NDArray[np.uint8]:
    """Return the three numbers of ``#rrggbb``."""
    return np.frombuffer(bytes.fromhex(colour.removeprefix("#")), dtype=np.uint8)


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
            (b"IDAT", zlib.compress(rows.tobytes(), 6)),
            (b"IEND", b""),
        )
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)
