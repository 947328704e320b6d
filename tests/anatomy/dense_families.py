"""Tiny dense models, one per packing, packed by reshapes written out anew."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.anatomy.blocks import (
    SIZES,
    H,
    Model,
    R,
    V,
    attention,
    d,
    dense,
    ends,
    flat,
    fused_qkv,
    g,
    h,
    n,
    two_norms,
)
from tests.anatomy.tiny import Maker


def llama(prefix: str = "model.", *, tied: bool = False) -> Model:
    """Return a Llama-like model with q and k norms."""
    m = Maker()
    ends(
        m, f"{prefix}embed_tokens.weight", f"{prefix}norm.weight", "" if tied else "lm_head.weight"
    )
    for layer in range(2):
        at = f"{prefix}layers.{layer}"
        attention(m, f"{at}.self_attn", layer)
        m.plain(f"{at}.self_attn.q_proj.bias", R.Q, h * d, layer=layer)
        m.plain(f"{at}.self_attn.q_norm.weight", R.NORM_Q, d, layer=layer)
        m.plain(f"{at}.self_attn.k_norm.weight", R.NORM_K, d, layer=layer)
        dense(m, f"{at}.mlp", layer)
        two_norms(m, at, layer)
    return m, {**SIZES, "model_type": "llama"}


def gemma3() -> Model:
    """Return a model with four norms a layer, below the names of a multimodal wrapper."""
    m = Maker()
    ends(m, "language_model.model.embed_tokens.weight", "language_model.model.norm.weight")
    for layer in range(2):
        at = f"language_model.model.layers.{layer}"
        attention(m, f"{at}.self_attn", layer)
        dense(m, f"{at}.mlp", layer)
        for name, role in (
            ("input", R.NORM_ATTN_IN),
            ("post_attention", R.NORM_ATTN_POST),
            ("pre_feedforward", R.NORM_MLP_IN),
            ("post_feedforward", R.NORM_MLP_POST),
        ):
            m.plain(f"{at}.{name}_layernorm.weight", role, H, layer=layer)
    return m, {"model_type": "gemma3", "text_config": {**SIZES, "model_type": "gemma3_text"}}


def olmo2() -> Model:
    """Return a model whose two norms both come after their block."""
    m = Maker()
    ends(m, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")
    for layer in range(2):
        at = f"model.layers.{layer}"
        attention(m, f"{at}.self_attn", layer)
        m.plain(f"{at}.self_attn.q_norm.weight", R.NORM_Q, h * d, layer=layer)
        m.plain(f"{at}.self_attn.k_norm.weight", R.NORM_K, g * d, layer=layer)
        dense(m, f"{at}.mlp", layer)
        m.plain(f"{at}.post_attention_layernorm.weight", R.NORM_ATTN_POST, H, layer=layer)
        m.plain(f"{at}.post_feedforward_layernorm.weight", R.NORM_MLP_POST, H, layer=layer)
    return m, {**SIZES, "model_type": "olmo2"}


def phi3() -> Model:
    """Return q|k|v and gate|up, one after the other."""
    m = Maker()
    ends(m, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")
    for layer in range(2):
        at = f"model.layers.{layer}"
        m.plain(f"{at}.self_attn.o_proj.weight", R.O, H, h * d, layer=layer)
        parts = fused_qkv(m, layer)
        m.store(f"{at}.self_attn.qkv_proj.weight", np.concatenate([flat(p, 2) for p in parts]))
        gate = m.make(R.GATE, n, H, layer=layer)
        up = m.make(R.UP, n, H, layer=layer)
        m.store(f"{at}.mlp.gate_up_proj.weight", np.concatenate([gate, up]))
        m.plain(f"{at}.mlp.down_proj.weight", R.DOWN, H, n, layer=layer)
        two_norms(m, at, layer)
    return m, {**SIZES, "model_type": "phi3"}


def chatglm() -> Model:
    """Return ChatGLM's names: q|k|v and gate|up although others use the name otherwise."""
    m = Maker()
    ends(
        m,
        "transformer.embedding.word_embeddings.weight",
        "transformer.encoder.final_layernorm.weight",
        "transformer.output_layer.weight",
    )
    for layer in range(2):
        at = f"transformer.encoder.layers.{layer}"
        m.plain(f"{at}.self_attention.dense.weight", R.O, H, h * d, layer=layer)
        for kind in ("weight", "bias"):
            parts = fused_qkv(m, layer, bias=kind == "bias")
            m.store(
                f"{at}.self_attention.query_key_value.{kind}",
                np.concatenate([flat(p, 2) for p in parts]),
            )
        gate = m.make(R.GATE, n, H, layer=layer)
        up = m.make(R.UP, n, H, layer=layer)
        m.store(f"{at}.mlp.dense_h_to_4h.weight", np.concatenate([gate, up]))
        m.plain(f"{at}.mlp.dense_4h_to_h.weight", R.DOWN, H, n, layer=layer)
        two_norms(m, at, layer)
    config = {"hidden_size": H, "num_attention_heads": h, "num_layers": 2, "kv_channels": d}
    return m, {**config, "multi_query_group_num": g, "model_type": "chatglm"}


