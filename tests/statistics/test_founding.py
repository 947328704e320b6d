"""Do the two mistakes of the founding dispute, remade from its figures, move any verdict here?

Solar-Open-100B was called a copy of GLM-4.5-Air because the cosine of their norm gains is 0.95 to
0.98. The figures below are those published in that dispute for the gains of corresponding layers:
layernorm_sanity.csv of ANLGBOY/solar-vs-glm-sanity-check (cosine, the same after shuffling each
vector, the same after centring, mean and standard deviation of both vectors) and the within-model
correlations of hyunwoongko/solar-vs-glm-vs-phi. They are typed in as facts; no file of either
repository is part of this project.

Mistake one reads the raw cosine. It is a function of four moments and holds no channel at all.
Mistake two centres, then adds up 46 layers as if each were a fresh observation. All norms of a
model share ONE order of channels; their gains are correlated, and so are the 46 results.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import erfc, factorial, log, sqrt
from typing import Final

import numpy as np
import pytest

from hubcheck.evidence.combine import NOTABLE
from hubcheck.statistics.evalues import log_e_hits
from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import cosine_matrix, standardise
from tests.statistics.nulls import Array, refutes

CHANNELS: Final = 4096
LAYERS: Final = 46


@dataclass(frozen=True, slots=True)
class Row:
    """One layer of the published table of input norms."""

    layer: int
    cosine: float
    shuffled: float
    centred: float
    mean_a: float
    sd_a: float
    mean_b: float
    sd_b: float


INPUT_NORMS: Final = (
    Row(0, 0.1272, 0.1368, -0.0133, 0.0163, 0.0406, 0.0109, 0.0271),
    Row(1, 0.3418, 0.3540, -0.0225, 0.0732, 0.0535, 0.0388, 0.0797),
    Row(5, 0.9516, 0.9521, -0.0185, 0.1578, 0.0372, 0.4147, 0.0873),
    Row(10, 0.9811, 0.9808, 0.0092, 0.2357, 0.0410, 0.4970, 0.0465),
    Row(13, 0.9897, 0.9893, 0.0226, 0.2353, 0.0284, 0.5703, 0.0468),
    Row(20, 0.9918, 0.9915, 0.0181, 0.3220, 0.0316, 0.6479, 0.0550),
    Row(27, 0.9943, 0.9941, 0.0231, 0.3521, 0.0293, 0.7643, 0.0531),
    Row(30, 0.9914, 0.9913, 0.0356, 0.2938, 0.0325, 0.7747, 0.0582),
    Row(40, 0.9916, 0.9916, 0.0153, 0.3492, 0.0336, 0.8316, 0.0738),
    Row(45, 0.9930, 0.9928, 0.0210, 0.3519, 0.0307, 0.8368, 0.0689),
)
MEAN_INPUT: Final = (0.9487, 0.9490, 0.01260)
"""Mean over all 46 layers: cosine, shuffled, centred."""
MEAN_POST: Final = (0.9864, 0.9865, -0.00187)
"""The same for the norms after attention."""
IDENTITY_WITHIN: Final = 0.012
"""The four moments give the cosine this closely on all 92 published rows, .0017 after attention."""
NAIVE_Z: Final = 5.47
"""What adding up 46 layers as independent gives on the founding pair."""

WITHIN: Final = {  # correlations of gains inside one model: (layers, layers) -> published
    "solar input": {(10, 20): 0.457, (10, 30): 0.354, (20, 30): 0.632},
    "glm input": {(10, 20): 0.772, (10, 30): 0.646, (20, 30): 0.622},
    "solar post": {(10, 20): 0.844, (10, 30): 0.584, (20, 30): 0.800},
    "glm post": {(10, 20): 0.833, (10, 30): 0.615, (20, 30): 0.884},
}
FALL: Final = {  # correlation(distance) = floor + (1 - floor) exp(-distance / reach), fitted
    "solar input": (0.15, 13.5),
    "glm input": (0.58, 8.0),
    "solar post": (0.20, 32.5),
    "glm post": (0.20, 38.0),
}


def from_moments(row: Row) -> float:
    """Return the cosine of two vectors of which only mean and standard deviation are known."""
    return (row.mean_a * row.mean_b) / sqrt(
        (row.mean_a**2 + row.sd_a**2) * (row.mean_b**2 + row.sd_b**2)
    )


def cosine(a: Array, b: Array) -> float:
    """Return the raw cosine, as the accusation did."""
    return float(a @ b / np.sqrt((a @ a) * (b @ b)))


@pytest.mark.parametrize("row", INPUT_NORMS, ids=lambda row: f"layer {row.layer}")
def test_the_raw_cosine_is_a_function_of_four_moments(row: Row) -> None:
    """Means and standard deviations alone give every published cosine."""
    assert abs(row.cosine - from_moments(row)) <= IDENTITY_WITHIN
    within = 0.0005 if row.cosine >= 0.98 else 0.0123
    assert abs(row.cosine - row.shuffled) <= within


@pytest.mark.parametrize("row", INPUT_NORMS, ids=lambda row: f"layer {row.layer}")
def test_the_raw_cosine_is_what_remains_after_centring_is_taken_back(row: Row) -> None:
    """With the centred correlation put back the identity is exact to the printed digits."""
    root = sqrt((row.mean_a**2 + row.sd_a**2) * (row.mean_b**2 + row.sd_b**2))
    exact = (row.mean_a * row.mean_b + row.centred * row.sd_a * row.sd_b) / root
    assert exact == pytest.approx(row.cosine, abs=0.0017)


@pytest.mark.parametrize(("mean", "shuffled"), [MEAN_INPUT[:2], MEAN_POST[:2]])
def test_shuffled_channels_look_the_same(mean: float, shuffled: float) -> None:
    """Over all 46 layers the cosine of shuffled channels is the cosine: no channel is in it."""
    assert abs(mean - shuffled) <= 0.0005


@pytest.mark.parametrize("row", INPUT_NORMS, ids=lambda row: f"layer {row.layer}")
def test_strangers_with_those_moments_look_the_same(row: Row) -> None:
    """Random vectors with the published moments have the published cosine, and hit nothing."""
    rng = np.random.default_rng(row.layer)
    a = row.mean_a + row.sd_a * rng.standard_normal(CHANNELS)
    b = row.mean_b + row.sd_b * rng.standard_normal(CHANNELS)
    assert abs(cosine(a, b) - row.cosine) <= IDENTITY_WITHIN + 4 / sqrt(CHANNELS) * 0.5
    assert abs(cosine(a, b) - cosine(a, rng.permutation(b))) <= 0.03
    some = slice(0, 256)
    similarity_uv = cosine_matrix(standardise(a[some, None]), standardise(b[some, None]))
    assert count_hits(similarity_uv).hits < 14


def test_naive_stouffer_accuses_the_founding_pair() -> None:
    """46 layers added up as if independent: z = 5.47, p = 2e-8, a false accusation."""
    z = sqrt(LAYERS) * MEAN_INPUT[2] * sqrt(CHANNELS)
    assert z == pytest.approx(NAIVE_Z, abs=0.01)
    assert 0.5 * erfc(z / sqrt(2)) == pytest.approx(2e-8, rel=0.2)


def correlation(name: str) -> Array:
    """Return the correlation [46, 46] of the gains of a model's layers."""
    floor, reach = FALL[name]
    distance = np.abs(np.subtract.outer(np.arange(LAYERS), np.arange(LAYERS)))
    return np.asarray(floor + (1 - floor) * np.exp(-distance / reach))


