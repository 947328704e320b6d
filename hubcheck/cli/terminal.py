"""What does a command show on the terminal while it works?"""

from __future__ import annotations

import sys
from collections.abc import Callable


def progress_line() -> Callable[[str], None]:
    """Return a progress line on stderr: redrawn on a terminal, line by line in a log."""
    if not sys.stderr.isatty():
        return lambda text: print(f"hubcheck: {text}", file=sys.stderr, flush=True)
    return lambda text: print(f"\r\x1b[2Khubcheck: {text}", end="", file=sys.stderr, flush=True)


def clear_progress() -> None:
    """Clear the progress line of a terminal."""
    if sys.stderr.isatty():
        print("\r\x1b[2K", end="", file=sys.stderr, flush=True)


def show_nothing(_text: str) -> None:
    """Show nothing: the main process speaks for all."""
