"""Is the change between two matrices of low rank, above what storing them blurs?

A merged adapter adds a matrix of rank r; rounding the sum to the storage format adds noise whose
size is known value by value (a twelfth of the squared grid step). The singular values of pure
noise stay below the sum of its largest row and column norms (Bandeira and van Handel, Annals of
Probability 2016, for independent entries); what stands above is the change. A
quarter of the sampled rows must stay empty: r rows show any change as of rank r, the others show
that there is nothing more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.stored import FloatArray
from hubcheck.frozen import frozen

EDGE_MARGIN: Final = 1.05
MOST_RANK: Final = 256
"""Adapters are of rank 1 to 256; beyond, a sample of rows could not tell."""
RESIDUAL: Final = 1.15
"""What is left after the found rank, in units of the predicted rounding; merged adapters of the
zoo leave .9-1.1, the decaying spectrum of a light fine-tune more (docs/relations.md)."""
GAP: Final = 1.5
"""Drop of the singular values behind the found rank: an adapter ends, a trained change tapers off
(adapters of the zoo 2 to 100, light fine-tunes 1.02 to 1.2)."""
EMPTY: Final = 0.75
"""Largest share of the room that a low rank may fill: the rest shows that there is nothing more."""
UNSEEN: Final = 1e-7
"""Relative size below which a singular value is rounding of float64 squares."""


@frozen
class ChangeRank:
    """The singular values of a change, summed up."""

    rank: int
    """Singular values above the noise of storage."""
    room: int
    """Largest rank the sample could have shown: the smaller side."""
    gap: float
    """The last above the edge over the first below it."""
    residual: float
    """Energy beyond the rank over the energy that rounding makes."""
    energy: float
    """Share of the change's energy within the rank."""

    @property
    def is_low(self) -> bool:
        """Whether the change is of low rank and nothing else."""
        few = self.rank <= min(MOST_RANK, EMPTY * self.room)
        return self.rank >= 1 and few and self.residual <= RESIDUAL and self.gap >= GAP

    @property
    def is_full(self) -> bool:
        """Whether more directions moved than an adapter has, as far as the rows reach."""
        return self.rank > min(MOST_RANK, EMPTY * self.room)


def rank_of_change(change_ui: FloatArray, variance_ui: NDArray[np.float64]) -> ChangeRank | None:
    """Return the rank of a change above the storage noise; None where nothing changed.

    Args:
        change_ui: [units, inputs], subject minus base.
        variance_ui: Variance of the storage rounding at each value.
    """
    change = change_ui.astype(np.float64)
    if not change.any() or min(change.shape) < 2:  # noqa: PLR2004 - a vector has no rank to speak of
        return None
    small = change if change.shape[0] <= change.shape[1] else change.T
    # The Gram matrix costs a tenth of a decomposition; what it cannot see lies below UNSEEN.
    values = np.sqrt(np.maximum(np.linalg.eigvalsh(small @ small.T)[::-1], 0.0))
    edge = EDGE_MARGIN * (
        np.sqrt(variance_ui.sum(axis=1).max()) + np.sqrt(variance_ui.sum(axis=0).max())
    )
    edge = max(float(edge), float(values[0]) * UNSEEN)
    rank = int((values > edge).sum())
    beyond = float((values[rank:] ** 2).sum())
    u, i = change.shape
    # r directions also absorb their share of the noise
    expected = float(variance_ui.sum()) * max(0.0, (1 - rank / u) * (1 - rank / i))
    floor = float((values**2).sum()) * UNSEEN**2
    after = float(values[rank]) if rank < values.size else 0.0
    return ChangeRank(
        rank=rank,
        room=int(values.size),
        gap=float(values[rank - 1]) / max(after, UNSEEN * float(values[0])) if rank else 1.0,
        residual=beyond / max(expected, floor),
        energy=1.0 - beyond / float((values**2).sum()),
    )
