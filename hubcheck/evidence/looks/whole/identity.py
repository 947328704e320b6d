"""What fixes the numbers of a comparison, so that work kept from another run may be used?

The commits of both models, or the state of their local files; which bytes are held against which;
how they are cut; the version of the program.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubcheck import __version__
from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.looks.whole.halves import Half
from hubcheck.evidence.looks.whole.journal import key_of
from hubcheck.evidence.looks.whole.pairing import Pair
from hubcheck.evidence.looks.whole.pieces import PIECE_VALUES, WIDEST

LOCAL: Final = "local"
"""Revision of a folder or file."""


def identity_of(base: Anatomy, subject: Anatomy, pairs: Sequence[Pair]) -> str:
    """Return the digest under which a comparison's work is kept."""
    cut = [__version__, PIECE_VALUES, WIDEST]
    return key_of([cut, state_of(base), state_of(subject), _pairs(pairs)])


def state_of(anatomy: Anatomy) -> list[object]:
    """Return what fixes the bytes of a model: its commit, or the state of its local files."""
    source = anatomy.checkpoint.source
    pin = source.pin
    if pin.revision != LOCAL:
        return [pin.ref, pin.revision]
    place = Path(pin.ref)
    folder = place.parent if place.is_file() else place
    paths = sorted({t.path for t in anatomy.checkpoint.tensors.values()})
    known = {entry.path: entry for entry in source.files()}
    state: list[object] = []
    for path in paths:
        try:
            status = (folder / path).stat()
            stamp = [status.st_size, status.st_mtime_ns, status.st_ino]
        except OSError:
            stamp = []
        state.append([path, known[path].digest if path in known else "", stamp])
    return state


def _pairs(pairs: Sequence[Pair]) -> list[object]:
    """Return which bytes are held against which."""
    return [
        [p.role, p.layer, p.base_layer, p.expert, p.bias, _half(p.base), _half(p.subject)]
        for p in pairs
    ]


def _half(half: Half) -> list[object]:
    record = half.record
    where = [] if half.matrix is None else [half.matrix.offset, list(half.matrix.segments)]
    return [
        record.name,
        half.dtype,
        list(record.shape),
        record.path,
        record.start,
        where,
        key_of(half.ids),
    ]
