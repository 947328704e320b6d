"""Was the model made narrower or wider, and which neurons and channels were kept?

Two ways of pruning are told apart. Where the order was kept, the matches of the narrower model's
units run upwards in the wider one: exact by ``statistics.increasing``. Where units were sorted by
importance, no order is left; what remains is that matched units are alike beyond what matching
could reach, and that the signs of up rows agree after matching by gate alone, one fair coin a
neuron: exact by ``statistics.signs``.

Channels need norm gains and embedding rows only: one order, its views (norms, embeddings, both)
averaged. Neurons and channels are distinct orders of the base and multiply: neurons are matched in
the channels both models share, or through tokens where their widths differ, and neither knows the
channels' numbering.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.devices.blocks import Block, shared
from hubcheck.devices.team import ALONE, Team
from hubcheck.evidence.combine import NOTABLE
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.looks.layer_map.spending import LIMIT, Spending
from hubcheck.evidence.looks.width.interface import Resized, UnitOrder, Width
from hubcheck.evidence.looks.width.match import left_out, matching_ceiling, surest_matches
from hubcheck.evidence.looks.width.neurons import look_at_neurons
from hubcheck.evidence.looks.width.reading import channel_views, channel_wanted
from hubcheck.evidence.refused import Refused, Why
from hubcheck.evidence.row import Row
from hubcheck.evidence.side import Side
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.assignment import stands_above
from hubcheck.statistics.evalues import log_mean
from hubcheck.statistics.exchangeability import order_problem
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.increasing import log10_p_increasing

SELF_TEST_CHANNELS: Final = 512
"""Channels of the base the self-test looks at: quadratic cost."""


def width_of(
    base: Side,
    subject: Side,
    draw: Draw,
    base_of: Mapping[int, int],
    *,
    limit: int = LIMIT,
    team: Team = ALONE,
) -> Width | Refused:
    """Find out which neurons and channels a model of another width has from the base.

    Args:
        base: The base.
        subject: The subject.
        draw: The seeded choices.
        base_of: Subject layer to base layer, from the layer map.
        limit: Weight bytes that may be added for each model; the models' budgets hold as well.
        team: Processes that share the layers.

    Returns:
        What changed, or a refusal where the models have one width or nothing can be compared.

    Raises:
        BudgetExceededError: a model's ledger refuses all the same.
        UnreadableError: a value is not finite.
    """
    spending = Spending(base, subject, limit, team)
    channels = _channels(spending, draw, base_of)
    neurons = look_at_neurons(spending, draw, base_of)
    if neurons is None and channels is None:
        return Refused(code=Why.SAME_SIZE)
    found = [axis for axis in (neurons, channels) if axis is not None]
    return Width(
        neurons=neurons,
        channels=channels,
        log_e=sum(axis.log_e for axis in found),
        bytes_base=spending.bytes_base,
        bytes_subject=spending.bytes_subject,
    )


def _channels(spending: Spending, draw: Draw, base_of: Mapping[int, int]) -> Resized | None:
    """Return which residual channels were kept; None where both streams are equally wide."""
    n_base = spending.base.anatomy.geometry.hidden
    n_subject = spending.subject.anatomy.geometry.hidden
    if n_base == n_subject or not n_base or not n_subject:
        return None
    sides = (spending.base, spending.subject)
    wanted = channel_wanted(*sides, draw, base_of)
    unknown = Resized(
        axis="channels", base_units=n_base, subject_units=n_subject, order=UnitOrder.UNKNOWN,
        log_e=0.0, content=0.0, ceiling=1.0, passed_over=(), rows=(),
    )  # fmt: skip
    if not wanted[0] or not wanted[1] or not spending.affords(*wanted):
        return unknown
    spending.read(*wanted)
    of_base, of_subject, rows = channel_views(*sides, draw, base_of)
    if not spending.base.anatomy.free_channels or order_problem(rows[:SELF_TEST_CHANNELS]):
        return unknown
    narrow, wide = (of_subject, of_base) if n_base > n_subject else (of_base, of_subject)
    common = [n for n in narrow if n in wide and narrow[n].shape[1] == wide[n].shape[1] > 0]
    if not common:
        return unknown
    blocks = [
        Block(work=name, flops=2 * narrow[name].size * wide[name].shape[0]) for name in common
    ]
    found = shared(
        blocks, lambda name: surest_matches(narrow[name], wide[name]), team=spending.team
    )
    matches = dict(zip(common, found, strict=True))
    log_e = log_mean([m.log_e for m in matches.values()])
    name = max(matches, key=lambda n: (matches[n].in_order, matches[n].cosine))
    best = matches[name]
    ceiling = matching_ceiling(narrow[name], wide[name], best, pool=max(n_base, n_subject))
    kept = log_e >= NOTABLE
    row = Row(
        test="pruned-channels",
        family=phrase(PhraseCode.FAMILY_CHANNELS_KEPT, subject=n_subject, base=n_base),
        kind="exact",
        part="embeddings",
        frame=name,
        layers=(),
        units=best.units,
        hits=best.in_order,
        log10_p=log10_p_increasing(best.in_order, best.units),
        log10_e=log_e / LOG10,
        kept=best.cosine,
        ceiling=ceiling,
        note=(phrase(PhraseCode.NOTE_INCREASING),),
    )
    stands = stands_above(best.cosine, ceiling)
    lost = UnitOrder.LOST if stands and not kept else UnitOrder.UNKNOWN
    return Resized(
        axis="channels",
        base_units=n_base,
        subject_units=n_subject,
        order=UnitOrder.KEPT if kept else lost,
        log_e=log_e,
        content=best.cosine,
        ceiling=ceiling,
        passed_over=((-1, left_out(best.partner_m, best.unit_m)),) if kept else (),
        rows=(row,),
    )
