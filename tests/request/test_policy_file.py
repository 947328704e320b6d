"""Tests of the policy file: every mistake is named by line and key."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.card.wording import words
from hubcheck.errors import ExitCode, UsageError
from hubcheck.report.schema import Policy
from hubcheck.report.words import Conclusion, DeclarationVerdict, Depth
from hubcheck.request.policy_file import parse_policy
from hubcheck.verdict.allowance import Allowance, apply_allowances
from tests.card import reports

GOOD = b"""\
# what we ship
model: models/tiny
bases: [acme/base-7b]
suspects:
  - auto
  - other/base-7b
fail-on: [undeclared, disguised]
warn-only: true
depth: headers
max-read: 128MB
models: [acme/new-7b]
allow:
  - base: other/base-7b
    reason: merged on purpose, see the blog post
    expires: 2027-01-31
"""


def test_a_whole_file() -> None:
    """Every key is read."""
    policy = parse_policy(GOOD, shown="x.yml")
    assert policy.model == "models/tiny"
    assert policy.suspects == ("auto", "other/base-7b")
    assert policy.fail_on == ("undeclared", "disguised")
    assert policy.warn_only
    assert policy.depth is Depth.HEADERS
    assert policy.allowances == (
        Allowance(
            base="other/base-7b",
            reason="merged on purpose, see the blog post",
            expires=date(2027, 1, 31),
        ),
    )


def test_an_empty_file_is_the_defaults() -> None:
    """Only comments, or nothing at all."""
    assert parse_policy(b"# nothing\n", shown="x").fail_on == ("undeclared", "contradicted")
    assert parse_policy(b"", shown="x").depth is Depth.SAMPLE


@pytest.mark.parametrize(
    ("text", "line", "key", "part"),
    [
        (b"model: a\nfail_onn: [x]\n", 2, "fail_onn", "no such key"),
        (b"model: a\n\nfail-on:\n  - undeclared\n  - unlucky\n", 3, "fail-on", "unlucky"),
        (b"depth: deeper\n", 1, "depth", "sample"),
        (b"max-read: lots\n", 1, "max-read", "pattern"),
        (b"allow:\n  - base: a/b\n", 2, "allow[0].reason", "required"),
        (b"allow:\n  - base: a/b\n    reason: because of it\n    expires: soon\n", 4, "allow[0].expires", "date"),
        (b"bases: acme/base\n", 1, "bases", "tuple"),
        (b"models: [/etc/passwd]\n", 1, "models", "no repository"),
        (b"- a\n- b\n", 1, "", "holds no keys"),
        (b"model: a\nmodel: b\n", 2, "", "written twice"),
        (b"model: &a x\ndepth: *a\n", 2, "", "aliases are not read"),
        (b"model: [a\n", 2, "", "expected"),
        (b"model: a\n\xff\xfe\n", 2, "", "not UTF-8"),
        (b"model: !!python/object/apply:os.system [id]\n", 1, "", "could not determine"),
        (b"#" * 300_000, 1, "", "more than"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_by_line_and_key(text: bytes, line: int, key: str, part: str) -> None:
    """The message begins with file and line, then the key, then what is wrong; exit code 2."""
    with pytest.raises(UsageError) as caught:
        parse_policy(text, shown=".github/hubcheck.yml")
    named = f", key {key}" if key else ""
    assert str(caught.value).startswith(f".github/hubcheck.yml line {line}{named}: ")
    assert part in str(caught.value)
    assert caught.value.exit_code is ExitCode.USAGE


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Nothing but a usage error comes out of a bad file."""
    try:
        parse_policy(data, shown="x")
    except UsageError:
        return


TODAY = date(2026, 6, 1)


def allowance(expires: date | None = None, base: str = "other/base-7b") -> Allowance:
    """Return one accepted base."""
    return Allowance(base=base, reason="merged on purpose", expires=expires)


def test_an_accepted_base_no_longer_fails() -> None:
    """The verdict stays, the conclusion is neutral, the card says who accepted what."""
    report = reports.report(DeclarationVerdict.UNDECLARED, reports.matching())
    after = apply_allowances(report, [allowance()], today=TODAY)
    assert after.verdict is DeclarationVerdict.UNDECLARED
    assert after.conclusion is Conclusion.NEUTRAL
    assert tuple(map(words, after.warnings)) == (
        "the policy file allows other/base-7b: merged on purpose",
    )


@pytest.mark.parametrize("days", [0, -1])
def test_an_allowance_holds_through_its_last_day(days: int) -> None:
    """On the day itself it holds, the day after it says that it has run out."""
    report = reports.report(DeclarationVerdict.UNDECLARED, reports.matching())
    expires = date(2026, 6, 1 + days) if days == 0 else date(2026, 5, 31)
    after = apply_allowances(report, [allowance(expires)], today=TODAY)
    if days == 0:
        assert after.conclusion is Conclusion.NEUTRAL
    else:
        assert after.conclusion is Conclusion.FAIL
        assert "that has passed" in words(after.warnings[0])


def test_every_culprit_has_to_be_accepted() -> None:
    """One accepted base of two does not let the other through."""
    report = reports.report(
        DeclarationVerdict.CONTRADICTED, reports.unrelated(), reports.matching()
    )
    assert apply_allowances(report, [allowance()], today=TODAY).conclusion is Conclusion.FAIL
    both = [allowance(), allowance(base="ACME/base-7b")]
    assert apply_allowances(report, both, today=TODAY).conclusion is Conclusion.NEUTRAL


def test_a_missing_result_cannot_be_accepted() -> None:
    """Where the policy fails on inconclusive, there is no base to accept."""
    report = reports.report(
        DeclarationVerdict.INCONCLUSIVE,
        reports.untested("other/base-7b", "gated"),
        conclusion=Conclusion.FAIL,
        policy=Policy(fail_on=("inconclusive",)),
    )
    after = apply_allowances(report, [allowance()], today=TODAY)
    assert after.conclusion is Conclusion.FAIL
    assert after.accepted == ("other/base-7b",)


def test_an_allowance_that_nothing_needs_changes_nothing() -> None:
    """An honest card with a forgotten allowance is the same card."""
    report = reports.report(DeclarationVerdict.CONFIRMED, reports.matching(declared=True))
    assert apply_allowances(report, [allowance()], today=TODAY) == report
