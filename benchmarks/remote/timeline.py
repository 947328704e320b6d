"""In which order did the requests of one check follow each other, and how many had to wait?

Two requests depend on each other at most where one began after the other had ended. The longest
chain of requests, each begun after the one before it had ended, is the number of dependent round
trips: at a latency that exceeds everything else, the wall time is that many times the latency.
Requests that wait for one of the slots count as well, for they do wait.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

from tests.hubserver import Exchange

WIDTH: Final = 1000
LEFT: Final = 10
ROW: Final = 4
HEAD: Final = 40
TICKS: Final = 20
"""Lines of whole seconds at most."""
COLOURS: Final = {"hub": "#b45309", "storage": "#2563eb"}


def round_trips(exchanges: Sequence[Exchange]) -> int:
    """Return the length of the longest chain of requests that did not overlap in time.

    The chain that always goes on with the request that ends first is the longest one (interval
    scheduling).
    """
    length, free = 0, 0.0
    for one in sorted((e for e in exchanges if e.ended), key=lambda e: e.ended):
        if one.began >= free:
            length, free = length + 1, one.ended
    return length


def timeline(exchanges: Sequence[Exchange], title: str) -> str:
    """Return the requests as an SVG picture: a bar each, from its arrival to its last byte."""
    done = sorted((e for e in exchanges if e.ended), key=lambda e: (e.began, e.ended))
    if not done:
        raise ValueError("a check without a request has no timeline")
    start, stop = done[0].began, max(e.ended for e in done)
    scale = (WIDTH - 2 * LEFT) / max(1e-9, stop - start)
    trips = f"{len(done)} requests, {round_trips(done)} one after the other"
    said = f"{escape(title)}: {trips}, {stop - start:.1f} s"
    height = HEAD + ROW * len(done) + 30
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<g font-family="sans-serif" font-size="13"><text x="{LEFT}" y="18">{said}</text>',
        f'<text x="{LEFT}" y="34" fill="{COLOURS["hub"]}">the Hub</text>',
        f'<text x="{LEFT + 70}" y="34" fill="{COLOURS["storage"]}">its storage</text></g>',
    ]
    for second in range(0, int(stop - start) + 1, 1 + int(stop - start) // TICKS):
        x = LEFT + second * scale
        lines.append(
            f'<path d="M{x:.1f} {HEAD}V{height - 16}" stroke="#ddd"/>'
            f'<text x="{x:.1f}" y="{height - 4}" fill="#555" font-size="11">{second} s</text>'
        )
    for row, one in enumerate(done):
        x, width = LEFT + (one.began - start) * scale, (one.ended - one.began) * scale
        lines.append(
            f'<rect x="{x:.1f}" y="{HEAD + ROW * row}" width="{max(0.5, width):.1f}" '
            f'height="{ROW - 1}" fill="{COLOURS[one.origin]}">'
            f"<title>{escape(one.path)}, {one.body_bytes} bytes</title></rect>"
        )
    return "\n".join([*lines, "</svg>"]) + "\n"
