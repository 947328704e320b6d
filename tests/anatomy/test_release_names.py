"""Is a model under its maker's names the same model as under those of transformers?"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pytest
import torch
import transformers
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.of_model import anatomy_of_model
from hubcheck.anatomy.release_names import release_config, released_names, vision_heads
from hubcheck.anatomy.towers import Tower, towers_of
from hubcheck.evidence.looks.towers import pairs_of
from tests.anatomy.sweep import saved_as_published
from tests.anatomy.tiny import checkpoint_of, value_of
from tests.anatomy.tower_oracle import tower_checks
from tests.material import releases

Tensors = Mapping[str, NDArray[np.float32]]
SIZE: Final = {
    "hidden_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 96,
}  # fmt: skip
VISION: Final = {**SIZE, "image_size": 32, "patch_size": 8}


def model_of(name: str) -> tuple[Any, dict[str, object]]:
    """Return a tiny random model of one class, and its configuration."""
    logging.getLogger("transformers").setLevel(logging.ERROR)
    known: dict[str, dict[str, Any]] = {
        "WhisperForConditionalGeneration": {
            "d_model": 128, "encoder_layers": 2, "decoder_layers": 2, "vocab_size": 67,
            "encoder_attention_heads": 2, "decoder_attention_heads": 2, "encoder_ffn_dim": 96,
            "decoder_ffn_dim": 96, "num_mel_bins": 8, "max_source_positions": 12,
            "max_target_positions": 12, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
            "decoder_start_token_id": 1,
        },
        "CLIPModel": {
            "text_config": {**SIZE, "vocab_size": 67, "max_position_embeddings": 12,
                            "bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0},
            "vision_config": VISION, "projection_dim": 32,
        },
        "ViTForImageClassification": {**VISION, "num_labels": 5},
        "SiglipModel": {
            "text_config": {**SIZE, "vocab_size": 67, "max_position_embeddings": 12},
            "vision_config": VISION,
        },
        "BlipForConditionalGeneration": {
            "text_config": {**SIZE, "vocab_size": 67, "max_position_embeddings": 12,
                            "encoder_hidden_size": 128, "bos_token_id": 1, "eos_token_id": 2,
                            "sep_token_id": 3, "pad_token_id": 0},
            "vision_config": VISION,
        },
        "BarkSemanticModel": {
            "hidden_size": 128, "num_layers": 2, "num_heads": 2, "input_vocab_size": 67,
            "output_vocab_size": 67, "block_size": 12,
        },
        "Wav2Vec2Model": {
            **SIZE, "conv_dim": [16], "conv_stride": [4], "conv_kernel": [8],
            "num_feat_extract_layers": 1, "num_conv_pos_embeddings": 8,
            "num_conv_pos_embedding_groups": 2,
        },
    }  # fmt: skip
    sizes = known[name]
    model_class = getattr(transformers, name)
    config = model_class.config_class(**sizes)
    torch.manual_seed(0)
    model = model_class(config).float().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model, config.to_dict()


def stored(model: Any) -> dict[str, NDArray[np.float32]]:
    """Return the tensors that the library writes, which it may hold under other names."""
    return saved_as_published(model)[0]


def parts(anatomy: Anatomy, config: Mapping[str, object]) -> dict[str, Anatomy]:
    """Return body and towers by name."""
    return {"body": anatomy, **{t.name: t.anatomy for t in towers_of(anatomy, config)}}


RELEASES: Final[
    Mapping[str, tuple[str, Callable[[Tensors], dict[str, Any]], dict[str, object]]]
] = {
    "Whisper": ("WhisperForConditionalGeneration", releases.whisper, {}),
    "CLIP": ("CLIPModel", releases.clip, {}),
    "OpenCLIP, text in a module": ("CLIPModel", lambda t: releases.clip(t, front="text."), {}),
    "timm": (
        "ViTForImageClassification",
        releases.timm_vit,
        {"architecture": "vit_tiny_patch16_224", "pretrained_cfg": {}},
    ),
}


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_has_the_matrices_of_the_publication(release: str) -> None:
    """Body and towers hold the same canonical matrices, entry by entry, and the same heads."""
    name, named, stated = RELEASES[release]
    model, config = model_of(name)
    published = anatomy_of_model(checkpoint_of(stored(model)), config)
    released = anatomy_of_model(checkpoint_of(named(stored(model))), stated)
    ours, theirs = parts(released, stated), parts(published, config)
    assert ours.keys() == theirs.keys()
    compared = 0
    for part, anatomy in theirs.items():
        geometry = anatomy.geometry
        assert ours[part].geometry == geometry or not geometry.layers
        for key, matrix in anatomy.matrices.items():
            if key[0] is Role.LM_HEAD:  # tied: the release does not store it
                continue
            other = ours[part].matrices[key]
            np.testing.assert_array_equal(value_of(ours[part], other), value_of(anatomy, matrix))
            compared += key[0] in {Role.UP, Role.O} and not key[3]
    assert compared == (4 if len(theirs) == 2 and theirs["body"].geometry.layers == 0 else 8)


@pytest.mark.parametrize("release", RELEASES)
def test_a_release_and_the_publication_are_held_against_each_other(release: str) -> None:
    """Every tower of the one meets that of the other, heads known on both sides."""
    name, named, stated = RELEASES[release]
    model, config = model_of(name)
    base = anatomy_of_model(checkpoint_of(stored(model)), config)
    subject = anatomy_of_model(checkpoint_of(named(stored(model))), {**stated, "architecture": ""})
    pairs = pairs_of(base, config, subject, {**stated, "architecture": ""})
    assert len(pairs.towers) == 1
    assert pairs.towers[0].subject.geometry.heads == pairs.towers[0].base.geometry.heads == 2


@pytest.mark.parametrize("name", ["CLIPModel", "ViTForImageClassification", "Wav2Vec2Model"])
def test_towers_compute_what_the_modules_compute(name: str) -> None:
    """Attention and MLP of every layer agree with the running model."""
    model, config = model_of(name)
    anatomy = anatomy_of_model(checkpoint_of(stored(model)), config)
    (tower,) = towers_of(anatomy, config)
    found = tower_checks(model, tower)
    assert found["attention"] == found["mlp"] == 2
    assert not any(kind.endswith(" no") for kind in found)


@pytest.mark.parametrize("name", ["CLIPModel", "SiglipModel", "BarkSemanticModel"])
def test_the_stack_of_text_computes_what_the_modules_compute(name: str) -> None:
    """The body is the stack of text, whatever stands beside it: its modules agree."""
    model, config = model_of(name)
    anatomy = anatomy_of_model(checkpoint_of(stored(model)), config)
    assert anatomy.geometry.layers == anatomy.geometry.heads == 2
    assert anatomy.get(Role.EMBED) is not None
    body = Tower(name="body", role=Role.DECODER, prefix="", anatomy=anatomy)
    found = tower_checks(model, body)
    assert found["attention"] == found["mlp"] == 2
    assert not any(kind.endswith(" no") for kind in found)


def test_a_decoder_that_attends_to_pictures_is_read_whole() -> None:
    """BLIP's text decoder norms behind the sum, as BERT does, cross-attention included."""
    model, config = model_of("BlipForConditionalGeneration")
    anatomy = anatomy_of_model(checkpoint_of(stored(model)), config)
    assert not anatomy.unknown
    cross = {Role.CROSS_Q, Role.CROSS_K, Role.CROSS_V, Role.CROSS_O, Role.NORM_CROSS_POST}
    assert {key[0] for key in anatomy.matrices} >= cross


