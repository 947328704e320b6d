"""Which tensors that no order and no role places are the base's, by their names?

Side paths around the blocks (the global projections of Longformer, XLNet's positions), mixers, what
no rule understands, and what lies beside the layers of a model that is a tower (patches, heads): no
order is tested in them, and nothing says which canonical matrix they are. Tensors of one name and
shape in two related models are held against each other all the same: some rows of a few of each
kind, a kind being a name without its numbers.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.namesakes import RowsOfBoth, namesakes
from hubcheck.frozen import frozen

LIMIT: Final = 1_000_000
"""Bytes read of each model."""
OF_A_KIND: Final = 2
"""Tensors read of each kind, drawn; those of other layers stand for them."""
NEAR: Final = 0.2
"""Cosine from which values count as held against their counterparts, as for matrices that have a
role: between strangers it is zero to within 0.1 over 128 values."""
LEAST_VALUES: Final = 128
ROLES: Final = frozenset({Role.SIDE, Role.SSM, Role.DELTA, Role.CONV})
_NUMBER: Final = re.compile(r"\d+")


@frozen
class ByName:
    """Tensors that were held against their namesakes, by their names in base and subject."""

    near: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """Their values point the same way, in every one read of their kind."""
    differ: tuple[str, ...] = ()
    """The subject's that hold other values than the base's, rounding aside."""
    same: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    """They hold the same values, rounding aside, in every one read of their kind."""


NOTHING_BY_NAME: Final = ByName()


def held_by_name(
    base: Anatomy,
    subject: Anatomy,
    draw: Draw,
    *,
    of: tuple[Iterable[str], Iterable[str]] | None = None,
    limit: int = LIMIT,
) -> ByName:
    """Return which tensors of two related models are each other's by name.

    Args:
        base: The base.
        subject: The subject.
        draw: Says which tensors and rows are read.
        of: Names of base and subject that are asked about; what no order and no role places where
            left out.
        limit: Bytes that may be read of each model; what does not fit is left out.
    """
    both = RowsOfBoth(base, subject, limit)
    near: tuple[set[str], set[str]] = (set(), set())
    same: tuple[set[str], set[str]] = (set(), set())
    differ: list[str] = []
    names = (_untold(base), _untold(subject)) if of is None else of
    for turn, pairs in enumerate(_kinds(base, subject, names)):
        read: list[bool] = []
        n_differ = len(differ)
        for there, here in _drawn(pairs, draw, turn):
            start = draw.start(both.n_rows(there), both.n_read(there))
            rows = both.read((there, here), start)
            if rows is None:
                continue
            if not both.are_same((there, here), rows):
                differ.append(here)
            a, b = rows
            lengths = float(np.linalg.norm(a)) * float(np.linalg.norm(b))
            told = a.size >= LEAST_VALUES and float(np.vdot(a, b)) >= NEAR * lengths > 0
            read.append(told)
        for n in (0, 1):
            own = {pair[n] for pair in pairs}
            if read and all(read):
                near[n].update(own)
            if read and len(differ) == n_differ:
                same[n].update(own)
    return ByName(
        near=(frozenset(near[0]), frozenset(near[1])),
        differ=tuple(sorted(differ)),
        same=(frozenset(same[0]), frozenset(same[1])),
    )


def _kinds(
    base: Anatomy, subject: Anatomy, of: tuple[Iterable[str], Iterable[str]]
) -> Iterator[list[tuple[str, str]]]:
    """Yield namesakes of one shape in plain floats, kind by kind."""
    kinds: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for there, here in namesakes(base, subject, *of):
        kinds[_NUMBER.sub("#", subject.plain.get(here, here))].append((there, here))
    yield from kinds.values()


def _untold(anatomy: Anatomy) -> list[str]:
    return [*(n for n, role in anatomy.others.items() if role in ROLES), *anatomy.unknown]


def _drawn(pairs: list[tuple[str, str]], draw: Draw, turn: int) -> list[tuple[str, str]]:
    """Return a few pairs of a kind, each once."""
    first = draw.one_of(len(pairs), turn)
    return [pairs[(first + i * len(pairs) // OF_A_KIND) % len(pairs)] for i in range(OF_A_KIND)][
        : len(pairs)
    ]
