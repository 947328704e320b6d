"""Which files make a catalogue, of which version, and what are their digests?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import field
from typing import Final

from hubcheck.catalogue.anchors import anchors_digest
from hubcheck.checkpoint.strict_json import load_object
from hubcheck.errors import UnreadableError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source
from hubcheck.statistics.sketch import VERSION

MANIFEST: Final = "manifest.json"
SEEN: Final = "seen.jsonl"
"""When each digest was first entered: one line each, only ever added to."""
FORMAT: Final = "hubcheck-catalogue"
LAYOUT: Final = 1
MANIFEST_LIMIT: Final = 1_000_000
MOST_GENERATIONS: Final = 400
"""A delta a day for a year; a build merges them long before."""


@frozen
class Stored:
    """One file."""

    path: str
    size: int
    sha256: str


@frozen
class Generation:
    """The two tables of one build or addition; a later one stands for the same model."""

    roots: Stored
    members: Stored
    n_roots: int
    n_members: int
    """Those in quarantine included."""


@frozen
class Manifest:
    """What a catalogue consists of."""

    updated: str
    generations: tuple[Generation, ...] = ()
    n_quarantined: int = 0
    version: int = VERSION
    anchors: str = field(default_factory=anchors_digest)

    @property
    def n_roots(self) -> int:
        """Families."""
        return sum(g.n_roots for g in self.generations)

    @property
    def n_models(self) -> int:
        """Models, those in quarantine included."""
        return sum(g.n_roots + g.n_members for g in self.generations)

    def text(self) -> bytes:
        """Return the file."""
        known = {
            "format": FORMAT,
            "layout": LAYOUT,
            "sketch": self.version,
            "anchors": self.anchors,
            "updated": self.updated,
            "quarantined": self.n_quarantined,
            "generations": [
                {
                    "roots": _stored(g.roots),
                    "members": _stored(g.members),
                    "n_roots": g.n_roots,
                    "n_members": g.n_members,
                }
                for g in self.generations
            ],
        }
        return (json.dumps(known, indent=1) + "\n").encode("ascii")


def stored(path: str, data: bytes) -> Stored:
    """Return what a manifest says of a file."""
    return Stored(path=path, size=len(data), sha256=hashlib.sha256(data).hexdigest())


def _stored(one: Stored) -> dict[str, object]:
    return {"path": one.path, "size": one.size, "sha256": one.sha256}


def read_manifest(source: Source) -> Manifest:
    """Return the manifest of an opened folder or data set, held against its listing.

    Raises:
        MissingModelError: there is none.
        UnreadableError: it is none, of another version, or its files are not those that are there.
    """
    raw = source.read_document(MANIFEST, limit=MANIFEST_LIMIT)
    values = load_object(raw, f"'{MANIFEST}'")
    if values.get("format") != FORMAT or values.get("layout") != LAYOUT:
        raise _refused("it is no manifest of a catalogue, or of another layout")
    if values.get("sketch") != VERSION or values.get("anchors") != anchors_digest():
        raise _refused(f"its sketches are not of version {VERSION}, which this hubcheck makes")
    listed = values.get("generations")
    if not isinstance(listed, list) or len(listed) > MOST_GENERATIONS:
        raise _refused("it lists no generations, or too many")
    updated, quarantined = values.get("updated"), values.get("quarantined")
    found = Manifest(
        updated=updated if isinstance(updated, str) else "",
        n_quarantined=quarantined if type(quarantined) is int else 0,
        generations=tuple(_generation(one) for one in listed),
    )
    files = {f.path: f for f in source.files()}
    for one in found.generations:
        for table in (one.roots, one.members):
            there = files.get(table.path)
            if there is None or there.size != table.size:
                raise _refused(f"'{printable(table.path)}' is not there, or of another size")
            if there.sha256 and there.sha256.lower() != table.sha256:
                raise _refused(f"'{printable(table.path)}' has another digest")
    return found


def _generation(one: object) -> Generation:
    values = one if isinstance(one, Mapping) else {}
    return Generation(
        roots=_table(values.get("roots")),
        members=_table(values.get("members")),
        n_roots=_count(values.get("n_roots")),
        n_members=_count(values.get("n_members")),
    )


def _table(one: object) -> Stored:
    values = one if isinstance(one, Mapping) else {}
    path, sha256 = values.get("path"), values.get("sha256")
    if not isinstance(path, str) or not isinstance(sha256, str):
        raise _refused("a table has no path or no digest")
    return Stored(path=path, size=_count(values.get("size")), sha256=sha256)


def _count(value: object) -> int:
    if type(value) is not int or not 0 <= value < 2**48:
        raise _refused("a number in it is none")
    return value


def _refused(why: str) -> UnreadableError:
    return UnreadableError(
        f"The catalogue's {MANIFEST} cannot be used: {why}.",
        cause="the folder or data set was damaged, or was made by another version of hubcheck.",
        next_step="build the catalogue again, or take another copy of it.",
    )
