"""Where does a catalogue lie, and how is it opened: a folder, or a data set on the Hub?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hubcheck.catalogue.entry import Entry, is_local
from hubcheck.catalogue.index import Index
from hubcheck.catalogue.manifest import MANIFEST
from hubcheck.errors import MissingModelError, UsageError, printable
from hubcheck.model import Access
from hubcheck.source.folder import FolderSource
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import HubReference, LocalReference, Reference, parse_hub_reference

BUDGET: Final = 4_000_000_000
"""Bytes: the roots of two million families are 2.2 GB."""


def open_catalogue(place: str, access: Access, *, root: Path = Path()) -> Index:
    """Open a catalogue.

    Args:
        place: A folder, or ``org/name`` (``@revision``) of a data set.
        access: The Hub's address and a token.
        root: The folder that relative paths are counted from.

    Raises:
        UnreachableError: it is not there.
        UnreadableError: it is no catalogue of this version.
    """
    folder = folder_of(place, root)
    if folder is not None:
        if not (folder / MANIFEST).is_file():
            raise MissingModelError(
                f"'{printable(place)}' holds no catalogue.",
                cause=f"there is no {MANIFEST} in it.",
                next_step="build one: hubcheck catalogue build LIST --out DIR.",
            )
        return Index(FolderSource(folder, typed=place, ledger=Ledger(BUDGET)))
    from hubcheck.source.hub import HubSource  # a local query must not wait for the Hub's client

    named = parse_hub_reference(place)
    endpoint = access.endpoint
    if endpoint is None:
        from huggingface_hub.constants import ENDPOINT

        endpoint = ENDPOINT
    reference = HubReference(repo_id=named.repo_id, revision=named.revision, data_set=True)
    source = HubSource(
        reference,
        ledger=Ledger(BUDGET),
        token=access.hub_token(),
        endpoint=endpoint,
        cache=access.cache,
    )
    return Index(source)


def folder_of(place: str, root: Path) -> Path | None:
    """Return the folder that a place is; None where it names a data set."""
    path = root / os.path.expanduser(place)  # noqa: PTH111 - Path.expanduser raises for ~nobody
    spelled = place.startswith((".", "/", "~")) or os.path.isdir(path)  # noqa: PTH112 - Path raises on hostile names
    return path if spelled else None


def reference_of(entry: Entry, folder: Path | None, *, typed: str = "") -> Reference | None:
    """Return where a model of a catalogue lies; None where it lies on another machine's disk.

    A path is followed for a catalogue that is a folder here, and never out of the folder that the
    catalogue lies in: a catalogue made by a stranger names no file of this machine.

    Args:
        entry: The model.
        folder: The catalogue's folder; None where it is a data set.
        typed: That folder as it was named, so that what is said of a model can be typed again.
    """
    if not is_local(entry.ref):
        revision = entry.revision
        return parse_hub_reference(f"{entry.ref}@{revision}" if revision else entry.ref)
    if folder is None:
        return None
    top = Path(os.path.realpath(folder)).parent
    path = Path(os.path.realpath(top / entry.ref))
    if not path.is_relative_to(top) or not path.exists():
        return None
    shown = os.path.normpath(os.path.join(typed, os.pardir, entry.ref)) if typed else entry.ref  # noqa: PTH118 - of text
    return LocalReference(path=path, typed=shown)


def name_beside(path: Path, folder: Path) -> str:
    """Return the name that a local model has in a catalogue.

    Raises:
        UsageError: it does not lie beside the catalogue.
    """
    top, real = Path(os.path.realpath(folder)).parent, Path(os.path.realpath(path))
    if not real.is_relative_to(top) or real == top:
        raise UsageError(
            f"'{printable(path)}' does not lie beside the catalogue.",
            cause="local models are named by their path from the folder that holds the catalogue, "
            "so that both can be moved together.",
            next_step=f"build the catalogue in a folder of '{printable(real.parent)}'.",
        )
    return f"./{real.relative_to(top).as_posix()}"
