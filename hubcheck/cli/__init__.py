"""What did the user ask? A module a command; ``main`` is the way in, for every caller."""

from __future__ import annotations

import sys
from collections.abc import Sequence

__all__ = ["main"]

STOPPED = 130
"""What a shell says of a command that was interrupted."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    try:  # the commands are imported here, so that stopping them in their first moment says so
        from hubcheck.cli.entry import main as run

        return run(argv)
    except KeyboardInterrupt:
        print("hubcheck: stopped", file=sys.stderr)
        return STOPPED
