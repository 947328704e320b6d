"""Is a diffusion model in one file read as the folders of the same model?

What diffusers' own conversion makes of each name, by values, lies in the material that
``benchmarks/axes/single_file.py`` writes.
"""

from __future__ import annotations

import gzip
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from hubcheck.anatomy.interface import Way
from hubcheck.anatomy.of_model import anatomy_of_model, several_in_one_file
from hubcheck.anatomy.single_file_names import SWAPPED, Rows, one_file
from hubcheck.checkpoint.opening import open_checkpoint
from tests.anatomy.tiny import shapes_of
from tests.memory_source import MemorySource

MATERIAL = Path(__file__).parents[1] / "material" / "single_file_names.json.gz"
MODELS = ("unet", "sdxl", "ControlNetModel", "FluxTransformer2DModel", "AutoencoderKL")
CLASSES = {"unet": "UNet2DConditionModel", "sdxl": "UNet2DConditionModel"}


@lru_cache(maxsize=1)
def material() -> dict[str, Any]:
    """Return what diffusers said."""
    found: dict[str, Any] = json.loads(gzip.decompress(MATERIAL.read_bytes()))
    return found


def shapes_in(label: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a file by stored names."""
    return {n: tuple(s) for n, s in material()[label]["shapes"].items()}


def diffusers_shapes(label: str) -> dict[str, tuple[int, ...]]:
    """Return the shapes under diffusers' names."""
    held = shapes_in(label)
    found = {}
    for name, told in material()[label]["names"].items():
        if told is None:  # rows in another order: the same size under another name
            found[name] = held[f"final_layer.adaLN_modulation.1.{name.rpartition('.')[2]}"]
            continue
        stored, start, stop = told
        shape = held[stored]
        shape = shape if stop < 0 else (stop - start, *shape[1:])
        of_one = shape[2:] == (1, 1) and ".attentions." in name and label == "AutoencoderKL"
        found[name] = shape[:2] if of_one else shape
    return found


@pytest.mark.parametrize("label", MODELS)
def test_every_name_is_what_diffusers_converts_it_to(label: str) -> None:
    """Each tensor of diffusers' model is the same rows of the same stored tensor."""
    found = one_file(shapes_in(label))
    assert found is not None
    told = {n: Rows(*t) for n, t in material()[label]["names"].items() if t is not None}
    assert dict(found.body) == told
    missing = {n for n in material()[label]["names"] if n not in told and n.endswith(".weight")}
    assert missing == found.absent == ({SWAPPED} if label.startswith("Flux") else set())


@pytest.mark.parametrize("label", MODELS)
def test_a_file_meets_the_folder(label: str) -> None:
    """Both are read by the axes of one class, and every matrix stands in the same place."""
    file = anatomy_of_model(shapes_of(shapes_in(label)), {})
    folder = anatomy_of_model(shapes_of(diffusers_shapes(label)), {})
    assert file.way is folder.way is Way.CERTIFIED
    assert file.known_as == folder.known_as
    assert file.known_as.startswith(CLASSES.get(label, label))
    both = {k: (m.tensor, m.n_out, m.n_in, m.segments) for k, m in file.matrices.items()}
    theirs = {k: (m.tensor, m.n_out, m.n_in, m.segments) for k, m in folder.matrices.items()}
    assert both == {k: v for k, v in theirs.items() if v[0] != SWAPPED}
    assert file.axes == folder.axes


def test_text_encoder_and_autoencoder_in_the_file_are_parts_beside_the_body() -> None:
    """The rules do not take the text encoder in the file for the model; averages are no part."""
    text = "cond_stage_model.transformer.text_model.encoder.layers.0"
    average = "model_ema.diffusion_modelinput_blocks00weight"
    beside = {
        f"{text}.mlp.fc1.weight": (256, 64),
        f"{text}.mlp.fc2.weight": (64, 256),
        average: (32, 4, 3, 3),
    }
    shapes = shapes_in("unet") | shapes_in("AutoencoderKL") | beside
    found = several_in_one_file(shapes_of(shapes))
    assert found is not None
    parts, body = found
    assert (parts.name, set(parts.beside), set(parts.left)) == (
        "unet",
        {"vae", "text_encoder"},
        {average},
    )
    alone = anatomy_of_model(shapes_of(shapes_in("unet")), {})
    assert body.matrices == alone.matrices
    vae = anatomy_of_model(parts.beside["vae"], {})
    assert vae.known_as.startswith("AutoencoderKL")
    assert "text_encoder.text_model.encoder.layers.0.mlp.fc1.weight" in parts.whole.tensors
    assert several_in_one_file(shapes_of(shapes_in("unet"))) is None


def test_rows_of_a_fused_matrix_are_read_where_they_lie() -> None:
    """The values of each of the matrices in one are its own rows, to the bit."""
    random = np.random.default_rng(5)
    shapes = shapes_in("FluxTransformer2DModel")
    tensors = {n: random.standard_normal(s).astype(np.float32) for n, s in shapes.items()}
    raw = save(tensors)
    source = MemorySource({"flux.safetensors": raw})
    anatomy = anatomy_of_model(open_checkpoint(source, {}), {})
    for name, told in material()["FluxTransformer2DModel"]["names"].items():
        if told is None:
            continue
        stored, start, stop = told
        record = anatomy.checkpoint.tensors[name]
        whole = tensors[stored]
        wanted = whole if stop < 0 else whole[start:stop]
        assert np.array_equal(
            np.frombuffer(raw[record.start : record.stop], np.float32).reshape(record.shape), wanted
        )


def test_names_of_another_model_are_left_alone() -> None:
    """One name in common makes no release: without the class's axes the usual ways read it."""
    shapes = {"input_blocks.0.0.weight": (32, 4, 3, 3), "linear.weight": (64, 64)}
    assert not anatomy_of_model(shapes_of(shapes), {}).known_as
    assert one_file({"linear.weight": (64, 64)}) is None
