"""Which models does a text file name, one a line?

``#`` begins a remark, empty lines are passed over, a model that comes twice counts once. The file
is taken for hostile: its length, its number of names and every name are looked at before anything
is done with one.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubcheck.errors import UnreachableError, UsageError, printable
from hubcheck.report.load import regular
from hubcheck.request.options import FOUND
from hubcheck.request.settled import check_inside, inside
from hubcheck.source.reference import HubReference, key_of, local_path, parse_reference

MAX_LIST: Final = 2_000_000
"""Bytes of a list: twenty thousand names of a hundred characters."""
MOST_SUSPECTS: Final = 1_000
"""Suspects of one check, where lists name some: beyond those told in full (``check.in_full``) each
takes 3 KB of report, 0.1 MB of memory and a third of a second of processor."""
NEXT_STEP: Final = "write one model a line."


def names_in(path: Path, *, shown: str, most: int) -> tuple[str, ...]:
    """Return the first names in a list, each once.

    Args:
        path: The file.
        shown: What it is called in messages.
        most: Names that are taken.

    Raises:
        UsageError: it is no list.
    """
    return tuple(dict.fromkeys(name for _, name in _numbered(path, shown)))[:most]


def with_listed(
    suspects: Sequence[str],
    lists: Sequence[str],
    *,
    root: Path,
    also: Sequence[str] = (),
    confined: bool = False,
) -> tuple[str, ...]:
    """Return suspects with those that lists name, each model once, as it is written first.

    Args:
        suspects: Of the command line.
        lists: The files.
        root: The folder that folders are counted from.
        also: Suspects that are tested with them, of a policy file: they count as the others do.
        confined: Somebody else may change the lists: neither they nor what they name lie outside of
            the folder.

    Raises:
        UsageError: one is no list or has no name, a line is no name of a model, or all together
            name too many.
    """
    named: dict[str, str] = {}
    for name in suspects:
        named.setdefault(_key_if_any(name, root), name)
    others = {_key_if_any(name, root) for name in also if name != "none"} - named.keys()
    for shown in lists:
        # Where it is confined no tilde is a home: what lies inside is what is read.
        path = inside(root, shown, what="suspects-file") if confined else local_path(shown, root)
        lines = _numbered(path, shown)
        if not lines:
            raise UsageError(
                f"{_said(shown)} names no model.",
                cause="it is empty, or all remarks.",
                next_step=NEXT_STEP,
            )
        if confined:
            check_inside((name for _, name in lines), root, what=_said(shown))
        first: dict[str, int] = {}
        for number, name in lines:
            first.setdefault(name, number)
        for name, number in first.items():  # a repeated line is not looked up again
            key = _key_of_line(number, name, shown, root)
            named.setdefault(key, name)
            others.discard(key)
            if len(named) + len(others) > MOST_SUSPECTS:
                raise UsageError(
                    f"{_said(shown)} makes more than {MOST_SUSPECTS} suspects, with what else is "
                    "named.",
                    cause="each weakens what the others can show, and the report must be readable.",
                    next_step="name fewer, or let `hubcheck catalogue` find which are near.",
                )
    return tuple(named.values())


def _key_if_any(name: str, root: Path) -> str:
    """Return the key of a model; what is searched for, or is no name, stands for itself."""
    if name not in FOUND:
        with suppress(UsageError):  # told where it is read
            return _key(name, root)
    return name


def _key_of_line(number: int, name: str, shown: str, root: Path) -> str:
    if name in FOUND:
        raise UsageError(
            f"line {number} of {_said(shown)} is '{name}', which names no model.",
            cause="what is searched for stands on the command line.",
            next_step=f"give --suspect {name}; a folder of that name is ./{name}.",
        )
    try:
        return _key(name, root)
    except (UsageError, UnreachableError) as error:  # a folder that is not there is the latter
        raise type(error)(
            f"line {number} of {_said(shown)}: {error.what}",
            cause=error.cause,
            next_step=error.next_step,
        ) from error


def _key(name: str, root: Path) -> str:
    # A second revision of a model is kept: a check of both is refused, with its reason.
    reference = parse_reference(name, root=root)
    revision = reference.revision if isinstance(reference, HubReference) else ""
    return f"{key_of(reference)}@{revision}"


def _said(shown: str) -> str:
    return f"the list '{printable(shown)}'"


def _numbered(path: Path, shown: str) -> list[tuple[int, str]]:
    """Return every name with the number of its line."""
    said = _said(shown)
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
    return [(number, line) for number, line in lines if line]


def _unreadable(said: str, why: object) -> UsageError:
    return UsageError(
        f"{said} cannot be read: {printable(why)}.",
        cause="it is not there, no text in UTF-8, or not yours to read.",
        next_step=NEXT_STEP,
    )
