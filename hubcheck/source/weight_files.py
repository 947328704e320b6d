"""Which files of a model hold its weights, and what identifies them as a whole?

By name alone: nothing is opened here. The one table of weight formats, whoever asks: what counts
for a digest, what the gate fetches, what a push has to touch, which format a refusal names.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from hubcheck.source.interface import FileEntry

FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ".safetensors": "safetensors",
        ".gguf": "GGUF",
        ".bin": "PyTorch pickle",
        ".pt": "PyTorch pickle",
        ".pth": "PyTorch pickle",
        ".ckpt": "PyTorch pickle",
        ".pkl": "Python pickle",
        ".h5": "Keras HDF5",
        ".keras": "Keras archive",
        ".msgpack": "Flax msgpack",
        ".onnx": "ONNX",
        ".npz": "NumPy archive",
        ".tflite": "TensorFlow Lite",
        ".pdparams": "Paddle pickle",
        ".nemo": "NeMo archive",
    }
)
"""Format by file ending, read here or not; where a model has several, the first one names it."""
WEIGHT_SUFFIXES: Final = tuple(FORMATS)
TRAINING_STATE: Final = frozenset(
    {"training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt"}
)
"""What training leaves beside the weights, under endings of weights."""


def weight_files(files: Iterable[FileEntry]) -> tuple[FileEntry, ...]:
    """Return the files that hold weights, in the order given."""
    return tuple(f for f in files if f.path.lower().endswith(WEIGHT_SUFFIXES))


def holds_weights(path: str) -> bool:
    """Return whether a file holds weights by its name, what training leaves beside them aside."""
    name = path.rpartition("/")[2].lower()
    return name.endswith(WEIGHT_SUFFIXES) and name not in TRAINING_STATE


def weight_folders(paths: Iterable[str]) -> tuple[str, ...]:
    """Return the folders that hold weights, sorted; ``""`` is the top level."""
    return tuple(sorted({path.rpartition("/")[0] for path in paths if holds_weights(path)}))


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
