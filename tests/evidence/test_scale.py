"""Do free scales change what is compared value by value?"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.evidence.scale import free_of_scale
from hubcheck.report.words import DeclarationVerdict, RelationKind, Verdict
from tests.evidence.laboratory import Weights, model, plain, report_of, shipped, write
from tests.material.zoo import symmetries


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 10_000), spread=st.floats(0, 3), parts=st.sampled_from([1, 2]))
def test_scales_of_units_and_features_cancel(seed: int, spread: float, parts: int) -> None:
    """Rows scaled by unit (in each part) and by feature give the result of the unscaled rows."""
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((40, 20 * parts))
    by_unit = np.repeat(np.exp(spread * rng.standard_normal((40, parts))), 20, axis=1)
    by_feature = np.exp(spread * rng.standard_normal(20 * parts))
    scaled = free_of_scale(rows * by_unit * by_feature, parts)
    np.testing.assert_allclose(scaled, free_of_scale(rows, parts), atol=2e-3)


def test_the_result_is_new_and_the_rows_are_left_alone() -> None:
    """The caller's rows are not changed, and zeros stay zeros."""
    rows = np.random.default_rng(1).standard_normal((6, 8)).astype(np.float32)
    rows[2] = 0
    before = rows.copy()
    after = free_of_scale(rows, 2)
    assert np.array_equal(rows, before)
    assert np.isfinite(after).all()
    assert not after[2].any()


def shrink_what_was_learned(weights: Weights, power: float) -> Weights:
    """Rescale neurons and norms, function kept, so that the leading directions lose most.

    The attack: a copy whose learned directions look shrunk passes for a model that shares only
    its initialisation, a relation that accuses nobody.
    """
    neurons, gains = {}, {}
    for gate, up, _ in symmetries.mlps(weights):
        rows = np.concatenate([weights[gate], weights[up]], axis=1).astype(np.float64)
        left, values, _ = np.linalg.svd(rows, full_matrices=False)
        leading = (left[:, :6] ** 2 * values[:6] ** 2).sum(axis=1) / (rows**2).sum(axis=1)
        neurons[gate] = np.exp(-power * (leading - leading.mean()))
    for norm, readers in symmetries.norm_readers(weights).items():
        mlp = sorted(r for r in readers if "gate_proj" in r or "up_proj" in r)
        if mlp:
            rows = np.concatenate([weights[r] for r in mlp], axis=0).astype(np.float64)
            _, values, right = np.linalg.svd(rows, full_matrices=False)
            leading = (right[:6].T ** 2 * values[:6] ** 2).sum(axis=1) / (rows**2).sum(axis=0)
            gains[norm] = np.exp(power * (leading - leading.mean()))
    return symmetries.rescale_norms(symmetries.rescale_neurons(weights, neurons), gains)


@pytest.mark.parametrize("power", [12.0, 48.0])
@pytest.mark.parametrize("name", ["finetune", "continued"])
def test_a_copy_cannot_be_scaled_into_a_common_initialisation(
    name: str, power: float, tmp_path: Path
) -> None:
    """Function-preserving scales that shrink the learned directions hide no undeclared copy."""
    weights = shrink_what_was_learned(shipped(name), power)
    subject = write(tmp_path / "subject", plain(weights, dtype="F32"))
    report = report_of(subject, suspects=[model("base")])
    finding = report.findings[0]
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind is not RelationKind.COMMON_INITIALISATION
    assert report.verdict is DeclarationVerdict.UNDECLARED
    assert report_of(subject, [model("base")]).verdict is DeclarationVerdict.CONFIRMED
