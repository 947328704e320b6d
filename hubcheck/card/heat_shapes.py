"""What is a heat map drawn with: which colours, which shapes?

Colours are names in the shapes; a light and a dark palette give them their values.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from hubcheck.frozen import frozen

RAMP: Final = (
    *("#f1f2c8", "#d5e6ad", "#b2dc9a", "#8ed097", "#67c397", "#34b49e", "#00a2a2"),
    *("#058ea2", "#047b9f", "#04689b", "#175396", "#293e87", "#312a76", "#321561"),
)
"""Equal steps of lightness in OKLab from 0.95 to 0.29, hue from yellow over green to violet: the
order is seen without colour too, and by readers who tell few colours apart (tested)."""
LIGHT: Final = {
    "paper": "#ffffff",
    "ink": "#1b2129",
    "soft": "#5b6572",
    "line": "#c3cad2",
    "hatch": "#ccd2d9",
    **{f"h{i}": colour for i, colour in enumerate(RAMP)},
}
DARK: Final = {
    "paper": "#171c23",
    "ink": "#e5e9ee",
    "soft": "#9aa5b1",
    "line": "#4a545f",
    "hatch": "#3c4651",
    **{f"h{i}": colour for i, colour in enumerate(reversed(RAMP))},
}
"""The same colours the other way round: little change is close to the paper in both."""

SMALL: Final = 10.5
NORMAL: Final = 12.0
"""Sizes of text, in pixels."""


@frozen
class Box:
    """A filled rectangle."""

    x: float
    y: float
    width: float
    height: float
    colour: str


@frozen
class Stroke:
    """A straight line."""

    x0: float
    y0: float
    x1: float
    y1: float
    colour: str
    half: float = 0.5


@frozen
class Words:
    """A line of text; raw, escaped by who draws it. ``y`` is its baseline."""

    x: float
    y: float
    text: str
    colour: str = "ink"
    size: float = SMALL
    anchor: str = "start"
    bold: bool = False


Shape: TypeAlias = Box | Stroke | Words
