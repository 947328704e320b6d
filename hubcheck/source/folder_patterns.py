"""Which folders does a pattern such as ``models/*`` mean? A star stands for one part of a path."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

_SIGNS: Final = frozenset("*?[")


def is_pattern(name: str) -> bool:
    """Return whether a name stands for every folder that it matches."""
    return not _SIGNS.isdisjoint(name)


def matches(folder: str, pattern: str) -> bool:
    """Return whether a folder matches a pattern, part by part."""
    parts, wanted = folder.split("/"), pattern.strip("/").removeprefix("./").split("/")
    return len(parts) == len(wanted) and all(
        fnmatchcase(part, one) for part, one in zip(parts, wanted, strict=True)
    )


def pattern_of(folders: tuple[str, ...]) -> str:
    """Return the pattern that means all of these folders, ``""`` where they lie apart."""
    parents = {folder.rpartition("/")[0] for folder in folders}
    if len(folders) < 2 or len(parents) != 1 or not all(folders):  # noqa: PLR2004 - one has a name
        return ""
    (parent,) = parents
    return f"{parent}/*" if parent else "*"
