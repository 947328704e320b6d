"""Tiny checkpoints whose every canonical entry can be told from every other."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.anatomy.units import blocks_of_matrix, matrix_from_rows
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.rows import read_rows
from tests.memory_source import MemorySource

Key: TypeAlias = tuple[Role, int, int, bool]
Array: TypeAlias = NDArray[np.float32]


def checkpoint_of(tensors: Mapping[str, Array]) -> Checkpoint:
    """Return a checkpoint that holds ``tensors`` as F32 in one file."""
    records: dict[str, TensorRecord] = {}
    content = b""
    for name in sorted(tensors):
        raw = np.ascontiguousarray(tensors[name], dtype="<f4").tobytes()
        records[name] = TensorRecord(
            name=name,
            dtype="F32",
            shape=tensors[name].shape,
            path="model.safetensors",
            start=len(content),
            stop=len(content) + len(raw),
        )
        content += raw
    return Checkpoint(
        source=MemorySource({"model.safetensors": content}),
        tensors=records,
        metadata={},
        format="safetensors",
    )


def shapes_of(shapes: Mapping[str, tuple[int, ...]], dtype: str = "F32") -> Checkpoint:
    """Return a checkpoint of headers only; its bytes are never read."""
    records = {
        name: TensorRecord(
            name=name,
            dtype=dtype,
            shape=shapes[name],
            path="m",
            start=0,
            stop=4 * prod(shapes[name]),
        )
        for name in sorted(shapes)
    }
    return Checkpoint(source=MemorySource({}), tensors=records, metadata={}, format="safetensors")


def value_of(anatomy: Anatomy, matrix: Matrix) -> Array:
    """Return a whole canonical matrix, read through row blocks as evidence reads it."""
    return matrix_from_rows(matrix, read_rows(anatomy.checkpoint, blocks_of_matrix(matrix)))


class Maker:
    """Hands out canonical matrices with entries 1, 2, 3 ... and remembers them by role."""

    def __init__(self) -> None:
        """Start an empty model."""
        self.tensors: dict[str, Array] = {}
        self.expected: dict[Key, Array] = {}
        self._next = 1

    def make(
        self, role: Role, *size: int, layer: int = -1, expert: int = -1, bias: bool = False
    ) -> Array:
        """Return a new canonical matrix (or vector, when one size is given)."""
        count = prod(size)
        values = np.arange(self._next, self._next + count, dtype=np.float32).reshape(size)
        self._next += count
        self.expected[role, layer, expert, bias] = values.reshape(size[0], -1)
        return values

    def store(self, name: str, values: Array) -> None:
        """Store a tensor under its published name."""
        assert name not in self.tensors
        self.tensors[name] = values

    def plain(self, name: str, role: Role, *size: int, layer: int = -1, expert: int = -1) -> None:
        """Make a matrix and store it as it is; a name in ``.bias`` makes a bias."""
        bias = name.endswith(".bias")
        self.store(name, self.make(role, *size, layer=layer, expert=expert, bias=bias))
