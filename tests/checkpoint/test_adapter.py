"""Is an adapter described by what it changes, and never taken for evidence?"""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from hubcheck.anatomy.adapter_fit import adapter_fit
from hubcheck.card.wording import words as said
from hubcheck.checkpoint.adapter import ADAPTER_FILE, TORCH_FILE, read_adapter
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.other_formats import LORA_ADAPTER, PEFT_ADAPTER, TEXTUAL_INVERSION
from hubcheck.errors import UnsupportedFormatError
from tests.anatomy.tiny import shapes_of
from tests.memory_source import MemorySource

WRAPPER = "base_model.model."
Q = "model.layers.0.self_attn.q_proj"
SHAPES: dict[str, tuple[int, ...]] = {
    f"{WRAPPER}{Q}.lora_A.weight": (4, 32),
    f"{WRAPPER}{Q}.lora_B.weight": (48, 4),
    f"{WRAPPER}model.layers.0.mlp.down_proj.lora_A.weight": (8, 64),
    f"{WRAPPER}model.layers.0.mlp.down_proj.lora_B.weight": (32, 8),
    f"{WRAPPER}model.embed_tokens.lora_embedding_A": (4, 100),
    f"{WRAPPER}model.embed_tokens.lora_embedding_B": (32, 4),
    f"{WRAPPER}lm_head.weight": (100, 32),
    f"{WRAPPER}{Q}.lora_magnitude_vector": (48,),
    f"{WRAPPER}model.layers.1.mlp.up_proj.lora_A.weight": (4, 32),
    f"{WRAPPER}model.layers.2.self_attn.v_proj.hada_w1_a": (8, 4),
}


def file_of(shapes: Mapping[str, tuple[int, ...]], name: str) -> MemorySource:
    """Return a repository of one file."""
    return MemorySource({name: save({n: np.zeros(s, np.float32) for n, s in shapes.items()})})


def source_of(shapes: Mapping[str, tuple[int, ...]]) -> MemorySource:
    """Return a repository that holds an adapter."""
    return file_of(shapes, ADAPTER_FILE)


def test_modules_ranks_and_copies_are_told_apart() -> None:
    """Updates have the shape of their module, copies theirs; the rest is listed, not understood."""
    adapter = read_adapter(source_of(SHAPES))
    assert adapter.modules == {
        Q: (48, 32),
        "model.embed_tokens": (100, 32),
        "model.layers.0.mlp.down_proj": (32, 64),
    }
    assert adapter.ranks == (4, 8)
    assert adapter.copies == {"lm_head.weight": (100, 32)}
    assert len(adapter.others) == 3


def test_a_pytorch_adapter_says_the_same() -> None:
    """``adapter_model.bin`` is walked without being run, and described like the other file."""
    buffer = io.BytesIO()
    torch.save({name: torch.zeros(shape) for name, shape in SHAPES.items()}, buffer)
    source = MemorySource({TORCH_FILE: buffer.getvalue()})
    assert read_adapter(source) == read_adapter(source_of(SHAPES))
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(source, {})
    assert caught.value.format_name == PEFT_ADAPTER


def test_factors_that_do_not_fit_are_no_module() -> None:
    """A and B of different rank make no update."""
    shapes = {f"{WRAPPER}{Q}.lora_A.weight": (4, 32), f"{WRAPPER}{Q}.lora_B.weight": (48, 5)}
    adapter = read_adapter(source_of(shapes))
    assert adapter.modules == {}
    assert len(adapter.others) == 2


def test_the_fit_counts_names_and_shapes() -> None:
    """A base of other shapes fits less, a Conv1D base fits turned, and the words claim nothing."""
    adapter = read_adapter(source_of(SHAPES))
    base = {
        f"{Q}.weight": (32, 48),
        "model.embed_tokens.weight": (101, 32),
    }
    fit = adapter_fit(adapter, shapes_of(base))
    assert (fit.modules, fit.fitting) == (3, 1)
    assert fit.other_shape == ("model.embed_tokens",)
    assert fit.missing == ("model.layers.0.mlp.down_proj",)
    expected = (
        "1 of its 3 modules fit the base by name and shape, as they would fit any model of this"
        " family"
    )
    assert said(fit.said) == expected


