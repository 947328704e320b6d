"""What does an in-toto statement claim, and about which files?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from hubcheck.checkpoint.strict_json import load_object, shown
from hubcheck.errors import UnreadableError
from hubcheck.frozen import frozen

STATEMENT: Final = "https://in-toto.io/Statement/v1"
MAX_SUBJECTS: Final = 100_000
"""Files of one statement; a model in a hundred thousand files is none."""
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")


@frozen
class Statement:
    """A claim about files; hostile."""

    digests: Mapping[str, str]
    """Lower-case sha256 by the name of each subject."""
    predicate_type: str
    predicate: Mapping[str, Any]
    document: Mapping[str, Any]
    """All of it, as it was parsed."""


def read_statement(payload: bytes, what: str) -> Statement:
    """Return what a statement claims.

    Args:
        payload: Its JSON.
        what: What it is called in messages; printable.

    Raises:
        UnreadableError: it is no statement of in-toto's version 1 about files by their sha256.
    """
    document = load_object(payload, what)
    kind, subjects = document.get("_type"), document.get("subject")
    predicate_type, predicate = document.get("predicateType"), document.get("predicate")
    if kind != STATEMENT:
        raise _not_one(what, f"its type is {shown(kind)}")
    if not isinstance(subjects, list) or not 1 <= len(subjects) <= MAX_SUBJECTS:
        raise _not_one(what, "it names no file, or too many")
    if not isinstance(predicate_type, str) or not isinstance(predicate, dict):
        raise _not_one(what, "it has no predicate")
    digests: dict[str, str] = {}
    for subject in subjects:
        name, sha256 = _subject(subject)
        if not name or _SHA256.fullmatch(sha256) is None:
            raise _not_one(what, "a subject has no name, or no sha256")
        if digests.setdefault(name, sha256.lower()) != sha256.lower():
            raise _not_one(what, f"it states two digests of {shown(name)}")
    return Statement(
        digests=digests, predicate_type=predicate_type, predicate=predicate, document=document
    )


def _subject(subject: object) -> tuple[str, str]:
    digest = subject.get("digest") if isinstance(subject, dict) else None
    if not isinstance(subject, dict) or not isinstance(digest, dict):
        return "", ""
    name, sha256 = subject.get("name"), digest.get("sha256")
    return (name, sha256) if isinstance(name, str) and isinstance(sha256, str) else ("", "")


def _not_one(what: str, why: str) -> UnreadableError:
    return UnreadableError(
        f"{what} is no in-toto statement about files: {why}.",
        cause="it is a document of another kind.",
        next_step="give what `hubcheck export --format in-toto` wrote, signed or not.",
    )
