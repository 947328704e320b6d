"""Which four-bit codes lie in an order that only values of another model can show?

Those that no program's names and no configuration say, and those that a configuration states: a
file may lie otherwise all the same (``pair_order``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from hubcheck.checkpoint import groups
from hubcheck.checkpoint.four_bit_floats import FourBitFloats, in_order
from hubcheck.checkpoint.interface import Checkpoint, TensorRecord
from hubcheck.checkpoint.other_view import OtherView
from hubcheck.checkpoint.pair_order import OrderKnown, PairOrder
from hubcheck.checkpoint.unpacking import unpacked
from hubcheck.computed_once import kept_with

BYTES: Final = ("I8", "U8", "F4")
OPEN: Final = (OrderKnown.CONFIG, OrderKnown.VALUES)


def in_pair_order(
    checkpoint: Checkpoint, config: Mapping[str, object], order: PairOrder
) -> Checkpoint:
    """Return a checkpoint whose four-bit codes lie in an order that values of another model show.

    Args:
        checkpoint: As ``unpacked`` left it.
        config: The parsed ``config.json``.
        order: Of all codes but those whose order a program's names say.
    """
    opened = unpacked(checkpoint, config, order)
    tensors = {
        name: in_order(record, record.storage, order)
        if isinstance(record.storage, FourBitFloats)
        else record
        for name, record in opened.tensors.items()
    }
    return replace(opened, tensors=MappingProxyType(tensors))


def has_open_pairs(checkpoint: Checkpoint) -> bool:
    """Say whether four-bit codes lie in an order that no program's names say."""
    return any(
        record.storage.known in OPEN
        if isinstance(record.storage, FourBitFloats)
        else record.storage is None
        and record.dtype in BYTES
        and groups.pairs_with_powers(name, record, checkpoint.tensors, OrderKnown.NOBODY)
        is not None
        for name, record in checkpoint.tensors.items()
    )


@kept_with
def shown_order(checkpoint: Checkpoint) -> PairOrder | None:
    """Return the order of four-bit codes that values of another model showed, None without any."""
    return next((o for r in checkpoint.tensors.values() if (o := order_of(r)) is not None), None)


def order_of(record: TensorRecord) -> PairOrder | None:
    """Return the order of a tensor's four-bit codes that values of another model showed."""
    storage = record.storage
    while isinstance(storage, OtherView):
        storage = storage.inner
    if isinstance(storage, FourBitFloats) and storage.known is OrderKnown.VALUES:
        return storage.order
    return None
