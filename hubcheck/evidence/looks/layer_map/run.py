"""Which layer of the base does each layer of the subject come from?

Many to one, in order or not: layers may have been dropped, repeated, moved, or taken from several
models. All layers of both models are sampled by the same rows, and every pair is held against each
other, first in some hundred features, then the likely pairs in all of them, then what is still open
with further rows.

Null and what is multiplied: ``statistics.layer_pairs``. The e-value of a pair is a product over
distinct orders (neurons, shared-expert neurons, V/O dimensions, disjoint blocks of them). For each
order it is the mean of the cheap and the close look with weights fixed beforehand, 1/2 each, and a
look that was not taken counts 0; a further block multiplies by an e-value of its own, and what is
looked at again may depend on what was seen (a stopped product of e-values is one). So looking
closely only where it is promising costs nothing of the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log
from typing import Final

import numpy as np

from hubcheck.devices.blocks import Block, shared
from hubcheck.devices.store import Store
from hubcheck.devices.team import Team
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.content import Content, content_of
from hubcheck.evidence.draw import LEAST_ROWS, MOST_ROWS, Draw
from hubcheck.evidence.looks.layer_map.hits import (
    Pair,
    Pairs,
    is_sound,
    look_at_all,
    look_closely,
    open_layers,
    open_pairs,
    search_groups,
)
from hubcheck.evidence.looks.layer_map.interface import LayerMap, LayerOrigin
from hubcheck.evidence.looks.layer_map.orders import LayerOrder, group_orders, layer_orders
from hubcheck.evidence.looks.layer_map.spending import LIMIT, Spending
from hubcheck.evidence.looks.whole.interface import Resources
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from hubcheck.statistics.evalues import log_product, without_strongest
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.layer_pairs import joined_groups, log_e_of_subject_layer, log_e_orders

ROWS: Final = (MOST_ROWS, LEAST_ROWS, LEAST_ROWS // 2, LEAST_ROWS // 4)
"""Neurons of a first look, the most that fit the limit; 16 hits settle a layer."""
LATER_LOOKS: Final = 2
"""Looks at further rows of layers that are still open."""
SURELY_SHARED: Final = 12
"""Hits inside the base from which a shared order is told: 1/12! over 5,000 pairs is 1e-5."""
CEILING_UNITS: Final = 48
"""Units of the optimal matching behind the content check (cubic cost, once a layer)."""
MOST_OTHERS: Final = 8
"""Other layers of the base that a layer is held against where all stand in one order."""
NOTHING: Final = Content(ceiling=0.0, separate_hits=-1, stands=False)
MOST_NOTES: Final = 4
"""Abstentions named one by one; beyond, their number is enough."""


def map_layers(
    base: Side,
    subject: Side,
    draw: Draw,
    *,
    limit: int = LIMIT,
    resources: Resources | None = None,
) -> LayerMap | Refused:
    """Find the origin of every subject layer.

    Args:
        base: The base.
        subject: The subject, of any depth and width.
        draw: The seeded choices; rows that other tests drew by the same seed are not read again.
        limit: Weight bytes that may be added for each model; the models' budgets hold as well.
        resources: The processes that share the layers, and where profiles wait.

    Returns:
        The map, or why none could be made.

    Raises:
        BudgetExceededError: a model's ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    resources = resources or Resources()
    with Store(resources.device) as store:
        return _mapped(Spending(base, subject, limit, resources.team), draw, store)


def _mapped(spending: Spending, draw: Draw, store: Store) -> LayerMap | Refused:
    base, subject, team = spending.base, spending.subject, spending.team
    planned = _first_look(spending, draw, store)
    if isinstance(planned, Refused):
        return planned
    rows, orders = planned
    spending.read(*_all_layers(orders))
    n_base, n_subject = base.anatomy.geometry.layers, subject.anatomy.geometry.layers
    pairs = Pairs(log_e_ij=np.zeros((n_base, n_subject)))
    for order in orders:
        look_at_all(order, draw, pairs, team)
    if not pairs.tested:
        return Refused(code=Why.NO_SOUND_ORDER)
    _search_groups(spending, draw, pairs, store)
    for look in range(1, LATER_LOOKS + 1):
        again = open_pairs(pairs, _needed(pairs))
        if not again:
            break
        further = layer_orders(base, subject, draw, rows=rows, look=look, store=store)
        _look_again(again, further, spending, draw, pairs)
    return _sum_up(pairs, spending)


