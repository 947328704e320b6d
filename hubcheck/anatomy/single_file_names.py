"""What would diffusers call the tensors of a diffusion model that was released as one file?

Stable Diffusion's, ControlNet's and Flux's makers have names of their own, and put text encoders
and autoencoder into the same file, each behind a name in front. Rows that their code holds in one
matrix (``qkv``, ``linear1``) are several matrices in diffusers. ``benchmarks/axes/single_file.py``
holds all of this against the conversion that diffusers itself runs.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from hubcheck.frozen import frozen

Shapes = Mapping[str, tuple[int, ...]]
Names = dict[str, "Rows"]

MATRIX: Final = 2
KERNEL: Final = 4
BODIES: Final = ("model.diffusion_model.", "diffusion_model.", "control_model.", "")
"""What stands in front of what makes the picture."""
AUTOENCODERS: Final = ("first_stage_model.", "vae.", "")
TEXTS: Final = (
    ("cond_stage_model.transformer.", "text_encoder"),
    ("cond_stage_model.model.", "text_encoder"),
    ("conditioner.embedders.0.transformer.", "text_encoder"),
    ("conditioner.embedders.0.model.", "text_encoder_2"),
    ("conditioner.embedders.1.model.", "text_encoder_2"),
    ("text_encoders.clip_l.transformer.", "text_encoder"),
    ("text_encoders.t5xxl.transformer.", "text_encoder_2"),
)
"""What stands in front of text encoders, and the folder in which diffusers keeps them."""
VAE: Final = "vae"
UNET_MARK: Final = "input_blocks.0.0.weight"
FLUX_MARK: Final = "double_blocks.0.img_attn.qkv.weight"
VAE_MARK: Final = "encoder.down.0.block.0.conv1.weight"
MOST_BLOCKS: Final = 1 << 10
"""Blocks of a model beyond which its names are not believed; published ones have some sixty."""


@frozen(kw_only=False)
class Rows:
    """Rows of a stored tensor that are a tensor of diffusers."""

    tensor: str
    start: int = 0
    stop: int = -1
    """-1: all that there are."""


@frozen
class OneFile:
    """What a file holds, in diffusers' names."""

    name: str
    """Folder in which diffusers keeps the body."""
    body: Mapping[str, Rows]
    parts: Mapping[str, Mapping[str, Rows]]
    """Autoencoder and text encoders beside it, by the folder that diffusers keeps them in."""
    absent: frozenset[str]
    """Names of the body whose rows the file keeps in another order."""


RESNET: Final = {
    "in_layers.0": "norm1", "in_layers.2": "conv1", "out_layers.0": "norm2",
    "out_layers.3": "conv2", "emb_layers.1": "time_emb_proj", "skip_connection": "conv_shortcut",
}  # fmt: skip
AROUND: Final = {
    "time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
    "input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out",
    "label_emb.0.0": "add_embedding.linear_1", "label_emb.0.2": "add_embedding.linear_2",
    "middle_block_out.0": "controlnet_mid_block",
}  # fmt: skip
AUTOENCODER: Final = (
    (re.compile(r"\bnin_shortcut\b"), "conv_shortcut"),
    (re.compile(r"\bnorm_out\b"), "conv_norm_out"),
    (re.compile(r"\bmid\.block_1\b"), "mid_block.resnets.0"),
    (re.compile(r"\bmid\.block_2\b"), "mid_block.resnets.1"),
    (re.compile(r"\bmid\.attn_1\.norm\b"), "mid_block.attentions.0.group_norm"),
    (re.compile(r"\bmid\.attn_1\.([qkv])\b"), r"mid_block.attentions.0.to_\1"),
    (re.compile(r"\bmid\.attn_1\.proj_out\b"), "mid_block.attentions.0.to_out.0"),
    (re.compile(r"\bencoder\.down\.(\d+)\.block\b"), r"encoder.down_blocks.\1.resnets"),
    (re.compile(r"\bencoder\.down\.(\d+)\.downsample\b"), r"encoder.down_blocks.\1.downsamplers.0"),
)
"""Names of the autoencoder, in the order in which they are replaced."""
UP: Final = re.compile(r"decoder\.up\.(\d{1,3})\.(block|upsample)\.(.+)")
FLUX: Final = (
    ("time_in.in_layer", "time_text_embed.timestep_embedder.linear_1"),
    ("time_in.out_layer", "time_text_embed.timestep_embedder.linear_2"),
    ("vector_in.in_layer", "time_text_embed.text_embedder.linear_1"),
    ("vector_in.out_layer", "time_text_embed.text_embedder.linear_2"),
    ("guidance_in.in_layer", "time_text_embed.guidance_embedder.linear_1"),
    ("guidance_in.out_layer", "time_text_embed.guidance_embedder.linear_2"),
    ("txt_in", "context_embedder"),
    ("img_in", "x_embedder"),
    ("final_layer.linear", "proj_out"),
)
DOUBLE: Final = {
    "img_mod.lin": "norm1.linear", "txt_mod.lin": "norm1_context.linear",
    "img_attn.norm.query_norm": "attn.norm_q", "img_attn.norm.key_norm": "attn.norm_k",
    "txt_attn.norm.query_norm": "attn.norm_added_q", "txt_attn.norm.key_norm": "attn.norm_added_k",
    "img_mlp.0": "ff.net.0.proj", "img_mlp.2": "ff.net.2", "txt_mlp.0": "ff_context.net.0.proj",
    "txt_mlp.2": "ff_context.net.2", "img_attn.proj": "attn.to_out.0",
    "txt_attn.proj": "attn.to_add_out",
}  # fmt: skip
SINGLE: Final = {
    "modulation.lin": "norm.linear", "norm.query_norm": "attn.norm_q",
    "norm.key_norm": "attn.norm_k", "linear2": "proj_out",
}  # fmt: skip
QKV: Final = {
    "img_attn.qkv": ("attn.to_q", "attn.to_k", "attn.to_v"),
    "txt_attn.qkv": ("attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"),
}
SWAPPED: Final = "norm_out.linear.weight"
"""Shift before scale in Flux's file, scale before shift in diffusers."""


