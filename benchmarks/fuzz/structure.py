"""What does a document look like whose form is right and whose content cannot be?

Bytes that are changed at random seldom get past a schema. Here lists are repeated, turned round,
cut and emptied, and leaves get values of their own kind that no honest writer would write.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any, Final

NUMBERS: Final = (0, -1, 1, 2**31, 2**63, 10**30, 1e308, -1e308, 5e-324, 0.5)
TEXTS: Final = ("", "x" * 300, "<img src=x>", "|`|\n", "\u202e")

Place = tuple[str | int, ...]


def places(document: Any, at: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yield where every value of a JSON document lies, and the value."""
    yield at, document
    if isinstance(document, dict):
        for key, value in document.items():
            yield from places(value, (*at, key))
    elif isinstance(document, list):
        for i, value in enumerate(document):
            yield from places(value, (*at, i))


def restructured(document: Any, chance: random.Random) -> Any:
    """Return a copy in which one to four values are others of the same kind."""
    changed = copy.deepcopy(document)
    for _ in range(chance.choice((1, 1, 2, 4))):
        known = [(at, value) for at, value in places(changed) if at]
        if not known:
            break
        at, value = chance.choice(known)
        holder = changed
        for key in at[:-1]:
            holder = holder[key]
        holder[at[-1]] = _other(at[-1], value, known, chance)
    return changed


def _other(
    key: str | int, value: Any, known: list[tuple[Place, Any]], chance: random.Random
) -> Any:
    match value:
        case [_, *_]:
            repeated = [*value, copy.deepcopy(chance.choice(value))]
            shuffled = chance.sample(repeated, len(repeated))
            return chance.choice((repeated, shuffled, value[::-1], value[1:], value * 2, []))
        case bool():
            return not value
        case int() | float():
            return chance.choice((*NUMBERS, value + 1, -value, value * 1000))
        case str():
            texts = [text for _, text in known if isinstance(text, str)]
            return chance.choice((chance.choice(texts), *TEXTS))
        case _:
            alike = [one for at, one in known if at[-1] == key]
            return copy.deepcopy(chance.choice((*alike, None)))
