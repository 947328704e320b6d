"""Is a base found under names that say nothing, and a stranger never taken for one?"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from math import factorial
from pathlib import Path
from typing import Final

import numpy as np
import pytest

from hubcheck.card.wording import sentence
from hubcheck.check.renamed import under_names_of
from hubcheck.model import Access, Model, open_model
from hubcheck.report.phrases import PhraseCode, codes
from hubcheck.report.schema import Finding
from hubcheck.report.words import Verdict
from hubcheck.source.reference import parse_reference
from tests.evidence.laboratory import finding_of
from tests.material.formats.encode import as_bf16
from tests.material.formats.folder import read_floats, safetensors_file

DEMO: Final = Path(__file__).parents[2] / "hubcheck" / "demo" / "models"
ACCESS: Final = Access(max_read=1 << 30, token=None, endpoint=None)
WORDS: Final = {
    "model": "trunk", "layers": "stage", "self_attn": "mix", "q_proj": "z", "k_proj": "y",
    "v_proj": "x", "o_proj": "w", "mlp": "wide", "gate_proj": "c", "up_proj": "b",
    "down_proj": "a", "input_layernorm": "n2", "post_attention_layernorm": "n1", "norm": "last",
    "embed_tokens": "first", "lm_head": "out",
}  # fmt: skip
"""No word is left, and those of one shape sort in another order."""


def renamed(name: str) -> str:
    """Return a name of which every word is another."""
    return ".".join(WORDS.get(part, part) for part in name.split("."))


def written(folder: Path, of: str, noise: float, name: Callable[[str], str] = renamed) -> Path:
    """Write a demo model under other names, with noise."""
    folder.mkdir()
    rng = np.random.default_rng(3)
    tensors = {
        name(n): as_bf16((t + noise * t.std() * rng.normal(size=t.shape)).astype(np.float32))
        for n, t in read_floats(DEMO / of).items()
    }
    (folder / "model.safetensors").write_bytes(safetensors_file(tensors))
    config = json.loads((DEMO / of / "config.json").read_text())
    config |= {"model_type": "trunk", "architectures": ["TrunkForCausalLM"]}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "tokenizer.json").write_bytes((DEMO / of / "tokenizer.json").read_bytes())
    return folder


def opened(folder: Path) -> Model:
    """Return an opened model."""
    return open_model(parse_reference(str(folder)), ACCESS)


def found(subject: Path, base: Path) -> Finding:
    """Return the finding on one suspected base."""
    return finding_of(subject, base, seed=5, declared=False)


@pytest.mark.parametrize("noise", [0.002, 0.1])
def test_a_renamed_copy_is_found(noise: float, tmp_path: Path) -> None:
    """Every tensor renamed and noise added: related, and the card says how that was seen."""
    finding = found(written(tmp_path / "subject", "base", noise), DEMO / "base")
    assert finding.verdict is Verdict.RELATED
    assert finding.log10_p < -10
    assert PhraseCode.RENAMED in codes(finding.notes)


def test_a_renamed_stranger_is_never_called_unrelated(tmp_path: Path) -> None:
    """Where values are not near no name is given, so there is nothing to be sure of."""
    subject = written(tmp_path / "subject", "twin", 0.002)
    assert under_names_of(opened(DEMO / "base"), opened(subject)) is None
    assert found(subject, DEMO / "base").verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_TESTED)


def test_each_tensor_gets_its_own_name_and_pays_for_the_choice(tmp_path: Path) -> None:
    """Values decide between tensors of one shape; the bound is divided by all their orders."""
    base, subject = opened(DEMO / "base"), opened(written(tmp_path / "s", "base", 0.01))
    seen = under_names_of(base, subject)
    assert seen is not None
    for key, matrix in base.anatomy.matrices.items():
        assert seen.model.anatomy.matrices[key].tensor == renamed(matrix.tensor)
    # q and o, k and v, gate and up, two norms, embedding and head: two orders each.
    assert seen.ways == 2**5
    assert seen.model.source is subject.source


def test_a_model_that_is_understood_keeps_its_names(tmp_path: Path) -> None:
    """Names that say where their tensors belong are believed, whatever the values are."""
    same = written(tmp_path / "same", "base", 0.01, name=lambda n: n)
    assert under_names_of(opened(DEMO / "base"), opened(same)) is None
    half = written(tmp_path / "half", "base", 0.01, name=lambda n: re.sub("self_attn", "mix", n))
    assert under_names_of(opened(DEMO / "base"), opened(half)) is None


def unnumbered() -> Callable[[str], str]:
    """Return what gives every tensor a number in no order, as flat exports do."""
    given: dict[str, str] = {}

    def name(of: str) -> str:
        return given.setdefault(of, f"p{(len(given) * 37) % 101:03d}")

    return name


def test_a_copy_whose_names_number_no_layer_is_found(tmp_path: Path) -> None:
    """All tensors of one shape are held against each other, and every order of them is paid for."""
    subject = written(tmp_path / "subject", "base", 0.02, name=unnumbered())
    base, flat = opened(DEMO / "base"), opened(subject)
    seen = under_names_of(base, flat)
    assert seen is not None
    assert seen.matched == seen.tensors
    assert seen.ways > factorial(2 * base.anatomy.geometry.layers) ** 3  # q and o, k and v, ...
    finding = found(subject, DEMO / "base")
    assert finding.verdict is Verdict.RELATED
    assert finding.log10_p < -10
    assert PhraseCode.RENAMED in codes(finding.notes)


def test_a_stranger_whose_names_number_no_layer_is_not_judged(tmp_path: Path) -> None:
    """No value is near, so nothing is known of it."""
    subject = written(tmp_path / "subject", "twin", 0.0, name=unnumbered())
    assert under_names_of(opened(DEMO / "base"), opened(subject)) is None
    assert found(subject, DEMO / "base").verdict in (Verdict.INCONCLUSIVE, Verdict.NOT_TESTED)


def test_two_models_in_one_file_are_told_in_words(tmp_path: Path) -> None:
    """A student beside its teacher is neither read as one model nor told in codes."""
    folder = written(tmp_path / "both", "finetune", 0.0, "student.{}".format)
    teacher = {f"teacher.{n}": as_bf16(t) for n, t in read_floats(DEMO / "twin").items()}
    student = {f"student.{n}": as_bf16(t) for n, t in read_floats(DEMO / "finetune").items()}
    (folder / "model.safetensors").write_bytes(safetensors_file({**student, **teacher}))
    finding = finding_of(folder, DEMO / "base")
    assert finding.verdict is Verdict.INCONCLUSIVE
    said = sentence(finding.reason)
    assert "no shared order" in said
    assert "reason." not in said
