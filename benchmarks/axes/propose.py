"""Which relabellings are worth a try?

Proposals are liberal: the running model decides. Each starts from a matrix that reads n channels and
looks back, in the order of execution, for the matrices that wrote them; gains, biases, depthwise
kernels and squeezes between the two lie along the same channels.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.axes.leaves import Leaf
from benchmarks.axes.relabel import Move

WINDOW: Final = 14
"""Leaves looked back over: a joint attention runs ten between its values and its outputs."""
FEWEST: Final = 8
"""Units from which on an axis is worth anything (8 hits: e = 1e3)."""
VALUE: Final = re.compile(
    r"(?:^|[._])(?:\w*_)?v(?:alue|alues|_proj|_lin)?(?:_proj)?(?:[._]|$)|to_v|vv"
)
COUNTS: Final = (
    "num_groups",
    "groups",
    "heads",
    "num_heads",
    "n_heads",
    "num_attention_heads",
    "nhead",
    "n_head",
    "num_key_value_heads",
)
"""What modules call the number of their blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """An axis that may be free."""

    n: int
    writes: tuple[Move, ...]
    reads: tuple[Move, ...]
    heads: tuple[Move, ...] = ()
    """Further writers that move with whole blocks only: queries and keys of attention heads."""
    blocks: tuple[int, ...] = field(default=())
    """Numbers of blocks to try where the axis is not free as a whole."""


def proposals(leaves: Sequence[Leaf], at: int, counts: Sequence[int]) -> Iterator[Proposal]:
    """Yield the axes that the matrix ``at`` may read, the plainest first."""
    reader = leaves[at]
    seen: set[tuple[tuple[Move, ...], ...]] = set()
    for one in _proposals(leaves, at, counts):
        key = (one.writes, one.reads, one.heads)
        if one.n >= FEWEST and key not in seen and reader.weight:
            seen.add(key)
            yield one


def _proposals(leaves: Sequence[Leaf], at: int, counts: Sequence[int]) -> Iterator[Proposal]:
    reader = leaves[at]
    first = max(0, at - WINDOW)
    before = [i for i in range(first, at) if leaves[i].weight]
    n = reader.n_in
    read = (Move(reader.weight, reader.in_axis),)
    same = [i for i in before if leaves[i].n_out == n][::-1]
    double = [i for i in before if leaves[i].n_out == 2 * n][::-1]
    triple = [i for i in before if leaves[i].n_out == 3 * n][::-1]
    for m in (1, 2, 3):
        if len(same) < m:
            break
        chosen = same[:m]
        yield _through(leaves, chosen, at, n, read, counts)
        yield _through(leaves, chosen, at, n, read, counts, squeezed=True)
    for i in double[:2]:
        yield _through(leaves, [i], at, n, read, counts, starts=(0, n))
        yield _through(leaves, [i], at, n, read, counts, starts=(0, n), squeezed=True)
    yield from _attention(leaves, at, n, same, triple, read, counts)
    yield from _beside_an_mlp(leaves, at, before, counts)
    for i in before[::-1][:6]:  # an MLP whose neurons stand beside something else
        k = leaves[i].n_out
        if FEWEST <= k < n:
            for start in (n - k, 0):
                yield _through(
                    leaves, [i], at, k, (Move(reader.weight, reader.in_axis, (start,)),), counts
                )


def _attention(
    leaves: Sequence[Leaf],
    at: int,
    n: int,
    same: Sequence[int],
    triple: Sequence[int],
    read: tuple[Move, ...],
    counts: Sequence[int],
) -> Iterator[Proposal]:
    """Yield values and outputs of attention, with what moves when heads do."""
    blocks = tuple(dict.fromkeys(c for c in counts if 1 < c < n and n % c == 0))
    if not blocks:
        return
    after = at + 1
    reads = [read]
    if after < len(leaves) and leaves[after].n_in == n and leaves[after].weight:
        reads.append((*read, Move(leaves[after].weight, leaves[after].in_axis)))
    for i in triple[:2]:
        fused = _written(leaves[i], (0, n, 2 * n))
        value = _written(leaves[i], (2 * n,))
        yield Proposal(n=n, writes=value, reads=read, heads=fused, blocks=blocks)
    if len(triple) > 1 and len(reads) > 1:
        pair = triple[:2]
        value = tuple(m for i in pair for m in _written(leaves[i], (2 * n,)))
        fused = tuple(m for i in pair for m in _written(leaves[i], (0, n, 2 * n)))
        yield Proposal(n=n, writes=value, reads=reads[-1], heads=fused, blocks=blocks)
    named = [i for i in same if VALUE.search(leaves[i].name)]
    near = same[:8]
    for those in reads:
        for chosen in ([*named[:1]], [*named[:2]], *[[i] for i in same[:4]]):
            if not chosen:
                continue
            value = tuple(m for i in chosen for m in _written(leaves[i], (0,)))
            # the queries and keys beside those values: as many writers each
            beside = [i for i in near if i not in chosen][: 2 * len(chosen)]
            gains = _vectors(leaves, min([*beside, *chosen]), at, n)
            both = tuple(m for i in [*chosen, *beside] for m in _written(leaves[i], (0,)))
            yield Proposal(
                n=n, writes=value, reads=those, heads=_distinct([*both, *gains]), blocks=blocks
            )


