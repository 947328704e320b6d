"""What is a checkpoint once its headers are read?

A tensor is seen as a matrix: its last axis is the columns, all axes before it are flattened into
rows (a vector of n values is one row of n columns, a scalar is one row of one column).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.disagreement import Disagreement
from hubcheck.computed_once import computed_once
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses
from hubcheck.source.interface import Source, Span


class Storage(Protocol):
    """How the rows of a tensor lie in bytes that are not simply its values.

    Frozen and comparable. It knows the tensors it needs (codes, scales, offsets), so a row costs
    exactly their bytes, and everything above sees float32.
    """

    @property
    def name(self) -> str:
        """The format by its own name, as ``GPTQ 4 bit``."""
        ...

    @property
    def by_input(self) -> bool:
        """True: the rows of this storage are the inputs of a linear layer, not its outputs."""
        ...

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the bytes that rows ``start`` to ``stop`` (exclusive, not empty) cost."""
        ...

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the rows, float32 [stop - start, n_cols], from the bytes of ``spans``."""
        ...


@frozen
class TensorRecord:
    """Where one tensor lies, by the name and shape it has as numbers."""

    name: str
    dtype: str
    """As written in the header: F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I64 ... BOOL."""
    shape: tuple[int, ...]
    path: str
    """File inside the model."""
    start: int
    """Absolute byte offset of the first byte in the file (of the codes, where it is packed)."""
    stop: int
    storage: Storage | None = None
    """None: the bytes from ``start`` to ``stop`` are the values, row after row."""

    @property
    def is_plain(self) -> bool:
        """Whether the values lie as they are, in the dtype of the header, row after row."""
        return self.storage is None or self.storage.name == self.dtype

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


def stored_as(record: TensorRecord, storage: Storage) -> TensorRecord:
    """Return a tensor whose bytes are read by a storage; ``replace`` takes four times as long."""
    return TensorRecord(
        name=record.name,
        dtype=record.dtype,
        shape=record.shape,
        path=record.path,
        start=record.start,
        stop=record.stop,
        storage=storage,
    )


@frozen
class RowBlock:
    """Rows ``start`` to ``stop`` (exclusive) of one tensor."""

    tensor: str
    start: int
    stop: int


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """Every tensor of a model, located but not read; what is made of all of them is kept."""

    source: Source
    tensors: Mapping[str, TensorRecord]
    """By name, sorted by name, so that nothing depends on shard or header order."""
    metadata: Mapping[str, str]
    """The free-text ``__metadata__`` of the headers, merged; hostile text."""
    format: str
    """``safetensors``, ``GGUF`` or ``PyTorch zip``."""
    tokens: tuple[str, ...] = ()
    """Token strings by id, where the file itself holds them (GGUF); hostile text."""
    special_tokens: frozenset[int] = frozenset()
    """Ids of ``tokens`` that the file marks as unknown, control, user-defined or unused."""
    notes: Clauses = ()
    """What was left out while opening."""
    disagreements: tuple[Disagreement, ...] = ()
    """In what the files contradict each other without keeping loaders from loading."""
    of_subject: bool = False
    """Whether this is the model under test: values that cannot be used are then its own fault."""
    paths: tuple[str, ...] = ()
    """The files whose headers were read, sorted: every weight is in one of them."""

    @computed_once
    def n_bytes(self) -> int:
        """Bytes of all tensors together."""
        return sum(t.stop - t.start for t in self.tensors.values())

    @computed_once
    def n_parameters(self) -> int:
        """Number of stored values in all tensors."""
        return sum(t.n_values for t in self.tensors.values())
