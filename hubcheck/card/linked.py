"""Which words of a card's first screen lead to what they mean?

Every special word is a link where it first stands in a sentence or a cell, so that nobody has to
know it. Only text of this project is looked through: a name that a repository chose stays text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from hubcheck.card.document import (
    Block,
    Chip,
    Inline,
    Line,
    NextSteps,
    Paragraph,
    Plain,
    Strong,
    Table,
    Term,
    Trusted,
)

MEANT: Final = {
    "a disguise": "disguised",
    "bit for bit": "identity",
    "by chance": "by-chance",
    "calibrated": "calibrated",
    "chance": "by-chance",
    "changed throughout": "fine-tune",
    "common initialisation": "common-initialisation",
    "declared base": "declared",
    "declared bases": "declared",
    "declares no base": "declared",
    "disguised": "disguised",
    "distillation": "distillation",
    "distilled": "distillation",
    "exact": "exact",
    "families": "family",
    "fine-tune": "fine-tune",
    "identical": "identical",
    "inconclusive": "inconclusive",
    "initialisation": "common-initialisation",
    "layers changed": "layers-changed",
    "low-rank update": "lora-merge",
    "merge": "merge",
    "named base": "declared",
    "not-tested": "not-tested",
    "one of the two models holds nothing else": "parts",
    "parts of the weights": "parts",
    "parts only": "parts",
    "quantised": "quantised",
    "rearranged": "rearranged",
    "related": "related",
    "relabelling": "rearranged",
    "same values, stored anew": "recast",
    "similarity": "similarity",
    "sparse update": "sparse-update",
    "units": "evidence",
    "unrelated": "unrelated",
    "up-cycled into experts": "up-cycled",
    "value for value": "identical",
    "vocabulary changed": "vocabulary-changed",
    "which came first is not known": "match-undated",
    "width changed": "width-changed",
}
"""What stands in sentences and cells, and the word under which it is explained."""

_ANY: Final = re.compile(
    r"(?<![\w-])("
    + "|".join(re.escape(said) for said in sorted(MEANT, key=len, reverse=True))
    + r")(?![\w-])",
    re.IGNORECASE,
)


class Links:
    """The words that were linked so far: each is a link once, where it stands first."""

    def __init__(self) -> None:
        """Begin with none."""
        self.so_far: dict[str, None] = {}

    def line(self, content: Line) -> Line:
        """Return a line in which words that stand for the first time are links."""
        found: list[Inline] = []
        for part in content:
            match part:
                case Trusted(text):
                    found += self._split(text)
                case Strong(inner):
                    found.append(Strong(self._plain(inner)))
                case Chip(inner, tone):
                    found.append(Chip(self._plain(inner), tone))
                case _:
                    found.append(part)
        return tuple(found)

    def blocks(self, blocks: Iterable[Block]) -> list[Block]:
        """Return blocks in which words that stand for the first time are links."""
        found: list[Block] = []
        for block in blocks:
            match block:
                case Paragraph(content=content):
                    found.append(replace(block, content=self.line(content)))
                case Table(rows=rows):
                    cells = tuple(tuple(self.line(cell) for cell in row) for row in rows)
                    found.append(replace(block, rows=cells))
                case NextSteps(steps=steps):
                    found.append(replace(block, steps=tuple(self.line(step) for step in steps)))
                case _:
                    found.append(block)
        return found

    def _plain(self, content: tuple[Plain, ...]) -> tuple[Plain, ...]:
        found: list[Plain] = []
        for part in content:
            found += self._split(part.text) if isinstance(part, Trusted) else [part]
        return tuple(found)

    def _split(self, text: str) -> list[Trusted | Term]:
        pieces: list[Trusted | Term] = []
        last = 0
        for at in _ANY.finditer(text):
            word = MEANT[at[0].casefold()]
            if word in self.so_far:
                continue
            self.so_far[word] = None
            if at.start() > last:
                pieces.append(Trusted(text[last : at.start()]))
            pieces.append(Term(word, at[0] if at[0] != word else ""))
            last = at.end()
        if last < len(text) or not pieces:
            pieces.append(Trusted(text[last:]))
        return pieces
