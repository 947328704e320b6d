"""What do the makers of Whisper, CLIP and vision transformers call what transformers publishes?

Written from the releases' own module definitions, the other way round from
``hubcheck.anatomy.release_names``: fused matrices are fused, names are the makers'.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Tensors = Mapping[str, NDArray[np.float32]]


def whisper(tensors: Tensors) -> dict[str, NDArray[np.float32]]:
    """Return OpenAI's names of a Whisper."""
    words = (
        ("encoder_attn_layer_norm", "cross_attn_ln"),
        ("self_attn_layer_norm", "attn_ln"),
        ("final_layer_norm", "mlp_ln"),
        ("encoder_attn.", "cross_attn."),
        ("self_attn.", "attn."),
        ("q_proj", "query"),
        ("k_proj", "key"),
        ("v_proj", "value"),
        ("out_proj", "out"),
        ("fc1", "mlp.0"),
        ("fc2", "mlp.2"),
        ("layers.", "blocks."),
        ("encoder.layer_norm", "encoder.ln_post"),
        ("decoder.layer_norm", "decoder.ln"),
        ("decoder.embed_tokens", "decoder.token_embedding"),
        ("embed_positions.weight", "positional_embedding"),
    )
    found = {}
    for name, values in tensors.items():
        if name == "proj_out.weight":  # tied
            continue
        new = name.removeprefix("model.")
        for ours, theirs in words:
            new = new.replace(ours, theirs)
        found[new] = values
    return found


def clip(tensors: Tensors, *, front: str = "") -> dict[str, NDArray[np.float32]]:
    """Return OpenAI's names of a CLIP; ``front`` stands before those of the text stack."""
    found: dict[str, NDArray[np.float32]] = {}
    for tower, stack in (("vision_model", "visual."), ("text_model", front)):
        own = {
            n.removeprefix(f"{tower}."): v for n, v in tensors.items() if n.startswith(f"{tower}.")
        }
        layers = sorted({int(n.split(".")[2]) for n in own if n.startswith("encoder.layers.")})
        for n in layers:
            old, new = f"encoder.layers.{n}.", f"{stack}transformer.resblocks.{n}."
            for part in ("weight", "bias"):
                parts = [own[f"{old}self_attn.{one}_proj.{part}"] for one in "qkv"]
                found[f"{new}attn.in_proj_{part}"] = np.concatenate(parts)
                found[f"{new}attn.out_proj.{part}"] = own[f"{old}self_attn.out_proj.{part}"]
                found[f"{new}mlp.c_fc.{part}"] = own[f"{old}mlp.fc1.{part}"]
                found[f"{new}mlp.c_proj.{part}"] = own[f"{old}mlp.fc2.{part}"]
                found[f"{new}ln_1.{part}"] = own[f"{old}layer_norm1.{part}"]
                found[f"{new}ln_2.{part}"] = own[f"{old}layer_norm2.{part}"]
        for part in ("weight", "bias"):
            if tower == "vision_model":
                found[f"visual.ln_pre.{part}"] = own[f"pre_layrnorm.{part}"]
                found[f"visual.ln_post.{part}"] = own[f"post_layernorm.{part}"]
            else:
                found[f"{front}ln_final.{part}"] = own[f"final_layer_norm.{part}"]
    found["visual.conv1.weight"] = tensors["vision_model.embeddings.patch_embedding.weight"]
    found["visual.class_embedding"] = tensors["vision_model.embeddings.class_embedding"]
    place = "embeddings.position_embedding.weight"
    found["visual.positional_embedding"] = tensors[f"vision_model.{place}"]
    found["visual.proj"] = np.ascontiguousarray(tensors["visual_projection.weight"].T)
    found[f"{front}positional_embedding"] = tensors[f"text_model.{place}"]
    token = "text_model.embeddings.token_embedding.weight"
    found[f"{front}token_embedding.weight"] = tensors[token]
    found[f"{front}text_projection"] = np.ascontiguousarray(tensors["text_projection.weight"].T)
    found["logit_scale"] = tensors["logit_scale"]
    return found


def timm_vit(tensors: Tensors) -> dict[str, NDArray[np.float32]]:
    """Return timm's names of a ViT for classes."""
    found: dict[str, NDArray[np.float32]] = {}
    layers = sorted({int(n.split(".")[3]) for n in tensors if n.startswith("vit.encoder.layer.")})
    for n in layers:
        old, new = f"vit.encoder.layer.{n}.", f"blocks.{n}."
        for part in ("weight", "bias"):
            parts = [
                tensors[f"{old}attention.attention.{one}.{part}"]
                for one in ("query", "key", "value")
            ]
            found[f"{new}attn.qkv.{part}"] = np.concatenate(parts)
            found[f"{new}attn.proj.{part}"] = tensors[f"{old}attention.output.dense.{part}"]
            found[f"{new}norm1.{part}"] = tensors[f"{old}layernorm_before.{part}"]
            found[f"{new}norm2.{part}"] = tensors[f"{old}layernorm_after.{part}"]
            found[f"{new}mlp.fc1.{part}"] = tensors[f"{old}intermediate.dense.{part}"]
            found[f"{new}mlp.fc2.{part}"] = tensors[f"{old}output.dense.{part}"]
    patches = "vit.embeddings.patch_embeddings.projection"
    for part in ("weight", "bias"):
        found[f"patch_embed.proj.{part}"] = tensors[f"{patches}.{part}"]
        found[f"norm.{part}"] = tensors[f"vit.layernorm.{part}"]
        found[f"head.{part}"] = tensors[f"classifier.{part}"]
    found["cls_token"] = tensors["vit.embeddings.cls_token"]
    found["pos_embed"] = tensors["vit.embeddings.position_embeddings"]
    return found
