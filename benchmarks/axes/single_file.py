"""Do hubcheck's names of a diffusion model in one file say what diffusers' own conversion says?

    python -m benchmarks.axes.single_file

Small models of diffusers are written under the names of the original releases, diffusers converts
them back, and where each tensor came from is found by its values, not by any table. What was found
is the material of ``tests/anatomy/test_single_file_names.py``; the models must come back whole.
"""

from __future__ import annotations

import gzip
import inspect
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch

from benchmarks.axes.diffusion import BUILDS, SDXL, UNET
from benchmarks.kinds.build import quiet

OUT: Final = Path(__file__).resolve().parents[2] / "tests/material/single_file_names.json.gz"
Tensors = dict[str, torch.Tensor]
RESNET: Final = {
    "norm1": "in_layers.0", "conv1": "in_layers.2", "norm2": "out_layers.0", "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1", "conv_shortcut": "skip_connection",
}  # fmt: skip
AROUND: Final = (
    ("time_embedding.linear_1", "time_embed.0"), ("time_embedding.linear_2", "time_embed.2"),
    ("conv_in", "input_blocks.0.0"), ("conv_norm_out", "out.0"), ("conv_out", "out.2"),
    ("add_embedding.linear_1", "label_emb.0.0"), ("add_embedding.linear_2", "label_emb.0.2"),
    ("mid_block.resnets.0", "middle_block.0"), ("mid_block.attentions.0", "middle_block.1"),
    ("mid_block.resnets.1", "middle_block.2"), ("controlnet_mid_block", "middle_block_out.0"),
)  # fmt: skip
VAE_NAMES: Final = (
    ("conv_shortcut", "nin_shortcut"), ("conv_norm_out", "norm_out"),
    ("mid_block.resnets.0", "mid.block_1"), ("mid_block.resnets.1", "mid.block_2"),
    ("mid_block.attentions.0.group_norm", "mid.attn_1.norm"),
    ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"),
    ("mid_block.attentions.0.to_", "mid.attn_1."), ("downsamplers.0", "downsample"),
    ("upsamplers.0", "upsample"), ("down_blocks", "down"), ("resnets", "block"),
)  # fmt: skip


