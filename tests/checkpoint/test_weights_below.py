"""Tests of which references name weights that lie in folders."""

from __future__ import annotations

import pytest

from hubcheck.checkpoint.weights_below import refuse_below
from hubcheck.errors import NoWeightsError, UnsupportedFormatError
from hubcheck.source.interface import Pin
from hubcheck.source.reference import parse_hub_reference

HUB = Pin(ref="acme/ck", revision="a" * 40, created="")
LOCAL = Pin(ref="out/", revision="local", created="")


@pytest.mark.parametrize(
    ("paths", "step"),
    [
        (["checkpoint-500/model.safetensors"],
         "name the model by its folder: acme/ck:checkpoint-500."),
        (["a/model.safetensors", "b/pytorch_model.bin"], "name one of them: acme/ck:a or acme/ck:b."),
        (["a/7b-Q8_0.gguf", "b/13b-Q4_0.gguf"], "name one of them: acme/ck:Q8_0 or acme/ck:Q4_0."),
        (["a/7b-Q8_0.gguf", "b/13b-Q8_0.gguf"], "name one of them: acme/ck:a or acme/ck:b."),
        ([f"c{n}/model.safetensors" for n in range(9)],
         "name one of them: acme/ck:c0, acme/ck:c1, acme/ck:c2 or acme/ck:c3."),
        (["a b/model.safetensors"], "name the folder that holds the weights."),
        (["x\u202ey/model.safetensors"], "name the folder that holds the weights."),
        (["$(id)/model.safetensors", "`id`/model.safetensors", "a;id/model.safetensors"],
         "name the folder that holds the weights."),
    ],
)  # fmt: skip
def test_the_references_are_ones(paths: list[str], step: str) -> None:
    """Each row: where weights lie, and what to write; every reference in it can be read back."""
    with pytest.raises(NoWeightsError) as caught:
        refuse_below(HUB, paths)
    assert caught.value.next_step == step
    for word in step.replace(",", " ").rstrip(".").split():
        if word.startswith("acme/"):
            parse_hub_reference(word)


def test_a_folder_here_is_a_path() -> None:
    """On this machine the advice is a path below the one that was typed."""
    with pytest.raises(NoWeightsError) as caught:
        refuse_below(LOCAL, ["checkpoint-500/model.safetensors"])
    assert "out/checkpoint-500." in caught.value.next_step


@pytest.mark.parametrize(
    "paths", [[], ["README.md"], ["model.safetensors", "a/model.safetensors"], ["a/config.json"]]
)
def test_other_models_are_not_refused_here(paths: list[str]) -> None:
    """Weights at top level, or none at all, are somebody else's matter."""
    refuse_below(HUB, paths)


@pytest.mark.parametrize("paths", [["onnx/model.onnx"], ["openvino/m.xml", "openvino/m.bin"]])
def test_nobody_is_sent_to_a_folder_that_cannot_be_read(paths: list[str]) -> None:
    """Where all weights below are of formats that are not read, the format is the reason."""
    with pytest.raises(UnsupportedFormatError) as caught:
        refuse_below(HUB, paths)
    assert paths[-1] in str(caught.value)
    assert caught.value.format_name in {"ONNX", "OpenVINO"}


def test_a_folder_that_can_be_read_is_named_beside_one_that_cannot() -> None:
    """ONNX beside safetensors: the advice stands."""
    with pytest.raises(NoWeightsError):
        refuse_below(HUB, ["onnx/model.onnx", "torch/model.safetensors"])
