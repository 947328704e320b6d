"""A token opens large files on its own server, and nowhere else."""

from __future__ import annotations

import base64

import pytest

from hubcheck.cli.commands import lfs_authorization


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GITHUB_TOKEN", "GITHUB_SERVER_URL", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def test_the_actions_token_opens_the_checkouts_own_server() -> None:
    """The token given to the Action is sent to GitHub as git sends it."""
    header = lfs_authorization("https://github.com:443", github_token="tkn")
    assert base64.b64decode(header.removeprefix("Basic ")) == b"x-access-token:tkn"


def test_the_given_token_outranks_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An input of the Action comes before the environment's token."""
    monkeypatch.setenv("GITHUB_TOKEN", "other")
    header = lfs_authorization("https://github.com:443", github_token="tkn")
    assert b"tkn" in base64.b64decode(header.removeprefix("Basic "))


@pytest.mark.parametrize(
    "origin",
    ["https://github.com.evil.example:443", "http://github.com:80", "https://github.com:8443"],
)
def test_no_other_server_sees_it(origin: str) -> None:
    """A checkout that names another server gets no token."""
    assert not lfs_authorization(origin, github_token="tkn")
