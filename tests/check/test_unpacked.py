"""Is a packed model that was unpacked again told as the same values?"""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np
import pytest

from hubcheck.report.words import RelationKind, Verdict
from tests.evidence.laboratory import (
    SHAPE,
    Weights,
    model,
    outcome_of,
    plain,
    request,
    shipped,
    write,
)
from tests.material.formats.folder import ORIGINAL, write_model


def _on_levels(weights: Weights, kind: gguf.GGMLQuantizationType) -> Weights:
    """Return the weights as they come out of a packed file."""
    return {
        name: gguf.quants.dequantize(gguf.quants.quantize(w, kind), kind).astype(np.float32)
        if w.ndim == 2  # norms stay
        else w
        for name, w in weights.items()
    }


@pytest.mark.parametrize("name", ["Q4_1", "Q8_0"])
@pytest.mark.parametrize("turned", [False, True], ids=["unpacked", "packed"])
def test_an_unpacked_model_is_the_packed_one(tmp_path: Path, name: str, *, turned: bool) -> None:
    """Rounding four-bit levels to bfloat16 is no training, whichever of the two is declared."""
    levels = _on_levels(shipped("base"), gguf.GGMLQuantizationType[name])
    write_model(tmp_path / "packed", levels, SHAPE.config(), f"GGUF {name}", beside=model("base"))
    write_model(tmp_path / "plain", levels, SHAPE.config(), ORIGINAL, beside=model("base"))
    base, subject = tmp_path / "packed", tmp_path / "plain"
    if turned:
        base, subject = subject, base
    (finding,) = outcome_of(request(subject, [base])).report.findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    assert finding.relation.kind in {RelationKind.RECAST, RelationKind.QUANTISED}


def test_training_between_the_levels_is_no_rounding(tmp_path: Path) -> None:
    """The least that bfloat16 can show in most values is a fine-tune of the packed model."""
    levels = _on_levels(shipped("base"), gguf.GGMLQuantizationType.Q4_0)
    rng = np.random.default_rng(2)
    trained = {
        n: (w * (1 + 0.01 * rng.normal(size=w.shape))).astype(np.float32) for n, w in levels.items()
    }
    write_model(tmp_path / "packed", levels, SHAPE.config(), "GGUF Q4_0", beside=model("base"))
    write_model(tmp_path / "plain", trained, SHAPE.config(), ORIGINAL, beside=model("base"))
    (finding,) = outcome_of(request(tmp_path / "plain", [tmp_path / "packed"])).report.findings
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.FINE_TUNE


@pytest.mark.parametrize("name", ["Q4_0", "Q4_K", "Q8_0"])
def test_a_packed_copy_of_four_byte_values_is_quantised(tmp_path: Path, name: str) -> None:
    """Levels with minima, of blocks of blocks: what packing rounds away is no training."""
    rng = np.random.default_rng(3)
    full = {
        n: (w * (1 + 1e-4 * rng.normal(size=w.shape))).astype(np.float32)
        for n, w in shipped("base").items()
    }
    base = write(tmp_path / "base", plain(full, dtype="F32"))
    write_model(tmp_path / "packed", full, SHAPE.config(), f"GGUF {name}", beside=model("base"))
    (finding,) = outcome_of(request(tmp_path / "packed", [base])).report.findings
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.QUANTISED
