"""Tests of a lone stack of layers behind a name of its own."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from hubcheck.anatomy.interface import Role
from hubcheck.anatomy.of_model import anatomy_of_model
from hubcheck.anatomy.read import anatomy_of
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from tests.check.components_made import clip_text
from tests.memory_source import MemorySource

CONFIG = {"model_type": "clip_text_model", "num_attention_heads": 4, "num_hidden_layers": 4}


def checkpoint(shapes: Mapping[str, tuple[int, ...]]) -> Checkpoint:
    """Return a checkpoint of these shapes; nothing is stored."""
    tensors = {
        name: TensorRecord(name=name, dtype="F32", shape=shape, path="f", start=0, stop=0)
        for name, shape in sorted(shapes.items())
    }
    return Checkpoint(source=MemorySource({}), tensors=tensors, metadata={}, format="safetensors")


@pytest.mark.parametrize("prefix", ["text_model.encoder.", "x.y.z.", "encoder."])
def test_layers_behind_a_name_are_read(prefix: str) -> None:
    """Whatever the name is; every matrix still lies in the tensor that is stored."""
    shapes = {n.replace("text_model.encoder.", prefix): s for n, s in clip_text(4).items()}
    stored = checkpoint(shapes)
    anatomy = anatomy_of_model(stored, CONFIG)
    assert (anatomy.geometry.layers, anatomy.geometry.heads) == (4, 4)
    assert anatomy.geometry.neurons == 256
    assert anatomy.checkpoint is stored
    assert {m.tensor for m in anatomy.matrices.values()} <= set(shapes)
    up = anatomy.get(Role.UP, 2)
    assert up is not None
    assert up.tensor == f"{prefix}layers.2.mlp.fc1.weight"
    named = {m.tensor for m in anatomy.matrices.values()} | set(anatomy.unknown)
    assert named | set(anatomy.others) == set(shapes)


@pytest.mark.parametrize(
    "more",
    [
        {"vision_model.encoder.layers.0.mlp.fc1.weight": (8, 8)},
        {"other.layers.0.mlp.fc1.weight": (8, 8), "other.layers.1.mlp.fc1.weight": (8, 8)},
        {"layers.0.mlp.fc1.weight": (256, 64)},
    ],
)
def test_several_stacks_are_left_to_the_rules(more: Mapping[str, tuple[int, ...]]) -> None:
    """A tower beside it, a second list of layers, a name that would be taken twice."""
    stored = checkpoint({**clip_text(4), **more})
    assert anatomy_of_model(stored, CONFIG) == anatomy_of(stored, CONFIG)


@pytest.mark.parametrize(
    ("config", "shapes"),
    [
        ({**CONFIG, "patch_size": 14}, clip_text(4)),  # a tower and nothing else
        (CONFIG, {f"x.encoder.layers.{n}.strange.weight": (4, 4) for n in range(4)}),
    ],
)
def test_what_is_not_read_here(
    config: Mapping[str, object], shapes: Mapping[str, tuple[int, ...]]
) -> None:
    """A vision tower alone is read as a tower, and layers that say nothing stay unknown."""
    stored = checkpoint(shapes)
    assert anatomy_of_model(stored, config) == anatomy_of(stored, config)


def test_what_the_rules_read_is_theirs() -> None:
    """A model whose layers are seen is read as it always was."""
    stored = checkpoint({n.removeprefix("text_model.encoder."): s for n, s in clip_text(4).items()})
    assert anatomy_of(stored, CONFIG).geometry.layers == 4
    assert anatomy_of_model(stored, CONFIG) == anatomy_of(stored, CONFIG)
