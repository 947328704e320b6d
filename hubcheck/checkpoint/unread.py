"""Which weight files does a model hold beside those that were read, and why were they not?

A loader reads one set of weights. Another program may read another: a stray single file beside
indexed shards, an older format, a folder below, an adapter. What is said of a model is said of the
set that was read, so the rest is named. Names, sizes and stated digests decide; nothing is opened.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Final

from hubcheck.source.interface import FileEntry
from hubcheck.source.weight_files import FORMATS, TRAINING_STATE, WEIGHT_SUFFIXES


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

_SAFETENSORS: Final = "safetensors"
_READ: Final = {
    ".safetensors": _SAFETENSORS,
    ".gguf": "GGUF",
    ".bin": "PyTorch",
    ".pt": "PyTorch",
    ".pth": "PyTorch",
    ".ckpt": "PyTorch",
}
"""Formats that are read, by ending."""

_CONTAINERS: Final = frozenset(
    {*WEIGHT_SUFFIXES, *FORMATS, ".onnx_data", ".ot", ".distcp", ".mlmodel", ".engine"} - {*_READ}
)
"""Endings of files that hold weights in a way that is not read: external data of ONNX, rust-bert,
sharded PyTorch checkpoints, Core ML, TensorRT."""

_ADAPTERS: Final = ("adapter_model", "adapters", "pytorch_lora_weights")
"""Beginnings of the names of adapters: PEFT, MLX, diffusers."""

_NO_MODELS: Final = ("rng_state", "random_states", "optimizer", "scheduler", "scaler")
"""Beginnings of the names of what training leaves beside its weights, in any number of pieces."""

_MATRIX_OF_IMPORTANCE: Final = "imatrix"


@dataclass(frozen=True, slots=True, kw_only=True)
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
    formats = {_format(path) for path in read}
    found = [
        UnreadFile(
            path=f.path,
            size=f.size,
            sha256=f.sha256,
            why=_why(f.path, formats),
            same_as=known.get(f.sha256, "") if f.sha256 else "",
        )
        for f in every
        if f.path not in read and _holds_weights(f.path)
    ]
    return tuple(sorted(found, key=lambda f: (f.same_as != "", ORDER.index(f.why), f.path)))


def _why(path: str, formats: Collection[str]) -> Why:
    name = PurePosixPath(path).name.lower()
    if name.startswith(_ADAPTERS):
        return Why.ADAPTER
    if "/" in path:
        return Why.OTHER_FOLDER
    if not _format(path):
        return Why.UNKNOWN_CONTAINER
    return Why.OTHER_SET if _format(path) in formats else Why.OTHER_FORMAT


def _holds_weights(path: str) -> bool:
    """Say whether a file's name is that of weights."""
    name = PurePosixPath(path).name.lower()
    if not (_format(path) or _ending(path) in _CONTAINERS):
        return False
    if name in TRAINING_STATE or _MATRIX_OF_IMPORTANCE in name:
        return False
    return _format(path) == _SAFETENSORS or not name.startswith(_NO_MODELS)


def _format(path: str) -> str:
    """Return the format of a file that can be read, by its ending; else ``""``."""
    return _READ.get(_ending(path), "")


def _ending(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
