"""What would a pruned copy have shown, and is the run of matches an e-value across two sizes?"""

from __future__ import annotations

from math import exp, log

import numpy as np
import pytest

from hubcheck.statistics.planted import NOT_DETECTABLE
from hubcheck.statistics.planted_pruned import (
    Sizes,
    detectable_pruned,
    detectable_sorted,
    planted_similarity,
    pruned_partners,
    run_log_e,
    signs_log_e,
)
from hubcheck.statistics.profiles import unit_rows

N_BASE, N_SUBJECT, FEATURES = 96, 64, 48
WHOLE = Sizes(
    base_total=N_BASE, subject_total=N_SUBJECT, base_first=0, base_read=N_BASE, subject_first=0,
    subject_read=N_SUBJECT,
)  # fmt: skip
NEEDED = log(1e10)


def rows(n: int, seed: int, features: int = FEATURES) -> np.ndarray:
    """Return random rows of length one."""
    return unit_rows(np.random.default_rng(seed).standard_normal((n, features)).astype(np.float32))


def test_the_mean_over_relabelled_bases_is_at_most_one() -> None:
    """Strangers, the base relabelled and flipped: E of order, of signs and of both is at most 1."""
    rng = np.random.default_rng(5)
    gate, up = rows(N_BASE, 1), rows(N_BASE, 2)
    similarity = rows(N_SUBJECT, 3) @ gate.T
    up_similarity = rows(N_SUBJECT, 4) @ up.T
    orders, signs, products = [], [], []
    for _ in range(4000):
        order = rng.permutation(N_BASE)
        flips = rng.choice([-1.0, 1.0], N_BASE)
        order_e = exp(run_log_e(similarity[:, order], 128))
        sign_e = exp(signs_log_e(similarity[:, order], (up_similarity * flips)[:, order]))
        orders.append(order_e)
        signs.append(sign_e)
        products.append(order_e * sign_e)
    for values in (orders, signs, products):
        spread = float(np.std(values)) / len(values) ** 0.5
        assert float(np.mean(values)) <= 1 + 3 * spread


def test_a_planted_row_has_the_cosines_of_the_sum() -> None:
    """What inner products give is what mixing the rows gives."""
    base, subject = rows(N_BASE, 1), rows(N_SUBJECT, 2)
    rng = np.random.default_rng(3)
    partner, order = pruned_partners(WHOLE, rng), rng.permutation(N_SUBJECT)
    partner[5] = -1
    mixed = 0.3 * base[partner] + np.sqrt(1 - 0.09) * subject[order]
    mixed[5] = subject[order[5]]
    found = planted_similarity(base @ base.T, subject @ base.T, partner, order, 0.3)
    np.testing.assert_allclose(found, unit_rows(mixed) @ base.T, atol=1e-5)


@pytest.mark.parametrize("sizes", [WHOLE, Sizes(
    base_total=400, subject_total=300, base_first=100, base_read=150, subject_first=90,
    subject_read=60,
)])  # fmt: skip
def test_partners_rise_and_lie_among_the_units_read(sizes: Sizes) -> None:
    """A pruned copy keeps its order; partners that were not read are none."""
    partner = pruned_partners(sizes, np.random.default_rng(1))
    there = partner[partner >= 0]
    assert partner.size == sizes.subject_read
    assert there.max() < sizes.base_read
    assert (np.diff(there) > 0).all()


def test_a_grown_copy_has_units_of_its_own() -> None:
    """Where the subject has more units, the base's stand among others."""
    sizes = Sizes(
        base_total=64, subject_total=96, base_first=0, base_read=64, subject_first=0,
        subject_read=96,
    )  # fmt: skip
    partner = pruned_partners(sizes, np.random.default_rng(1))
    assert sorted(partner[partner >= 0]) == list(range(64))


def test_more_features_show_a_smaller_share() -> None:
    """Power grows with the features, in order and by signs; too few units see nothing."""
    rng = np.random.default_rng(0)
    found = []
    for features in (48, 512):
        a, b = (rows(n, s, features) for n, s in ((N_BASE, 1), (N_SUBJECT, 2)))
        u, v = (rows(n, s, features) for n, s in ((N_BASE, 3), (N_SUBJECT, 4)))
        found.append(
            (
                detectable_pruned(a, b, WHOLE, rng, needed=NEEDED, most=128),
                detectable_sorted((a, b), (u, v), WHOLE, rng, needed=NEEDED),
            )
        )
    assert found[0][0] > found[1][0]
    assert found[0][1] > found[1][1]
    assert all(0 < one < 1 for pair in found for one in pair)
    few = Sizes(
        base_total=8, subject_total=6, base_first=0, base_read=8, subject_first=0, subject_read=6
    )
    nothing = detectable_pruned(rows(8, 1), rows(6, 2), few, rng, needed=NEEDED, most=128)
    assert nothing == NOT_DETECTABLE
