"""Which weight files does a model hold beside those that were read in several folders?

What lies in a folder of which files were read (a variant beside a component's weights) is another
set or format of that component, as it is at top level; what lies elsewhere is another folder's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import replace

from hubcheck.checkpoint.unread import ORDER, UnreadFile, unread_files
from hubcheck.source.interface import FileEntry


def unread_beside(files: Iterable[FileEntry], read: Collection[str]) -> tuple[UnreadFile, ...]:
    """Return the weight files that are not among those read, by what they are and then by path.

    Args:
        files: Every file of the model.
        read: Paths of the files that were read; with none, nothing is left over.
    """
    every = tuple(files)
    folders = {path.rpartition("/")[0] for path in read}
    if folders <= {""}:
        return unread_files(every, read)
    inside: dict[str, list[FileEntry]] = defaultdict(list)
    for entry in every:
        inside[entry.path.rpartition("/")[0]].append(entry)
    elsewhere = [e for e in every if e.path in read or e.path.rpartition("/")[0] not in folders]
    found = [*unread_files(elsewhere, read)]
    for folder in folders:
        prefix = f"{folder}/" if folder else ""
        names = [replace(e, path=e.path.removeprefix(prefix)) for e in inside[folder]]
        own = {p.removeprefix(prefix) for p in read if p.rpartition("/")[0] == folder}
        found += [
            replace(one, path=prefix + one.path, same_as=one.same_as and prefix + one.same_as)
            for one in unread_files(names, own)
        ]
    return tuple(sorted(found, key=lambda f: (f.same_as != "", ORDER.index(f.why), f.path)))
