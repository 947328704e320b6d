"""How do sampled MLP neurons look through the tokens, one view for each matrix?

Gate and up rows are readers of the residual stream, down columns its writers; each is seen through
the shared tokens (evidence.side), so that what turns, relabels or rescales the stream cancels. An
MLP without a gate has two matrices and two views.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Anatomy, Role
from hubcheck.evidence.family import Block
from hubcheck.evidence.orders.mlps import DENSE, EXPERT, SHARED, MlpRoles
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.statistics.disguise import GATED, PLAIN
from hubcheck.statistics.profiles import FloatArray, unit_rows

TWIN: Final = 0.9999
"""Cosine from which on two gate rows are the same row, stored with rounding."""
NEIGHBOURS: Final = 4
"""Neighbours in the sorted order that a row is compared with."""
FIRST: Final = 64
"""Inputs by which neighbours are told apart before whole rows are: two strangers differ there by
thousands of times what twins may, and copies of all rows cost more than all else of this."""
APART: Final = 2.0 * (1.0 - TWIN) + 1e-5
"""Squared distance beyond which two rows of length one are no twins, rounding included."""


WRITING: Final = "down"
"""The matrix that writes to the stream; the others read it."""
Matrices = frozenset[str]
EVERY: Final[Matrices] = frozenset()
"""No choice among an MLP's matrices: all of them."""
WRITING_ALONE: Final[Matrices] = frozenset({WRITING})
READING: Final[Matrices] = frozenset(GATED) - {WRITING}
"""Matrices of which the rows of some neurons lie together. Their columns in ``down`` do not: a few
of them cost the whole matrix."""


@frozen
class Sample:
    """Some neurons of one MLP."""

    block: Block
    units: tuple[int, ...]
    pool: int
    """Neurons the MLP has."""


@frozen
class Neurons:
    """What was read of a sample."""

    sample: Sample
    views: Mapping[str, FloatArray]
    """Through the tokens, [units, tokens], rows of length one, by matrix."""
    lengths: dict[str, NDArray[np.float64]]
    """[units] lengths of the effective up rows and of the down columns, of those that were read."""
    twins: int
    """Sampled neurons whose gate row (up row without gates) stands there more than once."""

    @property
    def reading(self) -> FloatArray:
        """The view of what decides when a neuron speaks: its gate row, or its up row."""
        return next(iter(self.views.values()))


@frozen
class Mlps:
    """Which MLPs of two models are matched, and by which of their matrices."""

    roles: MlpRoles
    matrices: tuple[str, ...]
    """``GATED`` or ``PLAIN``."""

    def layers(self, anatomy: Anatomy) -> tuple[int, ...]:
        """Return the layers that have exactly these matrices."""
        member = 0 if self.roles is EXPERT else -1
        return tuple(
            layer
            for layer in range(anatomy.geometry.layers)
            if tuple(self.roles.at(anatomy, Block(layer=layer, member=member))) == self.matrices
        )


KINDS: Final = (
    *(Mlps(roles=roles, matrices=GATED) for roles in (DENSE, SHARED, EXPERT)),
    Mlps(roles=DENSE, matrices=PLAIN),
)


def mlps_of(base: Anatomy, subject: Anatomy) -> Mlps | None:
    """Return which kind of MLP both models have in most layers; None where they share none."""
    counts = {mlps: min(len(mlps.layers(base)), len(mlps.layers(subject))) for mlps in KINDS}
    best = max(counts, key=lambda mlps: counts[mlps])
    return best if counts[best] else None


def gated_layers(anatomy: Anatomy, roles: MlpRoles) -> tuple[int, ...]:
    """Return the layers that have gate, up and down of this kind."""
    return Mlps(roles=roles, matrices=GATED).layers(anatomy)


def pool_of(anatomy: Anatomy, roles: MlpRoles, block: Block) -> int:
    """Return how many neurons the MLP of a block has."""
    return roles.at(anatomy, block)["up"].n_out


def weights_wanted(
    anatomy: Anatomy, roles: MlpRoles, sample: Sample, only: Matrices = EVERY
) -> dict[str, Wanted]:
    """Return the weights of a sample by matrix, the reading one first: rows, columns of down.

    Args:
        anatomy: The model.
        roles: Which kind of MLP.
        sample: Which neurons.
        only: The matrices that are wanted, ``EVERY`` for all.
    """
    why = "disguise"
    return {
        name: Wanted(matrix=matrix, inputs=sample.units, why=why)
        if name == WRITING
        else Wanted(matrix=matrix, units=sample.units, why=why)
        for name, matrix in roles.at(anatomy, sample.block).items()
        if name in only or only is EVERY
    }


