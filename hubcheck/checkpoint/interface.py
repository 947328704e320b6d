"""What is a checkpoint once its headers are read?

A tensor is seen as a matrix: its last axis is the columns, all axes before it are flattened into
rows (a vector of n values is one row of n columns, a scalar is one row of one column).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from hubcheck.source.interface import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorRecord:
    """Where one stored tensor lies."""

    name: str
    dtype: str
    """As written in the header: F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64 ... BOOL."""
    shape: tuple[int, ...]
    path: str
    """File inside the model."""
    start: int
    """Absolute byte offset of the first byte in the file."""
    stop: int

    @property
    def n_cols(self) -> int:
        """Length of the last axis (1 for a scalar)."""
        return self.shape[-1] if self.shape else 1

    @property
    def n_rows(self) -> int:
        """Product of all axes before the last (1 for a vector or scalar)."""
        return prod(self.shape[:-1])

    @property
    def n_values(self) -> int:
        """Number of stored values."""
        return prod(self.shape)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBlock:
    """Rows ``start`` to ``stop`` (exclusive) of one tensor."""

    tensor: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Every tensor of a model, located but not read."""

    source: Source
    tensors: Mapping[str, TensorRecord]
    """By name, sorted by name, so that nothing depends on shard or header order."""
    metadata: Mapping[str, str]
    """The free-text ``__metadata__`` of the headers, merged; hostile text."""
    format: str
    """``safetensors``."""

    @property
    def n_bytes(self) -> int:
        """Bytes of all tensors together."""
        return sum(t.stop - t.start for t in self.tensors.values())

    @property
    def n_parameters(self) -> int:
        """Number of stored values in all tensors."""
        return sum(t.n_values for t in self.tensors.values())
