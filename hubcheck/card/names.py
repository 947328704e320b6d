"""How is a model named?

In a sentence by its name, in a table with its short commit; a folder by the end of its path.
"""

from __future__ import annotations

from typing import Final

from hubcheck.card.document import Identifier

LOCAL: Final = "local"
"""The revision of a folder or file."""

FOLDERS_NAMED: Final = 2
"""Parts of a path in a sentence, as many as a name on the Hub has; the replay has the whole."""

SHORT_COMMIT: Final = 7


def pinned(ref: str, revision: str) -> Identifier:
    """Return a model with its short commit; a folder has none."""
    return Identifier(f"{ref}@{short(revision)}" if is_commit(revision) else name(ref, revision))


def name(ref: str, revision: str) -> str:
    """Return how a model is called in a sentence: a folder by the end of its path."""
    parts = ref.replace("\\", "/").split("/")
    if revision != LOCAL or len(parts) <= FOLDERS_NAMED:
        return ref
    return "/".join(["…", *parts[-FOLDERS_NAMED:]])


def short(revision: str) -> str:
    """Return the short form of a commit; anything else as it is."""
    return revision[:SHORT_COMMIT] if is_commit(revision) else revision


def is_commit(revision: str) -> bool:
    """Return whether ``revision`` is a commit's hex digest."""
    return len(revision) > SHORT_COMMIT and set(revision) <= set("0123456789abcdef")
