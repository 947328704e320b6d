"""Is each stack of an encoder-decoder read as what the running model computes?"""

from __future__ import annotations

import inspect
import logging
import re
from collections import Counter
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import gguf
import pytest
import torch
import transformers

from hubcheck.anatomy import stack_names, stacks
from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.stack_names import Kind
from hubcheck.anatomy.stacks import stacks_in
from hubcheck.anatomy.towers import towers_of
from tests.anatomy.stack_oracle import StackOracle, stacks_of_model
from tests.anatomy.sweep import shrink
from tests.anatomy.tiny import shapes_of

PRE: Final = ("T5", "UMT5", "SwitchTransformers", "MBart", "M2M100", "NllbMoe", "BigBirdPegasus")
POST: Final = ("Bart", "Marian", "FSMT", "PLBart")
MORE: Final = ("MT5", "LongT5", "Pegasus", "Blenderbot", "BlenderbotSmall", "Mvp")
SIZES: Final = {
    "vocab_size": 67, "relative_attention_num_buckets": 8, "d_kv": 8, "encoder_layers": 2,
    "decoder_layers": 2, "decoder_start_token_id": 2,
}  # fmt: skip


def model_of(name: str) -> torch.nn.Module:
    """Return a tiny random model of an encoder-decoder class."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    names = (f"{name}ForConditionalGeneration", f"{name}MTModel", name)
    model_class: Any = next(getattr(transformers, n) for n in names if hasattr(transformers, n))
    config = model_class.config_class()
    shrink(config)
    for key, value in SIZES.items():
        if hasattr(config, key):
            setattr(config, key, value)
    torch.manual_seed(0)
    model: torch.nn.Module = model_class(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model


def checked(model: torch.nn.Module) -> dict[str, Counter[str]]:
    """Return what the oracle finds of each stack."""
    token = torch.tensor([[5]])
    wanted = inspect.signature(model.forward).parameters
    oracle = StackOracle(
        model, {n: token for n in ("input_ids", "decoder_input_ids") if n in wanted}
    )
    _, parts, _ = stacks_of_model(model)
    return {name: oracle.checks(anatomy) for name, anatomy in parts.items()}


@pytest.mark.parametrize(
    "name", [*PRE, *POST, *(pytest.param(n, marks=pytest.mark.slow) for n in MORE)]
)
def test_each_stack_computes_what_its_roles_say(name: str) -> None:
    """Every tensor has a role; attention, cross-attention, MLPs and norms stand where roles say."""
    model = model_of(name)
    whole, parts, _ = stacks_of_model(model)
    assert whole.stack == Kind.ENCODER
    assert parts.keys() == {"encoder", "decoder"}
    assert all(anatomy.unknown == () for anatomy in parts.values())
    found = checked(model)
    for counts in found.values():
        assert not [kind for kind in counts if kind.endswith(" no")]
        assert counts["attention"] == 2
        assert counts["mlp"] >= 1
    assert found["decoder"]["cross"] == 2
    assert found["encoder"]["cross"] == 0
    place = "post" if name in (*POST, "BlenderbotSmall", "Mvp") else "in"
    assert found["decoder"][f"cross norm {place}"] == 2
    assert found["encoder"][f"mlp norm {place}"] >= 1


@pytest.mark.parametrize(("name", "norms"), [("MBart", "post"), ("Bart", "in")])
def test_a_norm_in_the_wrong_place_is_seen(
    name: str, norms: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Taking a pre-norm stack for a post-norm one, or the other way round, disagrees."""
    monkeypatch.setattr(stacks, "_norms_before", lambda *_: norms == "in")
    found = checked(model_of(name))
    assert any(kind.endswith(" no") for counts in found.values() for kind in counts)


def test_swapped_matrices_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exchanging values and keys of T5 makes the running model disagree."""
    swapped = {**stack_names.MATRICES, "k": "v_proj", "v": "k_proj"}
    monkeypatch.setattr(stack_names, "MATRICES", swapped)
    found = checked(model_of("T5"))
    assert found["decoder"]["cross no"] == 2
    assert found["encoder"]["attention no"] == 2


def shapes_of_t5(*, gated: bool = True, head: bool = False) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a T5 of two and two layers."""
    d, inner, ff = 16, 24, 40
    shapes: dict[str, tuple[int, ...]] = {"shared.weight": (50, d)}
    for stack in ("encoder", "decoder"):
        blocks = ["SelfAttention", *(["EncDecAttention"] if stack == "decoder" else [])]
        for layer in range(2):
            at = f"{stack}.block.{layer}.layer"
            for n, module in enumerate(blocks):
                shapes |= {f"{at}.{n}.{module}.{m}.weight": (inner, d) for m in "qkv"}
                shapes[f"{at}.{n}.{module}.o.weight"] = (d, inner)
                shapes[f"{at}.{n}.layer_norm.weight"] = (d,)
            last = f"{at}.{len(blocks)}"
            ups = ("wi_0", "wi_1") if gated else ("wi",)
            shapes |= {f"{last}.DenseReluDense.{m}.weight": (ff, d) for m in ups}
            shapes[f"{last}.DenseReluDense.wo.weight"] = (d, ff)
            shapes[f"{last}.layer_norm.weight"] = (d,)
        shapes[f"{stack}.block.0.layer.0.SelfAttention.relative_attention_bias.weight"] = (8, 3)
        shapes[f"{stack}.final_layer_norm.weight"] = (d,)
    if head:
        shapes["lm_head.weight"] = (50, d)
    return shapes


