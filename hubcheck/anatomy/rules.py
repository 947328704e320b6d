"""Which role does a tensor play, given its path inside a layer?

The table. A rule names the path (a regular expression over the whole path, expert index written
``#``, ``.weight`` and ``.bias`` taken off), the roles in the order the split yields them, how they
share the stored axis and how the matrix lies in the file. The first rule that matches and whose
arithmetic fits wins; a tensor with no fitting rule is unknown. To teach a new family, add a line.
"""

from __future__ import annotations

from typing import Final

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.rule import Rule, Store, rule
from hubcheck.anatomy.splits import Split

R: Final = Role
A: Final = r"(?:self_attn|self_attention|attention|attn|attn\.attention|mixer|temporal_block)\."
"""Names of the attention module; ``mixer`` is nemotron_h's only name for every kind of layer."""
M: Final = r"(?:mlp|mlp\.text_moe|feed_forward|ffn|block_sparse_moe|moe|mixer|mlp_block)\."
"""Names of the MLP or mixture module."""
X: Final = rf"(?:{M})?experts\.#\."
S: Final = rf"(?:(?:{M})?(?:shared?_experts?|shared_mlp))\."

WAV2VEC: Final = r"feed_forward\.intermediate_dense"
"""What wav2vec2 and its like call the first matrix of their MLP; they norm behind or in front of
the block under the same names, and their configuration says which."""

