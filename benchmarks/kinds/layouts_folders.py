"""In which folders of one repository may a model, or the components of a pipeline, lie?"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.axes.single_file import unet_file, vae_file
from benchmarks.kinds.folder import write, write_one
from benchmarks.kinds.layout import Bench, Layout, Make, Question, Truth
from benchmarks.kinds.layouts_stored import LLAMA, QUANTISED, SAME, gguf, metas_names
from hubcheck.report.words import RelationKind

CHAPTER: Final = "folders"
BERT: Final = "BGE"
TUNED: Final = frozenset({RelationKind.FINE_TUNE})
PIPELINE: Final = {
    "unet": ("diffusers", "UNet2DConditionModel", "SD UNet"),
    "vae": ("diffusers", "AutoencoderKL", "VAE"),
    "text_encoder": ("transformers", "BertModel", BERT),
}
"""Components of a small pipeline: folder to library, class and kind."""


def below(folder_name: str, *, at_root: bool = False) -> Make:
    """Return a fine-tune in a folder below the top level, with or without one at the top.

    Args:
        folder_name: Where it lies.
        at_root: The top level holds the fine-tune and the folder holds the base.
    """

    def make(bench: Bench, folder: Path) -> Question:
        inner = bench.base(LLAMA) if at_root else bench.tuned(LLAMA)
        write(folder / folder_name, inner, tokens=bench.tokens(LLAMA))
        if at_root:
            write(folder, bench.tuned(LLAMA), tokens=bench.tokens(LLAMA))
        (folder / "README.md").write_text("# a model\n")
        return Question(subject=folder, bases=(bench.plain(LLAMA),))

    return make


def metas_beside(bench: Bench, folder: Path) -> Question:
    """Meta's own file in ``original/``, as its repositories have it."""
    model = bench.tuned(LLAMA)
    write(folder, model, tokens=bench.tokens(LLAMA))
    (folder / "original").mkdir()
    write_one(folder / "original" / "consolidated.00.pth", metas_names(model))
    (folder / "original" / "params.json").write_text("{}")
    return Question(subject=folder, bases=(bench.plain(LLAMA),))


def export_beside(name: str, raw: bytes) -> Make:
    """Return a fine-tune with an export in a folder of its own."""

    def make(bench: Bench, folder: Path) -> Question:
        write(folder, bench.tuned(BERT), tokens=bench.tokens(BERT))
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_bytes(raw)
        return Question(subject=folder, bases=(bench.plain(BERT),))

    return make


def gguf_folders(bench: Bench, folder: Path) -> Question:
    """Every quantisation in a folder of its own, the card at the top."""
    gguf("Q8_0", inside="Q8_0")(bench, folder)
    made = gguf("Q4_0", inside="Q4_0")(bench, folder)
    (folder / "README.md").write_text("# quantised\n")
    return made


def split_gguf(bench: Bench, folder: Path) -> Question:
    """A GGUF split in two, as big ones are."""
    import gguf as package

    made = gguf("F16")(bench, folder)
    reader = package.GGUFReader(folder / "model-F16.gguf")
    tensors = list(reader.tensors)
    for i in range(2):
        writer = package.GGUFWriter(folder / f"model-{i + 1:05}-of-00002.gguf", "llama")
        for key, value in (("no", i), ("count", 2)):
            writer.add_uint16(f"split.{key}", value)
        writer.add_int32("split.tensors.count", len(tensors))
        if i == 0:
            config = bench.base(LLAMA).config
            writer.add_block_count(config["num_hidden_layers"])
            writer.add_embedding_length(config["hidden_size"])
            writer.add_head_count(config["num_attention_heads"])
            writer.add_head_count_kv(config["num_key_value_heads"])
            writer.add_token_list(bench.tokens(LLAMA))
        for tensor in tensors[i::2]:
            writer.add_tensor(tensor.name, tensor.data, raw_dtype=tensor.tensor_type)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    del reader
    (folder / "model-F16.gguf").unlink()
    return made


