"""Does the policy pass, stay neutral and fail where DESIGN section 2 says?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import ExitCode, UsageError
from hubcheck.verdict.policy import FAILABLE, conclude, parse_fail_on
from hubcheck.verdict.words import Conclusion, DeclarationVerdict, Verdict
from tests.verdict.findings import declared, suspect

D, C = DeclarationVerdict, Conclusion
DEFAULT = "undeclared,contradicted"


@pytest.mark.parametrize(
    ("verdict", "fail_on", "expected"),
    [
        (D.CONFIRMED, DEFAULT, C.PASS),
        (D.NONE_FOUND, DEFAULT, C.NEUTRAL),
        (D.INCONCLUSIVE, DEFAULT, C.NEUTRAL),
        (D.UNDECLARED, DEFAULT, C.FAIL),
        (D.CONTRADICTED, DEFAULT, C.FAIL),
        (D.UNDECLARED, "contradicted", C.NEUTRAL),
        (D.CONTRADICTED, "undeclared", C.NEUTRAL),
        (D.UNDECLARED, "none", C.NEUTRAL),
        (D.CONTRADICTED, "", C.NEUTRAL),
        (D.CONFIRMED, "none", C.PASS),
        (D.INCONCLUSIVE, "inconclusive", C.FAIL),
        (D.NONE_FOUND, "none-found", C.FAIL),
        (D.CONFIRMED, ",".join(FAILABLE), C.PASS),
    ],
)
def test_the_conclusion_follows_from_verdict_and_policy(
    verdict: DeclarationVerdict, fail_on: str, expected: Conclusion
) -> None:
    """Confirmed passes, what is named fails, everything else is neutral."""
    findings = [declared(Verdict.INCONCLUSIVE)]
    assert conclude(verdict, findings, parse_fail_on(fail_on)) is expected


@pytest.mark.parametrize(
    ("finding", "word"),
    [(declared(Verdict.DISGUISED), "disguised"), (suspect(Verdict.NOT_TESTED), "not-tested")],
)
def test_a_finding_can_fail_a_confirmed_card(finding: object, word: str) -> None:
    """``disguised`` and ``not-tested`` speak about single bases and fail where they are named."""
    assert conclude(D.CONFIRMED, [finding], parse_fail_on(word)) is C.FAIL  # type: ignore[list-item]
    assert conclude(D.CONFIRMED, [finding], parse_fail_on(DEFAULT)) is C.PASS  # type: ignore[list-item]


def test_an_inconclusive_base_does_not_fail_a_card_that_is_not() -> None:
    """``inconclusive`` names the verdict of the card, not of a single base."""
    findings = [declared(Verdict.RELATED), suspect(Verdict.INCONCLUSIVE)]
    assert conclude(D.CONFIRMED, findings, parse_fail_on("inconclusive")) is C.PASS


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (DEFAULT, ("undeclared", "contradicted")),
        (" undeclared , contradicted ", ("undeclared", "contradicted")),
        ("none", ()),
        ("", ()),
        (",,", ()),
        ("not-tested", ("not-tested",)),
    ],
)
def test_the_list_is_read_as_it_is_typed(text: str, words: tuple[str, ...]) -> None:
    """Spaces and empty items are ignored; ``none`` fails never."""
    assert parse_fail_on(text).fail_on == words


@pytest.mark.parametrize("word", ["confirmed", "related", "Undeclared", "all", "undeclared;x"])
def test_a_word_that_cannot_fail_is_refused(word: str) -> None:
    """The message names the word, the cause and every choice."""
    with pytest.raises(UsageError) as caught:
        parse_fail_on(f"undeclared,{word}")
    assert caught.value.what == f"--fail-on names '{word}'."
    assert caught.value.next_step == f"choose from {', '.join(FAILABLE)}, or none."
    assert caught.value.exit_code is ExitCode.USAGE


@given(st.text(max_size=40))
def test_any_text_is_a_policy_or_a_usage_error(text: str) -> None:
    """Nothing typed there ends in another error, and messages stay on one line."""
    try:
        words, message = parse_fail_on(text).fail_on, ""
    except UsageError as error:
        words, message = (), error.what
    assert set(words) <= set(FAILABLE)
    assert "\n" not in message


def test_the_exit_codes_are_the_published_ones() -> None:
    """Scripts rely on the numbers of DESIGN section 5."""
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0,
        "POLICY_FAILED": 1,
        "USAGE": 2,
        "UNREACHABLE": 3,
        "UNREADABLE": 4,
        "INTERNAL": 5,
    }
