"""What does a small planned read show of the change between two related models?

Only after the weights turned out related, and only what fits a few megabytes a model: some rows of
every kind of matrix in a few layers, then more rows of one that moved, for its rank. Figures only;
``verdict.relation`` makes words of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.change.budget import Budget
from hubcheck.evidence.looks.change.by_name import NOTHING_BY_NAME, ByName, held_by_name
from hubcheck.evidence.looks.change.crossings import Later, computed_last, crossings
from hubcheck.evidence.looks.change.grid import Rounding, grid_of, rounding_between
from hubcheck.evidence.looks.change.heads import heads_that_differ
from hubcheck.evidence.looks.change.matrix import Formats, Moved, change_of, formats_of, with_rank
from hubcheck.evidence.looks.change.stored import less_range, rounded, surely_on_grid
from hubcheck.evidence.looks.change.upcycled import Experts, experts_of, wanted_experts
from hubcheck.evidence.looks.change.values import (
    MATRICES,
    WHOLE,
    Pair,
    Place,
    one_of_each_kind,
    pair_of,
    places,
    read_before,
    wanted_rows,
)
from hubcheck.evidence.looks.sample.comparison import Comparison
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen

SAMPLE_BYTES: Final = 2_000_000  # what a look adds at the default depth, for each model
AXES_BYTES: Final = 8_000_000
"""Of a model without layers, whose places differ in size: some rows of one of each kind."""
DEEP_BYTES: Final = 64_000_000
SCAN_SHARE: Final = 0.4
"""Of the bytes, for the first rows of every matrix; the rest goes to the rank of one that moved."""
SCAN_ROWS: Final = 4
SAMPLE_LAYERS: Final = 2
DEEP_LAYERS: Final = 8
RANK_ROWS: Final = 512
"""Twice the largest rank of usual adapters: beyond, more rows tell nothing new."""
RANKS: Final = 2  # matrices of each kind whose rank is measured
GRIDS: Final = 3  # matrices whose grid is looked at: a quantiser treats all alike
WRITERS: Final = (Role.O, Role.CROSS_O, Role.DOWN, Role.EXPERT_DOWN)
ONE_LINE: Final = 0.99  # |cosine| of the changes' directions from which they count as one


@frozen
class CloserLook:
    """Figures of the change between a base and a subject."""

    moved: tuple[Moved, ...]
    """One per matrix or norm looked at, the largest read of it; none in a body of mixers alone."""
    formats: Formats
    recast: tuple[float, float] = (0.0, 0.0)
    """Share of values that are the other model's rounded to the own format: subject, base."""
    subject_rounded: tuple[Rounding, ...] = ()  # where it alone lies on a coarse grid
    base_rounded: tuple[Rounding, ...] = ()  # the other way round
    both_coarse: bool = False
    computed_last: Later = ""  # from the rounding behind a low-rank change
    one_direction: bool = False
    """All changed matrices write to the stream and moved along one line of it."""
    removed: float = -1.0
    """Of that line in the base's whole matrices, the share still there: about 0 when the direction
    was projected out, -1 unknown."""
    experts: Experts | None = None
    bytes_base: int = 0
    bytes_subject: int = 0
    heads_differ: tuple[str, ...] = ()  # the subject's that are not the base's
    by_name: ByName = NOTHING_BY_NAME


