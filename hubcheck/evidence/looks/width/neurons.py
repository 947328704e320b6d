"""Which neurons were kept where an MLP of the subject has more or fewer than the base's?

A few layers are looked at: a run of neighbouring neurons of the narrower model against the window
of the wider model in which their partners must lie if order was kept; if that shows nothing,
against one layer's whole gate, where no order is needed. Null and weights: ``width.run``.
Distinct layers are distinct orders of the base and multiply, unless they share one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from hubcheck.devices.blocks import Block as Work
from hubcheck.devices.blocks import shared
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.looks.layer_map.spending import Spending
from hubcheck.evidence.looks.neuron_rows import coins_row, kept_family, order_row
from hubcheck.evidence.looks.width.hits import (
    PairRows,
    Place,
    Seen,
    gate_matches,
    judge_whole,
    judge_window,
)
from hubcheck.evidence.looks.width.interface import Resized, UnitOrder
from hubcheck.evidence.looks.width.reading import LayerRows, layer_rows, window_of
from hubcheck.evidence.orders.mlps import DENSE, EXPERT, SHARED
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.row import Row
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.evalues import log_mean, log_product
from hubcheck.statistics.exchangeability import order_problem
from hubcheck.statistics.profiles import FloatArray, profile
from hubcheck.statistics.shared_order import orders_of

LAYERS: Final = 3
"""Layers looked at: one settles the matter, the others show that it is no single layer."""
LONGER_RUN: Final = 256
"""Neurons of the narrower model that are matched among all of the wider: half of them, the surest,
give the 60 coins that settle a layer."""
SELF_TEST_ROWS: Final = 512
"""Rows of the base the self-test looks at: quadratic cost."""


def look_at_neurons(spending: Spending, draw: Draw, base_of: Mapping[int, int]) -> Resized | None:
    """Look for the kept neurons in some layers; None where no MLP has another size.

    Args:
        spending: Both models and what may be read of them.
        draw: The seeded choices.
        base_of: Subject layer to base layer.
    """
    places = _places(spending, draw, base_of)
    if not places:
        return None
    pairs = [_window(spending, draw, place) for place in places[:LAYERS]]
    while pairs and not spending.affords(*_wanted(pairs)):
        pairs.pop()
    spending.read(*_wanted(pairs))
    sound = [p for p in pairs if not order_problem(p.base.raw_rows()[:SELF_TEST_ROWS])]
    blocks = [Work(work=n, flops=_flops(pair)) for n, pair in enumerate(sound)]
    judged = shared(blocks, lambda n: judge_window(sound[n]), team=spending.team)
    # what came from another process is of this one's models
    seen = [replace(s, place=pair.place) for s, pair in zip(judged, sound, strict=True)]
    if seen and max(s.log_e_order for s in seen) < NOTABLE:
        seen[0] = _whole(spending, draw, sound[0], seen[0])
    return _summed_up(places[0], sound, seen)


def _flops(pair: PairRows) -> int:
    """Return the operations of matching a run with a window, in all channels."""
    channels = pair.base.side.anatomy.geometry.hidden
    return 4 * len(pair.narrow.units) * len(pair.wide.units) * max(1, channels)


def _places(spending: Spending, draw: Draw, base_of: Mapping[int, int]) -> list[Place]:
    """Return the MLPs whose number of neurons differs, in drawn order, of the first kind there."""
    a, b = spending.base.anatomy, spending.subject.anatomy
    subject_of = {i: j for j, i in sorted(base_of.items(), reverse=True)}
    experts = min(a.geometry.experts, b.geometry.experts)
    for roles in (DENSE, SHARED, EXPERT):
        member = draw.one_of(experts, 0) if roles is EXPERT and experts else -1
        found = []
        for i in draw.layers(a.geometry.layers):
            j = subject_of.get(i, -1)
            up_a, up_b = a.get(roles.up, i, member), b.get(roles.up, j, member)
            if j < 0 or up_a is None or up_b is None or up_a.n_out == up_b.n_out:
                continue
            found.append(
                Place(
                    roles=roles,
                    base=Block(layer=i, member=member),
                    subject=Block(layer=j, member=member),
                    n_base=up_a.n_out,
                    n_subject=up_b.n_out,
                )
            )
        if found:
            return found
    return []


def _by_input(spending: Spending, place: Place) -> bool:
    """Return whether either model stores the gate or up matrix by input."""
    matrices = [
        *place.roles.at(spending.base.anatomy, place.base).items(),
        *place.roles.at(spending.subject.anatomy, place.subject).items(),
    ]
    return any(m.transposed for name, m in matrices if name != "down")


def _window(spending: Spending, draw: Draw, place: Place) -> PairRows:
    """Return a run of the narrower model and a window of the wider."""
    by_input = _by_input(spending, place)
    few, many = sorted((place.n_base, place.n_subject))
    up = place.roles.at(spending.base.anatomy, place.base)["up"]
    run = draw.rows(few, 1 if by_input else 2 * up.n_in, 0)
    window = tuple(range(many)) if by_input else window_of(run, few, many)
    units = (window, run) if place.n_base == many else (run, window)
    return PairRows(
        place=place,
        base=layer_rows(spending.base, place.roles, place.base, units[0], draw, by_input=by_input),
        subject=layer_rows(
            spending.subject, place.roles, place.subject, units[1], draw, by_input=by_input
        ),
    )


def _wanted(pairs: Sequence[PairRows]) -> tuple[list[Wanted], list[Wanted]]:
    return (
        [w for pair in pairs for w in pair.base.wanted],
        [w for pair in pairs for w in pair.subject.wanted],
    )


def _whole(spending: Spending, draw: Draw, pair: PairRows, before: Seen) -> Seen:
    """Look at one layer's whole gate; what the window showed stays where that is too dear."""
    place = pair.place
    many = max(place.n_base, place.n_subject)
    gated = "gate" in pair.wide.by_name
    if _by_input(spending, place) or len(pair.wide.units) == many:
        return before  # the window was the whole layer
    blocks = (place.base, place.subject) if pair.base_is_wide else (place.subject, place.base)
    names = ("gate",) if gated else ("up",)
    few = min(place.n_base, place.n_subject)
    first = min(pair.narrow.units[0], few - min(few, LONGER_RUN))
    run = range(first, min(few, first + LONGER_RUN))
    narrow = layer_rows(pair.narrow.side, place.roles, blocks[1], run, draw, by_input=False)
    wide = layer_rows(
        pair.wide.side, place.roles, blocks[0], range(many), draw, by_input=False, names=names
    )
    whole = _paired(pair, narrow, wide)
    if not spending.affords(*_wanted([whole])):
        return before
    spending.read(*_wanted([whole]))
    up: LayerRows | None = None
    if gated:
        partners = {int(p) for m in gate_matches(whole).values() for p in m.partner_m}
        up = layer_rows(
            pair.wide.side,
            place.roles,
            blocks[0],
            sorted(partners),
            draw,
            by_input=False,
            names=("up",),
        )
        with_up = _wanted([_paired(pair, narrow, up)])
        if spending.affords(*with_up):
            spending.read(*with_up)
        else:
            up = None
    return judge_whole(whole, up, before)


