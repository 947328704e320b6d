"""Are roles, ties, extra layers and contradictions of a whole checkpoint read as they are?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy import read
from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.blocks import SIZES, H, V, h
from tests.anatomy.dense_families import llama
from tests.anatomy.families import FAMILIES
from tests.anatomy.tiny import checkpoint_of, shapes_of

LLAMA = {name: tensor.shape for name, tensor in llama()[0].tensors.items()}
CONFIG = llama()[1]


def test_geometry_comes_from_the_shapes() -> None:
    """Every size of a Llama-like model is read off its tensors."""
    geometry = anatomy_of(shapes_of(LLAMA), CONFIG).geometry
    assert (geometry.hidden, geometry.layers, geometry.vocab) == (12, 2, 23)
    assert (geometry.heads, geometry.kv_heads, geometry.head_dim) == (4, 2, 5)
    assert (geometry.neurons, geometry.experts, geometry.mtp_layers) == (7, 0, 0)


def test_a_lying_configuration_changes_no_size() -> None:
    """Sizes that contradict the tensors are ignored; heads that do not fit become 0."""
    lie = {"hidden_size": 99, "num_attention_heads": 7, "head_dim": 11, "vocab_size": 1}
    honest, fooled = (anatomy_of(shapes_of(LLAMA), c) for c in (CONFIG, lie))
    assert fooled.geometry.hidden == honest.geometry.hidden
    assert fooled.geometry.vocab == honest.geometry.vocab
    assert (fooled.geometry.heads, fooled.geometry.head_dim) == (4, 5)
    assert fooled.matrices == honest.matrices


def test_layers_past_the_last_are_not_decoder_layers() -> None:
    """A layer at num_hidden_layers or later is none of the body, and no predictor by that alone."""
    anatomy = anatomy_of(shapes_of(LLAMA), {**CONFIG, "num_hidden_layers": 1})
    assert anatomy.geometry.layers == 1
    assert anatomy.geometry.mtp_layers == 1
    assert anatomy.others["model.layers.1.mlp.up_proj.weight"] is Role.UNCOUNTED
    assert anatomy.get(Role.UP, 1) is None
    assert anatomy.unknown == ()


def test_ties() -> None:
    """A head that is not stored, or stored and declared tied, is the embedding."""
    untied = anatomy_of(shapes_of(LLAMA), CONFIG)
    assert not untied.tied
    assert untied.get(Role.LM_HEAD) is not None
    assert anatomy_of(shapes_of(LLAMA), {**CONFIG, "tie_word_embeddings": True}).tied
    headless = {k: v for k, v in LLAMA.items() if k != "lm_head.weight"}
    assert anatomy_of(shapes_of(headless), CONFIG).tied
    other_size = {**LLAMA, "lm_head.weight": (V + 1, H)}
    assert not anatomy_of(shapes_of(other_size), {**CONFIG, "tie_word_embeddings": True}).tied


@pytest.mark.parametrize(
    ("family", "model_type", "rms", "offset", "gated"),
    [
        ("llama", "llama", True, 0.0, True),
        ("llama", "cohere", False, 0.0, True),
        ("gemma3", "gemma3_text", True, 1.0, True),
        ("qwen3_next", "qwen3_next", True, 1.0, True),
        ("gpt2", "gpt2", False, 0.0, False),
        ("gpt_neox", "gpt_neox", False, 0.0, False),
        ("mixtral", "mixtral", True, 0.0, True),
    ],
)
def test_norm_and_gate_kinds(
    family: str, model_type: str, offset: float, *, rms: bool, gated: bool
) -> None:
    """Norm kind, norm offset and the presence of a gate follow from names, biases and family."""
    maker, config = FAMILIES[family]()
    config.pop("text_config", None)
    anatomy = anatomy_of(
        checkpoint_of(maker.tensors), {**config, **SIZES, "model_type": model_type}
    )
    assert (anatomy.rms_norm, anatomy.norm_offset, anatomy.gated) == (rms, offset, gated)


def test_a_second_claim_is_unknown() -> None:
    """Two tensors for one role: the first by name keeps it, the second is unknown."""
    doubled = {**LLAMA, "zz.model.norm.weight": (H,), "norm.weight": (H,)}
    anatomy = anatomy_of(shapes_of(doubled), CONFIG)
    assert set(anatomy.unknown) == {"norm.weight", "zz.model.norm.weight"}


def test_shapes_that_do_not_fit_are_unknown() -> None:
    """A projection that does not read or write the residual stream has no role."""
    for name, shape in {
        "model.layers.0.mlp.up_proj.weight": (7, H + 1),
        "model.layers.0.mlp.gate_proj.weight": (8, H),
        "model.layers.0.mlp.down_proj.weight": (H + 1, 7),
        "model.layers.0.self_attn.q_proj.weight": (21, H),
        "model.layers.0.input_layernorm.weight": (H + 1,),
        "model.embed_tokens.weight": (V, H, 1),
        "model.layers.0.self_attn.v_proj.weight": (),
    }.items():
        assert name in anatomy_of(shapes_of({**LLAMA, name: shape}), CONFIG).unknown


def test_packed_integers_are_unknown() -> None:
    """A weight whose stored values are codes is not taken for a matrix."""
    anatomy = anatomy_of(shapes_of(LLAMA, dtype="U8"), CONFIG)
    assert anatomy.matrices == {}
    assert anatomy.mapped_share == 0.0


def test_masks_do_not_count() -> None:
    """The causal mask of GPT-2 and rotary frequencies leave coverage alone."""
    extra = {"model.layers.0.self_attn.rotary_emb.inv_freq": (4,), "h.0.attn.bias": (1, 1, 64, 64)}
    anatomy = anatomy_of(shapes_of({**LLAMA, **extra}), CONFIG)
    assert {anatomy.others[name] for name in extra} == {Role.BUFFER}
    assert anatomy.mapped_share == 1.0


def test_towers_are_listed_but_not_mixed_in() -> None:
    """A vision tower with Llama's own names adds nothing to the decoder's roles."""
    tower = {f"vision_tower.{name}": shape for name, shape in LLAMA.items()}
    anatomy = anatomy_of(shapes_of({**LLAMA, **tower}), CONFIG)
    assert anatomy.matrices == anatomy_of(shapes_of(LLAMA), CONFIG).matrices
    assert {anatomy.others[name] for name in tower} == {Role.VISION}


def test_a_query_that_fits_nothing_is_not_split() -> None:
    """A q twice as wide is query and gate only where k and v agree with o."""
    wide = {**LLAMA, "model.layers.0.self_attn.q_proj.weight": (40, H)}
    del wide["model.layers.0.self_attn.q_proj.bias"]
    assert anatomy_of(shapes_of(wide), CONFIG).get(Role.ATTN_GATE, 0) is not None
    wide["model.layers.0.self_attn.k_proj.weight"] = (12, H)
    assert anatomy_of(shapes_of(wide), CONFIG).get(Role.ATTN_GATE, 0) is None


def test_square_gpt2_needs_a_sign_of_its_orientation() -> None:
    """Square weights of GPT-2's names stay unknown where no tensor shows rows or columns."""
    maker, config = FAMILIES["gpt2"]()
    shapes = {name: t.shape for name, t in maker.tensors.items()}
    square = {n: s for n, s in shapes.items() if "c_attn" not in n and ".mlp." not in n}
    assert "h.0.attn.c_proj.weight" in anatomy_of(shapes_of(square), config).unknown


