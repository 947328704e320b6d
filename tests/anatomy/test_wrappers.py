"""Are wrappers taken off tensor names by what they are, and is nothing else taken off?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.wrappers import plain_names
from tests.anatomy.families import FAMILIES
from tests.anatomy.tiny import shapes_of

IN_LAYER = (
    *("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
    *("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"),
    *("input_layernorm", "post_attention_layernorm"),
)
LLAMA = (
    "model.embed_tokens.weight",
    "model.norm.weight",
    "lm_head.weight",
    *(f"model.layers.{n}.{path}.weight" for n in range(2) for path in IN_LAYER),
)
BERT_LAYER = (
    *("attention.self.query", "attention.self.key", "attention.self.value"),
    *("attention.output.dense", "attention.output.LayerNorm", "intermediate.dense"),
    *("output.dense", "output.LayerNorm"),
)


def bert(prefix: str, layers: str = "encoder.layer") -> list[str]:
    """Return the names of a BERT, its head outside the prefix."""
    return [
        f"{prefix}embeddings.word_embeddings.weight",
        f"{prefix}embeddings.LayerNorm.weight",
        *(f"{prefix}{layers}.{n}.{path}.weight" for n in range(2) for path in BERT_LAYER),
    ]


def around_layers(word: str) -> list[str]:
    """Return the names with a word behind every layer's number."""
    return [
        ".".join([*parts[:3], word, *parts[3:]]) if (parts := n.split("."))[1] == "layers" else n
        for n in LLAMA
    ]


def around_leaves(word: str) -> list[str]:
    """Return the names with a word around every linear layer of an MLP."""
    return [n.replace("_proj.", f"_proj.{word}.") if ".mlp." in n else n for n in LLAMA]


def around_blocks(word: str) -> list[str]:
    """Return the names with a word around attention and MLP."""
    return [n.replace("_attn.", f"_attn.{word}.").replace("mlp.", f"mlp.{word}.") for n in LLAMA]


def every_second_layer(word: str) -> list[str]:
    """Return the names with a word in the layers of even number."""
    return [n.replace("layers.0.", f"layers.0.{word}.") for n in LLAMA]


WRAPPED: dict[str, Callable[[str], list[str]]] = {
    "around the model": lambda word: [f"{word}.{n}" for n in LLAMA],
    "around layers": around_layers,
    "around linear layers": around_leaves,
    "around attention and MLP": around_blocks,
    "around both": lambda word: [f"{word}.{n}" for n in around_layers(word)],
    "twice": lambda word: [f"outer.{word}.{n}" for n in around_layers(f"inner.{word}")],
}


@pytest.mark.parametrize("word", ["_fsdp_wrapped_module", "_orig_mod", "policy", "q7z"])
@pytest.mark.parametrize("kind", WRAPPED)
def test_a_word_that_wraps_is_taken_off(kind: str, word: str) -> None:
    """Whatever a wrapper is called and wherever it stands, names come out as they were."""
    wrapped = WRAPPED[kind](word)
    plain = plain_names(wrapped)
    # The words of a few tools are known where they stand before everything, and then stay.
    assert [plain.get(n, n).removeprefix("_orig_mod.") for n in wrapped] == list(LLAMA)


def test_a_word_around_some_layers_alone_is_taken_off() -> None:
    """Activations may be checkpointed in one layer of two, and then nothing else repeats it."""
    wrapped = [*every_second_layer("ckpt")]
    wrapped = [n.replace("self_attn.", "self_attn.ckpt.") for n in wrapped]
    plain = plain_names(wrapped)
    assert [plain.get(name, name) for name in wrapped] == list(LLAMA)


T5_LAYER = (
    *("0.layer_norm", "0.SelfAttention.q", "0.SelfAttention.o", "1.EncDecAttention.k"),
    *("2.layer_norm", "2.DenseReluDense.wi_0", "2.DenseReluDense.wo"),
)
T5 = (
    "shared.weight",
    "decoder.final_layer_norm.weight",
    "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
    *(f"decoder.block.{n}.layer.{path}.weight" for n in range(3) for path in T5_LAYER),
)


@pytest.mark.parametrize("word", ["_fsdp_wrapped_module", "_orig_mod._checkpoint", "q7z"])
def test_a_word_inside_the_blocks_of_a_t5_is_taken_off(word: str) -> None:
    """T5 numbers blocks inside its layers; a wrapper may stand around the outer or all of them."""
    for pattern in (r"(block\.\d)\.", r"(block\.\d|layer\.\d)\."):
        names = [re.sub(pattern, rf"\1.{word}.", name) for name in T5]
        assert [plain_names(names).get(n, n) for n in names] == [*T5]
    assert plain_names(T5) == {}