def one_file(shapes: Shapes) -> OneFile | None:
    """Return what a file holds in diffusers' names; None where it is none of these releases.

    Args:
        shapes: Of every tensor by its stored name. Hostile: a name that fits nothing is left out.
    """
    parts: dict[str, Names] = {}
    for front in AUTOENCODERS:
        if front + VAE_MARK in shapes:
            parts[VAE] = _autoencoder(_behind(front, shapes))
            break
    first = {name.partition(".")[0] for name in shapes}
    for front, name in TEXTS:
        if front.partition(".")[0] not in first:
            continue  # of 70,000 names of a mixture none need be looked at
        found = {n[len(front) :]: Rows(n) for n in shapes if n.startswith(front)}
        if found and name not in parts:
            parts[name] = found
    for front in BODIES:
        for mark, name, kind, absent in KINDS:
            if front + mark in shapes:
                body = kind(_behind(front, shapes), shapes)
                return OneFile(name=name, body=body, parts=parts, absent=absent)
    if VAE in parts:
        body = parts.pop(VAE)
        return OneFile(name=VAE, body=body, parts=parts, absent=frozenset())
    return None


def _behind(front: str, shapes: Shapes) -> dict[str, str]:
    """Return the stored names that begin with a part's, by what is behind it."""
    return {name[len(front) :]: name for name in shapes if name.startswith(front)}


def _module(name: str) -> tuple[str, str]:
    """Return the module of a parameter, and the parameter as diffusers calls it."""
    module, _, last = name.rpartition(".")
    return module, "weight" if last == "scale" else last


def _unet(held: Mapping[str, str], _: Shapes) -> Names:
    """Return the names of a UNet, or of the half of one that is a ControlNet."""
    moved = {**AROUND, **_blocks(held)}
    hints = sorted(
        {int(n.split(".")[1]) for n in held if re.match(r"input_hint_block\.\d{1,3}\.", n)}
    )
    for i, number in enumerate(hints):
        inner = "conv_in" if i == 0 else "conv_out" if i == len(hints) - 1 else f"blocks.{i - 1}"
        moved[f"input_hint_block.{number}"] = f"controlnet_cond_embedding.{inner}"
    found: Names = {}
    for name, stored in held.items():
        module, last = _module(name)
        zero = re.fullmatch(r"zero_convs\.(\d{1,3})\.0", module)
        if zero:
            found[f"controlnet_down_blocks.{zero[1]}.{last}"] = Rows(stored)
        elif module in moved:
            found[f"{moved[module]}.{last}"] = Rows(stored)
        else:
            place = re.match(r"(?:input_blocks|output_blocks|middle_block)\.\d+(?:\.\d+)?", module)
            to = moved.get(place[0]) if place else None
            if place and to:
                inner = module[place.end() + 1 :]
                if ".resnets." in to:
                    inner = RESNET.get(inner, inner)
                found[f"{to}.{inner}.{last}"] = Rows(stored)
    return found


