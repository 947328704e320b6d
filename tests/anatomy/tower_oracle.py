"""Do the canonical matrices of a tower compute what the modules of the running tower compute?

A tower cannot be run as a whole without pictures of the right kind, but each of its attention and
MLP modules can: with one token, attention is o applied to v. Modules are found by their values, so
that no name is believed.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import torch
from torch import Tensor

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.anatomy.towers import Tower
from tests.anatomy.oracle import Oracle, agrees
from tests.anatomy.tiny import value_of

ATTENTION: Final = ("attention", "attn")
MLP: Final = ("mlp", "feedforward", "ffn")


def matrix_oracle(anatomy: Anatomy) -> Oracle:
    """Return an oracle that applies canonical matrices and runs no model."""
    oracle = object.__new__(Oracle)
    oracle.anatomy = anatomy
    return oracle


def holder(model: torch.nn.Module, weight: Tensor, words: tuple[str, ...]) -> Any:
    """Return the innermost module of a kind that holds a weight, None without one."""
    for name, parameter in model.named_parameters():
        if parameter.shape == weight.shape and torch.equal(parameter, weight):
            parts = name.split(".")[:-1]
            around = [model.get_submodule(".".join(parts[:n])) for n in range(len(parts), 0, -1)]
            named = ((type(m).__name__.lower(), m) for m in around)
            return next((m for kind, m in named if any(word in kind for word in words)), None)
    return None


def arguments(module: Any, x: Tensor, rotary: int) -> dict[str, Any]:
    """Return what a forward wants, for one token at position 0."""
    still = (torch.ones(1, rotary), torch.zeros(1, rotary))
    known: dict[str, Any] = {
        "cu_seqlens": torch.tensor([0, 1], dtype=torch.int32),
        "position_embeddings": tuple(t.reshape(*x.shape[:-1], rotary) for t in still),
        "rotary_pos_emb": torch.zeros(1, rotary // 2),
        "attention_mask": None,
        "max_seqlen": 1,
    }
    parameters = [*inspect.signature(module.forward).parameters.values()]
    given: dict[str, Any] = {parameters[0].name: x}
    for parameter in parameters[1:]:
        if parameter.kind is parameter.VAR_KEYWORD or parameter.kind is parameter.VAR_POSITIONAL:
            continue
        if parameter.name in known:
            given[parameter.name] = known[parameter.name]
        elif parameter.default is parameter.empty:
            given[parameter.name] = None
    return given


def outputs(module: Any, width: int, rotary: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (input, output) of a module in the shapes of a token that it accepts."""
    for shape in ((1, 1, width), (1, width)):
        x = torch.randn(*shape)
        try:
            with torch.no_grad():
                y = module(**arguments(module, x, rotary))
        except Exception:  # noqa: BLE001, S112 - the other shape, or none, is what it wants
            continue
        y = y[0] if isinstance(y, tuple) else y
        if isinstance(y, Tensor) and y.numel() == x.numel():
            yield x.reshape(1, width), y.reshape(1, width)
            return


def tower_checks(model: torch.nn.Module, tower: Tower) -> Counter[str]:
    """Return how many modules agree (``attention``) or not (``attention no``), by kind."""
    found: Counter[str] = Counter()
    torch.manual_seed(5)
    anatomy, oracle = tower.anatomy, matrix_oracle(tower.anatomy)
    for layer in range(anatomy.geometry.layers):
        for kind, role, words in (("attention", Role.O, ATTENTION), ("mlp", Role.DOWN, MLP)):
            matrix = anatomy.get(role, layer)
            if matrix is None or matrix.transposed:
                continue
            module = holder(model, torch.from_numpy(value_of(anatomy, matrix)), words)
            if module is None:
                continue
            rotary = anatomy.geometry.head_dim or matrix.n_in
            for x, y in outputs(module, matrix.n_out, rotary):
                if kind == "attention":
                    one = oracle.attention_output(layer, x, normed=False)
                    expected = [] if one is None else [one]
                elif anatomy.get(Role.UP, layer) is None:
                    expected = []
                else:
                    expected = oracle.mlp_outputs(layer, x, "")
                if expected:
                    agreed = any(agrees(y, e) for e in expected)
                    found[kind if agreed else f"{kind} no"] += 1
    return found
