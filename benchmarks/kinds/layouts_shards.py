"""In which states do index, shards and the files beside them lie in a repository?

What loaders would load is what has to be checked; a stale file beside it voids nothing, and a file
that was not read is named.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.kinds.folder import stored, write, write_one, write_weights
from benchmarks.kinds.layout import Bench, Layout, Make, Question, Truth
from benchmarks.kinds.layouts_stored import LLAMA
from hubcheck.report.words import RelationKind

CHAPTER: Final = "shards and stale files"
WEIGHTS: Final = "model.safetensors"
INDEX: Final = "model.safetensors.index.json"
TUNED: Final = frozenset({RelationKind.FINE_TUNE})


def _tuned(bench: Bench, folder: Path, **how: Any) -> Question:
    write(folder, bench.tuned(LLAMA), tokens=bench.tokens(LLAMA), **how)
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def _index(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / INDEX).read_text())
    return found


def tensor_too_many(bench: Bench, folder: Path) -> Question:
    """The index names a tensor that no shard holds."""
    asked = _tuned(bench, folder, shards=2)
    index = _index(folder)
    shard = f"model-{2:05}-of-{2:05}.safetensors"
    index["weight_map"]["model.layers.0.self_attn.rotary_emb.inv_freq"] = shard
    (folder / INDEX).write_text(json.dumps(index))
    return asked


def tensor_too_few(bench: Bench, folder: Path) -> Question:
    """A shard holds a tensor that the index does not name."""
    asked = _tuned(bench, folder, shards=2)
    index = _index(folder)
    del index["weight_map"]["lm_head.weight"]
    (folder / INDEX).write_text(json.dumps(index))
    return asked


def stale_index(bench: Bench, folder: Path) -> Question:
    """The index is of an earlier split into four; the two shards that lie there are complete."""
    asked = _tuned(bench, folder, shards=4)
    old = (folder / INDEX).read_text()
    for path in folder.glob("*.safetensors"):
        path.unlink()
    write_weights(folder, bench.tuned(LLAMA).tensors, WEIGHTS, 2)
    (folder / INDEX).write_text(old)
    return asked


def index_of_another_format(bench: Bench, folder: Path) -> Question:
    """The index was copied from the PyTorch files that these were converted from."""
    asked = _tuned(bench, folder, shards=2)
    index = _index(folder)
    named = {
        n: f"pytorch_{p}".replace("safetensors", "bin") for n, p in index["weight_map"].items()
    }
    (folder / INDEX).write_text(json.dumps({**index, "weight_map": named}))
    return asked


def shard_of_another_split(bench: Bench, folder: Path) -> Question:
    """The index names, besides the two shards, one of an earlier split."""
    asked = _tuned(bench, folder, shards=2)
    index = _index(folder)
    index["weight_map"]["score.weight"] = "model-00003-of-00003.safetensors"
    (folder / INDEX).write_text(json.dumps(index))
    return asked


def index_beside_single(bench: Bench, folder: Path) -> Question:
    """One whole file, and the index of shards that were deleted."""
    asked = _tuned(bench, folder, shards=2)
    for path in folder.glob("*.safetensors"):
        path.unlink()
    write_weights(folder, bench.tuned(LLAMA).tensors, WEIGHTS)
    return asked


def no_index(bench: Bench, folder: Path) -> Question:
    """A complete numbered set without an index."""
    asked = _tuned(bench, folder, shards=3)
    (folder / INDEX).unlink()
    return asked


def wrong_total(bench: Bench, folder: Path) -> Question:
    """The index states a total size that is not that of its shards."""
    asked = _tuned(bench, folder, shards=2)
    index = _index(folder)
    index["metadata"]["total_size"] = 17
    (folder / INDEX).write_text(json.dumps(index))
    return asked


def missing_shard(bench: Bench, folder: Path) -> Question:
    """A shard that the index needs is not there."""
    asked = _tuned(bench, folder, shards=3)
    (folder / "model-00002-of-00003.safetensors").unlink()
    return asked


def missing_without_index(bench: Bench, folder: Path) -> Question:
    """A shard of a numbered set is not there, and there is no index."""
    asked = missing_shard(bench, folder)
    (folder / INDEX).unlink()
    return asked


def truncated(bench: Bench, folder: Path) -> Question:
    """The upload of the weight file was cut short."""
    asked = _tuned(bench, folder)
    raw = (folder / WEIGHTS).read_bytes()
    (folder / WEIGHTS).write_bytes(raw[: len(raw) // 2])
    return asked


def broken_header(bench: Bench, folder: Path) -> Question:
    """The header is no JSON."""
    asked = _tuned(bench, folder)
    raw = bytearray((folder / WEIGHTS).read_bytes())
    raw[8:16] = b"\x00garbage"
    (folder / WEIGHTS).write_bytes(bytes(raw))
    return asked


def stray_single(bench: Bench, folder: Path) -> Question:
    """A whole file beside shards with an index; the shards are a stranger's."""
    asked = _tuned(bench, folder)
    write_weights(folder, bench.stranger(LLAMA).tensors, WEIGHTS, 2)
    return asked


