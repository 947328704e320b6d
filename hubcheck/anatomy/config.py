"""Which facts of a ``config.json`` does the anatomy need, and which of them can be believed?

The file comes from a model repository, so every value may be missing, of the wrong type or absurd.
A fact that is not a plain integer within bounds counts as absent (0); nothing here raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.frozen import frozen

MAX_SIZE: Final = 1 << 24
"""Largest believable axis: the largest published vocabulary is near 2**20; 16 times that."""
MAX_HEADS: Final = 4096
"""Largest believable head or expert count (published models stay below 1024)."""
TEXT_CONFIGS: Final = ("text_config", "llm_config", "language_config", "thinker_config")
"""Where multimodal configurations keep the facts about the language model."""
SINUSOIDS: Final = frozenset(
    ("xglm", "marian", "pegasus", "m2m_100", "fsmt", "speech_to_text", "transfo-xl")
)
"""Model types whose positions are fixed sinusoids, added to the embeddings."""
BARK: Final = frozenset(("semantic", "coarse_acoustics", "fine_acoustics"))
"""Model types of Bark's three transformers, which call their heads ``num_heads``."""
SINUSOID_SWITCHES: Final = ("sinusoidal_pos_embds", "sinusoidal_embeddings")
"""DistilBERT and XLM say it in their configuration."""
MAX_NESTING: Final = 3
"""Thinker -> text is the deepest nesting published; a self-made deeper one is not followed."""


PREDICTORS: Final = (
    "num_nextn_predict_layers",
    "mtp_num_layers",
    "num_mtp_layers",
    "mtp_num_hidden_layers",
    "num_mtp_modules",
)
"""DeepSeek and most others; LongCat; Qwen3.5; MiniMax."""


@frozen
class ConfigFacts:
    """The believable facts; 0, ``""`` or False where absent."""

    architecture: str
    model_type: str
    """Of the language model: that of the nested text configuration where there is one."""
    hidden: int
    layers: int
    predictors: int
    """Layers beyond those that predict further tokens, as far as it counts them."""
    heads: int
    kv_heads: int
    head_dim: int
    qk_nope_dim: int
    v_head_dim: int
    linear_key_heads: int
    """Key heads of a gated delta rule whose projection is grouped by them."""
    experts: int
    tied: bool
    hidden_act: str
    sinusoids: bool
    """Positions are fixed sinusoids, added to the stream."""


def text_of(value: object, limit: int = 200) -> str:
    """Return ``value`` if it is a string of believable length, else ``""``."""
    return value if isinstance(value, str) and len(value) <= limit else ""


def first_size(configs: tuple[Mapping[str, object], ...], names: tuple[str, ...], cap: int) -> int:
    """Return the first plain integer in 1..``cap`` under any of ``names``, else 0.

    Inner configurations come first in ``configs``, since they speak of the language model.
    """
    for config in configs:
        for name in names:
            value = config.get(name)
            if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= cap:
                return value
    return 0


def nested_configs(config: Mapping[str, object]) -> tuple[Mapping[str, object], ...]:
    """Return the language model's configuration and those around it, innermost first."""
    found: list[Mapping[str, object]] = [config]
    for _ in range(MAX_NESTING):
        inner = next(
            (v for k in TEXT_CONFIGS if isinstance(v := found[0].get(k), Mapping)),
            None,
        )
        if inner is None:
            break
        found.insert(0, inner)
    return tuple(found)


RELEASE: Final = frozenset({"dim", "n_layers", "n_heads", "norm_eps"})
"""What ``params.json`` of Meta's and Mistral's releases states, and no model type: their models are
of Llama's kind."""


def read_config(config: Mapping[str, object]) -> ConfigFacts:
    """Return the believable facts of a parsed ``config.json``.

    Args:
        config: The parsed file, or an empty mapping when the model has none. Hostile.
    """
    if not isinstance(config, Mapping):
        config = {}
    configs = nested_configs(config)
    architectures = config.get("architectures")
    named = architectures[0] if isinstance(architectures, list) and architectures else ""
    model_type = next((t for c in configs if (t := text_of(c.get("model_type")))), "")
    if not model_type and config.keys() >= RELEASE:
        model_type = "llama"
    # DBRX keeps the grouped-query count one level down.
    attention = configs[0].get("attn_config")
    kv_configs = (*configs, attention) if isinstance(attention, Mapping) else configs
    return ConfigFacts(
        architecture=text_of(named) or model_type,
        model_type=model_type,
        hidden=first_size(configs, ("hidden_size", "n_embd", "d_model", "dim"), MAX_SIZE),
        layers=first_size(
            configs, ("num_hidden_layers", "n_layer", "n_layers", "num_layers"), MAX_SIZE
        ),
        predictors=first_size(configs, PREDICTORS, MAX_SIZE),
        heads=first_size(
            configs,
            (
                *("num_attention_heads", "n_head", "n_heads"),
                *(("num_heads",) if model_type in BARK else ()),
            ),
            MAX_HEADS,
        ),
        kv_heads=first_size(
            kv_configs,
            (
                *("num_key_value_heads", "kv_n_heads", "multi_query_group_num", "num_kv_heads"),
                "n_kv_heads",
            ),
            MAX_HEADS,
        ),
        head_dim=first_size(configs, ("head_dim", "kv_channels", "attention_head_dim"), MAX_SIZE),
        qk_nope_dim=first_size(configs, ("qk_nope_head_dim",), MAX_SIZE),
        v_head_dim=first_size(configs, ("v_head_dim",), MAX_SIZE),
        linear_key_heads=first_size(configs, ("linear_num_key_heads",), MAX_HEADS),
        experts=first_size(
            configs,
            ("num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts"),
            MAX_HEADS,
        ),
        tied=any(c.get("tie_word_embeddings") is True for c in configs),
        hidden_act=text_of(configs[0].get("hidden_act")),
        sinusoids=model_type in SINUSOIDS
        or any(configs[0].get(name) is True for name in SINUSOID_SWITCHES),
    )
