"""Does a name that is looked for on the Hub look like a folder that somebody mistyped?

``models/tinny`` is a good name of a repository. Where a folder ``models`` lies here and holds a
``tiny``, a message that nothing was found on the Hub answers another question than the one asked.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from hubcheck.errors import HubcheckError, printable
from hubcheck.source.reference import HubReference, Reference, local_path, parse_reference


def mistyped(names: Iterable[str], root: Path) -> Iterator[str]:
    """Yield what to say of each name whose folder is here and which is not.

    Args:
        names: As they were given.
        root: The folder that paths are counted from.
    """
    for name in names:
        folder, _, last = name.partition("@")[0].rpartition("/")
        if not folder or not last or ":" in name:
            continue
        try:
            reference: Reference = parse_reference(name, root=root)
            beside = os.listdir(local_path(folder, root))  # noqa: PTH208 - hostile names, too
        except (OSError, ValueError, HubcheckError):
            continue  # what is wrong with it is said where it is used
        if isinstance(reference, HubReference):
            near = difflib.get_close_matches(last, beside, n=1)
            said = f"there is no '{printable(name)}' here; it is looked for on the Hub"
            yield said + (f". Did you mean '{printable(f'{folder}/{near[0]}')}'?" if near else "")
