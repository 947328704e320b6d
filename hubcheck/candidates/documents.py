"""How is a document of a model (card, config, tokenizer) read when its author may be hostile?

A document that is not there is ``Absent``, one that cannot be used is ``Malformed``; both are
values with a reason. Only a fault of the source itself (network, budget, access) is raised.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from hubcheck.errors import MissingModelError, UnreadableError, printable
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, Value, phrase
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


@frozen
class Absent:
    """The model has no such document."""


@frozen
class Malformed:
    """The document exists and cannot be used."""

    said: Phrase
    """Why not."""


class Problem(StrEnum):
    """What is wrong with a document that cannot be used; the card has the words."""

    TOO_LARGE = "too-large"
    UNREADABLE = "unreadable"
    MANY_VALUES = "many-values"
    NOT_OBJECT = "not-object"
    NOT_JSON = "not-json"
    NESTED = "nested"
    NOT_UTF8 = "not-utf-8"
    # front matter
    NOT_CLOSED = "not-closed"
    NOT_YAML = "not-yaml"
    # vocabularies
    NO_VOCABULARY = "no-vocabulary"
    NOT_TOKENS = "not-tokens"
    NOT_TIKTOKEN = "not-tiktoken"
    NO_SIZE = "no-size"
    NO_BYTES = "no-bytes"
    NOT_SENTENCEPIECE = "not-sentencepiece"
    MANY_TOKENS = "many-tokens"
    NO_TOKENS = "no-tokens"
    OTHER_TYPE = "token-type"
    ID_TYPE = "id-type"
    ID_RANGE = "id-range"


def unusable(path: str, problem: Problem, **figures: Value) -> Malformed:
    """Return that a document cannot be used, with the figures that its words need."""
    return Malformed(said=phrase(PhraseCode.DOCUMENT, path=path, problem=problem.value, **figures))


@frozen
class JsonDocument:
    """A JSON file whose top level is an object."""

    path: str
    values: Mapping[str, object]
    """Hostile values. Numbers may be NaN or infinite: published configs hold them."""
    duplicates: tuple[str, ...]
    """Keys written twice in one object (at most 16); the last one stands, as for every loader."""


def kind_of(value: object) -> str:
    """Return what sort of JSON or YAML value this is: ``number``, ``list``, ``null`` ..."""
    match value:
        case None:
            return "null"
        case bool():
            return "truth-value"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "mapping"


def read_bytes(source: Source, path: str, *, limit: int) -> bytes | Absent | Malformed:
    """Return a file of at most ``limit`` bytes; one that is not listed costs no request.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    entry = next((e for e in source.files() if e.path == path), None)
    if entry is None:
        return Absent()
    if entry.size > limit:
        return unusable(path, Problem.TOO_LARGE, size=entry.size, limit=limit)
    try:
        return source.read_document(path, limit=limit)
    except MissingModelError:
        return Absent()
    except UnreadableError as fault:
        return unusable(path, Problem.UNREADABLE, detail=printable(fault.what))


def too_many_values(data: bytes, path: str) -> Malformed | None:
    """Return why a document is not parsed, if it could hold more values than are kept."""
    n_values = values_at_most(data)
    if n_values <= MAX_VALUES:
        return None
    return unusable(path, Problem.MANY_VALUES, size=n_values, limit=MAX_VALUES)


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
        return unusable(path, Problem.NOT_OBJECT, kind=kind_of(value))
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
        return unusable(path, Problem.NESTED)
    return unusable(path, Problem.NOT_JSON, detail=printable(fault))
