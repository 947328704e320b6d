"""What does the Hub list: models of an owner, of a collection, branches of a repository?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import quote, urlencode

from hubcheck.candidates.hub_index import HubIndex
from hubcheck.errors import printable
from hubcheck.source.reference import is_repo_id
from hubcheck.source.transport import joined

MAX_PAGE: Final = 500
"""Models of one page of a listing."""
MAX_REFS: Final = 5000
"""Branches, and tags, that are read; Pythia has 154 of one model."""
MAX_NAME: Final = 300
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


def models_of(index: HubIndex, owner: str, *, most: int) -> tuple[tuple[str, str], ...]:
    """Return (name, newest commit) of the models of an owner, by name.

    Args:
        index: Asks the Hub.
        owner: A user or an organisation.
        most: Models that are listed; the Hub gives them in pages.

    Raises:
        UnreachableError: the Hub does not answer.
        BudgetExceededError: no request is left.
    """
    asked = urlencode([("author", owner), ("expand", "sha"), ("limit", MAX_PAGE)])
    url, what = f"{index.endpoint}/api/models?{asked}", f"Listing what '{printable(owner)}' has"
    found: dict[str, str] = {}
    while url and len(found) < most:
        page = index.page(url, what)
        before = len(found)
        for item in _items(page.payload):
            ref, commit = _text(item, "id"), _text(item, "sha")
            if is_repo_id(ref) and ref.partition("/")[0].casefold() == owner.casefold():
                found[ref] = commit if _COMMIT.fullmatch(commit) else ""
        # A page that brings nothing new leads nowhere.
        url = joined(url, page.next_url) if page.next_url and len(found) > before else ""
    return tuple(sorted(found.items())[:most])


def models_in(index: HubIndex, slug: str) -> tuple[str, ...]:
    """Return the names of the models of a collection, in its order.

    Raises:
        UnreachableError: the collection cannot be asked for.
        BudgetExceededError: no request is left.
    """
    url = f"{index.endpoint}/api/collections/{quote(slug)}"
    page = index.page(url, f"Listing the collection '{printable(slug)}'", slug)
    answered = page.payload if isinstance(page.payload, Mapping) else {}
    listed = (item for item in _items(answered.get("items")) if item.get("type") == "model")
    return tuple(dict.fromkeys(ref for ref in (_text(i, "id") for i in listed) if is_repo_id(ref)))


def branches_of(index: HubIndex, ref: str) -> tuple[str, ...]:
    """Return the names of a repository's branches and tags.

    Raises:
        UnreachableError: the repository cannot be asked for.
        BudgetExceededError: no request is left.
    """
    url = f"{index.endpoint}/api/models/{quote(ref)}/refs"
    page = index.page(url, f"Looking up the branches of '{printable(ref)}'", ref)
    answered = page.payload if isinstance(page.payload, Mapping) else {}
    found = [_text(i, "name") for k in ("branches", "tags") for i in _items(answered.get(k))]
    return tuple(dict.fromkeys(name for name in found if name))


def _items(value: object) -> Iterator[Mapping[str, object]]:
    for item in value[:MAX_REFS] if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            yield item


def _text(item: Mapping[str, object], name: str) -> str:
    value = item.get(name)
    return value if isinstance(value, str) and len(value) <= MAX_NAME else ""
