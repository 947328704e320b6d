"""Independent pairs of all benchmarks are counted together, with the interval of the count."""

from __future__ import annotations

import pytest

from benchmarks.kinds.independents import counted, interval, words


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    """0 of 100: below 3.62 %; 3 of 100: 0.62 % to 8.52 %, as tables have it."""
    assert interval(0, 100) == pytest.approx((0.0, 0.0362), abs=1e-4)
    assert interval(3, 100) == pytest.approx((0.0062, 0.0852), abs=1e-4)
    assert interval(5, 5)[1] == 1.0


def test_kinds_and_trained_models_are_counted_and_halves_are_not() -> None:
    """A pair that shares a part is none; an open answer is no match."""
    kinds = {
        "pairs": [
            {"group": "audio", "pair": "independent", "judged": {"verdict": "unrelated"}},
            {"group": "audio", "pair": "copy", "judged": {"verdict": "identical"}},
        ]
    }
    trained = [
        {"kind": "ViT", "subject": "seed 1", "related": False, "verdict": "related"},
        {"kind": "ViT", "subject": "seed 2", "related": False, "verdict": "inconclusive"},
        {"kind": "ViT", "subject": "half of another", "related": False, "verdict": "related"},
        {"kind": "ViT", "subject": "fine-tune", "related": True, "verdict": "related"},
    ]
    found = [*counted("a", kinds), *counted("b", trained)]
    assert [(c.asked, c.unrelated, c.matches) for c in found] == [(1, 1, 0), (2, 0, 1)]
    assert "1 of 3 independent pairs were said to match" in words(found)
