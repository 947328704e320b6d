"""Which axes of a model stand in no order of their own, where no rule knows the model?

A table made by ``benchmarks/axes`` says which axes of a published class are free: each was
relabelled in the running model, and the output stayed as it was. A class is known by its names:
nearly all tensors of the model are called as those of the class, and every tensor under the module
that holds an axis is one that was there when it was certified. Sizes need only fit each other, so
that a class certified small serves its published sizes.
"""

from __future__ import annotations

import gzip
import json
import re
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from importlib.resources import files
from typing import Any, Final

from hubcheck.frozen import frozen

Shapes = Mapping[str, tuple[int, ...]]
TABLE: Final = "certified_axes.json.gz"
KNOWN: Final = 0.9
"""Share of a model's tensors that must be called as the class's are: forms differ in a few (biases,
another conditioning), other classes in most."""
MOST_NAMES: Final = 1 << 17
"""Tensors of a model beyond which none is looked for; published ones have some thousands."""
MOST_WRAPPERS: Final = 3
"""Names in front of a model that are looked behind."""
KERNEL: Final = 4
GROUPED: Final = re.compile(r"dw|depthwise")
"""Names of kernels that read one channel each; where they read several, groups stay together."""
FEWEST_UNITS: Final = 8
"""Of an axis: 8 hits are e = 1e3."""


@frozen
class Lies:
    """Where the units of an axis lie in one tensor."""

    tensor: str
    axis: int
    starts: tuple[int, ...]
    """Units begin at each of these indices, all of them in a row."""


@frozen
class FreeAxis:
    """One axis whose units may change places."""

    n: int
    in_blocks: bool
    """Only inside blocks of equal size, and block against block (groups of a norm, heads)."""
    writes: tuple[Lies, ...]
    """What writes the units, largest first; gains and biases are left out."""
    reads: tuple[Lies, ...]
    heads: tuple[Lies, ...] = ()
    """Queries and keys: they move with whole blocks and have no order to be tested."""


@frozen
class KnownClass:
    """A class that a model's names are those of."""

    name: str
    library: str
    version: str
    share: float
    """Of the model's tensors that are called as the class's."""
    axes: tuple[FreeAxis, ...]
    fixed: frozenset[str]
    """Names of tensors that are equal in all models of the class, whatever they were trained on."""
    beyond: frozenset[str]
    """Names of tensors that the class has not: a head put on it, what a pipeline adds."""


@frozen
class _Pattern:
    """An axis of a class, wherever its module is repeated."""

    scope: str
    """Module that holds it, numbers as ``#``."""
    inside: frozenset[str]
    """Every tensor under that module when it was certified, by its name there."""
    in_blocks: bool
    writes: tuple[tuple[str, int, tuple[int, ...]], ...]
    reads: tuple[tuple[str, int, tuple[int, ...]], ...]
    heads: tuple[tuple[str, int, tuple[int, ...]], ...]


@frozen
class _Class:
    name: str
    library: str
    version: str
    names: frozenset[str]
    patterns: tuple[_Pattern, ...]
    fixed: frozenset[str]


def known_class(shapes: Shapes) -> KnownClass | None:
    """Return the class that a model's names are those of, with its free axes; None for none.

    Args:
        shapes: Shape of every tensor. Hostile; names are compared and cut at dots, never run.
    """
    if not shapes or len(shapes) > MOST_NAMES:
        return None
    for stored in _without_wrappers(shapes):
        found = _among(stored, {short: shapes[name] for short, name in stored.items()})
        if found is not None:
            return found
    return None


def fixed_in(shapes: Shapes) -> frozenset[str]:
    """Return the tensors that are equal in all models of their class, by two seeds of it.

    Args:
        shapes: Shape of every tensor. Hostile.
    """
    if not shapes or len(shapes) > MOST_NAMES:
        return frozenset()
    for stored in _without_wrappers(shapes):
        general = {name: numberless(short) for short, name in stored.items()}
        called = Counter(general.values())
        known = [one for one in table() if _share(one, called) >= KNOWN]
        if known:
            return frozenset(n for n, g in general.items() if any(g in c.fixed for c in known))
    return frozenset()