def frame_wanted(side: Side, layers: Sequence[int], only: Matrices = EVERY) -> tuple[Wanted, ...]:
    """Return what the frames of one side need: token rows, and the gains of these layers.

    Where ``only`` matrices that read the stream are looked at, its end is not needed.
    """
    gains = [w for layer in layers for w in side.gain(side.mlp_gain_role(layer), layer)]
    tokens = side.token_rows(Role.EMBED)
    if only is EVERY or WRITING in only:
        tokens = (*tokens, *side.token_rows(side.head_role), *side.gain(Role.NORM_FINAL, -1))
    return tuple(dict.fromkeys((*tokens, *gains)))


def read_neurons(side: Side, roles: MlpRoles, sample: Sample, only: Matrices = EVERY) -> Neurons:
    """Read one sample and look at it through the tokens.

    Args:
        side: Its ``frame_wanted`` must have been fetched.
        roles: Which kind of MLP.
        sample: Which neurons.
        only: Matrices that are read, ``EVERY`` for all.
    """
    return looked_at(side, sample, read_rows(side, roles, sample, only))


def read_rows(
    side: Side, roles: MlpRoles, sample: Sample, only: Matrices = EVERY
) -> dict[str, NDArray[np.float32]]:
    """Read the weights of one sample, by matrix.

    They go through a reader of their own and are dropped with it: a layer of a large model is
    hundreds of megabytes.
    """
    reader = Reader(side.anatomy)
    wanted = weights_wanted(side.anatomy, roles, sample, only)
    reader.fetch(wanted.values())
    return {name: reader.block(one) for name, one in wanted.items()}


def looked_at(side: Side, sample: Sample, rows: Mapping[str, NDArray[np.float32]]) -> Neurons:
    """Look at the rows of one sample through the tokens.

    Args:
        side: Its ``frame_wanted`` must have been fetched.
        sample: Which neurons.
        rows: By matrix, as ``read_rows`` returns them.
    """
    layer = sample.block.layer
    gain_d = side.gain_values(side.mlp_gain_role(layer), layer)
    seen = {
        name: side.written_to_tokens(values.T)
        if name == WRITING
        else side.through_tokens(values, gain_d)
        for name, values in rows.items()
    }
    lengths = {
        name: _lengths(values.T if name == WRITING else values * gain_d)
        for name, values in rows.items()
        if name != "gate"
    }
    first = next(iter(rows))
    return Neurons(
        sample=sample,
        views={name: unit_rows(view) for name, view in seen.items() if view is not None},
        lengths=lengths,
        twins=near_twins(rows[first]) if first != WRITING else 0,
    )


def effective_gate(side: Side, roles: MlpRoles, sample: Sample) -> NDArray[np.float32]:
    """Read gate rows (up rows without gates) times the gain before them, [units, channels]."""
    reader = Reader(side.anatomy)
    gate = next(iter(weights_wanted(side.anatomy, roles, sample).values()))
    reader.fetch([gate])
    gain_d = side.gain_values(side.mlp_gain_role(sample.block.layer), sample.block.layer)
    return np.asarray(reader.block(gate) * gain_d, dtype=np.float32)


def _lengths(rows_ud: FloatArray) -> NDArray[np.float64]:
    squares_u = np.einsum("ud,ud->u", rows_ud, rows_ud, dtype=np.float64)
    return np.asarray(np.sqrt(np.maximum(squares_u, 1e-300)), dtype=np.float64)


def near_twins(rows_ud: FloatArray) -> int:
    """Return how many rows have a neighbour that points the same way to within storage rounding.

    Rows are sorted by their projection on one direction and compared with the next few: rows that
    agree to 1e-4 lie side by side there, so no all-pairs product is needed.
    """
    unit_ud = unit_rows(rows_ud)
    if unit_ud.shape[0] <= 1:
        return 0
    direction_d = np.random.default_rng(0).standard_normal((unit_ud.shape[1],), dtype=np.float32)
    order = np.argsort(unit_ud @ direction_d, kind="stable")
    twin_u = np.zeros(order.size, dtype=bool)
    for step in range(1, min(NEIGHBOURS, order.size - 1) + 1):
        first, second = order[:-step], order[step:]
        # A part of two rows lies no further apart than the rows do.
        apart_ud = unit_ud[first, :FIRST] - unit_ud[second, :FIRST]
        near = np.einsum("ud,ud->u", apart_ud, apart_ud) <= APART
        first, second = first[near], second[near]
        same = np.einsum("ud,ud->u", unit_ud[first], unit_ud[second]) >= TWIN
        twin_u[first[same]] = True
        twin_u[second[same]] = True
    return int(twin_u.sum())
