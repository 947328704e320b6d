"""What do all orders of the base show in a subject of another shape?

Neurons of MLPs whose sizes differ (``orders``), and the channels of streams whose widths differ:
every subject channel is matched to its nearest base channel by the embeddings of shared tokens. The
order of the base's channels is uniform given the rest (where their places mean nothing), and no
frame of the neurons depends on it, so it is a factor of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.anatomy.sizes import differing
from hubcheck.evidence.combine import NOTABLE, SETTLED
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.layer_map.spending import Spending
from hubcheck.evidence.looks.shapes.interface import ChannelsSeen, OrderSeen, OtherShapes
from hubcheck.evidence.looks.shapes.orders import (
    Mlp,
    PairSeen,
    content_stands,
    frames_of,
    log_e_of,
    own_problems,
    seen_in,
    shared_orders,
)
from hubcheck.evidence.looks.shapes.plan import affordable, other_sizes
from hubcheck.evidence.looks.shapes.wording import rows_of
from hubcheck.evidence.looks.width.match import SUREST, matching_ceiling, surest_matches
from hubcheck.evidence.orders.mlps import BY_KIND, neurons_of, neurons_said
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.side import Side
from hubcheck.statistics.evalues import log_mean, log_product, without_strongest
from hubcheck.statistics.exchangeability import SORTED, OrderProblem, order_problem
from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.planted_pruned import Sizes, detectable_pruned, detectable_sorted
from hubcheck.statistics.profiles import FloatArray, standardise

FEWEST_TOKENS: Final = 64
"""Shared tokens below which channels are not told apart by their embeddings."""
SELF_TEST_CHANNELS: Final = 512
POWER_ORDERS: Final = 3
"""Orders of the base that copies are planted into; two must have been able to see one."""


def look_across(
    base: Side, subject: Side, draw: Draw, *, limit: int, windows_in_all: int | None = None
) -> OtherShapes | Refused:
    """Hold a base against a subject of another shape.

    Args:
        base: The base.
        subject: The subject.
        draw: The seeded choices.
        limit: Weight bytes that may be added for each model; the models' budgets hold as well.
        windows_in_all: Of models whose layers are too large to be read whole, weight bytes that may
            have been read in all; None for no such limit.

    Raises:
        BudgetExceededError: a model's ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    if not other_sizes(base.anatomy, subject.anatomy, draw):
        return Refused(code=Why.SAME_SIZE)
    one_width = base.anatomy.geometry.hidden == subject.anatomy.geometry.hidden > 0
    if not one_width and not (base.token_rows(Role.EMBED) and subject.token_rows(Role.EMBED)):
        return Refused(code=Why.FEW_TOKENS)
    spending = Spending(base, subject, limit)
    plan = affordable(spending, draw, windows_in_all=windows_in_all)
    if plan is None:
        return Refused(code=Why.BUDGET)
    spending.read(*plan.wanted)
    bases = [Mlp(block, rows, raw=one_width) for block, rows in plan.base]
    subjects = [Mlp(block, rows, raw=one_width) for block, rows in plan.subject]
    guards: list[NDArray[np.float32]] = []
    orders: list[OrderSeen] = []
    abstained: list[OrderProblem] = []
    for one in bases:
        problems = own_problems(one)
        abstained += problems[:1]
        if _coins_at_least(one, problems, base) and any(frames_of(one, s) for s in subjects):
            guards.append(one.guard)
            found_here = _order(
                one, len(orders), subjects, (base, subject), draw, ordered=not problems
            )
            orders.append(found_here)
        one.forget()
    pool = max((neurons_of(base.anatomy, b) for b, _ in plan.base), default=0)
    groups = shared_orders(guards, pool)
    if isinstance(groups, OrderProblem):
        abstained.append(groups)
        orders, groups = [], ()
    channels = None if one_width else _channels(base, subject, abstained)
    factors = [log_mean([orders[n].log_e_order for n in group]) for group in groups]
    # layers that share an order share their coins too: one factor each
    factors += [log_mean([orders[n].log_e_signs for n in group]) for group in groups]
    factors += [channels.log_e] if channels is not None else []
    found = OtherShapes(
        orders=tuple(orders),
        channels=channels,
        log_e=log_product(factors),
        log_e_without_strongest=without_strongest(factors),
        abstained=tuple(dict.fromkeys(abstained)),
        sizes=differing(base.anatomy, subject.anatomy),
    )
    return rows_of(found)


def _coins_at_least(one: Mlp, problems: Sequence[OrderProblem], base: Side) -> bool:
    """Return whether a layer's order is arbitrary or, where it was sorted, its signs are coins."""
    coins = base.anatomy.fair_signs and one.gated
    return not problems or (coins and all(problem.code in SORTED for problem in problems))


