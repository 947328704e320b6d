"""How much of the base must a relabelled and turned copy keep for the disguise test to see it?

As for the exact tests (statistics.planted): a copy keeping rho of every base neuron is planted, the
rest being the subject's own neurons in shuffled order, in all views alike; what turning and
rescaling would do cancels in the views, so it need not be planted. The embeddings that make the
frame are taken as kept.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hubcheck.statistics.disguise import Views
from hubcheck.statistics.planted import NOT_DETECTABLE, least_seen

KEPT_GRID: Final = (0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
MOST_UNITS: Final = 1024
"""Neurons planted; more change the answer little and cost their square."""
SEED: Final = 20240613
"""The planting is a property of the two models, not of the draw; any fixed number does."""


def detectable_disguised(a: Views, b: Views, *, needed: float, share: float) -> float:
    """Return the smallest rho of ``KEPT_GRID`` whose agreement passes ``needed``.

    Args:
        a: Views of the base's neurons.
        b: Views of the subject's neurons.
        needed: Agreement that counts as found.
        share: Share of sampled neurons that have a true partner in the other sample; agreement is
            taken among these, so it does not enter the threshold, but fewer of them make it coarse.

    Returns:
        A value of the grid, or ``NOT_DETECTABLE``.
    """
    n = min(*(next(iter(views.values())).shape[0] for views in (a, b)), MOST_UNITS)
    if n * share < 1:
        return NOT_DETECTABLE
    order = np.random.default_rng(SEED).permutation(n)
    grams, crosses = {}, {}
    for view in a:
        a_nt, b_nt = np.asarray(a[view])[:n], np.asarray(b[view])[:n][order]
        grams[view], crosses[view] = a_nt @ a_nt.T, a_nt @ b_nt.T

    def seen(rho: float) -> bool:
        rest = float(np.sqrt(1.0 - rho * rho))
        nearest = [
            np.abs(
                (rho * grams[view] + rest * crosses[view])
                / _lengths(rho, rest, np.diagonal(crosses[view]))
            ).argmax(axis=1)
            for view in a
        ]
        agreeing = (np.stack(nearest) == nearest[0]).all(axis=0)
        return float(agreeing.mean()) > needed

    return least_seen(KEPT_GRID, seen)


def _lengths(
    rho: float, rest: float, own_v: np.ndarray[tuple[int, ...], np.dtype[np.float32]]
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return the lengths of planted rows rho a_v + rest b_v; in the products' own precision."""
    length_v = np.sqrt(np.maximum(1e-12, rho**2 + rest**2 + 2 * rho * rest * own_v))
    return np.asarray(length_v, dtype=np.float32)
