"""Are values that were rounded to few levels told from values that were not?"""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.evidence.looks.change.grid import grid_of, rounding_between
from tests.evidence.looks.change.planted import stored, weight
from tests.material.zoo import relations

NAME = "model.layers.0.mlp.up_proj.weight"
RULES = {
    "int8": relations.round_to_int8,
    "int4": relations.round_to_int4,
    "nf4": relations.round_to_nf4,
}


@pytest.mark.parametrize("dtype", ["BF16", "F32"])
@pytest.mark.parametrize("rule", sorted(RULES))
def test_a_rounded_matrix_is_known_by_its_levels_alone(rule: str, dtype: str) -> None:
    """Levels are found in plain files, and every value is at the level nearest to the original."""
    plain = weight(np.random.default_rng(2), dtype=dtype)
    coarse = stored(RULES[rule]({NAME: plain})[NAME].astype(np.float64), dtype)
    grid = grid_of(coarse)
    assert grid is not None
    assert grid.bits == (8 if rule == "int8" else 4)
    assert rounding_between(plain, coarse, grid).nearest >= 0.995


@pytest.mark.parametrize("dtype", ["F32", "BF16", "F16"])
def test_plain_values_lie_on_no_levels(dtype: str) -> None:
    """Twenty plain matrices of each format have no coarse grid."""
    for seed in range(20):
        assert grid_of(weight(np.random.default_rng(seed), dtype=dtype)) is None


def test_the_rounding_of_another_model_is_not_of_this_one() -> None:
    """A light fine-tune was not what was rounded: a tenth of the values are at other levels."""
    rng = np.random.default_rng(3)
    plain = weight(rng)
    coarse = relations.round_to_int4({NAME: plain})[NAME]
    grid = grid_of(coarse)
    assert grid is not None
    other = (plain * (1 + 0.05 * rng.standard_normal(plain.shape))).astype(np.float32)
    assert rounding_between(other, coarse, grid).nearest < 0.97


def test_errors_passed_on_stay_within_a_step_or_so() -> None:
    """A quantiser with feedback leaves the nearest level for many values, and stays near."""
    rng = np.random.default_rng(4)
    plain = weight(rng)
    coarse = relations.round_with_feedback({NAME: plain}, rng)[NAME]
    grid = grid_of(coarse)
    assert grid is not None
    seen = rounding_between(plain, coarse, grid)
    assert seen.nearest < 0.98
    assert seen.within_step > 0.8


@pytest.mark.parametrize("dtype", ["F32", "F16"])
def test_eight_bits_over_32_neighbours_are_found(dtype: str) -> None:
    """Q8_0: a step per 32 values, stored in half precision, rounded to nearest; written back."""
    plain = weight(np.random.default_rng(5), dtype="F32")
    groups = plain.reshape(-1, 32).astype(np.float64)
    steps = (np.abs(groups).max(axis=1, keepdims=True) / 127).astype(np.float16).astype(np.float64)
    coarse = stored((np.rint(groups / steps) * steps).reshape(plain.shape), dtype)
    grid = grid_of(coarse)
    assert grid is not None
    assert (grid.bits, grid.group) == (8, 32)
    seen = rounding_between(plain, coarse, grid)
    assert seen.nearest >= 0.99
    assert seen.fills


def test_nearly_all_groups_must_lie_on_their_levels() -> None:
    """One group in twenty that is plain is too many: such a file was edited, not rounded."""
    rng = np.random.default_rng(6)
    groups = weight(rng, units=160, dtype="F32").reshape(-1, 32).astype(np.float64)
    steps = np.abs(groups).max(axis=1, keepdims=True) / 127
    coarse = np.rint(groups / steps) * steps
    coarse[::20] = groups[::20]
    assert grid_of(coarse.reshape(160, 128).astype(np.float32)) is None


def test_ternary_values_are_told_from_values_trained_from_them() -> None:
    """Three levels have no outer border: what lies between them fills the cells, or knew of them."""
    plain = weight(np.random.default_rng(3), dtype="F32").astype(np.float64)
    size = np.abs(plain).mean()
    coarse = size * np.clip(np.rint(plain / size), -1, 1)
    grid = grid_of(coarse)
    assert grid is not None
    assert grid.bits == 2
    made = rounding_between(plain, coarse, grid)
    assert made.nearest == 1.0
    assert made.fills
    later = coarse + 0.05 * size * np.random.default_rng(4).standard_normal(coarse.shape)
    assert not rounding_between(later, coarse, grid).fills
