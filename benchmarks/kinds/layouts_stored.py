"""Which formats, dtypes and quantisations may one model be stored in?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch

from benchmarks.kinds.build import Published
from benchmarks.kinds.folder import HALVES, stored, write, write_one
from benchmarks.kinds.gguf_models import write_gguf_of
from benchmarks.kinds.layout import Bench, Layout, Make, Question, Truth
from hubcheck.report.words import RelationKind
from tests.material.formats.folder import write_model
from tests.material.formats.gguf_file import write_gguf

SAME: Final = frozenset({RelationKind.RECAST, RelationKind.IDENTICAL})
QUANTISED: Final = frozenset({RelationKind.QUANTISED})
CHAPTER: Final = "stored as"
LLAMA: Final = "Llama"


def plain(**how: object) -> Make:
    """Return a layout of the base, saved as ``write`` is told."""

    def make(bench: Bench, folder: Path) -> Question:
        write(folder, bench.base(LLAMA), tokens=bench.tokens(LLAMA), **how)  # type: ignore[arg-type]
        return Question(subject=folder, bases=(bench.plain(LLAMA),))

    return make


def arrays(model: Published) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    """Return a model's tensors as float32 arrays."""
    return {n: t.float().numpy() for n, t in model.tensors.items() if t.is_floating_point()}


def quantised(name: str) -> Make:
    """Return a layout of the base in one of the formats that the table of formats writes."""

    def make(bench: Bench, folder: Path) -> Question:
        folder.rmdir()
        base = bench.plain(LLAMA)
        model = bench.base(LLAMA)
        write_model(folder, arrays(model), dict(model.config), name, beside=base)
        return Question(subject=folder, bases=(base,))

    return make