@pytest.mark.parametrize("prefix", ["", "bert.", "roberta.", "policy.bert.", "x.y.z.", "model."])
@pytest.mark.parametrize("head", [(), ("lm_head.dense.weight",), ("v_head.summary.weight",)])
def test_a_body_is_found_under_any_prefix(prefix: str, head: Iterable[str]) -> None:
    """The words before the layers of the only stack need not be known, nor stand before all."""
    anatomy = anatomy_of(shapes_of(dict.fromkeys([*bert(prefix), *head], (8, 8))), {})
    assert anatomy.geometry.layers == 2
    assert anatomy.get(Role.EMBED) is not None
    assert anatomy.get(Role.DOWN, 1) is not None
    assert not [n for n in anatomy.unknown if "LayerNorm" not in n and "summary" not in n]


@pytest.mark.parametrize("body", ["backbone.", "policy.", "any.thing."])
@pytest.mark.parametrize("around", ["heads.", "task.module."])
def test_a_head_in_a_module_of_its_own_is_found(body: str, around: str) -> None:
    """It need not stand under the body's prefix."""
    names = [body + n for n in LLAMA if "lm_head" not in n] + [f"{around}lm_head.weight"]
    assert plain_names(names)[f"{around}lm_head.weight"] == "lm_head.weight"
    two = [*names, "other.lm_head.weight"]
    assert not {f"{around}lm_head.weight", "other.lm_head.weight"} & plain_names(two).keys()


def test_a_known_prefix_inside_stays() -> None:
    """``gpt_neox`` says how its attention is packed, so no more than the wrapper is taken off."""
    names = [
        "policy.gpt_neox.embed_in.weight",
        *(
            f"policy.gpt_neox.layers.0.{path}.weight"
            for path in ("attention.query_key_value", "attention.dense", "mlp.dense_h_to_4h")
        ),
        "value.weight",
    ]
    plain = plain_names(names)
    assert plain[names[1]] == "gpt_neox.layers.0.attention.query_key_value.weight"


@pytest.mark.parametrize(
    "names",
    [
        pytest.param([*bert("student."), *bert("teacher.")], id="two models"),
        pytest.param(
            [
                *bert("encoder.", "layers"),
                *(f"decoder.layers.{p}" for p in ("0.self_attn.q_proj",)),
            ],
            id="encoder and decoder",
        ),
        pytest.param(
            [*bert("encoder."), "decoder.layer.0.strange.weight", "decoder.embed_tokens.weight"],
            id="encoder and a decoder that no rule knows",
        ),
        pytest.param(["encoder.layer.0.attention.output.dense.weight"], id="no embedding"),
        pytest.param([*LLAMA, *bert("draft.")], id="a stack beside the body"),
    ],
)
def test_a_prefix_that_may_be_another_stack_stays(names: list[str]) -> None:
    """Where several stacks stand side by side, or none reads text, none is called the body."""
    plain = plain_names(names)
    assert not [n for n in names if plain.get(n, n) != n and n.startswith(("student", "teacher"))]
    assert not any(name.startswith(("encoder.layer", "draft.")) for name in plain)


def test_two_tensors_never_get_one_name() -> None:
    """Where taking a word off would make one name of two, both keep their own."""
    names = [*around_layers("w"), "model.layers.0.mlp.up_proj.w.weight"]
    plain = plain_names(names)
    result = [plain.get(name, name) for name in names]
    assert len(set(result)) == len(names)


@pytest.mark.parametrize("family", FAMILIES)
def test_published_names_are_left_alone(family: str) -> None:
    """No word of a published family is taken for a wrapper."""
    made, _ = FAMILIES[family]()
    assert plain_names(list(made.tensors)) == {}


def test_a_part_that_repeats_is_no_wrapper() -> None:
    """ESM's ``dense`` is an only child everywhere, and what it says is needed."""
    names = [n for n in bert("") if "output.LayerNorm" not in n]
    names += ["pooler.dense.weight", "encoder.layer.0.LayerNorm.weight"]
    plain = plain_names(names)
    assert plain["encoder.layer.1.intermediate.dense.weight"] == "layer.1.intermediate.dense.weight"
    assert "pooler.dense.weight" not in plain


def test_a_single_module_is_no_wrapper() -> None:
    """A module that stands in one place inside the model is a part of it."""
    names = ["text.embeddings.token_embedding.weight", "vision_model.x.weight", "other.weight"]
    assert plain_names(names) == {}


@given(st.lists(st.text("ab.0#w_", min_size=0, max_size=30), max_size=30, unique=True))
def test_any_names_keep_apart(names: list[str]) -> None:
    """Whatever the names are, nothing raises and no two become one."""
    plain = plain_names(names)
    assert len({plain.get(name, name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "names",
    [
        ["a." * 100_000 + "weight", *LLAMA],
        [f"{'.'.join('abcdefgh')}.x{n}.weight" for n in range(20_000)],
        [f"w.model.layers.{n}.q.{'e.' * 40}weight" for n in range(5_000)],
    ],
    ids=["a long name", "many names", "deep names"],
)
def test_hostile_names_cost_little(names: list[str]) -> None:
    """Time grows with the length of a header, not with its square."""
    start = time.process_time()
    plain_names(names)
    assert time.process_time() - start < 5
