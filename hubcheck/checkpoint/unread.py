"""Which weight files does a model hold beside those that were read, and why were they not?

A loader reads one set of weights. Another program may read another: a stray single file beside
indexed shards, an older format, a folder below, an adapter. What is said of a model is said of the
set that was read, so the rest is named. Names, sizes and stated digests decide; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from hubcheck.checkpoint.other_formats import is_adapter_file
from hubcheck.frozen import frozen
from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import READ, SAFETENSORS, formats_of, is_training_state


class Why(StrEnum):
    """Why a weight file was not read."""

    OTHER_SET = "other-set"
    """The same format, in the same folder: another set, shard or quantisation."""
    OTHER_FORMAT = "other-format"
    """A format that is read where nothing ranks before it."""
    ADAPTER = "adapter"
    """An update for some model, not a model."""
    OTHER_FOLDER = "other-folder"
    """It lies below the folder whose weights were read."""
    UNKNOWN_CONTAINER = "unknown-container"
    """A container of weights that is not read at all."""


ORDER: Final = tuple(Why)
"""What could be loaded in place of what was read comes first."""

_NO_MODELS: Final = (
    *("rng_state", "random_states", "optimizer", "scheduler", "scaler"),
    *("zero_pp_rank", "training_args"),
)
"""Beginnings of the names of what training leaves beside its weights, in any number of pieces."""

_MATRIX_OF_IMPORTANCE: Final = "imatrix"


@frozen
class UnreadFile:
    """One weight file that was not read."""

    path: str
    size: int
    """Bytes."""
    sha256: str
    """Where it is stated or was computed; ``""`` otherwise."""
    why: Why
    same_as: str = ""
    """A file that was read and has the same sha256, if there is one: the bytes are known."""


def unread_files(files: Iterable[FileEntry], read: Collection[str]) -> tuple[UnreadFile, ...]:
    """Return the weight files that are not among those read, by what they are and then by path.

    Args:
        files: Every file of the model.
        read: Paths of the files that were read; with none, nothing was chosen and nothing is left
            over.

    Returns:
        The files; what training leaves beside weights (optimiser, generator states) is not among
        them, and neither is an importance matrix.
    """
    if not read:
        return ()
    every = tuple(files)
    known = {f.sha256: f.path for f in every if f.path in read and f.sha256}
    every_format = formats_of(f.path for f in every)
    formats = {every_format.get(path, "") for path in read}
    found = [
        UnreadFile(
            path=f.path,
            size=f.size,
            sha256=f.sha256,
            why=_why(f.path, every_format[f.path], formats),
            same_as=known.get(f.sha256, "") if f.sha256 else "",
        )
        for f in every
        if f.path not in read and _is_model(f.path, every_format.get(f.path, ""))
    ]
    return tuple(sorted(found, key=lambda f: (f.same_as != "", ORDER.index(f.why), f.path)))


def _why(path: str, name: str, formats: Collection[str]) -> Why:
    last = PurePosixPath(path).name.lower()
    if is_adapter_file(last):
        return Why.ADAPTER
    if "/" in path:
        return Why.OTHER_FOLDER
    if name not in READ:
        return Why.UNKNOWN_CONTAINER
    return Why.OTHER_SET if name in formats else Why.OTHER_FORMAT


def _is_model(path: str, name: str) -> bool:
    """Say whether a file of this format is weights, and not what training leaves beside them."""
    last = PurePosixPath(path).name.lower()
    if not name or is_training_state(path) or _MATRIX_OF_IMPORTANCE in last:
        return False
    return name == SAFETENSORS or not last.startswith(_NO_MODELS)
