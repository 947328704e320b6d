"""Which states of a model are published, and in which order?

In a folder: the folders below it that end in a number and hold weights, and its own weights last.
On the Hub: branches and tags that end in a number, and the main branch last; where there are none,
the commits at which the weights changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from hubcheck.candidates.hub_index import HubIndex
from hubcheck.candidates.hub_lists import branches_of
from hubcheck.errors import UsageError, printable
from hubcheck.model import Access
from hubcheck.request.access import HUB
from hubcheck.source.reference import (
    DEFAULT_REVISION,
    HubReference,
    LocalReference,
    Reference,
    name_of,
    parse_hub_reference,
)
from hubcheck.source.weight_files import holds_weights

MAX_COMMITS: Final = 48
"""Commits that are listed, spread over the history: one request each."""
_NUMBERED: Final = re.compile(r"(?:.*[^0-9])?([0-9]{1,12})(?:[bBkKmM]|[_-]?(?:steps?|tokens))?")
"""``checkpoint-500``, ``step1000``, ``1000-steps``."""


def states_of(reference: Reference, access: Access) -> tuple[Reference, ...]:
    """Return a model's published states, oldest first.

    Raises:
        UsageError: there are fewer than two.
        UnreachableError: the model cannot be asked for.
    """
    if isinstance(reference, HubReference):
        found = _on_the_hub(reference, access)
    else:
        found = tuple(_in_folder(reference))
    if len(found) > 1:
        return found
    raise UsageError(
        f"'{printable(name_of(reference))}' has no two published states.",
        cause="no branch, tag or folder of it ends in a number, and its weights never changed.",
        next_step="name the states yourself, oldest first: hubcheck history A B C.",
    )


def spread(states: tuple[Reference, ...], most: int) -> tuple[Reference, ...]:
    """Return at most so many of the states, both ends among them."""
    if len(states) <= most:
        return states
    step = (len(states) - 1) / (most - 1)
    return tuple(states[round(i * step)] for i in range(most))


def _in_folder(reference: LocalReference) -> Iterable[Reference]:
    root = Path(reference.path)
    if not root.is_dir():
        return
    numbered = sorted(
        (number, child.name)
        for child in root.iterdir()
        if (number := _number(child.name)) is not None
        and child.is_dir()
        and not child.is_symlink()
        and _has_weights(child)
    )
    for _, name in numbered:
        yield LocalReference(path=root / name, typed=f"{reference.typed.rstrip('/')}/{name}")
    if _has_weights(root):
        yield reference


def _has_weights(folder: Path) -> bool:
    return any(child.is_file() and holds_weights(child.name) for child in folder.iterdir())


def _on_the_hub(reference: HubReference, access: Access) -> tuple[Reference, ...]:
    index = HubIndex(
        endpoint=access.endpoint or HUB,
        token=access.hub_token(),
        max_requests=MAX_COMMITS + 8,
        max_read=access.max_read,
    )
    repo = reference.repo_id
    named = sorted(
        (number, name)
        for name in branches_of(index, repo)
        if (number := _number(name)) is not None and name != DEFAULT_REVISION
    )
    if named:
        wanted = [name for _, name in named]
        return (*_at(reference, wanted), replace(reference, revision=DEFAULT_REVISION))
    described = index.describe(repo)
    commit = getattr(described, "commit", "")
    commits = index.commits(repo, commit or DEFAULT_REVISION)[::-1]
    if len(commits) > MAX_COMMITS:
        step = (len(commits) - 1) / (MAX_COMMITS - 1)
        commits = tuple(commits[round(i * step)] for i in range(MAX_COMMITS))
    found: list[Reference] = []
    before: tuple[tuple[str, str], ...] = ()
    for one in commits:
        listed = index.listing(repo, one)
        weights = tuple((e.path, e.sha256 or oid) for e, oid in listed if holds_weights(e.path))
        if weights and weights != before:
            found.append(replace(reference, revision=one))
            before = weights
    return tuple(found)


def _at(reference: HubReference, names: Iterable[str]) -> Iterable[HubReference]:
    """Yield a repository at each revision that has a name a reference can have."""
    for name in names:
        with suppress(UsageError):
            checked = parse_hub_reference(f"{reference.repo_id}@{name}")
            yield replace(reference, revision=checked.revision)


def _number(name: str) -> int | None:
    """Return the number that a name ends in."""
    match = _NUMBERED.fullmatch(name)
    return int(match[1]) if match else None
