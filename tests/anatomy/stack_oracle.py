"""Do the canonical matrices of each stack compute what the modules of the running model compute?

The whole model is run on one token for the encoder and one for the decoder, with every module's
input and output kept. With one token, attention is exactly o applied to v. Modules are found by
their values, so that no name is believed; norms are found by where their values come from and go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

import torch
from torch import Tensor

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.towers import towers_of
from tests.anatomy.oracle import agrees
from tests.anatomy.sweep import saved_as_published
from tests.anatomy.tiny import checkpoint_of, value_of
from tests.anatomy.tower_oracle import matrix_oracle

BLOCKS: Final = (
    ("attention", Role.Q, Role.V, Role.O, Role.NORM_ATTN_IN, Role.NORM_ATTN_POST),
    ("cross", Role.CROSS_Q, Role.CROSS_V, Role.CROSS_O, Role.NORM_CROSS_IN, Role.NORM_CROSS_POST),
    ("mlp", Role.UP, None, Role.DOWN, Role.NORM_MLP_IN, Role.NORM_MLP_POST),
)
"""Of each block of a layer: what reads the stream first, the values, what writes, its two norms."""
Call = tuple[Tensor, Tensor]


def stacks_of_model(
    model: torch.nn.Module,
) -> tuple[Anatomy, dict[str, Anatomy], Mapping[str, Any]]:
    """Return the whole anatomy, the anatomy of each stack by name, and the configuration."""
    tensors, config = saved_as_published(model)
    whole = anatomy_of(checkpoint_of(tensors), config)
    parts = {str(whole.stack): whole} | {t.name: t.anatomy for t in towers_of(whole, config)}
    return whole, parts, config


class StackOracle:
    """Runs a model once and asks its modules."""

    def __init__(self, model: torch.nn.Module, given: Mapping[str, Tensor]) -> None:
        """Run the model with the input and output of every module that has a weight kept."""
        self.calls: dict[str, Call] = {}
        self.weights = {
            name: module.weight.detach()
            for name, module in model.named_modules()
            if isinstance(getattr(module, "weight", None), Tensor)
        }
        handles = [
            model.get_submodule(name).register_forward_hook(self._keep(name))
            for name in self.weights
        ]
        with torch.no_grad():
            model(**given)
        for handle in handles:
            handle.remove()

    def _keep(self, name: str) -> Any:
        def keep(module: torch.nn.Module, args: tuple[Tensor, ...], out: Tensor) -> None:
            del module
            if args and isinstance(args[0], Tensor) and isinstance(out, Tensor):
                self.calls[name] = (args[0].clone(), out.clone())

        return keep

    def call(self, anatomy: Anatomy, matrix: Matrix | None) -> Call | None:
        """Return input and output of the module that holds a matrix, None where it did not run."""
        if matrix is None:
            return None
        value = torch.from_numpy(value_of(anatomy, matrix))
        value = value[:, 0] if matrix.n_in == 1 else value
        for name, weight in self.weights.items():
            if weight.shape == value.shape and torch.equal(weight.float(), value):
                return self.calls.get(name)
        return None

    def checks(self, anatomy: Anatomy) -> Counter[str]:
        """Return how many places agree (``attention``) or not (``attention no``), by kind."""
        found: Counter[str] = Counter()

        def count(kind: str, *, agreed: bool) -> None:
            found[kind if agreed else f"{kind} no"] += 1

        for layer in range(anatomy.geometry.layers):
            for kind, first, value, last, norm_in, norm_post in BLOCKS:
                began = self.call(anatomy, anatomy.get(first, layer))
                ended = self.call(anatomy, anatomy.get(last, layer))
                if began is None or ended is None:
                    continue
                x, y = began[0].reshape(-1), ended[1].reshape(-1)
                expected = self._expected(anatomy, layer, value, last, x)
                count(kind, agreed=any(agrees(y, e.reshape(-1)) for e in expected))
                before = self.call(anatomy, anatomy.get(norm_in, layer))
                if before is not None:
                    count(f"{kind} norm in", agreed=torch.allclose(before[1].reshape(-1), x))
                after = self.call(anatomy, anatomy.get(norm_post, layer))
                if after is not None:
                    ways = (after[0].reshape(-1) - x, after[0].reshape(-1))
                    agreed = any(torch.allclose(way, y, atol=1e-4) for way in ways)
                    count(f"{kind} norm post", agreed=agreed)
        return found

    def _expected(
        self, anatomy: Anatomy, layer: int, value: Role | None, last: Role, x: Tensor
    ) -> list[Tensor]:
        """Return what the matrices make of a block's input, under every activation."""
        oracle = matrix_oracle(anatomy)
        if value is None:
            return oracle.mlp_outputs(layer, x, "")
        read = self.call(anatomy, anatomy.get(value, layer))
        assert read is not None
        v = oracle.apply(value, layer, read[0].reshape(-1))
        o = anatomy.get(last, layer)
        assert o is not None
        repeat, d = o.n_in // v.shape[-1], anatomy.geometry.head_dim
        if repeat > 1:
            v = v.reshape(-1, 1, d).expand(-1, repeat, d).reshape(-1)
        return [oracle.apply(last, layer, v)]
