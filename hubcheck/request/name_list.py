"""Which models does a text file name, one a line?

``#`` begins a remark, empty lines are passed over, a name that comes twice counts once. The file is
taken for hostile: its length, its number of names and every name are looked at before anything is
done with one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hubcheck.errors import UsageError, printable
from hubcheck.report.load import regular
from hubcheck.request.options import FOUND
from hubcheck.source.reference import parse_reference

MAX_LIST: Final = 2_000_000
"""Bytes of a list: twenty thousand names of a hundred characters."""
MOST_SUSPECTS: Final = 1_000
"""Suspects that one check takes from a list: each makes 23 KB of report and more, and a report of
more than 64 MB is not read back."""
NEXT_STEP: Final = "write one model a line."


def names_in(path: Path, *, shown: str, most: int) -> tuple[str, ...]:
    """Return the names in a list, in its order.

    Args:
        path: The file.
        shown: What it is called in messages.
        most: Names that are taken.

    Raises:
        UsageError: it is no list, or has more names.
    """
    return tuple(dict.fromkeys(name for _, name in _numbered(path, shown=shown, most=most)))


def suspects_in(path: Path, *, shown: str, root: Path) -> tuple[str, ...]:
    """Return the suspects that a list names.

    Args:
        path: The file.
        shown: What it is called in messages.
        root: The folder that folders are counted from.

    Raises:
        UsageError: it is no list, has no name or too many, or a line is no name of a model.
    """
    found = _numbered(path, shown=shown, most=MOST_SUSPECTS)
    said = f"the list '{printable(shown)}'"
    if not found:
        raise UsageError(
            f"{said} names no model.", cause="it is empty, or all remarks.", next_step=NEXT_STEP
        )
    for number, name in found:
        if name in FOUND:
            raise UsageError(
                f"line {number} of {said} is '{name}', which names no model.",
                cause="what is searched for stands on the command line.",
                next_step=f"give --suspect {name}; a folder of that name is ./{name}.",
            )
        try:
            parse_reference(name, root=root)
        except UsageError as error:
            raise UsageError(
                f"line {number} of {said}: {error.what}",
                cause=error.cause,
                next_step=error.next_step,
            ) from error
    return tuple(dict.fromkeys(name for _, name in found))


def _numbered(path: Path, *, shown: str, most: int) -> list[tuple[int, str]]:
    """Return every name with the number of its line."""
    said = f"the list '{printable(shown)}'"
    if not regular(path):  # opening a pipe would wait for ever
        raise _unreadable(said, "there is no such file")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_LIST + 1)
        text = data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(said, error) from error
    if len(data) > MAX_LIST:
        raise UsageError(
            f"{said} is longer than {MAX_LIST} bytes.",
            cause="it is another file.",
            next_step=NEXT_STEP,
        )
    lines = enumerate((line.partition("#")[0].strip() for line in text.split("\n")), 1)
    found = [(number, line) for number, line in lines if line]
    if len({name for _, name in found}) > most:
        raise UsageError(
            f"{said} names more than {most} models.",
            cause="each weakens what the others can show, and the report must be readable.",
            next_step="name fewer, or let `hubcheck catalogue` find which of them are near.",
        )
    return found


def _unreadable(said: str, why: object) -> UsageError:
    return UsageError(
        f"{said} cannot be read: {printable(why)}.",
        cause="it is not there, no text in UTF-8, or not yours to read.",
        next_step=NEXT_STEP,
    )
