"""Is a base with its published adapter told to be the merged model, and nothing else?

Adapters are written as PEFT writes them and merged as PEFT merges them, with torch alone.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save, save_file

from hubcheck.card.wording import sentence
from hubcheck.card.wordings.adapters import NOT_ADDED
from hubcheck.checkpoint.adapter import ADAPTER_FILE
from hubcheck.checkpoint.adapter_update import (
    NotAdded,
    Updates,
    added_rows,
    stored_shape,
    updates_of,
)
from hubcheck.report.phrases import Phrase, PhraseCode
from hubcheck.report.schema import Finding
from hubcheck.report.words import EvidenceKind, Verdict
from tests.evidence.laboratory import finding_of, model, report_of
from tests.memory_source import MemorySource

Weights = dict[str, torch.Tensor]
RANK: Final = 4
CONFIG: Final[Mapping[str, object]] = {
    "peft_type": "LORA", "base_model_name_or_path": "acme/base", "r": RANK, "lora_alpha": 8,
    "target_modules": ["q_proj", "down_proj"], "fan_in_fan_out": False,
}  # fmt: skip
TARGETS: Final = ("q_proj.weight", "down_proj.weight")


def base() -> Weights:
    """Return the shipped base, in its own bf16."""
    (file,) = model("base").glob("*.safetensors")
    return dict(load_file(file))


def adapter(seed: int, size: float = 0.05, rank: int = RANK, dtype: Any = torch.float32) -> Weights:
    """Return factors whose product has ``size`` of the weights' deviation once scaled by 2."""
    generator = torch.Generator().manual_seed(seed)
    found: Weights = {}
    for name, values in base().items():
        if not name.endswith(TARGETS):
            continue
        n_out, n_in = values.shape
        each = math.sqrt(size * float(values.float().std()) / 2 / math.sqrt(rank))
        stem = f"base_model.model.{name.removesuffix('.weight')}"
        a = each * torch.randn(rank, n_in, generator=generator)
        b = each * torch.randn(n_out, rank, generator=generator)
        found[f"{stem}.lora_A.weight"], found[f"{stem}.lora_B.weight"] = a.to(dtype), b.to(dtype)
    return found


def merged(factors: Weights, scale: float = 2.0) -> Weights:
    """Return the base with an adapter merged, as PEFT does it: the update in its own dtype."""
    out = base()
    for name, a in factors.items():
        if ".lora_A." not in name:
            continue
        b = factors[name.replace("lora_A", "lora_B")]
        stored = name.removeprefix("base_model.model.").replace(".lora_A", "")
        out[stored] = out[stored] + (scale * (b @ a)).to(out[stored].dtype)
    return out


def folder(at: Path, tensors: Weights) -> Path:
    """Write a model beside the shipped base's documents."""
    shutil.copytree(model("base"), at, ignore=shutil.ignore_patterns("*.safetensors", "README.md"))
    save_file({n: t.contiguous() for n, t in tensors.items()}, at / "model.safetensors")
    return at


def put(at: Path, factors: Weights, **config: object) -> Path:
    """Write an adapter into a folder, which may hold weights."""
    at.mkdir(exist_ok=True)
    save_file(factors, at / "adapter_model.safetensors")
    (at / "adapter_config.json").write_text(json.dumps({**CONFIG, **config}))
    return at


def said(finding: Finding) -> Phrase:
    """Return the one thing that a finding says of an adapter."""
    codes = {PhraseCode.ADAPTER_ADDED, PhraseCode.ADAPTER_NOT_ADDED, PhraseCode.ADAPTER_REFUSED}
    (one,) = (p for p in (*finding.notes, *finding.reason) if p.code in codes)
    return one


def counts(phrase: Phrase) -> tuple[object, object, object]:
    """Return how many matrices were the sum, were not, and could not tell."""
    return phrase.params["equal"], phrase.params["different"], phrase.params["silent"]


@pytest.fixture(scope="module")
def matrices() -> int:
    """Return how many matrices the adapters here change."""
    return sum(n.endswith(TARGETS) for n in base())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_an_adapter_beside_merged_weights_is_told(
    tmp_path: Path, matrices: int, dtype: torch.dtype
) -> None:
    """The repository holds both: each matrix is base and update, in rows of every one."""
    factors = adapter(1, dtype=dtype)
    subject = put(folder(tmp_path / "subject", merged(factors)), factors)
    found = finding_of(subject, model("base"), seed=5)
    assert found.verdict is Verdict.RELATED
    assert counts(said(found)) == (matrices, 0, 0)
    (row,) = (e for e in found.evidence if e.test == "adapter")
    assert (row.kind, row.hits, row.units, row.log10_p) == (
        EvidenceKind.IDENTITY,
        matrices,
        matrices,
        0.0,
    )
    assert "up to rounding" in sentence((said(found),))
    assert not report_of(subject, [model("base")]).subject.unread  # it was read, and is told of


def test_an_adapter_named_beside_its_base_is_told_on_both(tmp_path: Path, matrices: int) -> None:
    """Two repositories: both findings say what came out, and the adapter's stays untested."""
    factors = adapter(1)
    subject = folder(tmp_path / "subject", merged(factors))
    report = report_of(subject, [model("base"), put(tmp_path / "adapter", factors)])
    whole, update = report.findings
    assert counts(said(whole)) == counts(said(update)) == (matrices, 0, 0)
    assert update.verdict is Verdict.NOT_TESTED
    assert str(tmp_path / "adapter") in sentence((said(whole),))