def beside(name: str, *, dtype: str = "F32", stranger: bool = False) -> Make:
    """Return a fine-tune with another weight file beside it, of the same values or a stranger's."""

    def make(bench: Bench, folder: Path) -> Question:
        asked = _tuned(bench, folder)
        other = bench.stranger(LLAMA) if stranger else bench.tuned(LLAMA)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_one(folder / name, stored(other.tensors, dtype))
        return asked

    return make


def variant_alone(bench: Bench, folder: Path) -> Question:
    """The half-precision variant is all there is."""
    asked = _tuned(bench, folder, dtype="F16")
    (folder / WEIGHTS).rename(folder / "model.fp16.safetensors")
    return asked


def training_state(bench: Bench, folder: Path) -> Question:
    """What a trainer leaves behind lies beside the weights."""
    asked = _tuned(bench, folder)
    tensors = bench.tuned(LLAMA).tensors
    moments = {i: {"step": torch.tensor(7.0), "exp_avg": t} for i, t in enumerate(tensors.values())}
    torch.save({"state": moments, "param_groups": []}, folder / "optimizer.pt")
    torch.save({"last_epoch": 7}, folder / "scheduler.pt")
    torch.save({"cuda": torch.zeros(16, dtype=torch.uint8)}, folder / "rng_state.pth")
    (folder / "trainer_state.json").write_text(json.dumps({"global_step": 7}))
    return asked


def _adapter(bench: Bench, folder: Path, ending: str = "safetensors") -> None:
    width = int(bench.base(LLAMA).config["hidden_size"])
    generator = torch.Generator().manual_seed(bench.seed)
    tensors = {}
    for i in range(2):
        stem = f"base_model.model.model.layers.{i}.self_attn.q_proj.lora"
        tensors[f"{stem}_A.weight"] = torch.randn(4, width, generator=generator)
        tensors[f"{stem}_B.weight"] = torch.randn(width, 4, generator=generator)
    write_one(folder / f"adapter_model.{ending}", tensors)
    config = {
        "peft_type": "LORA",
        "base_model_name_or_path": "acme/base",
        "r": 4,
        "lora_alpha": 8,
        "target_modules": ["q_proj"],
    }
    (folder / "adapter_config.json").write_text(json.dumps(config))


def adapter_beside(*, pickled: bool) -> Make:
    """Return full weights with the adapter that made them left beside them."""

    def make(bench: Bench, folder: Path) -> Question:
        asked = _tuned(bench, folder, pickled=pickled)
        _adapter(bench, folder)
        return asked

    return make


def adapter_alone(ending: str) -> Make:
    """Return a repository of an adapter and nothing else."""

    def make(bench: Bench, folder: Path) -> Question:
        _adapter(bench, folder, ending)
        return Question(subject=folder, bases=(bench.plain(LLAMA),))

    return make


