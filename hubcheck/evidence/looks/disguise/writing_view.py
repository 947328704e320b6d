"""How would the columns of ``down`` look through the tokens, told from a few of its rows?

A column is seen through the tokens by all channels that it writes to. Some neighbouring channels
alone show the same, less clearly: their columns are shorter, so that strangers come closer to each
other by chance. What a copy would have had to keep to be told from them is no less than it looks.
"""

from __future__ import annotations

from typing import Final

from hubcheck.evidence.looks.disguise.mlp_views import (
    WRITING,
    WRITING_ALONE,
    Sample,
    frame_wanted,
)
from hubcheck.evidence.orders.mlps import MlpRoles
from hubcheck.evidence.reading import Wanted, fetch_together
from hubcheck.evidence.side import Side
from hubcheck.statistics.profiles import FloatArray, unit_rows

CHANNELS: Final = 512
"""As many as a frame has tokens: more would tell little more. 8 MB of a layer of 8,192 neurons."""


class Writing:
    """The writing view of one pair of layers, for planting copies."""

    def __init__(self, sides: tuple[Side, Side], roles: MlpRoles) -> None:
        """Take base and subject, whose frames were fetched, and the kind of MLP."""
        self._sides, self._roles = sides, roles

    def views(self, *samples: Sample) -> tuple[dict[str, FloatArray], ...]:
        """Return the view of each model; nothing where its end of the stream is not seen.

        Args:
            samples: Of base and subject.

        Raises:
            BudgetExceededError: a ledger refuses.
            UnreadableError: a value is not finite.
        """
        wanted = [
            down_wanted(side, self._roles, sample)
            for side, sample in zip(self._sides, samples, strict=True)
        ]
        fetch_together(
            [
                (side.reader, (one, *frame_wanted(side, [], WRITING_ALONE)))
                for side, one in zip(self._sides, wanted, strict=True)
            ]
        )
        found = []
        for side, one in zip(self._sides, wanted, strict=True):
            if side.head_frame is None:
                return {}, {}
            columns_ud = unit_rows(side.reader.block(one).T)
            found.append({WRITING: unit_rows(columns_ud @ side.head_frame[:, one.unit_index()].T)})
        return tuple(found)


def down_wanted(side: Side, roles: MlpRoles, sample: Sample) -> Wanted:
    """Return the first channels that the neurons of a sample write to."""
    matrix = roles.at(side.anatomy, sample.block)[WRITING]
    channels = tuple(range(min(CHANNELS, matrix.n_out)))
    return Wanted(matrix=matrix, units=channels, inputs=sample.units, why="disguise")