def neox_like(prefix: str, module: str, kv: int) -> Callable[[], Model]:
    """Return a maker of models that keep [kv, r + 2, d] in one tensor."""

    def model() -> Model:
        m = Maker()
        ends(m, f"{prefix}.word_embeddings.weight", f"{prefix}.final_layer_norm.weight")
        m.plain(f"{prefix}.final_layer_norm.bias", R.NORM_FINAL, H)
        for layer in range(2):
            at = f"{prefix}.{'layers' if prefix == 'gpt_neox' else 'h'}.{layer}"
            m.plain(f"{at}.{module}.dense.weight", R.O, H, h * d, layer=layer)
            m.plain(f"{at}.{module}.dense.bias", R.O, H, layer=layer)
            for kind in ("weight", "bias"):
                q, k, v = fused_qkv(m, layer, kv, bias=kind == "bias")
                grouped = q.reshape(kv, h // kv, *q.shape[1:])
                packed = np.concatenate([grouped, k[:, None], v[:, None]], axis=1)
                m.store(f"{at}.{module}.query_key_value.{kind}", flat(packed, 3))
            m.plain(f"{at}.mlp.dense_h_to_4h.weight", R.UP, n, H, layer=layer)
            m.plain(f"{at}.mlp.dense_h_to_4h.bias", R.UP, n, layer=layer)
            m.plain(f"{at}.mlp.dense_4h_to_h.weight", R.DOWN, H, n, layer=layer)
            two_norms(m, at, layer)
        return m, {"num_attention_heads": h, "num_hidden_layers": 2, "hidden_size": H}

    return model


def internlm2() -> Model:
    """Return InternLM2's grouped wqkv; w1 is the gate, w3 the up."""
    m = Maker()
    ends(m, "model.tok_embeddings.weight", "model.norm.weight", "output.weight")
    for layer in range(2):
        at = f"model.layers.{layer}"
        m.plain(f"{at}.attention.wo.weight", R.O, H, h * d, layer=layer)
        q, k, v = fused_qkv(m, layer)
        groups = [np.concatenate([*q[2 * j : 2 * j + 2], k[j], v[j]]) for j in range(g)]
        m.store(f"{at}.attention.wqkv.weight", np.concatenate(groups))
        m.plain(f"{at}.feed_forward.w1.weight", R.GATE, n, H, layer=layer)
        m.plain(f"{at}.feed_forward.w3.weight", R.UP, n, H, layer=layer)
        m.plain(f"{at}.feed_forward.w2.weight", R.DOWN, H, n, layer=layer)
        m.plain(f"{at}.attention_norm.weight", R.NORM_ATTN_IN, H, layer=layer)
        m.plain(f"{at}.ffn_norm.weight", R.NORM_MLP_IN, H, layer=layer)
    return m, {**SIZES, "model_type": "internlm2"}


def thirds(name: str, up: str, gate: str) -> Callable[[], Model]:
    """Return a maker of models with linear q|k|v thirds (Baichuan, Qwen 1)."""

    def model() -> Model:
        m = Maker()
        ends(m, "transformer.wte.weight", "transformer.ln_f.weight", "lm_head.weight")
        for layer in range(2):
            at = f"transformer.h.{layer}"
            out = "attn.c_proj" if name == "attn.c_attn" else "self_attn.o_proj"
            m.plain(f"{at}.{out}.weight", R.O, H, h * d, layer=layer)
            parts = fused_qkv(m, layer, h)
            m.store(f"{at}.{name}.weight", np.concatenate([flat(p, 2) for p in parts]))
            down = "c_proj" if up == "w1" else "down_proj"
            m.plain(f"{at}.mlp.{up}.weight", R.UP, n, H, layer=layer)
            m.plain(f"{at}.mlp.{gate}.weight", R.GATE, n, H, layer=layer)
            m.plain(f"{at}.mlp.{down}.weight", R.DOWN, H, n, layer=layer)
            m.plain(f"{at}.ln_1.weight", R.NORM_ATTN_IN, H, layer=layer)
            m.plain(f"{at}.ln_2.weight", R.NORM_MLP_IN, H, layer=layer)
        return m, {**SIZES, "num_key_value_heads": h}

    return model


def gpt2() -> Model:
    """Return GPT-2: everything [in, out], the attention output square."""
    m = Maker()
    width = 20
    m.plain("wte.weight", R.EMBED, V, width)
    m.plain("wpe.weight", R.POS_EMBED, 11, width)
    for kind in ("weight", "bias"):
        m.plain(f"ln_f.{kind}", R.NORM_FINAL, width)
    for layer in range(2):
        at = f"h.{layer}"
        m.store(f"{at}.attn.bias", np.ones((1, 1, 11, 11), dtype=np.float32))
        parts = [m.make(r, width, width, layer=layer) for r in (R.Q, R.K, R.V)]
        m.store(f"{at}.attn.c_attn.weight", np.concatenate(parts).T)
        biases = [m.make(r, width, layer=layer, bias=True) for r in (R.Q, R.K, R.V)]
        m.store(f"{at}.attn.c_attn.bias", np.concatenate(biases))
        m.store(f"{at}.attn.c_proj.weight", m.make(R.O, width, width, layer=layer).T)
        m.store(f"{at}.mlp.c_fc.weight", m.make(R.UP, 4 * width, width, layer=layer).T)
        m.store(f"{at}.mlp.c_proj.weight", m.make(R.DOWN, width, 4 * width, layer=layer).T)
        m.plain(f"{at}.mlp.c_fc.bias", R.UP, 4 * width, layer=layer)
        m.plain(f"{at}.mlp.c_proj.bias", R.DOWN, width, layer=layer)
        m.plain(f"{at}.ln_1.weight", R.NORM_ATTN_IN, width, layer=layer)
        m.plain(f"{at}.ln_2.weight", R.NORM_MLP_IN, width, layer=layer)
    return m, {"n_embd": width, "n_head": 4, "n_layer": 2, "model_type": "gpt2"}


def codegen() -> Model:
    """Return CodeGen: four partitions, each its part of q, v, k."""
    m = Maker()
    ends(m, "transformer.wte.weight", "transformer.ln_f.weight", "lm_head.weight")
    heads, dim = 8, 3
    for layer in range(2):
        at = f"transformer.h.{layer}"
        m.plain(f"{at}.attn.out_proj.weight", R.O, H, heads * dim, layer=layer)
        q, k, v = (
            m.make(r, heads * dim, H, layer=layer).reshape(4, 2 * dim, H) for r in (R.Q, R.K, R.V)
        )
        m.store(f"{at}.attn.qkv_proj.weight", flat(np.concatenate([q, v, k], axis=1), 2))
        m.plain(f"{at}.mlp.fc_in.weight", R.UP, n, H, layer=layer)
        m.plain(f"{at}.mlp.fc_out.weight", R.DOWN, H, n, layer=layer)
        m.plain(f"{at}.ln_1.weight", R.NORM_ATTN_IN, H, layer=layer)
    return m, {"n_embd": H, "n_head": heads, "n_layer": 2, "model_type": "codegen"}


def deepseek(*, q_lora: bool = True) -> Model:
    """Return MLA: kv_a holds latent and rotary key, kv_b per head k then v."""
    m = Maker()
    ends(m, "model.embed_tokens.weight", "model.norm.weight", "lm_head.weight")
    lora, rope, nope, v_dim, q_rank = 6, 2, 4, 3, 8
    for layer in range(2):
        at = f"model.layers.{layer}.self_attn"
        if q_lora:
            m.plain(f"{at}.q_a_proj.weight", R.MLA_Q_A, q_rank, H, layer=layer)
            m.plain(f"{at}.q_a_layernorm.weight", R.MLA_Q_NORM, q_rank, layer=layer)
            m.plain(f"{at}.q_b_proj.weight", R.MLA_Q_B, h * (nope + rope), q_rank, layer=layer)
        else:
            m.plain(f"{at}.q_proj.weight", R.Q, h * (nope + rope), H, layer=layer)
        latent = m.make(R.MLA_KV_A, lora, H, layer=layer)
        rotary = m.make(R.MLA_K_ROPE, rope, H, layer=layer)
        m.store(f"{at}.kv_a_proj_with_mqa.weight", np.concatenate([latent, rotary]))
        m.plain(f"{at}.kv_a_layernorm.weight", R.MLA_KV_NORM, lora, layer=layer)
        k = m.make(R.MLA_K_B, h * nope, lora, layer=layer).reshape(h, nope, lora)
        v = m.make(R.MLA_V_B, h * v_dim, lora, layer=layer).reshape(h, v_dim, lora)
        m.store(f"{at}.kv_b_proj.weight", flat(np.concatenate([k, v], axis=1), 2))
        m.plain(f"{at}.o_proj.weight", R.O, H, h * v_dim, layer=layer)
        dense(m, f"model.layers.{layer}.mlp", layer)
        two_norms(m, f"model.layers.{layer}", layer)
    config = {"num_attention_heads": h, "num_hidden_layers": 2, "qk_nope_head_dim": nope}
    return m, {**config, "v_head_dim": v_dim, "kv_lora_rank": lora, "model_type": "deepseek_v3"}


def qwen3_next() -> Model:
    """Return a query twice as wide: per head the query, then the gate of its output."""
    m, config = llama()
    for layer in range(2):
        name = f"model.layers.{layer}.self_attn.q_proj"
        del m.tensors[f"{name}.bias"], m.expected[R.Q, layer, -1, True]
        q = m.tensors.pop(f"{name}.weight").reshape(h, d, H)
        gate = m.make(R.ATTN_GATE, h * d, H, layer=layer).reshape(h, d, H)
        m.store(f"{name}.weight", flat(np.concatenate([q, gate], axis=1), 2))
    return m, {**config, "model_type": "qwen3_next"}


def molmo() -> Model:
    """Return Molmo's ff_proj, which holds up first and gate second."""
    m = Maker()
    ends(m, "model.transformer.wte.weight", "model.transformer.ln_f.weight")
    m.plain("model.transformer.ff_out.weight", R.LM_HEAD, V, H)
    for layer in range(2):
        at = f"model.transformer.blocks.{layer}"
        m.plain(f"{at}.attn_out.weight", R.O, H, h * d, layer=layer)
        parts = fused_qkv(m, layer)
        m.store(f"{at}.att_proj.weight", np.concatenate([flat(p, 2) for p in parts]))
        up = m.make(R.UP, n, H, layer=layer)
        gate = m.make(R.GATE, n, H, layer=layer)
        m.store(f"{at}.ff_proj.weight", np.concatenate([up, gate]))
        m.plain(f"{at}.ff_out.weight", R.DOWN, H, n, layer=layer)
        m.plain(f"{at}.attn_norm.weight", R.NORM_ATTN_IN, H, layer=layer)
        m.plain(f"{at}.ff_norm.weight", R.NORM_MLP_IN, H, layer=layer)
    return m, {**SIZES, "model_type": "molmo"}
