"""Which licences are known, how is each recognised, and what does it ask?

The table is data (``licences.toml``): a licence is added there, without code.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from hubcheck.frozen import frozen

TABLE: Final = Path(__file__).with_name("licences.toml")
MARKED_WITHIN: Final = 6_000
"""Characters of a licence text that are searched: titles and grants stand at the start."""
PERMISSIVE: Final = "permissive"
"""The family of licences that ask for a copy of themselves and little else."""
UNSPECIFIC: Final = frozenset({"", "other", "unknown"})
"""Values of ``license`` that say nothing by themselves."""

_SEPARATORS: Final = re.compile(r"[\s_]+")


class Rule(StrEnum):
    """What a licence may ask of a model made from another; see ``licence_rules``."""

    LICENCE_FILE = "licence-file"
    NOTICE_FILE = "notice-file"
    KEEP_NOTICE = "keep-notice"
    STATE_CHANGES = "state-changes"
    ATTRIBUTION = "attribution"
    NAME_PREFIX = "name-prefix"
    BUILT_WITH = "built-with"
    SAME_LICENCE = "same-licence"
    NON_COMMERCIAL = "non-commercial"
    NO_DERIVATIVES = "no-derivatives"
    USE_POLICY = "use-policy"
    USER_THRESHOLD = "user-threshold"


@frozen
class Ask:
    """One thing that a licence asks."""

    rule: Rule
    clause: str
    """Section of the licence's text."""
    says: str
    prefix: str = ""
    anywhere: bool = False
    """The word may stand anywhere in the name, not only at its start."""
    phrase: str = ""
    """Alternatives are separated by a bar."""
    accepts: tuple[str, ...] = ()
    """Ids of licences that satisfy ``same-licence``; empty: those of the same family."""


@frozen
class Licence:
    """One row of the table."""

    id: str
    title: str
    source: str
    """Where its text stands."""
    tags: tuple[str, ...]
    names: tuple[str, ...]
    marks: tuple[str, ...]
    family: str
    asks: tuple[Ask, ...]


@cache
def licences() -> tuple[Licence, ...]:
    """Return the table.

    Raises:
        ValueError: a row is not well-formed (a fault of the table; a test reads it).
    """
    rows: list[dict[str, Any]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))["licence"]
    asks = {row["id"]: row.get("asks", []) for row in rows}
    return tuple(_licence(row, asks[row.get("like", row["id"])]) for row in rows)


def _licence(row: Mapping[str, Any], asks: list[dict[str, Any]]) -> Licence:
    return Licence(
        id=row["id"],
        title=row["title"],
        source=row["source"],
        tags=tuple(row["tags"]),
        names=tuple(row["names"]),
        marks=tuple(row["marks"]),
        family=row["family"],
        asks=tuple(
            Ask(**{**a, "rule": Rule(a["rule"]), "accepts": tuple(a.get("accepts", ()))})
            for a in asks
        ),
    )


def by_tag(tag: str) -> Licence | None:
    """Return the licence that a card's ``license`` names; hostile text."""
    word = tag.strip().lower()
    return next((one for one in licences() if word in one.tags), None)


def by_name(name: str) -> Licence | None:
    """Return the licence that a card's ``license_name`` names; hostile text."""
    word = _SEPARATORS.sub("-", name.strip().lower())
    return next((one for one in licences() if word in one.names or word in one.tags), None)


def by_text(text: str) -> Licence | None:
    """Return the licence whose text a LICENSE file holds, or None."""
    start = " ".join(text[: 2 * MARKED_WITHIN].lower().split())[:MARKED_WITHIN]
    fitting = [one for one in licences() if one.marks and all(m in start for m in one.marks)]
    # A licence may hold another's text (a modified MIT holds MIT's): the one that asks more is
    # meant, then the one with more phrases found.
    return max(
        fitting,
        key=lambda one: (one.family != PERMISSIVE, sum(map(len, one.marks))),
        default=None,
    )


def holds(text: str, licence: Licence) -> bool:
    """Return whether a text holds a licence's, wherever it stands: a NOTICE may list several.

    All phrases of the licence must stand within ``MARKED_WITHIN`` characters of its first.
    """
    flat = " ".join(text.lower().split())
    if not licence.marks:
        return False
    at = flat.find(licence.marks[0])
    while at >= 0:
        near = flat[max(0, at - MARKED_WITHIN) : at + MARKED_WITHIN]
        if all(mark in near for mark in licence.marks):
            return True
        at = flat.find(licence.marks[0], at + 1)
    return False
