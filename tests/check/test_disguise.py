"""When is a base looked at more closely, and what does that change?"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.card.wording import power_words, sentence, words
from hubcheck.errors import NetworkFaultError
from hubcheck.evidence.looks.disguise.run import DisguiseTest
from hubcheck.report.words import DeclarationVerdict, Depth, EvidenceKind, ReasonCode, Verdict
from hubcheck.verdict.gate import GateState, gate
from tests.evidence import laboratory
from tests.evidence.laboratory import SHAPE, outcome_of, plain, request, write
from tests.material.zoo import disguises, symmetries
from tests.material.zoo.corpus import LEARNED_TOKENS

UNUSED = np.arange(LEARNED_TOKENS, SHAPE.vocab)


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a fine-tune of the base with every symmetry randomised."""
    weights = disguises.disguise_fully(
        laboratory.shipped("finetune"), SHAPE, np.random.default_rng(9), unused=UNUSED
    )
    return write(tmp_path_factory.mktemp("hidden") / "model", plain(weights))


def test_an_honest_declaration_of_a_rearranged_copy_is_not_contradicted(hidden: Path) -> None:
    """At sample, a declared base that looks unrelated is put to the disguise test."""
    report = outcome_of(request(hidden, [laboratory.model("base")])).report
    finding = report.findings[0]
    assert finding.verdict is Verdict.DISGUISED
    assert finding.disguise
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    rows = [e for e in finding.evidence if e.test == "disguise"]
    assert rows
    assert all(
        e.kind is EvidenceKind.CALIBRATED and "calibrated on" in sentence(e.note) for e in rows
    )


def test_a_wrong_declaration_stays_contradicted() -> None:
    """A stranger is contradicted as before, and its power now covers rearranged copies."""
    report = outcome_of(request(laboratory.model("twin"), [laboratory.model("base")])).report
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert "one that was shuffled and rotated would have" in power_words(report.findings[0].power)


def test_a_suspect_is_not_escalated_at_sample(hidden: Path) -> None:
    """Only declared bases cost more at sample; deep looks at every open finding."""
    base = laboratory.model("base")
    at_sample = outcome_of(request(hidden, [], [base])).report.findings[0]
    at_deep = outcome_of(request(hidden, [], [base], depth=Depth.DEEP)).report
    assert at_sample.verdict is Verdict.UNRELATED
    assert "assuming it was not shuffled and rotated" in power_words(at_sample.power)
    assert at_deep.findings[0].verdict is Verdict.DISGUISED
    assert at_deep.verdict is DeclarationVerdict.INCONCLUSIVE  # calibrated: no accusation


def test_a_named_limit_is_not_raised(hidden: Path) -> None:
    """Where the user named a limit the test does without, and the finding says so."""
    small = request(hidden, [laboratory.model("base")], max_read=700_000)
    finding = outcome_of(small).report.findings[0]
    assert finding.verdict is Verdict.UNRELATED
    assert any("disguise test not made" in words(note) for note in finding.notes)


WITHOUT_DOWN = 1_400_000
"""Pays for gate and up of the shipped models, and not for ``down``."""


def test_gate_and_up_alone_show_neither_a_copy_nor_its_absence(hidden: Path) -> None:
    """An honestly declared copy is not accused for what the limit left unread, nor called one."""
    outcome = outcome_of(request(hidden, [laboratory.model("base")], max_read=WITHOUT_DOWN))
    finding = outcome.report.findings[0]
    assert (finding.verdict, finding.code) == (Verdict.INCONCLUSIVE, ReasonCode.DOWN_NOT_READ)
    assert (finding.disguise, finding.alignment, finding.relation) == ((), (), None)
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert outcome.exit_code == 0
    assert "down, which would decide, was not read" in sentence(finding.reason)
    card = render(compose(outcome.report))
    assert "Gate and up rows match" in card
    assert "allow more to be read" in card


def test_gate_and_up_alone_would_not_have_seen_a_rearranged_copy() -> None:
    """A stranger stays contradicted, and the card does not speak beyond what was read."""
    wanted = request(laboratory.model("twin"), [laboratory.model("base")], max_read=WITHOUT_DOWN)
    report = outcome_of(wanted).report
    finding = report.findings[0]
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert [e.family.params["reading"] for e in finding.evidence if e.test == "disguise"]
    assert "assuming it was not shuffled and rotated" in power_words(finding.power)
    assert all(e.detectable_kept == 0.0 for e in finding.evidence if e.test == "disguise")


