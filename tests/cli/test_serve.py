"""Does ``hubcheck serve`` refuse at its start what it could not keep later?"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

import pytest

from hubcheck.cli.entry import build_parser, main
from hubcheck.cli.serve import settings_of
from hubcheck.errors import UsageError
from hubcheck.serve.settings import CheckHere, Dispatch, Settings

SECRET: Final = "a-webhook-secret-0123456789"
ENVIRONMENT: Final = {"HUBCHECK_WEBHOOK_SECRET": SECRET, "HF_ENDPOINT": "https://hub.example/"}


def settings(*words: str, **variables: str) -> Settings:
    """Return the settings of a command line."""
    arguments = build_parser().parse_args(["serve", "--allow", "acme/*", *words])
    return settings_of(arguments, ENVIRONMENT | variables)


def test_the_defaults() -> None:
    """On this machine only, one comment, no page, one check at once."""
    made = settings()
    assert (made.host, made.port, made.workers, made.page_password) == ("127.0.0.1", 7860, 1, "")
    assert made.endpoint == "https://hub.example"
    assert isinstance(made.work, CheckHere)
    assert (made.work.publish, made.work.create_pr, made.work.seconds) == (
        ("discussion",), False, 1200,
    )  # fmt: skip
    assert SECRET not in repr(made)


def test_a_relay_keeps_its_token_to_itself() -> None:
    """With --dispatch nothing is checked here, and the token shows nowhere."""
    made = settings("--dispatch", "acme/checks", HUBCHECK_GITHUB_TOKEN="ghs_token")
    assert isinstance(made.work, Dispatch)
    assert (made.work.repository, made.work.event_type) == ("acme/checks", "hub-update")
    assert "ghs_token" not in repr(made)


def test_an_open_page_needs_no_secret_and_no_list() -> None:
    """With a secret it answers webhooks as well, and what those may check has to be said."""
    arguments = build_parser().parse_args(["serve", "--open", "--per-visitor", "3"])
    made = settings_of(arguments, {"HF_ENDPOINT": "https://hub.example/"})
    assert (made.secrets, made.allowed) == (None, ("*/*",))
    assert made.open_page is not None
    assert (made.open_page.per_visitor, made.open_page.behind_proxy) == (3, False)
    with pytest.raises(UsageError, match="--allow is missing"):
        settings_of(arguments, ENVIRONMENT)
    assert settings("--open").secrets is not None
    assert settings().open_page is None


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--open", "--dispatch", "acme/checks"], "--open and --dispatch do not go together"),
        (["--open", "--per-visitor", "0"], "--per-visitor is 0"),
        (["--open", "--keep-cards", "0"], "--keep-cards is 0"),
        (["--dispatch", "acme/checks"], "HUBCHECK_GITHUB_TOKEN is not set"),
        (["--dispatch", "https://github.com/a/b"], "is not a repository on GitHub"),
        (["--allow", "acme"], "'acme' is not a pattern of models"),
        (["--allow", "acme/*/x"], "is not a pattern of models"),
        (["--port", "70000"], "--port is 70000"),
        (["--workers", "0"], "--workers is 0"),
        (["--per-hour", "0"], "--per-hour is 0"),
        (["--queue-limit", "0"], "--queue-limit is 0"),
        (["--body-limit", "1"], "--body-limit is 1"),
        (["--grace", "-1"], "--grace is -1"),
        (["--grace", "nan"], "--grace is nan"),
        (["--time-limit", "1"], "--time-limit is 1"),
        (["--publish", "twitter"], "--publish twitter is not a place"),
        (["--fail-on", "nonsense"], "nonsense"),
        (["--suspect", "./folder"], "is neither an existing path nor"),
    ],
)
def test_what_makes_no_sense_is_refused(words: list[str], said: str) -> None:
    """Each is told with its value before anything listens."""
    with pytest.raises(UsageError) as refused:
        settings(*words)
    assert said in refused.value.what


def test_without_a_list_or_a_secret_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is no default for either."""
    monkeypatch.delenv("HUBCHECK_WEBHOOK_SECRET", raising=False)
    assert main(["serve"]) == 2
    assert "--allow is missing." in capsys.readouterr().err
    assert main(["serve", "--allow", "acme/*"]) == 2
    assert "HUBCHECK_WEBHOOK_SECRET is not set." in capsys.readouterr().err


def test_a_taken_port_and_a_taken_folder_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second server on the same port, and a state that cannot be one, end with exit code 2."""
    monkeypatch.setenv("HUBCHECK_WEBHOOK_SECRET", SECRET)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = ["serve", "--allow", "acme/*", "--port", port]
        assert main([*words, "--state", str(tmp_path / "state")]) == 2
        assert f"127.0.0.1:{port} cannot be listened on" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert main([*words, "--state", str(tmp_path / "file")]) == 2
    assert "cannot be used" in capsys.readouterr().err