@pytest.mark.parametrize("name", sorted(WITHIN))
def test_the_simulated_models_have_the_published_correlations(name: str) -> None:
    """The fitted fall with distance meets the three published correlations of each model."""
    r = correlation(name)
    misses = [r[pair] - published for pair, published in WITHIN[name].items()]
    assert max(abs(miss) for miss in misses) <= 0.15
    assert abs(float(np.mean(misses))) <= 0.02


@pytest.mark.parametrize(
    ("kind", "mean", "z"), [("input", MEAN_INPUT[2], 1.38), ("post", MEAN_POST[2], -0.15)]
)
def test_the_joint_variance_clears_the_founding_pair(kind: str, mean: float, z: float) -> None:
    """With Cov(rho_t, rho_s) = rA rB / (d - 1) the same figures are z = 1.4 and -0.15: nothing."""
    product = correlation(f"solar {kind}") * correlation(f"glm {kind}")
    spread = sqrt(float(product.mean()) / (CHANNELS - 1))
    assert mean / spread == pytest.approx(z, abs=0.25)


DRAWS: Final = 500
WIDTH: Final = 192
"""Channels of a simulated model; neither statistic's null depends on it."""


def gains(rng: np.random.Generator, name: str) -> Array:
    """Return positive gains [channels, layers] with the correlations of one model."""
    root = np.linalg.cholesky(correlation(name) + 1e-9 * np.eye(LAYERS))
    return np.asarray(np.exp(0.15 * rng.standard_normal((WIDTH, LAYERS)) @ root.T))


