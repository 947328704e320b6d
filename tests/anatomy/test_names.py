"""Is every part of a tensor's name found, whatever wrapper stands around it?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.names import NUMBER, read_template, split_indices


@pytest.mark.parametrize(
    "wrapper",
    [
        "",
        "model.",
        "transformer.",
        "module.model.",
        "_orig_mod.model.",
        "base_model.model.model.",
        "model.language_model.",
        "model.language_model.model.",
        "language_model.model.",
        "thinker.model.",
        "model.text_model.",
        "backbone.",
        "llm.model.",
        "model.decoder.",
    ],
)
def test_wrappers_are_stripped(wrapper: str) -> None:
    """The same decoder tensor reads the same below every published wrapper."""
    spelled, indices = split_indices(f"{wrapper}layers.11.mlp.experts.7.gate_proj.weight")
    template = read_template(spelled)
    assert template.path == "mlp.experts.#.gate_proj"
    assert indices[template.layer_at] == 11
    assert indices[template.expert_at] == 7
    assert template.other is None


@pytest.mark.parametrize(
    ("name", "role"),
    [
        ("visual.blocks.0.attn.qkv.weight", Role.VISION),
        ("visual.merger.mlp.0.weight", Role.PROJECTOR),
        ("model.vision_tower.layers.3.mlp.fc1.bias", Role.VISION),
        ("audio_tower.layers.0.fc1.weight", Role.AUDIO),
        ("model.multi_modal_projector.linear_1.weight", Role.PROJECTOR),
        ("mtp.layers.0.mlp.up_proj.weight", Role.MTP),
        ("model.layers.0.self_attn.q_proj.lora_A.default.weight", Role.LORA),
        ("model.layers.0.mlp.up_proj.weight_scale_inv", Role.QUANT_COMPANION),
        ("model.layers.0.mlp.up_proj.qzeros", Role.QUANT_COMPANION),
        ("model.layers.0.mlp.up_proj.weight.quant_state.bitsandbytes__nf4", Role.QUANT_COMPANION),
        ("model.layers.0.mlp.experts.down_proj_scales", Role.QUANT_COMPANION),
        ("model.layers.0.self_attn.rotary_emb.inv_freq", Role.BUFFER),
        ("bert.embeddings.position_ids", Role.BUFFER),
        ("gpt_neox.layers.0.attention.masked_bias", Role.BUFFER),
    ],
)
def test_names_outside_the_decoder(name: str, role: Role) -> None:
    """Towers, companions, adapters and buffers are told by name alone."""
    assert read_template(split_indices(name)[0]).other is role


def test_bias_spellings() -> None:
    """A bias is a bias with a dot or, where families write so, with an underscore."""
    for name in ("h.#.mlp.c_fc.bias", "layers.#.mlp.experts.gate_up_proj_bias"):
        assert read_template(name).bias
    assert not read_template("layers.#.mlp.gate.e_score_correction_bias").bias


WORDS = st.lists(st.sampled_from(["layers", "0", "17", "experts", "weight", "x", ""])).map(".".join)


@given(st.text(max_size=60) | WORDS)
def test_any_name_is_read(name: str) -> None:
    """No name crashes, and every index it points at exists."""
    spelled, indices = split_indices(name)
    template = read_template(spelled)
    assert template.layer_at < max(len(indices), 1)
    assert template.expert_at < max(len(indices), 1)


def test_a_number_too_long_is_no_index() -> None:
    """A layer of 30 digits stays a name and matches no rule."""
    assert split_indices("layers.123456789012345678901234567890.x")[1] == ()


@given(st.lists(st.sampled_from(["experts", "layers", "7", "0012345", "1234567", "", "x", "7x"])))
def test_the_name_of_an_expert_is_cut_as_any_other(parts: list[str]) -> None:
    """What stands before and behind ``experts`` is cut apart, with the result of the whole name."""
    name = ".".join(parts)
    plain = NUMBER.split(name)
    assert split_indices(name) == ("#".join(plain[::2]), tuple(map(int, plain[1::2])))
