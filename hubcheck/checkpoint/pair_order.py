"""In which order lie the four-bit codes of a row in its bytes, and who says so?

A byte holds two codes, and nothing in its bits says which comes first, nor whether they are
neighbours. Programs whose names for tensors are their own publish it. Elsewhere the configuration
may name a format (``stated``); where nothing does, the bytes are not read, unless values of another
model show which order it is (``check.pair_order``).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

LOW: Final = 0xF
BITS: Final = 4


class PairOrder(StrEnum):
    """Where the code of an input lies. Scales belong to consecutive inputs but for the last two."""

    LOW_FIRST = "low-first"
    """Neighbours, the lower half of a byte first: as every published format does."""
    HIGH_FIRST = "high-first"
    GROUP_HALVES = "group-halves"
    """The first half of a group in the lower halves of its bytes, the second in the upper."""
    GROUP_HALVES_HIGH = "group-halves-high"
    ROW_HALVES = "row-halves"
    """The first half of a row in the lower halves of all its bytes."""
    ROW_HALVES_HIGH = "row-halves-high"
    ROW_HALVES_SCALED = "row-halves-scaled"
    """As ``ROW_HALVES``, and a scale belongs to the codes of consecutive bytes."""
    ROW_HALVES_HIGH_SCALED = "row-halves-high-scaled"

    @property
    def scaled_by_bytes(self) -> bool:
        """Whether a scale belongs to consecutive bytes, wherever their inputs lie."""
        return self in (PairOrder.ROW_HALVES_SCALED, PairOrder.ROW_HALVES_HIGH_SCALED)


class OrderKnown(StrEnum):
    """Who says in which order the codes lie."""

    PROGRAM = "program"
    """The names of the tensors are those of a program that publishes it."""
    CONFIG = "config"
    """The configuration or the header names a format; a file may lie otherwise all the same."""
    VALUES = "values"
    """Values of another model."""
    NOBODY = "nobody"
    """Then the bytes are not read."""


_HIGH_FIRST: Final = frozenset(
    {
        PairOrder.HIGH_FIRST,
        PairOrder.GROUP_HALVES_HIGH,
        PairOrder.ROW_HALVES_HIGH,
        PairOrder.ROW_HALVES_HIGH_SCALED,
    }
)


def codes_in_order(
    raw: bytes, n_rows: int, group: int, order: PairOrder = PairOrder.LOW_FIRST
) -> NDArray[np.uint8]:
    """Return the codes of some rows in the order of the inputs, or of what scales belong to.

    Args:
        raw: The bytes of whole rows.
        n_rows: How many.
        group: Inputs that share a scale, even.
        order: Where they lie; where scales belong to bytes, the codes are left as the bytes lie
            (``inputs_in_order`` puts the values right).

    Returns:
        uint8 [n_rows, n_inputs].
    """
    packed = np.frombuffer(raw, dtype=np.uint8).reshape(n_rows, -1)
    halves = (packed & LOW, packed >> BITS)
    first, second = halves[::-1] if order in _HIGH_FIRST else halves
    if order in (PairOrder.ROW_HALVES, PairOrder.ROW_HALVES_HIGH):
        return np.concatenate([first, second], axis=1)
    if order in (PairOrder.GROUP_HALVES, PairOrder.GROUP_HALVES_HIGH):
        of_groups = (n_rows, -1, group // 2)
        both = np.concatenate([first.reshape(of_groups), second.reshape(of_groups)], axis=2)
        return both.reshape(n_rows, -1)
    return np.stack([first, second], axis=2).reshape(n_rows, -1)


def inputs_in_order(
    values: NDArray[np.float32], order: PairOrder = PairOrder.LOW_FIRST
) -> NDArray[np.float32]:
    """Return scaled values [n_rows, n_inputs] in the order of the inputs."""
    if not order.scaled_by_bytes:
        return values
    return np.concatenate([values[:, ::2], values[:, 1::2]], axis=1)
