"""How is a document of a model (card, config, tokenizer) read when its author may be hostile?

A document that is not there is ``Absent``, one that cannot be used is ``Malformed``; both are
values with a reason. Only a fault of the source itself (network, budget, access) is raised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hubcheck.errors import MissingModelError, UnreadableError, printable
from hubcheck.source.interface import Source
from hubcheck.source.json_size import values_at_most

CARD_LIMIT: Final = 5_000_000
"""Bytes of a README.md. The largest published cards hold thousands of scores, below 1 MB."""
CONFIG_LIMIT: Final = 2_000_000
"""Bytes of a config. Published ones are kilobytes; quantisation lists reach some 100 kB."""
TOKENIZER_LIMIT: Final = 40_000_000
"""Bytes of a tokenizer file (DESIGN section 7)."""
MAX_VALUES: Final = 2_500_000
"""Most values and containers of a JSON document, counted before parsing: an empty list of three
bytes costs sixty in memory. The largest published tokenizer (900,000 pieces with their scores) has
1.8 million."""
MAX_DUPLICATES: Final = 16
"""Repeated keys that are remembered; a hostile file may repeat a million."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """The model has no such document."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """The document exists and cannot be used."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonDocument:
    """A JSON file whose top level is an object."""

    path: str
    values: Mapping[str, object]
    """Hostile values. Numbers may be NaN or infinite: published configs hold them."""
    duplicates: tuple[str, ...]
    """Keys written twice in one object (at most 16); the last one stands, as for every loader."""


def kind_in_words(value: object) -> str:
    """Return what sort of JSON or YAML value this is: ``a number``, ``a list``, ``null`` ..."""
    match value:
        case None:
            return "null"
        case bool():
            return "a truth value"
        case int() | float():
            return "a number"
        case str():
            return "a text"
        case list():
            return "a list"
        case _:
            return "a mapping"


def read_bytes(source: Source, path: str, *, limit: int) -> bytes | Absent | Malformed:
    """Return a file of at most ``limit`` bytes; one that is not listed costs no request.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    entry = next((e for e in source.files() if e.path == path), None)
    if entry is None:
        return Absent(reason=f"the model has no {path}")
    if entry.size > limit:
        return Malformed(
            reason=f"{path} has {entry.size} bytes, more than the {limit} that are read"
        )
    try:
        return source.read_document(path, limit=limit)
    except MissingModelError:
        return Absent(reason=f"{path} is listed but not there")
    except UnreadableError as fault:
        return Malformed(reason=f"{path} cannot be read: {printable(fault.what)}")


def too_many_values(data: bytes, path: str) -> Malformed | None:
    """Return why a document is not parsed, if it could hold more values than are kept."""
    n_values = values_at_most(data)
    if n_values <= MAX_VALUES:
        return None
    return Malformed(
        reason=f"{path} holds about {n_values} values, more than the {MAX_VALUES} that are read"
    )


def parse_json(data: bytes, path: str) -> object | Malformed:
    """Return any JSON value, without a check for repeated keys (fast; for vocabularies)."""
    refusal = too_many_values(data, path)
    if refusal is not None:
        return refusal
    try:
        value: object = json.loads(data)
    except (ValueError, RecursionError) as fault:
        return _not_json(path, fault)
    return value


def parse_json_object(data: bytes, path: str) -> JsonDocument | Malformed:
    """Return a JSON object with the keys that it repeats, or why there is none.

    Args:
        data: The file, in UTF-8, UTF-16 or UTF-32.
        path: Its name, for the reason.
    """
    refusal = too_many_values(data, path)
    if refusal is not None:
        return refusal
    duplicates: list[str] = []

    def last_wins(pairs: list[tuple[str, object]]) -> dict[str, object]:
        values = dict(pairs)
        if len(values) < len(pairs) and len(duplicates) < MAX_DUPLICATES:
            seen: set[str] = set()
            repeated = [k for k, _ in pairs if k in seen or seen.add(k)]  # type: ignore[func-returns-value]
            duplicates.extend(dict.fromkeys(repeated))
            del duplicates[MAX_DUPLICATES:]
        return values

    try:
        value: object = json.loads(data, object_pairs_hook=last_wins)
    except (ValueError, RecursionError) as fault:
        return _not_json(path, fault)
    if not isinstance(value, dict):
        return Malformed(reason=f"{path} holds {kind_in_words(value)}, not an object")
    return JsonDocument(path=path, values=value, duplicates=tuple(duplicates))


def read_json_object(
    source: Source, path: str, *, limit: int = CONFIG_LIMIT
) -> JsonDocument | Absent | Malformed:
    """Read one JSON object (``config.json``, ``adapter_config.json``) of a model.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    data = read_bytes(source, path, limit=limit)
    return parse_json_object(data, path) if isinstance(data, bytes) else data


def _not_json(path: str, fault: ValueError | RecursionError) -> Malformed:
    """Say why the text is not usable JSON; ``ValueError`` covers bad UTF-8 and giant integers."""
    if isinstance(fault, RecursionError):
        return Malformed(reason=f"{path} is nested too deeply")
    return Malformed(reason=f"{path} is not JSON: {printable(fault)}")
