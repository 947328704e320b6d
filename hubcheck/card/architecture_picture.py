"""What do the architectures of the models look like beside each other?

One column a model, its blocks from the embedding down, aligned by their kind: what differs from
the subject has a thick frame and a sign, so that it reads in grey. One ink, no colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final

from hubcheck.card import names, numbers
from hubcheck.card.escaping import html_text, visible
from hubcheck.card.heat_shapes import NORMAL, Box, Shape, Stroke, Words
from hubcheck.card.heat_svg import drawn
from hubcheck.frozen import frozen

if TYPE_CHECKING:
    from hubcheck.report.schema import ArchitectureLine, Report

BASES_SHOWN: Final = 3
BLOCKS_SHOWN: Final = 24
COLUMN, BETWEEN, MARGIN = 176, 16, 8
"""Pixels: the subject and one base fit a phone held sideways, and a card on a desktop all four."""
HIGH, STEP = 26, 34
TOP: Final = 50
TEXT_LIMIT: Final = 26
"""Characters of a block that fit its box."""
NAME_LIMIT: Final = 24
LABEL_LIMIT: Final = 900
SIGN: Final = "≠"


@frozen
class Pair:
    """One row: a block of each side, ``""`` where that side has none."""

    subject: str
    base: str

    @property
    def differs(self) -> bool:
        """Whether the two are not the same block."""
        return self.subject != self.base


def models(report: Report) -> tuple[ArchitectureLine, ...]:
    """Return the subject and the bases that stand beside it; nothing where it stands alone."""
    found = report.context.architecture[: BASES_SHOWN + 1]
    return found if len(found) > 1 else ()


def aligned(subject: Sequence[str], base: Sequence[str]) -> tuple[Pair, ...]:
    """Return the blocks of two models row by row, blocks of one kind beside each other."""
    subject, base = subject[:BLOCKS_SHOWN], base[:BLOCKS_SHOWN]
    kinds = ([_kind(b) for b in subject], [_kind(b) for b in base])
    rows: list[Pair] = []
    for what, a0, a1, b0, b1 in SequenceMatcher(
        a=kinds[0], b=kinds[1], autojunk=False
    ).get_opcodes():
        if what in {"equal", "replace"} and a1 - a0 == b1 - b0:
            rows += [
                Pair(subject=a, base=b) for a, b in zip(subject[a0:a1], base[b0:b1], strict=True)
            ]
        else:
            rows += [Pair(subject=a, base="") for a in subject[a0:a1]]
            rows += [Pair(subject="", base=b) for b in base[b0:b1]]
    return tuple(rows)


def _kind(block: str) -> str:
    return block.partition(" ")[0].casefold()


def shapes(subject: ArchitectureLine, base: ArchitectureLine) -> tuple[int, int, tuple[Shape, ...]]:
    """Return width, height and what is drawn of one pair."""
    rows = aligned(subject.blocks, base.blocks)
    left, right = float(MARGIN), float(MARGIN + COLUMN + BETWEEN)
    found: list[Shape] = []
    for x, model, role in ((left, subject, "this model"), (right, base, "base")):
        name = visible(names.name(model.ref, ""), limit=NAME_LIMIT)
        size = f"{numbers.count(model.layers)} layers, {numbers.parameters(model.parameters)}"
        found += [
            Words(x=x, y=16, text=f"{role}: {name}", size=NORMAL, bold=True),
            Words(x=x, y=34, text=size, colour="soft"),
        ]
    for number, row in enumerate(rows):
        y = TOP + STEP * number
        for x, block in ((left, row.subject), (right, row.base)):
            found += _block(x, y, block, thick=row.differs)
        if row.differs:
            middle = left + COLUMN + BETWEEN / 2
            found.append(Words(x=middle, y=y + 18, text=SIGN, size=NORMAL, anchor="middle"))
    width = round(right + COLUMN + MARGIN)
    return width, TOP + STEP * max(len(rows), 1), tuple(found)


def _block(x: float, y: float, text: str, *, thick: bool) -> list[Shape]:
    if not text:
        return [
            Stroke(x0=x, y0=y + HIGH / 2, x1=x + COLUMN, y1=y + HIGH / 2, colour="line", half=0.5),
        ]
    edge = 2.0 if thick else 1.0
    return [
        Box(x=x, y=y, width=COLUMN, height=HIGH, colour="ink" if thick else "line"),
        Box(
            x=x + edge, y=y + edge, width=COLUMN - 2 * edge, height=HIGH - 2 * edge, colour="paper"
        ),
        Words(x=x + 8, y=y + 17, text=visible(text, limit=TEXT_LIMIT)),
    ]


def told(subject: ArchitectureLine, base: ArchitectureLine) -> str:
    """Return the picture in words."""
    rows = aligned(subject.blocks, base.blocks)
    differ = [
        f"{row.subject or 'nothing'} here, {row.base or 'nothing'} there"
        for row in rows
        if row.differs
    ]
    same = numbers.count(len(rows) - len(differ))
    said = f"Architecture of {subject.ref} beside {base.ref}: {same} of {len(rows)} blocks the same"
    return f"{said}; {'; '.join(differ)}." if differ else f"{said}."


def element(subject: ArchitectureLine, base: ArchitectureLine) -> str:
    """Return the picture as an element of a page that has the style of the maps."""
    width, height, found = shapes(subject, base)
    label = html_text(told(subject, base), limit=LABEL_LIMIT)
    return (
        f'<svg class="heat" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" aria-label="{label}">\n{drawn(found)}\n</svg>'
    )
