"""What does a report tell unit by unit: intervals, nearest units, which unit stands for which?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.card import markdown
from hubcheck.card.compose import compose
from hubcheck.report.load import load_report
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Verdict
from hubcheck.verdict.alignment import TOLD
from hubcheck.verdict.differences import differences
from hubcheck.verdict.finding import PAIRS, PICTURED
from tests.evidence import laboratory
from tests.evidence.laboratory import SHAPE, model, outcome_of, plain, request, write
from tests.material.zoo import disguises
from tests.material.zoo.corpus import LEARNED_TOKENS
from tests.material.zoo.symmetries import Arrays

Array = NDArray[np.float32]


@pytest.fixture(scope="module")
def checked() -> Report:
    """A fine-tune held against its base and a stranger."""
    return outcome_of(request(model("finetune"), [model("base")], [model("twin")])).report


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> tuple[Report, Arrays]:
    """A copy of the base with every symmetry randomised, and its weights."""
    unused = np.arange(LEARNED_TOKENS, SHAPE.vocab)
    weights = disguises.disguise_fully(
        laboratory.shipped("base"), SHAPE, np.random.default_rng(9), unused=unused
    )
    folder = write(tmp_path_factory.mktemp("hidden") / "model", plain(weights))
    return outcome_of(request(folder, [model("base")])).report, weights


def found(report: Report, verdict: Verdict) -> Finding:
    """Return the one finding of a verdict."""
    (one,) = [f for f in report.findings if f.verdict is verdict]
    return one


def test_similarity_has_an_interval_around_it(checked: Report) -> None:
    """Of every family and of the whole; the card says what it speaks of."""
    related = found(checked, Verdict.RELATED)
    assert related.kept_interval is not None
    assert related.kept_interval[0] <= related.kept <= related.kept_interval[1]
    neurons = [e for e in related.evidence if e.test == "neurons"]
    assert neurons
    for row in neurons:
        assert row.kept_interval is not None
        assert row.kept_interval[0] <= row.kept <= row.kept_interval[1]
    card = markdown.render(compose(checked))
    assert "95 % interval" in card
    assert "over all units of the families looked at" in card


def test_the_nearest_units_of_a_few_families_are_told(checked: Report) -> None:
    """Of a copy each unit is nearest to itself; of a stranger, which is told as well, few are."""
    for verdict, share in ((Verdict.RELATED, 1.0), (Verdict.UNRELATED, 0.2)):
        rows = [e for e in found(checked, verdict).evidence if e.nearest]
        assert 1 < len(rows) <= PICTURED
        assert len({r.test for r in rows}) == len(rows)
        for row in rows:
            assert len(row.nearest) == min(PAIRS, row.units)
            assert all(0 <= v < row.units for pair in row.nearest for v in pair[:2])
        own = [u == v for r in rows for u, v, _ in r.nearest]
        agreeing = sum(own) / len(own)
        assert agreeing == 1.0 if share == 1.0 else agreeing < share


def reading_lengths(weights: Arrays, layer: int) -> Array:
    """Return how long each neuron's gate row is, the norm in front of it folded in.

    No relabelling, rotation, folding or rescaling of up against down changes it.
    """
    prefix = f"model.layers.{layer}."
    gain = weights[f"{prefix}post_attention_layernorm.weight"]
    lengths: Array = np.linalg.norm(weights[f"{prefix}mlp.gate_proj.weight"] * gain, axis=1)
    return lengths


def test_a_rearranged_copy_tells_which_neuron_went_where(hidden: tuple[Report, Arrays]) -> None:
    """Every pair told has gate rows of one length, which few others have; pairs are counted."""
    report, weights = hidden
    (finding,) = report.findings
    assert finding.alignment
    assert {a.axis for a in finding.alignment} == {"neurons"}
    base = laboratory.shipped("base")
    for one in finding.alignment:
        assert len(one.units) == min(TOLD, one.matched)
        ours = reading_lengths(base, one.base_layer)
        theirs = reading_lengths(weights, one.subject_layer)
        b, s = (np.array(side) for side in zip(*one.units, strict=True))
        assert np.mean(b == s) < 0.2
        right = np.isclose(ours[b], theirs[s], rtol=1e-3)
        by_chance = np.isclose(ours[b][:, None], theirs[None, :], rtol=1e-3).mean()
        assert right.mean() > 0.95 > 10 * by_chance


def test_a_check_of_what_was_not_rearranged_aligns_nothing(checked: Report) -> None:
    """There is nothing to undo."""
    assert all(f.alignment == () for f in checked.findings)


def test_every_number_told_is_read_back_and_held_against_a_replay(
    hidden: tuple[Report, Arrays], checked: Report
) -> None:
    """A report that another hand has changed in one of these fields is told apart."""
    for report in (hidden[0], checked):
        stored = report.model_dump_json()
        assert load_report(stored) == report
        for name, change in (
            ("kept_interval", lambda _: [-1.0, 1.0]),
            ("alignment", lambda was: was[1:]),
        ):
            raw = json.loads(stored)
            first = next((f for f in raw["findings"] if f[name]), None)
            if first is None:
                continue
            first[name] = change(first[name])
            told = differences(load_report(json.dumps(raw)), report)
            assert told, name
            assert all(name in d.path for d in told)
        raw = json.loads(stored)
        row = next(e for f in raw["findings"] for e in f["evidence"] if e["nearest"])
        row["nearest"][0][1] += 1
        assert [
            d.path.rpartition(".")[2] for d in differences(load_report(json.dumps(raw)), report)
        ]


def test_signature_files_are_named_and_never_called_verified(tmp_path: Path) -> None:
    """Whatever they hold: a file of that name is no proof of anything."""
    folder = write(tmp_path / "model", plain(laboratory.shipped("finetune")))
    (folder / "model.sig").write_text("anyone can write this")
    asked = request(folder, [model("base")])
    report = outcome_of(replace(asked, seed=3)).report
    assert [(s.path, s.kind) for s in report.subject.signatures] == [("model.sig", "oms")]
    assert report.findings[0].base.signatures == ()
    assert report.findings[0].base.weights_digest
    card = markdown.render(compose(report))
    assert "; not read: " in card
    assert "signed by" not in card
    assert "model.sig" in card
