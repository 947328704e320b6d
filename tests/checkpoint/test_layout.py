"""Tests of where in a repository its weights lie."""

from __future__ import annotations

import json

import pytest

from hubcheck.card.wording import sentence
from hubcheck.checkpoint.layout import MOST_COMPONENTS, Layout, LayoutKind, layout_of
from tests.memory_source import MemorySource

W = b"w"
SD = {
    "_class_name": "StableDiffusionPipeline",
    "_diffusers_version": "0.30.0",
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "scheduler": ["diffusers", "DDIMScheduler"],
    "safety_checker": [None, None],
}
UNET = "unet/diffusion_pytorch_model.safetensors"
VAE = "vae/diffusion_pytorch_model.safetensors"
TEXT = "text_encoder/model.safetensors"


def laid_out(*paths: str, **documents: object) -> Layout:
    """Return the layout of a repository of these files; documents are named without their dot."""
    files = {path: W * (n + 1) for n, path in enumerate(paths)}
    files |= {f"{name}.json": json.dumps(value).encode() for name, value in documents.items()}
    return layout_of(MemorySource(files))


def modules(*paths: object) -> list[object]:
    """Return a ``modules.json`` that names these paths."""
    return [{"idx": n, "name": str(n), "path": path, "type": "x"} for n, path in enumerate(paths)]


