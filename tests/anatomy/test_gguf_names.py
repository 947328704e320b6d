"""Are the names and metadata of GGUF files those of the models they were made from?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy.gguf_names import half_split, published_config, published_name
from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.read import anatomy_of
from tests.anatomy.tiny import shapes_of

BY_ROLE: Final = frozenset(
    (
        *("ffn_norm", "post_attention_norm", "exp_probs_b", "token_embd_norm"),
        *("attn_k_b", "attn_v_b", "attn_output_norm", "layer_output_norm"),
    )
)
"""Names that stand for a role under several published names; the table picks one by role."""
LISTED: Final = (
    *("mamba.", "linear_attn.", ".conv.", "nextn_", "altup", "laurel", "indexer", "rotary_emb"),
)
"""What only gets a role, so that its exact published name does not matter."""


@pytest.mark.parametrize("architecture", gguf.MODEL_ARCH_NAMES.values())
def test_names_agree_with_the_package(architecture: str) -> None:
    """Every name the table knows leads back to itself through the package's own map."""
    arch = next(a for a, n in gguf.MODEL_ARCH_NAMES.items() if n == architecture)
    theirs = gguf.get_tensor_name_map(arch, 2)
    for tensor in gguf.MODEL_TENSORS[arch]:
        plain = gguf.TENSOR_NAMES[tensor].format(bid=1, xid=0)
        if plain.startswith(("v.", "a.", "mm.", "resampler.")):
            continue  # a tower has one name here for the dozens that it had before
        published = published_name(f"{plain}.weight", architecture)
        if published == f"{plain}.weight" or plain.rpartition(".")[2] in BY_ROLE:
            continue
        if any(word in published for word in LISTED):
            continue
        back = theirs.get_name(published, try_suffixes=(".weight",))
        assert back is not None
        assert back.removesuffix(".weight") == plain


def gguf_anatomy(shapes: Mapping[str, tuple[int, ...]], metadata: dict[str, str]) -> Anatomy:
    """Return the anatomy of a GGUF file given by shapes."""
    checkpoint = replace(shapes_of(shapes), format="GGUF", metadata=MappingProxyType(metadata))
    return anatomy_of(checkpoint, {"model_type": "gemma", "num_hidden_layers": 99})


def metadata_of(architecture: str, **facts: object) -> dict[str, str]:
    """Return metadata as a header states it."""
    named = {f"{architecture}.{k.replace('__', '.')}": str(v) for k, v in facts.items()}
    return {"general.architecture": architecture, **named}


ATTENTION: Final = {
    "attn_norm": (64,), "attn_q": (64, 64), "attn_k": (32, 64), "attn_v": (32, 64),
    "attn_output": (64, 64), "ffn_norm": (64,),
}  # fmt: skip
OUTSIDE: Final = {
    "token_embd.weight": (50, 64), "output.weight": (50, 64), "output_norm.weight": (64,),
    "rope_freqs.weight": (8,),
}  # fmt: skip


def test_a_mixture_of_experts_maps() -> None:
    """Stacked experts, shared experts, router, its bias and the prediction layer get their roles."""
    sparse = {
        "ffn_gate_inp": (4, 64), "ffn_gate_exps": (4, 24, 64), "ffn_up_exps": (4, 24, 64),
        "ffn_down_exps": (4, 64, 24), "ffn_gate_shexp": (24, 64), "ffn_up_shexp": (24, 64),
        "ffn_down_shexp": (64, 24),
    }  # fmt: skip
    shapes: dict[str, tuple[int, ...]] = dict(OUTSIDE)
    for layer in range(3):
        shapes |= {f"blk.{layer}.{k}.weight": s for k, s in {**ATTENTION, **sparse}.items()}
        shapes[f"blk.{layer}.exp_probs_b.bias"] = (4,)
    shapes["blk.2.nextn.eh_proj.weight"] = (64, 128)
    facts = metadata_of(
        "glm4moe", block_count=3, nextn_predict_layers=1, embedding_length=64,
        attention__head_count=4, attention__head_count_kv=2, attention__key_length=16,
    )  # fmt: skip
    anatomy = gguf_anatomy(shapes, facts)
    assert anatomy.unknown == ()
    assert (anatomy.geometry.layers, anatomy.geometry.mtp_layers) == (2, 1)
    assert (anatomy.geometry.experts, anatomy.geometry.expert_neurons) == (4, 24)
    assert (anatomy.geometry.heads, anatomy.geometry.kv_heads) == (4, 2)
    assert anatomy.matrices[Role.EXPERT_UP, 1, 3, False].offset == 3 * 24
    assert (Role.ROUTER_BIAS, 0, -1, False) in anatomy.matrices
    assert anatomy.norm_offset == 0.0


