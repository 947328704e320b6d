"""Is a sign a coin only where the MLP is known to be act(gate) * up?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.config import read_config
from hubcheck.anatomy.gguf_names import GGUF_FAMILY
from hubcheck.anatomy.read import anatomy_of, has_plain_gate
from tests.anatomy.families import FAMILIES
from tests.anatomy.tiny import checkpoint_of

FAIR = {
    *("llama", "llama tied", "gemma3", "olmo2", "phi3", "chatglm", "internlm2", "mixtral"),
    *("qwen2_moe", "qwen3_moe", "glm4_moe", "solar_open", "llama4", "stacked as at run time"),
    *("granitemoe", "dbrx", "deepseek_v3", "deepseek_v2 lite", "longcat_flash", "qwen3_next"),
}
UNFAIR = {"gpt_oss", "gpt2", "codegen", "gpt_neox", "bloom", "falcon 7b", "falcon 40b"}


@pytest.mark.parametrize("family", sorted(FAIR | UNFAIR))
def test_signs_are_fair_in_plain_gated_families_alone(family: str) -> None:
    """Neither (up + 1) * glu nor an MLP without a gate has coins."""
    made, config = FAMILIES[family]()
    assert anatomy_of(checkpoint_of(made.tensors), config).fair_signs is (family in FAIR)


@pytest.mark.parametrize(
    ("config", "plain"),
    [
        ({"model_type": "llama"}, True),
        ({"model_type": "llama", "hidden_act": "silu"}, True),
        ({"model_type": "llama", "hidden_act": "swigluoai"}, False),
        ({"model_type": "llama", "hidden_act": "\x1b[2J"}, False),
        ({"model_type": "gpt_oss", "hidden_act": "silu"}, False),
        ({"model_type": "a family of next year", "hidden_act": "silu"}, False),
        ({"model_type": f"{GGUF_FAMILY}qwen2moe"}, True),
        ({"model_type": f"{GGUF_FAMILY}gpt-oss"}, False),
        ({"model_type": "outer", "text_config": {"model_type": "qwen3"}}, True),
        ({}, False),
    ],
)
def test_what_is_not_known_is_not_plain(config: dict[str, object], plain: bool) -> None:
    """The whitelist decides, by family and by activation; silence of the family is a no."""
    assert has_plain_gate(read_config(config)) is plain
