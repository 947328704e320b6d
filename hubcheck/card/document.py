"""What is a card made of?

A small tree that markdown and HTML both render. Text comes in three kinds that cannot be mixed up:
``Trusted`` was written in this project and holds no sign with a meaning in any medium (checked),
``Untrusted`` is anything else, ``Identifier`` is untrusted text shown in a monospaced face.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, TypeAlias, assert_never

from hubcheck.card.escaping import DEFAULT_LIMIT, code_line
from hubcheck.frozen import frozen

_UNSAFE: Final = re.compile(r"[<>&|`*_\[\]$~\\@#^]|::|//|[^\x20-\x7e…]")

CODE_LIMIT: Final = 400
"""Characters of one piece of a monospaced line: a command with several bases fits."""

MARK: Final = "*"
"""Stands behind a marked piece: the mark must not be by colour alone."""


class Tone(StrEnum):
    """How a verdict is coloured where there is colour; the words always say the same."""

    GOOD = "good"
    BAD = "bad"
    PLAIN = "plain"
    MUTED = "muted"


class Role(StrEnum):
    """What a paragraph is for."""

    BODY = "body"
    LEAD = "lead"
    NOTE = "note"
    FOOTER = "footer"
    SCOPE = "scope"
    """Which part of the subject the result is about."""


@frozen(kw_only=False)
class Trusted:
    """Text written in this project; shown as it is in every medium."""

    text: str

    def __post_init__(self) -> None:
        """Refuse signs that mean something to a renderer: such text is not ours.

        Raises:
            ValueError: The text holds markup, a control character or an address.
        """
        found = _UNSAFE.search(self.text)
        if found:
            message = f"Trusted text holds {found.group()!r}; wrap it in Untrusted or Identifier."
            raise ValueError(message)


@frozen(kw_only=False)
class Untrusted:
    """Text that a model repository may have chosen; escaped by every renderer."""

    text: str
    limit: int = DEFAULT_LIMIT


@frozen(kw_only=False)
class Identifier:
    """Untrusted text shown monospaced: a model, a file, a commit, a command."""

    text: str
    limit: int = DEFAULT_LIMIT
    address: str = ""
    """A page about it: on the Hub, or of our own documentation; a link where there are links."""

    def __post_init__(self) -> None:
        """Refuse an address that leads elsewhere, or holds a letter that means something there.

        Raises:
            ValueError: It does.
        """
        if self.address and not _ADDRESS.fullmatch(self.address):
            message = f"No card links to {self.address!r}."
            raise ValueError(message)


DOCS: Final = "https://github.com/hubcheck/hubcheck/blob/main/docs"
_ADDRESS: Final = re.compile(
    rf"(?:https://huggingface\.co|{re.escape(DOCS)})(?:/[A-Za-z0-9_][A-Za-z0-9_.+-]*)+"
)
_WORD: Final = re.compile(r"[a-z]+(?:-[a-z]+)*")
GLOSSARY: Final = f"{DOCS}/glossary.md"
"""What words link to: it is ours, and nothing of a report is in its address."""


@frozen(kw_only=False)
class Term:
    """A word of this project; a link to what it means where there are links."""

    word: str
    shown: str = ""
    """How it stands in a sentence, where that is not the word itself."""

    def __post_init__(self) -> None:
        """Refuse what is no plain word: it becomes part of an address.

        Raises:
            ValueError: The word holds anything but small letters and hyphens, or what is shown
                holds markup.
        """
        Trusted(self.shown)
        if not _WORD.fullmatch(self.word):
            message = f"A term is small letters and hyphens, not {self.word!r}."
            raise ValueError(message)

    @property
    def text(self) -> str:
        """What a reader sees."""
        return self.shown or self.word

    @property
    def address(self) -> str:
        """Where it is explained."""
        return f"{GLOSSARY}#{self.word}"


Plain: TypeAlias = Trusted | Untrusted | Identifier | Term
"""What stands inside emphasised text and labels."""


@frozen(kw_only=False)
class Strong:
    """Emphasised text."""

    content: tuple[Plain, ...]


@frozen(kw_only=False)
class Chip:
    """A verdict; a coloured label where there is colour."""

    content: tuple[Plain, ...]
    tone: Tone


@frozen(kw_only=False)
class Meter:
    """A share between 0 and 1, with its text; a bar where there are graphics."""

    share: float
    text: Trusted


Inline: TypeAlias = Trusted | Untrusted | Identifier | Strong | Chip | Meter | Term
Line: TypeAlias = tuple[Inline, ...]


@frozen
class Heading:
    """A heading inside a section."""

    content: Line


@frozen
class Paragraph:
    """A paragraph."""

    content: Line
    role: Role = Role.BODY


@frozen
class Table:
    """A table; ``numeric`` names the columns that are aligned to the right."""

    head: tuple[str, ...]
    rows: tuple[tuple[Line, ...], ...]
    numeric: frozenset[int] = frozenset()


@frozen
class ItemList:
    """A list of short statements."""

    items: tuple[Line, ...]


@frozen
class NextSteps:
    """What the reader can do now, most likely first."""

    steps: tuple[Line, ...]


@frozen
class Segment:
    """A piece of a monospaced line, padded to ``width`` characters."""

    text: str
    width: int = 0
    marked: bool = False

    def shown(self) -> str:
        """Return the text as it stands in the line, without padding."""
        return code_line(self.text, limit=CODE_LIMIT) + (MARK if self.marked else "")


@frozen
class CodeBlock:
    """Monospaced lines; their text is untrusted. A marked segment carries an asterisk."""

    lines: tuple[tuple[Segment, ...], ...]


@frozen
class Figure:
    """A picture on a page; monospaced lines where there are no pictures, if any."""

    element: str
    """Markup that a module of this folder drew from numbers, its texts escaped there."""
    style: str
    """The style sheet that the element needs."""
    plain: CodeBlock | None
    width: int = 0
    """Pixels, where it may be wider than a phone: a reader is told to swipe there."""


@frozen
class OnPage:
    """A table folded under a picture of the same numbers; a comment has no room for it."""

    summary: Line
    table: Table


@frozen
class Opened:
    """A row of folded tables, one for each place of a picture; a comment has no room for them."""

    summary: Line
    tables: tuple[OnPage, ...]


Inner: TypeAlias = Heading | Paragraph | Table | ItemList | CodeBlock | Figure | OnPage | Opened


@frozen
class Details:
    """A folded section; ``unfolded`` on a page that has room for it."""

    summary: Line
    blocks: tuple[Inner, ...]
    unfolded: bool = False


Block: TypeAlias = Inner | NextSteps | Details


@frozen
class Document:
    """One card: a title with its verdict, then blocks in the order of their use to a reader."""

    subject: Identifier
    title: Line
    verdict: str
    tone: Tone
    blocks: tuple[Block, ...]


def as_sentence(content: Line) -> Line:
    """Return a line that begins with a capital, where it begins with text of this project."""
    first = content[0] if content else None
    match first:
        case Trusted(text):
            return (Trusted(text[:1].upper() + text[1:]), *content[1:])
        case Term(word):
            return (Term(word, first.text[:1].upper() + first.text[1:]), *content[1:])
        case _:
            return content


def raw_text(content: Line) -> str:
    """Return inline content as raw text: still untrusted, to be escaped by whoever shows it."""
    pieces: list[str] = []
    for part in content:
        match part:
            case Trusted(text) | Untrusted(text) | Identifier(text):
                pieces.append(text)
            case Strong(inner) | Chip(inner, _):
                pieces.append(raw_text(inner))
            case Meter(_, shown):
                pieces.append(shown.text)
            case Term():
                pieces.append(part.text)
            case _:
                assert_never(part)
    return "".join(pieces)
