"""Hits on an axis of blocks are worth what the derivation says, and no more."""

from __future__ import annotations

from math import exp, factorial

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.statistics.blocks import hits_needed, log_e_blocks, log_ways
from hubcheck.statistics.evalues import log_e_hits

BELL = (1, 1, 2, 5, 15, 52, 203, 877)


def one_level(rng: np.random.Generator, blocks: int, size: int, trials: int) -> NDArray[np.int64]:
    """Return orders of blocks and in blocks, [trials, units]."""
    outer = rng.permuted(np.tile(np.arange(blocks), (trials, 1)), axis=1)
    inner = rng.permuted(np.tile(np.arange(size), (trials, blocks, 1)), axis=2)
    return np.asarray((outer[:, :, None] * size + inner).reshape(trials, -1))


def hits_in(orders: NDArray[np.int64], start: int, stop: int) -> NDArray[np.int64]:
    """Count hits in a run when the subject holds the base in its own order: the worst there is."""
    run = orders[:, start:stop]
    wanted = np.arange(start, stop)
    inside = (run == wanted) & (run >= start) & (run < stop)
    return np.asarray(inside.sum(axis=1))


def mean_e(hits: NDArray[np.int64], *, whole: bool) -> tuple[float, float]:
    """Return the mean of e and its error."""
    e = np.array([exp(log_e_blocks(n, whole=whole)) for n in range(int(hits.max()) + 1)])[hits]
    return float(e.mean()), float(e.std() / np.sqrt(e.size))


def test_ways_are_bell_numbers() -> None:
    """The number of ways to part k things."""
    assert [round(exp(log_ways(k, whole=True))) for k in range(8)] == list(BELL)


@pytest.mark.parametrize(("blocks", "size"), [(4, 8), (8, 4), (16, 2), (2, 16)])
def test_moments_of_whole_blocks_reach_bell_and_do_not_pass(blocks: int, size: int) -> None:
    """The bound is attained, and kept."""
    n = hits_in(one_level(np.random.default_rng(1), blocks, size, 20_000), 0, blocks * size)
    for k in (1, 2, 3):
        moment = np.prod([n - i for i in range(k)], axis=0, dtype=np.float64)
        error = float(moment.std()) / 141
        assert moment.mean() <= BELL[k] + 5 * error
        if k <= min(blocks, size):
            assert moment.mean() >= BELL[k] - 5 * error
    mean, error = mean_e(n, whole=True)
    assert mean <= 1.0 + 4 * error


@pytest.mark.parametrize(("start", "stop"), [(0, 32), (3, 17), (5, 27), (9, 14), (1, 31)])
@pytest.mark.parametrize(("blocks", "size"), [(4, 8), (8, 4), (16, 2)])
def test_runs_that_cut_blocks_keep_the_bound(start: int, stop: int, blocks: int, size: int) -> None:
    """Wherever a run begins and ends."""
    n = hits_in(one_level(np.random.default_rng(2), blocks, size, 8_000), start, stop)
    mean, error = mean_e(n, whole=False)
    assert mean <= 1.0 + 4 * error


def test_a_run_is_worth_its_bound_given_which_units_stand_in_it() -> None:
    """The targets may be chosen once it is known which base units stand in the run."""
    rng, start, stop, size = np.random.default_rng(3), 3, 18, 4
    orders = one_level(rng, 8, size, 6_000)
    total = np.zeros(len(orders), dtype=np.int64)
    for t, run in enumerate(orders[:, start:stop]):
        # As whoever knows that set: its lone cut blocks are placed for certain, and counted.
        held = np.sort(run)
        block_of, place_of = held // size, np.arange(start, stop) // size
        pairs = dict(
            zip(
                sorted(set(place_of), key=lambda b: (int((place_of == b).sum()), b)),
                sorted(set(block_of), key=lambda b: (int((block_of == b).sum()), b)),
                strict=True,
            )
        )
        guess = np.concatenate([held[block_of == pairs[b]] for b in dict.fromkeys(place_of)])
        total[t] = int((guess == run).sum())
    mean, error = mean_e(total, whole=False)
    assert total.mean() > 2.8, "two cut blocks add a hit each"
    assert mean <= 1.0 + 4 * error


def test_two_levels_of_blocks_void_the_bound() -> None:
    """Blocks whose inner places are fixed: every block that is at home hits with all its units."""
    rng, blocks, size = np.random.default_rng(4), 4, 16
    outer = rng.permuted(np.tile(np.arange(blocks), (20_000, 1)), axis=1)
    n = size * (outer == np.arange(blocks)).sum(axis=1)
    mean, _ = mean_e(n, whole=True)
    assert mean > 10


def test_blocks_inside_blocks_void_the_bound() -> None:
    """Two levels that are both exchangeable pass Bell(k): the third moment is that of three levels."""
    rng, trials = np.random.default_rng(5), 20_000
    outer = one_level(rng, 4, 4, trials)  # blocks of blocks
    inner = rng.permuted(np.tile(np.arange(4), (trials, 16, 1)), axis=2)
    orders = (outer[:, :, None] * 4 + inner).reshape(trials, -1)
    n = hits_in(orders, 0, 64)
    moment = np.prod([n - i for i in range(3)], axis=0, dtype=np.float64)
    assert moment.mean() > 1.5 * BELL[3]


def test_many_hits_are_worth_much_and_less_than_of_a_free_order() -> None:
    """The figures that the pages print."""
    assert 1e10 < exp(log_e_blocks(30, whole=True)) < 2e10
    for n in (1, 8, 14, 30, 64):
        assert log_e_blocks(n) <= log_e_blocks(n, whole=True) <= log_e_hits(n)
    needed = hits_needed(14)
    assert log_e_blocks(needed) >= log_e_hits(14) > log_e_blocks(needed - 1)
    assert exp(log_ways(30, whole=True)) / factorial(30) < 1e-7
