"""Were the values of a block rounded to a few levels, and was it these values that were rounded?

Quantised weights lie on few levels, shared by a group of neighbours of one row: at most 2^bits
distinct values (any code book: int4, NF4, FP4), or whole multiples of one step (8 bits). No
storage format is asked: a quantised model that was written back as BF16 keeps its levels.

That B is A rounded to nearest means: every value of A is nearer to B's value than to any other
level of its group. A copy rounded by a calibrated quantiser (GPTQ, AWQ) breaks this for some
values and still differs by about a step at most.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.stored import FloatArray
from hubcheck.frozen import frozen

GROUPS: Final = (0, 256, 128, 64, 32)
"""Neighbours that may share levels; 0 for whole rows. The widest that fits is reported."""
LEVEL_BITS: Final = (2, 3, 4)
"""Counted by distinct values: a group of 32 plain values has 32, one of 4 bits at most 16."""
FEW_LEVELS: Final = 3
"""Levels of a ternary model: minus one, nothing and one mean size. What is larger than that was
rounded to it all the same, so that the outer cells have no end."""
STEP_BITS: Final = 8
FITTING: Final = 0.99
"""Share of the groups that must lie on their grid: outlier rows are often kept plain."""
NEAR_ZERO: Final = 24
"""Multiples looked at for a common step: beyond, BF16 storage of the products blurs them."""
STEP_TOLERANCE: Final = 0.12
"""Largest distance of a quotient from a whole number, in steps: BF16 storage of step and product
moves 24 steps by up to 0.1; of plain values a quarter pass."""
LEAST_NEAR: Final = 8
"""Multiples near zero a group must show before their step is believed."""
SHOWN: Final = 0.5
"""Share of the groups that must show so many: of 32 values rounded to 8 bits a fifth of the groups
have fewer (Q8_0). What a group does not show speaks neither for nor against a grid."""
SAMPLE_VALUES: Final = 32 * 1024
"""Values looked at, in whole rows: a grid is the same in all of them."""
LEAST_ROWS: Final = 2


@frozen
class Grid:
    """The levels that a block lies on."""

    bits: int
    group: int
    """Neighbours sharing levels; 0 for whole rows."""
    steps_ui: NDArray[np.float64]
    """Distance of neighbouring levels at each value, [units, inputs]; for code books an estimate
    from the levels seen."""


def grid_of(values_ui: FloatArray) -> Grid | None:
    """Return the coarse grid that the rows of a block lie on, if they do.

    Args:
        values_ui: [units, inputs], whole rows (all inputs, in their order).
    """
    values = values_ui[: _rows(values_ui)].astype(np.float64)
    widths = [(g, g or values.shape[1]) for g in GROUPS]
    usable = [(g, w) for g, w in widths if GROUPS[-1] <= w and values.shape[1] % w == 0]
    # A wider group holds more levels: where the narrowest has too many, none has few.
    few = bool(usable) and _levels(values.reshape(-1, usable[-1][1])) is not None
    for group, width in usable:
        blocks_gw = values.reshape(-1, width)
        found = (_levels(blocks_gw) if few else None) or _steps(blocks_gw)
        if found is not None:
            bits, steps_g = found
            steps = np.repeat(steps_g, width).reshape(values.shape)
            return Grid(bits=bits, group=group, steps_ui=steps)
    return None


def _rows(values_ui: FloatArray) -> int:
    """Return how many rows are looked at."""
    return max(LEAST_ROWS, SAMPLE_VALUES // max(1, int(values_ui.shape[1])))


def _levels(blocks_gw: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]] | None:
    """Return bits and step per group where groups hold few distinct values."""
    in_order = np.sort(blocks_gw, axis=1)
    gaps = np.diff(in_order, axis=1)
    distinct = 1 + (gaps > 0).sum(axis=1)
    spread = in_order[:, -1] - in_order[:, 0]
    for bits in LEVEL_BITS:
        room = blocks_gw.shape[1] >= 2 * 2**bits
        if room and np.mean(distinct <= 2**bits) >= FITTING and np.mean(spread > 0) >= FITTING:
            # Of few levels all are met; of more a group may hold some alone.
            between = distinct - 1 if np.mean(distinct <= FEW_LEVELS) >= FITTING else 2**bits - 1
            return bits, spread / np.maximum(between, 1)
    return None


def _steps(blocks_gw: NDArray[np.float64]) -> tuple[int, NDArray[np.float64]] | None:
    """Return bits and step per group where all values are multiples of one step."""
    sizes = np.abs(blocks_gw)
    largest = sizes.max(axis=1)
    for steps in (largest / (2 ** (STEP_BITS - 1) - 1), _smallest(sizes)):
        safe = np.where(steps > 0, steps, 1.0)
        multiples = blocks_gw / safe[:, None]
        near = (np.abs(multiples) <= NEAR_ZERO) & (np.abs(multiples) > 0)
        off = np.abs(multiples - np.rint(multiples))
        # Not one small multiple may be amiss: chance passes a quarter of plain values.
        amiss = (near & (off > STEP_TOLERANCE)).sum(axis=1)
        shown = near.sum(axis=1) >= LEAST_NEAR
        few = largest / safe <= 2**STEP_BITS
        fitting = (amiss == 0) & few & (steps > 0)
        if shown.mean() >= SHOWN and fitting[shown].mean() >= FITTING:
            return STEP_BITS, steps
    return None


def _smallest(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the smallest positive value of each group; 0 where there is none."""
    positive = np.where(sizes > 0, sizes, np.inf).min(axis=1)
    return np.where(np.isfinite(positive), positive, 0.0)


