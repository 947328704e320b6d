"""What does the order of the units look like: a diagonal, or dots anywhere?

For each base the hits that were seen beside those that chance gives, and for one family of each
kind which unit of the subject is nearest to which unit of the base. One list of shapes that SVG
and PNG (``order_png``) both draw, in one ink, so that it reads in grey as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.card import matches, names, numbers
from hubcheck.card.document import CodeBlock, Segment
from hubcheck.card.escaping import html_text, visible
from hubcheck.card.heat_shapes import NORMAL, Box, Shape, Stroke, Words
from hubcheck.card.heat_svg import STYLE, drawn
from hubcheck.card.wording import words
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.report.schema import Evidence, Finding, Report

BASES_SHOWN: Final = 3
"""Bases with a picture of their own: a merge of more is rare, and the report has them all."""
FAMILIES_SHOWN: Final = 4
SIDE: Final = 128
"""Pixels of one matrix."""
BETWEEN: Final = 20
MARGIN: Final = 16
LEAST_DOT: Final = 3.0
BAR: Final = 180
"""Pixels of a bar of all units."""
NAMED: Final = 66
"""Left of the bars, for their names."""
PLAIN_WIDE, PLAIN_HIGH = 24, 12
"""Characters of a matrix where there are no pictures: twice as wide as high, as characters are."""
PLAIN_BAR: Final = 40
LABEL_LIMIT: Final = 600
NAME_LIMIT: Final = 22


@frozen
class Matrix:
    """Which unit is nearest to which, as shares of the way from first to last unit."""

    name: str
    units: int
    hits: int
    dots: tuple[tuple[float, float], ...]
    """Place in the base, place in the subject; from 0 to below 1."""
    in_place: int
    """Of the dots, those on the diagonal."""


def pictured(report: Report) -> tuple[Finding, ...]:
    """Return the bases of which the report holds which unit is nearest to which."""
    return tuple(f for f in report.findings if matrices(f))[:BASES_SHOWN]


def matrices(finding: Finding) -> tuple[Matrix, ...]:
    """Return the families that are drawn, in the report's order."""
    found = (_matrix(row) for row in finding.evidence if row.nearest)
    return tuple(one for one in found if one is not None)[:FAMILIES_SHOWN]


def _matrix(row: Evidence) -> Matrix | None:
    n = row.units
    pairs = [(u, v) for u, v, _ in row.nearest if 0 <= u < n and 0 <= v < n]
    if not pairs:
        return None
    return Matrix(
        name=words(row.family) or row.test,
        units=n,
        hits=row.hits,
        dots=tuple((u / n, v / n) for u, v in pairs),
        in_place=sum(u == v for u, v in pairs),
    )


def told(finding: Finding) -> str:
    """Return the picture in words: its alternative text."""
    parts = [f"Order picture against {names.called(finding.base)}."]
    chance = matches.chance_hits(finding)
    if finding.units_tested:
        expected = f", by chance about {numbers.count(chance)}" if chance else ""
        seen = numbers.hits(finding.units_hit, finding.units_tested)
        parts.append(f"{seen} units in place{expected}.")
    parts += [
        f"{one.name}: {numbers.hits(one.in_place, len(one.dots))} dots on the diagonal."
        for one in matrices(finding)
    ]
    return " ".join(parts)


def shapes(finding: Finding, title: str = "") -> tuple[int, int, tuple[Shape, ...]]:
    """Return width, height and shapes of one picture, under its title where it has one."""
    found = matrices(finding)
    y = float(MARGIN)
    drawn_: list[Shape] = []
    if title:
        drawn_.append(
            Words(x=MARGIN, y=y + 12, text=visible(title, limit=64), size=NORMAL, bold=True)
        )
        y += 26
    if finding.units_tested:
        drawn_ += _bars(finding, y)
        y += 46
    for i, one in enumerate(found):
        drawn_ += _dots(one, MARGIN + i * (SIDE + BETWEEN), y)
    y += SIDE + 50
    drawn_ += [
        Words(x=MARGIN, y=y, text="from left to right: units of the base", colour="soft"),
        Words(
            x=MARGIN, y=y + 14, text="from top to bottom: the nearest of the subject", colour="soft"
        ),
    ]
    width = max(2 * MARGIN + len(found) * (SIDE + BETWEEN) - BETWEEN, 2 * MARGIN + NAMED + BAR + 60)
    return width, round(y + 26), tuple(drawn_)


