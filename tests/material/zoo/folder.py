"""How does a dict of weights become a model folder, in any dtype and any number of shards?

Files are written here with ``safetensors``' own writer for one file and read back with it; names of
shards, order of tensors and split are arguments, because a checker must not depend on them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.torch import save_file

from tests.material.zoo.model import Weights

Dtype = Literal["F32", "F16", "BF16", "F8_E4M3"]
TORCH_DTYPES: Final[Mapping[Dtype, torch.dtype]] = {
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F8_E4M3": torch.float8_e4m3fn,
}

PARTIAL: Final = "partial.safetensors"
"""State of a training that goes on; neither weights nor old weights."""


def cast(weights: Mapping[str, NDArray[np.floating]], dtype: Dtype) -> dict[str, torch.Tensor]:
    """Return the weights as tensors of one storage dtype, rounded to nearest."""
    return {
        n: torch.from_numpy(np.ascontiguousarray(w)).to(TORCH_DTYPES[dtype])
        for n, w in weights.items()
    }


def round_trip(weights: Weights, dtype: Dtype) -> Weights:
    """Return the float32 values that survive storage in ``dtype``."""
    return {n: t.to(torch.float32).numpy() for n, t in cast(weights, dtype).items()}


def write_model(
    folder: Path,
    weights: Mapping[str, NDArray[np.floating]],
    config: Mapping[str, object],
    *,
    tokenizer_files: Mapping[str, str],
    card: str,
    dtype: Dtype = "BF16",
    shards: int = 1,
    shard_name: str = "model-{index:05d}-of-{count:05d}.safetensors",
    order: Sequence[str] | None = None,
) -> None:
    """Write a model folder in the Hugging Face layout; files of earlier weights are removed.

    Args:
        folder: Created when missing.
        weights: Arrays under their stored names.
        config: Content of config.json; the stored dtype is added.
        tokenizer_files: File name to content.
        card: Content of README.md.
        dtype: Storage dtype of every tensor.
        shards: Number of weight files; with 1 the file is ``model.safetensors``.
        shard_name: Template of a shard's name with ``index`` (from 1) and ``count``.
        order: Names in the order in which they are dealt to the shards; as given by default.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.safetensors*"):
        if old.name != PARTIAL:
            old.unlink()
    names = list(weights) if order is None else list(order)
    stored = cast(weights, dtype)
    where: dict[str, str] = {}
    for i, part in enumerate(_split(names, shards), start=1):
        one = "model.safetensors"
        file = one if shards == 1 else shard_name.format(index=i, count=shards)
        save_file({n: stored[n] for n in part}, folder / file, metadata={"format": "pt"})
        (folder / file).chmod(0o644)  # the writer makes files that only their owner can read
        where |= dict.fromkeys(part, file)
    if shards > 1:
        total = sum(t.numel() * t.element_size() for t in stored.values())
        index = {"metadata": {"total_size": total}, "weight_map": where}
        text = json.dumps(index, indent=2, sort_keys=True) + "\n"
        (folder / "model.safetensors.index.json").write_text(text)
    named = {"F32": "float32", "F16": "float16", "BF16": "bfloat16", "F8_E4M3": "float8_e4m3fn"}
    full = {**config, "torch_dtype": named[dtype]}
    (folder / "config.json").write_text(json.dumps(full, indent=2) + "\n")
    (folder / "README.md").write_text(card)
    for file, text in tokenizer_files.items():
        (folder / file).write_text(text)


def _split(names: Sequence[str], shards: int) -> list[Sequence[str]]:
    ends = [round(i * len(names) / shards) for i in range(shards + 1)]
    return [names[a:b] for a, b in pairwise(ends)]


def read_weights(folder: Path) -> Weights:
    """Return all weights of a folder that ``write_model`` wrote as float32 or float16 arrays.

    Raises:
        FileNotFoundError: The folder holds no weight file.
    """
    files = sorted(p for p in folder.glob("*.safetensors") if p.name != PARTIAL)
    if not files:
        message = f"{folder} holds no finished *.safetensors; train it first"
        raise FileNotFoundError(message)
    weights: Weights = {}
    for file in files:
        weights |= load_file(file)
    return weights
