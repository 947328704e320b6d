"""How are many small models of one shape trained at once?

The model of ``tests.material.zoo.model`` with a leading axis for the model: a step of one model this
small costs more in calls than in arithmetic. Every model has its own text, order of windows and
peak rate, and its gradients are clipped by themselves, so that each is what it would be alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tests.material.zoo.learn import BETAS, CLIP, WEIGHT_DECAY, learning_rate
from tests.material.zoo.model import Shape, _norm, _rotary, _rotate, initial_weights

Arrays = dict[str, NDArray[np.float32]]
EPSILON: Final = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What one model learns, and how."""

    tokens: NDArray[np.int64]
    order_seed: int
    peak: float
    """Learning rate."""


def fresh(shape: Shape, seeds: Sequence[int]) -> list[Arrays]:
    """Return freshly drawn weights, one set a seed."""
    return [initial_weights(shape, seed) for seed in seeds]


def train(
    starts: Sequence[Mapping[str, NDArray[np.float32]]],
    shape: Shape,
    courses: Sequence[Course],
    *,
    steps: int,
    batch: int,
    window: int,
    kept: dict[int, list[Arrays]] | None = None,
) -> tuple[list[Arrays], NDArray[np.float64]]:
    """Train models from given weights; return them and their last losses, in nats per token.

    Args:
        starts: Weights to begin with, one set a model.
        shape: Sizes, the same for all.
        courses: One a model.
        steps: Optimiser steps (AdamW, warm-up and cosine).
        batch: Windows a step.
        window: Tokens a window.
        kept: Filled: the weights of all models after each number of steps that is a key.
    """
    weights = {
        name: torch.from_numpy(np.stack([one[name] for one in starts])).requires_grad_()
        for name in starts[0]
    }
    first = {name: torch.zeros_like(w) for name, w in weights.items()}
    second = {name: torch.zeros_like(w) for name, w in weights.items()}
    losses = np.zeros((steps, len(courses)))
    for step in range(steps):
        ids = torch.from_numpy(np.stack([_windows(c, step, batch, window) for c in courses]))
        loss_m = _loss(weights, shape, ids)
        loss_m.sum().backward()
        rates = torch.tensor([learning_rate(step, steps, c.peak) for c in courses])
        _update(weights, first, second, rates, step)
        losses[step] = loss_m.detach().numpy()
        if kept is not None and step + 1 in kept:
            kept[step + 1] = _apart(weights, len(courses))
    return _apart(weights, len(courses)), losses[-max(1, steps // 10) :].mean(axis=0)


def _apart(weights: Mapping[str, Tensor], n: int) -> list[Arrays]:
    return [{name: w.detach()[m].numpy().copy() for name, w in weights.items()} for m in range(n)]


def _windows(course: Course, step: int, batch: int, window: int) -> NDArray[np.int64]:
    rng = np.random.default_rng((course.order_seed, step))
    starts = rng.integers(0, len(course.tokens) - window - 1, batch)
    chosen: NDArray[np.int64] = course.tokens[starts[:, None] + np.arange(window + 1)]
    return chosen


def _loss(weights: Mapping[str, Tensor], shape: Shape, ids_mbt: Tensor) -> Tensor:
    """Return the next-token loss of every model [m]."""
    m, b, t = ids_mbt.shape
    inputs = ids_mbt[:, :, :-1]
    t -= 1
    offset = torch.arange(m).view(m, 1, 1) * shape.vocab
    x = functional.embedding(inputs + offset, weights["model.embed_tokens.weight"].flatten(0, 1))
    x = x.view(m, b * t, -1)
    cos, sin = _rotary(t, shape.head_dim, x.dtype)

    def through(name: str, values: Tensor) -> Tensor:
        return torch.bmm(values, weights[name].transpose(1, 2))

    for i in range(shape.layers):
        p = f"model.layers.{i}."
        h = _norm(x, weights[p + "input_layernorm.weight"].unsqueeze(1))
        q, k, v = (
            through(f"{p}self_attn.{part}_proj.weight", h)
            .view(m * b, t, -1, shape.head_dim)
            .transpose(1, 2)
            for part in "qkv"
        )
        mixed = functional.scaled_dot_product_attention(
            _rotate(q, cos, sin), _rotate(k, cos, sin), v, is_causal=True, enable_gqa=True
        )
        x = x + through(p + "self_attn.o_proj.weight", mixed.transpose(1, 2).reshape(m, b * t, -1))
        h = _norm(x, weights[p + "post_attention_layernorm.weight"].unsqueeze(1))
        inner = functional.silu(through(p + "mlp.gate_proj.weight", h))
        x = x + through(p + "mlp.down_proj.weight", inner * through(p + "mlp.up_proj.weight", h))
    scores = through("lm_head.weight", _norm(x, weights["model.norm.weight"].unsqueeze(1)))
    each = functional.cross_entropy(
        scores.flatten(0, 1), ids_mbt[:, :, 1:].flatten(), reduction="none"
    )
    return each.view(m, -1).mean(dim=1)


@torch.no_grad()
def _update(
    weights: Mapping[str, Tensor],
    first: Mapping[str, Tensor],
    second: Mapping[str, Tensor],
    rates_m: Tensor,
    step: int,
) -> None:
    """Take one step of AdamW; every model's gradient is clipped by its own length."""
    square_m = torch.zeros(rates_m.numel())
    for w in weights.values():
        if w.grad is not None:
            square_m += w.grad.flatten(1).square().sum(dim=1)
    scale_m = (CLIP / (square_m.sqrt() + 1e-6)).clamp(max=1.0)
    for name, w in weights.items():
        if w.grad is None:
            continue
        wide = (-1, *([1] * (w.ndim - 1)))
        g = w.grad * scale_m.view(wide)
        a, b = first[name], second[name]
        a.mul_(BETAS[0]).add_(g, alpha=1 - BETAS[0])
        b.mul_(BETAS[1]).addcmul_(g, g, value=1 - BETAS[1])
        rate = rates_m.view(wide)
        if w.ndim > 2:
            w.mul_(1 - rate * WEIGHT_DECAY)
        length = (b / (1 - BETAS[1] ** (step + 1))).sqrt_().add_(EPSILON)
        w.sub_(rate * (a / (1 - BETAS[0] ** (step + 1))) / length)
        w.grad = None