def naive_z(a: Array, b: Array) -> float:
    """Return the mistake: the sum of 46 Pearson correlations over its spread were they apart."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    rho_t = (a * b).sum(axis=0) / np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return float(rho_t.sum() * sqrt(WIDTH - 1) / sqrt(LAYERS))


def joint_hits(a: Array, b: Array) -> int:
    """Return the hits of channels over all norms together, as the channel test counts them."""
    return count_hits(cosine_matrix(standardise(a), standardise(b))).hits


@cache
def strangers() -> tuple[Array, Array]:
    """Return naive z and joint hits of independent models with the founding correlations."""
    rng = np.random.default_rng(20_260_401)
    pairs = ((gains(rng, "solar input"), gains(rng, "glm input")) for _ in range(DRAWS))
    found = [(naive_z(a, b), joint_hits(a, b)) for a, b in pairs]
    return np.array([z for z, _ in found]), np.array([float(n) for _, n in found])


def test_naive_stouffer_accuses_strangers() -> None:
    """Of independent models so correlated a fifth or so exceed 5.47; p would be 5e-8 each."""
    z, _ = strangers()
    share = float((np.abs(z) > NAIVE_Z).mean())
    assert 0.1 < share < 0.4
    assert 3 < z.std() < 6  # 1 if the layers were independent
    assert refutes(int((np.abs(z) > NAIVE_Z).sum()), DRAWS, erfc(NAIVE_Z / sqrt(2)))


def test_joint_channel_hits_stay_at_their_level() -> None:
    """On the same models the joint count keeps P(N >= k) <= 1/k! and reaches no verdict."""
    _, hits = strangers()
    for k in range(1, 10):
        assert not refutes(int((hits >= k).sum()), DRAWS, 1 / factorial(k))
    assert hits.mean() == pytest.approx(1, abs=0.2)
    assert max(log_e_hits(int(n)) for n in hits) < NOTABLE


def test_accused_strangers_are_not_accused_here() -> None:
    """Where the naive statistic is at its worst the joint count is no larger than elsewhere."""
    z, hits = strangers()
    accused = np.abs(z) > NAIVE_Z
    assert accused.sum() > 50
    assert max(log_e_hits(int(n)) for n in hits[accused]) < log(1e3)
    assert hits[accused].mean() < 1.5


def test_a_real_descendant_is_seen() -> None:
    """Gains that were fine-tuned, not made up, hit with nearly every channel: the test can see."""
    rng = np.random.default_rng(20_260_402)
    a = gains(rng, "glm input")
    tuned = a * np.exp(0.02 * rng.standard_normal(a.shape))
    assert joint_hits(a, tuned) > 0.9 * WIDTH
    assert log_e_hits(joint_hits(a, tuned)) > log(1e10)