def _paired(pair: PairRows, narrow: LayerRows, wide: LayerRows) -> PairRows:
    """Return the same place with other rows."""
    base, subject = (wide, narrow) if pair.base_is_wide else (narrow, wide)
    return PairRows(place=pair.place, base=base, subject=subject)


def _summed_up(place: Place, pairs: Sequence[PairRows], seen: Sequence[Seen]) -> Resized:
    groups = orders_of([_of_base(pair) for pair in pairs], max(place.n_base, place.n_subject))
    if groups is None:
        seen, groups = [], ()
    log_e = log_product(log_mean([seen[n].log_e for n in group]) for group in groups)
    best = max(seen, key=lambda s: s.log_e, default=None)
    # an order can be forged; that matched neurons are alike beyond what matching reaches cannot
    in_order = any(s.log_e_order >= NOTABLE and s.stands for s in seen)
    by_signs = any(s.log_e_signs >= NOTABLE and s.stands for s in seen)
    # without a gate there are no coins: likeness beyond what matching could reach is all there is
    by_content = any(not s.coins and s.stands for s in seen)
    lost = UnitOrder.LOST if by_signs or by_content else UnitOrder.UNKNOWN
    order = UnitOrder.KEPT if in_order else lost
    return Resized(
        axis="neurons",
        base_units=place.n_base,
        subject_units=place.n_subject,
        order=order,
        log_e=log_e,
        content=best.matches.cosine if best else 0.0,
        ceiling=best.ceiling if best else 1.0,
        passed_over=tuple(
            (s.place.base.layer, s.passed_over) for s in seen if s.log_e_order >= NOTABLE
        ),
        rows=tuple(row for s in seen for row in _evidence(s)),
    )


def _of_base(pair: PairRows) -> FloatArray:
    """Return profiles of the rows of a base layer that were read."""
    return profile(pair.base.raw_rows()[:SELF_TEST_ROWS])


def _evidence(seen: Seen) -> list[Row]:
    """Return the rows of one layer: order, signs, content."""
    place, matches = seen.place, seen.matches
    layer, content = place.base.layer, (matches.cosine, seen.ceiling)
    kept = kept_family(place.label, base=place.n_base, subject=place.n_subject)
    run = (matches.units, matches.in_order)
    rows = [order_row(kept, layer, seen.view, matches=run, log_e=seen.log_e_order, content=content)]
    if seen.coins:
        rows.append(
            coins_row(
                place.label,
                layer,
                seen.view,
                coins=(seen.agreements, seen.coins),
                log_e=seen.log_e_signs,
                ordered=True,
                content=content,
            )
        )
    if seen.log_e_order < NOTABLE and seen.stands:
        rows.append(
            Row(
                test="matched-content",
                family=kept,
                kind="context",
                part="body",
                frame=seen.view,
                layers=(layer,),
                units=matches.units,
                hits=0,
                log10_p=0.0,
                log10_e=0.0,
                kept=matches.cosine,
                ceiling=seen.ceiling,
                note=(phrase(PhraseCode.NOTE_CONTENT),),
            )
        )
    return rows
