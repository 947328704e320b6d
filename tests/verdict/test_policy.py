"""Does the policy pass, stay neutral and fail where DESIGN section 2 says?"""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import ExitCode, UsageError
from hubcheck.report.schema import Finding, PartVerdict
from hubcheck.report.words import Conclusion, DeclarationVerdict, RelationKind, Verdict
from hubcheck.verdict.allowance import Allowance, apply_allowances
from hubcheck.verdict.policy import (
    FAILABLE,
    REQUIRE_SIGNATURE,
    conclude,
    fails_on_what_was_found,
    parse_fail_on,
)
from tests.card.reports import report
from tests.verdict.findings import declared, suspect

D, C = DeclarationVerdict, Conclusion
DEFAULT = "undeclared,contradicted"

OF_EVIDENCE = tuple(word for word in FAILABLE if word != REQUIRE_SIGNATURE)
"""The words about bases and the card; the other one asks for a signer."""


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
        (D.CONFIRMED, ",".join(OF_EVIDENCE), C.PASS),
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


TOWER = PartVerdict(
    name="vision tower", verdict=Verdict.RELATED, log10_p=-60.0, kept=0.99, tower=True,
    share=0.2, base_share=0.3,
)  # fmt: skip
UPSTREAM = suspect(Verdict.RELATED, explained_by="org/declared").model_copy(
    update={"upstream": True}
)
UNDATED = suspect(Verdict.RELATED, found_by="search")
PART = suspect(Verdict.RELATED, relation=RelationKind.PARTS).model_copy(update={"parts": (TOWER,)})
QUIET = [
    (UPSTREAM, D.CONFIRMED, "undeclared-upstream"),
    (UNDATED, D.INCONCLUSIVE, "match-undated"),
    (PART, D.CONFIRMED, "undeclared-part"),
]


@pytest.mark.parametrize(("finding", "verdict", "word"), QUIET)
def test_what_accuses_nobody_fails_only_where_it_is_named(
    finding: Finding, verdict: DeclarationVerdict, word: str
) -> None:
    """No default fails on it; its own word does, whatever the whole card says, and no other word."""
    findings = [declared(Verdict.RELATED), finding]
    expected = C.PASS if verdict is D.CONFIRMED else C.NEUTRAL
    assert conclude(verdict, findings, parse_fail_on(DEFAULT)) is expected
    assert conclude(verdict, findings, parse_fail_on(word)) is C.FAIL
    assert fails_on_what_was_found(verdict, findings, parse_fail_on(word))
    others = ",".join(w for w in OF_EVIDENCE if w not in {word, verdict.value})
    assert conclude(verdict, findings, parse_fail_on(others)) is expected


@pytest.mark.parametrize(
    ("finding", "word"),
    [
        (UPSTREAM.model_copy(update={"upstream": False}), "undeclared-upstream"),
        (UNDATED.model_copy(update={"explained_by": "org/declared"}), "match-undated"),
        (UNDATED.model_copy(update={"found_by": "named"}), "match-undated"),
        (PART.model_copy(update={"explained_by": "org/declared"}), "undeclared-part"),
        (PART.model_copy(update={"parts": ()}), "undeclared-part"),
    ],
)
def test_what_is_explained_or_named_reaches_no_such_word(finding: Finding, word: str) -> None:
    """Known to the declared graph, named by the user, or no tower: nothing to fail on."""
    findings = [declared(Verdict.RELATED), finding]
    assert conclude(D.CONFIRMED, findings, parse_fail_on(word)) is C.PASS


@pytest.mark.parametrize(("finding", "verdict", "word"), QUIET)
def test_an_allowance_for_the_base_accepts_such_a_finding(
    finding: Finding, verdict: DeclarationVerdict, word: str
) -> None:
    """The base that the finding speaks of is accepted; another name accepts nothing."""
    made = report(
        verdict, declared(Verdict.RELATED), finding,
        conclusion=C.FAIL, policy=parse_fail_on(word),
    )  # fmt: skip

    def after(base: str) -> Conclusion:
        allowed = [Allowance(base=base, reason="known and agreed")]
        return apply_allowances(made, allowed, today=date(2026, 2, 3)).conclusion

    assert after(finding.base.ref) is C.NEUTRAL
    assert after("org/declared") is C.FAIL


def test_an_allowance_for_a_base_of_which_most_is_held_in_towers() -> None:
    """What makes a card undeclared is what an allowance can accept: one rule for both."""
    held = PART.model_copy(update={"parts": (TOWER.model_copy(update={"base_share": 0.6}),)})
    made = report(D.UNDECLARED, held, conclusion=C.FAIL, policy=parse_fail_on(DEFAULT))
    allowed = [Allowance(base=held.base.ref, reason="known and agreed")]
    assert apply_allowances(made, allowed, today=date(2026, 2, 3)).conclusion is C.NEUTRAL


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


def test_a_missing_signature_fails_what_asks_for_one_and_no_allowance_mends_it() -> None:
    """A confirmed card fails without it; who accepts a base accepts no unsigned weights by that."""
    policy = parse_fail_on("undeclared,require-signature", ("a key",))
    findings = [suspect(Verdict.RELATED)]
    assert conclude(D.CONFIRMED, [declared(Verdict.RELATED)], policy) is C.FAIL
    assert conclude(D.CONFIRMED, [declared(Verdict.RELATED)], policy, signed=True) is C.PASS
    made = report(D.UNDECLARED, *findings, conclusion=C.FAIL, policy=policy)
    allowed = [Allowance(base=findings[0].base.ref, reason="known and agreed")]
    assert apply_allowances(made, allowed, today=date(2026, 2, 3)).conclusion is C.FAIL
    with pytest.raises(UsageError, match="names no signer"):
        parse_fail_on("require-signature")


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