@frozen
class Rounding:
    """How the values of one block stand to the levels of another."""

    nearest: float
    """Share of values whose nearest level is the one the rounded model has."""
    within_step: float
    """Share of values moved by one step at most."""
    relative: float
    """|rounded - plain| / |plain|."""
    fill: float
    """Mean square of what was moved over that of values spread evenly over cells one step wide; of
    a few levels between the outer ones alone."""
    grid: Grid

    @property
    def fills(self) -> bool:
        """Whether the cells are filled, as by values that knew nothing of the levels.

        A model trained from the levels on stays near them for long.
        """
        return FILLED[0] <= self.fill <= FILLED[1]


FILLED: Final = (0.5, 4.0)
"""Even steps give 1, code books 1.2, quantisers that pass errors on 3; training from the
levels on passes through on its way from 0 (docs/relations.md)."""
TINY: Final = 1e-300
NEAREST_TOLERANCE: Final = 2.0**-7
"""A level stored as BF16 is off by up to 2^-9 of itself; so its cell's border is, too."""


def rounding_between(plain_ui: FloatArray, coarse_ui: FloatArray, grid: Grid) -> Rounding:
    """Return whether ``coarse`` is ``plain`` rounded to the levels of ``grid``.

    Args:
        plain_ui: [units, inputs] before rounding, if it was.
        coarse_ui: The same rows on the grid.
        grid: Of ``coarse_ui``.
    """
    rows = _rows(coarse_ui)
    plain = plain_ui[:rows].astype(np.float64)
    coarse = coarse_ui[:rows].astype(np.float64)
    width = grid.group or coarse.shape[1]
    moved = np.abs(plain - coarse)
    slack = np.abs(coarse) * NEAREST_TOLERANCE
    between = np.ones(plain.shape, dtype=bool)
    if grid.bits == STEP_BITS:
        nearest = moved <= grid.steps_ui / 2 + slack
    else:
        nearest = np.empty(coarse.shape, dtype=bool)
        most = 0
        flat_p, flat_c = plain.reshape(-1, width), coarse.reshape(-1, width)
        flat_s, flat_n = slack.reshape(-1, width), nearest.reshape(-1, width)
        for row, (p, c) in enumerate(zip(flat_p, flat_c, strict=True)):
            levels = np.unique(c)
            most = max(most, levels.size)
            best = np.abs(p[:, None] - levels[None, :]).min(axis=1)
            flat_n[row] = np.abs(p - c) <= best + flat_s[row]
        if most <= FEW_LEVELS:
            between = (np.abs(flat_p) <= np.abs(flat_c).max(axis=1, keepdims=True)).reshape(
                plain.shape
            )
    size = float(np.linalg.norm(plain))
    cells = float((grid.steps_ui[between] ** 2).mean()) / 12 if between.any() else 0.0
    return Rounding(
        nearest=float(nearest.mean()),
        within_step=float((moved <= grid.steps_ui + slack).mean()),
        relative=float(np.linalg.norm(coarse - plain)) / size if size > 0 else 0.0,
        fill=float((moved[between] ** 2).mean()) / max(cells, TINY) if between.any() else 0.0,
        grid=grid,
    )
