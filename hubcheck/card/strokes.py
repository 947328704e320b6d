"""How is each letter of a badge drawn?

A small face of even strokes, drawn for this project, so that a badge needs no font file and no
imaging library. One unit is a seventh of a capital's height; the baseline is 0, y points up. A
glyph is a list of strokes: ``L`` joins points, ``A cx cy rx ry from to`` is an arc of an ellipse in
degrees, ``D`` is a dot.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import Final

from hubcheck.frozen import frozen

SPACE: Final = 2.6
"""Width of a blank."""
GAP: Final = 1.75
"""Between two letters."""
MISSING: Final = "L 0 0 0 7 4.4 7 4.4 0 0 0"
"""A box stands for every character that is not drawn here."""
_ARC_STEP: Final = 12.0
"""Degrees per segment: at badge size the corners are below a tenth of a pixel."""
_BOWL: Final = "A 2 2.5 2 2.5 0 360"

GLYPHS: Final = {
    "a": f"{_BOWL} L 4 5 4 0",
    "b": f"L 0 7.4 0 0 {_BOWL}",
    "c": "A 2.1 2.5 2.1 2.5 48 312",
    "d": f"{_BOWL} L 4 7.4 4 0",
    "e": "L 0.1 2.7 3.9 2.7 A 2 2.5 2 2.5 3 318",
    "f": "A 2.2 5.9 1.1 1.5 75 180 L 1.1 5.9 1.1 0 L 0 4.9 2.4 4.9",
    "g": f"{_BOWL} L 4 5 4 -0.1 A 2.1 -0.1 1.9 2.0 0 -140",
    "h": "L 0 7.4 0 0 A 2 3 2 2 0 180 L 4 3 4 0",
    "i": "L 0.3 5 0.3 0 D 0.3 6.9",
    "j": "L 1.2 5 1.2 -0.6 A 0 -0.6 1.2 1.5 0 -80 D 1.2 6.9",
    "k": "L 0 7.4 0 0 L 3.5 5 0 1.9 L 1.3 3.1 3.8 0",
    "l": "L 0.3 7.4 0.3 0",
    "m": (
        "L 0 5 0 0 A 1.6 3.4 1.6 1.6 0 180 L 3.2 3.4 3.2 0 A 4.8 3.4 1.6 1.6 0 180 L 6.4 3.4 6.4 0"
    ),
    "n": "L 0 5 0 0 A 2 3 2 2 0 180 L 4 3 4 0",
    "o": _BOWL,
    "p": f"L 0 5 0 -2.2 {_BOWL}",
    "q": f"L 4 5 4 -2.2 {_BOWL}",
    "r": "L 0 5 0 0 A 1.9 3 1.9 2 62 180",
    "s": "A 1.7 3.75 1.55 1.25 32 270 A 1.7 1.25 1.65 1.25 90 -150",
    "t": "L 1.1 6.6 1.1 1.2 A 2.2 1.2 1.1 1.2 180 285 L 0 4.9 2.5 4.9",
    "u": "L 0 5 0 2 A 2 2 2 2 180 360 L 4 5 4 0",
    "v": "L 0 5 2 0 4 5",
    "w": "L 0 5 1.5 0 3 5 4.5 0 6 5",
    "x": "L 0 5 3.8 0 L 3.8 5 0 0",
    "y": "L 0 5 2 0 L 4 5 1.6 -1.2 0.3 -2.1",
    "z": "L 0.1 5 3.6 5 0 0 3.7 0",
    "A": "L 0 0 2.6 7.2 5.2 0 L 0.9 2.5 4.3 2.5",
    "B": (
        "L 2.4 3.8 0 3.8 L 2.6 0 0 0 0 7.2 2.4 7.2 A 2.4 5.5 1.7 1.7 90 -90 "
        "A 2.6 1.9 1.9 1.9 90 -90"
    ),
    "C": "A 2.9 3.6 2.9 3.6 48 312",
    "D": "L 2 0 0 0 0 7.2 2 7.2 A 2 3.6 3 3.6 90 -90",
    "E": "L 4 7.2 0 7.2 0 0 4.1 0 L 0 3.8 3.6 3.8",
    "F": "L 4 7.2 0 7.2 0 0 L 0 3.8 3.5 3.8",
    "G": "A 2.9 3.6 2.9 3.6 48 352 L 5.8 3.3 3.4 3.3",
    "H": "L 0 7.2 0 0 L 4.8 7.2 4.8 0 L 0 3.8 4.8 3.8",
    "I": "L 0.3 7.2 0.3 0",
    "J": "L 2.6 7.2 2.6 1.8 A 1.2 1.8 1.4 1.8 0 -140",
    "K": "L 0 7.2 0 0 L 4.4 7.2 0 2.8 L 1.6 4.4 4.8 0",
    "L": "L 0 7.2 0 0 3.8 0",
    "M": "L 0 0 0 7.2 2.9 1.6 5.8 7.2 5.8 0",
    "N": "L 0 0 0 7.2 4.8 0 4.8 7.2",
    "O": "A 3 3.6 3 3.6 0 360",
    "P": "L 0 0 0 7.2 2.5 7.2 A 2.5 5.3 1.9 1.9 90 -90 L 2.5 3.4 0 3.4",
    "Q": "A 3 3.6 3 3.6 0 360 L 3.6 1.6 5.8 -0.7",
    "R": "L 0 0 0 7.2 2.5 7.2 A 2.5 5.3 1.9 1.9 90 -90 L 2.5 3.4 0 3.4 L 2.4 3.4 4.6 0",
    "S": "A 2.35 5.4 2.15 1.8 35 270 A 2.35 1.8 2.25 1.8 90 -150",
    "T": "L 0 7.2 5 7.2 L 2.5 7.2 2.5 0",
    "U": "L 0 7.2 0 2.4 A 2.4 2.4 2.4 2.4 180 360 L 4.8 2.4 4.8 7.2",
    "V": "L 0 7.2 2.5 0 5 7.2",
    "W": "L 0 7.2 1.9 0 3.8 7.2 5.7 0 7.6 7.2",
    "X": "L 0 7.2 4.7 0 L 4.7 7.2 0 0",
    "Y": "L 0 7.2 2.4 3.4 4.8 7.2 L 2.4 3.4 2.4 0",
    "Z": "L 0.1 7.2 4.5 7.2 0 0 4.6 0",
    "0": "A 2.1 3.6 2.1 3.6 0 360",
    "1": "L 0.3 5.8 2.2 7.2 2.2 0",
    "2": "A 2.1 5.2 1.95 2 155 -20 L 3.93 4.52 0.1 0 4.2 0",
    "3": "A 1.9 5.4 1.8 1.8 145 -90 A 1.9 1.8 2.05 1.8 90 -145",
    "4": "L 3.2 0 3.2 7.2 0 2 4.5 2",
    "5": "L 3.8 7.2 0.6 7.2 0.4 4 A 1.9 2.3 2.1 2.3 132 -145",
    "6": "A 2.1 2.2 2 2.2 0 360 A 3.4 2.6 3.3 4.6 100 187",
    "7": "L 0 7.2 4.2 7.2 1.4 0",
    "8": "A 2.1 5.5 1.75 1.7 0 360 A 2.1 1.9 2.05 1.9 0 360",
    "9": "A 2.1 5 2 2.2 0 360 A 0.8 4.6 3.3 4.6 -80 7",
    ".": "D 0.3 0.1",
    ",": "L 0.6 0.3 0.1 -1.3",
    ":": "D 0.3 0.3 D 0.3 4.4",
    ";": "L 0.6 0.3 0.1 -1.3 D 0.6 4.4",
    "!": "L 0.3 7.2 0.3 2.2 D 0.3 0.1",
    "?": "A 1.7 5.4 1.6 1.8 165 -45 L 2.83 4.13 1.7 2.6 1.7 2 D 1.7 0.1",
    "-": "L 0 2.7 2.3 2.7",
    "_": "L 0 -1.2 4.2 -1.2",
    "+": "L 0 2.8 4 2.8 L 2 0.8 2 4.8",
    "=": "L 0 3.8 4 3.8 L 0 1.8 4 1.8",
    "/": "L 0 -1 2.8 7.6",
    "\\": "L 0 7.6 2.8 -1",
    "(": "A 2.6 2.9 2.6 5 122 238",
    ")": "A -1.2 2.9 2.6 5 58 -58",
    "@": (
        "A 3.4 2.5 3.4 4.1 -50 -325 A 3.2 2.4 1.6 1.9 0 360 L 4.8 4.3 4.8 1.5 A 5.8 1.5 1 1 180 300"
    ),
    "%": "A 1.2 5.6 1.2 1.6 0 360 A 5.2 1.6 1.2 1.6 0 360 L 5.2 7.2 1.2 0",
    "…": "D 0.3 0.1 D 2.3 0.1 D 4.3 0.1",
}


@frozen(kw_only=False)
class Segment:
    """A straight piece of a stroke, in units."""

    x0: float
    y0: float
    x1: float
    y1: float
    dot: bool = False


def letter(character: str) -> tuple[list[Segment], float]:
    """Return a character's segments, from x = 0 on, and its width."""
    if character.isspace():
        return [], SPACE
    segments, width = _drawn(GLYPHS.get(character, MISSING))
    return list(segments), width