def _blocks(held: Mapping[str, str]) -> dict[str, str]:
    """Return what the blocks of a UNet are called: a level ends where the size changes."""
    moved: dict[str, str] = {}
    sides = (("input_blocks", "down_blocks", 1), ("output_blocks", "up_blocks", 0))
    for side, to, first in sides:
        level = layer = 0
        for i in range(first, MOST_BLOCKS):
            at = f"{side}.{i}"
            if f"{at}.0.op.weight" in held:
                moved[f"{at}.0.op"] = f"{to}.{level}.downsamplers.0.conv"
                level, layer = level + 1, 0
                continue
            if f"{at}.0.in_layers.2.weight" not in held:
                break
            moved[f"{at}.0"] = f"{to}.{level}.resnets.{layer}"
            if f"{at}.1.proj_in.weight" in held:
                moved[f"{at}.1"] = f"{to}.{level}.attentions.{layer}"
            layer += 1
            for up in (f"{at}.1.conv", f"{at}.2.conv"):
                if f"{up}.weight" in held:
                    moved[up] = f"{to}.{level}.upsamplers.0.conv"
                    level, layer = level + 1, 0
    for i in range(MOST_BLOCKS):
        at = f"middle_block.{i}"
        if i % 2:
            moved[at] = f"mid_block.attentions.{i // 2}"
        elif f"{at}.in_layers.2.weight" in held:
            moved[at] = f"mid_block.resnets.{i // 2}"
        else:
            break
    return moved


def _autoencoder(held: Mapping[str, str]) -> Names:
    """Return the names of an autoencoder; the decoder counts its levels the other way round."""
    levels = {int(m[1]) for n in held if (m := UP.fullmatch(n))}
    last = max(levels, default=0)
    found: Names = {}
    for name, stored in held.items():
        up = UP.fullmatch(name)
        new = name
        if up:
            inner = "resnets" if up[2] == "block" else "upsamplers.0"
            new = f"decoder.up_blocks.{last - int(up[1])}.{inner}.{up[3]}"
        for old, to in AUTOENCODER:
            new = old.sub(to, new)
        if new.startswith(("encoder.", "decoder.", "quant_conv.", "post_quant_conv.")):
            found[new] = Rows(stored)
    return found


def _flux(held: Mapping[str, str], shapes: Shapes) -> Names:
    """Return the names of Flux, its fused matrices cut."""
    around = dict(FLUX)
    found: Names = {}
    for name, stored in held.items():
        module, last = _module(name)
        block = re.fullmatch(r"(double|single)_blocks\.(\d+)\.(.+)", module)
        if block is None:
            if module in around:
                found[f"{around[module]}.{last}"] = Rows(stored)
            continue
        to = f"{'single_' if block[1] == 'single' else ''}transformer_blocks.{block[2]}"
        inner, n = block[3], (shapes[stored] or (0,))[0]
        if inner in QKV and n % 3 == 0:
            step = n // 3
            for i, piece in enumerate(QKV[inner]):
                found[f"{to}.{piece}.{last}"] = Rows(stored, i * step, (i + 1) * step)
        elif inner == "linear1":
            width = shapes.get(f"{stored.rpartition('.')[0]}.weight", (0, 0))[-1]
            if 0 < 3 * width < n:
                cuts = (0, width, 2 * width, 3 * width, n)
                pieces = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
                for i, piece in enumerate(pieces):
                    found[f"{to}.{piece}.{last}"] = Rows(stored, cuts[i], cuts[i + 1])
        else:
            known = (DOUBLE if block[1] == "double" else SINGLE).get(inner)
            if known:
                found[f"{to}.{known}.{last}"] = Rows(stored)
    return found


KINDS: Final[
    tuple[tuple[str, str, Callable[[Mapping[str, str], Shapes], Names], frozenset[str]], ...]
] = (
    (UNET_MARK, "unet", _unet, frozenset()),
    (FLUX_MARK, "transformer", _flux, frozenset({SWAPPED})),
)
"""What tells a body, diffusers' folder for it, its names, and what it keeps in another order."""
