"""Which axes of one running model are free?

Every matrix is asked which channels it reads (``propose``); the first relabelling that leaves the
output as it was (``relabel``) enters, where the same matrices of every numbered block pass together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import nn

from benchmarks.axes.leaves import leaves_of
from benchmarks.axes.propose import Proposal, counts_in, proposals
from benchmarks.axes.relabel import SAME, Freedom, Move, Relabeller
from hubcheck.anatomy.free_axes import numberless


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A free axis of one model."""

    n: int
    freedom: Freedom
    writes: tuple[Move, ...]
    reads: tuple[Move, ...]
    heads: tuple[Move, ...] = ()
    """What moves with whole blocks only: queries and keys."""

    @property
    def tensors(self) -> frozenset[str]:
        """Everything that moves with it."""
        return frozenset(m.tensor for m in (*self.writes, *self.reads))


@dataclass(frozen=True, slots=True, kw_only=True)
class Certified:
    """What came of one model."""

    axes: tuple[Axis, ...]
    rejected: tuple[str, ...]
    """Matrices whose input is no free axis by any proposal that was tried."""
    tries: int


def certify(model: nn.Module, run: Callable[[], Any]) -> Certified:
    """Return the free axes of a model.

    Args:
        model: In float64, evaluating; its values are put back.
        run: Calls it with fixed inputs.

    Raises:
        ValueError: it does not say the same twice.
    """
    tester = Relabeller(model, run)
    if not tester.steady:
        raise ValueError("the model does not say the same twice")
    leaves = leaves_of(model, run)
    modules = dict(model.named_modules())
    found: list[Axis] = []
    rejected: list[str] = []
    tries = 0
    kinds: dict[tuple[object, ...], list[_Relative]] = {}
    for at, leaf in enumerate(leaves):
        if not leaf.weight:
            continue
        key = (numberless(leaf.name), leaf.n_in, leaf.n_out)
        if (known := kinds.get(key)) is not None:
            again = [r.at(leaf.name) for r in known]
            if not again:
                rejected.append(leaf.weight)
                continue
            if all(_passes(tester, r.axis, r.blocks, r.heads) for r in again):
                found += [r.axis for r in again]
                continue
        counts = counts_in(modules, leaf.name)
        read: list[_Relative] = []
        for one in proposals(leaves, at, counts):
            if any(_overlap(one.reads, r.axis.reads, one.n, r.axis.n) for r in read):
                continue
            tries += 1
            axis, blocks = _tried(tester, one)
            if axis is not None:
                read.append(_Relative(axis=axis, blocks=blocks, heads=one.heads, name=leaf.name))
                if one.n == leaf.n_in:
                    break
        kinds[key] = read
        found += [r.axis for r in read]
        if not read:
            rejected.append(leaf.weight)
    return Certified(axes=_distinct(found), rejected=tuple(rejected), tries=tries)


def _tried(tester: Relabeller, one: Proposal) -> tuple[Axis | None, int]:
    """Return the axis if it is free, and in how many blocks (1: as a whole)."""
    axis = Axis(n=one.n, freedom=Freedom.FULL, writes=one.writes, reads=one.reads)
    if not one.heads and _passes(tester, axis, 1, ()):
        return axis, 1
    blocked = replace(axis, freedom=Freedom.BLOCKS, heads=one.heads)
    for blocks in one.blocks:
        if _passes(tester, blocked, blocks, one.heads):
            return blocked, blocks
    return None, 0


def _passes(tester: Relabeller, axis: Axis, blocks: int, heads: Sequence[Move]) -> bool:
    """Return whether an axis may be relabelled: inside blocks, and block against block.

    Attention heads change places with their queries and keys; their values change places inside
    the heads alone.
    """
    n = axis.n
    if n % blocks:
        return False
    try:
        if not heads or blocks == 1:
            order = tester.permutation(n, blocks, within=True, between=True)
            return tester.is_free(axis.writes, axis.reads, order)
        inside = tester.permutation(n, blocks, within=True, between=False)
        if not tester.is_free(axis.writes, axis.reads, inside):
            return False
        whole = tester.permutation(n, blocks, within=False, between=True)
        return tester.moved_by([*heads, *axis.reads], whole) <= SAME
    except (RuntimeError, IndexError, KeyError):
        return False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Relative:
    """An axis and how it was tried, to be tried again around the same matrix of another block."""

    axis: Axis
    blocks: int
    heads: tuple[Move, ...]
    name: str
    """Of the module that reads it."""

    def at(self, name: str) -> _Relative:
        """Return the same axis around another reader."""

        def moved(moves: Sequence[Move]) -> tuple[Move, ...]:
            return tuple(replace(m, tensor=renumbered(m.tensor, self.name, name)) for m in moves)

        axis = replace(
            self.axis,
            writes=moved(self.axis.writes),
            reads=moved(self.axis.reads),
            heads=moved(self.axis.heads),
        )
        return replace(self, axis=axis, heads=moved(self.heads), name=name)


def _overlap(one: Sequence[Move], other: Sequence[Move], n: int, m: int) -> bool:
    """Return whether two axes are read at the same place of one tensor."""
    return any(
        a.tensor == b.tensor and a.axis == b.axis and s < t + m and t < s + n
        for a in one for b in other for s in a.starts for t in b.starts
    )  # fmt: skip


def renumbered(name: str, old: str, new: str) -> str:
    """Return a name with the numbers that it shares with ``old`` replaced by those of ``new``.

    Only the numbers of the module path that both have in common are: ``a.0.b.2.weight`` beside
    ``a.0.c`` becomes ``a.5.b.2.weight`` beside ``a.5.c``.
    """
    parts, olds, news = name.split("."), old.split("."), new.split(".")
    for i, part in enumerate(parts):
        if i >= len(olds) or part != olds[i] or len(olds) != len(news):
            break
        parts[i] = news[i]
    return ".".join(parts)


def _distinct(axes: Sequence[Axis]) -> tuple[Axis, ...]:
    """Return the axes, each once; two readers of one axis (joint attention) found it twice."""
    seen: dict[frozenset[str], Axis] = {}
    for axis in axes:
        key = frozenset(f"{m.tensor}:{m.axis}:{m.starts}" for m in (*axis.writes, *axis.reads))
        seen.setdefault(key, axis)
    return tuple(seen.values())
