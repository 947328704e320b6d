"""When is a base looked at more closely, and what does that change?"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.zoo import disguises
from benchmarks.zoo.corpus import LEARNED_TOKENS
from hubcheck.verdict.words import DeclarationVerdict, Depth, EvidenceKind, Verdict
from tests.evidence import laboratory
from tests.evidence.laboratory import SHAPE, outcome_of, plain, request, write

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
    assert all(e.kind is EvidenceKind.CALIBRATED and "calibrated on" in e.note for e in rows)


def test_a_wrong_declaration_stays_contradicted() -> None:
    """A stranger is contradicted as before, and its power now covers rearranged copies."""
    report = outcome_of(request(laboratory.model("twin"), [laboratory.model("base")])).report
    assert report.verdict is DeclarationVerdict.CONTRADICTED
    assert "one that was relabelled and rotated would have" in report.findings[0].power


def test_a_suspect_is_not_escalated_at_sample(hidden: Path) -> None:
    """Only declared bases cost more at sample; deep looks at every open finding."""
    base = laboratory.model("base")
    at_sample = outcome_of(request(hidden, [], [base])).report.findings[0]
    at_deep = outcome_of(request(hidden, [], [base], depth=Depth.DEEP)).report
    assert at_sample.verdict is Verdict.UNRELATED
    assert "assuming it was not relabelled and rotated" in at_sample.power
    assert at_deep.findings[0].verdict is Verdict.DISGUISED
    assert at_deep.verdict is DeclarationVerdict.INCONCLUSIVE  # calibrated: no accusation


def test_a_named_limit_is_not_raised(hidden: Path) -> None:
    """Where the user named a limit the test does without, and the finding says so."""
    small = request(hidden, [laboratory.model("base")], max_read=700_000)
    finding = outcome_of(small).report.findings[0]
    assert finding.verdict is Verdict.UNRELATED
    assert any("disguise test not made" in note for note in finding.notes)


def test_without_a_limit_of_the_users_the_escalation_pays(hidden: Path) -> None:
    """The same check with room to escalate reads more and finds the copy."""
    small = request(hidden, [laboratory.model("base")], max_read=700_000)
    report = outcome_of(replace(small, escalate_to=512_000_000)).report
    assert report.findings[0].verdict is Verdict.DISGUISED
    assert report.coverage.bytes_read > 700_000


def test_words_say_what_was_done(hidden: Path) -> None:
    """Relabelling, flipped signs, rescaling, folding and rotation are each named."""
    finding = outcome_of(request(hidden, [laboratory.model("base")])).report.findings[0]
    said = "; ".join(finding.disguise)
    for word in ("relabelled", "flipped", "rescaled", "folded", "rotated"):
        assert word in said
