"""Are tensors that no order and no role places held against their namesakes?

A small BERT with the global projections of a Longformer beside its own, and with some that no rule
knows, in two layers each.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from hubcheck.anatomy.flat_heads import with_flat_heads
from hubcheck.anatomy.interface import Role
from hubcheck.checkpoint.interface import RowBlock
from hubcheck.checkpoint.opening import open_checkpoint
from hubcheck.checkpoint.rows import read_rows
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.schema import Finding
from hubcheck.report.words import RelationKind, Verdict
from tests.check.test_encoders import Tensors, made, report, written
from tests.memory_source import MemorySource

KNOWN = "bert.encoder.layer.{}.attention.self.query_global.weight"
UNKNOWN = "bert.encoder.layer.{}.attention.self.longformer.query_global.weight"
WIDTH = 64


def model(seed: int, name: str, *, beside: int) -> Tensors:
    """Return a BERT whose tensors of one name are drawn by a seed of their own."""
    rng = np.random.default_rng(beside)
    found = made("bert", seed)
    layers = {n.split("layer.")[1].split(".")[0] for n in found if "layer." in n}
    drawn = {name.format(i): rng.normal(size=(WIDTH, WIDTH)) for i in sorted(layers)}
    return {**found, **{n: (0.1 * t).astype(np.float32) for n, t in drawn.items()}}


def found(folder: Path, subject: Tensors, base: Tensors, dtype: str) -> Finding:
    """Return the finding on the subject stored in a dtype, the base in float32."""
    both = []
    for name, tensors, kind in (("subject", subject, dtype), ("base", base, "f4")):
        at = written(folder / name, "bert", tensors)
        stored = {n: np.ascontiguousarray(t.astype(kind)) for n, t in tensors.items()}
        (at / "model.safetensors").write_bytes(save(stored))
        both.append(at)
    (finding,) = report(*both).findings
    assert finding.verdict is Verdict.RELATED
    return finding


@pytest.mark.parametrize("same", [True, False], ids=["the base's", "another's"])
def test_a_cast_holds_the_same_values_beside_the_body_or_says_which_differ(
    tmp_path: Path, *, same: bool
) -> None:
    """Stored in half precision nothing is equal bit for bit: values are compared by name."""
    finding = found(
        tmp_path, model(1, KNOWN, beside=7 if same else 8), model(1, KNOWN, beside=7), "f2"
    )
    assert finding.relation is not None
    assert finding.relation.kind is (RelationKind.RECAST if same else RelationKind.UNDETERMINED)
    said = [p for p in finding.relation.detail if p.code is PhraseCode.OTHER_VALUES]
    assert bool(said) is not same


@pytest.mark.parametrize("name", [KNOWN, UNKNOWN], ids=[Role.SIDE, "unknown"])
def test_what_was_trained_with_the_body_counts_as_compared(tmp_path: Path, name: str) -> None:
    """A light fine-tune of everything: near by name. Drawn anew, they are not the base's."""
    rng = np.random.default_rng(5)
    base = model(1, name, beside=7)
    tuned = {
        n: (t + 0.05 * t.std() * rng.normal(size=t.shape)).astype(np.float32)
        for n, t in base.items()
    }
    near = found(tmp_path, tuned, base, "f4")
    assert near.compared > 0.95
    if name == KNOWN:
        return  # a side path that differs was compared by its bytes: it has one counterpart
    other = {n: t for n, t in model(1, name, beside=8).items() if n not in made("bert", 1)}
    (tmp_path / "anew").mkdir()
    far = found(tmp_path / "anew", {**tuned, **other}, base, "f4")
    assert near.compared > far.compared + 0.03


def test_heads_apart_are_flattened_in_pytorch_files_too(tmp_path: Path) -> None:
    """XLNet's [in, heads, size] is one matrix, whatever file it lies in."""
    values = torch.arange(24, dtype=torch.float32).reshape(4, 3, 2)
    torch.save({"transformer.layer.0.rel_attn.q": values}, tmp_path / "w.bin")
    source = MemorySource({"pytorch_model.bin": (tmp_path / "w.bin").read_bytes()})
    flat = with_flat_heads(open_checkpoint(source, {}))
    (name,) = flat.tensors
    assert flat.tensors[name].shape == (4, 6)
    (rows,) = read_rows(flat, [RowBlock(tensor=name, start=1, stop=3)])
    assert np.array_equal(rows, values.reshape(4, 6)[1:3].numpy())
