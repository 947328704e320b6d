"""How is the share of each base in a merge drawn, layer by layer?

One line per base with its 95 % interval as a band, told apart by colour, dashes and a legend in
words. Like the heat map it has no script: a layer that is pointed at shows its numbers by style.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from hubcheck.card import heat_svg, numbers
from hubcheck.card.escaping import html_text
from hubcheck.card.heat_layout import MARGIN
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.report.schema import MergeShare

LIGHT: Final = ("#175396", "#b3471d", "#067a5b", "#8a4f9e")
DARK: Final = ("#7db8ff", "#ffa27a", "#4fd3a8", "#d9a5ec")
"""Blue, vermilion, green, purple: apart in hue and, with the dashes, without it."""
DASHES: Final = ("", "7 4", "2 3", "9 3 2 3")
NAME_LIMIT: Final = 44
LEFT: Final = 56
PLOT: Final = 640
HIGH: Final = 150
FOOT: Final = 26
LEGEND: Final = 20
BROADEST: Final = 60
LEAST_LABEL_ROOM: Final = 26
STYLE: Final = (
    heat_svg.STYLE
    + "".join(
        f".heat .b{i}{{stroke:{c}}}.heat .a{i}{{fill:{c};fill-opacity:.18}}"
        for i, c in enumerate(LIGHT)
    )
    + "@media (prefers-color-scheme:dark){"
    + "".join(f".heat .b{i}{{stroke:{c}}}.heat .a{i}{{fill:{c}}}" for i, c in enumerate(DARK))
    + "}\n.heat .guide{stroke:var(--line)}.heat .share{fill:none;stroke-width:2}\n"
)
HINT: Final = "Point at a layer, touch it, or move with the tab key to read its shares."


@frozen
class Series:
    """The shares of one base: its raw name, and one share per layer."""

    name: str
    layers: tuple[MergeShare, ...]


NARROWEST: Final = 520
"""Pixels of the chart of a model with few layers."""


def element(series: tuple[Series, ...]) -> str:
    """Return the chart as an element of a page that has ``STYLE``."""
    shown = series[: len(LIGHT)]
    layers = sorted({s.layer for one in shown for s in one.layers})
    step = min(PLOT / max(len(layers), 1), BROADEST)
    right = LEFT + step * len(layers)
    foot = MARGIN + HIGH
    width = round(max(right, NARROWEST) + MARGIN)
    height = foot + FOOT + LEGEND * len(shown) + 24
    places = {layer: LEFT + step * (i + 0.5) for i, layer in enumerate(layers)}
    hint = f'<text class="soft" x="{MARGIN}" y="{height - 8}" font-size="10.5">{HINT}</text>'
    parts = [
        _opening(width, height),
        *(_guide(value, right) for value in (0.0, 0.25, 0.5, 0.75, 1.0)),
        *(_band(one, i, places) for i, one in enumerate(shown)),
        *_ticks(layers, places, step, foot),
        *(_legend(one, i, foot + FOOT + LEGEND * i) for i, one in enumerate(shown)),
        *(_told(layer, shown, places[layer], step, height - 8) for layer in layers),
        f'<g class="hint">{hint}</g>',
        "</svg>",
    ]
    return "\n".join(parts)


def _opening(width: int, height: int) -> str:
    return (
        f'<svg class="heat" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        'role="group" aria-label="Chart: share of each base, layer by layer">'
    )


def share_words(share: MergeShare) -> str:
    """Return a share with its interval: ``62.0 % (60.1 % to 63.9 %)``."""
    low, high = numbers.percent(share.low), numbers.percent(share.high)
    return f"{numbers.percent(share.share)} ({low} to {high})"


def _guide(value: float, right: float) -> str:
    y = _y(value)
    return (
        f'<path class="guide" d="M{LEFT} {y:.1f}H{right:.1f}"/>'
        f'<text class="soft" x="{LEFT - 8}" y="{y + 4:.1f}" font-size="10.5" text-anchor="end">'
        f"{100 * value:.0f} %</text>"
    )


def _band(one: Series, index: int, places: dict[int, float]) -> str:
    points = sorted(
        ((places[s.layer], s) for s in one.layers if math.isfinite(s.share)),
        key=lambda point: point[0],  # a report may name a layer twice
    )
    if not points:
        return ""
    upper = " ".join(f"{x:.1f},{_y(s.high):.1f}" for x, s in points)
    lower = " ".join(f"{x:.1f},{_y(s.low):.1f}" for x, s in reversed(points))
    line = " ".join(f"{x:.1f},{_y(s.share):.1f}" for x, s in points)
    dots = "".join(
        f'<circle class="b{index} paper" stroke-width="1.5" cx="{x:.1f}" cy="{_y(s.share):.1f}" '
        'r="2"/>'
        for x, s in points
    )
    return (
        f'<polygon class="a{index}" points="{upper} {lower}"/>'
        f'<polyline class="share b{index}"{_dash(index)} points="{line}"/>{dots}'
    )


def _ticks(layers: list[int], places: dict[int, float], step: float, foot: float) -> list[str]:
    every = max(1, math.ceil(LEAST_LABEL_ROOM / step))
    texts = [
        f'<text class="soft" x="{places[layer]:.1f}" y="{foot + 15}" font-size="10.5" '
        f'text-anchor="middle">{layer}</text>'
        for layer in layers[::every]
    ]
    name = f'<text class="soft" x="{LEFT - 8}" y="{foot + 15}" font-size="10.5" text-anchor="end">'
    return [f"{name}layer</text>", *texts]


def _legend(one: Series, index: int, y: float) -> str:
    name = html_text(one.name, limit=NAME_LIMIT)
    return (
        f'<path class="share b{index}"{_dash(index)} d="M{LEFT} {y + 10}H{LEFT + 30}"/>'
        f'<text class="ink" x="{LEFT + 38}" y="{y + 14}" font-size="11">{name}</text>'
    )


def _told(layer: int, shown: tuple[Series, ...], x: float, step: float, y: float) -> str:
    words = [
        f"{one.name[:NAME_LIMIT]} {share_words(share)}"
        for one in shown
        for share in one.layers
        if share.layer == layer
    ]
    text = html_text(f"layer {layer}: {', '.join(words)}", limit=240)
    return (
        f'<g class="layer" tabindex="0" role="img" aria-label="{text}">'
        f'<rect class="hit" x="{x - step / 2:.1f}" y="{MARGIN}" width="{step:.1f}" '
        f'height="{HIGH}"/><g class="told">'
        f'<path class="edge" d="M{x:.1f} {MARGIN}V{MARGIN + HIGH}"/>'
        f'<text x="{MARGIN}" y="{y}">{text}</text></g></g>'
    )


def _y(share: float) -> float:
    value = min(max(share, -0.05), 1.05) if math.isfinite(share) else 0.0
    return MARGIN + HIGH * (1.05 - value) / 1.1


def _dash(index: int) -> str:
    return f' stroke-dasharray="{DASHES[index]}"' if DASHES[index] else ""
