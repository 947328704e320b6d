"""How do several components become one checkpoint?

The tensors of a component carry its name in front (``text_encoder.…``), those of the body, where
there is one, keep theirs; every record lies where its file lies in the repository.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.other_view import OtherView
from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Source, Span

SEVERAL: Final = "several components"
"""The format of a checkpoint whose components are not stored alike."""


@frozen
class Moved(OtherView):
    """A storage whose files are called otherwise; see ``interface.Storage``."""

    paths: tuple[tuple[str, str], ...]
    """(path as the storage has it, path in the repository), sorted."""

    def spans(self, start: int, stop: int) -> tuple[Span, ...]:
        """Return the bytes that rows ``start`` to ``stop`` cost, where they lie."""
        real = dict(self.paths)
        spans = self.inner.spans(start, stop)
        return tuple(replace(span, path=real.get(span.path, span.path)) for span in spans)

    def values(self, start: int, stop: int, raws: Sequence[bytes]) -> NDArray[np.float32]:
        """Return the rows, float32 [stop - start, n_cols]."""
        return self.inner.values(start, stop, raws)


@frozen
class Piece:
    """One component's checkpoint, and where its files lie."""

    name: str
    """In front of its tensors' names; ``""`` for the body."""
    checkpoint: Checkpoint
    real_paths: Mapping[str, str]
    """Path in the component to path in the repository."""

    @property
    def prefix(self) -> str:
        """What the names of its tensors begin with in the whole."""
        return f"{self.name}." if self.name else ""


def joined(source: Source, pieces: Sequence[Piece]) -> Checkpoint:
    """Return several components as one checkpoint.

    Args:
        source: The repository.
        pieces: The components, the body first where there is one.

    Raises:
        HostileCheckpointError: two tensors come out under one name.
    """
    tensors: dict[str, TensorRecord] = {}
    for piece in pieces:
        paths = tuple(sorted(piece.real_paths.items()))
        for record in piece.checkpoint.tensors.values():
            moved = _moved(record, piece, paths)
            if tensors.setdefault(moved.name, moved) is not moved:
                raise HostileCheckpointError(
                    f"Two components hold tensor '{printable(moved.name)}'.",
                    cause="a tensor is named as if it were another component's.",
                    next_step="do not load it before its publisher has explained the name.",
                )
    first = next((p.checkpoint for p in pieces if not p.name), None)
    formats = {p.checkpoint.format for p in pieces if p.checkpoint.tensors}
    return Checkpoint(
        source=source,
        tensors=MappingProxyType(dict(sorted(tensors.items()))),
        metadata=first.metadata if first is not None else MappingProxyType({}),
        format=formats.pop() if len(formats) == 1 else SEVERAL,
        tokens=first.tokens if first is not None else (),
        special_tokens=first.special_tokens if first is not None else frozenset(),
        notes=tuple(note for piece in pieces for note in piece.checkpoint.notes),
        disagreements=tuple(
            replace(d, file=piece.real_paths.get(d.file, d.file))
            for piece in pieces
            for d in piece.checkpoint.disagreements
        ),
        paths=tuple(
            sorted({p.real_paths.get(path, path) for p in pieces for path in p.checkpoint.paths})
        ),
    )


def _moved(record: TensorRecord, piece: Piece, paths: tuple[tuple[str, str], ...]) -> TensorRecord:
    """Return a tensor by its name and place in the repository."""
    storage = record.storage
    return replace(
        record,
        name=piece.prefix + record.name,
        path=piece.real_paths.get(record.path, record.path),
        storage=None if storage is None else Moved(inner=storage, paths=paths),
    )
