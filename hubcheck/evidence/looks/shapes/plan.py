"""Which MLPs of two models of different sizes are held against each other, and which rows of them?

Of the subject a run of neighbouring neurons is read, of the base the whole layer where that fits,
else the window in which the partners of such a run must lie if a random choice of neurons was kept.
The richest plan that fits is taken; which one does not depend on any value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from hubcheck.anatomy.interface import Anatomy
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.layer_map.spending import Spending
from hubcheck.evidence.looks.width.reading import LayerRows, layer_rows, window_of
from hubcheck.evidence.orders.mlps import (
    BY_KIND,
    DENSE,
    EXPERT,
    MAY_BECOME,
    SHARED,
    MlpRoles,
    neurons_of,
)
from hubcheck.evidence.orders.neurons import corresponding_layers
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen

EVERY: Final = 10**6
"""Of the places where a layer may lie: all."""
EFFORTS: Final = (
    (16, 256, EVERY, True),
    (6, 256, EVERY, True),
    (4, 256, EVERY, True),
    (4, 128, EVERY, True),
    (2, 256, EVERY, True),
    (4, 192, EVERY, False),
    (2, 192, EVERY, False),
    (2, 96, EVERY, False),
    (2, 96, 1, False),
)
"""(layers of the base, neurons read of a subject layer, places in the subject where a layer may lie
that are tried of windows, whether the base's layers are read whole), the most telling first. Signs
need whole layers; two orders are the least that settle anything."""


FEWEST_ORDERS: Final = 2
Blocks = tuple[tuple[Block, ...], tuple[Block, ...]]
"""MLPs of base and subject."""


@frozen
class Plan:
    """What is read of both models."""

    base: tuple[tuple[Block, LayerRows], ...]
    """MLPs of the base, each an order of its own."""
    subject: tuple[tuple[Block, LayerRows], ...]
    """MLPs of the subject, each held against all of the base."""
    whole: bool
    """Whether the base's layers are read whole."""

    @property
    def wanted(self) -> tuple[list[Wanted], list[Wanted]]:
        """What must be read of base and subject."""
        return (
            [w for _, rows in self.base for w in rows.wanted],
            [w for _, rows in self.subject for w in rows.wanted],
        )


def plans(base: Side, subject: Side, draw: Draw) -> Iterator[Plan]:
    """Yield what could be read, the most telling first; nothing where all sizes agree."""
    for blocks in _kinds(base.anatomy, subject.anatomy, draw):
        for effort in EFFORTS:
            yield _plan((base, subject), draw, blocks, effort)


def affordable(spending: Spending, draw: Draw, *, windows_in_all: int | None) -> Plan | None:
    """Return the richest plan that fits what may be read, None where none does.

    Args:
        spending: What may be added for each model.
        draw: The seeded choices.
        windows_in_all: Of a model whose layers are too large to be read whole, what may have been
            read in all afterwards, by the looks before this one, too; None for no such limit.
    """
    sides = spending.base, spending.subject
    for plan in plans(*sides, draw):
        if not spending.affords(*plan.wanted):
            continue
        if plan.whole or windows_in_all is None:
            return plan
        both = zip(sides, plan.wanted, strict=True)
        if all(s.reader.read_so_far + s.reader.cost(w) <= windows_in_all for s, w in both):
            return plan
    return None


def other_sizes(base: Anatomy, subject: Anatomy, draw: Draw) -> bool:
    """Return whether there are MLPs of two sizes, one of which may have become the other."""
    return any(True for _ in _kinds(base, subject, draw))


def _kinds(base: Anatomy, subject: Anatomy, draw: Draw) -> Iterator[Blocks]:
    """Yield MLPs of base and subject that are held against each other, the likeliest kinds first.

    Of a mixture its experts, which hold most of it; then each kind by itself, then across kinds;
    one order alone, which settles nothing, comes last. An order whose size is met in the other
    model is told by hits (``evidence.orders``), and is not spent here again: neither within a kind
    nor across two that are both met in kind.
    """
    found: list[Blocks] = []

    def sizes_of(own: Anatomy, other: Anatomy, roles: MlpRoles) -> set[int]:
        return {neurons_of(own, b) for b in _of_kind(own, other, draw, roles)}

    same = [(roles, roles) for roles in (EXPERT, DENSE, SHARED)]
    across = [(BY_KIND[k], one) for k, of in MAY_BECOME.items() for one in of if one.kind != k]
    for roles, other in (*same, *across):
        sides = _of_kind(base, subject, draw, roles), _of_kind(subject, base, draw, other)
        sizes = [
            {neurons_of(one, b) for b in of} for one, of in zip((base, subject), sides, strict=True)
        ]
        in_kind = sizes_of(subject, base, roles), sizes_of(base, subject, other)
        if roles is not other and sizes[0] <= in_kind[0] and sizes[1] <= in_kind[1]:
            continue
        met = sizes[0] & sizes[1]
        blocks = (
            tuple(b for b in sides[0] if neurons_of(base, b) not in met),
            tuple(b for b in sides[1] if neurons_of(subject, b) not in met),
        )
        if all(blocks):
            found.append(blocks)
    yield from sorted(found, key=lambda blocks: len(blocks[0]) < FEWEST_ORDERS)


def _of_kind(own: Anatomy, other: Anatomy, draw: Draw, roles: MlpRoles) -> list[Block]:
    """Return one MLP of a kind of every layer, in drawn order; an expert that both may have."""
    member = -1
    if roles is EXPERT:
        if not own.geometry.experts:
            return []
        member = draw.one_of(min(n for n in (own.geometry.experts, other.geometry.experts) if n), 0)
    layers = draw.layers(own.geometry.layers)
    blocks = [Block(layer=layer, member=member, kind=roles.kind) for layer in layers]
    return [b for b in blocks if neurons_of(own, b) > 1]


def _plan(
    sides: tuple[Side, Side],
    draw: Draw,
    blocks: tuple[tuple[Block, ...], tuple[Block, ...]],
    effort: tuple[int, int, int, bool],
) -> Plan:
    base, subject = sides
    layers, rows, places, whole = effort
    of_base = blocks[0][:layers]
    there = {b.layer: b for b in blocks[1]}
    of_subject: Sequence[Block] = blocks[1]
    if not whole:  # layer by layer: the window costs more than it tells elsewhere
        depths = (base.anatomy.geometry.layers, subject.anatomy.geometry.layers)
        near = [
            there.get(j) for b in of_base for j in corresponding_layers(b.layer, *depths)[:places]
        ]
        of_subject = [b for b in dict.fromkeys(near) if b is not None] or blocks[1][:layers]
    n_subject = neurons_of(subject.anatomy, of_subject[0])
    size = min(rows, n_subject)
    start = draw.start(n_subject, size)
    run = tuple(range(start, start + size))
    return Plan(
        base=tuple(
            (block, _rows(base, block, draw, _of_base(base, block, run, n_subject, whole=whole)))
            for block in of_base
        ),
        subject=tuple(
            (block, _rows(subject, block, draw, _within(run, neurons_of(subject.anatomy, block))))
            for block in of_subject
        ),
        whole=whole,
    )


def _rows(side: Side, block: Block, draw: Draw, units: tuple[int, ...]) -> LayerRows:
    return layer_rows(side, BY_KIND[block.kind], block, units, draw, by_input=False)


def _within(run: tuple[int, ...], n_units: int) -> tuple[int, ...]:
    """Return a run as long in a layer of other size, as far along."""
    size = min(len(run), n_units)
    start = min(run[0], n_units - size)
    return tuple(range(start, start + size))


def _of_base(
    side: Side, block: Block, run: tuple[int, ...], n_subject: int, *, whole: bool
) -> tuple[int, ...]:
    n_base = neurons_of(side.anatomy, block)
    if whole:
        return tuple(range(n_base))
    if n_base <= n_subject:  # the base's neurons lie among more: as far along as the run
        first = run[0] * n_base // n_subject
        return tuple(range(first, min(n_base, first + len(run))))
    return window_of(run, n_subject, n_base)
