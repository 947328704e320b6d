"""Is a layout's answer held against what is true of it?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.kinds.judge import Call
from benchmarks.kinds.judge_layout import judge_layout
from benchmarks.kinds.layout import Bench, Layout, Question, Truth
from hubcheck.report.words import RelationKind
from tests.kinds_benchmark.made import said


def layout(truth: Truth, **changes: Any) -> Layout:
    """Return a layout that is never written."""

    def make(_bench: Bench, folder: Path) -> Question:
        return Question(subject=folder, bases=())

    return Layout(name="made up", family="none", make=make, truth=truth, **changes)


OPEN: dict[str, Any] = {"verdict": "not-tested", "relation": "", "declaration": "inconclusive"}


def test_the_same_values_are_not_a_fine_tune() -> None:
    """A layout says which relation is true; another one is false."""
    same = layout(Truth.SAME, relations=frozenset({RelationKind.RECAST}))
    assert judge_layout(same, said(relation="recast")).call is Call.RIGHT
    assert judge_layout(same, said(relation="fine-tune")).call is Call.FALSE


def test_a_container_is_named_in_words() -> None:
    """That the file's own name holds the format's name does not name the format."""
    container = layout(Truth.CONTAINER, says=("joblib",))
    assert judge_layout(container, said(**OPEN, card="format: joblib")).call is Call.RIGHT
    assert judge_layout(container, said(**OPEN, card="model.joblib")).call is Call.BLIND


@pytest.mark.parametrize("verdict", ["related", "unrelated", "identical"])
def test_no_verdict_is_given_of_what_is_not_read(verdict: str) -> None:
    """A container that is not read neither matches nor differs."""
    found = judge_layout(layout(Truth.CONTAINER), said(**{**OPEN, "verdict": verdict}))
    assert found.call is Call.FALSE


def test_files_that_contradict_themselves_end_with_four() -> None:
    """And nothing else does."""
    assert judge_layout(layout(Truth.BROKEN), said(**OPEN, exit_code=4)).call is Call.RIGHT
    assert judge_layout(layout(Truth.BROKEN), said(**OPEN)).call is Call.EXIT
    assert judge_layout(layout(Truth.CONTAINER), said(**OPEN, exit_code=4)).call is Call.EXIT


def test_where_a_match_may_be_replaced_by_advice_the_advice_has_to_help() -> None:
    """Open is right only with the words that name the way."""
    told = layout(
        Truth.TUNED, relations=frozenset({RelationKind.FINE_TUNE}), says=("folder",), or_told=True
    )
    assert judge_layout(told, said()).call is Call.RIGHT
    assert judge_layout(told, said(**OPEN)).call is Call.BLIND
    assert judge_layout(told, said(**OPEN, card="name the folder")).call is Call.RIGHT


def test_a_pipeline_with_a_strangers_component_is_not_confirmed() -> None:
    """What matches is seen, and the whole is not vouched for."""
    partly = layout(Truth.PARTLY)
    right = said("related", "parts", "inconclusive")
    assert judge_layout(partly, right).call is Call.RIGHT
    assert judge_layout(partly, said("related", "parts")).call is Call.BLIND
    assert judge_layout(partly, said("unrelated", "", "contradicted")).call is Call.FALSE
