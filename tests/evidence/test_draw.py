"""Is every choice a function of the seed, inside its range, and unforeseeable without it?"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.evidence.draw import (
    CHANNELS,
    LEAST_ROWS,
    LEAST_TOKENS,
    MOST_ROWS,
    MOST_TOKENS,
    TOKEN_GAP,
    Draw,
)

SEEDS = st.integers(0, 2**63 - 1)
SIZES = st.integers(1, 200_000)


@given(SEEDS, SIZES, st.integers(1, 20_000), st.integers(0, 200))
def test_rows_are_a_run_inside_the_family(seed: int, units: int, values: int, layer: int) -> None:
    """Rows follow each other, stay inside, and leave some units for the channel test."""
    rows = Draw(seed).rows(units, values, layer)
    assert rows == tuple(range(rows[0], rows[-1] + 1))
    assert 0 <= rows[0] <= rows[-1] < units
    assert len(rows) <= MOST_ROWS
    assert len(rows) >= min(LEAST_ROWS, units - units // 8)
    if units >= 8:
        assert len(rows) < units


@given(SEEDS, st.integers(0, 200_000), st.integers(1, 20_000))
def test_tokens_are_sorted_distinct_and_enough(seed: int, shared: int, hidden: int) -> None:
    """Positions lie in the list of shared tokens; as many as the limits say."""
    tokens = Draw(seed).tokens(shared, hidden)
    assert list(tokens) == sorted(set(tokens))
    assert all(0 <= t < shared for t in tokens)
    assert min(shared, LEAST_TOKENS) <= len(tokens) <= min(shared, MOST_TOKENS)


@given(SEEDS, st.integers(0, 3_000), st.integers(1, 20_000))
def test_tokens_of_two_orders_are_sorted_distinct_and_enough(
    seed: int, shared: int, hidden: int
) -> None:
    """Where orders differ, positions lie in the list as well, as many as the limits say."""
    subject = np.random.default_rng(shared).permutation(shared).tolist()
    tokens = Draw(seed).tokens_apart(range(shared), subject, hidden)
    assert list(tokens) == sorted(set(tokens))
    assert all(0 <= t < shared for t in tokens)
    assert min(shared, LEAST_TOKENS) <= len(tokens) <= min(shared, MOST_TOKENS)
    assert tokens == Draw(seed).tokens_apart(range(shared), subject, hidden)


@pytest.mark.parametrize("shared", [2_000, 80_000])
def test_no_model_pays_for_every_token_where_orders_differ(shared: int) -> None:
    """Rows of 8 KB in an order of their own: neither model needs much over half the requests."""
    rng = np.random.default_rng(shared)
    base = np.sort(rng.choice(2 * shared, shared, replace=False))
    subject = rng.permutation(2 * shared)[:shared]
    for seed in range(8):
        tokens = list(Draw(seed).tokens_apart(base.tolist(), subject.tolist(), 4096))
        for ids in (base, subject):
            apart = np.diff(np.sort(ids[tokens])) > 1 + TOKEN_GAP // 4096
            assert 1 + np.count_nonzero(apart) <= LEAST_TOKENS // 2 + 8


def test_where_orders_differ_no_token_is_looked_at_by_every_seed() -> None:
    """Choosing rows that lie together leaves the choice open."""
    subject = np.random.default_rng(0).permutation(20_000).tolist()
    drawn = [set(Draw(seed).tokens_apart(range(20_000), subject, 4096)) for seed in range(100)]
    assert not set.intersection(*drawn)
    assert len(set.union(*drawn)) > 0.3 * 20_000


@given(SEEDS, st.integers(1, 20_000))
def test_channels_are_sorted_distinct_and_capped(seed: int, hidden: int) -> None:
    """At most 256 channels are under test."""
    channels = Draw(seed).channels(hidden)
    assert list(channels) == sorted(set(channels))
    assert len(channels) == min(hidden, CHANNELS)
    assert 0 <= channels[0] <= channels[-1] < hidden


@given(SEEDS, st.integers(2, 100_000))
def test_the_control_is_really_shifted(seed: int, units: int) -> None:
    """The offset of the control is never a whole turn."""
    assert 0 < Draw(seed).shift(units) < units


@given(SEEDS, st.integers(0, 300))
def test_every_layer_is_tried_once(seed: int, layers: int) -> None:
    """The order of the layers is a permutation."""
    assert sorted(Draw(seed).layers(layers)) == list(range(layers))


@given(SEEDS)
def test_a_seed_repeats_itself(seed: int) -> None:
    """The same seed makes the same choices, whatever was drawn before."""
    one, two = Draw(seed), Draw(seed)
    one.rows(1000, 100, 3)
    one.tokens(9999, 64)
    assert one.layers(48) == two.layers(48)
    assert one.rows(14336, 8192, 0) == two.rows(14336, 8192, 0)
    assert one.tokens(50_000, 4096) == two.tokens(50_000, 4096)
    assert one.one_of(64, 7) == two.one_of(64, 7)


def test_no_place_is_looked_at_by_every_seed() -> None:
    """Over 200 seeds no row is always drawn and nearly every row is drawn at times.

    Whoever alters a fixed 1 % of the rows is seen by most draws, and cannot know by which.
    """
    units = 2048
    drawn = [set(Draw(seed).rows(units, 8192, 0)) for seed in range(200)]
    assert not set.intersection(*drawn)
    assert len(set.union(*drawn)) > 0.95 * units
