"""How is a small model trained in place, whatever it learns?"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def descend(
    model: Any, loss: Callable[[], torch.Tensor], steps: int, rate: float, *, clip: float = 1.0
) -> float:
    """Train a model; return its mean loss over the last tenth of the steps.

    Args:
        model: From a ``configured``, or trained before.
        loss: Draws a batch and returns the model's loss on it.
        steps: Batches.
        rate: Highest learning rate; warmed up over a tenth of the steps, then let down to zero.
        clip: Greatest length of a gradient; a longer one is shortened to it.
    """
    step = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.01)
    plan = torch.optim.lr_scheduler.OneCycleLR(step, rate, total_steps=steps, pct_start=0.1)
    model.train()
    losses = []
    for _ in range(steps):
        found = loss()
        step.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
        step.step()
        plan.step()
        losses.append(float(found.detach()))
    model.eval()
    last = losses[-max(1, steps // 10) :]
    return sum(last) / len(last)
