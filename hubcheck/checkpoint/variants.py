"""Which weight files of one folder are variants of others, and so not what a loader reads?

``diffusion_pytorch_model.fp16.safetensors`` beside ``diffusion_pytorch_model.safetensors``: without
being told otherwise, loaders read the full one. By names alone.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

DIFFUSERS: Final = "diffusion_pytorch_model"
"""The name under which diffusers stores the weights of a component."""
_INDEX: Final = f"{DIFFUSERS}.safetensors.index.json"
_PICKLED: Final = re.compile(r"pytorch_model(?=\.|$)")
"""transformers' name of pickled weights; as safetensors they are called ``model``."""
_SUFFIXES: Final = (".safetensors", ".bin")
_SHARD: Final = re.compile(r"(?P<stem>.+)-[0-9]{1,6}-of-[0-9]{1,6}")


def variants_in(names: Iterable[str]) -> frozenset[str]:
    """Return the weight files that a loader passes over in favour of others of the same folder.

    Args:
        names: Names of the files of one folder. Hostile.
    """
    every = frozenset(names)
    stems = _stems(every)
    full = frozenset(_usual(stem) for of_suffix in stems.values() for stem in of_suffix)
    found = {
        name
        for of_suffix in stems.values()
        for stem, some in of_suffix.items()
        if _is_variant(_usual(stem), full)
        for name in some
    }
    safetensors = stems[".safetensors"]
    if DIFFUSERS in safetensors and "model" not in safetensors:
        found |= {n for stem, some in safetensors.items() if stem != DIFFUSERS for n in some}
        single = f"{DIFFUSERS}.safetensors"
        shards = {n for n in safetensors[DIFFUSERS] if n != single}
        if single in every and shards:  # an index is asked for first
            found |= {single} if _INDEX in every else shards
    return frozenset(found)


def several_sets(names: Iterable[str]) -> bool:
    """Return whether the safetensors files of a folder are several sets, and none is the usual."""
    every = frozenset(names)
    left = _stems(every - variants_in(every))[".safetensors"]
    return len(left) > 1 and "model" not in left


def _stems(names: Iterable[str]) -> dict[str, dict[str, list[str]]]:
    """Return the weight files by suffix, then by name without number and suffix."""
    stems: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        suffix = next((s for s in _SUFFIXES if name.endswith(s)), "")
        if suffix:
            stem = name.removesuffix(suffix)
            shard = _SHARD.fullmatch(stem)
            stems[suffix][shard["stem"] if shard else stem].append(name)
    return stems


def _usual(stem: str) -> str:
    return _PICKLED.sub("model", stem)


def _is_variant(stem: str, full: frozenset[str]) -> bool:
    """Return whether a name is another one of the folder with a word after a dot."""
    dots = (place for place, letter in enumerate(stem) if letter == ".")
    return any(stem[:place] in full for place in dots)