def gguf(stored_as: str, *, of: str = LLAMA, base_stored_as: str = "", inside: str = "") -> Make:
    """Return a layout of one GGUF file, against safetensors or another GGUF.

    Args:
        stored_as: Type of the matrices.
        of: The kind.
        base_stored_as: The base is a GGUF of this type; safetensors where empty.
        inside: A folder below the top level that the file lies in.
    """

    def one(bench: Bench, folder: Path, kind: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        model, tokens = bench.base(of), bench.tokens(of)
        path = folder / f"model-{kind}.gguf"
        if of == LLAMA:
            write_gguf(path, arrays(model), dict(model.config), kind, tokens, set())
        else:
            write_gguf_of(path, model, "t5" if of == "T5" else "bert", kind, tokens)

    def make(bench: Bench, folder: Path) -> Question:
        one(bench, folder / inside, stored_as)
        base = bench.plain(of)
        if base_stored_as:
            base = folder.parent / "base-gguf"
            one(bench, base, base_stored_as)
        return Question(subject=folder, bases=(base,))

    return make


def by_file(bench: Bench, folder: Path) -> Question:
    """The subject is named by its weight file, not by its folder."""
    write(folder, bench.base(LLAMA), tokens=bench.tokens(LLAMA), dtype="BF16")
    return Question(subject=folder / "model.safetensors", bases=(bench.plain(LLAMA),))


def old_pickle(bench: Bench, folder: Path) -> Question:
    """A PyTorch file from before 1.6: one pickle, no zip."""
    write(folder, bench.base(LLAMA), tokens=bench.tokens(LLAMA))
    (folder / "model.safetensors").unlink()
    tensors = dict(bench.base(LLAMA).tensors)
    torch.save(tensors, folder / "pytorch_model.bin", _use_new_zipfile_serialization=False)
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


META: Final = {
    "model.embed_tokens": "tok_embeddings",
    "model.norm": "norm",
    "lm_head": "output",
    "input_layernorm": "attention_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.o_proj": "attention.wo",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
}
"""Meta's names of a Llama's modules."""


def metas_names(model: Published) -> dict[str, torch.Tensor]:
    """Return a Llama under Meta's names, rows of q and k in Meta's order of rotary pairs."""
    config = model.config
    heads = {"wq": config["num_attention_heads"], "wk": config["num_key_value_heads"]}
    found = {}
    for name, values in model.tensors.items():
        called = name
        for old, new in META.items():
            called = called.replace(old, new)
        called = called.removeprefix("model.")
        which = called.rpartition(".weight")[0].rpartition(".")[2]
        if which in heads:
            halves = values.reshape(heads[which], 2, -1, values.shape[1])
            values = halves.transpose(1, 2).reshape(values.shape)  # noqa: PLW2901 - turned
        found[called] = values.contiguous()
    return found


def _params(config: Mapping[str, object]) -> str:
    named = {
        "dim": config["hidden_size"],
        "n_layers": config["num_hidden_layers"],
        "n_heads": config["num_attention_heads"],
        "n_kv_heads": config["num_key_value_heads"],
        "vocab_size": config["vocab_size"],
        "hidden_dim": config["intermediate_size"],
        "norm_eps": config["rms_norm_eps"],
        "head_dim": config["head_dim"],
        "rope_theta": 10000.0,
    }
    return json.dumps(named)


def consolidated(name: str, dtype: str) -> Make:
    """Return Meta's or Mistral's layout of a Llama, one file."""

    def make(bench: Bench, folder: Path) -> Question:
        model = bench.base(LLAMA)
        write_one(folder / name, stored(metas_names(model), dtype))
        (folder / "params.json").write_text(_params(model.config))
        return Question(subject=folder, bases=(bench.plain(LLAMA),))

    return make


def mlx(bench: Bench, folder: Path) -> Question:
    """Weights as MLX writes four bits: words of eight codes, a scale and a bias for 32 values."""
    model = bench.base(LLAMA)
    tensors: dict[str, torch.Tensor] = {}
    for name, values in model.tensors.items():
        if not name.endswith("_proj.weight"):
            tensors[name] = values.to(HALVES["F16"])
            continue
        groups = values.reshape(values.shape[0], -1, 32)
        low = groups.amin(-1, keepdim=True)
        scale = (groups.amax(-1, keepdim=True) - low).clamp_min(1e-8) / 15
        codes = ((groups - low) / scale).round().clamp(0, 15).to(torch.int64)
        eights = codes.reshape(values.shape[0], -1, 8) << (4 * torch.arange(8))
        packed = eights.sum(-1).numpy().astype(np.uint32)
        stem = name.removesuffix("weight")
        tensors[name] = torch.from_numpy(packed.view(np.int32)).view(torch.uint32)
        tensors[f"{stem}scales"] = scale[..., 0].to(HALVES["F16"])
        tensors[f"{stem}biases"] = low[..., 0].to(HALVES["F16"])
    write(folder, bench.base(LLAMA), tokens=bench.tokens(LLAMA))
    write_one(folder / "model.safetensors", tensors)
    config = json.loads((folder / "config.json").read_text())
    config["quantization"] = {"group_size": 32, "bits": 4}
    (folder / "config.json").write_text(json.dumps(config))
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def exl2(bench: Bench, folder: Path) -> Question:
    """Tensors named as EXL2 writes them; the codes are of no use to anyone else."""
    model = bench.base(LLAMA)
    generator = torch.Generator().manual_seed(bench.seed)
    tensors: dict[str, torch.Tensor] = {}
    for name, values in model.tensors.items():
        if not name.endswith("_proj.weight"):
            tensors[name] = values.to(HALVES["F16"])
            continue
        stem, rows = name.removesuffix("weight"), values.shape[1]
        words = torch.randint(-(2**31), 2**31, (rows // 8, values.shape[0]), generator=generator)
        tensors[f"{stem}q_weight"] = words.to(torch.int32)
        tensors[f"{stem}q_invperm"] = torch.randperm(rows, generator=generator).to(torch.int32)
        tensors[f"{stem}q_scale"] = torch.zeros(rows // 32, values.shape[0] // 8, dtype=torch.int32)
        tensors[f"{stem}q_scale_max"] = torch.ones(rows // 32, dtype=torch.float16)
        tensors[f"{stem}q_groups"] = torch.zeros(2 * (rows // 32), dtype=torch.int16)
    write(folder, model, tokens=bench.tokens(LLAMA))
    write_one(folder / "model.safetensors", tensors)
    config = json.loads((folder / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "exl2", "bits": 4.0}
    (folder / "config.json").write_text(json.dumps(config))
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def _same(name: str, make: Make) -> Layout:
    return Layout(name=name, family=CHAPTER, make=make, truth=Truth.SAME, relations=SAME)


def _quantised(name: str, make: Make) -> Layout:
    return Layout(name=name, family=CHAPTER, make=make, truth=Truth.SAME, relations=QUANTISED)


STORED: Final = (
    _same("safetensors, bf16", plain(dtype="BF16")),
    _same("safetensors, fp16, 3 shards", plain(dtype="F16", shards=3)),
    _same("PyTorch file", plain(pickled=True)),
    _same("PyTorch, 2 shards, bf16", plain(pickled=True, shards=2, dtype="BF16")),
    _same("the weight file itself is named", by_file),
    Layout(name="PyTorch file from before 1.6", family=CHAPTER, make=old_pickle,
           truth=Truth.CONTAINER, says=("pickle", "before 1.6", "legacy")),
    _same("consolidated.00.pth, Meta's names", consolidated("consolidated.00.pth", "BF16")),
    _same("consolidated.safetensors, params.json",
          consolidated("consolidated.safetensors", "BF16")),
    _same("GGUF F32", gguf("F32")),
    _same("GGUF BF16", gguf("BF16")),
    _quantised("GGUF Q8_0", gguf("Q8_0")),
    _quantised("GGUF Q4_K", gguf("Q4_K")),
    _quantised("GGUF Q8_0 of a GGUF F32", gguf("Q8_0", base_stored_as="F32")),
    _same("GGUF F32 of a BERT", gguf("F32", of="BGE")),
    _quantised("GGUF Q8_0 of a BERT", gguf("Q8_0", of="BGE")),
    _same("GGUF F32 of a T5", gguf("F32", of="T5")),
    _quantised("GGUF Q8_0 of a T5", gguf("Q8_0", of="T5")),
    _quantised("GPTQ, 4 bits", quantised("GPTQ 4 bit")),
    _quantised("AWQ, 4 bits", quantised("AWQ 4 bit")),
    _quantised("fp8, blocks", quantised("fp8, 128 x 128 blocks")),
    _quantised("bitsandbytes nf4", quantised("nf4, bitsandbytes, nested")),
    Layout(name="MLX, 4 bits", family=CHAPTER, make=mlx, truth=Truth.SAME, relations=QUANTISED,
           says=("MLX",), or_told=True),
    Layout(name="EXL2", family=CHAPTER, make=exl2, truth=Truth.CONTAINER, says=("EXL2",)),
)  # fmt: skip
"""Formats, dtypes and quantisations of the same values."""
