"""Which role does a tensor of a text encoder, or of RWKV, play?

The part of the table for BERT and its relatives, written as in ``rules`` and tried first. Most of
them norm the sum of stream and block (post-norm): such a norm is the block's ``post`` norm, nothing
stands between the stream and what reads it, and the stream's last norm is that of the last layer.
Source: the models of ``transformers``, each checked by running it (``tests/anatomy``); for
JinaBERT and MosaicBERT, which only have code of their own, that code.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.rule import Rule, Store, rule
from hubcheck.anatomy.rules import R
from hubcheck.anatomy.splits import Split

RWKV: Final = r"(?:attention|att)\.(?:time_decay|time_first|w0)"
"""What only a layer of RWKV has."""

FLASH: Final = "nomic_bert jina_embeddings_v3 xlm-roberta xlm-roberta-flash bert"
"""Model types of encoders in the code of flash-attn, which calls norms behind the sum ``norm1`` and
``norm2``; under other types these names are those of a pre-norm tower."""

INSIDE: Final[tuple[Rule, ...]] = (
    # RWKV: relu(key x)^2, then value; the receptance gates the stream's channels, not the neurons.
    rule(r"(?:feed_forward|ffn)\.key", R.UP, beside=RWKV),
    rule(r"(?:feed_forward|ffn)\.value", R.DOWN, beside=RWKV),
    rule(r"ln1", R.NORM_ATTN_IN, beside=RWKV),
    rule(r"ln2", R.NORM_MLP_IN, beside=RWKV),
    rule(r"(?:attention|att)\.receptance", R.Q, beside=RWKV),
    rule(r"(?:attention|att)\.key", R.K, beside=RWKV),
    rule(r"(?:attention|att)\.value", R.V, beside=RWKV),
    rule(r"(?:attention|att)\.output", R.O, beside=RWKV),
    rule(r".+", R.SSM, split=Split.LISTED, beside=RWKV),
    # Norms behind the sum, or in front of the block under the same names.
    rule(r"attention\.output\.LayerNorm|sa_layer_norm|attn_ln", R.NORM_ATTN_POST),
    rule(
        r"output\.LayerNorm|output_layer_norm|full_layer_layer_norm|mlp_ln",
        R.NORM_MLP_POST,
    ),
    rule(r"mlp\.layernorm", R.NORM_MLP_POST, beside=r"mlp\.gated_layers"),
    rule(r"attention\.LayerNorm", R.NORM_ATTN_IN, beside=r"(?:intermediate\.)?LayerNorm"),
    rule(r"attention\.LayerNorm", R.NORM_ATTN_POST),
    rule(r"attention\.(?:ln|self_attn_layer_norm)", R.NORM_ATTN_IN),
    rule(r"(?:intermediate\.)?LayerNorm|ln", R.NORM_MLP_IN),
    rule(
        r"post_attention_layernorm",
        R.NORM_ATTN_POST,
        beside=r"post_mlp_layernorm",
        absent=r"input_layernorm|post_self_attn_layernorm",
    ),
    rule(r"norm1", R.NORM_ATTN_POST, families=FLASH),
    rule(r"norm2", R.NORM_MLP_POST, families=FLASH),
    # Attention.
    rule(r"attention\.(?:self\.query_proj|query|q_lin|attn\.q|self\.q)", R.Q),
    rule(r"attention\.(?:self\.key_proj|key|k_lin|attn\.k)", R.K),
    rule(r"attention\.(?:self\.value_proj|value|v_lin|attn\.v|self\.v)", R.V),
    rule(r"attention\.(?:out_lin|attn\.o)", R.O),
    rule(r"attention\.self\.in_proj", R.Q, R.K, R.V, split=Split.QKV_GROUPED),
    rule(r"(?:attention\.(?:qkv_proj|self\.Wqkv)|mixer\.Wqkv)", R.Q, R.K, R.V, split=Split.QKV),
    # A decoder of text that attends to pictures (BLIP).
    rule(r"crossattention\.self\.query", R.CROSS_Q),
    rule(r"crossattention\.self\.key", R.CROSS_K),
    rule(r"crossattention\.self\.value", R.CROSS_V),
    rule(r"crossattention\.output\.dense", R.CROSS_O),
    rule(r"crossattention\.output\.LayerNorm", R.NORM_CROSS_POST),
    # Extras of one family each: another attention beside, adapters of languages, convolutions.
    rule(
        r"attention\.self\.(?:pos_\w*proj|\w+_global|\w2\w_query|conv|conv_\w+_layer|"
        r"key_conv_attn_layer(?:\.\w+)?)|self_attn\.relative_pos_embeddings|output\.adapter_modules\..+|fourier\.output\.LayerNorm",
        R.SIDE,
        split=Split.LISTED,
    ),
    # XLNet: matrices by input, o by output (anatomy.flat_heads); r and the biases place tokens.
    rule(r"rel_attn\.q", R.Q, store=Store.COLUMNS),
    rule(r"rel_attn\.k", R.K, store=Store.COLUMNS),
    rule(r"rel_attn\.v", R.V, store=Store.COLUMNS),
    rule(r"rel_attn\.o", R.O),
    rule(r"rel_attn\.(?:r|r_\w_bias|seg_embed)", R.SIDE, split=Split.LISTED),
    rule(r"rel_attn\.layer_norm", R.NORM_ATTN_POST),
    rule(r"ff\.layer_norm", R.NORM_MLP_POST),
    rule(r"ff\.layer_1", R.UP),
    rule(r"ff\.layer_2", R.DOWN),
    # MLPs. GTE and NomicBERT put up first.
    rule(r"ffn|ffn\.lin1", R.UP),
    rule(r"ffn_output|ffn\.lin2", R.DOWN),
    rule(r"mlp\.fc11", R.UP),
    rule(r"mlp\.fc12", R.GATE),
    rule(r"mlp\.up_gate_proj", R.UP, R.GATE, split=Split.HALVES),
    rule(r"mlp\.gated_layers", R.GATE, R.UP, split=Split.HALVES),
    rule(r"mlp\.wo", R.DOWN, beside=r"mlp\.gated_layers"),
)
"""Rules for paths inside a layer."""

EMBED_IN: Final = (
    r"embedding_hidden_mapping_in|embeddings_project|embeddings\.embed_proj|project_in"
)
TRANSFORM: Final = (
    r"cls\.predictions\.(?:transform\.\w+|dense|LayerNorm)|predictions\.(?:dense|LayerNorm)|"
    r"lm_head\.(?:dense|norm|layer_norm)|vocab_transform|vocab_layer_norm|generator_predictions\.\w+|"
    r"head\.(?:dense|norm|linear[12])|project_out"
)
"""Between the stream and the head that predicts masked tokens."""

OUTSIDE: Final[tuple[Rule, ...]] = (
    rule(EMBED_IN, Role.EMBED_IN),
    rule(r"embeddings\.word_embeddings|embed_tokens", R.EMBED, beside=EMBED_IN, narrow=True),
    rule(r"embeddings\.position_embeddings", R.POS_EMBED),
    rule(r"word_embedding", R.EMBED),
    rule(r"mask_emb|ngram_embeddings", R.SIDE, split=Split.LISTED),
    rule(r"lm_loss", R.LM_HEAD),
    rule(r"rel_embeddings", R.POS_EMBED, absent=r"embeddings\.position_embeddings"),
    rule(r"embeddings\.(?:LayerNorm|layer_norm)|emb_ln", R.NORM_EMBED),
    rule(
        r"embeddings\.(?:LayerNorm|layer_norm|\w*(?:position|type)_embeddings\w*)|"
        r"relative_attention_bias|rel_embeddings|conv\.(?:conv|LayerNorm)",
        R.SIDE,
        split=Split.LISTED,
    ),
    rule(r"embed_positions", R.BUFFER, split=Split.LISTED, families="roformer"),
    rule(r"LayerNorm", R.SIDE, split=Split.LISTED, beside=r"rel_embeddings"),
    rule(r"LayerNorm|ln|emb_layer_norm_after", R.NORM_FINAL),
    # Heads. The decoder of masked tokens is tied to the embedding unless training was told not to.
    rule(TRANSFORM, R.HEAD_TRANSFORM, split=Split.LISTED),
    rule(
        r"cls\.predictions\.decoder|lm_head\.decoder|predictions\.decoder|head\.decoder",
        R.SIDE,
        split=Split.LISTED,
        beside=r"(?:cls\.predictions|lm_head|predictions)\.bias",
        bias=True,
    ),
    rule(
        r"cls\.predictions(?:\.decoder)?|lm_head\.decoder|predictions(?:\.decoder)?|head\.decoder|"
        r"vocab_projector|generator_lm_head",
        R.LM_HEAD,
        narrow=True,
    ),
    rule(r"decoder|cls", R.LM_HEAD, beside=r"head\.(?:dense|linear1)"),
    rule(
        r"sequence_summary\.summary|logits_proj|pooler(?:\.dense)?|cls\.seq_relationship|sop_classifier\.classifier|pre_classifier|"
        r"contact_head\.regression|discriminator_predictions\.\w+",
        R.HEAD,
        split=Split.LISTED,
    ),
)
"""Rules for paths outside every layer."""
