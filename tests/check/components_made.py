"""Repositories of several components, small and real: what the tests of components start from.

Text encoders are the shipped demo models (really trained); a UNet and a VAE are tensors that no
rule of the anatomy understands.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np

from hubcheck.demo.run import MODELS
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import safetensors_file

UNET: Final = {
    "conv_in.weight": (64, 4, 3, 3),
    "down_blocks.0.resnets.0.conv1.weight": (64, 64, 3, 3),
    "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q.weight": (64, 64),
    "mid_block.resnets.0.conv1.weight": (64, 64, 3, 3),
    "mid_block.resnets.0.norm1.weight": (64,),
    "up_blocks.0.resnets.0.conv1.weight": (64, 128, 3, 3),
    "conv_out.weight": (4, 64, 3, 3),
}
VAE: Final = {
    "encoder.conv_in.weight": (32, 3, 3, 3),
    "encoder.down_blocks.0.resnets.0.conv1.weight": (32, 32, 3, 3),
    "decoder.conv_out.weight": (3, 32, 3, 3),
}
WIDE: Final = {"wide.weight": (640, 640)}
"""Makes a UNet the largest component, as it is in a real pipeline."""
CONFIG: Final = json.loads((MODELS / "base" / "config.json").read_text())
DENSE: Final = {"linear.weight": (32, 64), "linear.bias": (32,)}
NAME: Final = "diffusion_pytorch_model.safetensors"


def drawn(shapes: Mapping[str, tuple[int, ...]], seed: int) -> bytes:
    """Return a safetensors file of random values in bf16."""
    rng = np.random.default_rng(seed)
    return safetensors_file(
        {
            name: as_bf16((rng.normal(size=shape) * 0.1).astype(np.float32))
            for name, shape in shapes.items()
        }
    )


def text_model(folder: Path, name: str, *, tokenizer: Path | None = None) -> None:
    """Copy a demo model into a folder, its tokenizer into another one if it is named."""
    folder.mkdir(parents=True)
    for file in ("model.safetensors", "config.json"):
        shutil.copy(MODELS / name / file, folder / file)
    there = folder if tokenizer is None else tokenizer
    there.mkdir(exist_ok=True)
    shutil.copy(MODELS / name / "tokenizer.json", there / "tokenizer.json")


def clip_text(layers: int) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a text encoder of CLIP, by the names that diffusers stores."""
    head = "text_model.embeddings"
    shapes: dict[str, tuple[int, ...]] = {
        f"{head}.token_embedding.weight": (128, 64), f"{head}.position_embedding.weight": (77, 64),
        "text_model.final_layer_norm.weight": (64,), "text_model.final_layer_norm.bias": (64,),
    }  # fmt: skip
    for layer in range(layers):
        at = f"text_model.encoder.layers.{layer}"
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            shapes |= {f"{at}.self_attn.{name}.weight": (64, 64)}
            shapes |= {f"{at}.self_attn.{name}.bias": (64,)}
        for n in (1, 2):
            shapes |= {f"{at}.layer_norm{n}.weight": (64,), f"{at}.layer_norm{n}.bias": (64,)}
        shapes |= {f"{at}.mlp.fc1.weight": (256, 64), f"{at}.mlp.fc1.bias": (256,)}
        shapes |= {f"{at}.mlp.fc2.weight": (64, 256), f"{at}.mlp.fc2.bias": (64,)}
    return shapes


def with_clip(folder: Path, seed: int, *, noise: float = 0.0) -> Path:
    """Replace the text encoder of a pipeline by CLIP's, random; noise is a share of each value."""
    rng, more = np.random.default_rng(seed), np.random.default_rng(99)
    tensors = {}
    for name, shape in clip_text(4).items():
        values = rng.normal(size=shape) * 0.1
        values += 1.0 if "norm" in name and name.endswith("weight") else 0.0
        moved = values * (1.0 + noise * more.normal(size=shape))
        tensors[name] = as_bf16(moved.astype(np.float32))
    config = {"architectures": ["CLIPTextModel"], "model_type": "clip_text_model",
              "hidden_size": 64, "num_hidden_layers": 4, "num_attention_heads": 4}  # fmt: skip
    (folder / "text_encoder" / "model.safetensors").write_bytes(safetensors_file(tensors))
    (folder / "text_encoder" / "config.json").write_text(json.dumps(config))
    return folder


def pipeline(
    folder: Path,
    *,
    text_encoder: str = "base",
    unet: int = 1,
    vae: int = 1,
    big_unet: bool = False,
    index: bool = True,
) -> Path:
    """Write a pipeline as diffusers does; equal seeds are equal weights."""
    folder.mkdir(parents=True)
    if index:
        named = {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": "0.30.0",
            "scheduler": ["diffusers", "DDIMScheduler"],
            "safety_checker": [None, None],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        }
        (folder / "model_index.json").write_text(json.dumps(named))
    text_model(folder / "text_encoder", text_encoder, tokenizer=folder / "tokenizer")
    for name, shapes, seed in (("unet", UNET, unet), ("vae", VAE, vae)):
        (folder / name).mkdir()
        wide = WIDE if name == "unet" and big_unet else {}
        (folder / name / NAME).write_bytes(drawn({**shapes, **wide}, seed))
        (folder / name / "config.json").write_text('{"_class_name": "' + name + '"}')
    (folder / "scheduler").mkdir()
    (folder / "scheduler" / "scheduler_config.json").write_text("{}")
    return folder


def sentence_model(
    folder: Path, *, transformer: str = "base", dense: int | None = 1, at_top: bool = False
) -> Path:
    """Write a model as sentence-transformers does, with a dense module where a seed is given."""
    folder.mkdir(parents=True)
    path = "" if at_top else "0_Transformer"
    modules = [
        {"idx": 0, "name": "0", "path": path, "type": "sentence_transformers.models.Transformer"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_Pooling",
            "type": "sentence_transformers.models.Pooling",
        },
    ]
    if at_top:
        for file in (MODELS / transformer).iterdir():
            shutil.copy(file, folder / file.name)
    else:
        text_model(folder / path, transformer)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text("{}")
    if dense is not None:
        kind = "sentence_transformers.models.Dense"
        modules.append({"idx": 2, "name": "2", "path": "2_Dense", "type": kind})
        (folder / "2_Dense").mkdir()
        (folder / "2_Dense" / "config.json").write_text("{}")
        (folder / "2_Dense" / "model.safetensors").write_bytes(drawn(DENSE, dense))
    (folder / "modules.json").write_text(json.dumps(modules))
    (folder / "README.md").write_text("# a model\n")
    return folder