def sentence_transformer(*, numbered: bool, dense: bool = False, tuned: bool = True) -> Make:
    """Return a sentence encoder's repository.

    Args:
        numbered: The transformer lies in ``0_Transformer``, as in older repositories.
        dense: A dense layer follows the pooling.
        tuned: Its transformer is a fine-tune of the base; else it is a stranger.
    """

    def make(bench: Bench, folder: Path) -> Question:
        at = folder / "0_Transformer" if numbered else folder
        model = bench.tuned(BERT) if tuned else bench.stranger(BERT)
        write(at, model, tokens=bench.tokens(BERT))
        modules: list[dict[str, Any]] = [
            {"idx": 0, "name": "0", "path": "0_Transformer" if numbered else "",
             "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling",
             "type": "sentence_transformers.models.Pooling"},
        ]  # fmt: skip
        (folder / "1_Pooling").mkdir()
        width = int(model.config["hidden_size"])
        pooling = {"word_embedding_dimension": width, "pooling_mode_mean_tokens": True}
        (folder / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
        if dense:
            generator = torch.Generator().manual_seed(bench.seed + 17)
            layer = {
                "linear.weight": 0.02 * torch.randn(64, width, generator=generator),
                "linear.bias": torch.zeros(64),
            }
            (folder / "2_Dense").mkdir()
            write_one(folder / "2_Dense" / "model.safetensors", layer)
            sizes = {"in_features": width, "out_features": 64, "bias": True}
            (folder / "2_Dense" / "config.json").write_text(json.dumps(sizes))
            modules.append({"idx": 2, "name": "2", "path": "2_Dense",
                            "type": "sentence_transformers.models.Dense"})  # fmt: skip
        (folder / "modules.json").write_text(json.dumps(modules))
        return Question(subject=folder, bases=(bench.plain(BERT),))

    return make


def _pipeline(bench: Bench, folder: Path, which: dict[str, str], dtype: str = "F32") -> None:
    """Write a pipeline; ``which`` names the components that are not the base's."""
    index: dict[str, Any] = {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.30"}
    for name, (library, made_by, kind) in PIPELINE.items():
        model = getattr(bench, which.get(name, "base"))(kind)
        write(folder / name, model, dtype=dtype)
        index[name] = [library, made_by]
    (folder / "scheduler").mkdir(exist_ok=True)
    scheduler = {"_class_name": "DDIMScheduler", "num_train_timesteps": 1000}
    (folder / "scheduler" / "scheduler_config.json").write_text(json.dumps(scheduler))
    index["scheduler"] = ["diffusers", "DDIMScheduler"]
    (folder / "model_index.json").write_text(json.dumps(index))


def pipeline(which: dict[str, str], dtype: str = "F32") -> Make:
    """Return a pipeline against the pipeline of the bases."""

    def make(bench: Bench, folder: Path) -> Question:
        base = folder.parent / "base-pipeline"
        _pipeline(bench, base, {})
        _pipeline(bench, folder, which, dtype)
        return Question(subject=folder, bases=(base,))

    return make


def half_files_only(bench: Bench, folder: Path) -> Question:
    """A pipeline whose weights lie in half precision under variant names alone."""
    asked = pipeline({}, "F16")(bench, folder)
    for path in folder.glob("*/*.safetensors"):
        path.rename(path.with_suffix(".fp16.safetensors"))
    return asked


def single_beside(bench: Bench, folder: Path) -> Question:
    """The original single-file checkpoint beside the pipeline's folders."""
    asked = pipeline({})(bench, folder)
    write_one(folder / "v1-pruned.safetensors", _one_file(bench, "base"))
    return asked


def _one_file(bench: Bench, which: str) -> dict[str, torch.Tensor]:
    """Return a pipeline's components under the names of the original release."""
    unet, vae, text = (getattr(bench, which)(kind) for _, _, kind in PIPELINE.values())
    layers = int(unet.config["layers_per_block"])
    named = {f"model.diffusion_model.{n}": t for n, t in unet_file(unet.tensors, layers).items()}
    named |= {f"first_stage_model.{n}": t for n, t in vae_file(vae.tensors).items()}
    return named | {f"cond_stage_model.transformer.{n}": t for n, t in text.tensors.items()}


def single_file(which: str) -> Make:
    """Return a checkpoint in one file against the pipeline of the bases."""

    def make(bench: Bench, folder: Path) -> Question:
        base = folder.parent / "base-pipeline"
        _pipeline(bench, base, {})
        write_one(folder / "v1-pruned.safetensors", _one_file(bench, which))
        return Question(subject=folder, bases=(base,))

    return make


def copied_pipeline(bench: Bench, folder: Path) -> Question:
    """A pipeline, file for file."""
    base = folder.parent / "base-pipeline"
    _pipeline(bench, base, {})
    shutil.copytree(base, folder, dirs_exist_ok=True)
    return Question(subject=folder, bases=(base,))


def _tuned(name: str, make: Make, *says: str) -> Layout:
    return Layout(
        name=name, family=CHAPTER, make=make, truth=Truth.TUNED, relations=TUNED, says=says
    )


def _same(name: str, make: Make, *says: str) -> Layout:
    return Layout(name=name, family=CHAPTER, make=make, truth=Truth.SAME, relations=SAME, says=says)


FOLDERS: Final = (
    Layout(name="checkpoint-500 alone", family=CHAPTER, make=below("checkpoint-500"),
           truth=Truth.TUNED, relations=TUNED, says=("checkpoint-500",), or_told=True),
    Layout(name="the model in a folder", family=CHAPTER, make=below("model"), truth=Truth.TUNED,
           relations=TUNED, says=("subject/model", "weights lie in model"), or_told=True),
    _tuned("the base in a checkpoint folder", below("checkpoint-500", at_root=True),
           "checkpoint-500"),
    _tuned("original/ beside shards", metas_beside, "original/"),
    _tuned("onnx/ beside safetensors", export_beside("onnx/model.onnx", b"\x08\x07" + bytes(64)),
           "onnx/model.onnx"),
    _tuned("openvino/ beside safetensors",
           export_beside("openvino/openvino_model.bin", bytes(range(256)) * 4), "openvino"),
    Layout(name="a GGUF in a folder", family=CHAPTER, make=gguf("Q8_0", inside="Q8_0"),
           truth=Truth.SAME, relations=QUANTISED, says=("Q8_0",), or_told=True),
    Layout(name="GGUFs in folders", family=CHAPTER, make=gguf_folders, truth=Truth.SAME,
           relations=QUANTISED, says=("Q8_0",), or_told=True),
    _same("GGUF in two parts", split_gguf),
    _tuned("sentence encoder, numbered folder", sentence_transformer(numbered=True)),
    _tuned("sentence encoder at the top", sentence_transformer(numbered=False)),
    _tuned("sentence encoder with a dense layer", sentence_transformer(numbered=True, dense=True)),
    Layout(name="a stranger in a numbered folder", family=CHAPTER, truth=Truth.STRANGER,
           make=sentence_transformer(numbered=True, tuned=False)),
    _same("pipeline, file for file", copied_pipeline),
    _same("pipeline in half precision", pipeline({}, "F16")),
    _same("pipeline, fp16 files alone", half_files_only),
    _same("single file beside a pipeline", single_beside, "v1-pruned"),
    _tuned("pipeline, text encoder tuned", pipeline({"text_encoder": "tuned"})),
    Layout(name="pipeline, a stranger's UNet", family=CHAPTER, truth=Truth.PARTLY,
           make=pipeline({"unet": "stranger"}), says=("unet",)),
    Layout(name="pipeline of strangers", family=CHAPTER, truth=Truth.STRANGER,
           make=pipeline(dict.fromkeys(PIPELINE, "stranger"))),
    _tuned("pipeline in one file", single_file("tuned")),
    Layout(name="pipeline of strangers in one file", family=CHAPTER, truth=Truth.STRANGER,
           make=single_file("stranger")),
)  # fmt: skip
"""Folders of one repository."""
