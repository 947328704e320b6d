"""Do the canonical matrices and norms of an encoder compute the stream of the running model?

Only the layers and their norms are asked. With one token, attention is o applied to v. In a layer
that norms the sum, the first norm must be given x + attention(x) and the second y + mlp(y), y being
what the first gave; in a layer that norms first, the second norm must be given x + attention(n(x)),
and the layer must return that plus mlp of what the second norm gave. So one sum wrong, one norm at
another place, a bias left out or two roles exchanged, and nothing agrees.
"""

from __future__ import annotations

import json
from collections import Counter

import torch
from torch import Tensor

from hubcheck.anatomy.interface import Anatomy, Matrix, Role
from hubcheck.anatomy.read import anatomy_of
from hubcheck.anatomy.traits import RESIDUAL_NORMS
from tests.anatomy.oracle import Oracle, agrees
from tests.anatomy.tiny import shapes_of, value_of


class EncoderOracle(Oracle):
    """Runs an encoder on one token and asks its layers."""

    def __init__(self, model: torch.nn.Module, anatomy: Anatomy) -> None:
        """Run the model; a layer that is used several times is asked about its last use.

        Args:
            model: Running.
            anatomy: Of the tensors as they are published, under whatever names.
        """
        super().__init__(model, anatomy)
        shapes = {name: tuple(t.shape) for name, t in model.state_dict().items()}
        config = json.loads(model.config.to_json_string())  # type: ignore[union-attr, operator]
        self.running = anatomy_of(shapes_of(shapes), config)

    def sums(self) -> Counter[str]:
        """Return how many sums of the stream agree (``attention``) or not (``attention no``)."""
        found: Counter[str] = Counter()
        for layer in range(self.anatomy.geometry.layers):
            for kind, agreed in self._layer(layer).items():
                self._count(found, kind, agreed=agreed)
            self._count(found, "query", agreed=self._queries(layer))
        for agreed in self._norm_kinds():
            self._count(found, "norm kind", agreed=agreed)
        return found

    def _call(self, role: Role, layer: int) -> tuple[Tensor, Tensor] | None:
        matrix = self.running.get(role, layer)
        call = None if matrix is None else self.calls.get(_module(matrix))
        return None if call is None else call[:2]

    def _layer(self, layer: int) -> dict[str, bool]:
        some = self.running.get(Role.UP, layer)
        assert some is not None
        x, y, _ = self.calls[_layer_module(some)]
        first = self._call(Role.NORM_ATTN_POST, layer)
        if first is not None:
            last = self._call(Role.NORM_MLP_POST, layer)
            assert last is not None
            return {
                "attention": self._is_attention(layer, x, first[0] - x),
                "mlp": self._is_mlp(layer, first[1], last[0] - first[1]),
                "last": torch.equal(last[1].reshape(-1), y.reshape(-1)),
            }
        normed, second = self._call(Role.NORM_ATTN_IN, layer), self._call(Role.NORM_MLP_IN, layer)
        if second is None:
            return {}
        # ModernBERT's first layer reads what the norm of the embeddings gave.
        given = x if normed is None else normed[1]
        return {
            "attention": self._is_attention(layer, given, second[0] - x),
            "mlp": self._is_mlp(layer, second[1], y - second[0]),
        }

    def _queries(self, layer: int) -> bool | None:
        """Say whether q and k are what they are called.

        Where only the running model keeps them apart they must have its values, and its q is asked.
        """
        running = [self.running.get(role, layer) for role in (Role.Q, Role.K)]
        stored = [self.weight(role, layer) for role in (Role.Q, Role.K)]
        values = self.model.state_dict()
        if any(r is None or s is None for r, s in zip(running, stored, strict=True)):
            return None
        apart = all(
            r is not None and values[r.tensor].shape == s.shape  # type: ignore[union-attr]
            for r, s in zip(running, stored, strict=True)
        )
        if apart and not all(
            torch.equal(values[r.tensor], s)  # type: ignore[union-attr, arg-type]
            for r, s in zip(running, stored, strict=True)
        ):
            return False
        published, self.anatomy = self.anatomy, self.running
        try:
            return self._query(layer)
        finally:
            self.anatomy = published

    def _norm_kinds(self) -> list[bool]:
        """Say for each norm of the stream whether it centres and scales as its values say."""
        verdicts = []
        for (role, layer, _, bias), place in self.running.matrices.items():
            call = self.calls.get(_module(place))
            gain = None if bias or role not in RESIDUAL_NORMS else self.weight(role, layer)
            if call is None or gain is None:
                continue
            x, y, _ = call
            if not self.anatomy.rms_norm:
                x = x - x.mean(-1, keepdim=True)
            shift = self.anatomy.matrices.get((role, layer, -1, True))
            added = 0 if shift is None else torch.from_numpy(value_of(self.anatomy, shift))[:, 0]
            unit = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True))
            verdicts.append(agrees(y, unit * gain[:, 0] + added))
        return verdicts

    def _is_attention(self, layer: int, x: Tensor, y: Tensor) -> bool:
        expected = self.attention_output(layer, x, normed=False)
        return expected is not None and agrees(y, expected)

    def _is_mlp(self, layer: int, x: Tensor, y: Tensor) -> bool:
        return any(agrees(y, expected) for expected in self.mlp_outputs(layer, x, ""))


def _module(matrix: Matrix) -> str:
    return matrix.tensor.rpartition(".")[0]


def _layer_module(matrix: Matrix) -> str:
    """Return the module of the layer that a matrix lies in: its name up to the last index."""
    parts = matrix.tensor.split(".")
    last = max(i for i, part in enumerate(parts) if part.isdecimal())
    return ".".join(parts[: last + 1])
