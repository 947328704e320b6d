"""What do the tests of the catalogue write into one?"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from hubcheck.catalogue.build import write
from hubcheck.catalogue.entry import Entry, Standing
from hubcheck.catalogue.journal import Row, bits_of
from hubcheck.catalogue.sketch import N_SLOTS, Sketch
from hubcheck.statistics.sketch import SLOT_BYTES

ALL = (1 << N_SLOTS) - 1
NOW = "2026-05-01T00:00:00+00:00"


def drawn(seed: int, *, like: Sketch | None = None, changed: float = 0.0) -> Sketch:
    """Return a sketch of fair bits, or one of which a share is another's with bits turned."""
    rng = np.random.default_rng(seed)
    slots = rng.integers(0, 256, size=(N_SLOTS, SLOT_BYTES), dtype=np.uint8)
    if like is not None:
        flips = np.packbits(rng.random((N_SLOTS, SLOT_BYTES * 8)) < changed, axis=1)
        slots = like.slots ^ flips
    return Sketch(slots=slots, present=ALL)


def entry(
    ref: str,
    sketch: Sketch,
    *,
    family: str = "",
    standing: Standing = Standing.ROOT,
    closed: bool = False,
) -> Entry:
    """Return an entry; without a family it is the root of its own."""
    return Entry(
        ref=ref,
        revision="0" * 40,
        digest=hashlib.sha256(ref.encode()).hexdigest(),
        family=family or ref,
        standing=standing,
        sketch=sketch,
        first_seen=NOW,
        architecture="llama",
        parameters=7,
        closed=closed,
    )


def row(ref: str, sketch: Sketch, **changed: object) -> Row:
    """Return the line that a worker returns of a model."""
    known = {
        "asked": ref,
        "ref": ref,
        "revision": "0" * 40,
        "digest": hashlib.sha256(ref.encode()).hexdigest(),
        "created": "",
        "architecture": "llama",
        "parameters": 7,
        "closed": False,
        "bytes": 100,
        "requests": 3,
    }
    return {**known, **bits_of(sketch), **changed}


def written(folder: Path, *entries: Entry) -> Path:
    """Write a catalogue of one generation."""
    folder.mkdir(parents=True, exist_ok=True)
    write(folder, None, entries, now=NOW)
    return folder
