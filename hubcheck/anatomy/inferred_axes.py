"""Which axes look free by names and shapes alone, where no table knows the model?

An expand-contract block: [n, d] and [d, n], or [2n, d] where it is gated, kernels flattened, in
either orientation, with n larger than d, that are alone with n in the block that holds them. Units
of n may then change places, if nothing that shapes do not show reads them: that is an assumption,
and what is found here is of kind ``assumed``. Blocks of one level are paid for
(``statistics.blocks``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import prod
from typing import Final

from hubcheck.anatomy.free_axes import FreeAxis, Lies, Shapes, natural

FEWEST: Final = 16
"""Units of an axis; fewer hits are worth too little."""
MOST_TENSORS: Final = 1 << 14
"""Of a model: beyond, names are hostile."""
MOST_INSIDE: Final = 24
"""Matrices of a block that holds one axis."""
DEEPEST: Final = 24
"""Parts of a name."""
MATRIX: Final = 2


def inferred_axes(shapes: Shapes) -> tuple[FreeAxis, ...]:
    """Return the axes that look free, in the order of names.

    Args:
        shapes: Shape of every tensor. Hostile; names are cut at dots.
    """
    if len(shapes) > MOST_TENSORS:
        return ()
    sizes = {n: (s[0], s[1]) for n, s in shapes.items() if len(s) >= MATRIX and min(s[:2]) > 1}
    inside: dict[str, list[str]] = defaultdict(list)
    for name in sizes:
        for module in _modules(name):
            inside[module].append(name)
    found: dict[str, FreeAxis] = {}
    taken: set[str] = set()
    deepest_first = sorted(inside, key=lambda m: (-m.count("."), natural(m)))
    for module in deepest_first:
        members = inside[module]
        if not MATRIX <= len(members) <= MOST_INSIDE:
            continue
        around = inside.get(_numbered(module), members)
        for axis in _in_block(members, around, sizes, shapes):
            names = {lies.tensor for lies in (*axis.writes, *axis.reads)}
            if not names & taken:
                taken |= names
                found[axis.writes[0].tensor] = axis
    return tuple(found[name] for name in sorted(found, key=natural))


def _modules(name: str) -> list[str]:
    """Return the modules that hold a tensor, its own first."""
    parts = name.split(".")[:DEEPEST]
    return [".".join(parts[:cut]) for cut in range(len(parts) - 1, 0, -1)]


def _numbered(module: str) -> str:
    """Return the numbered block that a module is in, itself where there is none."""
    parts = module.split(".")
    for cut in range(len(parts), 0, -1):
        if parts[cut - 1].isdecimal():
            return ".".join(parts[:cut])
    return module


def _in_block(
    members: Sequence[str],
    around: Sequence[str],
    sizes: Mapping[str, tuple[int, int]],
    shapes: Shapes,
) -> list[FreeAxis]:
    """Return the axes of one block: two or three matrices that are alone with a size."""
    found = []
    for reads in sorted(members, key=natural):
        for axis in (1, 0):  # of what reads them, stored as torch does or by input
            n, d = sizes[reads][axis], sizes[reads][1 - axis]
            if n <= d or n < FEWEST:
                continue
            plain = [w for w in members if w != reads and _is(sizes[w], axis, n, d)]
            fused = [w for w in members if w != reads and _is(sizes[w], axis, 2 * n, d)]
            writers, parts = (plain, 1) if plain else (fused, 2)
            most = 2 if parts == 1 else 1
            if not 1 <= len(writers) <= most or (plain and fused):
                continue
            touching = {w for w in around if n in sizes[w] or 2 * n in sizes[w]}
            if touching != {reads, *writers} or _is_kernel_by_input(shapes, reads, writers, axis):
                continue
            if _has_keys(writers[0], members, sizes, axis, n):
                continue
            starts = tuple(n * part for part in range(parts))
            found.append(
                FreeAxis(
                    n=n,
                    in_blocks=True,
                    writes=tuple(Lies(tensor=w, axis=1 - axis, starts=starts) for w in writers),
                    reads=(Lies(tensor=reads, axis=axis, starts=(0,)),),
                )
            )
            break
    return found


def _has_keys(
    writer: str,
    members: Sequence[str],
    sizes: Mapping[str, tuple[int, int]],
    axis: int,
    n: int,
) -> bool:
    """Return whether two narrower matrices of one shape stand beside a writer: keys and values.

    Grouped heads give queries and outputs the shapes of an MLP.
    """
    beside = [m for m in members if m != writer and _module(m) == _module(writer)]
    d = sizes[writer][axis]
    narrow = [sizes[m] for m in beside if d in sizes[m] and max(sizes[m]) < n]
    return len(narrow) > len(set(narrow))


def _module(name: str) -> str:
    """Return the module around the one that owns a weight."""
    return name.removesuffix(".weight").rpartition(".")[0]


def _is(size: tuple[int, int], axis: int, n: int, d: int) -> bool:
    """Return whether a matrix writes n units from d, in the orientation of its reader."""
    return size[1 - axis] == n and size[axis] == d


def _is_kernel_by_input(shapes: Shapes, reads: str, writers: Sequence[str], axis: int) -> bool:
    """Return whether kernels are stored by input: their rows are no units of one axis alone."""
    return axis == 0 and any(prod(shapes[w][MATRIX:]) > 1 for w in (reads, *writers))
