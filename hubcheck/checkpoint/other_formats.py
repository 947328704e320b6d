"""In which format are the weights of a model that holds no safetensors?

Decided by file names alone: none of these files is opened, and a pickle is never loaded.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NoReturn

from hubcheck.errors import NoWeightsError, UnsupportedFormatError, printable
from hubcheck.source.weight_files import FORMATS, holds_weights, weight_folders

PEFT_ADAPTER: Final = "PEFT adapter: an adapter alone cannot prove its base"
"""The format's name says why no verdict follows: low-rank updates fit any base of their shapes."""

FOLDERS_NAMED: Final = 3
"""Folders of a message; a pipeline has five or six parts."""
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
        NoWeightsError: there are none, or only in a folder below.
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
        if path.lower().endswith(ending) and holds_weights(path)
    }
    misnamed = found.pop(FORMATS[".safetensors"], "")
    if misnamed and not found:
        raise UnsupportedFormatError(
            f"'{printable(misnamed)}' has a name under which no loader looks for weights.",
            cause="capitals in its ending, or the shards of an adapter.",
            next_step="rename it to what loaders read, such as model.safetensors.",
            format_name="safetensors under another name",
        )
    if found:
        name = next(n for n in FORMATS.values() if n in found)
        raise UnsupportedFormatError(
            f"The weights are stored as {name}, as in '{printable(found[name])}', which hubcheck"
            " does not read.",
            cause="the model was published without safetensors.",
            next_step="convert it to safetensors, or check a revision or model that has them.",
            format_name=name,
        )
    folders = weight_folders(every)
    if folders:
        named = ", ".join(f"'{printable(f, limit=60)}'" for f in folders[:FOLDERS_NAMED])
        more = len(folders) - FOLDERS_NAMED
        raise NoWeightsError(
            f"No model lies at the top level; weights lie in {named}"
            f"{f' and {more} more' if more > 0 else ''}.",
            cause="the folder above the model was named, or the model is one of several parts.",
            next_step="name the folder that holds the weights; on the Hub that is ORG/NAME:FOLDER.",
        )
    raise NoWeightsError(
        f"The model holds no weights among its {len(every)} files.",
        cause="the upload is incomplete, or the reference names a model of another kind.",
        next_step="check the reference and the revision.",
    )
