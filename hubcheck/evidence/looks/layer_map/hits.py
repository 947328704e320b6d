"""How are all pairs of layers of two models looked at, cheaply first, then closely?

Arithmetic over profiles of rows that were read; nothing is read here. Legend: i base layer, j
subject layer, u units, f features.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.devices.blocks import shared
from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.families import Facing, compare_views
from hubcheck.evidence.family import Test, View
from hubcheck.evidence.looks.layer_map.orders import LayerOrder
from hubcheck.report.phrases import Phrase
from hubcheck.statistics.evalues import log_e_hits, log_mean, log_sum_exp
from hubcheck.statistics.exchangeability import order_problem
from hubcheck.statistics.hits import hit_mask
from hubcheck.statistics.layer_pairs import joined_groups
from hubcheck.statistics.profiles import FloatArray, unit_rows
from hubcheck.statistics.shared_order import (
    Sharing,
    is_structured,
    sharing_of,
)

CHEAP_FEATURES: Final = 1024
"""Features of the cheap look: 64 rows are told apart from kept 0.12 on, 1/sqrt(1024) times
sqrt(2 ln 64) plus one standard deviation."""
FEATURES: Final = 31
"""Keeps this draw of features apart from every other draw by the same seed."""
CHEAP_UNITS: Final = 64
"""Units of the cheap look; more only cost time where all pairs are compared."""
LIKELY: Final = 3
"""Base layers that get the close look for each subject layer at most: the first by the cheap look,
and further ones that show a trace."""
TRACE: Final = 1.0
"""log e of a pair that shows a trace: about 4 hits, by chance 2 %."""
OPEN_BASES: Final = 4
"""Base layers that a layer still open is held against again, most likely first."""
HALF: Final = log(0.5)
"""Weight of the cheap and of the close look, fixed beforehand."""

Pair = tuple[int, int]
"""(base layer, subject layer)."""


@dataclass(slots=True, kw_only=True)
class Pairs:
    """What was seen of all pairs of layers so far."""

    log_e_ij: NDArray[np.float64]
    """Natural logs [base layers, subject layers]: the product over orders looked at."""
    best: dict[Pair, tuple[LayerOrder, View]] = field(default_factory=dict)
    """The view with the most hits of each pair that was looked at closely."""
    tested: set[int] = field(default_factory=set)
    """Base layers with an order that passed the self-test."""
    shared: dict[Pair, int] = field(default_factory=dict)
    """Pairs of base layers that may share an order, and their hits."""
    unsound: set[Phrase] = field(default_factory=set)
    """Families of the base whose order is not arbitrary."""
    structured: set[Test] = field(default_factory=set)
    """Kinds of order that the base's layers share without sharing content: they abstain."""
    in_one_order: dict[str, set[Pair]] = field(default_factory=dict)
    """Order -> pairs of base layers, where ALL its layers stand in one order."""


def look_at_all(order: LayerOrder, draw: Draw, pairs: Pairs, team: Team = ALONE) -> None:
    """Hold one order of every base layer against every subject layer.

    Pairs in which the order cannot be compared keep their e-value: nothing was looked at.

    Args:
        order: The order; its rows were read in all layers.
        draw: The seeded choices.
        pairs: Updated in place.
        team: Processes that share the layers and the pairs.
    """
    of_base = _sound(order, draw, pairs, team)
    cheap_ij = np.full(pairs.log_e_ij.shape, -np.inf)

    def cheaply(j: int) -> dict[int, float]:
        views = _cheap(order.subject_profiles(j).views, draw)
        return {i: _log_e(of_base[i], views) for i in of_base if order.fits(i, j)}

    blocks = [
        order.block(j, of_base=False, held_against=len(of_base)) for j in order.subject_layers
    ]
    for j, row in zip(order.subject_layers, shared(blocks, cheaply, team=team), strict=True):
        for i, log_e in row.items():
            cheap_ij[i, j] = log_e
    likely = sorted(_likely(cheap_ij, order), key=lambda pair: (pair[1], pair[0]))
    looked_ij = HALF + cheap_ij
    for (i, j), close in zip(likely, look_closely(order, draw, pairs, likely, team), strict=True):
        looked_ij[i, j] = log_sum_exp([looked_ij[i, j], HALF + close])
    was_looked_at = np.isfinite(cheap_ij)
    pairs.log_e_ij[was_looked_at] += looked_ij[was_looked_at]


