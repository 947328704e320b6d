"""How is a report read back, of this schema or an older one?

Reports of schema 1 hold sentences where later ones hold phrases; they are taken as they stand
(``PhraseCode.TEXT``) and rendered like any other. What is newer by a major version is refused: its
fields may mean something else.
"""

from __future__ import annotations

import contextlib
import json
import re
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from hubcheck.errors import UsageError, printable
from hubcheck.report.schema import SCHEMA_VERSION, Report

MAX_REPORT: Final = 64_000_000
"""Bytes of a report that are read back; a check of twenty bases writes well under one million."""
LARGEST: Final = 2**63
"""No count, size or seed of a report reaches it; beyond 10^308 a quotient is no float any more."""
NEWEST: Final = int(SCHEMA_VERSION.partition(".")[0])


def load_report(source: Path | str) -> Report:
    """Return a report from its file, or from its JSON text.

    Args:
        source: A path, or the text of a ``report.json``: what begins with a brace is text.

    Raises:
        UsageError: it is missing, too large, of a newer schema, or no report.
    """
    if isinstance(source, str):
        if source.lstrip().startswith("{"):
            return _parsed(source.encode("utf-8", "replace"), "the text")
        source = Path(source)
    shown = f"'{printable(source)}'"
    if not regular(source):
        what = f"{shown} cannot be read: it is no file."
        raise UsageError(
            what, cause="it is not there, or a pipe.", next_step="name the report.json of a check."
        )
    try:
        size = source.stat().st_size
        data = source.read_bytes() if size <= MAX_REPORT else b""
    except OSError as error:
        what = f"{shown} cannot be read: {error.strerror}."
        raise UsageError(
            what, cause="the path is wrong.", next_step="name the report.json of a check."
        ) from error
    if size > MAX_REPORT:
        raise _too_large(shown, size)
    return _parsed(data, shown)


def regular(path: Path) -> bool:
    """Return whether a path names a file: opening anything else could wait for ever."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def schema_of(raw: object) -> tuple[int, int]:
    """Return the schema version of a report's JSON, (0, 0) where it states none."""
    stated = raw.get("schema_version") if isinstance(raw, dict) else None
    major, _, minor = stated.partition(".") if isinstance(stated, str) else ("", "", "")
    return _number(major), _number(minor)


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"[0-9]{1,5}", text) else 0


def _too_large(shown: str, size: int) -> UsageError:
    what = f"{shown} has {size} bytes."
    return UsageError(what, cause="it is not a report.", next_step="name report.json.")


class LargeNumberError(ValueError):
    """A report holds a whole number that no report holds."""


def report_in(data: bytes) -> Report:
    """Return the report that bytes hold, of this schema or an older one; whoever wrote them.

    Raises:
        LargeNumberError: a whole number in it is larger than any count, size or seed.
        pydantic.ValidationError: it is no report.
    """
    with contextlib.suppress(RecursionError, json.JSONDecodeError, UnicodeDecodeError):
        json.loads(data, parse_int=_bounded)  # what else is wrong the validator says better
    return Report.model_validate_json(data)


def _bounded(digits: str) -> int:
    if len(digits) > len(str(LARGEST)) + 1 or abs(int(digits)) >= LARGEST:
        raise LargeNumberError(f"it holds a whole number of {len(digits.lstrip('-'))} digits")
    return 0


def _parsed(data: bytes, shown: str) -> Report:
    if len(data) > MAX_REPORT:
        raise _too_large(shown, len(data))
    try:
        version = schema_of(json.loads(data))
    except (ValueError, RecursionError):
        version = (0, 0)  # the validator says where it goes wrong
    if version[0] > NEWEST:
        what = f"{shown} is a report of schema {version[0]}.{version[1]}."
        cause = f"a newer hubcheck wrote it; this one reads up to {SCHEMA_VERSION}."
        raise UsageError(what, cause=cause, next_step="upgrade hubcheck.")
    try:
        return report_in(data)
    except LargeNumberError as error:
        what = f"{shown} is not a hubcheck report: {error}."
        raise UsageError(
            what, cause="it was written by something else.", next_step="run the check again."
        ) from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the top level"
        what = f"{shown} is not a hubcheck report: {printable(where)}: {printable(first['msg'])}."
        raise UsageError(
            what, cause="another file, or another version.", next_step="run the check again."
        ) from error
