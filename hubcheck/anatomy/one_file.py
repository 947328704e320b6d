"""Which parts does a diffusion model have that was released as one file?

The same that a pipeline keeps in folders: the body that makes the picture, autoencoder and text
encoders beside it. Tensors go by diffusers' names (``single_file_names``), so that a file meets the
folders; rows of one stored matrix that are several there are located one by one, and nothing is
copied.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.single_file_names import KERNEL, MATRIX, Rows, one_file
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.some_rows import SomeRows
from hubcheck.frozen import frozen

ATTENTION: Final = (".to_q.weight", ".to_k.weight", ".to_v.weight", ".to_out.0.weight")
"""Matrices that an autoencoder's release stores as kernels of one."""


@frozen
class Parts:
    """A file as the parts of a pipeline."""

    name: str
    """Folder of the body in diffusers' pipelines."""
    body: Checkpoint
    beside: Mapping[str, Checkpoint]
    """By folder, names without it."""
    absent: frozenset[str]
    """Names of the body whose rows the file keeps in another order."""
    left: Mapping[str, TensorRecord]
    """By stored name: what belongs to no part (averages, schedules)."""

    @property
    def whole(self) -> Checkpoint:
        """Everything: the parts' tensors with their folder in front, what is left by its own."""
        every = dict(self.left)
        for folder, part in {self.name: self.body, **self.beside}.items():
            for name, record in part.tensors.items():
                every[f"{folder}.{name}"] = replace(record, name=f"{folder}.{name}")
        return replace(self.body, tensors=MappingProxyType(dict(sorted(every.items()))))


def parts_of_file(checkpoint: Checkpoint) -> Parts | None:
    """Return the parts of a model in one file; None where its names are of no such release.

    Args:
        checkpoint: Its headers; no weight byte is read.
    """
    tensors = checkpoint.tensors
    found = one_file({name: record.shape for name, record in tensors.items()})
    if found is None:
        return None
    every = {found.name: found.body, **found.parts}
    cut = {folder: _cut(rows, tensors) for folder, rows in every.items()}
    taken = {rows[new].tensor for folder, rows in every.items() for new in cut[folder]}

    def of(some: Mapping[str, TensorRecord]) -> Checkpoint:
        return replace(checkpoint, tensors=MappingProxyType(dict(sorted(some.items()))))

    return Parts(
        name=found.name,
        body=of(cut[found.name]),
        beside={folder: of(cut[folder]) for folder in found.parts},
        absent=found.absent,
        left={name: record for name, record in tensors.items() if name not in taken},
    )


def _cut(named: Mapping[str, Rows], tensors: Mapping[str, TensorRecord]) -> dict[str, TensorRecord]:
    """Return tensors under their new names."""
    found = {}
    for name, rows in named.items():
        record = _some_rows(tensors[rows.tensor], rows)
        if record is not None:
            found[name] = replace(record, name=name, shape=_shape(name, record))
    return found


def _shape(name: str, record: TensorRecord) -> tuple[int, ...]:
    """Return the shape that diffusers gives a tensor."""
    shape = record.shape
    of_one = len(shape) == KERNEL and shape[MATRIX:] == (1, 1) and record.storage is None
    return shape[:MATRIX] if of_one and name.endswith(ATTENTION) else shape


def _some_rows(record: TensorRecord, rows: Rows) -> TensorRecord | None:
    """Return some rows of a tensor where they lie; None where they do not lie together."""
    if rows.stop < 0:
        return record
    n, size = rows.stop - rows.start, record.shape[0]
    shape = (n, *record.shape[1:])
    if record.storage is None:
        step, odd = divmod(record.stop - record.start, size)
        if odd:
            return None
        first = record.start + rows.start * step
        return replace(record, shape=shape, start=first, stop=first + n * step)
    if record.storage.by_input or len(shape) != MATRIX:
        return None
    return replace(record, shape=shape, storage=SomeRows(inner=record.storage, first=rows.start))
