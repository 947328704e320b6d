"""Do the numbers of behaviour mean what they say: equal, unlike, alike up to a rotation?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.statistics.behaviour import answers_of, linear_cka


def test_equal_answers_and_opposite_ones() -> None:
    """Equal scores agree, whatever was added to all; certain opposites are a bit apart."""
    rng = np.random.default_rng(1)
    scores = rng.standard_normal((20, 50))
    same = answers_of(scores, scores + 7)
    assert (same.positions, same.agreement) == (20, 1.0)
    assert same.kl == pytest.approx(0, abs=1e-12)
    assert same.js == pytest.approx(0, abs=1e-12)
    apart = answers_of(np.array([[99.0, 0.0]]), np.array([[0.0, 99.0]]))
    assert apart.agreement == 0
    assert apart.js == pytest.approx(1)
    assert apart.kl == pytest.approx(99)


def test_divergence_is_that_of_the_definition() -> None:
    """Mean over positions, from the base to the subject."""
    p, q = np.array([0.7, 0.2, 0.1]), np.array([0.1, 0.3, 0.6])
    found = answers_of(np.log([p, p]), np.log([q, p]))
    assert found.kl == pytest.approx(float((p * np.log(p / q)).sum()) / 2)
    m = (p + q) / 2
    js = float((p * np.log2(p / m) + q * np.log2(q / m)).sum()) / 2
    assert found.js == pytest.approx(js / 2)
    assert found.agreement == 0.5


def test_states_alike_up_to_a_rotation_are_one_and_strangers_are_nothing() -> None:
    """Unbiased: about 0 for strangers even with more features than positions."""
    rng = np.random.default_rng(2)
    states = rng.standard_normal((200, 600))
    turn = np.linalg.qr(rng.standard_normal((600, 600)))[0]
    assert linear_cka(states, 3 * states @ turn + 5) == pytest.approx(1)
    strangers = [linear_cka(states, rng.standard_normal((200, 600))) for _ in range(10)]
    assert abs(float(np.mean(strangers))) < 0.02
    assert max(map(abs, strangers)) < 0.05
    half = np.hstack([states, rng.standard_normal((200, 600))])
    assert 0.6 < linear_cka(states, half) < 0.8


def test_what_does_not_vary_is_like_nothing() -> None:
    """Constant states, or too few positions, give 0 and no division by it."""
    assert linear_cka(np.ones((10, 3)), np.eye(10)) == 0
    assert linear_cka(np.eye(3), np.eye(3)) == 0
