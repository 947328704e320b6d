"""In which of the formats that are read does a model hold its weights, and what are they?

Safetensors first, whatever else lies beside them, as loaders do; then GGUF; then PyTorch files.
Packed tensors come out as the weights they store. Anything else is refused by its name.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubcheck.checkpoint.gguf import gguf_sets, open_gguf
from hubcheck.checkpoint.interface import Checkpoint
from hubcheck.checkpoint.other_formats import has_adapter
from hubcheck.checkpoint.safetensors import open_safetensors
from hubcheck.checkpoint.torch_files import open_torch, torch_paths
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
    sizes = {entry.path: entry.size for entry in source.files()}
    named = config.get("transformers_weights")
    top = [path for path in sizes if "/" not in path]
    plain = any(p.endswith(".safetensors") and not p.startswith("adapter_model") for p in top)
    if not plain and not has_adapter(top) and not isinstance(named, str):
        if gguf_sets(sizes):
            return open_gguf(source)
        if torch_paths(sizes):
            return unpacked(open_torch(source), config)
    checkpoint = open_safetensors(source, named=named if isinstance(named, str) else "")
    return unpacked(checkpoint, config)
