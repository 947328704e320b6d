"""Tests of what a refusal by the Hub means."""

from __future__ import annotations

import pytest

from hubcheck.errors import (
    GatedModelError,
    MissingModelError,
    NetworkFaultError,
    UnknownRevisionError,
    UnreachableError,
)
from hubcheck.source.refusals import Refusal, hub_refused, storage_refused, wrong_answer

INVALID = "Invalid credentials in Authorization header"


@pytest.mark.parametrize(
    ("refusal", "kind", "what"),
    [
        (Refusal(status=403, code="GatedRepo"), GatedModelError, "'o/n' is gated"),
        (Refusal(status=401, code="GatedRepo"), GatedModelError, "'o/n' is gated"),
        (Refusal(status=404, code="RevisionNotFound"), UnknownRevisionError, "no revision 'v9'"),
        (Refusal(status=404, code="EntryNotFound"), MissingModelError, "no file 'w' at v9"),
        (Refusal(status=404, code="RepoNotFound"), MissingModelError, "was not found"),
        (Refusal(status=404, code=""), MissingModelError, "was not found"),
        (Refusal(status=401, code=""), MissingModelError, "was not found"),
        (Refusal(status=401, code="", message=INVALID), UnreachableError, "access token"),
        (Refusal(status=403, code=""), UnreachableError, "does not allow reading"),
        (Refusal(status=416, code=""), NetworkFaultError, "answered 416 for 'w' of 'o/n'"),
        (Refusal(status=418, code="x\x1b[2J"), NetworkFaultError, "answered 418"),
    ],
)
def test_each_refusal_has_its_error(
    refusal: Refusal, kind: type[UnreachableError], what: str
) -> None:
    """Status and X-Error-Code together decide the error's class and words."""
    error = hub_refused(refusal, repo_id="o/n", revision="v9", path="w", with_token=True)
    assert type(error) is kind
    assert what in error.what
    assert str(error).isprintable()


def test_without_a_token_the_message_says_so() -> None:
    """A reader without a token learns that one may help."""
    refusal = Refusal(status=401, code="")
    error = hub_refused(refusal, repo_id="o/n", revision="main", path="", with_token=False)
    assert str(error) == (
        "'o/n' was not found on the Hub. Likely cause: it does not exist, or it is private and no "
        "access token was given. Next: check the spelling, or pass a token that may read it."
    )


def test_storage_and_wrong_answers_are_network_faults() -> None:
    """Trouble below the Hub names the file and never an address."""
    refused = storage_refused(403, path="w", renewed=True)
    assert refused.what == (
        "The storage host refused 'w' with status 403, and had refused the address before it."
    )
    assert wrong_answer("status 200 instead of 206", path="w").what == (
        "The answer for 'w' is not the range asked for: status 200 instead of 206."
    )
