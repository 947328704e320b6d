"""Does the log say what happened, and never what is secret?"""

from __future__ import annotations

import io
import json

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.serve.events import EventLog, secrets_in


def written(fields: dict[str, object], *secrets: str) -> str:
    """Return the text of one event."""
    stream = io.StringIO()
    EventLog(stream, secrets=secrets, clock=lambda: 0.0)("test", **fields)
    return stream.getvalue()


def test_an_event_is_one_line_of_json() -> None:
    """Numbers stay numbers, empty fields are left out."""
    line = written({"jobs": 3, "repo": "acme/m", "warning": "", "none": None})
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:00.000+00:00", "event": "test", "jobs": 3, "repo": "acme/m",
    }  # fmt: skip


def test_secrets_are_blacked_out() -> None:
    """Wherever a secret stands in a value, and the longer one of two first."""
    line = written({"note": "Bearer hf_secret_long and hf_secret"}, "hf_secret", "hf_secret_long")
    assert json.loads(line)["note"] == "Bearer *** and ***"


def test_which_variables_are_secrets() -> None:
    """Tokens, secrets and passwords by name; a flag of one letter is none."""
    environment = {"HF_TOKEN": "hf_abcdef", "MY_SECRET": "s" * 8, "SOME_TOKEN_FLAG": "1",
                   "HOME": "/home/me", "HUBCHECK_PAGE_PASSWORD": "p" * 8}  # fmt: skip
    assert secrets_in(environment) == ["hf_abcdef", "s" * 8, "p" * 8]


@given(st.text(), st.text(min_size=6))
def test_nothing_breaks_the_line_or_shows_the_secret(text: str, secret: str) -> None:
    """Whatever a stranger words, it is one line, and no escape reaches a terminal."""
    line = written({"note": f"{text}{secret}"}, secret)
    assert line.count("\n") == 1
    assert line[:-1].isprintable()
    note = json.loads(line).get("note", "")
    assert secret not in note or secret in "***"