def unet_file(state: Tensors, layers: int) -> Tensors:
    """Return a UNet, or a ControlNet, under the names of its release."""
    attentive = {
        n.split(".")[1] for n in state if n.startswith("up_blocks.") and ".attentions." in n
    }
    found = {}
    for name, values in state.items():
        new = name
        block = re.match(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.", name)
        if block:
            side, level, kind, layer = block[1], int(block[2]), block[3], int(block[4])
            at = level * (layers + 1) + layer
            rest = name[block.end() :]
            if side == "down":
                front = f"input_blocks.{at + 1}"
                if kind == "downsamplers":
                    front, rest = f"input_blocks.{level * (layers + 1) + layers + 1}", rest[5:]
                    new = f"{front}.0.op.{rest}"
            else:
                front = f"output_blocks.{at}"
                if kind == "upsamplers":
                    slot = 2 if str(level) in attentive else 1
                    new = f"output_blocks.{level * (layers + 1) + layers}.{slot}.{rest}"
            if kind in {"resnets", "attentions"}:
                new = f"{front}.{'0' if kind == 'resnets' else '1'}.{rest}"
        zero = re.fullmatch(r"controlnet_down_blocks\.(\d+)\.(\w+)", name)
        hint = re.fullmatch(
            r"controlnet_cond_embedding\.(conv_in|conv_out|blocks\.\d+)\.(\w+)", name
        )
        if zero:
            new = f"zero_convs.{zero[1]}.0.{zero[2]}"
        if hint:
            n = sum(n.startswith("controlnet_cond_embedding.blocks.") for n in state) // 2
            place = {"conv_in": 0, "conv_out": n + 1}.get(hint[1], int(hint[1].split(".")[-1]) + 1
                                                           if "." in hint[1] else 0)  # fmt: skip
            new = f"input_hint_block.{2 * place}.{hint[2]}"
        for old, to in AROUND:
            if new.startswith(f"{old}."):
                new = to + new[len(old) :]
        if ".resnets." in name:
            module, _, last = new.rpartition(".")
            before, _, inner = module.rpartition(".")
            new = f"{before}.{RESNET[inner]}.{last}"
        found[new] = values
    return found


def vae_file(state: Tensors) -> Tensors:
    """Return an autoencoder under the names of its release."""
    levels = 1 + max(int(n.split(".")[2]) for n in state if n.startswith("decoder.up_blocks."))
    found = {}
    for name, values in state.items():
        new = re.sub(
            r"decoder\.up_blocks\.(\d+)",
            lambda m: f"decoder.up.{levels - 1 - int(m[1])}",
            name,
        )
        for old, to in VAE_NAMES:
            new = new.replace(old, to)
        is_linear = "mid.attn_1" in new and values.dim() == 2  # a kernel of one there
        found[new] = values[:, :, None, None] if is_linear else values
    return found


def flux_file(state: Tensors) -> Tensors:
    """Return Flux under the names of its release."""
    from hubcheck.anatomy.single_file_names import DOUBLE, FLUX, QKV, SINGLE

    found: Tensors = {}

    def put(name: str, *old: str) -> None:
        if all(o in state for o in old):
            found[name] = torch.cat([state[o] for o in old])

    for theirs, ours in FLUX:
        for last in ("weight", "bias"):
            put(f"{theirs}.{last}", f"{ours}.{last}")
    for i in range(1 + max(int(n.split(".")[1]) for n in state if n.startswith("transformer_bl"))):
        at = f"transformer_blocks.{i}"
        for last in ("weight", "bias"):
            for theirs, ours in DOUBLE.items():
                put(f"double_blocks.{i}.{theirs}.{_scale(theirs, last)}", f"{at}.{ours}.{last}")
            for theirs, three in QKV.items():
                put(f"double_blocks.{i}.{theirs}.{last}", *(f"{at}.{o}.{last}" for o in three))
    for i in range(1 + max(int(n.split(".")[1]) for n in state if n.startswith("single_tr"))):
        at = f"single_transformer_blocks.{i}"
        for last in ("weight", "bias"):
            for theirs, ours in SINGLE.items():
                put(f"single_blocks.{i}.{theirs}.{_scale(theirs, last)}", f"{at}.{ours}.{last}")
            four = ("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp")
            put(f"single_blocks.{i}.linear1.{last}", *(f"{at}.{o}.{last}" for o in four))
    for last in ("weight", "bias"):
        scale, shift = state[f"norm_out.linear.{last}"].chunk(2)
        found[f"final_layer.adaLN_modulation.1.{last}"] = torch.cat([shift, scale])
    return found


def _scale(module: str, last: str) -> str:
    return "scale" if module.endswith("_norm") and last == "weight" else last


def origin(values: torch.Tensor, file: Mapping[str, torch.Tensor]) -> tuple[str, int, int] | None:
    """Return the rows of the file that a tensor is, by its values; -1 for all."""
    wanted = values.flatten(1) if values.dim() > 1 else values
    for name, stored in file.items():
        held = stored.flatten(1) if stored.dim() > 1 else stored
        if held.dim() != wanted.dim() or held.shape[1:] != wanted.shape[1:]:
            continue
        if held.shape == wanted.shape and torch.equal(held, wanted):
            return name, 0, -1
        for start in range(len(held) - len(wanted) + 1):
            if torch.equal(held[start : start + len(wanted)], wanted):
                return name, start, start + len(wanted)
    return None


def main() -> int:
    """Write the material."""
    import diffusers
    from diffusers.loaders import single_file_utils as theirs

    built: dict[str, tuple[Any, Tensors]] = {}
    with quiet():
        for label, name, sizes in (
            ("unet", "UNet2DConditionModel", UNET),
            ("sdxl", "UNet2DConditionModel", SDXL),
            *((n, n, dict(s)) for n, s, _ in BUILDS if n in {"ControlNetModel", "FluxTransformer2DModel"}),
            *[(n, n, dict(s)) for n, s, _ in BUILDS if n == "AutoencoderKL"][:1],
        ):  # fmt: skip
            torch.manual_seed(3)
            # as many kernels for a ControlNet's picture as its release has
            hints = {"conditioning_embedding_out_channels": (8, 8, 16, 24)}
            more = hints if name == "ControlNetModel" else {}
            model = getattr(diffusers, name)(**{**sizes, **more})
            # no two tensors alike, so that values tell them apart
            built[label] = (model, {n: torch.randn_like(t) for n, t in model.state_dict().items()})
    source = inspect.getsource(theirs.convert_flux_transformer_checkpoint_to_diffusers)
    space = dict(vars(theirs))
    exec(source.replace("3072", "128"), space)  # noqa: S102 - diffusers' own code, at a small width
    material: dict[str, Any] = {}
    for label, (model, state) in built.items():
        config = dict(model.config)
        if label in {"unet", "sdxl"}:
            file = {f"model.diffusion_model.{n}": t for n, t in unet_file(state, 2).items()}
            back = theirs.convert_ldm_unet_checkpoint(dict(file), config)
        elif label == "ControlNetModel":
            file = {f"control_model.{n}": t for n, t in unet_file(state, 2).items()}
            back = theirs.convert_controlnet_checkpoint(dict(file), config)
        elif label == "AutoencoderKL":
            file = {f"first_stage_model.{n}": t for n, t in vae_file(state).items()}
            back = theirs.convert_ldm_vae_checkpoint(dict(file), config)
        else:
            file = flux_file(state)
            back = space["convert_flux_transformer_checkpoint_to_diffusers"](dict(file))
        lost = {n for n, t in state.items() if n not in back or not torch.equal(back[n], t)}
        if lost:
            raise ValueError(f"{label} does not come back from diffusers: {sorted(lost)[:5]}")
        material[label] = {
            "version": diffusers.__version__,
            "shapes": {n: list(t.shape) for n, t in file.items()},
            "names": {n: origin(t, file) for n, t in back.items()},
        }
        print(label, len(file), "tensors,", len(back), "in diffusers")
    packed = json.dumps(material, separators=(",", ":"), sort_keys=True).encode()
    OUT.write_bytes(gzip.compress(packed, compresslevel=9, mtime=0))
    print(OUT.stat().st_size, "bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