@given(
    st.dictionaries(
        st.sampled_from(
            [*LLAMA, "model.layers.0.mlp.experts.down_proj", "lm_head.bias", "\x1b[2J", ""]
        )
        | st.text(max_size=20),
        st.lists(st.integers(0, 40), max_size=4).map(tuple),
        max_size=12,
    ),
    st.dictionaries(
        st.sampled_from(["num_attention_heads", "head_dim", "num_hidden_layers", "model_type"]),
        st.integers(-5, 10**9) | st.text(max_size=5) | st.none(),
    ),
)
def test_any_names_and_shapes_are_read(
    shapes: dict[str, tuple[int, ...]], config: dict[str, object]
) -> None:
    """Hostile names, shapes and configurations crash nothing and place every tensor once."""
    anatomy = anatomy_of(shapes_of(shapes), config)
    mapped = {m.tensor for m in anatomy.matrices.values()}
    assert mapped | set(anatomy.others) | set(anatomy.unknown) == set(shapes)
    assert len(mapped) + len(anatomy.others) + len(anatomy.unknown) == len(shapes)
    assert 0.0 <= anatomy.mapped_share <= 1.0
    for matrix in anatomy.matrices.values():
        record = anatomy.checkpoint.tensors[matrix.tensor]
        stored = matrix.stored_index()
        assert stored.size == matrix.n_out
        assert np.unique(stored).size == stored.size
        assert stored.max() < (record.n_cols if matrix.transposed else record.n_rows)
        assert matrix.offset + (matrix.n_in if matrix.transposed else 0) <= record.n_rows


def test_a_stack_of_absurdly_many_experts_is_refused() -> None:
    """A header that claims a million experts does not make a million matrices."""
    name = "model.layers.0.mlp.experts.down_proj"
    anatomy = anatomy_of(shapes_of({**LLAMA, name: (10**6, H, 1)}), CONFIG)
    assert name in anatomy.unknown


def test_experts_are_alike_only_in_what_decides() -> None:
    """An expert whose gate is not as wide as its own down is unknown, its neighbours are read."""
    at = "model.layers.0.mlp"
    widths = [(6, 6), (6, 5), (5, 5), (6, 6)]
    experts = {
        f"{at}.experts.{n}.{kind}_proj.weight": (H, down) if kind == "down" else (width, H)
        for n, (width, down) in enumerate(widths)
        for kind in ("gate", "up", "down")
    }
    anatomy = anatomy_of(
        shapes_of({**LLAMA, **experts, f"{at}.gate.weight": (len(widths), H)}), CONFIG
    )
    found = [anatomy.get(Role.EXPERT_GATE, 0, n) for n in range(len(widths))]
    assert [matrix and matrix.n_out for matrix in found] == [6, None, 5, 6]
    assert {f"{at}.experts.1.{kind}_proj.weight" for kind in ("gate", "up")} <= {*anatomy.unknown}


def test_sinks_and_head_counts() -> None:
    """Attention sinks are one value a head."""
    anatomy = anatomy_of(shapes_of({**LLAMA, "model.layers.0.self_attn.sinks": (h,)}), CONFIG)
    sinks = anatomy.get(Role.SINKS, 0)
    assert sinks is not None
    assert sinks.n_out == h


def test_matrices_have_a_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    """Headers that claim more matrices than any model has cost no memory, only coverage."""
    monkeypatch.setattr(read, "MAX_MATRICES", 5)
    anatomy = anatomy_of(shapes_of(LLAMA), CONFIG)
    assert len(anatomy.matrices) == 5
    assert len(anatomy.unknown) == len(LLAMA) - 5


def test_long_names_end() -> None:
    """Names of a hundred thousand characters do not send a pattern into endless backtracking."""
    names = ("a." * 50_000, "a_" * 50_000, "model." * 20_000, ".0" * 50_000, "_scales" * 15_000)
    anatomy = anatomy_of(shapes_of(dict.fromkeys(names, (2, 2))), {})
    assert set(anatomy.unknown) | set(anatomy.others) == set(names)
