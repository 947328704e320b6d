"""Is "the same values" said only where that is so: of heads and biases, which no order holds?"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from hubcheck.report.phrases import PhraseCode, codes
from hubcheck.report.schema import Finding, Relation
from hubcheck.report.words import RelationKind, Verdict
from tests.check.test_encoders import Tensors, made, report, with_new_head, written
from tests.evidence import laboratory


def _classifier() -> Tensors:
    return with_new_head(made("bert", 1))


def _anew(tensors: Tensors, part: str) -> Tensors:
    """Return the model with the tensors of one name drawn anew."""
    rng = np.random.default_rng(11)
    return {
        name: (0.1 * rng.normal(size=t.shape)).astype(np.float32) if part in name else t
        for name, t in tensors.items()
    }


def _finding(folder: Path, subject: Tensors, base: Tensors) -> tuple[Finding, Relation]:
    (finding,) = report(
        written(folder / "subject", "bert", subject), written(folder / "base", "bert", base)
    ).findings
    assert finding.verdict is Verdict.RELATED
    assert finding.relation is not None
    return finding, finding.relation


def test_a_head_put_on_a_body_is_told(tmp_path: Path) -> None:
    """A classifier beside a pooler is of the same role, and no re-saved copy."""
    base = {n: t for n, t in _classifier().items() if "classifier" not in n}
    _, relation = _finding(tmp_path, _classifier(), base)
    assert relation.kind is RelationKind.UNDETERMINED
    (said,) = (p for p in relation.detail if p.code is PhraseCode.ONLY_ONE_SIDE)
    assert said.params == {"side": "subject", "roles": ("head of another shape",)}


def test_a_head_of_other_classes_is_told(tmp_path: Path) -> None:
    """Two classes became seven, and the pooler went: neither is what the other model has."""
    subject = {n: t for n, t in _classifier().items() if "pooler" not in n}
    subject["classifier.weight"] = np.ones((7, 64), dtype=np.float32)
    _, relation = _finding(tmp_path, subject, _classifier())
    assert relation.kind is RelationKind.UNDETERMINED
    said = [p.params["side"] for p in relation.detail if p.code is PhraseCode.ONLY_ONE_SIDE]
    assert said == ["base", "subject"]


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (lambda t: _anew(t, "classifier"), {"classifier.weight"}),
        (lambda t: _anew(t, "0.output.dense.bias"), {"encoder.layer.0.output.dense.bias"}),
    ],
    ids=["a head trained alone", "a bias trained alone"],
)
def test_what_no_order_holds_is_held_against_its_namesake(
    tmp_path: Path, change: Callable[[Tensors], Tensors], names: set[str]
) -> None:
    """The body is the base's, bit for bit; what was trained beside it is named."""
    subject = dict(reversed(list(change(_classifier()).items())))
    finding, relation = _finding(tmp_path, subject, _classifier())
    assert relation.kind is RelationKind.SPARSE_UPDATE
    (said,) = (p for p in relation.detail if p.code is PhraseCode.TENSORS_EQUAL)
    differing = said.params["differing"]
    assert isinstance(differing, tuple)
    assert set(differing) == names
    assert finding.compared > 0.999


def test_a_classifier_stored_anew_holds_the_same_values(tmp_path: Path) -> None:
    """Every tensor, heads included, is the base's: only the file is another."""
    subject = dict(reversed(list(_classifier().items())))
    finding, relation = _finding(tmp_path, subject, _classifier())
    assert relation.kind is RelationKind.RECAST
    assert codes(relation.detail) == {PhraseCode.SAME_VALUES}
    assert finding.compared > 0.999


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh head", "same head"])
def test_a_cast_with_a_fresh_head_is_not_the_same_values(tmp_path: Path, *, fresh: bool) -> None:
    """Stored in half precision no tensor is equal bit for bit: the head's values are compared."""
    changed = _anew(_classifier(), "classifier") if fresh else _classifier()
    base = written(tmp_path / "base", "bert", _classifier())
    subject = written(tmp_path / "subject", "bert", changed)
    for folder, tensors, dtype in ((base, _classifier(), "f4"), (subject, changed, "f2")):
        stored = {n: np.ascontiguousarray(t.astype(dtype)) for n, t in tensors.items()}
        (folder / "model.safetensors").write_bytes(save(stored))
    (finding,) = report(subject, base).findings
    relation = finding.relation
    assert relation is not None
    said = [p for p in relation.detail if p.code is PhraseCode.HEAD_OF_ANOTHER]
    assert bool(said) is fresh
    assert relation.kind is (RelationKind.UNDETERMINED if fresh else RelationKind.RECAST)
    if fresh:
        assert said[0].params == {"tensors": ("classifier.weight",)}


def test_one_norm_does_not_show_that_norms_do_not_match(tmp_path: Path) -> None:
    """A channel told by one gain has another nearest after the least training."""
    rng = np.random.default_rng(3)
    base = {n: t for n, t in laboratory.shipped("base").items() if "layernorm" not in n}
    subject = {n: t + 0.05 * t.std() * rng.normal(size=t.shape) for n, t in base.items()}
    folders = [
        laboratory.write(tmp_path / name, laboratory.plain(weights, dtype="F32"))
        for name, weights in (("subject", subject), ("base", base))
    ]
    (finding,) = report(*folders).findings
    norms = [p.verdict for p in finding.parts if p.name == "norms"]
    assert norms == [Verdict.INCONCLUSIVE]
