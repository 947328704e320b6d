"""Blocks that tiny families are made of.

H hidden, h query heads, g kv heads, d head dim, n MLP neurons, E experts, i expert neurons.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Role
from tests.anatomy.tiny import Array, Maker

R: Final = Role
H, h, g, d, n, E, i, V = 12, 4, 2, 5, 7, 3, 9, 23
SIZES: Final[dict[str, object]] = {
    "hidden_size": H,
    "num_attention_heads": h,
    "num_key_value_heads": g,
    "head_dim": d,
    "num_hidden_layers": 2,
}
Model = tuple[Maker, dict[str, object]]


def ends(m: Maker, embed: str, norm: str, head: str = "") -> None:
    """Add embedding, final norm and, where a name is given, the head."""
    m.plain(embed, R.EMBED, V, H)
    m.plain(norm, R.NORM_FINAL, H)
    if head:
        m.plain(head, R.LM_HEAD, V, H)


def attention(m: Maker, at: str, layer: int, o: str = "o_proj") -> None:
    """Add separate q, k, v and o."""
    m.plain(f"{at}.q_proj.weight", R.Q, h * d, H, layer=layer)
    m.plain(f"{at}.k_proj.weight", R.K, g * d, H, layer=layer)
    m.plain(f"{at}.v_proj.weight", R.V, g * d, H, layer=layer)
    m.plain(f"{at}.{o}.weight", R.O, H, h * d, layer=layer)


def dense(m: Maker, at: str, layer: int) -> None:
    """Add a gated MLP under Llama's names."""
    m.plain(f"{at}.gate_proj.weight", R.GATE, n, H, layer=layer)
    m.plain(f"{at}.up_proj.weight", R.UP, n, H, layer=layer)
    m.plain(f"{at}.down_proj.weight", R.DOWN, H, n, layer=layer)


def two_norms(m: Maker, at: str, layer: int) -> None:
    """Add Llama's two norms."""
    m.plain(f"{at}.input_layernorm.weight", R.NORM_ATTN_IN, H, layer=layer)
    m.plain(f"{at}.post_attention_layernorm.weight", R.NORM_MLP_IN, H, layer=layer)


def fused_qkv(m: Maker, layer: int, kv: int = g, *, bias: bool = False) -> list[Array]:
    """Make q [h, d, H], k and v [kv, d, H] (or their biases [h, d] ...)."""
    tail = () if bias else (H,)
    return [
        m.make(role, heads * d, *tail, layer=layer, bias=bias).reshape(heads, d, *tail)
        for role, heads in ((R.Q, h), (R.K, kv), (R.V, kv))
    ]


def flat(a: Array, axes: int) -> Array:
    """Flatten the first ``axes`` axes."""
    return a.reshape(-1, *a.shape[axes:])
