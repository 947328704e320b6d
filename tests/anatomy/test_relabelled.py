"""Do roles name the axes whose order is free: is a relabelled running model the same function?

For families whose attention no oracle repeats: XLNet's two streams of relative positions, Funnel's
shorter and shorter sequences, and ProphetNet's n-grams. Neurons are relabelled in up and down, V/O dimensions inside each head in v
and o, as the roles say; a wrong role changes what the model computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
import transformers

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.stacks import stacks_in
from tests.anatomy.stack_oracle import stacks_of_model
from tests.anatomy.tiny import shapes_of

PAIRS = (
    (Role.UP, Role.DOWN),
    (Role.V, Role.O),
    (Role.CROSS_V, Role.CROSS_O),
)
"""What writes units and what reads them."""
Made = tuple[torch.nn.Module, list[Anatomy]]


def xlnet() -> Made:
    """Return a tiny XLNet and its anatomy."""
    model = transformers.XLNetLMHeadModel(
        transformers.XLNetConfig(vocab_size=61, d_model=32, n_head=4, n_layer=2, d_inner=48)
    )
    config = model.config.to_dict()
    shapes = {name: tuple(values.shape) for name, values in model.state_dict().items()}
    return model, [anatomy_of(shapes_of(shapes), config)]


def funnel() -> Made:
    """Return a tiny Funnel of a block of one layer and a layer behind it, and its anatomy."""
    model = transformers.FunnelForMaskedLM(
        transformers.FunnelConfig(
            vocab_size=61, d_model=32, n_head=4, d_head=8, d_inner=48, block_sizes=[1, 1],
            num_decoder_layers=1,
        )
    )  # fmt: skip
    config = model.config.to_dict()
    shapes = {name: tuple(values.shape) for name, values in model.state_dict().items()}
    return model, [anatomy_of(shapes_of(shapes), config)]


def prophetnet() -> Made:
    """Return a tiny ProphetNet and the anatomy of each stack."""
    model = transformers.ProphetNetForConditionalGeneration(
        transformers.ProphetNetConfig(
            vocab_size=61, hidden_size=32, num_encoder_layers=2, num_decoder_layers=2,
            encoder_ffn_dim=48, decoder_ffn_dim=48, num_encoder_attention_heads=4,
            num_decoder_attention_heads=4,
        )
    )  # fmt: skip
    return model, list(stacks_of_model(model)[1].values())


def said(model: Any) -> torch.Tensor:
    """Return what a model says of some tokens."""
    ids = torch.arange(5, 12)[None]
    given: dict[str, Any] = {"input_ids": ids}
    if model.config.is_encoder_decoder:
        given["decoder_input_ids"] = ids.flip(1)
    with torch.no_grad():
        logits: torch.Tensor = model(**given).logits
    return logits


def published(model: Any) -> dict[str, str]:
    """Return what a tensor of the decoder, as a model of its own, is called in the whole model."""
    shapes = {name: tuple(values.shape) for name, values in model.state_dict().items()}
    stacks = stacks_in(shapes, model.config.to_dict())
    beside = stacks.other if stacks is not None else None
    return {new: name for name, new in beside.names.items()} if beside is not None else {}


def axis(model: torch.nn.Module, matrix: Matrix, *, out: bool) -> tuple[torch.Tensor, int]:
    """Return a parameter as a matrix, and which of its axes is the canonical out (or in) axis."""
    stored = model.state_dict()
    name = matrix.tensor if matrix.tensor in stored else published(model)[matrix.tensor]
    values = stored[name]
    if matrix.n_in == 1:
        return values, 0
    flat = values.view(values.shape[0], -1)
    return flat, int(matrix.transposed is out)


def units(anatomy: Anatomy, first: Role, layer: int, seed: int) -> torch.Tensor:
    """Return a new order: of all neurons, or of the dimensions inside each head."""
    generator = torch.Generator().manual_seed(seed)
    matrix = anatomy.matrices[first, layer, -1, False]
    groups = 1 if first is Role.UP else anatomy.geometry.heads
    size = matrix.n_out // groups
    return torch.cat([g * size + torch.randperm(size, generator=generator) for g in range(groups)])


def relabelled(model: torch.nn.Module, anatomy: Anatomy, *, alone: bool = False) -> Iterator[Role]:
    """Relabel in place, pair by pair; ``alone`` leaves the second of a pair as it is."""
    for first, second in PAIRS:
        for layer in range(anatomy.geometry.layers):
            if anatomy.get(first, layer) is None:
                continue
            order = units(anatomy, first, layer, 7 + layer)
            written = [anatomy.matrices.get((first, layer, -1, bias)) for bias in (False, True)]
            for matrix in filter(None, written):
                values, at = axis(model, matrix, out=True)
                values.copy_(values.index_select(at, order).clone())
            read = anatomy.matrices[second, layer, -1, False]
            values, at = axis(model, read, out=False)
            if not alone:
                values.copy_(values.index_select(at, order).clone())
            yield first


def shaken(made: Callable[[], Made]) -> Made:
    """Return a model none of whose values is the one that it is made with, and its anatomies."""
    torch.manual_seed(0)
    model, parts = made()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return model.eval(), parts


@pytest.mark.parametrize("made", [xlnet, funnel, prophetnet])
def test_relabelling_what_roles_pair_changes_nothing(made: Callable[[], Made]) -> None:
    """Every layer has its pairs, all parameters have a role, and the output stays."""
    model, parts = shaken(made)
    before = said(model)
    for anatomy in parts:
        assert anatomy.unknown == ()
        assert anatomy.geometry.heads == 4
        done = list(relabelled(model, anatomy))
        layers = 3 if made is funnel else 2
        assert done.count(Role.UP) == done.count(Role.V) == anatomy.geometry.layers == layers
    assert float((said(model) - before).abs().max()) < 1e-4


@pytest.mark.parametrize("made", [xlnet, funnel, prophetnet])
def test_relabelling_one_side_alone_is_seen(made: Callable[[], Made]) -> None:
    """The check is no empty one: without its reader the same relabelling changes the output."""
    model, parts = shaken(made)
    before = said(model)
    assert list(relabelled(model, parts[0], alone=True))
    assert float((said(model) - before).abs().max()) > 1e-2
