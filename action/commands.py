"""How is the runner spoken to?

Workflow commands on stdout, outputs and the summary through files. Every value is escaped for its
place: a command ends at a line break and a property at a comma, an output ends at a line that
nobody can guess.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from hubcheck.card.escaping import plain_text

SUMMARY_LIMIT: Final = 1_000_000
"""Bytes of a step's summary; above 1 MiB GitHub drops all of it, so some room is left."""
OUTPUT_LIMIT: Final = 1_000
"""Characters of one output: values, never documents."""
MESSAGE_LIMIT: Final = 1_500

Write = Callable[[str], None]


def to_log(text: str) -> None:
    """Write one line to the job's log, at once."""
    print(text, file=sys.stdout, flush=True)


def mask(secret: str, write: Write = to_log) -> None:
    """Tell the runner to star a secret out of every later line."""
    for line in secret.splitlines():
        if line.strip():
            write(f"::add-mask::{_data(line)}")


def log(text: str, write: Write = to_log) -> None:
    """Write a plain line: nothing in it is a command, nothing moves a cursor."""
    write(f"hubcheck: {plain_text(text, limit=MESSAGE_LIMIT)}")


def annotate(
    level: str,
    message: str,
    *,
    title: str = "hubcheck",
    file: str = "",
    line: int = 0,
    write: Write = to_log,
) -> None:
    """Write a notice, a warning or an error that the run page shows.

    Args:
        level: notice, warning or error.
        message: May hold hostile text.
        title: Of the annotation.
        file: Path in the repository that it is pinned to.
        line: In that file, from 1; 0: none.
        write: Takes the line.
    """
    properties = [f"title={_property(plain_text(title))}"]
    if file:
        properties.insert(0, f"file={_property(plain_text(file, limit=400))}")
        if line > 0:
            properties.insert(1, f"line={line}")
    shown = _data(plain_text(message, limit=MESSAGE_LIMIT))
    write(f"::{level} {','.join(properties)}::{shown}")


def write_outputs(path: Path | None, values: Mapping[str, str]) -> None:
    """Append the step's outputs, each one line of at most ``OUTPUT_LIMIT`` characters.

    Raises:
        OSError: the file cannot be written to.
    """
    if path is None:
        return
    lines = []
    for name, value in values.items():
        end = f"hubcheck_{secrets.token_hex(16)}"
        text = plain_text(value, limit=OUTPUT_LIMIT) if value else ""
        lines.append(f"{name}<<{end}\n{text}\n{end}\n")
    with path.open("a", encoding="utf-8", newline="\n") as file:
        file.write("".join(lines))


def write_summary(path: Path | None, text: str, *, limit: int = SUMMARY_LIMIT) -> bool:
    """Append to the job summary; return False when it does not fit beside what is there.

    Raises:
        OSError: the file cannot be written to.
    """
    if path is None:
        return True
    there = path.stat().st_size if path.exists() else 0
    data = (text.rstrip("\n") + "\n\n").encode("utf-8", "replace")
    if there + len(data) > limit:
        return False
    with path.open("ab") as file:
        file.write(data)
    return True


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
