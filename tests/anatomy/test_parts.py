"""Does a name that means two things get its rule from the tensors beside it?"""

from __future__ import annotations

import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.names import read_template
from hubcheck.anatomy.parts import rules_for
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.tiny import shapes_of


def first_role(name: str, *beside: str, model_type: str = "") -> Role | None:
    """Return the first role that a name allows among its siblings."""
    rules = rules_for(read_template(name), frozenset(beside), model_type, inside=True)
    return rules[0].roles[0] if rules and rules[0].roles else None


@pytest.mark.parametrize(
    ("beside", "role"),
    [
        (("input_layernorm",), Role.NORM_MLP_IN),
        (("input_layernorm", "pre_feedforward_layernorm"), Role.NORM_ATTN_POST),
        (("post_feedforward_layernorm",), Role.NORM_ATTN_POST),
        (("pre_mlp_layernorm",), Role.NORM_ATTN_POST),
        (("post_self_attn_layernorm", "post_mlp_layernorm"), Role.NORM_MLP_IN),
    ],
)
def test_post_attention_layernorm(beside: tuple[str, ...], role: Role) -> None:
    """Llama's name for the norm before the MLP is Gemma's name for the one after attention."""
    assert first_role("model.layers.#.post_attention_layernorm.weight", *beside) is role


def test_query_projection_of_linear_attention() -> None:
    """A q_proj beside a convolution belongs to the delta rule, not to attention."""
    name = "model.layers.#.self_attn.q_proj.weight"
    assert first_role(name, "self_attn.q_conv1d") is Role.DELTA
    assert first_role(name, "self_attn.k_proj") is Role.Q


def test_query_key_value_below_an_unknown_prefix_is_not_split() -> None:
    """The fused name of GPT-NeoX has no rule where neither prefix nor family tells its packing."""
    name = "layers.#.attention.query_key_value.weight"
    assert first_role(f"gpt_neox.{name}") is Role.Q
    assert first_role(f"model.{name}") is None
    assert first_role(f"model.{name}", model_type="bailing_moe") is Role.Q


def test_norms_of_encoder_decoder_families_are_not_decided() -> None:
    """BART norms after its blocks and Pegasus before them under one name: no role."""
    name = "model.decoder.layers.#.self_attn_layer_norm.weight"
    assert first_role(name) is Role.NORM_ATTN_IN
    assert first_role(name, "encoder_attn.q_proj") is None


def test_mixer_of_nemotron_h() -> None:
    """One name serves state-space, attention and MLP layers; the siblings tell which."""
    assert first_role("backbone.layers.#.mixer.out_proj.weight", "mixer.conv1d") is Role.SSM
    assert first_role("backbone.layers.#.mixer.q_proj.weight", "mixer.k_proj") is Role.Q
    assert first_role("backbone.layers.#.norm.weight", "mixer.up_proj") is Role.NORM_MLP_IN


def test_a_stray_numbered_block_changes_no_layer() -> None:
    """One tensor named like a double layer's does not renumber the layers of another model."""
    names = {f"model.layers.{n}.self_attn.v_proj.weight": (4, 8) for n in range(3)}
    stray = "model.layers.0.self_attn.0.v_proj.weight"
    anatomy = anatomy_of(shapes_of({**names, stray: (4, 8), "model.norm.weight": (8,)}), {})
    assert anatomy.unknown == (stray,)
    assert anatomy.geometry.layers == 3


def test_an_absurd_layer_is_not_read() -> None:
    """A tensor of layer 999,999 does not make a model of a million layers."""
    far = "model.layers.999999.norm.weight"
    anatomy = anatomy_of(shapes_of({"model.layers.0.ln_1.weight": (8,), far: (8,)}), {})
    assert anatomy.unknown == (far,)
    assert anatomy.geometry.layers == 1