def _bars(finding: Finding, y: float) -> list[Shape]:
    """Return the hits that were seen and those that chance gives, as bars of one scale."""
    chance = matches.chance_hits(finding)
    lines = [("in place", finding.units_hit, numbers.hits(finding.units_hit, finding.units_tested))]
    if chance:
        lines.append(("by chance", chance, f"about {numbers.count(chance)}"))
    drawn_: list[Shape] = []
    left = float(MARGIN + NAMED)
    for i, (name, value, said) in enumerate(lines):
        top = y + 18 * i
        share = min(value / max(finding.units_tested, 1), 1.0)
        colour = "ink" if i == 0 else "soft"
        drawn_ += [
            Words(x=left - 8, y=top + 10, text=name, anchor="end", colour="soft"),
            Box(x=left, y=top, width=BAR, height=12, colour="line"),
            Box(x=left + 1, y=top + 1, width=BAR - 2, height=10, colour="paper"),
            Box(x=left, y=top, width=max(BAR * share, 1.0), height=12, colour=colour),
            Words(x=left + BAR + 6, y=top + 10, text=said),
        ]
    return drawn_


def _dots(one: Matrix, x: float, y: float) -> list[Shape]:
    side = max(SIDE / one.units, LEAST_DOT)
    drawn_: list[Shape] = [
        Box(x=x - 1, y=y - 1, width=SIDE + 2, height=SIDE + 2, colour="line"),
        Box(x=x, y=y, width=SIDE, height=SIDE, colour="paper"),
        Stroke(x0=x, y0=y, x1=x + SIDE, y1=y + SIDE, colour="hatch", half=0.5),
    ]
    room = SIDE - side
    drawn_ += [
        Box(
            x=x + min(u * SIDE, room),
            y=y + min(v * SIDE, room),
            width=side,
            height=side,
            colour="ink",
        )
        for u, v in one.dots
    ]
    drawn_ += [
        Words(x=x, y=y + SIDE + 15, text=visible(one.name, limit=NAME_LIMIT)),
        Words(
            x=x,
            y=y + SIDE + 29,
            text=f"{numbers.hits(one.hits, one.units)} in place",
            colour="soft",
        ),
    ]
    return drawn_


def element(finding: Finding) -> str:
    """Return one picture as an element of a page that has the style of the maps."""
    width, height, found = shapes(finding)
    label = html_text(told(finding), limit=LABEL_LIMIT)
    return (
        f'<svg class="heat" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{label}">\n{drawn(found)}\n</svg>'
    )


def svg(report: Report) -> str:
    """Return the pictures of a report as one self-contained SVG, ``""`` where there are none."""
    laid = [(finding, shapes(finding, heading(finding))) for finding in pictured(report)]
    if not laid:
        return ""
    width = max(w for _, (w, _, _) in laid)
    height = sum(h for _, (_, h, _) in laid)
    title = html_text(" ".join(told(f) for f, _ in laid), limit=LABEL_LIMIT)
    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="heat" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">\n<title>{title}</title>\n'
        f"<style>{STYLE}</style>\n"
        f'<rect class="paper" width="{width}" height="{height}" rx="8"/>'
    )
    parts = [begin]
    y = 0
    for _, (_, high, found) in laid:
        parts.append(f'<g transform="translate(0 {y})">\n{drawn(found)}\n</g>')
        y += high
    return "\n".join([*parts, "</svg>"]) + "\n"


def heading(finding: Finding) -> str:
    """Return the line above a picture, raw."""
    return f"The order of the units, against {names.called(finding.base)}"


def plain(finding: Finding) -> CodeBlock:
    """Return the picture in characters, for a comment."""
    lines: list[tuple[Segment, ...]] = []
    if finding.units_tested:
        lines.append(_plain_bar("in place", finding.units_hit, finding.units_tested))
        if chance := matches.chance_hits(finding):
            lines.append(_plain_bar("by chance", chance, finding.units_tested))
        lines.append(())
    found = matrices(finding)
    for first in range(0, len(found), 2):  # two beside each other fit a phone held sideways
        pair = found[first : first + 2]
        grids = [_plain_dots(one) for one in pair]
        wide = PLAIN_WIDE + 4
        lines += [
            tuple(Segment(text=grid[i], width=wide) for grid in grids) for i in range(PLAIN_HIGH)
        ]
        lines.append(
            tuple(Segment(text=visible(one.name, limit=PLAIN_WIDE), width=wide) for one in pair)
        )
        counts = (f"{numbers.hits(one.hits, one.units)} in place" for one in pair)
        lines += [tuple(Segment(text=count, width=wide) for count in counts), ()]
    return CodeBlock(lines=tuple(lines[:-1] if lines and not lines[-1] else lines))


def _plain_bar(name: str, value: int, units: int) -> tuple[Segment, ...]:
    filled = round(PLAIN_BAR * min(value / max(units, 1), 1.0))
    bar = "█" * max(filled, 1 if value else 0)
    said = numbers.count(value) if name == "in place" else f"about {numbers.count(value)}"
    return (Segment(text=name, width=11), Segment(text=f"{bar} {said}".strip()))


def _plain_dots(one: Matrix) -> list[str]:
    seen = {(int(v * PLAIN_HIGH), int(u * PLAIN_WIDE)) for u, v in one.dots}
    return [
        "".join("█" if (row, column) in seen else "·" for column in range(PLAIN_WIDE))
        for row in range(PLAIN_HIGH)
    ]
