"""How is a catalogue written, so that a reader never sees half of it?

Tables get names of their own and are written first; the manifest that names them is moved into its
place last. What it no longer names is deleted after that.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.catalogue.entry import Entry, Standing, family_key
from hubcheck.catalogue.manifest import MANIFEST, SEEN, Generation, Manifest, Stored, stored
from hubcheck.catalogue.sketch import N_BYTES, N_SLOTS
from hubcheck.catalogue.tables import table_parts, texts_as_columns

MOST_DELTAS: Final = 16
"""Generations after which the next build writes all of them as one."""


def root_columns(entries: Sequence[Entry]) -> dict[str, NDArray[Any]]:
    """Return the table of roots: slot by slot, so that a scan reads what it needs in one piece."""
    slots = _slots(entries)
    columns: dict[str, NDArray[Any]] = {
        f"bits.{s}": np.ascontiguousarray(slots[:, s]) for s in range(N_SLOTS)
    }
    return {**columns, **_others(entries)}


def member_columns(entries: Sequence[Entry]) -> dict[str, NDArray[Any]]:
    """Return the table of members: family by family, so that one family is one piece.

    Args:
        entries: Sorted by the key of their family.
    """
    keys = np.array([family_key(e.family) for e in entries], dtype=np.uint64)
    families, starts = np.unique(keys, return_index=True)
    return {
        "families": families,
        "starts": np.append(starts, len(entries)).astype(np.uint64),
        "bits": _slots(entries).reshape(len(entries), N_BYTES),
        **_others(entries),
    }


def _slots(entries: Sequence[Entry]) -> NDArray[np.uint8]:
    if not entries:
        return np.zeros((0, N_SLOTS, N_BYTES // N_SLOTS), dtype=np.uint8)
    return np.stack([e.sketch.slots for e in entries])


def _others(entries: Sequence[Entry]) -> dict[str, NDArray[Any]]:
    present = np.array([e.sketch.present for e in entries], dtype=np.uint32)
    return {"present": present, **texts_as_columns("line", [e.line() for e in entries])}


def write_generation(folder: Path, number: int, entries: Iterable[Entry]) -> Generation:
    """Write the two tables of one generation; no manifest names them yet."""
    every = list(entries)
    roots = sorted((e for e in every if e.standing is Standing.ROOT), key=lambda e: e.ref)
    members = [e for e in every if e.standing is not Standing.ROOT]
    members.sort(key=lambda e: (family_key(e.family), e.ref))
    return Generation(
        roots=_write(folder, f"roots-{number:05d}.safetensors", root_columns(roots)),
        members=_write(folder, f"members-{number:05d}.safetensors", member_columns(members)),
        n_roots=len(roots),
        n_members=len(members),
    )


def _write(folder: Path, name: str, columns: dict[str, NDArray[Any]]) -> Stored:
    data = b"".join(table_parts(columns))
    put(folder / name, data)
    return stored(name, data)


def put(place: Path, data: bytes) -> None:
    """Write a file beside its place, and move it there once it is on the disk."""
    new = place.with_name(f".{place.name}.{os.getpid()}.new")
    with new.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    new.replace(place)


def next_number(manifest: Manifest | None) -> int:
    """Return a number that no table of a catalogue has."""
    if manifest is None:
        return 1
    names = [g.roots.path for g in manifest.generations]
    digits = [int(n[len("roots-") : -len(".safetensors")]) for n in names if n[6:11].isdigit()]
    return max(digits, default=0) + 1


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Put a manifest in its place, and delete the tables that it does not name."""
    put(folder / MANIFEST, manifest.text())
    named = {t.path for g in manifest.generations for t in (g.roots, g.members)}
    for kind in ("roots", "members"):
        for path in folder.glob(f"{kind}-*.safetensors"):
            if path.name not in named:
                path.unlink(missing_ok=True)


def note_seen(folder: Path, entries: Iterable[Entry]) -> None:
    """Add the digests of new entries to the record of what was first seen when."""
    lines = [
        json.dumps({"digest": e.digest, "first_seen": e.first_seen, "ref": e.ref}) + "\n"
        for e in entries
        if e.digest
    ]
    with (folder / SEEN).open("a", encoding="ascii") as file:
        file.writelines(lines)


def seen_in(folder: Path) -> dict[str, str]:
    """Return when each digest was first entered; the earliest line of a digest stands."""
    found: dict[str, str] = {}
    place = folder / SEEN
    if place.is_file():
        for line in place.read_text(encoding="ascii", errors="replace").splitlines():
            try:
                known = json.loads(line)
                found.setdefault(str(known["digest"]), str(known["first_seen"]))
            except (ValueError, KeyError, TypeError):
                continue  # a line that a stopped run left unfinished
    return found
