"""Which tensors of two models may be the same one, if names say nothing and shapes everything?

Both models hold one long list of equal layers. Tensors inside it are candidates for each other when
they have one shape; so are tensors outside. Where the subject's names do not even say of which
layer a tensor is, all of one shape are candidates for each other. Which of several candidates is
which, values must say (``check.renamed``). Layers that are not all alike (the first one of T5 has
a table more, ModernBERT's first norm is none) are such a list to nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from math import prod
from typing import Final

from hubcheck.frozen import frozen

Shapes = Mapping[str, tuple[int, ...]]
MOST_ALIKE: Final = 6
"""Tensors of one shape in a layer; a dense encoder has four matrices and at most nine vectors."""
MOST_VECTORS: Final = 12
MOST_UNNUMBERED: Final = 128
"""Tensors of one shape where no name holds a layer's number: they are all held against each other,
and the number of orders of them, 128! at most, is paid for."""
MOST_LAYERS: Final = 4096
MIN_LAYERS: Final = 2


@frozen
class Place:
    """A tensor of every layer, or one outside them."""

    before: str
    """The name up to the layer's number; all of it where there are no layers."""
    after: str
    """The name behind the number."""

    def name(self, layer: int) -> str:
        """Return the name in a layer; ``layer`` -1 for a place outside."""
        return self.before if layer < 0 else f"{self.before}{layer}{self.after}"


@frozen
class Candidates:
    """As many places of each model, all of one shape."""

    base: tuple[Place, ...]
    subject: tuple[Place, ...]
    layers: int
    """0: outside the layers."""
    parameters: int
    """Of the subject, over all layers."""
    vector: bool

    @property
    def is_body(self) -> bool:
        """Whether these are matrices of which a body is made, as far as shapes tell."""
        return not self.vector and (self.layers > 0 or len(self.base) > 1)


def candidates_of(base: Shapes, subject: Shapes) -> tuple[Candidates, ...]:
    """Return which places may be each other; empty where the layouts differ.

    Args:
        base: Shape of every tensor by name.
        subject: The same of the subject. Hostile; names are cut at dots and never parsed further.
    """
    lists = [_layer_list(shapes) for shapes in (base, subject)]
    if not lists[1][1]:
        return _unnumbered(base, subject)
    if not all(n for _, n in lists) or lists[0][1] != lists[1][1]:
        return ()
    found: list[Candidates] = []
    for inside in (True, False):
        sides = [
            _by_shape(shapes, before, layers, inside=inside)
            for shapes, (before, layers) in zip((base, subject), lists, strict=True)
        ]
        for shape, places in sides[1].items():
            others = sides[0].get(shape, [])
            vector = sum(n > 1 for n in shape) <= 1
            if len(others) == len(places) <= (MOST_VECTORS if vector else MOST_ALIKE):
                layers = lists[1][1] if inside else 0
                found.append(
                    Candidates(
                        base=tuple(others),
                        subject=tuple(places),
                        layers=layers,
                        parameters=prod(shape) * max(1, layers) * len(places),
                        vector=vector,
                    )
                )
    return tuple(found)


def _unnumbered(base: Shapes, subject: Shapes) -> tuple[Candidates, ...]:
    """Return all tensors of one shape as candidates, each a place of its own."""
    sides: list[dict[tuple[int, ...], list[Place]]] = []
    for shapes in (base, subject):
        found: dict[tuple[int, ...], list[Place]] = defaultdict(list)
        for name in sorted(shapes):
            found[shapes[name]].append(Place(before=name, after=""))
        sides.append(found)
    return tuple(
        Candidates(
            base=tuple(sides[0][shape]),
            subject=tuple(places),
            layers=0,
            parameters=prod(shape) * len(places),
            vector=sum(n > 1 for n in shape) <= 1,
        )
        for shape, places in sides[1].items()
        if len(sides[0].get(shape, ())) == len(places) <= MOST_UNNUMBERED
    )


def _layer_list(shapes: Shapes) -> tuple[str, int]:
    """Return what stands before the numbers of the largest list of equal layers, and its length."""
    lists: dict[str, dict[int, dict[str, tuple[int, ...]]]] = defaultdict(lambda: defaultdict(dict))
    for name, shape in shapes.items():
        cut = _cut(name)
        if cut is not None:
            before, number, after = cut
            lists[before][number][after] = shape
    sizes = {
        before: (sum(prod(s) for layer in found.values() for s in layer.values()), len(found))
        for before, found in lists.items()
        if MIN_LAYERS <= len(found) <= MOST_LAYERS
        and set(found) == set(range(len(found)))
        and all(layer == found[0] for layer in found.values())
    }
    best = max(sizes, key=lambda b: (sizes[b][0], b), default="")
    return (best, sizes[best][1]) if sizes else ("", 0)


def _cut(name: str) -> tuple[str, int, str] | None:
    """Return a name before its first number, the number, and the name behind it."""
    parts = name.split(".")
    at = next((i for i, p in enumerate(parts) if p.isascii() and p.isdecimal()), -1)
    if at < 1 or len(parts[at]) > len(str(MOST_LAYERS)) or at == len(parts) - 1:
        return None
    return "".join(f"{p}." for p in parts[:at]), int(parts[at]), "." + ".".join(parts[at + 1 :])


def _by_shape(
    shapes: Shapes, before: str, layers: int, *, inside: bool
) -> dict[tuple[int, ...], list[Place]]:
    """Return the places inside the layers (or outside) by their shape, sorted by name."""
    found: dict[tuple[int, ...], list[Place]] = defaultdict(list)
    names: Collection[str] = sorted(shapes)
    for name in names:
        cut = _cut(name)
        within = cut is not None and cut[0] == before and cut[1] < layers
        if within is not inside:
            continue
        if cut is None or not inside:
            found[shapes[name]].append(Place(before=name, after=""))
        elif cut[1] == 0:
            found[shapes[name]].append(Place(before=before, after=cut[2]))
    return found
