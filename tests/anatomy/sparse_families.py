"""Tiny mixtures of experts, one per packing, packed by reshapes written out anew."""

from __future__ import annotations

import numpy as np

from tests.anatomy.blocks import (
    SIZES,
    E,
    H,
    Model,
    R,
    attention,
    d,
    dense,
    ends,
    flat,
    fused_qkv,
    g,
    h,
    i,
    n,
    two_norms,
)
from tests.anatomy.tiny import Maker


def sparse_base(*, layer_norms: bool = True) -> Maker:
    """Return everything of a two-layer mixture model but its MLPs."""
    m = Maker()
    ends(m, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")
    for layer in range(2):
        attention(m, f"model.layers.{layer}.self_attn", layer)
        if layer_norms:
            two_norms(m, f"model.layers.{layer}", layer)
    return m


def mixtral() -> Model:
    """Return experts under w1 (gate), w3 (up), w2 (down)."""
    m = sparse_base()
    for layer in range(2):
        at = f"model.layers.{layer}.block_sparse_moe"
        m.plain(f"{at}.gate.weight", R.ROUTER, E, H, layer=layer)
        for e in range(E):
            m.plain(f"{at}.experts.{e}.w1.weight", R.EXPERT_GATE, i, H, layer=layer, expert=e)
            m.plain(f"{at}.experts.{e}.w3.weight", R.EXPERT_UP, i, H, layer=layer, expert=e)
            m.plain(f"{at}.experts.{e}.w2.weight", R.EXPERT_DOWN, H, i, layer=layer, expert=e)
    return m, {**SIZES, "model_type": "mixtral"}


def qwen2_moe(shared: str = "shared_expert", *, dense_first: bool = False) -> Model:
    """Return named experts beside one shared expert (Qwen2-MoE, GLM-4.5, Solar Open)."""
    m = sparse_base()
    for layer in range(2):
        at = f"model.layers.{layer}.mlp"
        if dense_first and layer == 0:
            dense(m, at, layer)
            continue
        m.plain(f"{at}.gate.weight", R.ROUTER, E, H, layer=layer)
        for e in range(E):
            x = f"{at}.experts.{e}"
            m.plain(f"{x}.gate_proj.weight", R.EXPERT_GATE, i, H, layer=layer, expert=e)
            m.plain(f"{x}.up_proj.weight", R.EXPERT_UP, i, H, layer=layer, expert=e)
            m.plain(f"{x}.down_proj.weight", R.EXPERT_DOWN, H, i, layer=layer, expert=e)
        if not shared:
            continue
        m.plain(f"{at}.{shared}.gate_proj.weight", R.SHARED_GATE, n, H, layer=layer)
        m.plain(f"{at}.{shared}.up_proj.weight", R.SHARED_UP, n, H, layer=layer)
        m.plain(f"{at}.{shared}.down_proj.weight", R.SHARED_DOWN, H, n, layer=layer)
        if shared == "shared_expert":
            m.plain(f"{at}.shared_expert_gate.weight", R.SHARED_ROUTER, 1, H, layer=layer)
        else:
            m.plain(f"{at}.gate.e_score_correction_bias", R.ROUTER_BIAS, E, layer=layer)
    return m, {**SIZES, "model_type": "qwen2_moe"}


def stacked(*, transposed: bool, interleaved: bool = False) -> Model:
    """Return experts in two tensors: [E, 2i, H] at run time, [E, H, 2i] in Llama 4 and gpt-oss."""
    m = sparse_base()
    for layer in range(2):
        at = f"model.layers.{layer}.mlp"
        m.plain(f"{at}.router.weight", R.ROUTER, E, H, layer=layer)
        fused, downs, biases = [], [], []
        for e in range(E):
            gate = m.make(R.EXPERT_GATE, i, H, layer=layer, expert=e)
            up = m.make(R.EXPERT_UP, i, H, layer=layer, expert=e)
            pair = np.stack([gate, up], axis=1 if interleaved else 0).reshape(2 * i, H)
            fused.append(pair.T if transposed else pair)
            down = m.make(R.EXPERT_DOWN, H, i, layer=layer, expert=e)
            downs.append(down.T if transposed else down)
            if interleaved:
                gate_bias = m.make(R.EXPERT_GATE, i, layer=layer, expert=e, bias=True)
                up_bias = m.make(R.EXPERT_UP, i, layer=layer, expert=e, bias=True)
                biases.append(np.stack([gate_bias, up_bias], axis=1).reshape(-1))
        m.store(f"{at}.experts.gate_up_proj", np.stack(fused))
        m.store(f"{at}.experts.down_proj", np.stack(downs))
        if interleaved:
            m.store(f"{at}.experts.gate_up_proj_bias", np.stack(biases))
            m.plain(f"model.layers.{layer}.self_attn.sinks", R.SINKS, h, layer=layer)
    return m, {**SIZES, "model_type": "gpt_oss" if interleaved else "llama4_text"}


def granitemoe() -> Model:
    """Return Granite's stacked experts under names of their own."""
    m = sparse_base()
    for layer in range(2):
        at = f"model.layers.{layer}.block_sparse_moe"
        m.plain(f"{at}.router.layer.weight", R.ROUTER, E, H, layer=layer)
        pairs = [
            np.concatenate(
                [
                    m.make(R.EXPERT_GATE, i, H, layer=layer, expert=e),
                    m.make(R.EXPERT_UP, i, H, layer=layer, expert=e),
                ]
            )
            for e in range(E)
        ]
        m.store(f"{at}.input_linear.weight", np.stack(pairs))
        downs = [m.make(R.EXPERT_DOWN, H, i, layer=layer, expert=e) for e in range(E)]
        m.store(f"{at}.output_linear.weight", np.stack(downs))
    return m, {**SIZES, "model_type": "granitemoe"}


def dbrx() -> Model:
    """Return DBRX: q|k|v with grouped sizes, experts flat, the down projection transposed."""
    m = Maker()
    ends(m, "transformer.wte.weight", "transformer.norm_f.weight", "lm_head.weight")
    for layer in range(2):
        at = f"transformer.blocks.{layer}"
        attn = f"{at}.norm_attn_norm"
        m.plain(f"{attn}.norm_1.weight", R.NORM_ATTN_IN, H, layer=layer)
        m.plain(f"{attn}.norm_2.weight", R.NORM_MLP_IN, H, layer=layer)
        m.plain(f"{attn}.attn.out_proj.weight", R.O, H, h * d, layer=layer)
        parts = fused_qkv(m, layer)
        m.store(f"{attn}.attn.Wqkv.weight", np.concatenate([flat(p, 2) for p in parts]))
        m.plain(f"{at}.ffn.router.layer.weight", R.ROUTER, E, H, layer=layer)
        for name, role in (("w1", R.EXPERT_GATE), ("v1", R.EXPERT_UP)):
            every = [m.make(role, i, H, layer=layer, expert=e) for e in range(E)]
            m.store(f"{at}.ffn.experts.mlp.{name}", np.concatenate(every))
        downs = [m.make(R.EXPERT_DOWN, H, i, layer=layer, expert=e).T for e in range(E)]
        m.store(f"{at}.ffn.experts.mlp.w2", np.concatenate(downs))
    config = {"d_model": H, "n_heads": h, "n_layers": 2, "attn_config": {"kv_n_heads": g}}
    return m, {**config, "model_type": "dbrx"}


def longcat() -> Model:
    """Return double layers: two attentions and dense MLPs, one mixture, counted as two layers."""
    m = Maker()
    ends(m, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")
    for half in range(4):
        at, block = f"model.layers.{half // 2}", half % 2
        attention(m, f"{at}.self_attn.{block}", half)
        dense(m, f"{at}.mlps.{block}", half)
        m.plain(f"{at}.input_layernorm.{block}.weight", R.NORM_ATTN_IN, H, layer=half)
        m.plain(f"{at}.post_attention_layernorm.{block}.weight", R.NORM_MLP_IN, H, layer=half)
        if block == 0:
            m.plain(f"{at}.mlp.router.classifier.weight", R.ROUTER, E, H, layer=half)
            for e in range(E):
                x = f"{at}.mlp.experts.{e}"
                m.plain(f"{x}.gate_proj.weight", R.EXPERT_GATE, i, H, layer=half, expert=e)
                m.plain(f"{x}.up_proj.weight", R.EXPERT_UP, i, H, layer=half, expert=e)
                m.plain(f"{x}.down_proj.weight", R.EXPERT_DOWN, H, i, layer=half, expert=e)
    return m, {**SIZES, "model_type": "longcat_flash"}
