"""Where in a model does the name of a tensor say that it belongs?

A name is cut into prefix, layer, path inside the layer, expert and tail. Names come from a model
repository; anything that does not look like a parameter name simply matches no rule later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from hubcheck.anatomy.interface import Role

NUMBER: Final = re.compile(r"(?<=\.)([0-9]{1,6})(?=\.|$)")
"""An index is a name part of its own; a longer number is no index of a real model."""
EXPERTS: Final = ".experts."
"""Where the name of an expert is cut; the word before the second dot is no index."""
PREFIX: Final = re.compile(
    r"(?:module\.|_orig_mod\.|base_model\.model\.|model\.|transformer\.encoder\.|transformer\.|"
    r"backbone\.|gpt_neox\.|gpt_neox_japanese\.|biogpt\.|rwkv\.|decoder\.|language_model\.|text_model\.|"
    r"thinker\.|llm\.)*",
)
"""Wrappers around the decoder, stripped as often as they come."""
LISTS: Final = frozenset(("layers", "h", "blocks", "block", "layer", "albert_layer_groups"))
"""What families call the list of their layers."""
LAYER: Final = re.compile(
    r"(?:(?:layers|h|blocks|block|layer)\.#|albert_layer_groups\.#\.(?P<inner>albert_layers\.#))\."
    r"(?P<path>.+)"
)
"""ALBERT numbers the blocks inside each of its shared layers once more."""
SUBLAYER: Final = re.compile(
    r"(self_attn|mlp|input_layernorm|post_attention_layernorm)s?\.#(\..+|)"
)
"""LongCat keeps two attention and MLP blocks in one layer; each counts as a layer of its own."""
INNER: Final = re.compile(r"(?:mamba_decoder|shared_transformer|shared_transf)\.")
"""Zamba keeps a Mamba layer and a shared attention layer side by side in one layer."""
WRAPPED: Final = re.compile(r"\.(?:linear|base_layer|modules_to_save\.\w+)$")
"""Modules that hold nothing but the weight of the module around them (Moshi, PEFT)."""
JOINED_BIAS: Final = re.compile(
    r"(.*(?:gate_up_proj|gate_proj|up_proj|down_proj|dense|attn\.in_proj|attention\.self\.[qv]))_bias"
)
JOINED_WEIGHT: Final = re.compile(r"(.*attn\.in_proj)_weight")
"""PyTorch's own attention module keeps q, k and v under a name without a dot."""

NORMED: Final = re.compile(r"(.+)\.(?:weight_v|parametrizations\.weight\.original1)")
"""The directions of a weight under weight norm; its lengths (``weight_g``) lie beside it, and what
is made of both is one matrix."""
OLD_NORM: Final = re.compile(r"((?:.+\.)?LayerNorm)\.(gamma|beta)")
"""Weight and bias as the first published BERTs call them."""
PARAMETRIZED: Final = re.compile(r"(.+)\.parametrizations\.weight\.original")
"""A weight to which adapters are added when the model runs."""

COMPANION: Final = re.compile(
    r"(?:.+\.)?(?:weight_scale\w*|weight_zero_point|weight_shape|weight_g_idx|"
    r"weight_global_scale|input_(?:global_)?scale|output_scale|[kqv]_scale|scale_inv|"
    r"activation_scale|"
    r"scales|qzeros|g_idx|weight_g|parametrizations\.weight\.original0|SCB|weight_format|\w+_scales|\w+_scale_inv|"
    r"weight\.(?:absmax|quant_map|nested_absmax|nested_quant_map|quant_state\.\w+))"
)
"""What quantised storage keeps beside a weight."""
BUFFER: Final = re.compile(
    r"(?:.+\.)?(?:rotary_emb\.\w+|rotary_pos_emb\.\w+|inv_freq|masked_bias|position_ids|"
    r"token_type_ids|slope_rate|query_decay|key_decay|diagonal_decay|causal_mask)"
)
MASK: Final = re.compile(r"(?:.+\.)?(?:attn|attention)\.bias")
"""A causal mask of GPT-2 and GPT-NeoX when it has more than one axis, else some bias."""

