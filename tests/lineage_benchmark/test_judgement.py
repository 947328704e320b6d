"""Is every tool judged by its own words, and by the same rule?"""

from __future__ import annotations

import math

import pytest

from benchmarks.lineage.judgement import CALLS, Call, call, rank, right
from benchmarks.lineage.pairs import Kind
from hubcheck.report.words import Verdict
from tests.lineage_benchmark.made import row, stranger


def test_every_verdict_of_hubcheck_is_judged() -> None:
    """No word that a report can hold is unknown to the table."""
    assert {verdict.value for verdict in Verdict} <= set(CALLS)


@pytest.mark.parametrize(
    ("verdict", "expected"),
    [
        ("FINE_TUNE", Call.MATCH),
        ("SAME_FAMILY_UNRESOLVED", Call.ABSTAINED),
        ("NO_MATCH", Call.NO_MATCH),
        ("Weak Match", Call.MATCH),
        ("Not Matched (metadata only)", Call.NO_MATCH),
        ("inconclusive", Call.ABSTAINED),
    ],
)
def test_words_become_calls(verdict: str, expected: Call) -> None:
    """A tool's word means what its documentation says."""
    assert call(row(verdict=verdict, relation="")) is expected


def test_an_unknown_word_is_never_guessed() -> None:
    """A word of a later version stops the count instead of passing as an answer."""
    with pytest.raises(KeyError):
        call(row(verdict="PERHAPS", relation=""))


def test_a_failure_is_neither_right_nor_ranked() -> None:
    """A tool that gave no answer found nothing and accused nobody, and is right about neither."""
    failed = row(verdict="", failure="no tensors")
    assert call(failed) is Call.FAILED
    assert rank(failed) == -math.inf
    assert not right(failed)
    assert not right(stranger(verdict="", failure="no tensors"))


def test_no_answer_is_never_right() -> None:
    """Abstaining wins nothing, on derivatives or on strangers."""
    for made in (row, stranger):
        assert not right(made(verdict="inconclusive", relation=""))


def test_a_common_start_is_no_match() -> None:
    """Hubcheck's related by a common initialisation accuses nobody, and ranks below a match."""
    found = row(relation="common-initialisation")
    assert call(found) is Call.NO_MATCH
    assert rank(found) < rank(row(relation="fine-tune", scores={"log10_E": 10.0}))


def test_verdicts_rank_before_evidence() -> None:
    """However large E is, an unrelated pair ranks below an inconclusive and that below a match."""
    ranked = [
        rank(row(verdict=verdict, relation="", scores={"log10_E": e}))
        for verdict, e in (
            ("unrelated", 2.0),
            ("not-tested", 0.0),
            ("inconclusive", 9.0),
            ("inconclusive", 4000.0),
            ("disguised", 2.0),
            ("related", 10.0),
            ("identical", 0.0),
        )
    ]
    assert ranked == sorted(ranked)


def test_rivals_rank_by_their_own_score() -> None:
    """The pipeline score decides for cisco, the probability for modeldna; none is the lowest."""
    scores = {"pipeline_score": 1.0, "identity_score": 0.6}
    assert rank(row(tool="cisco", scores=scores)) == 1.0
    assert rank(row(tool="modeldna", scores={"probability": 0.3})) == 0.3
    assert rank(row(tool="modeldna", scores={})) == -math.inf


@pytest.mark.parametrize(
    ("verdict", "relation", "expected"),
    [
        ("unrelated", "", True),
        ("inconclusive", "", True),
        ("related", "parts", True),
        ("related", "fine-tune", False),
        ("Confirmed Match", "", False),
    ],
)
def test_a_hard_case_wants_no_match_or_the_exact_word(
    verdict: str, relation: str, expected: bool
) -> None:
    """Only a word that says exactly what is shared saves a match in a hard case."""
    hard = row(kind=Kind.HARD, words=("parts",), verdict=verdict, relation=relation)
    assert right(hard) is expected