def kohya(bench: Bench, folder: Path) -> Question:
    """A low-rank adapter as kohya's scripts name it, one file."""
    generator = torch.Generator().manual_seed(bench.seed)
    tensors = {}
    for i in range(2):
        stem = f"lora_te_text_model_encoder_layers_{i}_mlp_fc1"
        tensors[f"{stem}.lora_down.weight"] = torch.randn(4, 64, generator=generator)
        tensors[f"{stem}.lora_up.weight"] = torch.randn(256, 4, generator=generator)
        tensors[f"{stem}.alpha"] = torch.tensor(4.0)
    write_one(folder / "style.safetensors", tensors)
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def diffusers_adapter(bench: Bench, folder: Path) -> Question:
    """A low-rank adapter as diffusers saves it."""
    generator = torch.Generator().manual_seed(bench.seed)
    tensors = {}
    for i in range(2):
        stem = f"unet.down_blocks.{i}.attentions.0.transformer_blocks.0.attn1.to_q.lora"
        tensors[f"{stem}.down.weight"] = torch.randn(4, 64, generator=generator)
        tensors[f"{stem}.up.weight"] = torch.randn(64, 4, generator=generator)
    write_one(folder / "pytorch_lora_weights.safetensors", tensors)
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def no_weights(bench: Bench, folder: Path) -> Question:
    """A card and nothing else."""
    (folder / "README.md").write_text("# soon\n")
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def pointers(bench: Bench, folder: Path) -> Question:
    """A clone without Git LFS: pointers in place of weights."""
    asked = _tuned(bench, folder)
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 12345678\n"
    (folder / WEIGHTS).write_text(text)
    return asked


def two_formats_one_stale(bench: Bench, folder: Path) -> Question:
    """An older PyTorch set with its index beside a whole safetensors file."""
    asked = _tuned(bench, folder)
    other = folder.parent / "older"
    write(other, bench.base(LLAMA), pickled=True, shards=2)
    for path in other.glob("pytorch_model*"):
        shutil.copy(path, folder / path.name)
    return asked


def _is_tuned(name: str, make: Make, *says: str) -> Layout:
    return Layout(
        name=name, family=CHAPTER, make=make, truth=Truth.TUNED, relations=TUNED, says=says
    )


def _is(name: str, truth: Truth, make: Make, *says: str) -> Layout:
    return Layout(name=name, family=CHAPTER, make=make, truth=truth, says=says)


SHARDS: Final = (
    _is_tuned("index names a tensor too many", tensor_too_many, "index"),
    _is_tuned("shard holds a tensor too many", tensor_too_few, "index"),
    _is_tuned("stale index over complete shards", stale_index, "index"),
    _is_tuned("index of another format over complete shards", index_of_another_format, "index"),
    _is_tuned("index names a shard of another split", shard_of_another_split, "index"),
    _is_tuned("stale index beside a whole file", index_beside_single, "index"),
    _is_tuned("index states a wrong total", wrong_total),
    _is_tuned("complete shards, no index", no_index),
    _is("a shard is missing", Truth.BROKEN, missing_shard, "model-00002-of-00003"),
    _is("a shard is missing, no index", Truth.BROKEN, missing_without_index),
    _is("weights cut short", Truth.BROKEN, truncated),
    _is("header is no JSON", Truth.BROKEN, broken_header),
    _is_tuned("whole file beside a stranger's shards", stray_single, "model-00001-of-00002"),
    _is_tuned("a stranger's .bin beside safetensors",
              beside("pytorch_model.bin", stranger=True), "pytorch_model.bin"),
    _is_tuned("the same weights as .bin too", beside("pytorch_model.bin"), "pytorch_model.bin"),
    _is_tuned("older .bin shards beside a whole file", two_formats_one_stale, "pytorch_model"),
    _is_tuned("fp16 variant beside the full file",
              beside("model.fp16.safetensors", dtype="F16"), "model.fp16.safetensors"),
    _is_tuned("fp16 variant alone", variant_alone),
    _is_tuned("optimizer and scheduler beside weights", training_state),
    _is_tuned("adapter beside full safetensors", adapter_beside(pickled=False)),
    _is_tuned("adapter beside full .bin", adapter_beside(pickled=True)),
    _is("adapter alone, safetensors", Truth.CONTAINER, adapter_alone("safetensors"), "adapter"),
    _is("adapter alone, .bin", Truth.CONTAINER, adapter_alone("bin"), "adapter"),
    _is("kohya's adapter", Truth.CONTAINER, kohya, "adapter", "LoRA"),
    _is("adapter as diffusers saves it", Truth.CONTAINER, diffusers_adapter, "adapter", "LoRA"),
    _is("card without weights", Truth.OPEN, no_weights, "no weights"),
    _is("LFS pointers", Truth.OPEN, pointers, "LFS"),
)  # fmt: skip
"""States of index and shards, and files left beside them."""
