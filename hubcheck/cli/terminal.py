"""What does a command show where it is run: progress, colour, and letters that the place can show?

The result goes to stdout, everything else to stderr. Progress is redrawn on a terminal; in a log a
line stands only once a while, for nobody reads thirty of them about a check of two seconds.
"""

from __future__ import annotations

import argparse
import codecs
import os
import shutil
import sys
import time
import unicodedata
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Final, TextIO

from hubcheck.errors import FaultLine, UsageError, printable
from hubcheck.frozen import frozen

IN_LOG: Final = 10.0
"""Seconds between two lines of progress where lines stay."""
CLEAR: Final = "\r\x1b[2K"
PLAIN: Final = "hubcheck.plain"
"""The error handler of streams that cannot show every letter."""
SUBSTITUTES: Final = {
    "…": "...",
    "─": "-",
    "│": "|",
    "├": "|",
    "└": "`",
    "✓": "x",
    "○": "-",
    "²": "^2",
    "×": "x",
    "·": "-",
    "–": "-",
    "—": "-",
    "’": "'",
    "“": '"',
    "”": '"',
}
"""What stands for the letters that hubcheck itself writes."""


@frozen
class Manner:
    """How much is shown, and how."""

    quiet: bool = False
    """Whether stderr carries errors alone."""
    colour: bool = False
    width: int = 0
    """Columns of the terminal that the result goes to; 0: none, a line is as long as it is."""


MANNER: Final[ContextVar[Manner]] = ContextVar("MANNER", default=Manner())  # noqa: B039 - it is frozen
"""Set once, by ``main``: what is shown is no part of what is asked for."""


def add_manner(parser: argparse.ArgumentParser) -> None:
    """Add how much is shown to the parser of a command."""
    shown = parser.add_argument_group("what is shown")
    # No default: what is said before the command must not be forgotten by the command.
    shown.add_argument(
        "-q",
        "--quiet",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show the result and errors, nothing else",
    )
    shown.add_argument(
        "--no-color",
        action="store_true",
        default=argparse.SUPPRESS,
        help="no colours; they are never sent to a file, nor where NO_COLOR is set",
    )


def manner_of(
    arguments: argparse.Namespace, environment: Mapping[str, str], stdout: TextIO
) -> Manner:
    """Return how a command is to show what it has to say.

    Args:
        arguments: Parsed; see ``add_manner``.
        environment: ``NO_COLOR`` (whatever it holds), ``TERM=dumb`` and ``COLUMNS`` count.
        stdout: Where the result goes.
    """
    on_terminal = stdout.isatty()
    plain = environment.get("NO_COLOR") or environment.get("TERM") == "dumb"
    return Manner(
        quiet=getattr(arguments, "quiet", False),
        colour=on_terminal and not plain and not getattr(arguments, "no_color", False),
        width=shutil.get_terminal_size().columns if on_terminal else 0,
    )


def tell(text: str) -> None:
    """Say one line on stderr, unless the user wants it quiet."""
    if not MANNER.get().quiet:
        print(f"hubcheck: {text}", file=sys.stderr, flush=True)


def say(result: str) -> None:
    """Write a result to stdout; whoever reads it may stop reading, which changes no exit code.

    Raises:
        UsageError: stdout takes nothing, a full disk for example.
    """
    try:
        print(result, end="", flush=True)
    except BrokenPipeError:
        stop_writing()
    except OSError as error:
        stop_writing()
        raise UsageError(
            f"The result cannot be written to stdout: {printable(error.strerror)}.",
            cause="it goes to a file or device without room.",
            next_step="send it elsewhere; what --out names was written before it.",
        ) from error


def stop_writing() -> None:
    """Send what is still to come on stdout nowhere, so that Python's end finds nothing to do."""
    try:
        descriptor = sys.stdout.fileno()
    except (OSError, ValueError):  # no stream of this process
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, descriptor)
    os.close(nowhere)


def open_closed_streams() -> None:
    """Give a command that was started without stdout or stderr ones that lead nowhere."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - held to the end


def progress_line(clock: Callable[[], float] = time.monotonic) -> Callable[[str], None]:
    """Return what shows progress on stderr: a line redrawn on a terminal, now and then in a log.

    Where a fault of hubcheck lies is always said.
    """
    show = _progress(clock)

    def fault_or_progress(text: str) -> None:
        if isinstance(text, FaultLine):
            clear_progress()
            print(f"hubcheck: {text}", file=sys.stderr, flush=True)
        else:
            show(text)

    return fault_or_progress


def _progress(clock: Callable[[], float]) -> Callable[[str], None]:
    if MANNER.get().quiet:
        return show_nothing
    if sys.stderr.isatty():
        return _redraw
    shown = clock()

    def now_and_then(text: str) -> None:
        nonlocal shown
        if clock() - shown >= IN_LOG:
            shown = clock()
            print(f"hubcheck: {text}", file=sys.stderr, flush=True)

    return now_and_then


def _redraw(text: str) -> None:
    # One line: a longer one would leave its beginning behind when it is cleared.
    room = shutil.get_terminal_size().columns - len("hubcheck: ") - 1
    shown = text if len(text) <= room else text[: max(room - 1, 0)] + "…"
    print(f"{CLEAR}hubcheck: {shown}", end="", file=sys.stderr, flush=True)


def clear_progress() -> None:
    """Clear the progress line of a terminal."""
    if sys.stderr.isatty() and not MANNER.get().quiet:
        print(CLEAR, end="", file=sys.stderr, flush=True)


def show_nothing(_text: str) -> None:
    """Show nothing: the main process speaks for all."""


def show_every_letter() -> None:
    """See to it that no letter ends a command: what stdout cannot show is written plainly.

    A stream of ASCII or of an old code page would raise ``UnicodeEncodeError`` after all the work.
    """
    codecs.register_error(PLAIN, plainly)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=PLAIN)


def as_utf8() -> None:
    """See to it that stdout carries a document as it would stand in its file: UTF-8, as it is."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None and not sys.stdout.isatty():
        reconfigure(encoding="utf-8", newline="\n")


def plainly(error: UnicodeError) -> tuple[str, int]:
    """Return what is written for letters that a stream cannot show; a codec's error handler."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(map(_plain, letters)), error.end


def _plain(letter: str) -> str:
    known = SUBSTITUTES.get(letter)
    if known is not None:
        return known
    base = "".join(c for c in unicodedata.normalize("NFKD", letter) if c.isascii())
    return base if base.isprintable() and base else ascii(letter)[1:-1]
