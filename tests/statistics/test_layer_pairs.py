"""Does searching all pairs of layers keep its bound?"""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.layer_pairs import joined_groups, log_e_map, log_e_of_subject_layer

LAYERS = 12
UNITS = 32


def null_map(
    rng: np.random.Generator, *, duplicates: bool, layers: int = LAYERS
) -> NDArray[np.int64]:
    """Return hits of independent base orders against subject layers, all alike if duplicates."""
    hits = np.empty((layers, layers), dtype=np.int64)
    for i in range(layers):
        order = rng.permutation(UNITS)  # the base's own, relabelled at random
        nearest = rng.integers(0, UNITS, size=(1 if duplicates else layers, UNITS))
        count = (order[nearest] == np.arange(UNITS)).sum(axis=1)
        hits[i] = count[0] if duplicates else count
    return hits


@pytest.mark.parametrize("duplicates", [False, True])
def test_the_mean_over_null_maps_is_at_most_one(*, duplicates: bool) -> None:
    """The map's e-value averages to at most 1, also where all subject layers are copies."""
    rng = np.random.default_rng(1)
    groups = [(i,) for i in range(LAYERS)]
    values, single = [], []
    for _ in range(2000):
        log_e = np.vectorize(log_e_hits)(null_map(rng, duplicates=duplicates))
        values.append(exp(log_e_map(log_e, groups)))
        single.append(exp(log_e_of_subject_layer(log_e, 0).max()))
    assert np.mean(values) < 1.0
    assert np.mean(single) < 1.0
    assert np.max(single) < 1000


def test_summing_the_best_of_each_layer_would_accuse() -> None:
    """The tempting way (best match of each layer, divided once) calls every null map related."""
    rng = np.random.default_rng(2)
    wrong = []
    for _ in range(20):
        log_e = np.vectorize(log_e_hits)(null_map(rng, duplicates=False, layers=48))
        wrong.append(log_e.max(axis=0).sum() - 2 * np.log(48))
    assert min(wrong) > np.log(1e10)


def test_layers_that_share_an_order_are_averaged() -> None:
    """Two base layers in one order count once: joined, they give the mean and not the product."""
    log_e = np.log(np.array([[100.0], [100.0], [1.0]]))
    assert exp(log_e_map(log_e, [(0,), (1,), (2,)])) == pytest.approx(10_000)
    assert exp(log_e_map(log_e, [(0, 1), (2,)])) == pytest.approx(100)
    assert joined_groups(5, [(0, 2), (2, 4)]) == ((0, 2, 4), (1,), (3,))


def test_a_pair_not_looked_at_counts_nothing() -> None:
    """A subject layer that was not looked at lowers the mean like one that shows nothing."""
    log_e = np.array([[np.log(8.0), -np.inf]])
    assert exp(log_e_map(log_e, [(0,)])) == pytest.approx(4.0)
