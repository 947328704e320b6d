"""How is one model trained?

AdamW with warm-up and a cosine, on random windows of one text. Every operation treats the units of
an axis alike, so training commutes with relabelling them (tests/zoo shows it in float64). The
learner holds its whole state as named tensors, so an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from tests.material.zoo.corpus import Text, encode
from tests.material.zoo.model import BALANCE_WEIGHT, Shape, Weights, forward, initial_weights

BATCH: Final = 8
WINDOW: Final = 128
"""Tokens a window; 8 windows a step are the fastest per token on one core."""
WARM_UP: Final = 100
FLOOR: Final = 0.1
"""Share of the peak rate at which the cosine ends."""
BETAS: Final = (0.9, 0.95)
WEIGHT_DECAY: Final = 0.1
"""On matrices only; gains and nothing else are vectors."""
CLIP: Final = 1.0
TINY: Final = Shape(hidden=64, neurons=128, layers=3, heads=4, kv_heads=2, head_dim=16)
TINY_CHARS: Final = 250_000
TINY_WINDOW: Final = 64


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Return the rate of one step: linear warm-up, then a cosine down to ``FLOOR`` of the peak."""
    warm = min(WARM_UP, steps // 5)
    if step < warm:
        return peak * (step + 1) / warm
    done = (step - warm) / max(1, steps - warm)
    return peak * (FLOOR + (1.0 - FLOOR) * 0.5 * (1.0 + math.cos(math.pi * done)))


class Learner:
    """One model under training; ``state`` and ``restore`` make it resumable."""

    def __init__(
        self,
        weights: Mapping[str, NDArray[np.floating]],
        shape: Shape,
        *,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Copy the initial weights.

        Args:
            weights: Arrays under their Hugging Face names.
            shape: Sizes of the model.
            dtype: Of weights, gradients and optimiser state.
        """
        self.shape = shape
        self.step = 0
        self.weights = {
            n: torch.tensor(w, dtype=dtype, requires_grad=True) for n, w in weights.items()
        }
        gains = [w for w in self.weights.values() if w.ndim == 1]
        matrices = [w for w in self.weights.values() if w.ndim > 1]
        groups: list[dict[str, Any]] = [
            {"params": matrices},
            {"params": gains, "weight_decay": 0.0},
        ]
        self.optimiser = torch.optim.AdamW(
            groups,
            lr=0.0,
            betas=BETAS,
            weight_decay=WEIGHT_DECAY,
            fused=True,
        )

    def loss(self, windows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return next-token loss (nats per token) and load-balancing loss of windows [B, T + 1]."""
        ids = torch.from_numpy(windows)
        scores, balance = forward(self.weights, self.shape, ids[:, :-1])
        return functional.cross_entropy(scores.flatten(0, 1), ids[:, 1:].flatten()), balance

    def learn(self, windows: NDArray[np.int64], rate: float) -> float:
        """Take one step at ``rate`` and return the loss before it, in nats per token."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss, balance = self.loss(windows)
        (loss + BALANCE_WEIGHT * balance).backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.weights.values(), CLIP)
        self.optimiser.step()
        self.optimiser.zero_grad()
        self.step += 1
        return float(loss.detach())

    def evaluate(self, tokens: NDArray[np.int64], *, window: int = WINDOW) -> float:
        """Return the mean loss, in nats per token, over at most 128 windows spread over a text."""
        last = len(tokens) - window - 1
        starts = np.linspace(0, last, num=min(128, last), dtype=np.int64)
        with torch.no_grad():
            losses = [
                float(self.loss(windows_at(tokens, part, window))[0])
                for part in np.array_split(starts, 8)
            ]
        return float(np.mean(losses))

    def arrays(self) -> Weights:
        """Return a copy of the weights as arrays, in the learner's dtype."""
        return {n: w.detach().numpy().copy() for n, w in self.weights.items()}

    def state(self) -> dict[str, torch.Tensor]:
        """Return weights and optimiser state as named tensors."""
        named: dict[str, torch.Tensor] = {"step": torch.tensor(self.step)}
        for n, w in self.weights.items():
            named["weight/" + n] = w.detach().clone()
            for key, value in self.optimiser.state[w].items():
                named[f"{key}/{n}"] = value.clone()
        return named

    def restore(self, named: Mapping[str, torch.Tensor]) -> None:
        """Go back to a state that ``state`` returned."""
        self.step = int(named["step"])
        with torch.no_grad():
            for n, w in self.weights.items():
                w.copy_(named["weight/" + n])
                self.optimiser.state[w] = {
                    key: named[f"{key}/{n}"].clone() for key in ("step", "exp_avg", "exp_avg_sq")
                }


def windows_at(
    tokens: NDArray[np.int64], starts: NDArray[np.int64], window: int
) -> NDArray[np.int64]:
    """Return the windows [n, window + 1] of a text that begin at ``starts``."""
    windows: NDArray[np.int64] = tokens[starts[:, None] + np.arange(window + 1)]
    return windows


def draw(
    tokens: NDArray[np.int64],
    order_seed: int,
    step: int,
    *,
    batch: int = BATCH,
    window: int = WINDOW,
) -> NDArray[np.int64]:
    """Return the windows [batch, window + 1] of one step; a pure function of seed and step."""
    rng = np.random.default_rng((order_seed, step))
    return windows_at(tokens, rng.integers(0, len(tokens) - window - 1, batch), window)


def tiny_tokens(tokenizer: Tokenizer, text: Text = Text.MAIN) -> NDArray[np.int64]:
    """Return the token ids that tiny models learn: the first ``TINY_CHARS`` of one text."""
    return encode(tokenizer, text, max_chars=TINY_CHARS).train


def train_tiny(
    tokens: NDArray[np.int64],
    *,
    seed: int = 0,
    order_seed: int = 0,
    steps: int = 300,
    rate: float = 6e-3,
    start: Mapping[str, NDArray[np.floating]] | None = None,
    dtype: torch.dtype = torch.float32,
    shape: Shape = TINY,
) -> tuple[Weights, float]:
    """Train a model small enough for a test: 300 steps take about five seconds on one core.

    With ``dtype=torch.float64`` and ``start`` a relabelled set of initial weights it shows that
    training commutes with the relabelling.

    Args:
        tokens: Ids of the text, shape [n]; every id below ``shape.vocab``.
        seed: Draws the initial weights; unused with ``start``.
        order_seed: Draws the windows and their order.
        steps: Optimiser steps of 8 windows of 64 tokens.
        rate: Peak learning rate.
        start: Initial weights instead of fresh ones.
        dtype: Of the whole computation.
        shape: Sizes of the model.

    Returns:
        The final weights (in ``dtype``) and the mean loss of the last tenth of the steps.
    """
    first = initial_weights(shape, seed) if start is None else start
    learner = Learner(first, shape, dtype=dtype)
    losses = [
        learner.learn(
            draw(tokens, order_seed, step, window=TINY_WINDOW), learning_rate(step, steps, rate)
        )
        for step in range(steps)
    ]
    return learner.arrays(), float(np.mean(losses[-max(1, steps // 10) :]))
