"""How is text from a model repository made safe to show?

Every string that a repository could have chosen passes through this module on its way into a card,
a page, a badge or a terminal. There is one normal form, ``visible``: a single line in which nothing
is invisible. The other functions wrap that form for one medium each, so that what a reader sees is
the same text everywhere.

Markdown needs care on two levels. While it is parsed, an entity such as ``&#42;`` is always text.
After it is rendered, hosts go over the finished text again for mentions, issue numbers, emoji and
bare addresses; there an entity helps nothing, so a word joiner (U+2060, invisible) parts them.
Formulas are searched for on both levels, and only a code element stops them.
"""

from __future__ import annotations

import html
import re
import unicodedata
from typing import Final

EMPTY: Final = "(empty)"
"""What stands for a text in which there is nothing to see: a gap could be read as anything."""

DEFAULT_LIMIT: Final = 160
"""Characters shown of one untrusted text; honest names, files and reasons are shorter."""

INPUT_LIMIT: Final = 20_000
"""Characters looked at: a megabyte of blanks must not cost time."""

WORD_JOINER: Final = "&#8288;"
"""Parts a mention from its at-sign in the rendered text; has no width and allows no line break."""

FIRST_STRONG_ISOLATE: Final = "\u2068"
POP_ISOLATE: Final = "\u2069"

BLANK_LOOKING: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
)
"""Characters that Unicode calls printable and every font draws as nothing."""

MARKS_IN_A_ROW: Final = 2
"""Combining marks allowed on one letter; real scripts need two, a tower of them hides its row."""

_MARKDOWN_SPECIAL: Final = frozenset("&<>|`*_[]$~\\@#^")
_NEEDS_CODE: Final = frozenset("$\\")
"""A formula may be looked for in the finished page, where only a code element protects."""

_LEADING: Final = re.compile(
    r"[-+](?=\s|$)"  # bullet
    r"|[-=:](?=[-=:\s]*$)"  # underline of a heading, rule, or row under a table's head
    r"|\d{1,9}(?=[.)](?:\s|$))"  # numbered item
)
_PARTED: Final = re.compile(
    r"@(?=\S)"  # mention, mail address, repository@commit
    r"|#(?=\w)"  # issue number, owner/name#1
    r"|\bGH-(?=\d)"  # the other spelling of an issue number
    r"|:(?=//|:|(?!\d\d:)[\w+-]+:)"  # address, workflow command, emoji (but not a clock time)
    r"|\bwww(?=\.)",
    re.IGNORECASE,
)
_SAFE_IN_BACKTICKS: Final = re.compile(r"[^`|\\$]+")
_LOG_COMMAND: Final = re.compile(r"::|##\[")
_SIMPLE_VALUE: Final = re.compile(r"[A-Za-z0-9._/-]+")


