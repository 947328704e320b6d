"""How are the bytes of a span read from an open file, and what if they are no longer there?

Never from a mapped file: one that is cut short while it is looked at would end the process.
"""

from __future__ import annotations

from hubcheck.errors import UnreadableError, printable
from hubcheck.source.interface import Span
from hubcheck.system import read_at, read_into


def read_span(descriptor: int, span: Span) -> bytes:
    """Return the bytes of a span.

    Args:
        descriptor: Of its open file.
        span: Which bytes.

    Raises:
        UnreadableError: the file is shorter than it was.
    """
    data = read_at(descriptor, span.size, span.start)
    if len(data) == span.size:
        return data
    pieces = [data]
    # One call returns at most about 2 GiB, and less on some network filesystems.
    while data:
        done = sum(map(len, pieces))
        data = read_at(descriptor, span.size - done, span.start + done)
        pieces.append(data)
    joined = b"".join(pieces)
    if len(joined) != span.size:
        raise changed(span.path, f"it ends before byte {span.stop}")
    return joined


def fill(descriptor: int, span: Span, place: memoryview) -> None:
    """Read the bytes of a span into a place of its size.

    Raises:
        UnreadableError: the file is shorter than it was.
    """
    done = 0
    while done < span.size:
        n = read_into(descriptor, place[done:], span.start + done)
        if not n:
            raise changed(span.path, f"it ends before byte {span.stop}")
        done += n


def changed(path: str, detail: str) -> UnreadableError:
    """Return the error for a file that is not what it was when it was listed."""
    return UnreadableError(
        f"'{printable(path)}' changed while it was read: {printable(detail)}.",
        cause="another process is writing to or cleaning up this folder.",
        next_step="wait until the model is written completely and run again.",
    )
