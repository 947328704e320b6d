"""Which lines of a README would a renderer read as markdown of their own?

Not those in the front matter, in code, in a comment or in raw HTML. Works on bytes and by lines, as
far as CommonMark needs for that question; every offset is one into the file as it is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import Final

from hubcheck.frozen import frozen

_LINE: Final = re.compile(rb"([^\r\n]*)(\r\n|\n|\r|\Z)")
_FENCE: Final = re.compile(rb"(`{3,})[^`]*|(~{3,}).*", re.DOTALL)
_CONTAINERS: Final = re.compile(rb"(?:>[ \t]?|(?:[-*+]|[0-9]{1,9}[.)])[ \t]{1,4})+")
"""Marks of a quotation or a list item at the start of a line; a fence may follow on the line."""
_RAW_ELEMENT: Final = re.compile(rb"<(?:pre|script|style|textarea)(?=[\s>]|\Z)", re.IGNORECASE)
_RAW_END: Final = re.compile(rb"</(?:pre|script|style|textarea)>", re.IGNORECASE)
_COMMENT_END: Final = re.compile(rb"-->")
_CODE_INDENT: Final = 4
"""Columns from which a line is code."""


@frozen
class Line:
    """One line and where it lies in the file."""

    start: int
    """Offset of its first byte."""
    stop: int
    """Offset behind its newline."""
    text: bytes
    newline: bytes


@frozen
class Layout:
    """Where things are in a README."""

    live: tuple[Line, ...]
    """The lines that are read as markdown."""
    body: int
    """Offset behind the byte order mark and the front matter."""
    open_end: bool
    """Whether the file ends inside code or a comment, where appended text would not be read."""


@frozen
class _Fence:
    """An open code fence."""

    run: bytes
    indent: int
    """Columns of the list item it stands in, 0 outside of one; a shorter line ends the item."""
    quoted: bool

    def left_by(self, line: bytes) -> bool:
        """Return whether the quotation or list item around the fence ends before ``line``."""
        bare = line.lstrip(b" \t")
        if self.quoted:
            return not bare.startswith(b">")
        return bool(bare) and _columns(line) < self.indent

    def closed_by(self, line: bytes) -> bool:
        """Return whether ``line`` is the closing fence."""
        bare = line.lstrip(b" \t")
        inner = _CONTAINERS.sub(b"", bare, count=1).lstrip(b" \t") if self.quoted else bare
        run = inner.rstrip(b" \t")
        near = self.quoted or _columns(line) - self.indent < _CODE_INDENT
        return near and len(run) >= len(self.run) and not run.strip(self.run[:1])


def read_layout(readme: bytes) -> Layout:
    """Return where markdown is read in a README."""
    body = _behind_front_matter(readme)
    live: list[Line] = []
    fence: _Fence | None = None
    raw_end: re.Pattern[bytes] | None = None
    for line in lines(readme, body):
        if raw_end is not None:
            raw_end = None if raw_end.search(line.text) else raw_end
            continue
        if fence is not None and not fence.left_by(line.text):
            fence = None if fence.closed_by(line.text) else fence
            continue
        fence = None
        if _columns(line.text) >= _CODE_INDENT:
            continue
        fence = _opened_fence(line.text)
        if fence is None:
            live.append(line)
            raw_end = _opened_raw(line.text.lstrip(b" "))
    return Layout(live=tuple(live), body=body, open_end=fence is not None or raw_end is not None)


def lines(readme: bytes, start: int = 0) -> Iterator[Line]:
    r"""Yield the lines from offset ``start`` on; ``\r\n``, ``\n`` and ``\r`` end one."""
    for match in _LINE.finditer(readme, start):
        if match.end() > match.start():
            yield Line(start=match.start(), stop=match.end(), text=match[1], newline=match[2])


def _columns(line: bytes) -> int:
    bare = line.lstrip(b" \t")
    return len(line[: len(line) - len(bare)].expandtabs(_CODE_INDENT))


def _opened_fence(line: bytes) -> _Fence | None:
    bare = line.lstrip(b" \t")
    containers = _CONTAINERS.match(bare)
    prefix = containers[0] if containers else b""
    opened = _FENCE.fullmatch(bare[len(prefix) :])
    if opened is None:
        return None
    indent = _columns(line) + len(prefix) if prefix else 0
    return _Fence(run=opened[1] or opened[2], indent=indent, quoted=b">" in prefix)


def _opened_raw(bare: bytes) -> re.Pattern[bytes] | None:
    """Return what ends the raw HTML that this line opens and does not close."""
    if bare.startswith(b"<!--"):
        return None if _COMMENT_END.search(bare) else _COMMENT_END
    if _RAW_ELEMENT.match(bare):
        return None if _RAW_END.search(bare) else _RAW_END
    return None


def _behind_front_matter(readme: bytes) -> int:
    """Return the offset behind the front matter; behind the byte order mark when there is none."""
    begin = len(codecs.BOM_UTF8) if readme.startswith(codecs.BOM_UTF8) else 0
    opened = False
    for line in lines(readme, begin):
        if line.text.rstrip() == b"---":
            if opened:
                return line.stop
            opened = True
        elif line.text.strip() and not opened:
            return begin
    return begin
