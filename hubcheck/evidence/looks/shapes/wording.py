"""Which lines of evidence does a look across shapes leave?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hubcheck.evidence.looks.shapes.interface import ChannelsSeen, OrderSeen, OtherShapes
from hubcheck.evidence.row import Row
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.statistics.hits import LOG10
from hubcheck.statistics.increasing import log10_p_increasing
from hubcheck.statistics.signs import log10_p_signs


def rows_of(found: OtherShapes) -> OtherShapes:
    """Return what was seen with its lines of evidence."""
    rows = [row for one in found.orders for row in _order_rows(one)]
    channels = [_channel_row(found.channels)] if found.channels is not None else []
    return replace(found, rows=(*channels, *rows))


def _order_rows(one: OrderSeen) -> Iterator[Row]:
    layers = (one.base.layer,)
    where = (phrase(PhraseCode.NOTE_LAYER, layer=one.subject.layer),)
    yield Row(
        test="pruned-neurons",
        family=phrase(
            PhraseCode.FAMILY_NEURONS_KEPT, label=(one.label,), few=one.n_subject, many=one.n_base
        ),
        kind="exact",
        part="body",
        frame=one.frame,
        layers=layers,
        units=one.units,
        hits=one.in_order,
        log10_p=log10_p_increasing(one.in_order, one.units),
        log10_e=one.log_e_order / LOG10,
        kept=one.cosine,
        ceiling=one.ceiling,
        note=(phrase(PhraseCode.NOTE_INCREASING), *where),
    )
    if one.coins:
        yield Row(
            test="signs",
            family=phrase(PhraseCode.FAMILY_UP_BY_GATE, label=(one.label,)),
            kind="exact",
            part="body",
            frame=one.frame,
            layers=layers,
            units=one.coins,
            hits=one.agreements,
            log10_p=log10_p_signs(one.agreements, one.coins),
            log10_e=one.log_e_signs / LOG10,
            kept=one.cosine,
            ceiling=one.ceiling,
            note=(phrase(PhraseCode.NOTE_COINS, ordered=False), *where),
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