T5: Final = {"model_type": "t5", "d_model": 16, "d_kv": 8, "num_heads": 3, "num_layers": 2}


def test_the_embedding_is_counted_once() -> None:
    """Both stacks read the shared embedding; it belongs to the body and is borrowed elsewhere."""
    whole = anatomy_of(shapes_of(shapes_of_t5()), T5)
    (decoder,) = towers_of(whole, T5)
    assert whole.get(Role.EMBED) is not None
    assert decoder.anatomy.get(Role.EMBED) is not None
    assert decoder.anatomy.borrowed == {"embed_tokens.weight"}
    assert whole.geometry.heads == decoder.anatomy.geometry.heads == 3


def test_stored_copies_of_the_embedding_are_no_parameters() -> None:
    """Old files hold the shared embedding three times; loaders tie the copies to it."""
    copies = {f"{s}.embed_tokens.weight": (50, 16) for s in ("encoder", "decoder")}
    whole = anatomy_of(shapes_of({**shapes_of_t5(), **copies}), T5)
    assert {whole.others[name] for name in copies} == {Role.BUFFER}
    assert whole.unknown == ()


def test_stacks_of_embeddings_of_their_own_share_nothing() -> None:
    """Two vocabularies, two embeddings: each stack has its own."""
    shapes = shapes_of_t5()
    del shapes["shared.weight"]
    shapes |= {"encoder.embed_tokens.weight": (50, 16), "decoder.embed_tokens.weight": (70, 16)}
    whole = anatomy_of(shapes_of(shapes), T5)
    (decoder,) = towers_of(whole, T5)
    assert whole.geometry.vocab == 50
    assert decoder.anatomy.geometry.vocab == 70
    assert decoder.anatomy.borrowed == frozenset()


def test_the_head_reads_the_decoder() -> None:
    """The output head belongs to the decoder, or to what is there alone."""
    whole = anatomy_of(shapes_of(shapes_of_t5(head=True)), {**T5, "tie_word_embeddings": False})
    (decoder,) = towers_of(whole, {**T5, "tie_word_embeddings": False})
    assert whole.get(Role.LM_HEAD) is None
    assert decoder.anatomy.get(Role.LM_HEAD) is not None
    assert not decoder.anatomy.tied


@pytest.mark.parametrize("stack", ["encoder", "decoder"])
def test_a_stack_alone_is_the_body(stack: str) -> None:
    """A repository of one stack holds nothing beside it."""
    shapes = {n: s for n, s in shapes_of_t5().items() if n.startswith((stack, "shared"))}
    whole = anatomy_of(shapes_of(shapes), T5)
    assert (whole.stack, whole.beside, whole.unknown) == (stack, "", ())
    assert towers_of(whole, T5) == ()


@pytest.mark.parametrize("around", ["encoder.model.", "decoder.", "a.encoder."])
def test_the_word_of_a_stack_around_everything_is_none(around: str) -> None:
    """A wrapper may be called as a stack is; both stacks below it say that it is not one."""
    names = shapes_of_t5(head=True)
    bare = stacks_in(names, T5)
    found = stacks_in({around + n: s for n, s in names.items()}, T5)
    assert bare is not None
    assert found is not None
    assert found.main.names == {around + n: name for n, name in bare.main.names.items()}
    assert found.other is not None


def test_modules_around_the_leaves_of_a_t5_are_taken_off() -> None:
    """What PEFT leaves around a matrix is no part of its name, in a stack as in a body."""
    names = {re.sub(r"\.(q|wo)\.", r".\1.base_layer.", n): s for n, s in shapes_of_t5().items()}
    whole = anatomy_of(shapes_of(names), T5)
    assert whole.unknown == ()
    assert whole.get(Role.Q, 1) is not None


