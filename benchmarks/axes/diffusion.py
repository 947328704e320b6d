"""How are small models of diffusers built, and what are they fed?

Each class in the forms that change its tensors: with and without text, with a second text encoder.
Widths differ from each other where they can, so that axes are told apart by their size.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch

UNET: Final[Mapping[str, Any]] = {
    "sample_size": 8, "block_out_channels": (32, 64), "layers_per_block": 2, "norm_num_groups": 8,
    "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
    "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"), "cross_attention_dim": 48,
    "attention_head_dim": 4,
}  # fmt: skip
SDXL: Final[Mapping[str, Any]] = {
    **UNET, "addition_embed_type": "text_time", "addition_time_embed_dim": 8,
    "projection_class_embeddings_input_dim": 80, "transformer_layers_per_block": (1, 2),
    "use_linear_projection": True, "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}  # fmt: skip
VAE: Final[Mapping[str, Any]] = {
    "block_out_channels": (32, 64), "layers_per_block": 1, "norm_num_groups": 8,
    "down_block_types": ("DownEncoderBlock2D",) * 2, "up_block_types": ("UpDecoderBlock2D",) * 2,
    "latent_channels": 4,
}  # fmt: skip
HEADS: Final[Mapping[str, Any]] = {"attention_head_dim": 32, "num_attention_heads": 4}


def _r(*shape: int) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(7), dtype=torch.float64)


STEP: Final = torch.tensor([3])
TEXT: Final = {"encoder_hidden_states": _r(1, 5, 48)}
XL: Final = {"added_cond_kwargs": {"text_embeds": _r(1, 32), "time_ids": _r(1, 6)}}
LATENT: Final = {"sample": _r(1, 4, 8, 8), "timestep": STEP}

BUILDS: Final[tuple[tuple[str, Mapping[str, Any], Callable[[], Mapping[str, Any]]], ...]] = (
    ("UNet2DConditionModel", UNET, lambda: {**LATENT, **TEXT}),
    ("UNet2DConditionModel", {**UNET, "use_linear_projection": True, "class_embed_type": None,
                              "attention_head_dim": (4, 8)}, lambda: {**LATENT, **TEXT}),
    ("UNet2DConditionModel", SDXL, lambda: {**LATENT, **TEXT, **XL}),
    ("UNet2DModel", {"sample_size": 8, "block_out_channels": (32, 64), "norm_num_groups": 8,
                     "down_block_types": ("DownBlock2D", "AttnDownBlock2D"), "attention_head_dim": 8,
                     "up_block_types": ("AttnUpBlock2D", "UpBlock2D"), "in_channels": 3,
                     "out_channels": 3}, lambda: {"sample": _r(1, 3, 8, 8), "timestep": STEP}),
    ("AutoencoderKL", VAE, lambda: {"sample": _r(1, 3, 16, 16)}),
    ("AutoencoderKL", {**VAE, "use_quant_conv": False, "use_post_quant_conv": False,
                       "latent_channels": 16}, lambda: {"sample": _r(1, 3, 16, 16)}),
    ("ControlNetModel", {k: v for k, v in UNET.items() if k not in {"sample_size", "up_block_types"}}
     | {"conditioning_embedding_out_channels": (16, 24)},
     lambda: {**LATENT, **TEXT, "controlnet_cond": _r(1, 3, 16, 16)}),
    ("FluxTransformer2DModel", {**HEADS, "patch_size": 1, "in_channels": 16, "num_layers": 2,
                                "num_single_layers": 2, "joint_attention_dim": 64,
                                "pooled_projection_dim": 48, "axes_dims_rope": (8, 12, 12),
                                "guidance_embeds": True},
     lambda: {"hidden_states": _r(1, 16, 16), "encoder_hidden_states": _r(1, 5, 64),
              "pooled_projections": _r(1, 48), "timestep": torch.tensor([0.5], dtype=torch.float64),
              "guidance": torch.tensor([3.5], dtype=torch.float64),
              "img_ids": _r(16, 3), "txt_ids": torch.zeros(5, 3, dtype=torch.float64)}),
    ("SD3Transformer2DModel", {**HEADS, "sample_size": 8, "patch_size": 2, "in_channels": 4,
                               "num_layers": 3, "joint_attention_dim": 64,
                               "caption_projection_dim": 128, "pooled_projection_dim": 48,
                               "out_channels": 4},
     lambda: {"hidden_states": _r(1, 4, 8, 8), "encoder_hidden_states": _r(1, 5, 64),
              "pooled_projections": _r(1, 48), "timestep": STEP}),
    ("SD3Transformer2DModel", {**HEADS, "sample_size": 8, "patch_size": 2, "in_channels": 4,
                               "num_layers": 3, "joint_attention_dim": 64, "qk_norm": "rms_norm",
                               "dual_attention_layers": (0, 1), "caption_projection_dim": 128,
                               "pooled_projection_dim": 48, "out_channels": 4},
     lambda: {"hidden_states": _r(1, 4, 8, 8), "encoder_hidden_states": _r(1, 5, 64),
              "pooled_projections": _r(1, 48), "timestep": STEP}),
    ("PixArtTransformer2DModel", {**HEADS, "sample_size": 8, "num_layers": 3, "caption_channels": 64,
                                  "cross_attention_dim": 128},
     lambda: {"hidden_states": _r(1, 4, 8, 8), "encoder_hidden_states": _r(1, 5, 64),
              "timestep": STEP, "added_cond_kwargs": {"resolution": None, "aspect_ratio": None}}),
    ("WanTransformer3DModel", {**HEADS, "num_layers": 3, "ffn_dim": 320, "text_dim": 48,
                               "freq_dim": 64},
     lambda: {"hidden_states": _r(1, 16, 2, 8, 8), "encoder_hidden_states": _r(1, 5, 48),
              "timestep": STEP}),
    ("QwenImageTransformer2DModel", {**HEADS, "num_layers": 3, "in_channels": 16,
                                     "out_channels": 4, "joint_attention_dim": 64,
                                     "axes_dims_rope": (8, 12, 12)},
     lambda: {"hidden_states": _r(1, 16, 16), "encoder_hidden_states": _r(1, 5, 64),
              "encoder_hidden_states_mask": torch.ones(1, 5, dtype=torch.bool),
              "timestep": torch.tensor([0.5], dtype=torch.float64), "img_shapes": [(1, 4, 4)]}),
    ("CogVideoXTransformer3DModel", {**HEADS, "num_layers": 3, "text_embed_dim": 64,
                                     "time_embed_dim": 64, "sample_width": 8, "sample_height": 8,
                                     "sample_frames": 5, "in_channels": 4, "out_channels": 4,
                                     "max_text_seq_length": 5},
     lambda: {"hidden_states": _r(1, 2, 4, 8, 8), "encoder_hidden_states": _r(1, 5, 64),
              "timestep": STEP}),
    ("DiTTransformer2DModel", {**HEADS, "num_layers": 3, "sample_size": 8, "in_channels": 4,
                               "out_channels": 8},
     lambda: {"hidden_states": _r(1, 4, 8, 8), "timestep": STEP, "class_labels": torch.tensor([5])}),
    ("LTXVideoTransformer3DModel", {"attention_head_dim": 32, "num_attention_heads": 4,
                                    "num_layers": 3, "in_channels": 16, "out_channels": 16,
                                    "cross_attention_dim": 128, "caption_channels": 64},
     lambda: {"hidden_states": _r(1, 16, 16), "encoder_hidden_states": _r(1, 5, 64),
              "timestep": STEP, "encoder_attention_mask": None, "num_frames": 1, "height": 4,
              "width": 4}),
    ("SanaTransformer2DModel", {"attention_head_dim": 32, "num_attention_heads": 4, "num_layers": 3,
                                "num_cross_attention_heads": 4, "cross_attention_head_dim": 32,
                                "cross_attention_dim": 128, "caption_channels": 64,
                                "in_channels": 8, "out_channels": 8, "sample_size": 8},
     lambda: {"hidden_states": _r(1, 8, 8, 8), "encoder_hidden_states": _r(1, 5, 64),
              "timestep": STEP}),
    ("Lumina2Transformer2DModel", {"sample_size": 8, "hidden_size": 96, "num_layers": 3,
                                   "num_refiner_layers": 1, "num_attention_heads": 4,
                                   "num_kv_heads": 2, "multiple_of": 16, "cap_feat_dim": 64,
                                   "axes_dim_rope": (8, 8, 8), "axes_lens": (16, 16, 16)},
     lambda: {"hidden_states": _r(1, 16, 8, 8), "timestep": torch.tensor([0.5], dtype=torch.float64),
              "encoder_hidden_states": _r(1, 5, 64),
              "encoder_attention_mask": torch.ones(1, 5, dtype=torch.bool)}),
    ("AuraFlowTransformer2DModel", {"sample_size": 8, "num_mmdit_layers": 2,
                                    "num_single_dit_layers": 2, "attention_head_dim": 32,
                                    "num_attention_heads": 4, "joint_attention_dim": 64,
                                    "caption_projection_dim": 128, "pos_embed_max_size": 16},
     lambda: {"hidden_states": _r(1, 4, 8, 8), "encoder_hidden_states": _r(1, 5, 64),
              "timestep": torch.tensor([0.5], dtype=torch.float64)}),
    ("HunyuanDiT2DModel", {"num_attention_heads": 4, "attention_head_dim": 32, "sample_size": 8,
                           "patch_size": 2, "in_channels": 4, "hidden_size": 128, "num_layers": 4,
                           "cross_attention_dim": 64, "cross_attention_dim_t5": 48,
                           "pooled_projection_dim": 64, "text_len": 5, "text_len_t5": 5},
     lambda: {"hidden_states": _r(1, 4, 8, 8), "timestep": STEP,
              "encoder_hidden_states": _r(1, 5, 64),
              "text_embedding_mask": torch.ones(1, 5, dtype=torch.long),
              "encoder_hidden_states_t5": _r(1, 5, 48),
              "text_embedding_mask_t5": torch.ones(1, 5, dtype=torch.long),
              "image_meta_size": _r(1, 6), "style": torch.tensor([0]),
              "image_rotary_emb": [_r(16, 32), _r(16, 32)]}),
    ("VQModel", {"block_out_channels": (32, 64), "down_block_types": ("DownEncoderBlock2D",) * 2,
                 "up_block_types": ("UpDecoderBlock2D",) * 2, "norm_num_groups": 8,
                 "latent_channels": 4, "num_vq_embeddings": 16}, lambda: {"sample": _r(1, 3, 16, 16)}),
    ("AutoencoderTiny", {}, lambda: {"sample": _r(1, 3, 16, 16)}),
    ("AutoencoderKLWan", {"base_dim": 16, "z_dim": 4, "dim_mult": [1, 2], "num_res_blocks": 1,
                          "temperal_downsample": [False], "latents_mean": [0.0] * 4,
                          "latents_std": [1.0] * 4}, lambda: {"sample": _r(1, 3, 1, 16, 16)}),
    ("AutoencoderKLQwenImage", {"base_dim": 16, "z_dim": 4, "dim_mult": [1, 2], "num_res_blocks": 1,
                                "temperal_downsample": [False], "latents_mean": [0.0] * 4,
                                "latents_std": [1.0] * 4}, lambda: {"sample": _r(1, 3, 1, 16, 16)}),
    ("PriorTransformer", {**HEADS, "num_layers": 3, "embedding_dim": 48, "num_embeddings": 5,
                          "additional_embeddings": 4},
     lambda: {"hidden_states": _r(1, 48), "timestep": STEP, "proj_embedding": _r(1, 48),
              "encoder_hidden_states": _r(1, 5, 48)}),
)  # fmt: skip
"""Class, configuration, and what it is fed."""