@lru_cache(maxsize=len(GLYPHS) + 1)
def _drawn(glyph: str) -> tuple[tuple[Segment, ...], float]:
    words = glyph.split()
    segments: list[Segment] = []
    starts = [i for i, word in enumerate(words) if word.isalpha()]
    for start, stop in zip(starts, [*starts[1:], len(words)], strict=True):
        numbers = [float(word) for word in words[start + 1 : stop]]
        points = (
            _arc(numbers)
            if words[start] == "A"
            else list(zip(numbers[::2], numbers[1::2], strict=True))
        )
        if words[start] == "D":
            points *= 2
        segments += [
            Segment(x0, y0, x1, y1, dot=words[start] == "D")
            for (x0, y0), (x1, y1) in itertools.pairwise(points)
        ]
    left = min(min(s.x0, s.x1) for s in segments)
    right = max(max(s.x0, s.x1) for s in segments)
    moved = [Segment(s.x0 - left, s.y0, s.x1 - left, s.y1, dot=s.dot) for s in segments]
    return tuple(moved), right - left


def line(text: str) -> tuple[list[Segment], float]:
    """Return the segments of a line of text, from x = 0 on, and its width in units."""
    segments: list[Segment] = []
    position = 0.0
    for character in text:
        drawn, width = letter(character)
        segments += [
            Segment(s.x0 + position, s.y0, s.x1 + position, s.y1, dot=s.dot) for s in drawn
        ]
        position += width + GAP
    return segments, width_of(text)


def width_of(text: str) -> float:
    """Return the width of a line of text in units."""
    return max(sum(letter(character)[1] + GAP for character in text) - GAP, 0.0)


def _arc(numbers: list[float]) -> list[tuple[float, float]]:
    x, y, rx, ry, first, last = numbers
    steps = max(2, math.ceil(abs(last - first) / _ARC_STEP))
    angles = [math.radians(first + (last - first) * i / steps) for i in range(steps + 1)]
    return [(x + rx * math.cos(a), y + ry * math.sin(a)) for a in angles]
