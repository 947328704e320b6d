"""How does the spread of attention weights run over a model's layers, and over another's?

Nothing of a verdict follows from it. A curve of standard deviations, one number per layer, has been
quoted as a fingerprint. It has few points and no known distribution between models trained apart,
so it is shown with the curves of models that the exact test calls unrelated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from hubcheck.anatomy.interface import Matrix, Role
from hubcheck.evidence.reading import Reader, Wanted
from hubcheck.report.curves import Curve, Curves

ROLES: Final = (Role.Q, Role.K, Role.V, Role.O)
ROWS: Final = 16
"""Rows of a block; two blocks of a matrix are read. A standard deviation of 32 rows of 1,000 values
is known to 0.4 % where the values are independent: 1 over the root of twice their number."""
LAYERS: Final = 16
"""Layers, evenly spaced: of a model 4,096 wide some 17 MB in 16-bit floats."""
FEWEST: Final = 4
"""Points below which no correlation is given: of two it is always 1 or -1, and of three independent
ones these are its likeliest values."""


def spread_of(reader: Reader) -> Mapping[Role, Curve]:
    """Return a model's curves; of a role with too few layers none.

    Raises:
        HubcheckError: its weights cannot be read, or not within the budget.
    """
    chosen = {role: list(_chosen(reader, role)) for role in ROLES}
    wanted = {
        (role, layer): [
            Wanted(matrix=matrix, units=rows, why="spread") for rows in _blocks(matrix.n_out)
        ]
        for role, layers in chosen.items()
        for layer, matrix in layers
    }
    reader.fetch([one for blocks in wanted.values() for one in blocks])
    found: dict[Role, Curve] = {}
    for role, layers in chosen.items():
        if len(layers) >= FEWEST:
            last = max(reader.anatomy.geometry.layers - 1, 1)
            found[role] = tuple(
                (layer / last, _deviation([reader.block(b) for b in wanted[role, layer]]))
                for layer, _ in layers
            )
    return found


def compared(subject: Mapping[Role, Curve], base: Mapping[Role, Curve]) -> tuple[Curves, ...]:
    """Return the curves that both have, with their correlations."""
    found = []
    for role in ROLES:
        if role not in subject or role not in base:
            continue
        (x, y), (bx, by) = (np.array(curve).T for curve in (subject[role], base[role]))
        other = np.interp(x, bx, by)
        still = min(float(np.ptp(y)), float(np.ptp(other))) == 0
        found.append(
            Curves(
                role=role.value,
                subject=subject[role],
                base=base[role],
                correlation=0.0 if still else float(np.corrcoef(y, other)[0, 1]),
            )
        )
    return tuple(found)


def _chosen(reader: Reader, role: Role) -> Iterator[tuple[int, Matrix]]:
    by_layer: dict[int, Matrix] = {}
    for (kind, layer, _, bias), matrix in reader.anatomy.matrices.items():
        if kind is role and not bias and layer >= 0:
            by_layer.setdefault(layer, matrix)
    layers = sorted(by_layer)
    for n in sorted({round(i) for i in np.linspace(0, len(layers) - 1, LAYERS)}) if layers else ():
        yield layers[n], by_layer[layers[n]]


def _blocks(rows: int) -> tuple[tuple[int, ...], ...]:
    """Return the rows of two blocks, away from either end; of a small matrix all in one."""
    if rows <= 4 * ROWS:
        return (tuple(range(rows)),)
    return tuple(tuple(range(at, at + ROWS)) for at in (rows // 4, 3 * rows // 4))


def _deviation(blocks: list[np.ndarray]) -> float:
    values = np.concatenate([block.ravel() for block in blocks]).astype(np.float64)
    return float(values.std())
