"""What does a query cost among two million sketches, and among fifty thousand families on a Hub?

``python -m benchmarks.catalogue.scale FOLDER`` writes a catalogue of two million random roots
(2.2 GB), plants one model of the demo in it and asks for a disguised copy of it, twice, in the
processor's seconds. Then it does the same with 50,000 roots that a Hub on this machine serves with
a delay of 50 ms a request, and counts what was transferred.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sys
import time
from pathlib import Path
from typing import Any, Final

import numpy as np

from hubcheck.catalogue.build import open_index
from hubcheck.catalogue.entry import Standing
from hubcheck.catalogue.index import Index
from hubcheck.catalogue.manifest import SEEN, Generation, Manifest, Stored, stored
from hubcheck.catalogue.sketch import N_SLOTS, Sketch, sketch_of
from hubcheck.catalogue.tables import table_parts
from hubcheck.catalogue.writing import member_columns, write_manifest
from hubcheck.demo.run import MODELS
from hubcheck.model import Access, open_model
from hubcheck.source.hub import HubSource
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import HubReference, parse_reference
from hubcheck.statistics.sketch import SLOT_BYTES
from tests.catalogue.entries import NOW, entry
from tests.hubserver import Link, LocalHub

ACCESS: Final = Access(max_read=10**9, token=None, endpoint=None)
PLANTED: Final = 12_345
LINE: Final = 330
"""Bytes of a line, spaces at its end included: all lines of this catalogue are as long."""


def line_of(number: int) -> bytes:
    """Return the line of a root, all of one length."""
    name = f"org/model-{number:07d}"
    text = entry(name, Sketch(slots=np.zeros((N_SLOTS, SLOT_BYTES), np.uint8), present=0)).line()
    return text.replace(b'"present":0', b'"present":%d' % ((1 << N_SLOTS) - 1)).ljust(LINE)


def write_random(folder: Path, count: int, planted: Sketch) -> None:
    """Write a catalogue of random roots, one of them ``planted``; a slot in memory at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    sizes: dict[str, Any] = {
        f"bits.{s}": np.broadcast_to(np.uint8(0), (count, SLOT_BYTES)) for s in range(N_SLOTS)
    }
    sizes["present"] = np.broadcast_to(np.uint32(0), (count,))
    sizes["line.at"] = np.broadcast_to(np.uint64(0), (count + 1,))
    sizes["line"] = np.broadcast_to(np.uint8(0), (count * LINE,))
    rng = np.random.default_rng(1)
    place = folder / "roots-00001.safetensors"
    with place.open("wb") as file:
        file.write(next(table_parts(sizes)))
        for s in range(N_SLOTS):
            bits = rng.integers(0, 256, size=(count, SLOT_BYTES), dtype=np.uint8)
            bits[PLANTED] = planted.slots[s]
            file.write(bits.tobytes())
        present = np.full(count, (1 << N_SLOTS) - 1, dtype=np.uint32)
        file.write(present.tobytes())
        file.write((np.arange(count + 1, dtype=np.uint64) * np.uint64(LINE)).tobytes())
        line = line_of(0)
        for start in range(0, count, 10_000):
            numbers = range(start, min(start + 10_000, count))
            file.write(b"".join(line.replace(b"0000000", b"%07d" % i) for i in numbers))
    data = b"".join(table_parts(member_columns([])))
    (folder / "members-00001.safetensors").write_bytes(data)
    with place.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    roots = Stored(path=place.name, size=place.stat().st_size, sha256=digest)
    generation = Generation(
        roots=roots, members=stored("members-00001.safetensors", data), n_roots=count, n_members=0
    )
    write_manifest(folder, Manifest(updated=NOW, generations=(generation,)))
    (folder / SEEN).touch()


def asked(index: Index, own: Sketch) -> dict[str, Any]:
    """Return what one query cost, and whether it found what was planted."""
    wall, processor = time.monotonic(), time.process_time()
    first = index.nearest(own)[0]
    wall, processor = time.monotonic() - wall, time.process_time() - processor
    return {
        "found": first.root.entry.ref == f"org/model-{PLANTED:07d}",
        "standing": first.root.entry.standing is Standing.ROOT,
        "z": round(first.z, 1),
        "processor seconds": round(processor, 2),
        "seconds": round(wall, 2),
        "bytes": index.source.ledger.bytes_read,
        "requests": index.source.ledger.requests,
        "peak MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def main() -> int:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.catalogue.scale")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--roots", type=int, default=2_000_000)
    parser.add_argument("--on-a-hub", type=int, default=50_000)
    chosen = parser.parse_args()
    base, copy = (
        sketch_of(open_model(parse_reference(str(MODELS / name)), ACCESS))
        for name in ("base", "disguised")
    )
    figures: dict[str, Any] = {}
    place = chosen.folder / "large"
    write_random(place, chosen.roots, base)
    for turn in ("first", "again"):
        index = open_index(place)
        if index is None:
            raise SystemExit("nothing was written")
        figures[f"{chosen.roots:,} roots in a folder, {turn}"] = asked(index, copy)
        sys.stderr.write(f"{figures}\n")
    (place / "roots-00001.safetensors").unlink()
    small = chosen.folder / "small"
    write_random(small, chosen.on_a_hub, base)
    with LocalHub(link=Link(latency=0.05, bandwidth=125e6)) as hub:
        hub.add_repo("org/catalogue", {p.name: p.read_bytes() for p in small.iterdir()})
        reference = HubReference(repo_id="org/catalogue", data_set=True)
        source = HubSource(reference, ledger=Ledger(10**9), token=None, endpoint=hub.endpoint)
        figures[f"{chosen.on_a_hub:,} roots on a Hub"] = asked(Index(source), copy)
    sys.stdout.write(json.dumps(figures, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
