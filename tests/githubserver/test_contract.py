"""Tests that the contract can say no, and that the pruned descriptions are small."""

from __future__ import annotations

import pytest

from hubcheck.publish.github import comments
from tests.githubserver.contract import HERE, answer_errors, graphql_errors, request_errors

HOME = "/repos/octo/models"
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", f"{HOME}/issues/7/comments", b"{}"),
        ("POST", f"{HOME}/issues/7/comments", b'{"body": 5}'),
        ("POST", f"{HOME}/statuses/{'a' * 40}", b'{"state": "fine"}'),
        ("GET", f"{HOME}/pulls?per_page=abc", b""),
        ("GET", f"{HOME}/pulls?state=ajar", b""),
        ("PATCH", f"{HOME}/issues/comments/x", b'{"body": "x"}'),
        ("GET", f"{HOME}/nothing", b""),
        ("POST", f"{HOME}/git/commits", b'{"tree": "x"}'),
    ],
)
def test_a_wrong_request_is_refused(method: str, target: str, body: bytes) -> None:
    """What GitHub would answer 404 or 422 is a violation here."""
    assert request_errors(method, target, JSON, body)


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("POST", f"{HOME}/issues/7/comments", b'{"body": "x"}'),
        ("GET", f"{HOME}/pulls?per_page=100&state=open", b""),
        ("GET", f"{HOME}/git/ref/heads/hubcheck-badge", b""),
    ],
)
def test_a_right_request_is_none(method: str, target: str, body: bytes) -> None:
    """What GitHub describes passes."""
    assert request_errors(method, target, JSON, body) == []


def test_a_wrong_answer_is_refused() -> None:
    """The local server is held against the description as well."""
    assert answer_errors("GET", f"{HOME}/pulls/7", {}, 200, {"number": 7})


def test_our_graphql_documents_fit_githubs_schema() -> None:
    """Both documents are valid; a field that is not there is not."""
    assert graphql_errors(comments.LIST) == []
    assert graphql_errors(comments.MINIMISE) == []
    assert graphql_errors(comments.LIST.replace("isMinimized", "isHidden"))


def test_the_descriptions_are_small_and_licensed() -> None:
    """What is copied is cut down to what is used and carries its licence."""
    size = sum(p.stat().st_size for p in HERE.rglob("*") if p.suffix in {".json", ".graphql"})
    assert size < 250_000
    assert "MIT License" in (HERE / "LICENSE-octokit").read_text()