def test_a_strange_adapter_is_not_in_there(tmp_path: Path, matrices: int) -> None:
    """Another adapter of one size, and the right one at another scale, are not the difference."""
    subject = folder(tmp_path / "subject", merged(adapter(1)))
    for name, factors, config in (
        ("strange", adapter(2), {}),
        ("rescaled", adapter(1), {"lora_alpha": 16}),
    ):
        report = report_of(subject, [model("base"), put(tmp_path / name, factors, **config)])
        assert counts(said(report.findings[0])) == (0, matrices, 0)
        assert "none holds" in sentence((said(report.findings[0]),))
        (row,) = (e for e in report.findings[0].evidence if e.test == "adapter")
        assert row.hits == 0


def test_what_was_never_merged_is_not_said_to_be(tmp_path: Path, matrices: int) -> None:
    """Light noise on the base: near it, and not the sum. An update of nothing tells nothing."""
    rng = torch.Generator().manual_seed(3)
    near = {
        n: (t.float() * (1 + 0.01 * torch.randn(t.shape, generator=rng))).to(t.dtype)
        for n, t in base().items()
    }
    subject = put(folder(tmp_path / "subject", near), adapter(1))
    assert counts(said(finding_of(subject, model("base"), seed=5))) == (0, matrices, 0)
    untrained = {n: t * ("lora_A" in n) for n, t in adapter(1).items()}
    put(subject, untrained)
    found = finding_of(subject, model("base"), seed=5)
    assert counts(said(found)) == (0, 0, matrices)
    assert not [e for e in found.evidence if e.test == "adapter"]


def test_scales_are_read_as_peft_reads_them(tmp_path: Path, matrices: int) -> None:
    """Alpha by module, over the root of the rank; the rank is the factors'."""
    factors = adapter(1)
    scale = 3 / math.sqrt(RANK)
    subject = folder(tmp_path / "subject", merged(factors, scale))
    config = {
        "lora_alpha": 1, "r": 64, "use_rslora": True,
        "alpha_pattern": {"q_proj": 3, "mlp.down_proj": 3}, "rank_pattern": {"q_proj": RANK},
    }  # fmt: skip
    put(subject, factors, **config)
    assert counts(said(finding_of(subject, model("base"), seed=5))) == (matrices, 0, 0)


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ({"use_dora": True}, "dora"),
        ({"peft_type": "LOHA"}, "tuner"),
        ({"init_lora_weights": "pissa_niter_16"}, "start"),
        ({"lora_alpha": "8"}, "config"),
        ({"lora_alpha": float("inf")}, "config"),
        ({"alpha_pattern": {"(a+)+$": 3}}, "more"),
        ({"alpha_pattern": ["q_proj"]}, "config"),
        ({"layer_replication": [[0, 2]]}, "more"),
    ],
)
def test_what_adds_something_else_is_not_added(
    tmp_path: Path, config: dict[str, object], why: str
) -> None:
    """Refused by a code; the rest of the check goes on."""
    factors = adapter(1)
    subject = put(folder(tmp_path / "subject", merged(factors)), factors, **config)
    found = finding_of(subject, model("base"), seed=5)
    assert found.verdict is Verdict.RELATED
    assert said(found).code is PhraseCode.ADAPTER_NOT_ADDED
    assert said(found).params["why"] == why


def test_an_adapter_without_a_base_asks_for_one(tmp_path: Path) -> None:
    """Named alone it is not tested, and its finding says what would be."""
    factors = adapter(1)
    subject = folder(tmp_path / "subject", merged(factors))
    found = finding_of(subject, put(tmp_path / "adapter", factors), seed=5)
    assert found.verdict is Verdict.NOT_TESTED
    assert said(found).params["why"] == "base"


def test_hostile_factors_end_nothing(tmp_path: Path) -> None:
    """Values that are no numbers, huge ones, shapes that do not fit."""
    subject = folder(tmp_path / "subject", merged(adapter(1)))
    for value in (math.nan, 3e38):
        put(subject, {n: torch.full_like(t, value) for n, t in adapter(1).items()})
        found = finding_of(subject, model("base"), seed=5)
        assert found.verdict is Verdict.RELATED
        assert said(found).params.get("equal", 0) == 0
    put(subject, {n: t[:, :3].contiguous() for n, t in adapter(1).items()})
    assert said(finding_of(subject, model("base"), seed=5)).code is PhraseCode.ADAPTER_NOT_ADDED


def test_every_reason_has_words() -> None:
    """The card's table is that of the codes."""
    assert set(NOT_ADDED) == {str(why) for why in NotAdded}


def test_modules_kept_by_input_are_added_transposed() -> None:
    """``fan_in_fan_out``: the stored matrix is [in, out], and so is what is added to it."""
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(2, 6)).astype("f4"), rng.normal(size=(4, 2)).astype("f4")
    stem = "base_model.model.h.0.c_attn"
    factors = {f"{stem}.lora_A.weight": torch.tensor(a), f"{stem}.lora_B.weight": torch.tensor(b)}
    found = updates_of(
        MemorySource({ADAPTER_FILE: save(factors)}),
        {**CONFIG, "fan_in_fan_out": True, "r": 2, "lora_alpha": 2},
    )
    assert isinstance(found, Updates)
    (one,) = found.updates
    assert stored_shape(found, one) == (6, 4)
    assert np.allclose(added_rows(found, one, 1, 4), (b @ a).T[1:4])
