"""Does a verdict stay what it is when only the wrapping of the weights changes?"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pytest
from safetensors.torch import load_file, save_file

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.card.wording import sentence, words
from hubcheck.errors import ExitCode
from hubcheck.report.phrases import Phrase, PhraseCode
from hubcheck.report.schema import Finding
from hubcheck.report.words import ReasonCode, RelationKind, Verdict
from tests.evidence.laboratory import (
    SHAPE,
    finding_of,
    model,
    outcome_of,
    plain,
    request,
    shipped,
    with_names,
    write,
)
from tests.material.zoo.planted import Product
from tests.material.zoo.symmetries import EMBEDDING, mlps
from tests.tables import taken

SEED: Final = 31


class Figures(NamedTuple):
    """Everything that must not depend on wrapping."""

    verdict: Verdict
    log10_p: float
    kept: float
    counts: tuple[tuple[str, Phrase, int, int, float], ...]


def figures(finding: Finding) -> Figures:
    """Return the figures of a finding."""
    counts = tuple((e.test, e.family, e.units, e.hits, e.log10_p) for e in finding.evidence)
    return Figures(finding.verdict, finding.log10_p, finding.kept, counts)


@pytest.fixture(scope="module")
def expected() -> Figures:
    """Return the figures of the long-trained model against its base, as both are shipped."""
    return figures(finding_of(model("continued"), model("base"), seed=SEED))


def rewrapped() -> dict[str, Callable[[], Product]]:
    """Return the same model in other wrappings; every value is equal."""
    plainly = plain(shipped("continued"))
    names = list(plainly.weights)
    return {
        "float32": lambda: replace(plainly, dtype="F32"),
        "three shards": lambda: replace(plainly, shards=3),
        "shards of other names": lambda: replace(
            plainly, shards=4, shard_name="w.{index}.of.{count}.safetensors"
        ),
        "tensors in reverse order": lambda: replace(plainly, order=tuple(reversed(names))),
        "dealt to shards at random": lambda: replace(
            plainly,
            shards=5,
            order=tuple(np.random.default_rng(3).permutation(names).tolist()),
        ),
        "no prefix": lambda: with_names(plainly, {"model.": ""}),
        "prefix of a multimodal model": lambda: with_names(
            plainly, {"model.": "language_model.model.", "lm_head": "language_model.lm_head"}
        ),
    }


@pytest.mark.parametrize("how", rewrapped())
def test_wrapping_changes_nothing(how: str, expected: Figures, tmp_path: Path) -> None:
    """Shards, names of shards, order, dtype and prefix leave every figure as it is."""
    subject = write(tmp_path / "subject", rewrapped()[how]())
    assert figures(finding_of(subject, model("base"), seed=SEED)) == expected


@pytest.mark.parametrize("how", ["float32", "dealt to shards at random", "no prefix"])
def test_wrapping_the_base_changes_nothing(how: str, expected: Figures, tmp_path: Path) -> None:
    """The same holds for the base."""
    plainly = plain(shipped("base"))
    wrapped = {
        "float32": replace(plainly, dtype="F32"),
        "dealt to shards at random": replace(
            plainly,
            shards=5,
            order=tuple(np.random.default_rng(4).permutation(list(plainly.weights)).tolist()),
        ),
        "no prefix": with_names(plainly, {"model.": ""}),
    }
    base = write(tmp_path / "base", wrapped[how])
    assert figures(finding_of(model("continued"), base, seed=SEED)) == expected


def test_metadata_in_the_header_changes_nothing(expected: Figures, tmp_path: Path) -> None:
    """Whatever a file says about itself is not evidence."""
    subject = tmp_path / "subject"
    shutil.copytree(model("continued"), subject)
    stored = load_file(subject / "model.safetensors")
    lies = {"format": "pt", "base_model": "other/model", "hits": "0", "x" * 500: "y" * 500}
    save_file(stored, subject / "model.safetensors", metadata=lies)
    assert figures(finding_of(subject, model("base"), seed=SEED)) == expected


def test_the_card_and_the_name_change_nothing(expected: Figures, tmp_path: Path) -> None:
    """Neither README nor folder name nor extra settings are evidence."""
    subject = tmp_path / "totally-original-7b"
    shutil.copytree(model("continued"), subject)
    (subject / "README.md").write_text("---\nbase_model: other/model\n---\nFrom scratch.\n")
    config = json.loads((subject / "config.json").read_text())
    config |= {"_name_or_path": "other/model", "architectures": ["Own"], "model_type": "own"}
    (subject / "config.json").write_text(json.dumps(config))
    assert figures(finding_of(subject, model("base"), seed=SEED)) == expected


def test_scaling_neurons_by_powers_of_two_changes_no_count(
    expected: Figures, tmp_path: Path
) -> None:
    """Scaling up rows against down columns, without rounding, leaves every neuron count."""
    weights, rng = shipped("continued"), np.random.default_rng(5)
    for gate, up, down in mlps(weights):
        scale = np.exp2(rng.integers(-2, 3, weights[gate].shape[0])).astype(np.float32)
        weights[up] *= scale[:, None]
        weights[down] /= scale[None, :]
    subject = write(tmp_path / "subject", plain(weights, dtype="F32"))
    finding = finding_of(subject, model("base"), seed=SEED)
    before, after = (
        {family: hits for test, family, _, hits, _ in counts if test == "neurons"}
        for counts in (expected.counts, figures(finding).counts)
    )
    assert before == after
    assert finding.verdict is Verdict.RELATED


def test_one_constant_added_to_the_embeddings_changes_no_verdict(tmp_path: Path) -> None:
    """Shifting every token by one vector does not hide a copy: profiles are centred."""
    weights, rng = shipped("continued"), np.random.default_rng(6)
    for name in (EMBEDDING, "lm_head.weight"):
        weights[name] += 5 * weights[name].std() * rng.standard_normal(SHAPE.hidden).astype("f4")
    subject = write(tmp_path / "subject", plain(weights))
    assert finding_of(subject, model("base"), seed=SEED).verdict is Verdict.RELATED


def test_all_values_rounded_away_are_no_evidence(tmp_path: Path) -> None:
    """A model of constant rows hits nothing and is not called a copy."""
    weights = {n: np.full_like(w, 0.5) for n, w in shipped("base").items()}
    subject = write(tmp_path / "subject", plain(weights))
    finding = finding_of(subject, model("base"), seed=SEED)
    assert finding.verdict is not Verdict.RELATED
    assert finding.log10_p == 0.0


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_not_finite_are_refused_with_a_reason(bad: float, tmp_path: Path) -> None:
    """NaN and infinity are the subject's fault: named, exit 4, and what can be read is read."""
    weights = shipped("continued")
    for name, w in weights.items():
        if "proj" in name or "norm" in name:
            w.flat[:: max(1, w.size // 997)] = bad
    subject = write(tmp_path / "subject", plain(weights, dtype="F32"))
    outcome = outcome_of(request(subject, [model("base")], seed=SEED))
    (finding,) = outcome.report.findings
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.code is ReasonCode.SUBJECT
    assert f"holds {bad}" in sentence(finding.reason)
    assert outcome.exit_code is ExitCode.UNREADABLE


def test_one_value_that_is_no_number_is_told_once(tmp_path: Path) -> None:
    """It keeps every family from being looked at: one line, and what helps is to mend it."""
    weights = shipped("continued")
    weights["model.norm.weight"][3] = np.inf
    outcome = outcome_of(request(write(tmp_path / "m", plain(weights)), [model("base")], seed=SEED))
    (finding,) = outcome.report.findings
    assert (finding.verdict, finding.code) == (Verdict.INCONCLUSIVE, ReasonCode.SUBJECT)
    assert outcome.exit_code is ExitCode.UNREADABLE
    refused = [n for n in finding.notes if n.code is PhraseCode.LOOK_REFUSED]
    assert len(refused) == 1
    assert "more: not looked at, values of the subject" in words(refused[0])
    card = render(compose(outcome.report))
    assert "| too little was looked at: values of this model could not be used | - |" in card
    assert sum("holds inf" in words(said) for said in outcome.report.warnings) == 1
    assert "**Next:** mend the weights" in card


def test_a_layer_that_could_not_be_looked_at_is_no_silent_equal(tmp_path: Path) -> None:
    """A value of one layer's MLP is no number: the card says that others stand for that layer."""
    weights = shipped("continued")
    weights["model.layers.1.mlp.down_proj.weight"][0, 5] = np.nan
    outcome = outcome_of(request(write(tmp_path / "m", plain(weights)), [model("base")], seed=SEED))
    assert outcome.report.findings[0].verdict is Verdict.RELATED
    assert "for their equals, also for those that could not be looked at" in render(
        compose(outcome.report)
    )


@pytest.mark.parametrize("name", ["continued", "disguised", "twin"])
def test_the_verdict_does_not_hang_on_the_seed(name: str) -> None:
    """Two draws give one verdict, and in a long run 32."""
    seeds = range(100, 100 + taken(2, 32))
    found = {finding_of(model(name), model("base"), seed=seed).verdict for seed in seeds}
    assert found == {Verdict.UNRELATED if name == "twin" else Verdict.RELATED}


def test_equal_values_in_other_files_are_called_a_recast(tmp_path: Path) -> None:
    """A float32 copy of the base is related as a recast, not identical and not a fine-tune."""
    subject = write(tmp_path / "subject", plain(shipped("base"), dtype="F32"))
    finding = finding_of(subject, model("base"), seed=SEED)
    assert finding.relation is not None
    assert finding.relation.kind is RelationKind.RECAST
    assert finding.kept == 1.0