BLOCK = "down_blocks.0.attentions.0.transformer_blocks.0.attn1"
UNET: dict[str, tuple[int, ...]] = {
    f"{BLOCK}.to_q.weight": (64, 48),
    f"{BLOCK}.to_out.0.weight": (48, 64),
    "down_blocks.0.resnets.0.conv1.weight": (48, 32, 3, 3),
}
FLAT = BLOCK.replace(".", "_")
DIFFUSION: dict[str, dict[str, tuple[int, ...]]] = {
    "kohya": {
        f"lora_unet_{FLAT}_to_q.lora_down.weight": (4, 48),
        f"lora_unet_{FLAT}_to_q.lora_up.weight": (64, 4),
        f"lora_unet_{FLAT}_to_q.alpha": (),
        "lora_unet_down_blocks_0_resnets_0_conv1.lora_down.weight": (4, 32, 3, 3),
        "lora_unet_down_blocks_0_resnets_0_conv1.lora_up.weight": (48, 4, 1, 1),
        "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_down.weight": (4, 48),
        "lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight": (64, 4),
    },
    "diffusers with PEFT": {
        f"unet.{BLOCK}.to_q.lora_A.weight": (4, 48),
        f"unet.{BLOCK}.to_q.lora_B.weight": (64, 4),
        f"unet.{BLOCK}.to_out.0.lora_A.weight": (4, 64),
        f"unet.{BLOCK}.to_out.0.lora_B.weight": (48, 4),
        "text_encoder.text_model.encoder.layers.0.mlp.fc1.lora_A.weight": (4, 48),
        "text_encoder.text_model.encoder.layers.0.mlp.fc1.lora_B.weight": (64, 4),
    },
    "diffusers before PEFT": {
        f"unet.{BLOCK}.to_q.lora.down.weight": (4, 48),
        f"unet.{BLOCK}.to_q.lora.up.weight": (64, 4),
        f"unet.{BLOCK}.to_out.0.lora_linear_layer.down.weight": (4, 64),
        f"unet.{BLOCK}.to_out.0.lora_linear_layer.up.weight": (48, 4),
        "unet.mid_block.attentions.0.proj.lora.down.weight": (4, 48),
        "unet.mid_block.attentions.0.proj.lora.up.weight": (64, 4),
    },
    "diffusers at first": {
        f"{BLOCK}.processor.to_q_lora.down.weight": (4, 48),
        f"{BLOCK}.processor.to_q_lora.up.weight": (64, 4),
        f"{BLOCK}.processor.to_out_lora.down.weight": (4, 64),
        f"{BLOCK}.processor.to_out_lora.up.weight": (48, 4),
        "mid_block.attentions.0.processor.to_q_lora.down.weight": (4, 48),
        "mid_block.attentions.0.processor.to_q_lora.up.weight": (64, 4),
    },
}


@pytest.mark.parametrize("front", ["", "unet.", "model.diffusion_model."])
@pytest.mark.parametrize("writer", DIFFUSION)
def test_an_update_of_a_pipeline_fits_by_the_names_of_each_writer(writer: str, front: str) -> None:
    """Two of three modules fit whichever program named them; a UNet of other widths has none."""
    source = file_of(DIFFUSION[writer], "style.safetensors")
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(source, {})
    assert caught.value.format_name == LORA_ADAPTER
    adapter = read_adapter(source)
    assert not adapter.copies
    assert not adapter.others
    fit = adapter_fit(adapter, shapes_of({f"{front}{n}": s for n, s in UNET.items()}))
    assert (fit.modules, fit.fitting, len(fit.missing)) == (3, 2, 1)
    wider = {f"{front}{n}": (2 * s[0], *s[1:]) for n, s in UNET.items()}
    other = adapter_fit(adapter, shapes_of(wider))
    assert (other.fitting, len(other.other_shape)) == (0, 2)


def test_factors_of_mlx_lie_by_input() -> None:
    """``lora_a`` [in, r] and ``lora_b`` [r, out]."""
    shapes = {f"{Q}.lora_a": (32, 4), f"{Q}.lora_b": (4, 48)}
    adapter = read_adapter(file_of(shapes, "adapters.safetensors"))
    assert (adapter.modules, adapter.ranks) == ({Q: (48, 32)}, (4,))


@pytest.mark.parametrize(
    "held",
    [{"emb_params": (3, 768)}, {"<cat>": (768,)}, {"clip_l": (2, 768), "clip_g": (2, 1280)}],
)
def test_a_textual_inversion_is_named_and_never_tested(held: dict[str, tuple[int, ...]]) -> None:
    """Vectors for words are no model; that a text encoder has their width claims nothing."""
    source = file_of(held, "style.safetensors")
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(source, {})
    assert caught.value.format_name == TEXTUAL_INVERSION
    adapter = read_adapter(source)
    words = "text_model.embeddings.token_embedding.weight"
    fit = adapter_fit(adapter, shapes_of({words: (100, 768)}))
    assert fit.widths_fit
    assert said(fit.said).endswith("as many models have")
    assert adapter_fit(adapter, shapes_of({words: (100, 512)})).widths_fit is False
    assert adapter_fit(adapter, shapes_of(UNET)).widths_fit is None


def test_a_pytorch_textual_inversion_is_named() -> None:
    """AUTOMATIC1111's file keeps its vectors under ``string_to_param``."""
    buffer = io.BytesIO()
    vectors = torch.nn.Parameter(torch.zeros(3, 768))
    torch.save({"string_to_token": {"*": 265}, "string_to_param": {"*": vectors}}, buffer)
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(MemorySource({"cat.pt": buffer.getvalue()}), {})
    assert caught.value.format_name == TEXTUAL_INVERSION


def test_a_model_of_one_small_matrix_is_no_textual_inversion() -> None:
    """Names and shapes decide together: a table of many rows, or another name, is a model."""
    for shapes in ({"emb_params": (4000, 768)}, {"weight": (3, 768)}):
        assert open_checkpoint(file_of(shapes, "model.safetensors"), {}).tensors


def test_an_adapter_is_not_tested() -> None:
    """The reason of the refusal says why no verdict can follow."""
    with pytest.raises(UnsupportedFormatError) as caught:
        open_checkpoint(source_of(SHAPES), {})
    assert caught.value.format_name == PEFT_ADAPTER
