"""Where does a command leave the one document it makes: on standard output, or in a file?"""

from __future__ import annotations

from pathlib import Path

from hubcheck.cli.terminal import as_utf8, say, tell
from hubcheck.errors import UsageError, printable


def leave(text: str, out: Path | None) -> None:
    """Print a document, or write it where ``--out`` says; UTF-8 with line feeds in both.

    Raises:
        UsageError: The file cannot be written.
    """
    if out is None:
        as_utf8()
        say(text)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(
            f"'{printable(out)}' cannot be written: {error.strerror}.",
            cause="the folder is missing, or not yours to write to.",
            next_step="name a file in a folder that is there, by --out.",
        ) from error
    tell(f"wrote {printable(out)}")
