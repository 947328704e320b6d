"""Tests of which weight files of a folder are variants of others."""

from __future__ import annotations

import pytest

from hubcheck.checkpoint.variants import several_sets, variants_in

UNET = "diffusion_pytorch_model"
CASES = {
    "the full one wins over fp16": (
        [f"{UNET}.safetensors", f"{UNET}.fp16.safetensors"], [f"{UNET}.fp16.safetensors"]),
    "of several variants too": (
        [f"{UNET}.safetensors", f"{UNET}.fp16.safetensors", f"{UNET}.non_ema.safetensors"],
        [f"{UNET}.fp16.safetensors", f"{UNET}.non_ema.safetensors"]),
    "a lone variant is read": ([f"{UNET}.fp16.safetensors"], []),
    "also at top level, by transformers' name": (
        ["model.safetensors", "model.fp16.safetensors"], ["model.fp16.safetensors"]),
    "shards of a variant": (
        ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors",
         "model.fp16-00001-of-00001.safetensors"],
        ["model.fp16-00001-of-00001.safetensors"]),
    "a full pickle wins over a half-precision safetensors": (
        ["pytorch_model.bin", "model.fp16.safetensors", "pytorch_model.fp16.bin"],
        ["model.fp16.safetensors", "pytorch_model.fp16.bin"]),
    "other files beside diffusers' name": (
        [f"{UNET}.safetensors", "unet_fp8.safetensors"], ["unet_fp8.safetensors"]),
    "an index makes the shards the model": (
        [f"{UNET}.safetensors", f"{UNET}-00001-of-00002.safetensors",
         f"{UNET}-00002-of-00002.safetensors", f"{UNET}.safetensors.index.json"],
        [f"{UNET}.safetensors"]),
    "without one the single file is": (
        [f"{UNET}.safetensors", f"{UNET}-00001-of-00002.safetensors"],
        [f"{UNET}-00001-of-00002.safetensors"]),
    "names with dots are no variants": (["qwen2.5.safetensors", "qwen2.safetensor.txt"], []),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_what_a_loader_passes_over(case: str) -> None:
    """Each row: the files of a folder, and those that are left unread."""
    names, passed_over = CASES[case]
    assert sorted(variants_in(names)) == sorted(passed_over)
    assert sorted(variants_in(reversed(names))) == sorted(passed_over)


@pytest.mark.parametrize(
    ("names", "several"),
    [
        (["a.safetensors", "b.safetensors"], True),
        (["a.safetensors", "model.safetensors"], False),
        ([f"{UNET}.safetensors", "b.safetensors"], False),
        (["a-00001-of-00002.safetensors", "a-00002-of-00002.safetensors"], False),
        (["a.bin", "b.bin"], False),
    ],
)
def test_a_folder_of_several_sets(names: list[str], *, several: bool) -> None:
    """No loader knows which to read; missing shards are another matter."""
    assert several_sets(names) is several
