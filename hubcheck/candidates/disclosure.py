"""What does a model's repository disclose about how it was made? Context, never a verdict.

A fixed checklist, answered from file names (no listed file is opened but the card) and from the
card's plain text. A sentence that negates, postpones or withholds does not count as disclosure.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from typing import Final

from hubcheck.candidates.disclosure_signs import (
    FILE_SIGNS,
    FOLDER_SIGNS,
    HEADING_SIGNS,
    NEGATION,
    SENTENCE_SIGNS,
    Item,
    Signs,
)
from hubcheck.candidates.documents import CARD_LIMIT, Malformed, read_bytes
from hubcheck.candidates.front_matter import (
    CARD_PATH,
    FrontMatter,
    card_lines,
    parse_front_matter,
)
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase
from hubcheck.source.interface import FileEntry, Source

MAX_TEXT: Final = 500_000
"""Characters of the card that are searched; a card longer than a book is not read to its end."""
MAX_SENTENCE: Final = 2_000
"""Characters of one sentence that are searched."""
MIN_BODY: Final = 25
"""Characters below a heading that count as saying something."""


@frozen
class DisclosureItem:
    """One line of the checklist."""

    item: Item
    where: Phrase | None
    """A file (hostile text), or a line of it; None when nothing was found."""

    @property
    def found(self) -> bool:
        """Whether it is disclosed."""
        return self.where is not None


_CLAUSE: Final = re.compile(
    r"(?<=[.!?;])\s+|,? (?=(?:but|however|although|though|while|whereas)\b)", re.IGNORECASE
)
_COMMENT: Final = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING: Final = re.compile(r" {0,3}#{1,6}[ \t]")
_OWN_PARAGRAPH: Final = re.compile(r"\s*(?:[-*+]\s|[|>]|\d{1,3}[.)]\s)")
_FENCE: Final = re.compile(r"\s{0,3}(```|~~~)")


def read_disclosure(source: Source) -> tuple[DisclosureItem, ...]:
    """Answer every item of the checklist, in its order.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    data = read_bytes(source, CARD_PATH, limit=CARD_LIMIT)
    found = _in_files(source.files())
    if isinstance(data, bytes):
        for item, where in _in_card(data).items():
            found.setdefault(item, where)
    return tuple(DisclosureItem(item=item, where=found.get(item)) for item in Item)


def _in_files(files: Sequence[FileEntry]) -> dict[Item, Phrase]:
    """Return the first file whose name, or the name of a folder above it, is a disclosure."""
    found: dict[Item, Phrase] = {}
    for entry in files:
        *folders, name = entry.path.split("/")
        for item in _matching(FILE_SIGNS, name):
            found.setdefault(item, phrase(PhraseCode.PLACE_FILE, path=entry.path))
        for folder in folders:
            for item in _matching(FOLDER_SIGNS, folder):
                found.setdefault(item, phrase(PhraseCode.PLACE_FILE, path=entry.path))
    return found


def _matching(signs: Signs, name: str) -> list[Item]:
    return [item for item, pattern in signs if pattern.match(name) is not None]


def _in_card(data: bytes) -> dict[Item, Phrase]:
    """Return the first line on which the card discloses each item."""
    lines = card_lines(data)
    if isinstance(lines, Malformed):
        return {}
    found: dict[Item, Phrase] = {}
    front = parse_front_matter(data)
    body = 0
    if isinstance(front, FrontMatter):
        body = front.last_line
        datasets = front.fields.get("datasets")
        if datasets is not None and datasets.value:
            found[Item.DATA] = _line(datasets.line)
    heading, heading_line = "", 0
    for kind, text, line in _clauses(lines, body):
        if kind == "heading":
            heading, heading_line = text, line
        elif NEGATION.search(text) is None:
            announced = _found_in(HEADING_SIGNS, heading) if len(text) >= MIN_BODY else []
            for item in announced:
                found.setdefault(item, _line(heading_line))
            for item in _found_in(SENTENCE_SIGNS, text):
                found.setdefault(item, _line(line))
    return found


def _line(number: int) -> Phrase:
    return phrase(PhraseCode.PLACE_LINE, path=CARD_PATH, line=number)


def _found_in(signs: Signs, text: str) -> list[Item]:
    return [item for item, pattern in signs if pattern.search(text) is not None]


def _clauses(lines: Sequence[str], body: int) -> Iterator[tuple[str, str, int]]:
    """Yield ("heading" or "clause", text, line from 1) of the card below its front matter."""
    for kind, text, starts in _blocks(lines, body):
        if kind == "heading":
            yield kind, text, starts[0][1]
            continue
        at = 0
        offsets = [offset for offset, _ in starts]
        for clause in _CLAUSE.split(text):
            at = text.find(clause, at)
            yield kind, clause[:MAX_SENTENCE], starts[bisect_right(offsets, at) - 1][1]
            at += len(clause)


def _blocks(lines: Sequence[str], body: int) -> Iterator[tuple[str, str, list[tuple[int, int]]]]:
    """Yield headings and paragraphs, each with (offset in the text, line from 1) of its lines.

    Code fences stay (a snippet names revisions), comments go, a list item is its own paragraph.
    """
    text = "\n".join(lines[body:])[:MAX_TEXT]
    visible = _COMMENT.sub(lambda m: "\n" * m[0].count("\n"), text).split("\n")
    parts: list[str] = []
    starts: list[tuple[int, int]] = []
    length = 0
    fenced = False
    for number, raw in enumerate([*visible, ""], start=body + 1):
        line = raw.strip()
        fence = _FENCE.match(raw) is not None
        fenced ^= fence
        heading = None if fenced or fence else _HEADING.match(raw)
        ends = not line or fence or heading is not None or _OWN_PARAGRAPH.match(raw) is not None
        if parts and (ends or fenced):
            yield "clause", " ".join(parts), starts
            parts, starts, length = [], [], 0
        if heading is not None:
            yield "heading", line.strip("#*_ \t")[:MAX_SENTENCE], [(0, number)]
        elif line and not fence:
            starts.append((length, number))
            parts.append(line)
            length += len(line) + 1
