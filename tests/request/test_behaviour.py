"""Is what is asked of behaviour read, written back, and a key sent nowhere else?"""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from hubcheck.behaviour.interface import Wanted
from hubcheck.errors import UsageError
from hubcheck.request.build import ENDPOINT_KEY, Means, build_request
from hubcheck.request.options import Options, line_of, read_line
from hubcheck.request.values import parse_endpoint
from tests.evidence.laboratory import model

SERVER = "https://api.example.com/v1#small"


@pytest.mark.parametrize(
    "text",
    ["api.example.com#m", "https://host/v1", "ftp://host/v1#m", "https://#m", "https://[::1#m",
     "https://host:0/v1#m", "https://host/v1#a\nb"],
)  # fmt: skip
def test_what_names_no_model_behind_an_api_is_refused(text: str) -> None:
    """A scheme, a host and a model are needed."""
    with pytest.raises(ArgumentTypeError, match="no model behind an API"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    "text",
    ["https://u:SECRET@host/v1#m", "https://host/v1?api-key=SECRET#m", "https://host?SECRET#m",
     "u:SECRET@host/v1#m", "https://host/v1#m?key=SECRET", "https://u:SECRET@[::1#m"],
)  # fmt: skip
def test_an_address_that_may_hold_a_key_is_refused_and_not_repeated(text: str) -> None:
    """It would stand in the command on the card; an error is read in a log."""
    with pytest.raises(ArgumentTypeError, match="no query and no user") as refused:
        parse_endpoint(text)
    assert "SECRET" not in str(refused.value)


def test_the_command_says_what_was_asked() -> None:
    """It is read back from the line on a card; a comparison asks for nothing of it."""
    asked = Options(subject="acme/new", behaviour=True, endpoint=parse_endpoint(SERVER))
    assert read_line(line_of(asked)) == asked
    assert line_of(asked) == f"hubcheck check acme/new --behaviour --endpoint '{SERVER}'"


def asked(held: str, **options: object) -> Wanted | None:
    """Return what a request wants, with a variable of the environment."""
    wanted = Options(subject=str(model("base")), **options)  # type: ignore[arg-type]
    return build_request(wanted, Means(environment={ENDPOINT_KEY: held})).behaviour


def test_a_key_goes_to_the_host_that_it_is_held_for() -> None:
    """Whatever a pasted command names; one that names no host is an error."""
    assert asked("api.example.com=sk=1", endpoint=SERVER) == Wanted(
        bases=False, endpoint=SERVER, key="sk=1", all_bytes=True
    )
    other = asked("other.example.com=sk-1", endpoint=SERVER)
    assert other is not None
    assert other.key == ""
    assert "sk-1" not in repr(asked("api.example.com=sk-1", endpoint=SERVER))
    with pytest.raises(UsageError, match="for which host"):
        asked("sk-1", endpoint=SERVER)


def test_nothing_is_run_unasked_and_a_named_limit_stays_hard() -> None:
    """No flag, no run; with --max-read no more is read than it says."""
    assert asked("") is None
    limited = asked("", behaviour=True, max_read=10**6)
    assert limited is not None
    assert (limited.bases, limited.all_bytes) == (True, False)
