"""Is some of every kind of matrix read, however little may be?"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.evidence.laboratory import outcome_of, plain, request, write
from tests.material.zoo.model import Shape, initial_weights


def test_rows_of_every_matrix_are_read_where_the_whole_of_some_is_too_much(tmp_path: Path) -> None:
    """Small matrices of four-byte values fill the look; q and k are held against each other, too."""
    shape = Shape(hidden=256, heads=8, kv_heads=8, head_dim=32, neurons=256)
    weights = initial_weights(shape, 3)
    rng = np.random.default_rng(4)
    trained = {
        n: (w + 0.05 * w.std() * rng.normal(size=w.shape)).astype(np.float32)
        for n, w in weights.items()
    }
    base = write(tmp_path / "base", plain(weights, shape, dtype="F32"))
    subject = write(tmp_path / "subject", plain(trained, shape, dtype="F32"))
    (finding,) = outcome_of(request(subject, [base])).report.findings
    assert {"q", "k", "v", "o"} <= {change.role for change in finding.changes}
    assert finding.compared > 0.99
