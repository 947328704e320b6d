"""Which files of a model hold its weights, and what identifies them as a whole?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final

from hubcheck.source.interface import FileEntry

WEIGHT_SUFFIXES: Final = (
    ".safetensors", ".bin", ".pt", ".pth", ".gguf", ".ckpt", ".h5", ".msgpack", ".npz", ".onnx",
)  # fmt: skip
"""What counts as a weight file for digests, whether or not its format can be read."""


def weight_files(files: Iterable[FileEntry]) -> tuple[FileEntry, ...]:
    """Return the files that hold weights, in the order given."""
    return tuple(f for f in files if f.path.lower().endswith(WEIGHT_SUFFIXES))


def weights_digest(files: Iterable[FileEntry]) -> str:
    """Return the sha256 over the sorted (path, sha256) of the weight files.

    Empty when there is no weight file, or when a file's digest is not known.
    """
    weights = sorted(weight_files(files), key=lambda f: f.path)
    if not weights or not all(f.sha256 for f in weights):
        return ""
    digest = hashlib.sha256()
    for file in weights:
        digest.update(f"{file.path}\0{file.sha256}\n".encode("utf-8", "surrogatepass"))
    return digest.hexdigest()
