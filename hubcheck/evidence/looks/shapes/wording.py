"""Which lines of evidence does a look across shapes leave?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hubcheck.evidence.looks.neuron_rows import coins_row, kept_family, order_row
from hubcheck.evidence.looks.shapes.interface import ChannelsSeen, OrderSeen, OtherShapes
from hubcheck.evidence.row import Row
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.increasing import log10_p_increasing


def rows_of(found: OtherShapes) -> OtherShapes:
    """Return what was seen with its lines of evidence."""
    rows = [row for one in found.orders for row in _order_rows(one)]
    channels = [_channel_row(found.channels)] if found.channels is not None else []
    return replace(found, rows=(*channels, *rows))


def _order_rows(one: OrderSeen) -> Iterator[Row]:
    place = (one.base.layer, one.frame)
    where = (phrase(PhraseCode.NOTE_LAYER, layer=one.subject.layer),)
    content = (one.cosine, one.ceiling)
    family = kept_family(one.label, base=one.n_base, subject=one.n_subject)
    run = (one.units, one.in_order)
    if one.ordered:
        yield order_row(
            family, *place, matches=run, log_e=one.log_e_order, content=content, where=where
        )
    if one.coins:
        yield coins_row(
            one.label,
            *place,
            coins=(one.agreements, one.coins),
            log_e=one.log_e_signs,
            ordered=False,
            content=content,
            where=where,
        )


def _channel_row(seen: ChannelsSeen) -> Row:
    return Row(
        test="pruned-channels",
        family=phrase(PhraseCode.FAMILY_CHANNELS_KEPT, subject=seen.n_subject, base=seen.n_base),
        kind="exact",
        part="embeddings",
        frame="embeddings",
        layers=(),
        units=seen.units,
        hits=seen.in_order,
        log10_p=log10_p_increasing(seen.in_order, seen.units),
        log10_e=seen.log_e / LOG10,
        kept=seen.cosine,
        ceiling=seen.ceiling,
        note=(phrase(PhraseCode.NOTE_INCREASING),),
    )