def search_groups(
    orders: Sequence[LayerOrder],
    layers: Sequence[int],
    draw: Draw,
    pairs: Pairs,
    team: Team = ALONE,
) -> None:
    """Hold one kv group of every base layer against every kv group of some subject layers.

    The groups of a subject layer are averaged: one order of the base is held against all of them.

    Args:
        orders: One per kv group of the subject, all of the same group of the base.
        layers: Subject layers.
        draw: The seeded choices.
        pairs: Updated in place.
        team: Processes that share the layers.
    """
    of_base = _sound(orders[0], draw, pairs, team)
    fitting = {j: [order for order in orders if j in order.subject_layers] for j in layers}

    def every_group(j: int) -> dict[int, list[float]]:
        views_h = [_cheap(order.subject_profiles(j).views, draw) for order in fitting[j]]
        return {
            i: [_log_e(base, views) for views in views_h]
            for i, base in of_base.items()
            if views_h and fitting[j][0].fits(i, j)
        }

    held = len(of_base) * len(orders)
    blocks = [orders[0].block(j, of_base=False, held_against=held) for j in layers]
    for j, row in zip(layers, shared(blocks, every_group, team=team), strict=True):
        for i, log_e_h in row.items():
            pairs.log_e_ij[i, j] += log_mean(log_e_h)
            best = int(np.argmax(log_e_h))
            if log_e_h[best] > 0:  # for what is shown: no weight
                look_closely(fitting[j][best], draw, pairs, [(i, j)])


def is_sound(order: LayerOrder, i: int, pairs: Pairs) -> bool:
    """Return whether the order of a base layer looks arbitrary, as the null hypothesis needs.

    Rows of a further look are tested on their own; a family that failed once stays out.
    """
    if order.test.test in pairs.structured:
        return False
    label = order.test.label(order.base_block(i))
    if label not in pairs.unsound and order_problem(order.base_profiles(i).rows) is not None:
        pairs.unsound.add(label)
    return label not in pairs.unsound


def _sound(
    order: LayerOrder, draw: Draw, pairs: Pairs, team: Team
) -> dict[int, Mapping[str, FloatArray]]:
    """Return the cheap views of the base layers whose order looks arbitrary; note the others."""

    def looked(i: int) -> Mapping[str, FloatArray] | None:
        sound = is_sound(order, i, pairs)
        return _cheap(order.base_profiles(i).views, draw) if sound else None

    blocks = [order.block(i, of_base=True, held_against=1) for i in order.base_layers]
    seen_i = dict(zip(order.base_layers, shared(blocks, looked, team=team), strict=True))
    of_base = {i: views for i, views in seen_i.items() if views is not None}
    pairs.unsound |= {
        order.test.label(order.base_block(i))
        for i in seen_i
        if i not in of_base and order.test.test not in pairs.structured
    }
    seen = _sharing(of_base, order, team)
    if is_structured(seen, order.test.pool()):
        pairs.structured.add(order.test.test)
        return {}
    pairs.tested |= set(of_base)
    sharing = {pair: one.hits for pair, one in seen.items() if one.one_order}
    for pair, n in sharing.items():
        pairs.shared[pair] = max(n, pairs.shared.get(pair, 0))
    layers = sorted(of_base)
    places = [(layers.index(a), layers.index(b)) for a, b in sharing]
    if len(layers) > 1 and len(joined_groups(len(layers), places)) == 1:
        pairs.in_one_order[order.name] = set(sharing)
    return of_base


def look_closely(
    order: LayerOrder, draw: Draw, pairs: Pairs, chosen: Sequence[Pair], team: Team = ALONE
) -> list[float]:
    """Return log e of some pairs, each the mean over all its views; -inf where none is comparable.

    Args:
        order: The order; its rows were read in these layers.
        draw: The seeded choices.
        pairs: The best views are noted there.
        chosen: Pairs that have the order in one size.
        team: Processes that share the pairs.
    """

    def closely(pair: Pair) -> tuple[View, ...]:
        i, j = pair
        return compare_views(
            Facing(order.base_profiles(i), order.subject_profiles(j)),
            order.base_block(i),
            order.subject_block(j),
            draw,
        )

    blocks = [order.pair_block(pair) for pair in chosen]
    found = []
    for pair, views in zip(
        chosen, shared(blocks, closely, team=team, store=order.store), strict=True
    ):
        if not views:
            found.append(-np.inf)
            continue
        best = max(views, key=lambda view: view.hits)
        known = pairs.best.get(pair)
        if known is None or log_e_hits(best.hits) > log_e_hits(known[1].hits):
            pairs.best[pair] = (order, best)
        found.append(log_mean([log_e_hits(view.hits) for view in views]))
    return found


