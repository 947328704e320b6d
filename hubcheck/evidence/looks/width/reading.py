"""What is read to find pruned neurons and channels, and how are the units described?

Both models give the same features: gate and up rows in the channels they share, or seen through the
tokens they share; channels by norm gains and embedding columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil, sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.evidence.draw import Draw
from hubcheck.evidence.family import Block
from hubcheck.evidence.orders.channels import NORM_LAYERS, NORM_ROLES
from hubcheck.evidence.orders.mlps import MlpRoles
from hubcheck.evidence.reading import Wanted
from hubcheck.evidence.side import Side
from hubcheck.frozen import frozen
from hubcheck.statistics.profiles import FloatArray, profile, standardise

WHOLE: Final = 512
"""Up to so many neurons a layer is taken whole."""
SPREAD: Final = 2.5
"""The k-th of n kept units out of N lies at kN/n with a standard deviation of at most
sqrt(N (N-n) / n) / 2 when those dropped are spread at random; 5 of these on either side."""


@frozen
class LayerRows:
    """The rows wanted of one MLP layer of one model."""

    side: Side
    layer: int
    units: tuple[int, ...]
    by_name: Mapping[str, Wanted]

    @property
    def wanted(self) -> list[Wanted]:
        """Return the rows and what the token view needs."""
        role = self.side.mlp_gain_role(self.layer)
        return [
            *self.by_name.values(),
            *self.side.gain(role, self.layer),
            *self.side.token_rows(Role.EMBED),
        ]

    def views(self, names: Sequence[str], *, raw: bool) -> dict[str, FloatArray]:
        """Return the joint profile of some matrices in each frame.

        Args:
            names: ``gate`` and ``up``, or one of them.
            raw: Whether both models have the same channels.
        """
        features = self.features(names, raw=raw)
        return {frame: profile(*of.values()) for frame, of in features.items()}

    def features(self, names: Sequence[str], *, raw: bool) -> dict[str, dict[str, FloatArray]]:
        """Return the rows of some matrices in each frame, by frame and name, [units, features].

        Args:
            names: ``gate`` and ``up``, or one of them.
            raw: Whether both models have the same channels.
        """
        rows = {n: self.side.reader.block(self.by_name[n]) for n in names if n in self.by_name}
        found: dict[str, dict[str, FloatArray]] = {}
        if not rows:
            return found
        if raw:
            found["raw"] = {**rows}
        seen = {n: self._through_tokens(values) for n, values in rows.items() if self._whole(n)}
        held = {n: s for n, s in seen.items() if s is not None}
        if held:
            found["token"] = held
        return found

    def raw_rows(self) -> FloatArray:
        """Return the rows as they are stored, matrices side by side, [units, features]."""
        rows = [self.side.reader.block(wanted) for wanted in self.by_name.values()]
        return np.concatenate(rows, axis=1)

    def up(self, frame: str, positions: Sequence[int]) -> FloatArray | None:
        """Return up rows for the sign test in one frame; None where they are not comparable."""
        if "up" not in self.by_name:
            return None
        rows_ud = self.side.reader.block(self.by_name["up"])[list(positions)]
        return rows_ud if frame == "raw" else self._through_tokens(rows_ud)

    def _whole(self, name: str) -> bool:
        return not self.by_name[name].inputs

    def _through_tokens(self, rows_ud: NDArray[np.float32]) -> FloatArray | None:
        role = self.side.mlp_gain_role(self.layer)
        return self.side.through_tokens(rows_ud, self.side.gain_values(role, self.layer))


def layer_rows(
    side: Side,
    roles: MlpRoles,
    block: Block,
    units: Sequence[int],
    draw: Draw,
    *,
    by_input: bool,
    names: Sequence[str] = ("gate", "up"),
) -> LayerRows:
    """Return the rows of some neurons of a layer.

    Args:
        side: The model.
        roles: The kind of MLP.
        block: Layer, and expert if there is one.
        units: Neurons.
        draw: Chooses inputs where a model stores matrices by input: there a few channels of all
            neurons cost what a few neurons cost elsewhere.
        by_input: Whether either model does.
        names: Which matrices.
    """
    matrices = roles.at(side.anatomy, block)
    by_name = {
        name: Wanted(
            matrix=matrices[name],
            units=tuple(units),
            inputs=draw.inputs(matrices[name].n_in, 0) if by_input else (),
            why="width",
        )
        for name in names
        if name in matrices
    }
    return LayerRows(side=side, layer=block.layer, units=tuple(units), by_name=by_name)


def window_of(rows: Sequence[int], n_narrow: int, n_wide: int) -> tuple[int, ...]:
    """Return the neurons of the wider model among which those of ``rows`` must lie.

    Args:
        rows: Neighbouring neurons of the narrower model.
        n_narrow: Neurons of the narrower model.
        n_wide: Neurons of the wider model.
    """
    if n_wide <= WHOLE:
        return tuple(range(n_wide))
    stretch = n_wide / n_narrow
    slack = ceil(SPREAD * sqrt(n_wide * (n_wide - n_narrow) / n_narrow))
    first = max(0, int(rows[0] * stretch) - slack)
    last = min(n_wide, ceil((rows[-1] + 1) * stretch) + slack)
    return tuple(range(first, last))


def channel_wanted(
    base: Side, subject: Side, draw: Draw, base_of: Mapping[int, int]
) -> tuple[list[Wanted], list[Wanted]]:
    """Return what the channels' profiles need of base and subject."""
    gains = _gains(base, subject, draw, base_of)
    return (
        [*(Wanted(matrix=a, why="width") for a, _ in gains), *base.token_rows(Role.EMBED)],
        [*(Wanted(matrix=b, why="width") for _, b in gains), *subject.token_rows(Role.EMBED)],
    )


