"""How does a section get into a README without any other byte changing?

A text edit between two HTML comments, never a parse and a rewrite: comments, quoting, key order,
byte order mark and newline style of the rest stay as they are. Markers count only where a renderer
reads them, so that documentation which shows them inside a code fence is left alone. Anything
doubtful is refused: a wrong guess would delete someone's text.
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from hubcheck.errors import HubcheckError
from hubcheck.publish.readme_layout import Layout, Line, lines, read_layout

README: Final = "README.md"
"""The Hub reads a card from this name only."""
START: Final = "<!-- hubcheck:section:start (text up to the end marker is replaced) -->"
END: Final = "<!-- hubcheck:section:end -->"

_START: Final = re.compile(rb"<!--[ \t]*hubcheck:section:start\b[^<>]*-->[ \t]*")
_END: Final = re.compile(rb"<!--[ \t]*hubcheck:section:end\b[^<>]*-->[ \t]*")
_MEANT: Final = re.compile(rb"<!--[ \t]*hubcheck:section")
"""What was a marker before somebody changed it."""
_NEWLINE: Final = re.compile(rb"\r\n|\n|\r")


class CardRefusedError(HubcheckError):
    """The README is left alone because an edit could damage it."""


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
    if _MEANT.search(section.encode()):
        message = "The section holds a marker of its own; its text must be escaped."
        raise ValueError(message)
    _refuse_other_encodings(readme)
    layout = read_layout(readme)
    markers = _markers(layout)
    newline = markers[0].newline if markers else _newline(readme)
    # Blank lines: some renderers read no markdown on the line below a comment.
    text = f"\n{section.strip(chr(10))}\n\n".encode().replace(b"\n", newline)
    if markers:
        first, last = markers
        return readme[: first.stop] + text + readme[last.start :]
    block = START.encode() + newline + text + END.encode() + newline
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
    markers = _markers(read_layout(readme))
    if not markers:
        return None
    inside = readme[markers[0].stop : markers[1].start]
    return _NEWLINE.sub(b"\n", inside).decode().strip("\n")


def _markers(layout: Layout) -> tuple[Line, Line] | None:
    starts: list[Line] = []
    ends: list[Line] = []
    for line in layout.live:
        text = line.text.lstrip(b" ")
        if _START.fullmatch(text):
            starts.append(line)
        elif _END.fullmatch(text):
            ends.append(line)
        elif _MEANT.match(text):
            raise _refused("holds a damaged hubcheck marker", "somebody edited the marker's line")
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
        f"{README} {what}; it is left as it is.",
        cause=f"{cause}.",
        next_step="delete what is left of the markers and of the section between them; the next "
        "run writes a new one.",
    )


def _refuse_other_encodings(readme: bytes) -> None:
    try:
        readme.decode()
    except UnicodeDecodeError as error:
        what = f"{README} is not UTF-8 (byte {error.start}); it is left as it is."
        raise CardRefusedError(
            what,
            cause="it was saved in another encoding, which the Hub does not read either.",
            next_step=f"save {README} as UTF-8.",
        ) from error


def _newline(readme: bytes) -> bytes:
    r"""Return the newline that most lines of the file end with; ``\n`` when none has any."""
    found = _NEWLINE.findall(readme)
    return max((b"\n", b"\r\n", b"\r"), key=found.count)


def _gap(before: bytes, newline: bytes) -> bytes:
    """Return what is missing to a blank line behind ``before``."""
    if not before or before == codecs.BOM_UTF8:
        return b""
    last = list(lines(before))[-1]
    if not last.newline:
        return newline * 2
    return newline if last.text.strip() else b""
