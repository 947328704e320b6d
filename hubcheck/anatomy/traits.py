"""What follows from a role or from a family, whatever its tensors are called?"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Role

R: Final = Role
READERS: Final = frozenset(
    (
        *(
            R.Q,
            R.K,
            R.V,
            R.CROSS_Q,
            R.ATTN_GATE,
            R.GATE,
            R.UP,
            R.ROUTER,
            R.EXPERT_GATE,
            R.EXPERT_UP,
        ),
        *(R.SHARED_GATE, R.SHARED_UP, R.SHARED_ROUTER, R.MLA_Q_A, R.MLA_KV_A, R.MLA_K_ROPE),
        *(R.EMBED, R.POS_EMBED, R.LM_HEAD),
    )
)
"""Weights whose input axis is the residual stream (rows of embeddings lie in it, too)."""
WRITERS: Final = frozenset((R.O, R.CROSS_O, R.DOWN, R.EXPERT_DOWN, R.SHARED_DOWN, R.EMBED_IN))
"""Weights whose output axis is the residual stream."""
RESIDUAL_NORMS: Final = frozenset(
    (
        *(R.NORM_ATTN_IN, R.NORM_ATTN_POST, R.NORM_MLP_IN, R.NORM_MLP_POST, R.NORM_FINAL),
        *(R.NORM_EMBED, R.NORM_CROSS_IN, R.NORM_CROSS_POST),
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
        "modernbert",
        "modernbert-decoder",
    )
)
"""Model types that subtract the mean although their norms have no bias."""

ACTIVATIONS: Final = frozenset(
    (
        *("silu", "swish", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu"),
        *("relu", "relu2"),
    )
)
"""Activations of the gate alone. Names like ``swigluoai`` stand for a formula that up takes part
in."""
PLAIN_GATES: Final = frozenset(
    (
        *("llama", "llama4", "llama4_text", "mllama", "mllama_text_model"),
        *("mistral", "mistral3", "ministral", "ministral3", "mixtral"),
        *("qwen2", "qwen2_moe", "qwen3", "qwen3_moe", "qwen3_next"),
        *("qwen3_5", "qwen3_5_text", "qwen3_5_moe", "qwen3_5_moe_text"),
        *("qwen2_vl", "qwen2_vl_text", "qwen2_5_vl", "qwen2_5_vl_text"),
        *("qwen3_vl", "qwen3_vl_text"),
        *("gemma", "gemma2", "gemma3", "gemma3_text", "vaultgemma", "recurrent_gemma"),
        *("phi3", "phimoe", "olmo", "olmo2", "olmo3", "olmoe", "flex_olmo"),
        *("granite", "granitemoe", "granitemoeshared", "cohere", "cohere2"),
        *("deepseek", "deepseek_v2", "deepseek_v3", "longcat_flash"),
        *("glm", "glm4", "glm4_moe", "chatglm", "helium", "stablelm", "smollm3"),
        *("minicpm", "minicpm3", "exaone", "exaone4", "ernie4_5", "ernie4_5_moe"),
        *("hunyuan_v1_dense", "hunyuan_v1_moe", "seed_oss", "dots1", "solar_open"),
        *("jamba", "bamba", "jetmoe", "zamba2", "minimax", "minimax_m2", "lfm2", "lfm2_moe"),
        *("internlm", "internlm2", "internlm3", "baichuan", "xverse", "dbrx", "aria_text"),
        # as GGUF files name them, where the name is another
        *("qwen2moe", "qwen3moe", "qwen3next", "qwen35", "qwen35moe", "qwen2vl", "qwen3vl"),
        *("deepseek2", "glm4moe", "hunyuan-dense", "hunyuan-moe", "ernie4_5-moe", "lfm2moe"),
        *("bailingmoe",),
        *("t5", "mt5", "umt5", "longt5", "t5encoder"),
    )
)
"""Model types whose MLP is act(gate) * up and nothing more, read in the published model code. Not
among them: gpt-oss and its like, (up + 1) * glu. What is not listed counts as not plain."""
PLAIN_ATTENTION: Final = frozenset(
    (
        *("bert", "roberta", "xlm-roberta", "xlm-roberta-xl", "roberta-prelayernorm", "camembert"),
        *("electra", "distilbert", "mpnet", "deberta", "deberta-v2", "esm", "big_bird"),
        *("longformer", "nomic_bert", "t5", "mt5", "umt5", "longt5", "t5encoder"),
        *("bart", "mbart", "marian", "pegasus", "m2m_100", "blenderbot", "blenderbot-small", "led"),
        *("gpt2", "gpt_neo", "gptj", "gpt_neox", "opt", "bloom"),
    )
)
"""Model types without gates whose attention is softmax(q k) v, then O, and nothing between that the
sign of a V/O dimension could matter to, read in the published model code. Heads that are gated or
normed before O are not among them; what is not listed counts as not plain."""
