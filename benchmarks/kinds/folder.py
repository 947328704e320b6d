"""How does a model lie in a folder: one file or shards, which format, which dtype, which tokens?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from benchmarks.kinds.build import Published

HALVES: Final[Mapping[str, torch.dtype]] = {"F16": torch.float16, "BF16": torch.bfloat16}
TORCH_NAMES: Final[Mapping[str, str]] = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}
STEMS: Final[Mapping[str, str]] = {
    "model.safetensors": "pytorch_model.bin",
    "diffusion_pytorch_model.safetensors": "diffusion_pytorch_model.bin",
}
"""What a PyTorch file is called where the safetensors file has a given name."""


def stored(tensors: Mapping[str, torch.Tensor], dtype: str) -> dict[str, torch.Tensor]:
    """Return the tensors with every float stored in a dtype: F32, F16 or BF16."""
    if dtype == "F32":
        return {n: t.contiguous() for n, t in tensors.items()}
    half = HALVES[dtype]
    return {n: t.to(half) if t.is_floating_point() else t for n, t in tensors.items()}


def write(
    folder: Path,
    model: Published,
    *,
    dtype: str = "F32",
    shards: int = 1,
    pickled: bool = False,
    tokens: Sequence[str] = (),
    card: str = "",
) -> None:
    """Write a model's folder as its library does.

    Args:
        folder: Created.
        model: What it holds.
        dtype: Storage of its floats.
        shards: Weight files; with more than one there is an index.
        pickled: Write PyTorch files instead of safetensors.
        tokens: Words of its vocabulary by id; none for a model that reads no text.
        card: Content of ``README.md``; none is written where empty.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = stored(model.tensors, dtype)
    name = STEMS[model.weights_name] if pickled else model.weights_name
    write_weights(folder, tensors, name, shards)
    config = {**model.config}
    for key in ("dtype", "torch_dtype"):
        if key in config:
            config[key] = TORCH_NAMES[dtype]
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True))
    for file, text in model.files.items():
        (folder / file).write_text(text)
    if tokens:
        (folder / "tokenizer.json").write_text(tokenizer(tokens))
    if card:
        (folder / "README.md").write_text(card)


def write_weights(
    folder: Path, tensors: Mapping[str, torch.Tensor], name: str, shards: int = 1
) -> None:
    """Write one weight file, or shards and their index, named as loaders want them."""
    names = sorted(tensors)
    stem, _, ending = name.rpartition(".")
    if shards == 1:
        write_one(folder / name, dict(tensors))
        return
    where: dict[str, str] = {}
    for i in range(shards):
        part = {n: tensors[n] for n in names[i::shards]}
        file = f"{stem}-{i + 1:05}-of-{shards:05}.{ending}"
        write_one(folder / file, part)
        where |= dict.fromkeys(part, file)
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(where.items()))}
    (folder / f"{name}.index.json").write_text(json.dumps(index, indent=1))


def write_one(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Write one file, safetensors or PyTorch by its name; readable by all."""
    if path.suffix == ".safetensors":
        save_file(tensors, path, metadata={"format": "pt"})
        path.chmod(0o644)  # the writer makes files that only their owner can read
    else:
        torch.save(tensors, path)


def words(count: int, first: int = 0) -> list[str]:
    """Return a vocabulary of made-up words; another ``first`` shares all but that many."""
    return ["[UNK]", *(f"w{first + i}" for i in range(1, count))]


def tokenizer(tokens: Sequence[str]) -> str:
    """Return a ``tokenizer.json`` that knows these words."""
    model: dict[str, Any] = {
        "type": "WordLevel",
        "vocab": {token: i for i, token in enumerate(tokens)},
        "unk_token": "[UNK]",
    }
    found: dict[str, object] = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": None,
        "decoder": None,
        "model": model,
    }
    return json.dumps(found)


def vocabulary_sizes(config: Mapping[str, Any]) -> set[int]:
    """Return every vocabulary size that a configuration states, nested ones included."""
    found = set()
    for key, value in config.items():
        if isinstance(value, Mapping):
            found |= vocabulary_sizes(value)
        elif key.endswith("vocab_size") and not key.startswith("type_") and isinstance(value, int):
            found.add(value)
    return found


def vocabulary_size(model: Published) -> int:
    """Return the largest stated vocabulary that a tensor has rows for; 0 where there is none.

    Configurations state vocabularies that their class does not use.
    """
    held = {size for values in model.tensors.values() for size in values.shape}
    return max(vocabulary_sizes(model.config) & held, default=0)


def with_vocabulary(config: Mapping[str, Any], old: int, new: int) -> dict[str, Any]:
    """Return a configuration whose vocabulary of ``old`` tokens has ``new``."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        if isinstance(value, Mapping):
            found[key] = with_vocabulary(value, old, new)
        elif key.endswith("vocab_size") and value == old:
            found[key] = new
        else:
            found[key] = value
    return found


def changed(model: Published, tensors: Mapping[str, torch.Tensor], **config: Any) -> Published:
    """Return a model with other tensors, and configuration keys besides its own."""
    return replace(model, tensors=dict(tensors), config={**model.config, **config})