def _without_wrappers(names: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield stored names by what they are called inside: as they are, then inside their module.

    A model inside another (``resnet.`` before a body, ``model.diffusion_model.``) is called as the
    class is behind the name that most of its tensors begin with.
    """
    stored = {name: name for name in names}
    yield stored
    for _ in range(MOST_WRAPPERS):
        first = Counter(short.split(".")[0] for short in stored if short.count(".") > 1)
        word, count = max(first.items(), key=lambda f: (f[1], f[0]), default=("", 0))
        if count < KNOWN * len(stored):
            return
        cut = {short.removeprefix(f"{word}."): name for short, name in stored.items()}
        if len(cut) < len(stored):  # two tensors would have one name
            return
        stored = cut
        yield stored


def _among(stored: Mapping[str, str], shapes: Shapes) -> KnownClass | None:
    """Return the class whose names these are.

    Args:
        stored: Names as they are stored, by what they are called here.
        shapes: By what they are called here.
    """
    general = {name: numberless(name) for name in shapes}
    called = Counter(general.values())
    found: list[tuple[float, KnownClass]] = []
    for one in table():
        share = _share(one, called)
        axes = _axes_of(one, shapes, general) if share >= KNOWN else ()
        if axes:
            known = KnownClass(
                name=one.name,
                library=one.library,
                version=one.version,
                share=share,
                axes=tuple(_stored(axis, stored) for axis in axes),
                fixed=frozenset(stored[n] for n, g in general.items() if g in one.fixed),
                beyond=frozenset(stored[n] for n, g in general.items() if g not in one.names),
            )
            found.append((len(called.keys() & one.names) / len(one.names), known))
    # Of several that fit, the one that explains most and has least beyond it; a name decides the
    # rest, so that two models of a class always meet in one.
    best = max(found, key=lambda f: (round(f[1].share, 6), f[0], f[1].name), default=None)
    return None if best is None else best[1]


def _share(one: _Class, called: Counter[str]) -> float:
    """Return the share of a model's tensors that are called as a class's, numbers as ``#``."""
    return sum(n for name, n in called.items() if name in one.names) / called.total()


def _stored(axis: FreeAxis, stored: Mapping[str, str]) -> FreeAxis:
    """Return an axis with the names under which its tensors are stored."""

    def named(some: tuple[Lies, ...]) -> tuple[Lies, ...]:
        return tuple(replace(lies, tensor=stored[lies.tensor]) for lies in some)

    return replace(
        axis, writes=named(axis.writes), reads=named(axis.reads), heads=named(axis.heads)
    )


def _axes_of(one: _Class, shapes: Shapes, general: Mapping[str, str]) -> tuple[FreeAxis, ...]:
    """Return every axis of a class that a model has, in the order of names."""
    ordered = sorted(shapes)
    anchors: dict[str, list[_Pattern]] = defaultdict(list)
    for pattern in one.patterns:
        first = pattern.writes[0][0]
        anchors[numberless(_join(pattern.scope, first))].append(pattern)
    found: dict[tuple[Lies, ...], FreeAxis] = {}
    unfit: set[str] = set()
    for name in sorted(shapes, key=natural):
        for pattern in anchors.get(general[name], ()):
            first = pattern.writes[0][0]
            if not name.endswith(first):
                continue
            scope = name[: len(name) - len(first)].removesuffix(".")
            if numberless(scope) != pattern.scope or (scope and name[len(scope)] != "."):
                continue
            if _under(ordered, scope) != pattern.inside:
                continue
            axis = _at(pattern, scope, shapes)
            if axis is not None:
                found.setdefault(axis.reads, axis)
            else:
                unfit |= _kernels(pattern, scope, shapes)
    # A kernel whose inputs are not those that the class gives it is cut into groups (ResNeXt under
    # ResNet's names): what it writes keeps to its group.
    unfit -= {lies.tensor for axis in found.values() for lies in axis.reads}
    return tuple(a for a in found.values() if unfit.isdisjoint(w.tensor for w in a.writes))


def _kernels(pattern: _Pattern, scope: str, shapes: Shapes) -> set[str]:
    """Return the kernels by whose inputs a pattern reads its units."""
    names = {_join(scope, rel) for rel, axis, _ in pattern.reads if axis == 1}
    return {name for name in names if len(shapes.get(name, ())) > 2}  # noqa: PLR2004 - a matrix


def _under(ordered: Sequence[str], scope: str) -> frozenset[str]:
    """Return the names of everything under a module, without the module's."""
    if not scope:
        return frozenset(ordered)
    before = scope + "."
    start = bisect_left(ordered, before)
    inside = []
    for name in ordered[start:]:
        if not name.startswith(before):
            break
        inside.append(name[len(before) :])
    return frozenset(inside)


def _at(pattern: _Pattern, scope: str, shapes: Shapes) -> FreeAxis | None:
    """Return an axis at one place, where the sizes of everything it lies in fit each other."""
    first, axis, parts = pattern.writes[0]
    shape = shapes.get(_join(scope, first), ())
    wanted = max(parts) + 1
    if len(shape) <= axis or min(parts) < 0 or shape[axis] % wanted:
        return None
    n = shape[axis] // wanted
    places = [
        _lies(scope, some, n, shapes) for some in (pattern.writes, pattern.reads, pattern.heads)
    ]
    if n < FEWEST_UNITS or any(p is None for p in places):
        return None
    writes, reads, heads = (p or () for p in places)
    if not writes or not reads:
        return None
    return FreeAxis(n=n, in_blocks=pattern.in_blocks, writes=writes, reads=reads, heads=heads)


def _lies(
    scope: str, some: Sequence[tuple[str, int, tuple[int, ...]]], n: int, shapes: Shapes
) -> tuple[Lies, ...] | None:
    """Return where n units lie in some tensors, vectors checked and left out; None: they do not."""
    found = []
    for rel, axis, parts in some:
        name = _join(scope, rel)
        shape = shapes.get(name, ())
        if len(shape) <= axis or (GROUPED.search(rel) and len(shape) == KERNEL and shape[1] != 1):
            return None
        size = shape[axis]
        beside = -1 in parts
        if not beside and size % n == 0 and max(parts) < size // n:
            starts = tuple(p * n for p in parts)
        elif size > n and (beside or parts == (0,)):
            starts = (size - n,) if beside else (0,)
        else:
            return None
        if not beside and parts != (0,) and size != (max(parts) + 1) * n:
            return None
        if len(shape) > 1 and shape[1 - axis if axis < 2 else 0] > 1:  # noqa: PLR2004 - axes
            found.append(Lies(tensor=name, axis=axis, starts=starts))
    return tuple(found)


def _join(scope: str, rel: str) -> str:
    return f"{scope}.{rel}" if scope else rel


def numberless(name: str) -> str:
    """Return a name with ``#`` for the numbers of lists: ``a.7.conv1`` as ``a.#.conv1``."""
    return ".".join("#" if p.isascii() and p.isdecimal() else p for p in name.split("."))


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key that sorts names as people count: block 2 before block 10."""
    return tuple(
        (0, int(p), "") if p.isascii() and p.isdecimal() and len(p) < 10 else (1, 0, p)  # noqa: PLR2004
        for p in re.split(r"(\d+)", name)
        if p
    )


@lru_cache(maxsize=1)
def table() -> tuple[_Class, ...]:
    """Return the table that ships; it is data of this package, made by ``benchmarks/axes``."""
    packed = files("hubcheck.anatomy").joinpath(TABLE).read_bytes()
    return tuple(_class(one) for one in json.loads(gzip.decompress(packed))["classes"])


def _class(one: Mapping[str, Any]) -> _Class:
    def moves(some: Sequence[Any]) -> tuple[tuple[str, int, tuple[int, ...]], ...]:
        return tuple((rel, int(axis), tuple(parts)) for rel, axis, parts in some)

    return _Class(
        name=one["name"],
        library=one["library"],
        version=one["version"],
        names=frozenset(one["names"]),
        fixed=frozenset(one["fixed"]),
        patterns=tuple(
            _Pattern(
                scope=p["scope"],
                inside=frozenset(p["inside"]),
                in_blocks=p["freedom"] == "blocks",
                writes=moves(p["writes"]),
                reads=moves(p["reads"]),
                heads=moves(p["heads"]),
            )
            for p in one["axes"]
        ),
    )
