"""Does a diffusion model in one file meet the same model in folders?"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import save_file

from hubcheck.report.schema import Finding
from hubcheck.report.words import Verdict
from tests.anatomy.test_single_file_names import diffusers_shapes, material, shapes_in
from tests.evidence.laboratory import outcome_of, request

Arrays = dict[str, NDArray[np.float32]]
PARTS = {"unet": "unet", "vae": "AutoencoderKL"}
CLASSES = {"unet": "UNet2DConditionModel", "vae": "AutoencoderKL"}


def drawn(seed: int) -> Arrays:
    """Return the tensors of a UNet and a VAE by stored names."""
    random = np.random.default_rng(seed)
    return {
        name: (0.05 * random.standard_normal(shape)).astype(np.float32)
        for label in PARTS.values()
        for name, shape in shapes_in(label).items()
    }


def tuned(held: Arrays, seed: int) -> Arrays:
    """Return a fine-tune."""
    random = np.random.default_rng(seed)
    return {
        n: v + 0.001 * random.standard_normal(v.shape).astype(np.float32) for n, v in held.items()
    }


def as_file(held: Arrays, folder: Path) -> Path:
    """Write everything into one file, a running average beside it."""
    folder.mkdir()
    average = {"model_ema.decay": np.ones((2, 2), np.float32)}
    save_file(held | average, folder / "v1-5-pruned.safetensors")
    return folder


def as_folders(held: Arrays, folder: Path) -> Path:
    """Write a pipeline of diffusers, by the names and shapes that its own conversion gives."""
    index: dict[str, object] = {"_class_name": "StableDiffusionPipeline"}
    for name, label in PARTS.items():
        shapes = diffusers_shapes(label)
        tensors = {}
        for new, (stored, start, stop) in material()[label]["names"].items():
            rows = held[stored] if stop < 0 else held[stored][start:stop]
            tensors[new] = np.ascontiguousarray(rows.reshape(shapes[new]))
        (folder / name).mkdir(parents=True)
        save_file(tensors, folder / name / "diffusion_pytorch_model.safetensors")
        index[name] = ["diffusers", CLASSES[name]]
    (folder / "model_index.json").write_text(json.dumps(index))
    return folder


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of models: a base, a fine-tune and a stranger, each both ways."""
    root = tmp_path_factory.mktemp("single")
    base, other = drawn(1), drawn(2)
    for name, held in (("base", base), ("tuned", tuned(base, 3)), ("other", other)):
        as_file(held, root / f"{name}-file")
        as_folders(held, root / f"{name}-folders")
    return root


def found(root: Path, subject: str, base: str) -> Finding:
    """Return what a check says of one base."""
    (one,) = outcome_of(request(root / subject, [root / base], (), seed=3)).report.findings
    return one


@pytest.mark.parametrize(
    ("subject", "base"),
    [("tuned-file", "base-folders"), ("tuned-folders", "base-file"), ("tuned-file", "base-file")],
)
def test_a_fine_tune_is_found_whichever_way_either_lies(
    models: Path, subject: str, base: str
) -> None:
    """Every component is related, and nothing is said of less than both models hold."""
    finding = found(models, subject, base)
    assert finding.verdict is Verdict.RELATED
    seen = {part.name: part.verdict for part in finding.parts}
    assert seen == {"unet": Verdict.RELATED, "vae": Verdict.RELATED}


def test_the_same_values_both_ways_are_equal(models: Path) -> None:
    """One file and folders of one model: every tensor that both hold is equal to the bit."""
    finding = found(models, "base-file", "base-folders")
    assert finding.verdict is Verdict.RELATED
    assert {part.verdict for part in finding.parts} <= {Verdict.RELATED, Verdict.IDENTICAL}


@pytest.mark.parametrize("base", ["base-folders", "base-file"])
def test_a_stranger_in_one_file_is_no_relative(models: Path, base: str) -> None:
    """Names in common are no evidence: nothing of a stranger is related."""
    finding = found(models, "other-file", base)
    assert finding.verdict in {Verdict.UNRELATED, Verdict.INCONCLUSIVE}
    assert Verdict.RELATED not in {part.verdict for part in finding.parts}


def test_one_folder_of_a_pipeline_is_a_part_of_the_file(models: Path) -> None:
    """A UNet alone is all that one of the two holds, and that is what is said."""
    finding = found(models, "tuned-file", "base-folders/unet")
    assert finding.verdict is Verdict.RELATED
    assert {part.name for part in finding.parts if part.verdict is Verdict.RELATED} == {"unet"}
