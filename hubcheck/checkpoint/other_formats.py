"""In which format are the weights of a model that holds no safetensors?

Decided by file names alone: none of these files is opened, and a pickle is never loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, NoReturn

from hubcheck.errors import UnreadableError, UnsupportedFormatError, printable

PEFT_ADAPTER: Final = "PEFT adapter: an adapter alone cannot prove its base"
"""The format's name says why no verdict follows: low-rank updates fit any base of their shapes."""

FORMATS: Final[Mapping[str, str]] = MappingProxyType(
    {
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
"""Format by file ending; where a model has several, the first one here names it."""

_NO_WEIGHTS: Final = frozenset(
    {"training_args.bin", "optimizer.pt", "optimizer.bin", "scheduler.pt", "scaler.pt"}
)
"""What training leaves beside the weights."""

_ADAPTERS: Final = frozenset({"adapter_model.safetensors", "adapter_model.bin"})


def has_adapter(paths: Iterable[str]) -> bool:
    """Say whether a model holds the weights of an adapter at top level."""
    return any(path in _ADAPTERS for path in paths)


def refuse_other_formats(paths: Iterable[str]) -> NoReturn:
    """Say why a model without safetensors at top level cannot be read.

    Args:
        paths: Every file of the model.

    Raises:
        UnsupportedFormatError: there are weights in a format that hubcheck names and does not read.
        UnreadableError: there are none, or only in a folder below.
    """
    every = sorted(paths)
    top = [path for path in every if "/" not in path]
    adapter = next((path for path in top if path in _ADAPTERS), None)
    if adapter is not None:
        raise UnsupportedFormatError(
            f"'{adapter}' is an adapter, and its base weights are not in this model.",
            cause="only the low-rank update of a fine-tune was published.",
            next_step="merge the adapter into its base, and check the merged model.",
            format_name=PEFT_ADAPTER,
        )
    found = {
        name: path
        for ending, name in FORMATS.items()
        for path in reversed(top)
        if path.lower().endswith(ending) and path not in _NO_WEIGHTS
    }
    if found:
        name = next(n for n in FORMATS.values() if n in found)
        raise UnsupportedFormatError(
            f"The weights are stored as {name}, as in '{printable(found[name])}', which hubcheck"
            " does not read.",
            cause="the model was published without safetensors.",
            next_step="convert it to safetensors, or check a revision or model that has them.",
            format_name=name,
        )
    below = next((path for path in every if path.endswith(".safetensors")), None)
    if below is not None:
        raise UnreadableError(
            f"No weights lie at top level, but '{printable(below)}' lies in a folder below.",
            cause="the model is one of several parts, as in an image pipeline.",
            next_step="name the folder that holds the part to check.",
        )
    raise UnreadableError(
        f"The model holds no weights among its {len(every)} files.",
        cause="the upload is incomplete, or the reference names a model of another kind.",
        next_step="check the reference and the revision.",
    )
