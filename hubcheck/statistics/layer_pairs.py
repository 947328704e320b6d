"""What do the e-values of all pairs of layers say about the map between two models?

Null. Every base layer has an order of its own (of its neurons, of its V/O dimensions), exchangeable
and independent of the subject (``statistics.hits``). For each base layer i and subject layer j
there is an e-value e_ij. Then

* e_i = mean over j of e_ij is an e-value, whatever the dependence between subject layers, so
  duplicated layers inside the subject are averaged and never multiplied;
* the product over i is one, because the orders of distinct base layers are independent given all
  else; base layers that share an order are averaged first;
* for one subject layer j, the mean over i of e_ij is an e-value, hence so is max_i e_ij / n: the
  search over n base layers is paid by dividing.

Taking the best match of every layer and dividing once by the number of pairs is no bound: 48 null
layers give a "bound" of 1e-27 (statistics note, section 1).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.evalues import log_mean, log_product


def log_e_map(log_e_ij: NDArray[np.float64], groups: Sequence[Sequence[int]]) -> float:
    """Return log e of the whole map.

    Args:
        log_e_ij: [base layers, subject layers], natural logs, -inf where a pair was not looked at.
        groups: Base layers by shared order; every tested layer in exactly one group.
    """
    return log_product(log_e_orders(log_e_ij, groups))


def log_e_orders(
    log_e_ij: NDArray[np.float64], groups: Sequence[Sequence[int]]
) -> tuple[float, ...]:
    """Return the factors of the map: log e of each distinct order of the base."""
    return tuple(
        log_mean([log_mean(log_e_ij[i].tolist()) for i in group]) for group in groups if group
    )


def log_e_of_subject_layer(log_e_ij: NDArray[np.float64], layer: int) -> NDArray[np.float64]:
    """Return log e of "subject layer j comes from base layer i" for every i, search paid for.

    Args:
        log_e_ij: [base layers, subject layers], natural logs.
        layer: j.
    """
    return np.asarray(log_e_ij[:, layer] - log(max(1, log_e_ij.shape[0])), dtype=np.float64)


def joined_groups(n_layers: int, pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
    """Return the layers 0 .. n-1 grouped so that the two of every pair are in one group."""
    group_of = list(range(n_layers))
    for a, b in pairs:
        old, new = sorted((group_of[a], group_of[b]), reverse=True)
        group_of = [new if g == old else g for g in group_of]
    return tuple(
        tuple(i for i in range(n_layers) if group_of[i] == g) for g in sorted(set(group_of))
    )