def visible(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    r"""Return ``text`` as one line in which every character can be seen.

    Runs of white space become one space. Controls, bidirectional overrides, zero-width characters,
    variation selectors, lone surrogates and towers of combining marks become escapes such as
    ``\u202e``. Text longer than ``limit`` characters is cut and ends with an ellipsis.
    """
    # Each character gives at least one: past the limit there is nothing left to show.
    line = " ".join(text[:INPUT_LIMIT].split())[: limit + 1]
    if not (line.isascii() and line.isprintable()):  # most are, and a card has thousands
        line = _every_letter_seen(line)
    if len(line) > limit or len(text) > INPUT_LIMIT:
        line = line[: max(limit - 1, 0)].rstrip() + "…"
    return line


def _every_letter_seen(line: str) -> str:
    """Return a line in which what cannot be seen is written as an escape."""
    shown: list[str] = []
    marks = 0
    for character in line:
        marks = marks + 1 if unicodedata.combining(character) else 0
        hidden = (
            not character.isprintable()
            or character in BLANK_LOOKING
            or _is_variation_selector(character)
            or marks > MARKS_IN_A_ROW
        )
        shown.append(ascii(character)[1:-1] if hidden else character)
    return "".join(shown)


def markdown_text(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` as inline markdown that renders as exactly that text, anywhere in a line."""
    shown = visible(text, limit=limit) or EMPTY
    if not _NEEDS_CODE.isdisjoint(shown):
        return _element(shown)
    return _isolated(_entities(shown), shown, opening="&#8296;", closing="&#8297;")


def markdown_code(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` as an inline code span, safe inside a table cell too.

    A cell ends at a pipe even inside backticks, and parsers disagree on a backslash before it;
    such text becomes a code element with entities, whose rendering is the same.
    """
    shown = visible(text, limit=limit) or EMPTY
    if _SAFE_IN_BACKTICKS.fullmatch(shown) and not _LOG_COMMAND.search(shown):
        return f"`{shown}`"
    return _element(shown)


def code_element(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` as an HTML code element, for where markdown is not parsed."""
    return _element(visible(text, limit=limit) or EMPTY)


def code_line(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` as one line inside a fenced block (the fence is the renderer's)."""
    return plain_text(text, limit=limit) if visible(text, limit=limit) else ""


def fence_for(lines: tuple[str, ...]) -> str:
    """Return a fence of backticks longer than any run of them in ``lines``."""
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    return "`" * max(3, longest + 1)


def html_text(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` as HTML character data; also valid inside a quoted attribute."""
    return html.escape(visible(text, limit=limit) or EMPTY, quote=True)


def html_exact(text: str) -> str:
    """Return text of our own as HTML character data, spaces at its ends included."""
    return html.escape(text, quote=True)


def html_attribute(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` for an attribute value in double quotes."""
    return html_text(text, limit=limit).replace("`", "&#96;").replace("=", "&#61;")


def plain_text(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` for a terminal or a workflow log: one line, no escape codes, no commands."""
    shown = visible(text, limit=limit) or EMPTY
    shown = re.sub(r":(?=:)", ": ", shown)
    shown = shown.replace("##[", "# #[")
    return _isolated(shown, shown, opening=FIRST_STRONG_ISOLATE, closing=POP_ISOLATE)


def yaml_value(text: str, *, limit: int = DEFAULT_LIMIT) -> str:
    """Return ``text`` as a YAML scalar on one line: bare where that is safe, else quoted."""
    shown = visible(text, limit=limit) or EMPTY
    if _SIMPLE_VALUE.fullmatch(shown) and "/" in shown:
        return shown
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _entities(shown: str) -> str:
    parted = {match.end() - 1 for match in _PARTED.finditer(shown)}
    leading = _LEADING.match(shown)
    # The character to hide is the bullet itself, or the dot after a list number.
    first = (leading.end() if shown[0].isdigit() else 0) if leading else -1
    pieces: list[str] = []
    for position, character in enumerate(shown):
        special = character in _MARKDOWN_SPECIAL or position == first
        pieces.append(f"&#{ord(character)};" if special else character)
        if position in parted:
            pieces.append(WORD_JOINER)
    return "".join(pieces)


def _element(shown: str) -> str:
    # Inside the element every sign is an entity: nothing is left for a parser to act on.
    body = "".join(
        c if c.isalnum() or not c.isascii() or c in " .,/-()'\"" else f"&#{ord(c)};" for c in shown
    )
    body = re.sub(r"\b(www)\.", r"\1&#46;", body, flags=re.IGNORECASE)
    # Mail addresses (an @ and a dot after it) are looked for after entities are resolved, in a code
    # element too. A revision has no dot, and stays as it is for those who copy it.
    body = re.sub(r"&#64;(?=[^\s<]*\.)", f"&#64;{WORD_JOINER}", body)
    return f"<code>{_isolated(body, shown, opening='&#8296;', closing='&#8297;')}</code>"


def _isolated(body: str, shown: str, *, opening: str, closing: str) -> str:
    # Letters written right to left would otherwise pull neighbouring numbers out of place.
    turns = any(unicodedata.bidirectional(c) in {"R", "AL", "AN"} for c in shown)
    return f"{opening}{body}{closing}" if turns else body


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
