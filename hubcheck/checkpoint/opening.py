"""In which of the formats that are read does a model hold its weights, and what are they?

Safetensors first, whatever else lies beside them, as loaders do; then GGUF; then PyTorch files.
Packed tensors come out as the weights they store. Anything else is refused by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from hubcheck.checkpoint.gguf import gguf_files, gguf_sets, open_gguf
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.other_formats import has_adapter
from hubcheck.checkpoint.safetensors import open_safetensors, safetensors_files
from hubcheck.checkpoint.torch_files import open_torch, torch_files, torch_paths
from hubcheck.checkpoint.unpacking import unpacked
from hubcheck.source.interface import Source


def open_checkpoint(source: Source, config: Mapping[str, object]) -> Checkpoint:
    """Locate every tensor of a model, in whichever format it was published.

    Args:
        source: The model. Charged for headers.
        config: The parsed ``config.json``, empty without one. Hostile.

    Raises:
        HostileCheckpointError: the files contradict themselves or each other.
        UnsupportedFormatError: the weights are in a format that is not read; names it.
        UnreadableError: there are no weights, or no single set of files that holds them.
    """
    kind, named = _kind(source, config)
    if kind is _Kind.GGUF:
        return open_gguf(source)
    if kind is _Kind.TORCH:
        return unpacked(open_torch(source), config)
    return unpacked(open_safetensors(source, named=named), config)


def loaded_files(source: Source, config: Mapping[str, object]) -> tuple[str, ...]:
    """Return the files that ``open_checkpoint`` would open, sorted: no header is read, an index is.

    Args:
        source: The model. Charged for an index, as a document.
        config: The parsed ``config.json``, empty without one. Hostile.

    Raises:
        UnreadableError: as ``open_checkpoint``, as far as names and indexes decide it.
    """
    kind, named = _kind(source, config)
    if kind is _Kind.GGUF:
        return gguf_files({entry.path: entry.size for entry in source.files()})
    if kind is _Kind.TORCH:
        return torch_files(source)
    return safetensors_files(source, named=named)


class _Kind(Enum):
    SAFETENSORS = auto()
    GGUF = auto()
    TORCH = auto()


def _kind(source: Source, config: Mapping[str, object]) -> tuple[_Kind, str]:
    """Return the format that loaders choose, and the file that config.json names, if any."""
    sizes = {entry.path: entry.size for entry in source.files()}
    named = config.get("transformers_weights")
    top = [path for path in sizes if "/" not in path]
    plain = any(p.endswith(".safetensors") and not p.startswith("adapter_model") for p in top)
    if not plain and not has_adapter(top) and not isinstance(named, str):
        if gguf_sets(sizes):
            return _Kind.GGUF, ""
        if torch_paths(sizes):
            return _Kind.TORCH, ""
    return _Kind.SAFETENSORS, named if isinstance(named, str) else ""