INSIDE: Final[tuple[Rule, ...]] = (
    # State-space, delta-rule and convolution blocks: a role here, their channels in ``mixers``.
    rule(r"(?:self_attn|attention)\.indexer\..+", R.INDEXER, split=Split.LISTED),
    rule(r"linear_attn\..+", R.DELTA, split=Split.LISTED),
    rule(
        rf"{A}.+",
        R.DELTA,
        split=Split.LISTED,
        beside=rf"{A}(?:q_conv1d|f_a_proj|f_proj|output_gate)",
    ),
    rule(r"(?:mamba|ssm)\..+", R.SSM, split=Split.LISTED),
    rule(r"(?:mlstm_layer|slstm_layer)\..+", R.SSM, split=Split.LISTED),
    rule(r"temporal_block\.(?:linear_\w+|conv_1d|rg_lru\..+)", R.SSM, split=Split.LISTED),
    rule(r"mlp\.vision_moe\..+", R.VISION, split=Split.LISTED),
    rule(r"cross_attn(?:\..+|_\w+)", R.PROJECTOR, split=Split.LISTED),
    # A decoder's attention to its encoder, under the names that ``stacks`` gives it.
    rule(r"encoder_attn\.(?:q_proj|query(?:_proj)?)", R.CROSS_Q),
    rule(r"encoder_attn\.(?:k_proj|key(?:_proj)?)", R.CROSS_K),
    rule(r"encoder_attn\.(?:v_proj|value(?:_proj)?)", R.CROSS_V),
    rule(r"encoder_attn\.(?:o_proj|out_proj)", R.CROSS_O),
    rule(r"encoder_attn_layer_norm", R.NORM_CROSS_IN, beside=r"input_layernorm"),
    rule(r"post_encoder_attn_layernorm", R.NORM_CROSS_POST),
    # T5's published files hold a table of the cross-attention, too; nothing reads it.
    rule(
        rf"(?:{A}|encoder_attn\.)(?:global_)?relative_attention_bias",
        R.POS_EMBED,
        split=Split.LISTED,
    ),
    rule(r"self_attn\.global_input_layer_norm", R.SIDE, split=Split.LISTED),
    rule(r"mixer\..+", R.SSM, split=Split.LISTED, beside=r"mixer\.(?:conv1d|A_log)"),
    rule(r"(?:conv|short_conv)\..+|\w+_sconv(?:\..+)?", R.CONV, split=Split.LISTED),
    rule(
        r"per_layer_input_gate|per_layer_projection|post_per_layer_input_norm|layer_scalar|"
        r"(?:altup|laurel|hc_pre)\..+|hc_\w+",
        R.SIDE,
        split=Split.LISTED,
    ),
    # Norms. The same name means another place where further norms stand beside it.
    # Encoder-decoder families norm before or after their blocks under one name: undecidable.
    rule(r"self_attn_layer_norm|final_layer_norm", beside=r"encoder_attn\..+"),
    rule(r"norm", R.NORM_MLP_IN, beside=r"mixer\.(?:up_proj|gate)"),
    rule(
        r"input_layernorm|attention_norm|attn_norm|ln_attn|operator_norm|self_attn_layer_norm|layer_norm1|"
        r"attention_layer_?norm|pre_attention_layernorm|temporal_pre_norm|norm_mlstm|norm_1|norm1|norm_attn_norm\.norm_1|norm",
        R.NORM_ATTN_IN,
    ),
    rule(r"layer_norm", R.NORM_ATTN_POST, beside=WAV2VEC, families="tower.normed-behind speecht5"),
    rule(
        r"final_layer_norm",
        R.NORM_MLP_POST,
        beside=WAV2VEC,
        families="tower.normed-behind speecht5",
    ),
    rule(r"layer_norm", R.NORM_ATTN_IN, beside=WAV2VEC),
    rule(r"layernorm_1", R.NORM_ATTN_IN, beside=r"attn\.att_proj"),
    rule(r"layernorm_2", R.NORM_MLP_IN, beside=r"attn\.att_proj"),
    rule(
        r"layer_scale[12]\.lambda1|ls[12]\.gamma|lambda_[12]|gamma_[12]", R.SIDE, split=Split.LISTED
    ),
    rule(r"ln_1", R.NORM_ATTN_POST, families="openai-gpt"),
    rule(r"ln_2", R.NORM_MLP_POST, families="openai-gpt"),
    rule(r"ln_1", R.NORM_ATTN_IN),
    rule(
        r"post_attention_layernorm",
        R.NORM_ATTN_POST,
        beside=r"(?:pre|post)_feedforward_layernorm|pre_mlp_layernorm",
    ),
    rule(
        r"post_attention_layernorm|ln_2|ln_mlp|ffn_norm|mlp_norm|norm_2|norm2|layer_norm2|ff_norm|"
        r"pre_feedforward_layernorm|pre_mlp_layernorm|pre_ff_layernorm|feedforward_layer_?norm|"
        r"final_layer_norm|norm_attn_norm\.norm_2|channel_pre_norm|norm_ffn",
        R.NORM_MLP_IN,
    ),
    rule(
        r"post_self_attn_layernorm|post_norm1|post_operator_norm|post_attn_norm",
        R.NORM_ATTN_POST,
    ),
    rule(
        r"post_feedforward_layernorm|post_mlp_layernorm|post_norm2|post_ffn_norm",
        R.NORM_MLP_POST,
    ),
    rule(r"attn\.q_norm", R.MLA_Q_NORM, beside=r"attn\.wq_a"),
    rule(rf"{A}(?:q_norm|q_layernorm|query_layernorm|q_ln)", R.NORM_Q),
    rule(rf"{A}(?:k_norm|k_layernorm|key_layernorm|k_ln)", R.NORM_K),
    # MLA.
    rule(rf"{A}(?:q_a_proj|wq_a)", R.MLA_Q_A),
    rule(rf"{A}(?:q_a_layernorm|q_a_norm)", R.MLA_Q_NORM),
    rule(rf"{A}(?:q_b_proj|wq_b)", R.MLA_Q_B),
    rule(rf"{A}(?:kv_a_proj|wkv_a)_with_mqa", R.MLA_KV_A, R.MLA_K_ROPE, split=Split.KV_A),
    rule(rf"{A}(?:kv_a_layernorm|kv_a_norm)", R.MLA_KV_NORM),
    rule(rf"{A}(?:kv_b_proj|wkv_b)", R.MLA_K_B, R.MLA_V_B, split=Split.KV_B),
    # GGUF's halves of kv_b, one matrix a head: a role, no canonical matrix.
    rule(r"self_attn\.split_k_b", R.MLA_K_B, split=Split.LISTED),
    rule(r"self_attn\.split_v_b", R.MLA_V_B, split=Split.LISTED),
    # Attention, one tensor per role.
    rule(rf"{A}(?:q_proj|wq|to_q|q)", R.Q),
    rule(rf"{A}q_proj", R.Q, R.ATTN_GATE, split=Split.QUERY_GATE),
    rule(rf"{A}(?:k_proj|wk|to_k|k)", R.K),
    rule(rf"{A}(?:v_proj|wv|to_v|v)", R.V),
    rule(rf"(?:{A}(?:o_proj|out_proj|dense|wo|Wo)|attn_out|norm_attn_norm\.attn\.out_proj)", R.O),
    rule(r"attn\.c_proj", R.O, store=Store.EITHER),
    rule(rf"{A}(?:proj|to_out|projection(?:_layer)?)", R.O),
    rule(rf"{A}(?:gate_proj|g_proj|linear_gate)", R.ATTN_GATE),
    rule(rf"{A}(?:sinks|attn_sink|attention_sink_bias|learnable_sink_param)", R.SINKS),
    # Attention, fused.
    rule(rf"{A}query_key_value", R.Q, R.K, R.V, split=Split.QKV, under=r"transformer\.encoder\.$"),
    rule(
        r"attention\.query_key_value",
        *(R.Q, R.K, R.V),
        split=Split.QKV,
        families="bailing_moe bailing_moe_v2 bailing_moe_linear bailing_hybrid",
    ),
    rule(
        r"attention\.query_key_value",
        *(R.Q, R.K, R.V),
        split=Split.QKV_GROUPED,
        under=r"gpt_neox(?:_japanese)?\.$",
    ),
    rule(
        r"(?:self_attention|self_attn)\.query_key_value",
        *(R.Q, R.K, R.V),
        split=Split.QKV_GROUPED,
    ),
    rule(r"wqkv", R.Q, R.K, R.V, split=Split.QKV),
    rule(r"wo", R.O),
    rule(r"attention\.wqkv", R.Q, R.K, R.V, split=Split.QKV_GROUPED),
    rule(r"attn\.qkv_proj", R.Q, R.K, R.V, split=Split.QKV_CODEGEN, under=r"transformer\.$"),
    rule(
        r"self_attn\.(?:qkv_proj|W_pack)|(?:norm_attn_norm\.)?attn\.Wqkv|(?:attn\.)?att_proj|"
        rf"{A}(?:qkv|in_proj)",
        *(R.Q, R.K, R.V),
        split=Split.QKV,
    ),
    rule(r"attn\.c_attn", R.Q, R.K, R.V, split=Split.QKV, beside=r"mlp\.w1"),
    rule(r"attn\.c_attn", R.Q, R.K, R.V, split=Split.QKV, store=Store.COLUMNS),
    rule(r"attn\.c_attn", R.Q, R.K, R.V, split=Split.QKV_GROUPED, beside=r"mlp\.c_fc"),
    # Mixtures of experts: router, experts one by one, experts stacked, shared experts.
    rule(
        r"(?:mlp|block_sparse_moe|moe|feed_forward|mixer)\.(?:gate\.|router\.|moe_statics\.)?"
        r"(?:e_score_correction_bias|expert_bias|router_bias)",
        R.ROUTER_BIAS,
    ),
    rule(rf"{M}shared_expert_gate", R.SHARED_ROUTER),
    rule(rf"{M}(?:gate|router|gate\.wg|router\.(?:layer|gate|classifier))", R.ROUTER),
    rule(rf"{X}(?:gate_proj|w1)", R.EXPERT_GATE),
    rule(rf"{X}(?:up_proj|w3)", R.EXPERT_UP),
    rule(rf"{X}(?:down_proj|w2)", R.EXPERT_DOWN),
    rule(
        rf"{M}experts\.gate_up_proj",
        *(R.EXPERT_GATE, R.EXPERT_UP),
        split=Split.INTERLEAVED,
        store=Store.STACKED,
        beside=rf"{M}experts\.gate_up_proj\.bias",
    ),
    rule(
        rf"{M}experts\.(?:gate_up_proj|fc1)|(?:block_sparse_moe|mlp)\.input_linear",
        *(R.EXPERT_GATE, R.EXPERT_UP),
        split=Split.HALVES,
        store=Store.STACKED,
    ),
    rule(
        rf"{M}experts\.(?:down_proj|fc2)|(?:block_sparse_moe|mlp)\.output_linear|moe\.down_proj",
        R.EXPERT_DOWN,
        store=Store.STACKED,
    ),
    # MLX stacks experts whose publishers store them one by one.
    rule(r"mlp\.switch_mlp\.gate_proj", R.EXPERT_GATE, store=Store.STACKED),
    rule(r"mlp\.switch_mlp\.up_proj", R.EXPERT_UP, store=Store.STACKED),
    rule(r"mlp\.switch_mlp\.down_proj", R.EXPERT_DOWN, store=Store.STACKED),
    rule(rf"(?:moe|{M}experts)\.gate_proj", R.EXPERT_GATE, store=Store.STACKED),
    rule(rf"(?:moe|{M}experts)\.up_proj", R.EXPERT_UP, store=Store.STACKED),
    rule(r"ffn\.experts\.mlp\.w1", R.EXPERT_GATE, store=Store.FLAT_ROWS),
    rule(r"ffn\.experts\.mlp\.v1", R.EXPERT_UP, store=Store.FLAT_ROWS),
    rule(r"ffn\.experts\.mlp\.w2", R.EXPERT_DOWN, store=Store.FLAT_COLUMNS),
    rule(rf"{S}(?:gate_proj|linear_gate|w1)", R.SHARED_GATE),
    rule(rf"{S}(?:up_proj|w3)", R.SHARED_UP),
    rule(rf"{S}(?:down_proj|w2)", R.SHARED_DOWN),
    rule(rf"{S}gate_up_proj", R.SHARED_GATE, R.SHARED_UP, split=Split.HALVES),
    rule(
        r"shared_mlp\.input_linear",
        *(R.SHARED_GATE, R.SHARED_UP),
        split=Split.HALVES,
        beside=r"block_sparse_moe\..+",
    ),
    rule(r"shared_mlp\.output_linear", R.SHARED_DOWN, beside=r"block_sparse_moe\..+"),
    rule(r"shared_mlp\.input_linear", R.GATE, R.UP, split=Split.HALVES),
    rule(r"shared_mlp\.output_linear", R.DOWN),
    rule(r"gate", R.ROUTER, beside=r"experts\.#\..+"),
    # Dense MLPs. Qwen 1 and Molmo put the gate second.
    rule(r"mlp\.fc0", R.UP),
    rule(r"mlp\.fc1", R.DOWN, beside=r"mlp\.fc0"),
    rule(r"mlp\.w2", R.GATE, beside=r"mlp\.c_proj"),
    rule(r"mlp\.w1", R.UP, beside=r"mlp\.c_proj"),
    rule(
        rf"{M}(?:gate_proj|linear_gate|proj_up_gate)|(?:feed_forward|ffn)\.w1|mlp\.c_fc_0", R.GATE
    ),
    rule(
        rf"{M}(?:up_proj|proj_up)|(?:feed_forward|ffn)\.w3|mlp\.c_fc_1|mlp\.(?:fc1|fc_in|dense_h_to_4h|linear_fc1|lin1)|fc1",
        R.UP,
    ),
    rule(
        rf"{M}(?:down_proj|proj_down)|(?:feed_forward|ffn)\.w2|mlp\.(?:fc2|fc_out|dense_4h_to_h|Wo|linear_fc2|lin2)|fc2|ff_out",
        R.DOWN,
    ),
    rule(r"mlp\.c_fc", R.UP, store=Store.EITHER),
    rule(r"mlp\.c_proj", R.DOWN, store=Store.EITHER),
    rule(r"(?:mlp|feed_forward)\.gate_up_proj|mlp\.Wi", R.GATE, R.UP, split=Split.HALVES),
    rule(
        r"mlp\.dense_h_to_4h",
        *(R.GATE, R.UP),
        split=Split.HALVES,
        under=r"transformer\.encoder\.$",
    ),
    rule(r"mlp\.fc1", R.GATE, R.UP, split=Split.HALVES, families="moshi"),
    rule(r"ff_proj", R.UP, R.GATE, split=Split.HALVES),
    # Towers with the names of BERT and ViT; a text encoder's layers never come here.
    rule(r"attention\.(?:attention|self)\.query", R.Q),
    rule(r"attention\.(?:attention|self)\.key", R.K),
    rule(r"attention\.(?:attention|self)\.value", R.V),
    rule(r"attention\.output\.dense", R.O),
    rule(r"intermediate\.dense", R.UP),
    rule(r"output\.dense", R.DOWN),
    rule(r"(?:feed_forward|mlp)\.intermediate_dense", R.UP),
    rule(r"(?:feed_forward|mlp)\.output_dense", R.DOWN),
    rule(r"mlp\.in_proj", R.UP, beside=r"attn\.att_proj"),
    rule(r"mlp\.out_proj", R.DOWN, beside=r"attn\.att_proj"),
    rule(r"layernorm_before", R.NORM_ATTN_IN),
    rule(r"layernorm_after", R.NORM_MLP_IN),
    # Zamba's shared attention reads the stream beside the embedding, at twice the width; each use
    # of the shared layer adds low-rank updates and a projection of its own.
    rule(r"self_attn\.q_proj", R.Q, split=Split.LISTED, families="zamba zamba2"),
    rule(r"self_attn\.k_proj", R.K, split=Split.LISTED, families="zamba zamba2"),
    rule(r"self_attn\.v_proj", R.V, split=Split.LISTED, families="zamba zamba2"),
    rule(
        r"linear|input_layernorm|(?:self_attn|feed_forward)\.\w+_adapter_list\..+",
        R.SIDE,
        split=Split.LISTED,
        families="zamba zamba2",
    ),
)
"""Rules for paths inside a layer."""

