"""How are mixtures made of dense models, and dense models of mixtures, for tests?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

import numpy as np

from tests.evidence.laboratory import SHAPE, Weights, plain
from tests.material.zoo.model import Shape, initial_weights
from tests.material.zoo.planted import Product

EXPERT_NAMES: Final = {"gate_proj": "w1", "up_proj": "w3", "down_proj": "w2"}
MlpOf = Callable[[int, int], Weights | None]
"""(layer, expert) -> a dense model whose MLP of that layer the expert is; None for a fresh one."""


def noisy(weights: Weights, size: float, seed: int) -> Weights:
    """Return weights with noise of a share of each tensor's own spread."""
    rng = np.random.default_rng(seed)
    return {
        n: (w + size * w.std() * rng.standard_normal(w.shape)).astype(np.float32)
        for n, w in weights.items()
    }


def mixture_of(rest: Weights, experts: int, mlp_of: MlpOf, *, seed: int = 0) -> Product:
    """Return a mixture with everything but its MLPs from one dense model.

    Args:
        rest: Attention, embeddings and norms.
        experts: Experts of a layer.
        mlp_of: Where each expert comes from.
        seed: Of routers and of fresh experts.
    """
    rng = np.random.default_rng(seed)
    out = {n: w for n, w in rest.items() if ".mlp." not in n}
    for layer in range(SHAPE.layers):
        stem = f"model.layers.{layer}."
        for e in range(experts):
            source = mlp_of(layer, e)
            for dense, name in EXPERT_NAMES.items():
                own = rest[f"{stem}mlp.{dense}.weight"]
                fresh = own.std() * rng.standard_normal(own.shape)
                w = fresh if source is None else source[f"{stem}mlp.{dense}.weight"]
                out[f"{stem}block_sparse_moe.experts.{e}.{name}.weight"] = w.astype(np.float32)
        router = 0.05 * rng.standard_normal((experts, SHAPE.hidden))
        out[f"{stem}block_sparse_moe.gate.weight"] = router.astype(np.float32)
    return plain(out, replace(SHAPE, experts=experts))


def with_expert(into: Weights, number: int, other: Weights, taken: int) -> Weights:
    """Return a mixture in which one expert of every layer is one of another mixture."""
    out = dict(into)
    for name in into:
        if f".experts.{number}." in name:
            out[name] = other[name.replace(f".experts.{number}.", f".experts.{taken}.")]
    return out


def with_shared_expert(rest: Weights, shared: Weights, *, experts: int = 2) -> Product:
    """Return a Qwen2-type mixture of small fresh experts, its shared expert a dense model's MLP."""
    rng = np.random.default_rng(5)
    size, hidden = 64, SHAPE.hidden
    out = {n: w for n, w in rest.items() if ".mlp." not in n}
    for layer in range(SHAPE.layers):
        stem = f"model.layers.{layer}.mlp."
        for dense in EXPERT_NAMES:
            out[f"{stem}shared_expert.{dense}.weight"] = shared[f"{stem}{dense}.weight"]
            for e in range(experts):
                shape = (hidden, size) if dense == "down_proj" else (size, hidden)
                w = 0.05 * rng.standard_normal(shape)
                out[f"{stem}experts.{e}.{dense}.weight"] = w.astype(np.float32)
        out[f"{stem}gate.weight"] = rng.standard_normal((experts, hidden)).astype(np.float32)
        out[f"{stem}shared_expert_gate.weight"] = np.ones((1, hidden), dtype=np.float32)
    extra: Mapping[str, object] = {
        "architectures": ["Qwen2MoeForCausalLM"], "model_type": "qwen2_moe",
        "num_experts": experts, "moe_intermediate_size": size,
        "shared_expert_intermediate_size": SHAPE.neurons,
    }  # fmt: skip
    return replace(plain(out), extra=extra)


def small(seed: int, *, experts: int) -> tuple[Weights, Shape]:
    """Return fresh weights of a small mixture (or dense model), by the null an independent one."""
    shape = Shape(neurons=64, experts=experts, layers=2)
    return initial_weights(shape, seed), shape


def stacked_by_input(rest: Weights, shape: Shape, experts: int) -> Product:
    """Return a Llama 4-type mixture, experts stored by input, each the dense model's own MLP."""
    out = {n: w for n, w in rest.items() if ".mlp." not in n}
    for layer in range(shape.layers):
        stem = f"model.layers.{layer}.mlp."
        gate, up, down = (rest[f"{stem}{name}.weight"] for name in EXPERT_NAMES)
        out[f"{stem}experts.gate_up_proj"] = np.stack([np.concatenate([gate, up]).T] * experts)
        out[f"{stem}experts.down_proj"] = np.stack([down.T] * experts)
        out[f"{stem}router.weight"] = np.ones((experts, shape.hidden), dtype=np.float32)
    extra: Mapping[str, object] = {
        "architectures": ["Llama4ForCausalLM"], "model_type": "llama4_text",
        "num_local_experts": experts,
    }  # fmt: skip
    return replace(plain(out, shape), extra=extra)