TOWERS: Final = (
    (
        Role.PROJECTOR,
        re.compile(
            r"mm_projector|multi_modal_projector|merger|connector|resampler|mlp1|projector|"
            r"aligner|deepstack_merger_list|embed_vision|embed_audio|vision_projection|"
            r"modality_projection|vision_language_adapter|patch_merger|vision_projector|"
            r"high_res_vision_(?:proj|neck|alpha)|vit_large_projector|resampler_model|"
            r"(?:vision|audio|image|video|speech)_(?:adapter|projector|proj|projection)|"
            r"qformer|language_projection|query_tokens|projection|mlp_AR"
        ),
    ),
    (
        Role.VISION,
        re.compile(
            r"vision_tower|visual|vision_model|vision_encoder|vit|vpm|vision_embed_tokens|"
            r"image_newline|image_embed|image_encoder|visual_model|vision_backbone|vision|"
            r"image_tower|video_tower|sam_model|high_res_vision_model"
        ),
    ),
    (
        Role.AUDIO,
        re.compile(
            r"audio_tower|speech_encoder|audio_encoder|audio_model|audio_embed|apm|talker|"
            r"token2wav|code2wav|tts|audio|(?:acoustic|semantic)_tokenizer_(?:en|de)coder|codec_model"
        ),
    ),
    (Role.MTP, re.compile(r"mtp|nextn|mtp_layers|mtp_block")),
)
"""Name parts before the first index that put a tensor outside the decoder; the first wins."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Template:
    """A tensor name with its indices taken out; compared by identity, since it is a cache's key."""

    prefix: str
    path: str
    """Module path inside the layer (or outside all layers), expert index written ``#``, without
    ``.weight`` or ``.bias``."""
    bias: bool
    layer_at: int
    """Which of the name's indices is the layer, or -1."""
    expert_at: int
    """Which of the name's indices is the expert, or -1."""
    sublayer_at: int
    """Which of the name's indices is the block inside a double layer, or -1."""
    other: Role | None
    """Set when the name alone puts the tensor outside the decoder."""
    mask: bool
    """True when the name is that of a causal mask, which a tensor of one axis is not."""


def split_indices(name: str) -> tuple[str, tuple[int, ...]]:
    """Return ``name`` with every index written ``#``, and the indices in order."""
    cut = name.rfind(EXPERTS)
    if cut < 0:
        return _split(name)
    # What stands before and behind is shared by many of the 70,000 experts of a large mixture.
    cut += len(EXPERTS) - 1
    front, layers = _split(name[:cut])
    back, experts = _split(name[cut:])
    return front + back, layers + experts


@lru_cache(maxsize=4096)
def _split(name: str) -> tuple[str, tuple[int, ...]]:
    parts = NUMBER.split(name)
    return "#".join(parts[::2]), tuple(map(int, parts[1::2]))


def role_outside(name: str) -> Role | None:
    """Return the role of a tensor whose name alone puts it outside the decoder, else None."""
    if "lora_" in name:
        return Role.LORA
    if COMPANION.fullmatch(name):
        return Role.QUANT_COMPANION
    if BUFFER.fullmatch(name):
        return Role.BUFFER
    before_index = name.split(".#", 1)[0].split(".")
    return next((r for r, words in TOWERS if any(map(words.fullmatch, before_index))), None)


@lru_cache(maxsize=4096)
def read_template(name: str) -> Template:
    """Return the parts of a name whose indices are written ``#``."""
    stem, bias = name, False
    if name.endswith(".weight"):
        stem = name[:-7]
    elif match := NORMED.fullmatch(name):
        stem = match[1]
    elif name.endswith(".bias"):
        stem, bias = name[:-5], True
    elif match := OLD_NORM.fullmatch(name):
        stem, bias = match[1], match[2] == "beta"
    elif match := PARAMETRIZED.fullmatch(name):
        stem = match[1]
    elif match := JOINED_BIAS.fullmatch(name):
        stem, bias = match[1], True
    elif match := JOINED_WEIGHT.fullmatch(name):
        stem = match[1]
    found = PREFIX.match(stem)
    prefix = found[0] if found else ""
    path = stem[len(prefix) :]
    layer_at = expert_at = sublayer_at = -1
    if match := LAYER.fullmatch(path):
        layer_at = prefix.count("#")
        path = match["path"]
        if inner := INNER.match(path):
            path = path[inner.end() :]
        if match["inner"]:
            sublayer_at = layer_at + 1
        elif match := SUBLAYER.fullmatch(path):
            sublayer_at = layer_at + 1
            path = match[1] + match[2]
        elif "experts.#." in path:
            expert_at = layer_at + 1 + path[: path.index("experts.#.") + 9].count("#") - 1
    path = WRAPPED.sub("", path)
    return Template(
        prefix=prefix,
        path=path,
        bias=bias,
        layer_at=layer_at,
        expert_at=expert_at,
        sublayer_at=sublayer_at,
        other=role_outside(name),
        mask=MASK.fullmatch(name) is not None,
    )
