"""Do the channels of a mixer lie where the running model has them?

The oracle knows no layout: with all columns of the output but one set to zero, the gradient of the
output reaches the rows of that one channel most.
"""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
import torch

from hubcheck.anatomy.interface import Matrix, Mixer, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.units import blocks_of_matrix, matrix_from_rows
from hubcheck.checkpoint.interface import Storage
from tests.anatomy.tiny import checkpoint_of, shapes_of
from tests.evidence.hybrids import HYBRIDS, published, torch_model

pytestmark = pytest.mark.slow

KINDS: dict[str, tuple[Role, int, bool]] = {
    "Qwen3-Next": (Role.DELTA, 4, True), "Qwen3.5": (Role.DELTA, 4, True),
    "Jamba": (Role.SSM, 1, False), "Falcon-H1": (Role.SSM, 4, False),
    "Nemotron-H": (Role.SSM, 4, False), "Zamba2": (Role.SSM, 4, False),
    "Granite-4-H": (Role.SSM, 4, False), "Bamba": (Role.SSM, 4, False),
    "Kimi-Linear": (Role.DELTA, 4, True), "LFM2": (Role.CONV, 1, False),
    "RecurrentGemma": (Role.SSM, 4, False), "Mamba": (Role.SSM, 1, False),
    "Mamba-2": (Role.SSM, 4, False),
}  # fmt: skip


def mixers(name: str) -> dict[int, Mixer]:
    """Return the mixers of a hybrid."""
    tensors, config = published(name, 1)
    return dict(anatomy_of(checkpoint_of(tensors), config).mixers)


@pytest.mark.parametrize("name", HYBRIDS)
def test_every_hybrid_is_mapped_and_its_mixers_are_found(name: str) -> None:
    """All parameters have a role, and each mixer its kind, heads and shared order."""
    tensors, config = published(name, 1)
    anatomy = anatomy_of(checkpoint_of(tensors), config)
    assert anatomy.mapped_share == 1.0
    assert anatomy.mixers
    for mixer in anatomy.mixers.values():
        assert (mixer.values.role, mixer.heads, mixer.joint) == KINDS[name]
        assert mixer.out.n_in == mixer.values.n_out
        assert mixer.gate is None or mixer.gate.n_out == mixer.values.n_out


def parameter(model: Any, tensor: str) -> torch.nn.Parameter:
    """Return the parameter of the running model behind a published tensor."""
    inside = tensor.split(".layers.", 1)[1]
    named: dict[str, torch.nn.Parameter] = dict(model.named_parameters())
    return next(p for n, p in named.items() if n.endswith(f"layers.{inside}"))


def canonical(matrix: Matrix, stored: torch.Tensor) -> np.ndarray[Any, Any]:
    """Return a gradient in the order of a canonical matrix."""
    rows = stored.reshape(-1, stored.shape[-1]).numpy()
    return matrix_from_rows(matrix, [rows[b.start : b.stop] for b in blocks_of_matrix(matrix)])


@pytest.mark.parametrize("name", HYBRIDS)
def test_rows_in_and_columns_out_are_those_of_one_channel(name: str) -> None:
    """The rows of values and gate that a column of the output answers to are its channel's own."""
    model = copy.deepcopy(torch_model(name, 1))
    layer, mixer = next(iter(mixers(name).items()))
    out = parameter(model, mixer.out.tensor)
    kept = out.detach().clone()
    with (
        torch.no_grad()
    ):  # Mamba's step and keys are made of all channels: without them, none mixes
        for inner in (p for n, p in model.named_parameters() if n.endswith("x_proj.weight")):
            inner.zero_()
    ours = [m for m in (mixer.values, mixer.gate) if m is not None]
    for channel in np.random.default_rng(3).integers(0, mixer.out.n_in, 3).tolist():
        model.zero_grad()
        with torch.no_grad():
            out.zero_()
            out[:, channel] = kept[:, channel]
        (logits,) = model(input_ids=torch.tensor([[5, 9, 17, 3]]), use_cache=False).to_tuple()[:1]
        (logits[0, -1] * torch.linspace(1, 2, logits.shape[-1])).sum().backward()
        with torch.no_grad():
            out.copy_(kept)
        for matrix in ours:
            gradient = parameter(model, matrix.tensor).grad
            assert gradient is not None
            lengths = np.linalg.norm(canonical(matrix, gradient), axis=1)
            assert int(lengths.argmax()) == channel, (layer, matrix.segments)


@pytest.mark.parametrize("name", ["Bamba", "Qwen3-Next", "Qwen3.5", "Jamba", "LFM2"])
def test_a_shape_that_does_not_fit_gives_no_mixer(name: str) -> None:
    """One output too many in the projection leaves the layer without channels, never a guess."""
    tensors, config = published(name, 1)
    shapes = {n: t.shape for n, t in tensors.items()}
    layer = next(iter(mixers(name)))
    for tensor in {m.tensor for m in (mixers(name)[layer].values,)}:
        shapes[tensor] = (shapes[tensor][0] + 1, shapes[tensor][1])
    assert layer not in anatomy_of(shapes_of(shapes), config).mixers


def test_lying_key_heads_give_no_mixer() -> None:
    """A number of key heads that does not divide the projection is not believed."""
    tensors, config = published("Qwen3-Next", 1)
    for lie in (0, 3, -1, 10**9, "2"):
        fooled = anatomy_of(checkpoint_of(tensors), {**config, "linear_num_key_heads": lie})
        assert not fooled.mixers
        assert fooled.mapped_share == 1.0


def test_a_mixer_stored_by_input_is_turned() -> None:
    """GPTQ lays a projection out by input; its channels are then columns."""
    tensors, config = published("Bamba", 1)
    plain = anatomy_of(checkpoint_of(tensors), config)
    checkpoint = plain.checkpoint
    records = dict(checkpoint.tensors)
    for name, record in records.items():
        if name.endswith(("mamba.in_proj.weight", "mamba.out_proj.weight")):
            turned = replace(record, shape=record.shape[::-1], storage=cast("Storage", ByInput()))
            records[name] = turned
    found = anatomy_of(replace(checkpoint, tensors=records), config)
    assert found.mixers.keys() == plain.mixers.keys()
    for layer, mixer in found.mixers.items():
        assert mixer.values.transposed
        assert mixer.values.segments == plain.mixers[layer].values.segments
        assert (mixer.out.n_out, mixer.out.n_in) == (64, 128)


class ByInput:
    """A storage that is only asked how it lies."""

    name = "by input"
    by_input = True
