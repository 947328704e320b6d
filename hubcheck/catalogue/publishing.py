"""What of a catalogue is handed on to others, and how is it written for viewers?

Models that only a token opens stay at home unless they are asked for. Beside the tables that are
queried lies the same list as Parquet where pyarrow is installed: for the Hub's viewer and for SQL.
No query reads it, so that the base installation can read every catalogue.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from hubcheck.catalogue.build import latest
from hubcheck.catalogue.entry import Entry, Standing
from hubcheck.catalogue.index import Index
from hubcheck.catalogue.manifest import SEEN, Manifest
from hubcheck.catalogue.writing import note_seen, put, write_generation, write_manifest
from hubcheck.frozen import frozen

PARQUET: Final = "members.parquet"
ROWS_A_GROUP: Final = 100_000
CARD: Final = "README.md"


@frozen
class Published:
    """What is handed on."""

    entries: tuple[Entry, ...]
    left_out: int
    """Models that only a token opens."""
    updated: str


def published(index: Index, *, closed: bool) -> Published:
    """Return what of a catalogue may be handed on.

    A family whose root stays at home takes the name of its first open member.

    Args:
        index: The catalogue.
        closed: Whether models that only a token opens are handed on, too.
    """
    every = latest(index.entries())
    kept = [e for e in every if closed or not e.closed]
    names = {e.ref.casefold() for e in kept}
    orphans = [e for e in kept if e.family.casefold() not in names]
    return Published(
        entries=(*(e for e in kept if e.family.casefold() in names), *_renamed(orphans)),
        left_out=len(every) - len(kept),
        updated=index.manifest.updated,
    )


def _renamed(orphans: Sequence[Entry]) -> list[Entry]:
    first: dict[str, str] = {}
    for e in orphans:
        if e.standing is Standing.MEMBER:
            first.setdefault(e.family.casefold(), e.ref)
    found = []
    for e in orphans:
        root = first.get(e.family.casefold())
        if root is None:
            continue  # in quarantine beside a family that stays at home: its name would tell
        is_root = e.ref == root
        found.append(replace(e, family=root, standing=Standing.ROOT if is_root else e.standing))
    return found


def publish_to_folder(kept: Published, folder: Path, catalogue: Path) -> None:
    """Write a catalogue of one generation into a folder, which is made where there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    generation = write_generation(folder, 1, kept.entries)
    held = sum(e.standing is Standing.QUARANTINED for e in kept.entries)
    manifest = Manifest(updated=kept.updated, generations=(generation,), n_quarantined=held)
    if folder.resolve() != catalogue.resolve():
        (folder / SEEN).unlink(missing_ok=True)
        note_seen(folder, kept.entries)
    write_parquet(folder / PARQUET, kept.entries)
    put(folder / CARD, data_card(kept).encode())
    write_manifest(folder, manifest)


def write_parquet(place: Path, entries: Sequence[Entry]) -> bool:
    """Write the list for viewers, sorted by family; return whether pyarrow is there to do it."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        return False
    rows = sorted(entries, key=lambda e: (e.family.casefold(), e.ref.casefold()))
    table = pa.table(
        {
            "family": [e.family for e in rows],
            "ref": [e.ref for e in rows],
            "revision": [e.revision for e in rows],
            "standing": [e.standing.value for e in rows],
            "weights_digest": [e.digest for e in rows],
            "first_seen": [e.first_seen for e in rows],
            "created": [e.created for e in rows],
            "architecture": [e.architecture for e in rows],
            "parameters": [e.parameters for e in rows],
            "present": [e.sketch.present for e in rows],
            "sketch": pa.array([e.sketch.slots.tobytes() for e in rows], type=pa.binary()),
        }
    )
    pq.write_table(table, place, row_group_size=ROWS_A_GROUP)
    return True


def data_card(kept: Published) -> str:
    """Return the README of a published catalogue."""
    counts = Counter(e.standing for e in kept.entries)
    return f"""---
pretty_name: hubcheck catalogue
tags: [hubcheck, provenance]
configs:
- config_name: members
  data_files: {PARQUET}
---

# A catalogue of model sketches

{len(kept.entries):,} models in {counts[Standing.ROOT]:,} families; {counts[Standing.QUARANTINED]:,}
of them in quarantine: near a family, and not matched exactly. Last entry {kept.updated[:10]}.

Made and read by [hubcheck](https://github.com/hubcheck/hubcheck):

    hubcheck catalogue query org/model --catalogue THIS-DATA-SET
    hubcheck check org/model --suspect catalogue --catalogue THIS-DATA-SET

A sketch proposes and proves nothing. A family bears the name of the model that came in first; that
does not say who made what.
"""
