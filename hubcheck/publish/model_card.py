"""How does a section get into a README without any other byte changing?

A text edit between two HTML comments, never a parse and a rewrite: comments, quoting, key order,
byte order mark and newline style of the rest stay as they are. Markers count only where a renderer
would see them as comments of their own line, so that documentation which shows them inside a code
fence is left alone. Anything doubtful is refused: a wrong guess would delete someone's text.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hubcheck.errors import HubcheckError

START: Final = "<!-- hubcheck:section:start (text up to the end marker is replaced) -->"
END: Final = "<!-- hubcheck:section:end -->"

_LINE: Final = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
_START: Final = re.compile(rb"<!--[ \t]*hubcheck:section:start\b[^<>]*-->[ \t]*")
_END: Final = re.compile(rb"<!--[ \t]*hubcheck:section:end\b[^<>]*-->[ \t]*")
_MEANT: Final = re.compile(rb"<!--[ \t]*hubcheck:section")
"""What was a marker before somebody changed it."""
_FENCE: Final = re.compile(rb"(`{3,})[^`]*|(~{3,}).*", re.DOTALL)
_RAW_ELEMENT: Final = re.compile(rb"<(pre|script|style|textarea)(?=[\s>]|\Z)", re.IGNORECASE)
_RAW_END: Final = re.compile(rb"</(pre|script|style|textarea)>", re.IGNORECASE)
_CODE_INDENT: Final = 4
"""Columns from which a line is code in markdown."""
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


class CardRefusedError(HubcheckError):
    """The README is left alone because an edit could damage it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Live:
    """A line that a renderer reads as markdown: not front matter, not code, not in a comment."""

    start: int
    """Offset of its first byte."""
    stop: int
    """Offset behind its newline."""
    text: bytes
    newline: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where things are in a README."""

    live: tuple[_Live, ...]
    body: int
    """Offset behind the byte order mark and the front matter."""
    open_end: bool
    """Whether the file ends inside code or a comment, where appended text would not be read."""


def with_section(readme: bytes, section: str) -> bytes:
    r"""Return ``readme`` with the text between the markers replaced by ``section``.

    Without markers they are put at the end of the file, or behind the front matter when the end
    lies inside a code fence or a comment that was never closed. The owner may move both anywhere;
    the section then stays there.

    Args:
        readme: The file, byte for byte; empty for a model that has none.
        section: Markdown with ``\n`` newlines; takes on the newline style of the file.

    Raises:
        CardRefusedError: the file is not UTF-8, or its markers are damaged, doubled or unpaired.
        ValueError: ``section`` holds a marker itself.
    """
    if any(_MEANT.search(line.strip()) for line in section.encode().splitlines()):
        message = "The section holds a marker of its own; its text must be escaped."
        raise ValueError(message)
    _refuse_other_encodings(readme)
    layout = _layout(readme)
    markers = _markers(layout)
    newline = markers[0].newline if markers else _newline(readme)
    text = section.strip("\n").replace("\n", newline.decode()).encode()
    if markers:
        first, last = markers
        return readme[: first.stop] + text + newline + readme[last.start :]
    block = newline.join((START.encode(), text, END.encode())) + newline
    if layout.open_end:
        head, tail = readme[: layout.body], readme[layout.body :]
        return head + _gap(head, newline) + block + newline + tail
    return readme + _gap(readme, newline) + block


def current_section(readme: bytes) -> str | None:
    r"""Return the text between the markers with ``\n`` newlines; ``None`` without markers.

    Raises:
        CardRefusedError: as in ``with_section``.
    """
    _refuse_other_encodings(readme)
    markers = _markers(_layout(readme))
    if not markers:
        return None
    text = readme[markers[0].stop : markers[1].start].decode()
    return text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")


def _markers(layout: _Layout) -> tuple[_Live, _Live] | None:
    starts: list[_Live] = []
    ends: list[_Live] = []
    for line in layout.live:
        text = line.text.lstrip(b" ").removeprefix(codecs.BOM_UTF8)
        if _START.fullmatch(text):
            starts.append(line)
        elif _END.fullmatch(text):
            ends.append(line)
        elif _MEANT.match(text):
            raise _refused("holds a damaged hubcheck marker", "somebody edited the marker line")
    if not starts and not ends:
        return None
    if len(starts) > 1 or len(ends) > 1:
        raise _refused("holds hubcheck's markers more than once", "the section was copied")
    if not starts or not ends:
        which = "start" if ends else "end"
        raise _refused(f"has lost hubcheck's {which} marker", "one of the two lines was deleted")
    if ends[0].start < starts[0].start:
        raise _refused("has hubcheck's end marker before the start marker", "lines were moved")
    return starts[0], ends[0]


def _refused(what: str, cause: str) -> CardRefusedError:
    return CardRefusedError(
        f"README.md {what}; it is left as it is.",
        cause=f"{cause}.",
        next_step="delete what is left of the markers and the section between them; the next run "
        "writes a new section.",
    )


def _refuse_other_encodings(readme: bytes) -> None:
    try:
        if readme.startswith(_WIDE):
            raise UnicodeDecodeError("utf-8", readme[:4], 0, 2, "byte order mark of UTF-16 or 32")
        readme.decode()
    except UnicodeDecodeError as error:
        what = f"README.md is not UTF-8 (byte {error.start}: {error.reason}); it is left as it is."
        raise CardRefusedError(
            what,
            cause="it was saved in another encoding, which the Hub does not read either.",
            next_step="save README.md as UTF-8.",
        ) from error


def _lines(readme: bytes, start: int) -> Iterator[_Live]:
    for match in _LINE.finditer(readme, start):
        if match.end() > match.start():
            yield _Live(start=match.start(), stop=match.end(), text=match[1], newline=match[2])


def _layout(readme: bytes) -> _Layout:
    body = _behind_front_matter(readme)
    live: list[_Live] = []
    fence = b""
    closing: re.Pattern[bytes] | None = None
    for line in _lines(readme, body):
        text = line.text
        if closing is not None:
            closing = None if closing.search(text) else closing
            continue
        bare = text.lstrip(b" \t")
        indent = len(text[: len(text) - len(bare)].expandtabs(_CODE_INDENT))
        if fence:
            run = bare.rstrip(b" \t")
            if indent < _CODE_INDENT and len(run) >= len(fence) and not run.strip(fence[:1]):
                fence = b""
            continue
        if indent >= _CODE_INDENT:
            continue
        opened = _FENCE.fullmatch(bare)
        if opened:
            fence = opened[1] or opened[2]
            continue
        live.append(line)
        closing = _raw_until(bare)
    return _Layout(live=tuple(live), body=body, open_end=bool(fence) or closing is not None)


def _raw_until(bare: bytes) -> re.Pattern[bytes] | None:
    """Return what ends the raw HTML that this line opens and does not close."""
    if bare.startswith(b"<!--"):
        return None if b"-->" in bare else re.compile(rb"-->")
    if _RAW_ELEMENT.match(bare):
        return None if _RAW_END.search(bare) else _RAW_END
    return None


def _behind_front_matter(readme: bytes) -> int:
    """Return the offset behind the front matter; behind the byte order mark when there is none."""
    begin = len(codecs.BOM_UTF8) if readme.startswith(codecs.BOM_UTF8) else 0
    opened = False
    for line in _lines(readme, begin):
        if line.text.rstrip() == b"---":
            if opened:
                return line.stop
            opened = True
        elif line.text.strip() and not opened:
            return begin
    return begin


def _newline(readme: bytes) -> bytes:
    r"""Return the newline that most lines of the file end with; ``\n`` when none has any."""
    found = re.findall(rb"\r\n|\n|\r", readme)
    return max((b"\n", b"\r\n", b"\r"), key=found.count)


def _gap(before: bytes, newline: bytes) -> bytes:
    """Return what is missing to a blank line behind ``before``."""
    if not before or before == codecs.BOM_UTF8:
        return b""
    if not before.endswith((b"\n", b"\r")):
        return newline * 2
    lines = list(_lines(before, 0))
    return b"" if not lines[-1].text.strip() else newline
