"""How does one model learn another one's outputs?"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from benchmarks.attacks.pieces import Weights
from tests.material.zoo.learn import TINY, TINY_WINDOW, Learner, draw, learning_rate
from tests.material.zoo.model import Shape, forward

TEMPERATURE: Final = 2.0


class Student(Learner):
    """Learns the teacher's distribution at every place instead of the text's next token."""

    def __init__(self, weights: Weights, shape: Shape, teacher: Weights) -> None:
        """Copy the initial weights; the teacher stays as it is."""
        super().__init__(weights, shape)
        self._teacher = {n: torch.tensor(w) for n, w in teacher.items()}

    def loss(self, windows: NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the divergence from the teacher, and nothing to balance."""
        ids = torch.from_numpy(windows)[:, :-1]
        with torch.no_grad():
            wanted, _ = forward(self._teacher, self.shape, ids)
        scores, balance = forward(self.weights, self.shape, ids)
        apart = functional.kl_div(
            (scores.flatten(0, 1) / TEMPERATURE).log_softmax(-1),
            (wanted.flatten(0, 1) / TEMPERATURE).log_softmax(-1),
            reduction="batchmean",
            log_target=True,
        )
        return TEMPERATURE**2 * apart, balance


def distilled(
    start: Weights,
    teacher: Weights,
    tokens: NDArray[np.int64],
    *,
    order_seed: int,
    steps: int,
    rate: float,
) -> Weights:
    """Return a model that began as ``start`` and learned the teacher's outputs on a text."""
    learner = Student(start, TINY, teacher)
    for step in range(steps):
        windows = draw(tokens, order_seed, step, window=TINY_WINDOW)
        learner.learn(windows, learning_rate(step, steps, rate))
    return learner.arrays()
