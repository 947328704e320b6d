"""How are two curves of spread drawn beside each other: one panel for each kind of matrix?

Each curve is drawn over its own range, because that is what the correlation beside it sees: how it
runs, not how high it lies. The lines differ by colour, dashes and the legend's words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import share_chart
from hubcheck.card.escaping import html_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hubcheck.report.curves import Curve, Curves

STYLE: Final = share_chart.STYLE
WIDE, HIGH, GAP, TOP, FOOT = 150, 84, 16, 24, 42
NAME_LIMIT: Final = 40


def element(curves: Sequence[Curves], subject: str, base: str) -> str:
    """Return the panels as an element of a page that has ``STYLE``."""
    width = GAP + (WIDE + GAP) * len(curves)
    height = TOP + HIGH + FOOT
    told = ", ".join(f"{one.role} {one.correlation:.2f}" for one in curves)
    alt = html_text(f"Curves of spread over the layers; correlation with {base}: {told}", limit=300)
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    parts = [f'<svg class="heat" {box} role="img" aria-label="{alt}">']
    for n, one in enumerate(curves):
        left = GAP + (WIDE + GAP) * n
        parts.append(
            f'<text class="ink" x="{left}" y="15" font-size="11">{html_text(one.role)}: '
            f"{one.correlation:.2f}</text>"
            f'<path class="guide" d="M{left} {TOP}V{TOP + HIGH}H{left + WIDE}"/>'
        )
        parts += [_line(curve, i, left) for i, curve in enumerate((one.subject, one.base))]
    for i, name in enumerate((subject, base)):
        y = TOP + HIGH + 16 + 14 * i
        parts.append(
            f'<path class="share b{i}"{_dash(i)} d="M{GAP} {y}H{GAP + 24}"/>'
            f'<text class="ink" x="{GAP + 30}" y="{y + 4}" font-size="10.5">'
            f"{html_text(name, limit=NAME_LIMIT)}</text>"
        )
    return "\n".join([*parts, "</svg>"])


def _line(curve: Curve, index: int, left: float) -> str:
    low, high = min(y for _, y in curve), max(y for _, y in curve)
    span = high - low or 1.0
    points = " ".join(
        f"{left + x * WIDE:.1f},{TOP + 4 + (HIGH - 8) * (1 - (y - low) / span):.1f}"
        for x, y in curve
    )
    return f'<polyline class="share b{index}"{_dash(index)} points="{points}"/>'


def _dash(index: int) -> str:
    dashes = share_chart.DASHES[index]
    return f' stroke-dasharray="{dashes}"' if dashes else ""
