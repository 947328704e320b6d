"""What follows from a role or from a family, whatever its tensors are called?"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Role

R: Final = Role
READERS: Final = frozenset(
    (
        *(R.Q, R.K, R.V, R.ATTN_GATE, R.GATE, R.UP, R.ROUTER, R.EXPERT_GATE, R.EXPERT_UP),
        *(R.SHARED_GATE, R.SHARED_UP, R.SHARED_ROUTER, R.MLA_Q_A, R.MLA_KV_A, R.MLA_K_ROPE),
        *(R.EMBED, R.POS_EMBED, R.LM_HEAD),
    )
)
"""Weights whose input axis is the residual stream (rows of embeddings lie in it, too)."""
WRITERS: Final = frozenset((R.O, R.DOWN, R.EXPERT_DOWN, R.SHARED_DOWN))
"""Weights whose output axis is the residual stream."""
RESIDUAL_NORMS: Final = frozenset(
    (
        *(R.NORM_ATTN_IN, R.NORM_ATTN_POST, R.NORM_MLP_IN, R.NORM_MLP_POST, R.NORM_FINAL),
        R.NORM_EMBED,
    )
)
"""Vectors as long as the residual stream."""
NORMS: Final = RESIDUAL_NORMS | {R.NORM_Q, R.NORM_K, R.MLA_Q_NORM, R.MLA_KV_NORM}
VECTORS: Final = NORMS | {R.SINKS, R.ROUTER_BIAS}
"""Roles that are vectors by nature, not as the bias of a matrix."""

OFFSET_NORMS: Final = frozenset(
    (
        "gemma",
        "gemma2",
        "gemma3",
        "gemma3_text",
        "recurrent_gemma",
        "vaultgemma",
        "t5gemma",
        "t5gemma2",
        "qwen3_next",
        "qwen3_5",
        "qwen3_5_text",
        "qwen3_5_moe",
        "qwen3_5_moe_text",
        "qwen4_exp",
        "qwen4_exp_text",
        "minimax_m3_vl",
        "minimax_m3_vl_text",
        "step3p7",
        "nemotron",
    )
)
"""Model types that store the gain minus one."""
LAYER_NORMS: Final = frozenset(
    (
        "cohere",
        "cohere2",
        "cohere2_moe",
        "olmo",
        "mpt",
        "dbrx",
        "cohere_compass",
        "cohere_compass_text",
        "modernbert-decoder",
    )
)
"""Model types that subtract the mean although their norms have no bias."""