def look_closer(
    base: Side,
    subject: Side,
    comparison: Comparison,
    draw: Draw,
    *,
    limit: int = SAMPLE_BYTES,
    layers: Mapping[int, int] | None = None,
) -> CloserLook | Refused:
    """Read a little more of two related models and measure how they differ.

    Args:
        base: The base.
        subject: The subject.
        comparison: What the tests saw and read.
        draw: The seeded choices.
        limit: Bytes that may be added for each model; their budgets hold as well.
        layers: Subject layer to base layer, where a layer map was made.

    Returns:
        The figures, or why none could be taken.

    Raises:
        BudgetExceededError: a ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    readers = (base.reader, subject.reader)
    base_of = dict(layers) if layers else layers_seen(base, subject, comparison)
    if not base_of:
        return Refused(code=Why.NO_LAYER_PAIR)
    budget = Budget(readers, max(limit, AXES_BYTES if base.anatomy.axes else 0))
    pairs = read_before(*readers, (comparison.wanted_base, comparison.wanted_subject), base_of)
    n_layers = SAMPLE_LAYERS if limit <= SAMPLE_BYTES else DEEP_LAYERS
    pairs += _scan(budget, base_of, draw, n_layers)
    experts = _experts(budget, base_of, draw)
    pairs = [p for p in pairs if p.base_ui.shape == p.subject_ui.shape and p.base_ui.size]
    if not pairs or (not any(p.place.role in MATRICES for p in pairs) and experts is None):
        by_name = held_by_name(base.anatomy, subject.anatomy, draw)
        if by_name.near[1] and pairs:
            return CloserLook(moved=(), formats=formats_of(pairs), by_name=by_name)
        return Refused(code=Why.BUDGET if budget.short else Why.NO_SHARED_SHAPE)
    formats = formats_of(pairs)
    moved = {
        p.place: (p, change_of(p, formats)) for p in sorted(pairs, key=lambda p: p.base_ui.size)
    }
    for pair in _more_rows(budget, [m for _, m in moved.values()], draw, limit):
        moved[pair.place] = (pair, change_of(pair, formats))
    for place in _to_rank([m for _, m in moved.values()], moved):
        pair, change = moved[place]
        moved[place] = (pair, with_rank(change, pair, formats))
    kept = [p for p, _ in moved.values()]
    changes = tuple(m for _, m in sorted(moved.values(), key=lambda pm: _order(pm[1].place)))
    low = [(p, m) for p, m in moved.values() if m.rank is not None and m.rank.is_low]
    one_direction, removed = _one_direction(low, changes)
    coarse_subject, coarse_base, both = _roundings(kept)
    return CloserLook(
        moved=changes,
        formats=formats,
        recast=_recast(kept, formats),
        subject_rounded=coarse_subject,
        base_rounded=coarse_base,
        both_coarse=both,
        computed_last=computed_last(
            [
                crossings(p.base_ui, p.subject_ui, m.rank.rank, formats.coarser)
                for p, m in low
                if formats.base == formats.subject and m.rank is not None
            ]
        ),
        one_direction=one_direction,
        removed=removed,
        experts=experts,
        bytes_base=budget.spent[0],
        bytes_subject=budget.spent[1],
        heads_differ=heads_that_differ(base.anatomy, subject.anatomy),
        by_name=held_by_name(base.anatomy, subject.anatomy, draw),
    )


def layers_seen(base: Side, subject: Side, comparison: Comparison) -> dict[int, int]:
    """Return subject layer to base layer: all where the depths agree, else what the tests found."""
    found = {o.best_subject_layer: o.base.layer for o in comparison.hitting if o.base.layer >= 0}
    n = base.anatomy.geometry.layers
    if n == subject.anatomy.geometry.layers and all(i == j for i, j in found.items()):
        return {i: i for i in range(n)}
    return found


def _order(place: Place) -> tuple[int, str, int]:
    return (place.layer, place.role, place.expert)


def _scan(budget: Budget, base_of: Mapping[int, int], draw: Draw, n_layers: int) -> list[Pair]:
    """Read the first rows of every matrix and norm in a few drawn layers."""
    anatomies = (budget.readers[0].anatomy, budget.readers[1].anatomy)
    found: list[tuple[Place, tuple[Wanted, Wanted]]] = []
    drawn = [j for j in draw.layers(anatomies[1].geometry.layers) if j in base_of]
    drawn = one_of_each_kind(anatomies[1], drawn) if anatomies[1].axes else drawn[:n_layers]
    for layer in drawn:
        ready = [
            (place, both)
            for place in places(*anatomies, [(layer, base_of[layer])], draw)
            if (both := place.at(*anatomies)) is not None
        ]
        chosen: list[tuple[Place, tuple[Wanted, Wanted]]] = []
        for whole in (WHOLE, 0):  # rows of every matrix rather than the whole of some
            chosen = [
                (place, wanted_rows(*both, SCAN_ROWS, draw, "relation", whole=whole))
                for place, both in ready
            ]
            wanted = [w for _, w in chosen]
            if budget.affords(wanted, SCAN_SHARE):
                break
        else:
            break  # what is left of the budget holds no further layer
        budget.plan([w for _, w in chosen])
        found += chosen
    budget.read()
    return [pair_of(place, *budget.readers, w) for place, w in found]


def _to_rank(seen: Sequence[Moved], pairs: Mapping[Place, tuple[Pair, Moved]]) -> list[Place]:
    """Return the matrices whose rank is measured: of each kind the largest samples that moved."""
    by_role: dict[Role, list[Moved]] = {}
    for one in seen:
        if one.touched and one.place.role in MATRICES:
            by_role.setdefault(one.place.role, []).append(one)
    chosen = []
    for some in by_role.values():
        some.sort(key=lambda m: (-min(pairs[m.place][0].base_ui.shape), _order(m.place)))
        chosen += [m.place for m in some[:RANKS]]
    return chosen


def _more_rows(budget: Budget, seen: Sequence[Moved], draw: Draw, limit: int) -> list[Pair]:
    """Read more rows of matrices that moved, as many as the rest of the budget holds."""
    anatomies = (budget.readers[0].anatomy, budget.readers[1].anatomy)
    touched = [m for m in seen if m.touched and m.place.role in MATRICES and not m.whole]
    ready = [(both, m.place) for m in touched if (both := m.place.at(*anatomies)) is not None]
    ready.sort(key=lambda item: (item[0][1].n_in, _order(item[1])))
    found = []
    for (a, b), place in ready[: 1 if limit <= SAMPLE_BYTES else len(ready)]:
        rows = min(RANK_ROWS, b.n_out)
        wanted = wanted_rows(a, b, rows, draw, "rank-of-change")
        while rows > SCAN_ROWS and not budget.affords([wanted]):
            rows = rows * 3 // 4
            wanted = wanted_rows(a, b, rows, draw, "rank-of-change")
        if rows <= SCAN_ROWS:
            break
        budget.read([wanted])
        found.append(pair_of(place, *budget.readers, wanted))
    return found


def _experts(budget: Budget, base_of: Mapping[int, int], draw: Draw) -> Experts | None:
    """Hold the experts of one model against the dense MLP of the other, if that is the case."""
    a, b = (r.anatomy for r in budget.readers)
    if (a.geometry.experts > 0) == (b.geometry.experts > 0):
        return None
    wanted = wanted_experts(a, b, dict(base_of), draw)
    if isinstance(wanted, Refused):
        return None  # the experts are of another size: nothing to hold against
    subject = b.geometry.experts > 0
    dense, sparse = budget.readers if subject else budget.readers[::-1]
    for reader, part in ((dense, wanted[0]), (sparse, wanted[1])):
        if reader.cost(part) > reader.anatomy.checkpoint.source.ledger.remaining:
            return None
        budget.spent[budget.readers.index(reader)] += reader.cost(part)
        reader.fetch(part)
    return experts_of(dense, sparse, wanted, subject=subject)


def _recast(pairs: Sequence[Pair], formats: Formats) -> tuple[float, float]:
    """Return the least share, over pairs, of values that are the other's rounded."""
    shares = []
    for own, other, dtype in (
        ("subject_ui", "base_ui", formats.subject),
        ("base_ui", "subject_ui", formats.base),
    ):
        least = 1.0
        for pair in pairs:
            a, b = getattr(pair, other), getattr(pair, own)
            as_stored = a if surely_on_grid(a, dtype) else rounded(a, dtype)
            held = (as_stored == b) | (a == b)  # some tensors may be kept as they were (norms)
            narrow = less_range(pair.base_dtype, pair.subject_dtype)
            if narrow and narrow == getattr(pair, own.replace("_ui", "_dtype")):
                held |= rounded(a, narrow) == b
            least = min(least, float(np.mean(held)))
        shares.append(least)
    return shares[0], shares[1]