HEADS: Final = (
    r"(?:score|classifier|classification_head|qa_outputs|qa_classifier|sequence_summary|summary|"
    r"v_head|value_head|rm_head|reward_head|reward_model|score_head|critic|critic_head|"
    r"regression_layer|regression_head|reward_transform_matrix|gating|multi_choice|logits_proj|"
    r"pooler|question_outputs|medusa_heads?|hydra_heads?|(?:mlp_)?speculator)(?:\..+)?|#\.#(?:\..+)?"
)
"""Heads on a body, for a task or to draft with; Medusa's list is also saved without a name."""

OUTSIDE: Final[tuple[Rule, ...]] = (
    rule(
        r"embed_tokens|wte|word_embeddings|embed_in|tok_embeddings|embeddings|embedding|embed|"
        r"embedding\.word_embeddings|embeddings\.(?:tok|word)_embeddings|tokens_embed|"
        r"embeddings\.token_embedding|input_embeds_layer",
        R.EMBED,
    ),
    rule(
        r"wpe|embed_positions|positions_embed|position_embeddings?|embeddings\.position_embedding|"
        r"position_embeds_layer",
        R.POS_EMBED,
    ),
    rule(r"lm_head|embed_out|output|output_layer|head|unembed|ff_out", R.LM_HEAD),
    rule(
        r"norm|final_layernorm|final_layer_norm|ln_f|norm_f|layer_norm|embedding_norm|final_norm|out_norm|ln_out|"
        r"layernorm_final",
        R.NORM_FINAL,
    ),
    rule(HEADS, R.HEAD, split=Split.LISTED),
    # What speech encoders have in front of their layers.
    rule(
        r"(?:\w+\.)*(?:feature_extractor|feature_projection|pos_conv_embed|masked_spec_embed)"
        r"(?:\..+)?",
        R.SIDE,
        split=Split.LISTED,
    ),
    rule(
        r"word_embeddings_layernorm|embed_norm|embeddings\.norm|embed_tokens\.embed_norm",
        R.NORM_EMBED,
    ),
    rule(
        r"embed_tokens_per_layer|per_layer_model_projection|per_layer_projection_norm|"
        r"altup_projections\.#|altup_unembed_projections\.#|hc_head\..+|hc_pre\..+",
        R.SIDE,
        split=Split.LISTED,
    ),
)
"""Rules for paths outside every layer."""
