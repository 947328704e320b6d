"""Does the running model give the same output when an axis is relabelled?

The model runs in float64, so that another order of summation moves its output by 1e-12 and a wrong
relabelling by very much more. Two guards: relabelling only the side that reads the axis must change
the output (an axis that nothing sees proves nothing), and everything is put back.

Only the module that holds everything relabelled is run again, on the inputs that it had when the
whole model ran: what leaves its output as it was leaves the model's, for nothing outside it changed.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final

import torch
from torch import nn

SAME: Final = 1e-8
"""Largest difference of outputs, relative to their spread, of one function summed in another
order."""
ALIVE: Final = 1e-5
"""Smallest difference that relabelling one side alone must make."""


class Freedom(StrEnum):
    """What an axis may be relabelled by."""

    FULL = "full"
    """Any order."""
    BLOCKS = "blocks"
    """Blocks of equal size in any order, and any order inside each: groups of a norm, heads."""


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """Where an axis of n units lies in one tensor: at each start, n indices of one of its axes."""

    tensor: str
    axis: int
    starts: tuple[int, ...] = (0,)


@dataclass(slots=True)
class _Call:
    """One module, run again on what it was given."""

    run: Callable[[], Any]
    before: torch.Tensor
    spread: float


class Relabeller:
    """One model, its inputs, and what it says to them."""

    def __init__(self, model: nn.Module, run: Callable[[], Any], seed: int = 0) -> None:
        """Run the model once, and keep what every module was given."""
        self.tensors: dict[str, torch.Tensor] = dict(model.named_parameters(remove_duplicate=False))
        self.tensors |= dict(model.named_buffers(remove_duplicate=False))
        self.generator = torch.Generator().manual_seed(seed)
        self._modules = dict(model.named_modules())
        self._given = _given(model, run)
        self._calls = {"": _called(run)}
        uses: dict[int, set[str]] = {}
        for name, tensor in self.tensors.items():
            uses.setdefault(tensor.data_ptr(), set()).add(name)
        self._tied = {n for names in uses.values() if len(names) > 1 for n in names}
        self.steady = self._change(self._calls[""]) < SAME
        """Whether the model says the same twice."""

    def _call(self, moves: Sequence[Move]) -> _Call:
        """Return the smallest module that holds all that is moved and can be run by itself."""
        names = [m.tensor for m in moves]
        if any(n in self._tied for n in names):
            return self._calls[""]
        parts = [n.split(".")[:-1] for n in names]
        shared = []
        for level in zip(*parts, strict=False):
            if len(set(level)) > 1:
                break
            shared.append(level[0])
        for cut in range(len(shared), 0, -1):
            name = ".".join(shared[:cut])
            if name in self._calls:
                return self._calls[name]
            given = self._given.get(name, [])
            if len(given) == 1:  # what runs twice, or never by itself, is run with all around it
                self._calls[name] = _called(partial(self._again, name))
                if self._change(self._calls[name]) < SAME:
                    return self._calls[name]
                del self._calls[name]
        return self._calls[""]

    def _again(self, name: str) -> Any:
        args, kwargs = self._given[name][0]
        return self._modules[name](*_copied(args), **_copied(kwargs))

    def _change(self, call: _Call) -> float:
        after = _output(call.run)
        if after.shape != call.before.shape or not bool(torch.isfinite(after).all()):
            return float("inf")
        return float((after - call.before).abs().max()) / call.spread

    def permutation(self, n: int, blocks: int, *, within: bool, between: bool) -> torch.Tensor:
        """Return a random order of n units that lie in so many blocks."""
        size = n // blocks
        order = torch.arange(n).reshape(blocks, size)
        if within:
            order = torch.stack([o[torch.randperm(size, generator=self.generator)] for o in order])
        if between:
            order = order[torch.randperm(blocks, generator=self.generator)]
        return order.flatten()

    def moved_by(self, moves: Sequence[Move], order: torch.Tensor) -> float:
        """Return how far the output moves, relative to its spread, when these are relabelled."""
        call = self._call(moves)
        with self._relabelled(moves, order):
            try:
                return self._change(call)
            except Exception:  # noqa: BLE001 - a model may refuse; then the axis is not free
                return float("inf")

    @contextlib.contextmanager
    def _relabelled(self, moves: Sequence[Move], order: torch.Tensor) -> Iterator[None]:
        """Relabel an axis in place while the block runs."""
        kept: dict[str, torch.Tensor] = {}
        try:
            with torch.no_grad():
                for move in moves:
                    tensor = self.tensors[move.tensor]
                    kept.setdefault(move.tensor, tensor.clone())
                    index = torch.arange(tensor.shape[move.axis])
                    for start in move.starts:
                        index[start : start + len(order)] = start + order
                    tensor.copy_(tensor.index_select(move.axis, index))
            yield
        finally:
            with torch.no_grad():
                for name, values in kept.items():
                    self.tensors[name].copy_(values)

    def is_free(self, writes: Sequence[Move], reads: Sequence[Move], order: torch.Tensor) -> bool:
        """Return whether the function stays when all are relabelled, and only when all are."""
        if self.moved_by([*writes, *reads], order) > SAME:
            return False
        return self.moved_by(reads, order) > ALIVE


def _given(model: nn.Module, run: Callable[[], Any]) -> dict[str, list[tuple[Any, Any]]]:
    """Return what every module is given when the model runs, by name."""
    found: dict[str, list[tuple[Any, Any]]] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_: nn.Module, args: Any, kwargs: Any) -> None:
            found.setdefault(name, []).append((_copied(args), _copied(kwargs)))

        return hook

    hooks = [
        m.register_forward_pre_hook(keep(name), with_kwargs=True)
        for name, m in model.named_modules()
        if name and any(True for _ in m.children())
    ]
    try:
        with torch.no_grad():
            run()
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _called(run: Callable[[], Any]) -> _Call:
    before = _output(run)
    return _Call(run=run, before=before, spread=max(float(before.std()), 1e-30))


def _output(run: Callable[[], Any]) -> torch.Tensor:
    with torch.no_grad():
        found = [t.detach().double().flatten() for t in tensors_in(run())]
    return torch.cat(found) if found else torch.zeros(2, dtype=torch.float64)


def _copied(value: Any) -> Any:
    """Return arguments with tensors of their own: modules may change theirs in place."""
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(_copied(v) for v in value))
    if isinstance(value, (list, tuple)):
        return type(value)(_copied(v) for v in value)
    if type(value) is dict:
        return {k: _copied(v) for k, v in value.items()}
    return value


def tensors_in(output: Any) -> Iterator[torch.Tensor]:
    """Yield every float tensor of a model's output."""
    if isinstance(output, torch.Tensor):
        if output.is_floating_point():
            yield output
    elif isinstance(output, Mapping):
        for value in output.values():
            yield from tensors_in(value)
    elif isinstance(output, (list, tuple)):
        for value in output:
            yield from tensors_in(value)
    elif hasattr(output, "__dict__"):
        yield from tensors_in(vars(output))