def _roundings(
    pairs: Sequence[Pair],
) -> tuple[tuple[Rounding, ...], tuple[Rounding, ...], bool]:
    """Return the roundings of subject and of base, and whether both lie on coarse grids."""
    usable = [p for p in pairs if p.place.role in MATRICES and p.full_rows]
    usable.sort(key=lambda p: -p.base_ui.size)
    subject, base, both = [], [], 0
    for pair in usable[:GRIDS]:
        ours, theirs = grid_of(pair.subject_ui), grid_of(pair.base_ui)
        both += ours is not None and theirs is not None
        if ours is not None and theirs is None:
            subject.append(rounding_between(pair.base_ui, pair.subject_ui, ours))
        if theirs is not None and ours is None:
            base.append(rounding_between(pair.subject_ui, pair.base_ui, theirs))
    return tuple(subject), tuple(base), 2 * both > len(usable[:GRIDS])


def _one_direction(
    low: Sequence[tuple[Pair, Moved]], changes: Sequence[Moved]
) -> tuple[bool, float]:
    """Return whether all that moved are writers along one line, and how much of it is left.

    Abliteration takes one direction r of the residual stream out of what writes to it:
    W' = W - r r^T W. The change of every writer then has r as its only left singular direction.
    """
    moved = [m for m in changes if m.touched]
    if len(low) < 2 or any(m.place.role not in WRITERS for m in moved):  # noqa: PLR2004 - one line needs two
        return False, -1.0
    if any(m.rank is None or m.rank.rank != 1 for _, m in low):
        return False, -1.0
    lines = []
    left = []
    for pair, _ in low:
        a_ui, b_ui = pair.base_ui.astype(np.float64), pair.subject_ui.astype(np.float64)
        line_u = np.linalg.svd(b_ui - a_ui, full_matrices=False)[0][:, 0]
        lines.append((pair.units, line_u))
        if pair.whole:
            left.append(
                float(np.linalg.norm(line_u @ b_ui))
                / max(float(np.linalg.norm(line_u @ a_ui)), 1e-30)
            )
    units, first = lines[0]
    same = [abs(float(first @ line)) >= ONE_LINE for u, line in lines[1:] if u == units]
    return bool(same) and all(same), max(left, default=-1.0)
