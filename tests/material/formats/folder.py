"""How does one model lie in a folder, in each format?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from tests.material.formats.encode import ENCODERS, Stored, as_bf16, as_f16, stored
from tests.material.formats.gguf_file import write_gguf

Matrix = NDArray[np.float32]

GGUF_TYPES: Final = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_K", "Q5_K", "Q6_K", "MXFP4")
ORIGINAL: Final = "safetensors bf16"
FORMATS: Final = (
    ORIGINAL,
    "safetensors fp16",
    "safetensors fp32, 3 shards",
    "PyTorch .bin",
    "PyTorch .bin, 2 shards",
    *ENCODERS,
    *(f"GGUF {name}" for name in GGUF_TYPES),
)
"""Every way in which the same small model is written."""
LOSSLESS: Final = frozenset((*FORMATS[:1], *FORMATS[2:5], "GGUF F32", "GGUF BF16"))
"""Formats that hold bfloat16 weights without loss."""


def safetensors_file(tensors: Mapping[str, Stored]) -> bytes:
    """Return a safetensors file, from the published layout."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    at = 0
    for name, tensor in tensors.items():
        stop = at + len(tensor.raw)
        header[name] = {
            "dtype": tensor.dtype,
            "shape": [*tensor.shape],
            "data_offsets": [at, stop],
        }
        at = stop
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(tensor.raw for tensor in tensors.values())
    return len(text).to_bytes(8, "little") + text + body


def write_safetensors(path: Path, tensors: Mapping[str, Stored]) -> None:
    """Write a safetensors file."""
    path.write_bytes(safetensors_file(tensors))


def is_linear(name: str) -> bool:
    """Say whether quantisation touches a tensor: the linear layers of the blocks."""
    return name.endswith("_proj.weight")


def encoded(tensors: Mapping[str, Matrix], name: str) -> dict[str, Stored]:
    """Return the stored tensors of a quantised safetensors model."""
    encode, _ = ENCODERS[name]
    found: dict[str, Stored] = {}
    for tensor, values in tensors.items():
        if is_linear(tensor):
            stem = tensor.removesuffix("weight")
            found |= {stem + part: s for part, s in encode(values).items()}
        else:
            found[tensor] = as_bf16(values)
    return found


def write_shards(folder: Path, parts: list[dict[str, Any]], torch_file: bool) -> None:
    """Write shards and their index."""
    kind = "pytorch_model" if torch_file else "model"
    ending = "bin" if torch_file else "safetensors"
    weight_map: dict[str, str] = {}
    for i, part in enumerate(parts):
        path = folder / f"{kind}-{i + 1:05}-of-{len(parts):05}.{ending}"
        if torch_file:
            torch.save(part, path)
        else:
            write_safetensors(path, part)
        weight_map |= dict.fromkeys(part, path.name)
    index = {"metadata": {}, "weight_map": weight_map}
    (folder / f"{kind}.{ending}.index.json").write_text(json.dumps(index))


def write_model(
    folder: Path,
    tensors: Mapping[str, Matrix],
    config: Mapping[str, Any],
    name: str,
    *,
    beside: Path | None = None,
) -> None:
    """Write a model in one format.

    Args:
        folder: Where; must not exist.
        tensors: Float tensors by published name, Llama-like.
        config: ``config.json``.
        name: One of ``FORMATS``.
        beside: A folder whose tokenizer is copied, except beside GGUF, which holds its tokens.
    """
    folder.mkdir(parents=True)
    quantisation = {"quantization_config": ENCODERS[name][1]} if name in ENCODERS else {}
    if name.startswith("GGUF"):
        tokens, special = stored_tokens(beside)
        write_gguf(folder / "model.gguf", tensors, config, name.split()[1], tokens, special)
        return
    if beside is not None:
        for path in beside.glob("tokenizer*"):
            shutil.copy(path, folder / path.name)
    (folder / "config.json").write_text(json.dumps({**config, **quantisation}))
    names = sorted(tensors)
    halves = {n: torch.from_numpy(np.array(tensors[n])).to(torch.bfloat16) for n in names}
    if name == "PyTorch .bin":
        torch.save(halves, folder / "pytorch_model.bin")
    elif name == "PyTorch .bin, 2 shards":
        write_shards(folder, [{n: halves[n] for n in names[i::2]} for i in range(2)], True)
    elif name == "safetensors fp32, 3 shards":
        parts = [{n: stored(tensors[n]) for n in names[i::3][::-1]} for i in range(3)]
        write_shards(folder, parts, False)
    elif name == "safetensors fp16":
        write_safetensors(folder / "model.safetensors", {n: as_f16(tensors[n]) for n in names})
    elif name == ORIGINAL:
        write_safetensors(folder / "model.safetensors", {n: as_bf16(tensors[n]) for n in names})
    else:
        write_safetensors(folder / "model.safetensors", encoded(tensors, name))


def stored_tokens(folder: Path | None) -> tuple[list[str], set[int]]:
    """Return token strings by id, and the ids of added tokens, of a folder's tokenizer."""
    if folder is None:
        return [], set()
    found = json.loads((folder / "tokenizer.json").read_text())
    added = {token["content"]: token["id"] for token in found["added_tokens"]}
    vocabulary = {**found["model"]["vocab"], **added}
    return sorted(vocabulary, key=vocabulary.__getitem__), set(added.values())


def read_floats(folder: Path) -> dict[str, Matrix]:
    """Return the tensors of a bfloat16 safetensors model as float32."""
    from safetensors.torch import load_file

    found = load_file(folder / "model.safetensors")
    return {name: value.float().numpy() for name, value in found.items()}