def test_an_encoder_that_hears_is_a_tower() -> None:
    """Whisper's decoder is the body, its encoder an audio tower with heads of its own."""
    model = transformers.WhisperForConditionalGeneration(
        transformers.WhisperConfig(
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=48,
            decoder_ffn_dim=48,
            vocab_size=67,
            num_mel_bins=8,
            max_source_positions=8,
            max_target_positions=8,
            pad_token_id=1,
            bos_token_id=1,
            eos_token_id=2,
            decoder_start_token_id=2,
        )
    )
    whole, parts, _ = stacks_of_model(model)
    assert whole.stack == Kind.DECODER
    assert parts.keys() == {"decoder", "audio"}
    assert parts["audio"].unknown == ()
    assert parts["audio"].geometry.heads == 4
    assert whole.get(Role.CROSS_V, 1) is not None


@pytest.mark.parametrize(
    "names",
    [
        ("encoder.layers.0.conv.weight", "decoder.layers.0.conv.weight"),
        ("encoder.down.0.block.0.conv1.weight", "decoder.up.0.block.0.conv1.weight"),
        ("bert.encoder.layer.0.attention.self.query.weight", "cls.predictions.decoder.weight"),
        ("encoder.block.12345678.layer.0.SelfAttention.q.weight",),
        ("model.decoder.layers.0.self_attn.q_proj.weight", "model.decoder.embed_tokens.weight"),
        ("encoder", "decoder.", ".decoder.layers.", "decoder.layers.0", "encoder.block.0.layer"),
    ],
)
def test_other_encoders_and_decoders_are_not_claimed(names: tuple[str, ...]) -> None:
    """Codecs, image autoencoders, BERT, decoders without an encoder and nonsense are no stacks."""
    assert stacks_in(dict.fromkeys(names, (8, 8)), {}) is None


def test_an_absurd_configuration_names_no_other_stack() -> None:
    """Names decide which stack there is; values of a wrong kind raise nothing."""
    nested = {"encoder": {"num_attention_heads": 2}, "decoder": "x", "d_model": ["?"]}
    assert anatomy_of(shapes_of(shapes_of_t5()), nested).stack == Kind.ENCODER


def test_a_file_without_a_configuration_says_its_heads() -> None:
    """The table of relative positions has a column for each head; tables that differ say nothing."""
    whole = anatomy_of(shapes_of(shapes_of_t5()), {})
    assert (whole.geometry.heads, whole.geometry.head_dim) == (3, 8)
    (decoder,) = towers_of(whole, {})
    assert decoder.anatomy.geometry.heads == 3
    table = {"encoder.block.1.layer.0.SelfAttention.relative_attention_bias.weight": (8, 2)}
    assert anatomy_of(shapes_of({**shapes_of_t5(), **table}), {}).geometry.heads == 0


def test_a_table_that_nothing_reads_is_known() -> None:
    """Published files of T5 hold relative positions of the cross-attention as well."""
    table = {"decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight": (8, 3)}
    (decoder,) = towers_of(anatomy_of(shapes_of({**shapes_of_t5(), **table}), T5), T5)
    assert decoder.anatomy.unknown == ()


@pytest.mark.parametrize("gated", [True, False])
@pytest.mark.parametrize("lone", [True, False])
def test_a_gguf_file_has_the_roles_of_its_model(*, gated: bool, lone: bool) -> None:
    """The names that the package's own map gives lead to the same matrices, stack by stack."""
    shapes = {n: s for n, s in shapes_of_t5(gated=gated).items() if not (lone and "decoder" in n)}
    arch = gguf.MODEL_ARCH.T5ENCODER if lone else gguf.MODEL_ARCH.T5
    names = gguf.get_tensor_name_map(arch, 2)
    stored = {f"{names.get_name(n.removesuffix('.weight'))}.weight": s for n, s in shapes.items()}
    key = gguf.MODEL_ARCH_NAMES[arch]
    metadata = {"general.architecture": key, f"{key}.attention.head_count": "3"}
    metadata |= {f"{key}.attention.key_length": "8", f"{key}.block_count": "2"}
    file = replace(shapes_of(stored), format="GGUF", metadata=MappingProxyType(metadata))
    pair = anatomy_of(file, {}), anatomy_of(shapes_of(shapes), T5)
    assert pair[0].matrices.keys() == pair[1].matrices.keys()
    assert pair[0].unknown == ()
    assert pair[0].geometry == pair[1].geometry
    parts = [towers_of(anatomy, T5) for anatomy in pair]
    assert [t.name for t in parts[0]] == [t.name for t in parts[1]] == ([] if lone else ["decoder"])
    for a, b in zip(*parts, strict=True):
        assert a.anatomy.matrices.keys() == b.anatomy.matrices.keys()
        assert a.anatomy.geometry == b.anatomy.geometry
