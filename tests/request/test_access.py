"""Does a token open models and large files on its own server, and nowhere else?"""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from hubcheck.request.access import access_of, lfs_authorization


def no_token() -> str | None:
    """Find no token of the Hub."""
    return None


def test_the_actions_token_opens_the_checkouts_own_server() -> None:
    """The token given to the Action is sent to GitHub as git sends it."""
    header = lfs_authorization("https://github.com:443", {}, no_token, github_token="tkn")
    assert base64.b64decode(header.removeprefix("Basic ")) == b"x-access-token:tkn"


def test_the_given_token_outranks_the_environment() -> None:
    """An input of the Action comes before the environment's token."""
    environment = {"GITHUB_TOKEN": "other"}
    header = lfs_authorization("https://github.com:443", environment, no_token, github_token="tkn")
    assert b"tkn" in base64.b64decode(header.removeprefix("Basic "))


@pytest.mark.parametrize(
    "origin",
    ["https://github.com.evil.example:443", "http://github.com:80", "https://github.com:8443"],
)
def test_no_other_server_sees_it(origin: str) -> None:
    """A checkout that names another server gets no token."""
    assert not lfs_authorization(origin, {}, lambda: "hf_x", github_token="tkn")


def test_a_token_that_was_given_is_not_looked_for() -> None:
    """What is found is asked for only where none was given, and only once one is needed."""
    asked: list[str] = []

    def find() -> str | None:
        asked.append("")
        return "hf_found"

    assert access_of(1, {}, find, read_token="hf_given").hub_token() == "hf_given"
    assert not asked
    found = access_of(1, {}, find)
    assert not asked
    assert found.hub_token() == "hf_found"


def test_servers_and_limits_are_taken_over(tmp_path: Path) -> None:
    """Endpoint, limit and cache; and what opens large files knows the same environment."""
    environment = {"HF_ENDPOINT": "https://hub.example", "GITHUB_SERVER_URL": "https://git.example"}
    found = access_of(7, environment, lambda: "hf_x", github_token="tkn", cache=tmp_path / "c")
    assert (found.max_read, found.endpoint) == (7, "https://hub.example")
    assert found.cache is not None
    assert found.authorise is not None
    assert found.authorise("https://hub.example:443") == "Bearer hf_x"
    assert found.authorise("https://git.example:443").startswith("Basic ")
    assert not found.authorise("https://huggingface.co:443")
    assert access_of(7, {"HF_ENDPOINT": ""}, no_token).endpoint is None