def channel_views(
    base: Side, subject: Side, draw: Draw, base_of: Mapping[int, int]
) -> tuple[dict[str, FloatArray], dict[str, FloatArray], FloatArray]:
    """Return the views of all channels, and the base's rows as they are for its self-test.

    Returns:
        Views of the base and of the subject (norms, embeddings, both joined), and the base's gains
        and embedding columns, [channels, features].
    """
    gains = _gains(base, subject, draw, base_of)
    made: list[dict[str, FloatArray]] = []
    rows_of_base = np.zeros((base.anatomy.geometry.hidden, 0), dtype=np.float32)
    for n, side in enumerate((base, subject)):
        views: dict[str, FloatArray] = {}
        if gains:
            columns = [
                side.reader.block(Wanted(matrix=pair[n], why="width"))[:, 0] for pair in gains
            ]
            views["norms"] = np.stack(columns, axis=1)
        rows_td = side.embedded
        if rows_td is not None:
            views["embeddings"] = (rows_td - rows_td.mean(axis=0, dtype=np.float64)).T
        single = {name: standardise(rows) for name, rows in views.items()}
        joint = {"all": profile(*views.values())} if len(views) > 1 else {}
        made.append(joint | single)
        if side is base and views:
            rows_of_base = np.concatenate(list(views.values()), axis=1, dtype=np.float32)
    return made[0], made[1], rows_of_base


def _gains(
    base: Side, subject: Side, draw: Draw, base_of: Mapping[int, int]
) -> list[tuple[Matrix, Matrix]]:
    """Return norm gains of layers that correspond, base and subject."""
    order = draw.layers(subject.anatomy.geometry.layers)
    layers = sorted(j for j in order if j in base_of)[:NORM_LAYERS]
    spots = [(role, base_of[j], j) for j in layers for role in NORM_ROLES]
    spots.append((Role.NORM_FINAL, -1, -1))
    pairs = [(base.anatomy.get(r, i), subject.anatomy.get(r, j)) for r, i, j in spots]
    return [(a, b) for a, b in pairs if a is not None and b is not None]
