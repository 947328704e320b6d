"""Which paths lie in a model's folder, and in which folders may their links end?"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from hubcheck.errors import MissingModelError, printable

_SKIPPED_FOLDERS: Final = frozenset({".git"})


def allowed_roots(root: Path) -> tuple[Path, ...]:
    """Return the folders in which a model's files may lie: its own, and the cache's blobs."""
    if root.parent.name == "snapshots" and root.parent.parent.name.startswith("models--"):
        return (root, root.parent.parent / "blobs")
    return (root,)


def walk(root: Path) -> Iterator[str]:
    """Yield the path of everything below a folder that is no folder; links are not followed.

    Raises:
        MissingModelError: the folder itself cannot be listed.
    """
    pending = [""]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(root / folder) as items:
                children = sorted(items, key=lambda item: item.name)
        except OSError as error:
            if not folder:
                raise _unlisted(root, error) from error
            yield folder
            continue
        for item in children:
            path = f"{folder}/{item.name}" if folder else item.name
            # Linked folders are yielded, not entered: they could form a cycle.
            if item.is_dir(follow_symlinks=False):
                if item.name not in _SKIPPED_FOLDERS:
                    pending.append(path)
            else:
                yield path


def _unlisted(root: Path, error: OSError) -> MissingModelError:
    return MissingModelError(
        f"The folder '{printable(root)}' cannot be listed: {printable(error.strerror)}.",
        cause="it was removed, or this user may not read it.",
        next_step="check the path and its permissions.",
    )
