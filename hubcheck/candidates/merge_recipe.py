"""Which models does a published merge recipe say were merged?

The recipe (``mergekit_config.yml`` and its kin) is read with the reader of card front matter:
no tag is executed, nothing is expanded, size and depth are capped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from hubcheck.candidates.documents import read_bytes
from hubcheck.candidates.front_matter import FrontMatter, parse_front_matter
from hubcheck.candidates.links import usable
from hubcheck.candidates.repository_name import RepositoryName
from hubcheck.source.interface import Source

RECIPES: Final = (
    "mergekit_config.yml",
    "mergekit_config.yaml",
    "mergekit_moe_config.yml",
    "merge_config.yml",
    "merge_config.yaml",
)
RECIPE_LIMIT: Final = 200_000
"""Bytes; published recipes have a few kilobytes."""
MAX_NODES: Final = 5_000
MAX_DEPTH: Final = 16
KEYS: Final = frozenset({"model", "base_model", "source_model", "path"})
"""Keys of a recipe whose value is a model; ``org/name+org/adapter`` names two."""


def recipe_bases(source: Source) -> tuple[tuple[RepositoryName, str], ...]:
    """Return (name, file) of every model that a recipe merges, each once, in order.

    Raises:
        HubcheckError: the source failed (network, access, read budget).
    """
    found: dict[str, tuple[RepositoryName, str]] = {}
    for path in RECIPES:
        data = read_bytes(source, path, limit=RECIPE_LIMIT)
        if isinstance(data, bytes):
            for name in _models(data):
                found.setdefault(name.ref.casefold(), (name, path))
    return tuple(found.values())


def _models(data: bytes) -> Iterator[RepositoryName]:
    bare = data.removeprefix(b"\xef\xbb\xbf").removeprefix(b"---\n")
    recipe = parse_front_matter(b"---\n" + bare + b"\n---\n")
    if not isinstance(recipe, FrontMatter):
        return
    stack: list[tuple[str, object, int]] = [
        (key, entry.value, 0) for key, entry in reversed(tuple(recipe.fields.items()))
    ]
    for _ in range(MAX_NODES):
        if not stack:
            return
        key, value, depth = stack.pop()
        if isinstance(value, str) and key in KEYS:
            for part in value.split("+"):
                name = usable(part)
                if name is not None:
                    yield name
        elif depth < MAX_DEPTH and isinstance(value, Mapping):
            stack += [(str(k), v, depth + 1) for k, v in reversed(tuple(value.items()))]
        elif depth < MAX_DEPTH and isinstance(value, list):
            stack += [(key, v, depth + 1) for v in reversed(value)]