def test_norms_of_wav2vec_stand_where_the_configuration_says() -> None:
    """Behind the sum, or in front of the block: the same names, told by the switch."""
    model, config = model_of("Wav2Vec2Model")
    anatomy = anatomy_of_model(checkpoint_of(stored(model)), config)
    behind, before = (
        towers_of(anatomy, {**config, "do_stable_layer_norm": stable})[0].anatomy
        for stable in (False, True)
    )
    assert {key[0] for key in behind.matrices} >= {Role.NORM_ATTN_POST, Role.NORM_MLP_POST}
    assert {key[0] for key in before.matrices} >= {Role.NORM_ATTN_IN, Role.NORM_MLP_IN}


def test_two_tensors_that_would_get_one_name_keep_their_own() -> None:
    """A file made to collide is left as it is."""
    shapes = {
        "decoder.blocks.0.cross_attn.query.weight": (8, 8),
        "decoder.layers.0.encoder_attn.q_proj.weight": (8, 8),
    }
    assert released_names(shapes) == {}


def test_a_vision_transformer_beside_text_is_not_alone() -> None:
    """Its layers at top level say nothing about those of a language model beside it."""
    alone = {"patch_embed.proj.weight": (8, 3, 4, 4), "blocks.0.attn.qkv.weight": (24, 8)}
    assert set(released_names(alone).values()) == {f"vision_model.{name}" for name in alone}
    assert released_names({**alone, "model.embed_tokens.weight": (20, 8)}) == {}
    assert released_names({**alone, "patch_embed.proj.weight": (8, 48)}) == {}


def test_a_configuration_is_never_overruled() -> None:
    """What a configuration states of heads stands."""
    shapes = {"decoder.blocks.0.cross_attn.query.weight": (128, 128)}
    assert release_config(shapes, {})["decoder_attention_heads"] == 2
    stated = {"encoder_attention_heads": 4, "decoder_attention_heads": 4}
    assert release_config(shapes, stated) == stated


def test_heads_of_published_widths() -> None:
    """Sixty-four rows a head, except at the four widths that say otherwise."""
    assert [vision_heads(w) for w in (192, 768, 1024, 1152, 1280, 1408, 1664)] == [
        *(3, 12, 16, 16, 16, 16, 16)
    ]  # fmt: skip
    assert vision_heads(100) == 0