def test_fused_and_half_fused_tensors_map() -> None:
    """Phi's joined q, k, v and its gate and up in one tensor are split as published."""
    shapes = dict(OUTSIDE) | {
        "blk.0.attn_norm.weight": (64,), "blk.0.ffn_norm.weight": (64,),
        "blk.0.attn_qkv.weight": (128, 64), "blk.0.attn_output.weight": (64, 64),
        "blk.0.ffn_up.weight": (192, 64), "blk.0.ffn_down.weight": (64, 96),
    }  # fmt: skip
    facts = metadata_of("phi3", block_count=1, attention__head_count=4, attention__head_count_kv=2)
    anatomy = gguf_anatomy(shapes, facts)
    assert anatomy.unknown == ()
    roles = {key[0] for key in anatomy.matrices}
    assert {Role.Q, Role.K, Role.V, Role.GATE, Role.UP, Role.DOWN} <= roles


@pytest.mark.parametrize(("architecture", "turned"), [("llama", True), ("qwen2", False)])
def test_row_order_of_q_and_k_is_undone(architecture: str, turned: bool) -> None:
    """Where the converter interleaves rows, canonical row j of a head is found where it lies."""
    shapes = dict(OUTSIDE) | {f"blk.0.{k}.weight": s for k, s in ATTENTION.items()}
    shapes |= {"blk.0.ffn_up.weight": (96, 64), "blk.0.ffn_gate.weight": (96, 64),
               "blk.0.ffn_down.weight": (64, 96)}  # fmt: skip
    facts = metadata_of(
        architecture, block_count=1, attention__head_count=4, attention__head_count_kv=2
    )
    anatomy = gguf_anatomy(shapes, facts)
    for role, heads in ((Role.Q, 4), (Role.K, 2)):
        matrix = anatomy.matrices[role, 0, -1, False]
        published = np.arange(matrix.n_out)
        stored = published.reshape(heads, 2, 8).swapaxes(1, 2).reshape(-1)  # the converter's way
        order = matrix.stored_index()
        expected = published if turned else stored
        assert np.array_equal(stored[order], expected)
    assert np.array_equal(anatomy.matrices[Role.V, 0, -1, False].stored_index(), np.arange(32))


def test_odd_numbers_leave_rows_alone() -> None:
    """Without a head count, or with one that does not divide the rows, nothing is re-ordered."""
    whole = ((0, 12, 1),)
    assert half_split(whole, 12, 0) == whole
    assert half_split(whole, 12, 4) == whole
    assert half_split(((0, 6, 1), (6, 12, 1)), 12, 2) == ((0, 6, 1), (6, 12, 1))


@given(st.dictionaries(st.text(max_size=12), st.text(max_size=12)), st.text(max_size=40))
def test_hostile_metadata_and_names_pass(metadata: dict[str, str], name: str) -> None:
    """Any text gives a configuration of numbers, and any name some name."""
    config = published_config({**metadata, "general.architecture": name})
    assert all(
        isinstance(config[k], int) for k in config if k not in ("model_type", "architectures")
    )
    assert isinstance(published_name(name, name), str)
    assert isinstance(published_name(f"blk.3.{name}", name), str)


def test_lists_of_numbers_give_the_commonest() -> None:
    """Head counts per layer give the commonest positive one; nonsense gives 0."""
    facts = metadata_of("deci", attention__head_count_kv="0,8,8,4", attention__head_count="x")
    config = published_config(facts)
    assert (config["num_key_value_heads"], config["num_attention_heads"]) == (8, 0)
