"""What is a tensor of a stack called in a model that is that stack alone?

Two families of names are known: T5's, which number the blocks inside a layer, and those of fairseq
(BART, Marian, M2M, Whisper), which keep one name for a norm before and behind its block. Both are
given the names that the rules of a decoder know; what has none keeps its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from hubcheck.anatomy.names import WRAPPED


class Kind(StrEnum):
    """Which of the two a stack is."""

    ENCODER = "encoder"
    DECODER = "decoder"


CROSS: Final = re.compile(
    r"(?:encoder_attn|encoder_attention|EncDecAttention|crossattention|cross_attn|cross_attention)"
)
"""Modules in which a decoder attends to an encoder."""
T5_ATTENTION: Final = re.compile(r"(?:Local|TransientGlobal)?SelfAttention|EncDecAttention")
T5_MLP: Final = re.compile(r"(?:DenseReluDense|mlp)\.(?P<rest>(?:experts\..+|router\..+|\w+))")
T5_LAYER: Final = re.compile(r"layer\.(?P<n>[0-9])\.(?P<module>\w+)\.?(?P<rest>.*)")
T5_PLACE: Final = re.compile(
    rf"layer\.#\.(?:layer_norm|(?:{T5_ATTENTION.pattern})\.\w+|(?:{T5_MLP.pattern}))"
)
"""What a path inside a layer of T5 is, its index written ``#``."""
EXPERT: Final = re.compile(r"experts\.expert_(?P<n>[0-9]{1,6})\.(?P<rest>.+)")
"""Experts one by one (Switch Transformers, NLLB)."""
MATRICES: Final = {
    "fc1": "up_proj",
    "fc2": "down_proj",
    "wi": "up_proj",
    "wi_0": "gate_proj",
    "wi_1": "up_proj",
    "wo": "down_proj",
    "q": "q_proj",
    "k": "k_proj",
    "v": "v_proj",
    "o": "o_proj",
    "intermediate": "up_proj",
    "output": "down_proj",
}
"""Without a gate ``wi`` is all there is; with one ``wi_0`` passes the activation."""
FFN: Final = re.compile(r"(?:ffn|feed_forward)\.(?P<rest>.+)")
SELF: Final = MappingProxyType(
    {
        "query": "q_proj",
        "key": "k_proj",
        "value": "v_proj",
        "output": "out_proj",
        "query_proj": "q_proj",
        "key_proj": "k_proj",
        "value_proj": "v_proj",
    }
)
"""Attention of long inputs (LED, BigBird) keeps the names of BERT inside those of BART; ProphetNet
has names between the two."""
SELF_ATTENTION: Final = re.compile(
    r"self_attn\.(?:(?:longformer_self_attn|self)\.)?(?P<rest>(?:query|key|value)(?:_proj)?|output)"
)
CROSS_NORM: Final = "encoder_attn_layer_norm"
CROSS_NORM_POST: Final = "post_encoder_attn_layernorm"
NORMS: Final = MappingProxyType(
    {
        "self_attn_layer_norm": ("input_layernorm", "post_self_attn_layernorm"),
        CROSS_NORM: (CROSS_NORM, CROSS_NORM_POST),
        "cross_attn_layer_norm": (CROSS_NORM, CROSS_NORM_POST),
        "cross_attention_layer_norm": (CROSS_NORM, CROSS_NORM_POST),
        **dict.fromkeys(
            ("final_layer_norm", "ff_layer_norm", "feed_forward_layer_norm"),
            ("ffn_norm", "post_feedforward_layernorm"),
        ),
        "pre_self_attn_layernorm": ("input_layernorm", "input_layernorm"),
        "pre_cross_attn_layernorm": (CROSS_NORM, CROSS_NORM),
        "post_cross_attn_layernorm": (CROSS_NORM_POST, CROSS_NORM_POST),
        "crossattention.output.LayerNorm": (CROSS_NORM_POST, CROSS_NORM_POST),
    }
)
"""Norms of a layer by their name: before (pre-norm) or after (post-norm) its block."""
OUTSIDE: Final = MappingProxyType(
    {
        **dict.fromkeys(("layer_norm", "final_layer_norm", "layernorm", "norm"), "norm"),
        "layernorm_embedding": "word_embeddings_layernorm",
        "embeddings_layer_norm": "word_embeddings_layernorm",
        "position_embeddings": "embed_positions",
        "embed_tokens": "embed_tokens",
        "embeddings.word_embeddings": "embed_tokens",
        "embed_positions": "embed_positions",
        "embeddings.LayerNorm": "word_embeddings_layernorm",
        "embeddings.token_type_embeddings": "embeddings.token_type_embeddings",
        "embeddings.position_embeddings": "embed_positions",
    }
)
"""Tensors of a stack outside its layers."""


Paths = Mapping[str, tuple[int, str]]
"""Published name -> layer (-1 outside all layers), path inside the layer or inside the stack."""


def names_inside(kind: Kind, paths: Paths, *, pre_norm: bool) -> dict[str, str]:
    """Return the names of a stack's tensors in a model that is this stack alone."""
    found = {}
    for published, (layer, path) in paths.items():
        stem, ending = path, ""
        for end in (".weight", ".bias"):
            if path.endswith(end):
                stem, ending = path.removesuffix(end), end
        stem = WRAPPED.sub("", stem)
        if layer >= 0:
            found[published] = f"layers.{layer}.{_inside(kind, stem, pre_norm=pre_norm)}{ending}"
        else:
            last = next((OUTSIDE[end] for end in OUTSIDE if _ends(stem, end)), stem)
            found[published] = f"{last}{ending}"
    return found


def _ends(stem: str, end: str) -> bool:
    """Say whether a path is ``end``, wrappers before it aside."""
    return stem == end or stem.endswith(f".{end}")


def _inside(kind: Kind, path: str, *, pre_norm: bool) -> str:
    """Return the path of a tensor inside its layer, as the rules know it."""
    t5 = T5_LAYER.fullmatch(path)
    if t5 is None:
        if path in NORMS:
            return NORMS[path][0 if pre_norm else 1]
        ffn, attention = FFN.fullmatch(path), SELF_ATTENTION.fullmatch(path)
        if ffn is not None:
            return f"mlp.{_of_mlp(ffn['rest'])}"
        if attention is not None:
            return f"self_attn.{SELF[attention['rest']]}"
        cross = CROSS.match(path)
        if cross is None:
            return path
        rest = path[cross.end() :].removeprefix(".self").replace(".output.dense", ".out_proj")
        rest = rest.removeprefix(".")
        return f"encoder_attn.{SELF.get(rest, rest) if rest.endswith('_proj') else rest}"
    module, rest = t5["module"], t5["rest"]
    if module == "layer_norm":
        if t5["n"] == "0":
            return "input_layernorm"
        return CROSS_NORM if kind is Kind.DECODER and t5["n"] == "1" else "ffn_norm"
    if T5_ATTENTION.fullmatch(module):
        own = "encoder_attn" if module == "EncDecAttention" else "self_attn"
        return f"{own}.{MATRICES.get(rest, rest)}"
    mlp = T5_MLP.fullmatch(f"{module}.{rest}")
    if mlp is None:
        return path
    return f"mlp.{_of_mlp(mlp['rest'])}"


def _of_mlp(path: str) -> str:
    """Return the path of a matrix inside an MLP or a mixture, as the rules know it."""
    expert = EXPERT.fullmatch(path)
    if expert is not None:
        return f"experts.{expert['n']}.{MATRICES.get(expert['rest'], expert['rest'])}"
    return MATRICES.get(path, path)