SILENT = NetworkFaultError("the host ended an answer early", cause="a cut", next_step="run again")


@pytest.mark.parametrize(
    ("fault", "next_step"),
    [
        (SILENT, "run it again once the host answers"),
        (ZeroDivisionError("a fault"), "report the fault"),
    ],
)
def test_an_honest_copy_is_not_accused_where_the_look_for_it_is_broken_off(
    hidden: Path, monkeypatch: pytest.MonkeyPatch, fault: Exception, next_step: str
) -> None:
    """The host falls silent, or hubcheck fails, when the orders are read: nothing is decided."""

    def broken_off(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(DisguiseTest, "run", broken_off)
    outcome = outcome_of(request(hidden, [laboratory.model("base")]))
    finding = outcome.report.findings[0]
    assert (finding.verdict, finding.code) == (Verdict.INCONCLUSIVE, ReasonCode.BROKEN_OFF)
    assert outcome.report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert outcome.exit_code == 0
    assert gate(outcome.report, outcome.exit_code).state is GateState.ERROR
    assert "was broken off" in sentence(finding.reason)
    card = render(compose(outcome.report))
    assert next_step in card
    assert "must give the same numbers, unless it reaches what was not reached" in card


def test_without_a_limit_of_the_users_the_escalation_pays(hidden: Path) -> None:
    """The same check with room to escalate reads more and finds the copy."""
    small = request(hidden, [laboratory.model("base")], max_read=700_000)
    report = outcome_of(replace(small, escalate_to=512_000_000)).report
    assert report.findings[0].verdict is Verdict.DISGUISED
    assert report.coverage.bytes_read > 700_000


def test_words_say_what_was_done(hidden: Path) -> None:
    """Relabelling, flipped signs, rescaling, folding and rotation are each named."""
    finding = outcome_of(request(hidden, [laboratory.model("base")])).report.findings[0]
    said = sentence(finding.disguise)
    for word in ("relabelled", "flipped", "rescaled", "folded", "rotated"):
        assert word in said


def renamed(folder: Path) -> Path:
    """Give every token of a model another spelling, so that it shares none with the base."""
    path = folder / "tokenizer.json"
    stored = json.loads(path.read_text())
    vocabulary = stored["model"]["vocab"]
    stored["model"]["vocab"] = {f"word{i}": i for i in sorted(vocabulary.values())}
    stored["model"]["merges"] = []
    for token in stored["added_tokens"]:
        token["content"] = f"<mark {token['id']}>"
    path.write_text(json.dumps(stored))
    return folder


@pytest.mark.parametrize(
    ("name", "verdict"), [("finetune", Verdict.RELATED), ("twin", Verdict.UNRELATED)]
)
def test_without_a_shared_token_writers_make_the_frame(
    tmp_path: Path, name: str, verdict: Verdict
) -> None:
    """At deep, a rotated copy with a new vocabulary is found, and a rotated stranger is not."""
    rng = np.random.default_rng(1)
    weights = symmetries.rotate_channels(
        laboratory.shipped(name), symmetries.random_rotation(SHAPE.hidden, rng)
    )
    for part in ("model.embed_tokens.weight", "lm_head.weight"):
        weights[part] = weights[part][rng.permutation(SHAPE.vocab)]
    folder = renamed(write(tmp_path / name, plain(weights)))
    wanted = request(folder, [laboratory.model("base")], depth=Depth.DEEP, max_read=10**9)
    finding = outcome_of(wanted).report.findings[0]
    assert finding.verdict is verdict
    rows = [e for e in finding.evidence if e.frame == "writers"]
    assert rows
    assert all(e.kind is EvidenceKind.EXACT for e in rows)
    if verdict is Verdict.RELATED:
        assert "vocabulary replaced" in sentence(finding.disguise)


def test_one_layer_in_hiding_is_found_by_the_map(tmp_path: Path) -> None:
    """At full, every tensor is compared, the map names the layers, and the change is exact."""
    folder = write(tmp_path / "dropped", laboratory.derived("dropped-layer", "base"))
    wanted = request(folder, [laboratory.model("base")], depth=Depth.FULL, max_read=10**9)
    finding = outcome_of(wanted).report.findings[0]
    assert finding.verdict is Verdict.RELATED
    origins = [m.base_layer for m in finding.layer_map]
    assert len(set(origins)) == len(origins) == SHAPE.layers - 1
    assert finding.relation is not None
    assert "dropped" in sentence(finding.relation.detail)
    assert all(c.whole and c.equal == 1.0 for c in finding.changes if c.role in ("gate", "up"))