def _beside_an_mlp(
    leaves: Sequence[Leaf], at: int, before: Sequence[int], counts: Sequence[int]
) -> Iterator[Proposal]:
    """Yield values of attention that lie in front of an MLP's neurons (parallel blocks)."""
    reader = leaves[at]
    for i in [i for i in before[::-1] if VALUE.search(leaves[i].name)][:2]:
        n = leaves[i].n_out
        blocks = tuple(dict.fromkeys(c for c in counts if 1 < c < n and n % c == 0))
        if not n < reader.n_in or not blocks:
            continue
        beside = [j for j in before[::-1] if leaves[j].n_out == n and j != i][:2]
        both = tuple(m for j in [i, *beside] for m in _written(leaves[j], (0,)))
        yield Proposal(
            n=n, writes=_written(leaves[i], (0,)), reads=(Move(reader.weight, reader.in_axis),),
            heads=both, blocks=blocks,
        )  # fmt: skip


def _written(leaf: Leaf, starts: tuple[int, ...]) -> tuple[Move, ...]:
    """Return the moves of what a matrix writes, its bias included."""
    vectors = [Move(v, 0, starts) for v, size in leaf.vectors.items() if size == leaf.n_out]
    return (Move(leaf.weight, leaf.out_axis, starts), *vectors)


def _vectors(leaves: Sequence[Leaf], first: int, last: int, n: int) -> list[Move]:
    """Return what lies along n channels between two leaves, and belongs to no matrix."""
    between = leaves[first + 1 : last]
    return [
        Move(v, 0) for x in between if not x.weight for v, size in x.vectors.items() if size == n
    ]


def _through(
    leaves: Sequence[Leaf],
    chosen: Sequence[int],
    at: int,
    n: int,
    read: tuple[Move, ...],
    counts: Sequence[int],
    *,
    starts: tuple[int, ...] = (0,),
    squeezed: bool = False,
) -> Proposal:
    """Return the axis from some writers to a reader, with everything that lies between."""
    writes = [m for i in chosen for m in _written(leaves[i], starts)]
    first = min(chosen)
    writes += _vectors(leaves, first, at, n)
    reads = list(read)
    if squeezed:
        for leaf in leaves[first + 1 : at]:
            if leaf.weight and leaf.n_in == n and leaf.n_out != n:
                reads.append(Move(leaf.weight, leaf.in_axis))
            if leaf.weight and leaf.n_out == n and leaf.n_in != n:
                writes += _written(leaf, (0,))
    between = [getattr(x.module, "num_groups", 0) for x in leaves[first + 1 : at]]
    blocks = tuple(dict.fromkeys(g for g in [*between, *counts] if 1 < g < n and n % g == 0))
    return Proposal(
        n=n, writes=_distinct(writes), reads=_distinct(reads), blocks=blocks if any(between) else ()
    )


def _distinct(moves: Sequence[Move]) -> tuple[Move, ...]:
    return tuple(dict.fromkeys(moves))


def counts_in(modules: Mapping[str, Any], name: str) -> tuple[int, ...]:
    """Return the numbers of blocks that a module and those around it speak of, nearest first."""
    found: dict[int, None] = {}
    parts = name.split(".")
    for cut in range(len(parts), -1, -1):
        module = modules.get(".".join(parts[:cut]))
        own = vars(module) if module is not None else {}
        config = own.get("config") or own.get("_internal_dict")
        for where in (
            own,
            config if isinstance(config, Mapping) else vars(config) if config else {},
        ):
            for word in COUNTS:
                value = where.get(word)
                if isinstance(value, int) and not isinstance(value, bool) and value > 1:
                    found.setdefault(value)
    return tuple(found)