NOTHING: dict[str, object] = {}
TABLE: dict[str, tuple[list[str], dict[str, object], LayoutKind, list[str]]] = {
    "top level": (["model.safetensors"], NOTHING, LayoutKind.PLAIN, []),
    "nothing": (["README.md"], NOTHING, LayoutKind.PLAIN, []),
    "a pipeline": (
        [UNET, VAE, TEXT, "tokenizer/vocab.json", "scheduler/scheduler_config.json"],
        {"model_index": SD}, LayoutKind.PIPELINE, ["unet", "vae", "text_encoder"]),
    "a pipeline with a single-file checkpoint beside it": (
        [UNET, VAE, "v1-5-pruned.safetensors"],
        {"model_index": SD}, LayoutKind.PIPELINE, ["unet", "vae"]),
    "an index of folders that hold no weights": (
        ["model.safetensors", "unet/config.json"], {"model_index": SD}, LayoutKind.PLAIN, []),
    "a pipeline without its index": (
        [UNET, VAE, "text_encoder_2/model.safetensors"], NOTHING,
        LayoutKind.PIPELINE, ["text_encoder_2", "unet", "vae"]),
    "one usual folder is no pipeline": ([UNET], NOTHING, LayoutKind.PLAIN, []),
    "a module in a folder": (
        ["0_Transformer/model.safetensors", "1_Pooling/config.json", "2_Dense/model.safetensors"],
        {"modules": modules("0_Transformer", "1_Pooling", "2_Dense")},
        LayoutKind.MODULES, ["2_Dense"]),
    "a module at top level": (
        ["model.safetensors", "2_Dense/pytorch_model.bin"],
        {"modules": modules("", "1_Pooling", "2_Dense")}, LayoutKind.MODULES, ["2_Dense"]),
    "a stray model beside modules in folders": (
        ["model.safetensors", "0_Transformer/model.safetensors"],
        {"modules": modules("0_Transformer", "1_Pooling")}, LayoutKind.MODULES, []),
    "modules without weights of their own": (
        ["model.safetensors", "1_Pooling/config.json", "onnx/model.onnx"],
        {"modules": modules("", "1_Pooling")}, LayoutKind.PLAIN, []),
    "numbered folders without a list": (
        ["10_Dense/model.safetensors", "0_BERT/pytorch_model.bin"], NOTHING,
        LayoutKind.MODULES, ["10_Dense"]),
    "quantisations in folders": (
        ["Q4_0/m-Q4_0.gguf", "Q8_0/m-Q8_0.gguf", "mmproj.gguf"], NOTHING,
        LayoutKind.QUANTISATION, []),
    "quantisations of two models": (
        ["a/7b-Q8_0.gguf", "b/13b-Q8_0.gguf"], NOTHING, LayoutKind.PLAIN, []),
    "a quantisation beside other weights": (
        ["q/m-Q8_0.gguf", "full/model.safetensors"], NOTHING, LayoutKind.PLAIN, []),
    "a checkpoint folder": (["checkpoint-500/model.safetensors"], NOTHING, LayoutKind.PLAIN, []),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_a_layout_by_its_files(case: str) -> None:
    """Each row: files, lists of components, and what they are together."""
    paths, documents, kind, components = TABLE[case]
    found = laid_out(*paths, **documents)
    assert (found.kind, [one.name for one in found.components]) == (kind, components)


def test_a_component_has_its_files_and_a_text_encoder_its_tokenizer() -> None:
    """Variants and folders below are left out; the tokenizer of the same number comes along."""
    found = laid_out(
        UNET, "unet/diffusion_pytorch_model.fp16.safetensors", "unet/old/model.safetensors",
        "text_encoder_2/model.safetensors", "tokenizer/vocab.json", "tokenizer_2/vocab.json",
    )  # fmt: skip
    shown = {one.name: dict(one.shown) for one in found.components}
    assert shown["unet"] == {"diffusion_pytorch_model.safetensors": UNET}
    assert shown["text_encoder_2"] == {
        "model.safetensors": "text_encoder_2/model.safetensors",
        "vocab.json": "tokenizer_2/vocab.json",
    }


def test_the_body_of_modules_is_the_first_with_weights() -> None:
    """Its files are read as if they lay at top level."""
    found = laid_out("0_T/model.safetensors", "0_T/config.json", "2_Dense/model.safetensors",
                     modules=modules("0_T", "2_Dense"))  # fmt: skip
    assert found.body == {
        "config.json": "0_T/config.json", "model.safetensors": "0_T/model.safetensors",
    }  # fmt: skip


def test_the_largest_quantisation_is_read_with_the_tower_at_top_level() -> None:
    """A note says which it was, and by which references the others are read."""
    found = laid_out("README.md", "mmproj.gguf", "Q4_0/m-Q4_0.gguf", "Q8_0/m-Q8_0.gguf")
    assert found.body == {
        "README.md": "README.md", "mmproj.gguf": "mmproj.gguf", "m-Q8_0.gguf": "Q8_0/m-Q8_0.gguf",
    }  # fmt: skip
    note = sentence(found.notes)
    assert "the largest of 2 quantisations" in note
    assert "org/model:Q4_0 or org/model:Q8_0" in note


@pytest.mark.parametrize(
    "path",
    ["../x", "/etc", "a/../b", "x/./y", "", "x\\y", ".hidden", "a" * 65, "é", "a b", "not-listed",
     None, 7, ["x"]],
)  # fmt: skip
def test_a_name_that_is_no_listed_folder_is_no_component(path: object) -> None:
    """Names come from a stranger's file: nothing but a plain name of a listed folder counts."""
    weights = ["x/model.safetensors", "b/model.safetensors"]
    assert not laid_out(*weights, modules=modules(path)).components
    key = path if isinstance(path, str) else repr(path)
    assert not laid_out(*weights, model_index={key: ["diffusers", "Thing"]}).components


@pytest.mark.parametrize("raw", [b"", b"[", b"{}", b"7", b"[" * 100_000, b"\xff\xfe", b"[[1]]"])
def test_a_list_that_cannot_be_used_is_passed_over(raw: bytes) -> None:
    """A broken list hides nothing: names of folders decide, as without it."""
    for name in ("modules.json", "model_index.json"):
        found = layout_of(MemorySource({name: raw, UNET: W, VAE: W}))
        assert [one.name for one in found.components] == ["unet", "vae"]


def test_components_are_capped() -> None:
    """Beyond the cap they are left unread, and a note says how many."""
    names = [f"part_{n}" for n in range(MOST_COMPONENTS + 3)]
    found = laid_out(
        *(f"{n}/model.safetensors" for n in names), model_index={n: ["x", "Y"] for n in names}
    )
    assert len(found.components) == MOST_COMPONENTS
    assert sentence(found.notes).startswith("3 components beyond the first")
