"""In which of the formats that are read does a model hold its weights, and what are they?

The usual names of safetensors first, whatever else lies beside them, then those of PyTorch, as
loaders do; else safetensors of any name, GGUF, PyTorch files. An adapter counts only where there
are no weights that it changes. Packed tensors come out as the weights they store. Anything else is
refused by its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto

from hubcheck.checkpoint import safetensors, torch_files
from hubcheck.checkpoint.adapter import TORCH_FILE
from hubcheck.checkpoint.beside import adapter_beside, refuse_update
from hubcheck.checkpoint.gguf import gguf_files, gguf_sets, open_gguf
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.unpacking import unpacked
from hubcheck.errors import UnsupportedFormatError
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
    try:
        checkpoint = _located(source, kind, named)
    except UnsupportedFormatError as error:
        refuse_update(source, error)
        raise
    beside = adapter_beside(source, checkpoint)
    sizes = {entry.path: entry.size for entry in source.files()}
    alone = torch_files.index_alone(sizes)
    if kind is not _Kind.SAFETENSORS:
        alone = (*alone, *safetensors.index_alone(sizes))
    checkpoint = replace(checkpoint, disagreements=(*alone, *checkpoint.disagreements, *beside))
    return checkpoint if kind is _Kind.GGUF else unpacked(checkpoint, config)


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
        return torch_files.torch_files(source)
    return safetensors.safetensors_files(source, named=named)


class _Kind(Enum):
    SAFETENSORS = auto()
    GGUF = auto()
    TORCH = auto()


def _kind(source: Source, config: Mapping[str, object]) -> tuple[_Kind, str]:
    """Return the format that loaders choose, and the file that config.json names, if any."""
    sizes = {entry.path: entry.size for entry in source.files()}
    named = config.get("transformers_weights")
    if isinstance(named, str) and named != TORCH_FILE:  # an adapter is not what is looked for
        return _Kind.SAFETENSORS, named
    if safetensors.has_usual_files(sizes):
        return _Kind.SAFETENSORS, ""
    if not safetensors.has_files(sizes):
        if gguf_sets(sizes):
            return _Kind.GGUF, ""
        if torch_files.torch_paths(sizes):
            return _Kind.TORCH, ""
    elif torch_files.has_usual_files(sizes):
        return _Kind.TORCH, ""
    return _Kind.SAFETENSORS, ""


def _located(source: Source, kind: _Kind, named: str) -> Checkpoint:
    if kind is _Kind.GGUF:
        return open_gguf(source)
    if kind is _Kind.TORCH:
        return torch_files.open_torch(source)
    return safetensors.open_safetensors(source, named=named)
