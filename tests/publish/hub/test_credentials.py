"""Each role has its own token, in a fixed order of precedence, and no token is ever shown."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

import pytest

from hubcheck.cli import main
from hubcheck.errors import ExitCode
from hubcheck.publish.hub.card import publish_card
from hubcheck.publish.hub.comment import publish_comment
from hubcheck.publish.hub.credentials import Role, credential
from hubcheck.publish.hub.errors import CredentialError
from hubcheck.publish.outcome import NotPublished, Published, sentence
from tests.hubserver import LocalHub, Status
from tests.hubserver.trust import IDENTITY, PREFIX, RUNNER_SECRET
from tests.publish.hub.conftest import OWNER, REPO, ClientOf
from tests.publish.hub.reports import document, report_now

READER: Final = "someuser"


@pytest.fixture(autouse=True)
def no_cached_exchange(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no token of another test be remembered by the client."""
    monkeypatch.setattr("huggingface_hub.utils._auth._OIDC_TOKEN_CACHE", None, raising=False)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)


@pytest.fixture
def job(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a workflow job with an identity that the Hub trusts for one model and one user."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{hub.endpoint}/ci/identity?job=1")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", RUNNER_SECRET)
    hub.trusted |= {REPO, READER}


def test_without_anything_there_is_no_token(hub: LocalHub) -> None:
    """Nothing set is no error: public models can be read, and publishing says what is missing."""
    held = credential(Role.WRITE, {})
    assert (held.token, held.origin) == (None, "nowhere")


