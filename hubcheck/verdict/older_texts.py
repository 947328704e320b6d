"""What of an older report is a text, or no field at all, where a new report has a code?

Schema 1.0 says in sentences what later ones say in codes, and 2.0 has texts for hints and places.
Such a text is not held against a code; every number, word of a closed list and flag is, whatever
schema a report states: a report says itself of which schema it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from hubcheck.report.hints import hint_of
from hubcheck.report.phrases import PhraseCode
from hubcheck.verdict.differences import equal, is_of_machine

OLDER: Final = frozenset({(1, 0), (2, 0)})
"""The schemas that were written before this one; what states another gets no exemption."""
SENTENCES: Final = (1, 0)
"""The schema whose reports say everything in sentences, and lack the fields of ``ADDED``."""
ADDED: Final = frozenset(
    {
        "behaviour",
        "declared.places",
        "findings[].account",
        "findings[].alignment",
        "findings[].base.signatures",
        "findings[].base.weights_digest",
        "findings[].evidence[].kept_interval",
        "findings[].evidence[].nearest",
        "findings[].kept_interval",
        "findings[].other_layers",
        "findings[].parts[].not_compared",
        "findings[].ruled_out",
        "findings[].taught",
        "findings[].tried",
        "policy.signers",
        "public_hub",
        "search.catalogue",
        "subject.disagreements",
        "subject.signatures",
    }
)
"""Fields that no report of schema 1.0 has. Every other one it wrote always: one that is left out is
a difference."""
NUMBER: Final = re.compile(r"\[[0-9]+\]")


def lacking(raw: object, given: object, again: object, *, schema: tuple[int, int]) -> Iterator[str]:
    """Yield the paths of what a report of an older schema cannot be held against.

    Args:
        raw: The JSON that was given.
        given: The same as it was read.
        again: The report made again.
        schema: That the report states.
    """
    return (path for path, agrees in _told(raw, given, again, schema) if not agrees)


def retold(raw: object, given: object, again: object, *, schema: tuple[int, int]) -> Iterator[str]:
    """Yield the paths of texts of an older schema that say what the new code says, word by word.

    Args:
        raw: The JSON that was given.
        given: The same as it was read.
        again: The report made again.
        schema: That the report states.
    """
    return (path for path, agrees in _told(raw, given, again, schema) if agrees)


def _told(
    raw: object, given: object, again: object, schema: tuple[int, int]
) -> Iterator[tuple[str, bool]]:
    """Yield each path that is exempt in a report of an older schema, and whether it agrees."""
    return _texts(raw, given, again, schema, "") if schema in OLDER else iter(())


def _texts(
    raw: Any, given: Any, again: Any, schema: tuple[int, int], path: str
) -> Iterator[tuple[str, bool]]:
    """Yield each path that is exempt, and whether its text says the same."""
    if equal(given, again):
        return
    if _is_text(raw, given, again, path):
        yield path, isinstance(raw, str) and again == [_code_of(raw)]
    elif isinstance(raw, dict) and isinstance(given, dict) and isinstance(again, dict):
        for key, value in again.items():
            inner = f"{path}.{key}" if path else str(key)
            if key in raw:
                yield from _texts(raw[key], given.get(key), value, schema, inner)
            elif _was_added(inner, schema) and not equal(given.get(key), value):
                yield inner, False
    elif isinstance(raw, list) and isinstance(given, list) and isinstance(again, list):
        was = [(a, b) for a, b in zip(raw, given, strict=False) if not is_of_machine(b)]
        now = [one for one in again if not is_of_machine(one)]
        for n, (old, new) in enumerate(zip(was, now, strict=False)):
            yield from _texts(*old, new, schema, f"{path}[{n}]")


def _was_added(path: str, schema: tuple[int, int]) -> bool:
    return schema == SENTENCES and NUMBER.sub("[]", path) in ADDED


def _is_text(raw: Any, given: Any, again: Any, path: str) -> bool:
    """Return whether a text stands where the new report has codes: at least one."""
    if not (_is_said(raw) and raw):
        return False
    if isinstance(again, dict) and "code" not in again:  # what was one sentence is numbers now
        return isinstance(given, dict) and _are_texts(given.get("stated"))
    in_phrase = ".params." in path and given == raw  # what a phrase holds is read as it stands
    return _are_codes(again) and (_are_texts(given) or in_phrase)


def _is_said(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, list) and all(isinstance(one, str) for one in value)
    )


def _are_codes(value: Any) -> bool:
    """Return whether a value is a phrase, or phrases."""
    rows: list[Any] = value if isinstance(value, list) else [value]
    return bool(rows) and all(isinstance(one, dict) and "code" in one for one in rows)


def _are_texts(value: Any) -> bool:
    """Return whether a value is phrases that are plain sentences: what a text was read as."""
    rows: list[Any] = value if isinstance(value, list) else [value]
    return _are_codes(rows) and all(one["code"] == PhraseCode.TEXT for one in rows)


def _code_of(said: str) -> dict[str, object]:
    hint = hint_of(said)
    return {"code": hint.code.value, "params": dict(hint.params)}
