"""Is every untrue answer about a pair found, and no true one called untrue?"""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.kinds.ask import Said
from benchmarks.kinds.judge import Call, judge
from benchmarks.kinds.pairs import Pair
from hubcheck.report.phrases import PhraseCode
from tests.kinds_benchmark.made import asked, said

TRUE: dict[Pair, dict[str, Any]] = {
    Pair.COPY: {"verdict": "identical", "relation": "identical"},
    Pair.RESAVED: {"relation": "recast", "card": "related: same values, stored anew"},
    Pair.TUNED: {},
    Pair.VOCABULARY: {"relation": "vocabulary-changed"},
    Pair.HEAD: {"relation": "undetermined"},
    Pair.STRANGER: {
        "verdict": "unrelated",
        "relation": "",
        "declaration": "contradicted",
        "exit_code": 1,
    },
    Pair.GRAFT: {"relation": "layers-changed"},
}


@pytest.mark.parametrize("pair", Pair)
def test_the_true_answer_is_right(pair: Pair) -> None:
    """Of every pair there is an answer that is right."""
    assert judge(asked(pair), said(**TRUE[pair])).call is Call.RIGHT


@pytest.mark.parametrize("pair", [p for p in Pair if p is not Pair.STRANGER])
def test_a_derivative_that_is_called_unrelated_is_a_false_statement(pair: Pair) -> None:
    """Whatever was changed, the base's body is in it."""
    answer = said(**TRUE[Pair.STRANGER])
    found = judge(asked(pair), answer)
    assert (found.call, found.wrong_exit) == (Call.FALSE, True)


@pytest.mark.parametrize("pair", [p for p in Pair if p is not Pair.STRANGER])
def test_the_true_answer_about_a_derivative_is_false_of_a_stranger(pair: Pair) -> None:
    """A stranger that matches is the worst that can be said."""
    assert judge(asked(Pair.STRANGER), said(**TRUE[pair])).call is Call.FALSE


@pytest.mark.parametrize(
    ("pair", "relation"),
    [
        (Pair.TUNED, "recast"),
        (Pair.TUNED, "lora-merge"),
        (Pair.RESAVED, "fine-tune"),
        (Pair.HEAD, "recast"),
        (Pair.HEAD, "vocabulary-changed"),
        (Pair.VOCABULARY, "layers-changed"),
        (Pair.GRAFT, "fine-tune"),
        (Pair.GRAFT, "recast"),
    ],
)
def test_a_relation_that_is_untrue_is_a_false_statement(pair: Pair, relation: str) -> None:
    """The verdict alone does not make an answer right."""
    assert judge(asked(pair), said(relation=relation)).call is Call.FALSE


@pytest.mark.parametrize(
    ("pair", "words"),
    [
        (Pair.TUNED, "related: embeddings only, the body does not match"),
        (Pair.TUNED, "related: same values, stored anew"),
        (Pair.HEAD, "some tokens that the other model does not have"),
        (Pair.COPY, "the weights are unreadable or hostile"),
    ],
)
def test_a_sentence_that_is_untrue_is_a_false_statement(pair: Pair, words: str) -> None:
    """A right verdict does not excuse an untrue sentence beside it."""
    assert judge(asked(pair), said(**{**TRUE[pair], "card": words})).call is Call.FALSE


def test_one_stack_of_two_is_not_all_that_a_model_holds() -> None:
    """The sentence is true of a model of one stack and false of a model of two."""
    answer = said(relation="parts", card="a tower; one of the two models holds nothing else")
    assert not judge(asked(Pair.TUNED), answer).false
    assert judge(asked(Pair.TUNED, stacks=2), answer).call is Call.FALSE


def test_nothing_was_compared_is_false_where_tensors_were() -> None:
    """Evidence in the report and "no weights were compared" on the card contradict each other."""
    words = "**No weights were compared: neither a match nor its absence is shown.**"
    answer: dict[str, Any] = {
        "verdict": "not-tested",
        "relation": "",
        "declaration": "inconclusive",
        "card": words,
    }
    silent = judge(asked(Pair.TUNED), said(**answer))
    assert silent.call is Call.BLIND
    spoke = judge(asked(Pair.TUNED), said(**answer, evidence=[{"units": 70}]))
    assert spoke.call is Call.FALSE


@pytest.mark.parametrize("pair", [Pair.VOCABULARY, Pair.STRANGER])
def test_a_fresh_part_that_matches_is_a_false_statement(pair: Pair) -> None:
    """New word embeddings come from nowhere; of a stranger no part matches."""
    parts = [{"name": "embeddings", "verdict": "related"}]
    assert judge(asked(pair), said(**{**TRUE[pair], "parts": parts})).call is Call.FALSE
    assert judge(asked(Pair.TUNED), said(parts=parts)).call is Call.RIGHT


def test_a_kept_part_that_does_not_match_is_a_false_statement() -> None:
    """The norms of a fine-tune are the base's, whatever the verdict about the whole."""
    parts = [{"name": "norms", "verdict": "unrelated"}]
    assert judge(asked(Pair.TUNED), said(parts=parts)).call is Call.FALSE


def test_an_open_answer_about_a_stranger_names_what_was_not_compared() -> None:
    """Inconclusive alone is blind; with the names on the card it is right."""
    answer: dict[str, Any] = {
        "verdict": "inconclusive",
        "relation": "",
        "declaration": "inconclusive",
    }
    what = "tensors that no rule understands"
    code = PhraseCode.NOT_COMPARED.value
    missing = [{"code": code, "params": {"what": what, "share": 0.9}}]
    assert judge(asked(Pair.STRANGER), said(**answer)).call is Call.BLIND
    hidden = said(**answer, not_compared=missing)
    assert judge(asked(Pair.STRANGER), hidden).call is Call.BLIND
    named = said(**answer, not_compared=missing, card=f"{what} 90 %")
    assert judge(asked(Pair.STRANGER), named).call is Call.RIGHT


@pytest.mark.parametrize("code", [1, 3, 4, 5])
def test_an_open_answer_about_a_derivative_ends_with_zero(code: int) -> None:
    """Nothing is wrong with the subject, so nothing but 0 is right."""
    answer = said("inconclusive", "", "inconclusive", exit_code=code)
    assert judge(asked(Pair.TUNED), answer).call is Call.EXIT


def test_a_check_that_left_no_report_is_not_right() -> None:
    """A crash is a wrong exit, and its complaint is kept."""
    found = judge(asked(Pair.TUNED), Said(exit_code=5, report={}, card="", complaint="boom\n"))
    assert (found.call, found.title) == (Call.EXIT, "boom")
