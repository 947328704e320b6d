"""Which bases did earlier revisions of a model's card name?

Cards are edited after questions are asked. The history is read backwards in a few steps: one
request a commit tells whether its card is another file, and only other files are read.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from hubcheck.candidates.declared import DeclaredBase
from hubcheck.candidates.documents import Malformed
from hubcheck.candidates.front_matter import CARD_PATH, FrontMatter, parse_front_matter
from hubcheck.candidates.hub_index import HubIndex
from hubcheck.candidates.leaked import card_names
from hubcheck.candidates.repository_name import RepositoryName, parse_repository_name
from hubcheck.report.hints import at_key
from hubcheck.report.phrases import Phrase, PhraseCode, phrase

MAX_COMMITS: Final = 6
"""Commits looked at, spread over the history, the oldest always among them."""
MAX_CARD: Final = 500_000
"""Bytes of an earlier card that is read."""
MAX_BASES: Final = 8


def earlier_names(index: HubIndex, ref: str, commit: str) -> tuple[DeclaredBase, ...]:
    """Return what earlier cards name, with the commit; the caller knows what the card names now.

    Args:
        index: Asks the Hub.
        ref: The subject on the Hub.
        commit: Its pinned commit.

    Raises:
        UnreachableError: the history cannot be read.
        BudgetExceededError: no request is left.
    """
    history = index.commits(ref, commit)[1:]
    seen = {_card_id(index, ref, commit)}
    found: dict[str, DeclaredBase] = {}
    for older in _spread(history):
        listed = index.listing(ref, older)
        entry = next((e for e, _ in listed if e.path == CARD_PATH), None)
        identity = _card_id(index, ref, older)
        if entry is None or identity in seen:
            continue
        seen.add(identity)
        data = index.document(ref, older, entry, limit=MAX_CARD)
        for name, where in _named(data):
            why = phrase(PhraseCode.PLACE_EARLIER, where=(where,), commit=older)
            found.setdefault(
                name.ref.casefold(), DeclaredBase(ref=name.ref, revision=name.revision, why=why)
            )
    return tuple(found.values())


def _spread(commits: tuple[str, ...]) -> tuple[str, ...]:
    """Return at most ``MAX_COMMITS`` of the commits, newest first, both ends among them."""
    if len(commits) <= MAX_COMMITS:
        return commits
    step = (len(commits) - 1) / (MAX_COMMITS - 1)
    return tuple(commits[round(i * step)] for i in range(MAX_COMMITS))


def _card_id(index: HubIndex, ref: str, commit: str) -> str:
    """Return the digest of the card at a commit, or ``""``."""
    for entry, oid in index.listing(ref, commit):
        if entry.path == CARD_PATH:
            return entry.sha256 or oid
    return ""


def _named(card: bytes) -> Iterator[tuple[RepositoryName, Phrase]]:
    """Yield declared bases, then what the prose names."""
    front = parse_front_matter(card)
    field = front.fields.get("base_model") if isinstance(front, FrontMatter) else None
    if field is not None:
        values = field.value if isinstance(field.value, list) else [field.value]
        for value in values[:MAX_BASES]:
            name = parse_repository_name(value) if isinstance(value, str) else None
            if name is not None and not isinstance(name, Malformed):
                yield name, at_key(CARD_PATH, "base_model")
    yield from card_names(card)