def planned_rows(
    base: Side, subject: Side, draw: Draw, *, limit: int = LIMIT
) -> tuple[tuple[Wanted, ...], tuple[Wanted, ...]] | Refused:
    """Return what the first look would read of base and subject; nothing is read."""
    planned = _first_look(Spending(base, subject, limit), draw)
    if isinstance(planned, Refused):
        return planned
    of_base, of_subject = _all_layers(planned[1])
    return tuple(of_base), tuple(of_subject)


def _needed(pairs: Pairs) -> float:
    """Return the log e from which a layer counts as found: 1 in 1,000, all pairs paid for."""
    return NOTABLE + log(pairs.log_e_ij.size)


def _first_look(
    spending: Spending, draw: Draw, store: Store | None = None
) -> tuple[int, list[LayerOrder]] | Refused:
    """Return the most rows that fit the limit, and the orders at that size."""
    orders: list[LayerOrder] = []
    for rows in ROWS:
        orders = layer_orders(spending.base, spending.subject, draw, rows=rows, look=0, store=store)
        if not orders:
            return Refused(code=Why.NO_SHARED_ORDER)
        if spending.affords(*_all_layers(orders)):
            return rows, orders
    last = orders[-1:]  # the V/O dimensions, where there are any, are the cheapest
    if spending.affords(*_all_layers(last)):
        return ROWS[-1], last
    return Refused(code=Why.BUDGET)


def _all_layers(orders: Sequence[LayerOrder]) -> tuple[list[Wanted], list[Wanted]]:
    """Return what all layers of base and subject need."""
    return (
        [w for order in orders for w in order.of_base(order.base_layers)],
        [w for order in orders for w in order.of_subject(order.subject_layers)],
    )


def _search_groups(spending: Spending, draw: Draw, pairs: Pairs, store: Store) -> None:
    """Search all kv groups of the layers still open, of as many as the limit allows."""
    still = open_layers(pairs, _needed(pairs))
    orders = group_orders(spending.base, spending.subject, draw, store) if still else []
    if not orders:
        return
    base = orders[0].of_base(orders[0].base_layers)
    layers: list[int] = []
    chosen: list[Wanted] = []
    for j in still:
        more = [w for order in orders if j in order.subject_layers for w in order.of_subject([j])]
        if more and spending.affords(base, [*chosen, *more]):
            layers.append(j)
            chosen += more
    if layers:
        spending.read(base, chosen)
        search_groups(orders, layers, draw, pairs, spending.team)


def _look_again(
    again: Sequence[Pair],
    orders: Sequence[LayerOrder],
    spending: Spending,
    draw: Draw,
    pairs: Pairs,
) -> None:
    """Take a further look at open pairs, in the orders that can be afforded."""
    for order in orders:
        chosen = [(i, j) for i, j in again if order.fits(i, j)]
        wanted = (
            order.of_base(sorted({i for i, _ in chosen})),
            order.of_subject(sorted({j for _, j in chosen})),
        )
        if not chosen or not spending.affords(*wanted):
            continue
        spending.read(*wanted)
        # Every process looks for itself: these are a few layers, and each must know of all.
        sound = [pair for pair in chosen if is_sound(order, pair[0], pairs)]
        for pair, close in zip(
            sound, look_closely(order, draw, pairs, sound, spending.team), strict=True
        ):
            if np.isfinite(close):
                pairs.log_e_ij[pair] += close


