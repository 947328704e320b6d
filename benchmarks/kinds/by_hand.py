"""Which tensors does a kind hold whose class lives in its repository's own code?

Names, shapes and configuration keys as the published checkpoints of ``nomic-embed-text``,
``gte-base-en-v1.5`` and ``jina-embeddings-v2`` have them; no code of theirs is taken or run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

WIDTH: Final = 128
INNER: Final = 384
LAYERS: Final = 4
HEADS: Final = 4
TOKENS: Final = 1009
POSITIONS: Final = 64

Shapes: TypeAlias = dict[str, tuple[int, ...]]


def _with_bias(name: str, n_out: int, n_in: int) -> Shapes:
    return {f"{name}.weight": (n_out, n_in), f"{name}.bias": (n_out,)}


def _norm(name: str) -> Shapes:
    return {f"{name}.weight": (WIDTH,), f"{name}.bias": (WIDTH,)}


def nomic() -> tuple[Shapes, dict[str, Any]]:
    """Return the tensors and configuration of a Nomic BERT: fused qkv, gate and up apart."""
    found: Shapes = {
        "embeddings.word_embeddings.weight": (TOKENS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_norm("emb_ln"),
    }
    for i in range(LAYERS):
        at = f"encoder.layers.{i}"
        found |= {
            f"{at}.attn.Wqkv.weight": (3 * WIDTH, WIDTH),
            f"{at}.attn.out_proj.weight": (WIDTH, WIDTH),
            f"{at}.mlp.fc11.weight": (INNER, WIDTH),
            f"{at}.mlp.fc12.weight": (INNER, WIDTH),
            f"{at}.mlp.fc2.weight": (WIDTH, INNER),
            **_norm(f"{at}.norm1"),
            **_norm(f"{at}.norm2"),
        }
    config = {
        "architectures": ["NomicBertModel"],
        "model_type": "nomic_bert",
        "n_embd": WIDTH,
        "n_head": HEADS,
        "n_inner": INNER,
        "n_layer": LAYERS,
        "n_positions": POSITIONS,
        "activation_function": "swiglu",
        "prenorm": False,
        "qkv_proj_bias": False,
        "mlp_fc1_bias": False,
        "mlp_fc2_bias": False,
        "rotary_emb_fraction": 1.0,
        "type_vocab_size": 2,
        "vocab_size": TOKENS,
    }
    return found, config


def gte() -> tuple[Shapes, dict[str, Any]]:
    """Return the tensors and configuration of a GTE v1.5: fused qkv, fused up and gate."""
    found: Shapes = {
        "embeddings.word_embeddings.weight": (TOKENS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_norm("embeddings.LayerNorm"),
    }
    for i in range(LAYERS):
        at = f"encoder.layer.{i}"
        found |= {
            **_with_bias(f"{at}.attention.qkv_proj", 3 * WIDTH, WIDTH),
            **_with_bias(f"{at}.attention.o_proj", WIDTH, WIDTH),
            f"{at}.mlp.up_gate_proj.weight": (2 * INNER, WIDTH),
            **_with_bias(f"{at}.mlp.down_proj", WIDTH, INNER),
            **_norm(f"{at}.attn_ln"),
            **_norm(f"{at}.mlp_ln"),
        }
    config = {
        "architectures": ["NewModel"],
        "model_type": "new",
        "hidden_size": WIDTH,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "hidden_act": "gelu",
        "position_embedding_type": "rope",
        "pack_qkv": True,
        "type_vocab_size": 2,
        "vocab_size": TOKENS,
    }
    return found, config


def jina() -> tuple[Shapes, dict[str, Any]]:
    """Return the tensors and configuration of a Jina v2 BERT: ALiBi, gated feed forward."""
    found: Shapes = {
        "embeddings.word_embeddings.weight": (TOKENS, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        **_norm("embeddings.LayerNorm"),
        **_with_bias("pooler.dense", WIDTH, WIDTH),
    }
    for i in range(LAYERS):
        at = f"encoder.layer.{i}"
        for which in ("query", "key", "value"):
            found |= _with_bias(f"{at}.attention.self.{which}", WIDTH, WIDTH)
        found |= {
            **_with_bias(f"{at}.attention.output.dense", WIDTH, WIDTH),
            **_norm(f"{at}.attention.output.LayerNorm"),
            f"{at}.mlp.gated_layers.weight": (2 * INNER, WIDTH),
            **_with_bias(f"{at}.mlp.wo", WIDTH, INNER),
            **_norm(f"{at}.mlp.layernorm"),
        }
    config = {
        "architectures": ["JinaBertModel"],
        "model_type": "bert",
        "hidden_size": WIDTH,
        "num_attention_heads": HEADS,
        "num_hidden_layers": LAYERS,
        "intermediate_size": INNER,
        "max_position_embeddings": POSITIONS,
        "feed_forward_type": "geglu",
        "position_embedding_type": "alibi",
        "hidden_act": "gelu",
        "type_vocab_size": 2,
        "vocab_size": TOKENS,
    }
    return found, config


RECIPES: Final[Mapping[str, Callable[[], tuple[Shapes, dict[str, Any]]]]] = {
    "nomic": nomic,
    "gte": gte,
    "jina": jina,
}
"""By what a kind of library ``hand`` names as ``made_by``."""