def test_each_role_has_its_own_token(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable of the role wins over the common one, which serves a role without its own."""
    monkeypatch.setenv("HF_TOKEN", "hf_common")
    environment = {"HUBCHECK_READ_TOKEN": " hf_read\n", "HF_TOKEN": "hf_common"}
    assert credential(Role.READ, environment).token == "hf_read"
    assert credential(Role.READ, environment).origin == "HUBCHECK_READ_TOKEN"
    assert credential(Role.WRITE, environment).token == "hf_common"
    assert credential(Role.WRITE, environment).origin == "huggingface_hub"


def test_an_empty_variable_is_unset(hub: LocalHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unset secret of a CI job arrives as an empty variable."""
    monkeypatch.setenv("HF_TOKEN", "hf_common")
    environment = {"HUBCHECK_WRITE_TOKEN": "", "HUBCHECK_WRITE_OIDC_RESOURCE": " "}
    assert credential(Role.WRITE, environment).token == "hf_common"


def test_the_login_on_disk_comes_last(
    hub: LocalHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HF_TOKEN wins over the file that a login leaves."""
    (tmp_path / "no-token").write_text("hf_disk\n")
    assert credential(Role.WRITE, {}).token == "hf_disk"
    monkeypatch.setenv("HF_TOKEN", "hf_common")
    assert credential(Role.WRITE, {}).token == "hf_common"


def test_each_role_is_exchanged_for_itself(hub: LocalHub, job: None) -> None:
    """One job gets a token that writes one model and another that reads as a user."""
    environment = {
        "HUBCHECK_READ_OIDC_RESOURCE": READER,
        "HUBCHECK_WRITE_OIDC_RESOURCE": REPO,
        "HUBCHECK_WRITE_TOKEN": "hf_long_lived",
    }
    writes, reads = credential(Role.WRITE, environment), credential(Role.READ, environment)
    assert writes.token == PREFIX + REPO.replace("/", "_")
    assert reads.token == PREFIX + READER
    assert hub.users[str(reads.token)].role == "read"
    assert "HF_OIDC_RESOURCE" not in os.environ


def test_the_common_exchange_is_left_as_it_was(
    hub: LocalHub, job: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable of huggingface_hub's own is put back after the role's exchange."""
    monkeypatch.setenv("HF_OIDC_RESOURCE", READER)
    held = credential(Role.WRITE, {"HUBCHECK_WRITE_OIDC_RESOURCE": REPO})
    assert held.token == PREFIX + REPO.replace("/", "_")
    assert os.environ["HF_OIDC_RESOURCE"] == READER
    assert credential(Role.READ, {"HF_OIDC_RESOURCE": READER}).token == PREFIX + READER


@pytest.mark.parametrize("fault", ["no identity", "not trusted", "hub down"])
def test_a_failed_exchange_falls_back_to_nothing(
    hub: LocalHub, job: None, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    """A trusted publisher that is set up and fails is an error, not a reason for another token."""
    monkeypatch.setenv("HF_TOKEN", "hf_common")
    if fault == "no identity":
        monkeypatch.delenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
    elif fault == "not trusted":
        hub.trusted.clear()
    else:
        hub.faults.add(Status(status=500), path="/oauth/token", times=9)
    with pytest.raises(CredentialError) as raised:
        credential(Role.WRITE, {"HUBCHECK_WRITE_OIDC_RESOURCE": REPO})
    assert f"The trusted publisher '{REPO}' gave no token" in raised.value.what
    assert raised.value.exit_code is ExitCode.USAGE
    assert raised.value.__cause__ is None
    text = f"{raised.value!r} {raised.value}"
    assert not any(secret in text for secret in (IDENTITY, RUNNER_SECRET, "hf_common"))
    assert "HF_OIDC_RESOURCE" not in os.environ


def test_a_trusted_publisher_may_write_its_model(
    hub: LocalHub, job: None, client_of: ClientOf
) -> None:
    """The exchanged token commits to its repository."""
    held = credential(Role.WRITE, {"HUBCHECK_WRITE_OIDC_RESOURCE": REPO})
    report = report_now(hub)
    outcome = publish_card(client_of(held.token), report, document(report), as_pull_request=False)
    assert isinstance(outcome, Published)


@pytest.mark.parametrize("status", [0, 401, 403, 404, 412, 429, 500])
def test_no_token_is_ever_logged_or_said(
    hub: LocalHub,
    client_of: ClientOf,
    caplog: pytest.LogCaptureFixture,
    status: int,
) -> None:
    """With every logger at DEBUG, in success and in every failure, no token can be read anywhere."""
    if status:
        hub.faults.add(Status(status=status), origin="hub", path="/commit/", times=99)
        hub.faults.add(Status(status=status), origin="hub", path="/discussions", times=99)
    client = client_of()
    report = report_now(hub)
    with caplog.at_level(logging.DEBUG):
        outcomes = [
            publish_card(client, report, document(report), as_pull_request=False),
            publish_card(client, report, document(report), as_pull_request=True),
            publish_comment(client, report),
        ]
    assert all(isinstance(o, NotPublished) for o in outcomes) is bool(status)
    said = " ".join(sentence(o) for o in outcomes)
    for text in (caplog.text, said, repr(client), repr(client.credential), repr(outcomes)):
        assert OWNER not in text
        assert "Signature=" not in text
    assert len(caplog.records) > 3


def test_a_token_with_a_line_break_reaches_no_header(hub: LocalHub, client_of: ClientOf) -> None:
    """A secret that was pasted wrongly is refused without being shown."""
    report = report_now(hub)
    broken = client_of("hf_a\r\nX-Injected: 1")
    outcome = publish_card(broken, report, document(report), as_pull_request=False)
    assert isinstance(outcome, NotPublished)
    assert "holds characters that no token has" in outcome.reason
    assert "Injected" not in outcome.reason
    outcome = publish_comment(broken, report)
    assert isinstance(outcome, NotPublished)
    assert "Injected" not in outcome.reason


def test_the_command_line_reads_with_the_read_role(
    hub: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """``check`` sends the read token to the Hub and never the write token."""
    monkeypatch.setenv("HUBCHECK_READ_TOKEN", "hf_reading")
    monkeypatch.setenv("HUBCHECK_WRITE_TOKEN", OWNER)
    hub.add_user("hf_reading", "reader")
    hub.forget()
    main(["check", REPO, "--depth", "headers", "--out", str(tmp_path / "out")])
    sent = {e.headers.get("authorization") for e in hub.exchanges if e.origin == "hub"}
    assert sent == {"Bearer hf_reading"}
    written = "".join(p.read_text(errors="replace") for p in (tmp_path / "out").iterdir())
    assert "hf_reading" not in capsys.readouterr().err + written