def open_layers(pairs: Pairs, needed: float) -> list[int]:
    """Return the subject layers whose origin is not known yet."""
    return [j for j, column in enumerate(pairs.log_e_ij.T) if column.max() < needed]


def open_pairs(pairs: Pairs, needed: float) -> list[Pair]:
    """Return pairs worth a further look: of layers without an origin that show a trace of one.

    Args:
        pairs: What was seen.
        needed: log e from which a layer counts as found.
    """
    found = [
        (int(column.argmax()), j)
        for j, column in enumerate(pairs.log_e_ij.T)
        if column.max() >= needed
    ]
    again: list[Pair] = []
    for j in open_layers(pairs, needed):
        column = pairs.log_e_ij[:, j]
        order = [int(i) for i in np.argsort(-column, kind="stable") if i in pairs.tested]
        traces = [i for i in order if column[i] > 0][:OPEN_BASES]
        # where the layers around it come from says where it may come from
        beside = [i + (j - k) for i, k in found if abs(j - k) == 1]
        chosen = dict.fromkeys(traces + [i for i in beside if i in pairs.tested])
        again += [(i, j) for i in chosen]
    return again


def _cheap(views: Mapping[str, FloatArray], draw: Draw) -> dict[str, FloatArray]:
    """Return the joint view of each frame, cut to some units and features, rows of length one."""
    found: dict[str, FloatArray] = {}
    for frame in ("raw", "token"):
        names = [n for n in views if n.startswith(frame)]
        if not names:
            continue
        name = next((n for n in names if n.endswith(" all")), names[0])
        view_uf = views[name][:CHEAP_UNITS]
        n_features = view_uf.shape[1]
        if n_features > CHEAP_FEATURES:
            rng = np.random.default_rng([draw.seed, FEATURES, n_features])
            columns = np.sort(rng.choice(n_features, CHEAP_FEATURES, replace=False))
            view_uf = np.ascontiguousarray(view_uf[:, columns])
        found[name] = unit_rows(view_uf)
    return found


def _log_e(a: Mapping[str, FloatArray], b: Mapping[str, FloatArray]) -> float:
    """Return log of the mean e over the cheap views both have in one size; -inf for none."""
    return log_mean([log_e_hits(hits) for hits in _hits(a, b)])


def _hits(a: Mapping[str, FloatArray], b: Mapping[str, FloatArray]) -> list[int]:
    return [
        int(hit_mask(a[name] @ b[name].T).sum())
        for name in a
        if name in b and a[name].shape == b[name].shape
    ]


def _sharing(
    of_base: Mapping[int, Mapping[str, FloatArray]], order: LayerOrder, team: Team
) -> dict[Pair, Sharing]:
    """Return what every two layers of the base show, in the frame that shows most."""
    layers = list(of_base)

    def with_later(a: int) -> dict[Pair, Sharing]:
        found: dict[Pair, Sharing] = {}
        for b in layers[layers.index(a) + 1 :]:
            common = [name for name in of_base[a] if name in of_base[b]]
            seen = [sharing_of(of_base[a][name], of_base[b][name]) for name in common]
            best = max((s for s in seen if s is not None), key=lambda s: s.hits, default=None)
            if best is not None:
                found[a, b] = best
        return found

    blocks = [
        order.block(a, of_base=True, held_against=len(layers) - n) for n, a in enumerate(layers)
    ]
    return {
        pair: seen for part in shared(blocks, with_later, team=team) for pair, seen in part.items()
    }


def _likely(cheap_ij: NDArray[np.float64], order: LayerOrder) -> set[Pair]:
    """Return the pairs that get the close look."""
    likely: set[Pair] = set()
    for j in order.subject_layers:
        ranked: list[int] = np.argsort(-cheap_ij[:, j], kind="stable").tolist()
        likely |= {
            (i, j)
            for rank, i in enumerate(ranked[:LIKELY])
            if cheap_ij[i, j] > (-np.inf if rank == 0 else TRACE)
        }
    return likely