def _sum_up(pairs: Pairs, spending: Spending) -> LayerMap:
    n_base = pairs.log_e_ij.shape[0]
    groups = [
        [i for i in group if i in pairs.tested] for group in joined_groups(n_base, [*pairs.shared])
    ]
    factors = log_e_orders(pairs.log_e_ij, groups)
    surely = [pair for pair, hits in pairs.shared.items() if hits >= SURELY_SHARED]
    return LayerMap(
        origins=tuple(_origins(pairs, spending.team)),
        base_layers=n_base,
        log_e=log_product(factors),
        log_e_without_strongest=without_strongest(factors),
        shared=tuple(group for group in joined_groups(n_base, surely) if len(group) > 1),
        tested=tuple(sorted(pairs.tested)),
        bytes_base=spending.bytes_base,
        bytes_subject=spending.bytes_subject,
    )


def _origins(pairs: Pairs, team: Team) -> list[LayerOrigin]:
    """Return where every subject layer comes from, each worked out by one process."""
    blocks = [
        Block(work=j, flops=CEILING_UNITS**3 * sum(j == at for _, at in pairs.best))
        for j in range(pairs.log_e_ij.shape[1])
    ]
    return shared(blocks, lambda j: _origin(pairs, j), team=team)


def _origin(pairs: Pairs, j: int) -> LayerOrigin:
    """Return where a subject layer comes from, with the bound that pays for all base layers."""
    log_e_i = pairs.log_e_ij[:, j]
    looked = [i for i in range(log_e_i.size) if (i, j) in pairs.best]
    sure = [i for i in looked if log_e_i[i] >= _needed(pairs)]
    if not looked:
        return LayerOrigin(
            layer=j, base_layer=-1, hits=0, units=0, log10_p=0.0, kept=0.0, ceiling=0.0,
            stands=False, test="", frame="", rivals=(),
        )  # fmt: skip
    chosen = max(sure or looked, key=lambda i: log_e_i[i])
    if len(sure) > 1:
        # Duplicates inside the base all match in order; what is kept in one view tells them apart.
        order, view = pairs.best[chosen, j]
        chosen = max(sure, key=lambda i: _kept(order, i, j, view.name))
    order, view = pairs.best[chosen, j]
    paid = float(log_e_of_subject_layer(pairs.log_e_ij, j).max())
    content = _content(pairs, order, chosen, j, view.name) if sure else NOTHING
    return LayerOrigin(
        layer=j,
        base_layer=chosen if sure else -1,
        hits=view.hits,
        units=view.units,
        log10_p=-max(0.0, paid) / LOG10 or 0.0,
        kept=view.kept,
        ceiling=content.ceiling,
        stands=content.stands,
        test=order.name,
        frame=view.name.split(" ")[0],
        rivals=tuple(i for i in sure if i != chosen),
    )


def _kept(order: LayerOrder, i: int, j: int, name: str) -> float:
    """Return the median cosine of same-index units of a pair in one view; -1 without that view."""
    if not order.fits(i, j):
        return -1.0
    a_uf = order.base_profiles(i).views.get(name)
    b_uf = order.subject_profiles(j).views.get(name)
    if a_uf is None or b_uf is None or a_uf.shape != b_uf.shape:
        return -1.0
    return float(np.median(np.einsum("uf,uf->u", a_uf, b_uf)))


def _content(pairs: Pairs, order: LayerOrder, i: int, j: int, name: str) -> Content:
    """Return the content check of a pair, as the sample makes it (``evidence.content``)."""
    of_base = order.base_profiles(i)
    own = of_base.views[name]
    others = [a + b - i for a, b in pairs.in_one_order.get(order.name, ()) if i in (a, b)]
    held = [
        float(np.median(np.einsum("uf,uf->u", own, view_uf)))
        for k in sorted(others)[:MOST_OTHERS]
        if (view_uf := order.base_profiles(k).views.get(name)) is not None
        and view_uf.shape == own.shape
    ]
    return content_of(
        of_base,
        order.subject_profiles(j),
        name,
        order.test.separate,
        pool=order.test.pool(),
        units=CEILING_UNITS,
        shared=max(held, default=0.0),
    )
