"""Is this hostile text one unambiguous JSON object, small enough to hold in memory?

Two readers must never see two different documents, so everything that JSON leaves open is refused:
duplicate keys, other encodings, NaN, lone surrogates. Everything that costs memory or stack out of
proportion to the bytes is refused before or while parsing.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Final, NoReturn

from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.source.json_size import values_at_most

MAX_JSON_BYTES: Final = 32 * 1024 * 1024
"""Largest header or index that is parsed. The file format allows 100 MB; an index of a
trillion-parameter mixture of experts (140,000 names of 110 bytes) needs half of this."""

MAX_JSON_VALUES: Final = 2_500_000
"""Most values and containers in one document, counted before parsing, because an empty list of
three bytes costs twenty times that in memory. A tensor's entry needs about ten."""

_SURROGATE_ESCAPE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_NEXT_STEP: Final = "download the file again; if nothing changes, do not load this model."


def load_object(raw: bytes, what: str) -> dict[str, object]:
    """Parse ``raw`` as one JSON object.

    Args:
        raw: The whole document; trailing spaces are allowed.
        what: What the document is, for messages; already printable.

    Returns:
        The object; its keys are unique at every depth and hold no lone surrogate.

    Raises:
        HostileCheckpointError: ``raw`` is anything else, or passes a cap of this module.
    """
    if len(raw) > MAX_JSON_BYTES:
        _refuse(f"{what} is {len(raw)} bytes long, over the cap of {MAX_JSON_BYTES}.")
    n_values = values_at_most(raw)
    if n_values > MAX_JSON_VALUES:
        _refuse(f"{what} holds about {n_values} values, over the cap of {MAX_JSON_VALUES}.")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        bad = raw[error.start : error.start + 8]
        _refuse(f"{what} is not UTF-8: {bad!r} at byte {error.start}.", error)

    check_text = _SURROGATE_ESCAPE.search(raw) is not None
    sound = None if check_text else _sound(raw, text)
    if sound is not None:
        return sound
    try:
        document = json.loads(
            text,
            object_pairs_hook=_Unique(what, check_text=check_text),
            parse_constant=lambda name: _refuse(f"{what} holds {name}, which JSON does not have."),
        )
    except RecursionError as error:
        _refuse(f"{what} is nested too deeply; it starts with {printable(text[:40])}.", error)
    except ValueError as error:
        _refuse(f"{what} is not valid JSON: {printable(error)}.", error)
    if not isinstance(document, dict):
        _refuse(f"{what} is not a JSON object; it starts with {printable(text[:40])}.")
    return document


def _sound(raw: bytes, text: str) -> dict[str, object] | None:
    """Return the object where it is plain to see that nothing is wrong with it, else None.

    Headers of a large mixture hold 140,000 objects, and the parser alone reads them four times as
    fast as with a call for each. It drops keys that come twice; but every pair costs a colon, so
    where there are no more colons than pairs were kept, none was dropped.
    """
    try:
        document = json.loads(text, parse_constant=_none)
    except (ValueError, RecursionError):
        return None  # what is wrong is told by those who look closer
    if not isinstance(document, dict):
        return None
    kept = len(document) + sum(len(v) for v in document.values() if isinstance(v, dict))
    return document if raw.count(b":") == kept else None


def _none(name: str) -> NoReturn:
    """Refuse a number that JSON does not have."""
    raise ValueError(name)


class _Unique:
    """Builds each JSON object, and refuses one that readers could understand differently."""

    def __init__(self, what: str, *, check_text: bool) -> None:
        """Keep what the document is, and whether its text may hold lone surrogates."""
        self._what = what
        self._check_text = check_text

    def __call__(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        """Return the object of ``pairs``."""
        found = dict(pairs)
        if len(found) < len(pairs):
            twice, _ = Counter(key for key, _ in pairs).most_common(1)[0]
            _refuse(f"{self._what} holds the key '{printable(twice)}' twice.")
        if self._check_text:
            for part in (p for pair in pairs for p in pair if isinstance(p, str)):
                if any("\ud800" <= c <= "\udfff" for c in part):
                    _refuse(f"{self._what} holds half a character in '{printable(part)}'.")
        return found


def shown(value: object) -> str:
    """Return a short printable description of a parsed value; its cost does not grow with it."""
    match value:
        case dict():
            return f"an object of {len(value)} keys"
        case list():
            first = [shown(v) if not isinstance(v, list | dict) else "…" for v in value[:4]]
            return f"[{', '.join(first)}{', …' if len(value) > len(first) else ''}]"
        case str():
            return f"'{printable(value, limit=60)}'"
        case _:
            return printable(json.dumps(value), limit=60)


def _refuse(what: str, source: Exception | None = None) -> NoReturn:
    """Raise the refusal, chained to the parser's own error where there is one."""
    raise HostileCheckpointError(
        what, cause="the file was damaged or built to mislead.", next_step=_NEXT_STEP
    ) from source
