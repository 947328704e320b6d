"""Which modules own parameters, in which order do they run, and what do their axes face?

A module that owns a weight reads one axis and writes another. Gains, biases, running statistics and
depthwise kernels lie along a channel: *vectors*.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import nn

AXES: Final = (
    ((nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d), (1, 0)),
    ((nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d), (0, 1)),
)
"""Classes, and (the axis that a weight writes, the axis that it reads)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """A module with parameters of its own."""

    name: str
    module: nn.Module
    weight: str
    """Name of its matrix; empty where it only has vectors."""
    out_axis: int
    in_axis: int
    n_out: int
    n_in: int
    vectors: Mapping[str, int]
    """Parameters and buffers that lie along one channel axis (their first), by size."""

    @property
    def is_conv(self) -> bool:
        """Whether the weight is a convolution's."""
        return isinstance(self.module, (nn.Conv1d, nn.Conv2d, nn.Conv3d))


def leaves_of(model: nn.Module, run: Callable[[], Any]) -> tuple[Leaf, ...]:
    """Return every module that owns parameters, in the order in which they first run."""
    found = {m: _leaf(name, m) for name, m in model.named_modules() if _own(m)}
    order: dict[nn.Module, None] = {}

    def ran(module: nn.Module, *_: object) -> None:
        order.setdefault(module)

    hooks = [m.register_forward_pre_hook(ran) for m in found]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(found[m] for m in order)


def _own(module: nn.Module) -> bool:
    return any(True for _ in module.parameters(recurse=False))


def _leaf(name: str, module: nn.Module) -> Leaf:
    dot = f"{name}." if name else ""
    tensors: dict[str, torch.Tensor] = dict(module.named_parameters(recurse=False))
    tensors |= dict(module.named_buffers(recurse=False))
    weight = tensors.get("weight")
    axes = next((a for kinds, a in AXES if isinstance(module, kinds)), None)
    if axes is None and type(module).__name__ == "Conv1D":
        axes = (1, 0)
    if axes is not None and (weight is None or getattr(module, "groups", 1) != 1):
        axes = None
    vectors = {
        dot + n: int(t.shape[0])
        for n, t in tensors.items()
        if t.dim() >= 1 and t.is_floating_point() and not (axes and n == "weight") and _flat(t)
    }
    if axes is None or weight is None:
        return Leaf(name=name, module=module, weight="", out_axis=0, in_axis=0, n_out=0, n_in=0,
                    vectors=vectors)  # fmt: skip
    return Leaf(
        name=name, module=module, weight=f"{dot}weight", out_axis=axes[0], in_axis=axes[1],
        n_out=int(weight.shape[axes[0]]), n_in=int(weight.shape[axes[1]]), vectors=vectors,
    )  # fmt: skip


def _flat(tensor: torch.Tensor) -> bool:
    """Return whether everything lies along the first axis: a vector, a depthwise kernel [n, 1, ..]."""
    return tensor.dim() == 1 or tensor.shape[1] == 1