def _order(
    one: Mlp,
    turn: int,
    partners: Sequence[Mlp],
    sides: tuple[Side, Side],
    draw: Draw,
    *,
    ordered: bool,
) -> OrderSeen:
    base, subject = sides
    fair = base.anatomy.fair_signs
    seen = [
        (other, seen_in(one, other, frame, fair_signs=fair))
        for other in partners
        for frame in frames_of(one, other)
    ]
    order, signs = log_e_of([s for _, s in seen], ordered=ordered)
    # The best of many null counts would look like more than chance: then one fixed beforehand.
    other, best = next((s for s in seen if s[1].frame == "token"), seen[0])
    first, fixed = other, best
    if order + signs >= NOTABLE:
        other, best = max(seen, key=_shown if ordered else _shown_by_coins)
    n_base = neurons_of(base.anatomy, one.block)
    n_subject = neurons_of(subject.anatomy, other.block)
    ceiling, stands = content_stands(one, other, best, pool=max(n_base, n_subject))
    power = (NOT_DETECTABLE, NOT_DETECTABLE)
    if turn < POWER_ORDERS and not stands:
        power = _power(first, one, fixed, sides, draw, looks=len(seen))
        power = power if ordered else (NOT_DETECTABLE, power[1])
    return OrderSeen(
        label=neurons_said(BY_KIND[one.block.kind], one.block),
        base=one.block,
        ordered=ordered,
        subject=other.block,
        n_base=n_base,
        n_subject=n_subject,
        frame=best.frame,
        units=best.matches.units,
        in_order=best.matches.in_order,
        cosine=round(best.matches.cosine, 4),
        ceiling=round(ceiling, 4),
        stands=stands,
        log_e_order=order,
        agreements=best.agreements,
        coins=best.coins,
        log_e_signs=signs,
        base_matrices=_matrices(base, one.block),
        subject_matrices=tuple(
            dict.fromkeys(m for p in partners for m in _matrices(subject, p.block))
        ),
        detectable_order=power[0],
        detectable_signs=power[1],
    )


def _shown(seen: tuple[Mlp, PairSeen]) -> tuple[float, float]:
    return seen[1].log_e_order + seen[1].log_e_signs, seen[1].matches.cosine


def _shown_by_coins(seen: tuple[Mlp, PairSeen]) -> tuple[float, float]:
    return seen[1].log_e_signs, seen[1].matches.cosine


def _power(
    other: Mlp,
    one: Mlp,
    seen: PairSeen,
    sides: tuple[Side, Side],
    draw: Draw,
    *,
    looks: int,
) -> tuple[float, float]:
    """Return the kept at which a pruned copy of one layer would have been seen: in order, sorted.

    One look alone shows it, and the mean over all looks at the order is paid for.
    """
    sizes = Sizes(
        base_total=neurons_of(sides[0].anatomy, one.block),
        subject_total=neurons_of(sides[1].anatomy, other.block),
        base_first=one.rows.units[0],
        base_read=len(one.rows.units),
        subject_first=other.rows.units[0],
        subject_read=len(other.rows.units),
    )
    needed = SETTLED + float(np.log(looks))
    rng = draw.shuffles(one.block.layer)
    frame = seen.frame
    in_order = detectable_pruned(
        one.joint[frame], other.joint[frame], sizes, rng, needed=needed, most=SUREST
    )
    if not seen.coins:
        return in_order, NOT_DETECTABLE
    gates = (one.gate[frame], other.gate[frame])
    ups = (one.signed[frame], other.signed[frame])
    return in_order, detectable_sorted(gates, ups, sizes, rng, needed=needed)


def _matrices(side: Side, block: Block) -> tuple[Matrix, ...]:
    """Return the MLP's matrices: one order runs through all of them."""
    return tuple(BY_KIND[block.kind].at(side.anatomy, block).values())


def _channels(base: Side, subject: Side, abstained: list[OrderProblem]) -> ChannelsSeen | None:
    """Hold the channels of two streams against each other by shared tokens."""
    rows = [side.embedded for side in (base, subject)]
    if rows[0] is None or rows[1] is None or rows[0].shape[0] < FEWEST_TOKENS:
        return None
    if not base.anatomy.free_channels:
        return None
    centred_base, centred_subject = _centred(rows[0]), _centred(rows[1])
    problem = order_problem(centred_base[:SELF_TEST_CHANNELS])
    if problem:
        abstained.append(problem)
        return None
    of_base, of_subject = standardise(centred_base), standardise(centred_subject)
    matches = surest_matches(of_subject, of_base)
    pool = max(len(of_base), len(of_subject))
    return ChannelsSeen(
        n_base=len(of_base),
        n_subject=len(of_subject),
        units=matches.units,
        in_order=matches.in_order,
        cosine=round(matches.cosine, 4),
        ceiling=round(matching_ceiling(of_subject, of_base, matches, pool=pool), 4),
        log_e=matches.log_e,
    )


def _centred(rows_td: FloatArray) -> FloatArray:
    """Return the columns of some rows, one for each channel, about their means."""
    return np.ascontiguousarray(
        (rows_td - rows_td.mean(axis=0, dtype=np.float64)).T, dtype=np.float32
    )
