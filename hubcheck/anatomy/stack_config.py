"""What does a configuration say of one stack of an encoder-decoder?"""

from __future__ import annotations

from collections.abc import Mapping

from hubcheck.anatomy.config import nested_configs
from hubcheck.anatomy.gguf_names import GGUF_FAMILY
from hubcheck.anatomy.stack_names import Kind


def stack_config(config: Mapping[str, object], kind: Kind) -> dict[str, object]:
    """Return what a configuration says of one stack, under the names of a model that is it alone.

    Args:
        config: The ``config.json`` of the whole model. Hostile.
        kind: Which stack.
    """
    facts = {k: v for c in reversed(nested_configs(config)) for k, v in c.items()}
    own = facts.get(kind)
    if isinstance(own, Mapping):
        facts |= own
    aliases = {
        "hidden_size": ("d_model", "hidden_size"),
        "num_attention_heads": (
            *(f"{kind}_attention_heads", f"num_{kind}_attention_heads"),
            *("num_heads", "num_attention_heads"),
        ),
        "num_key_value_heads": (f"{kind}_num_key_value_heads", "num_key_value_heads"),
        "head_dim": ("d_kv", "head_dim"),
        "hidden_act": ("hidden_act",),
        "model_type": ("model_type",),
    }
    found = {
        name: next((facts[k] for k in keys if k in facts), None) for name, keys in aliases.items()
    }
    # These families tie unless they say otherwise; a GGUF file holds a head only where it is used.
    gguf = isinstance(found["model_type"], str) and found["model_type"].startswith(GGUF_FAMILY)
    found["tie_word_embeddings"] = config.get("tie_word_embeddings", not gguf) is True
    found["architectures"] = config.get("architectures")
    return found
