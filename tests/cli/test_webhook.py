"""Does ``hubcheck webhook`` register what was asked for, and tell no secret?"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from huggingface_hub import HfApi

from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from tests.hubserver import Status
from tests.hubserver.session import close_session
from tests.serve.hookedhub import HookedHub, payload

TOKEN: Final = "hf_owner_token_0123456789"
SECRET: Final = "a-webhook-secret-0123456789"
MODEL: Final = "acme/finetune"


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HookedHub]:
    """Return a Hub with webhooks, on which the environment's token is the owner's."""
    close_session()
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    with HookedHub(git=tmp_path / "git") as started:
        started.add_user(TOKEN, "owner", writes=frozenset({MODEL}))
        monkeypatch.setenv("HF_ENDPOINT", started.endpoint)
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", started.endpoint)
        monkeypatch.setenv("HF_HOME", str(tmp_path))
        monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
        monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
        monkeypatch.setenv("HF_HUB_DISABLE_TELEMETRY", "1")
        monkeypatch.setenv("HUBCHECK_WRITE_TOKEN", TOKEN)
        monkeypatch.setenv("HUBCHECK_WEBHOOK_SECRET", SECRET)
        yield started
    close_session()


def test_create_list_delete(hub: HookedHub, capsys: pytest.CaptureFixture[str]) -> None:
    """A model and an organisation are watched for pushes only; the list shows no secret."""
    url = "https://checks.acme.example/webhook"
    assert main(["webhook", "create", MODEL, "--url", url]) == 0
    assert main(["webhook", "create", "acme", "--url", url]) == 0
    assert list(hub.webhooks.values()) == [
        {"watched": [{"type": "model", "name": MODEL}], "domains": ["repo"], "secret": SECRET,
         "url": url},
        {"watched": [{"type": "org", "name": "acme"}], "domains": ["repo"], "secret": SECRET,
         "url": url},
    ]  # fmt: skip
    first, second = hub.webhooks
    assert main(["webhook", "list", "--json"]) == 0
    assert main(["webhook", "delete", first]) == 0
    assert list(hub.webhooks) == [second]
    assert main(["webhook", "delete", first]) == 2
    told = capsys.readouterr()
    assert f"{first}" in told.out
    assert SECRET not in told.out + told.err
    assert TOKEN not in told.out + told.err
    assert "Deleting a webhook was refused (status 404)" in told.err


@pytest.mark.skipif(
    "secrets" not in inspect.signature(HfApi.create_webhook).parameters,
    reason="this client gives a webhook no secrets: the test below is its test",
)
def test_a_job_gets_its_secrets_by_name(
    hub: HookedHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The template has a time limit and no secret; the webhook passes the named ones."""
    words = ["webhook", "create", "acme", "--job-image", "acme/hubcheck:1", "--secret-name",
             "HUBCHECK_WRITE_TOKEN", "--job-seconds", "900", "--publish", "discussion,model-card",
             "--suspect", "zoo/base"]  # fmt: skip
    assert main([*words, "--dry-run"]) == 0
    assert not hub.webhooks
    assert main(words) == 0
    (job,), (hook,) = hub.jobs, hub.webhooks.values()
    assert job["dockerImage"] == "acme/hubcheck:1"
    assert job["timeoutSeconds"] == 900
    assert job["flavor"] == "cpu-basic"
    assert not job.get("secrets")
    assert job["command"][:7] == ["hubcheck", "webhook", "run", "--allow", "acme/*", "--publish",
                                  "discussion,model-card"]  # fmt: skip
    assert hook["jobSourceId"] == "1"
    assert hook["secrets"] == {"HUBCHECK_WRITE_TOKEN": TOKEN}
    assert TOKEN not in capsys.readouterr().out
    monkeypatch.delenv("HUBCHECK_WEBHOOK_SECRET")
    assert main([*words[:5], "--secret-name", "NOT_SET"]) == 2
    assert "NOT_SET is not set." in capsys.readouterr().err


def test_an_old_client_is_told_before_a_job_starts(
    hub: HookedHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that cannot pass secrets is refused, and no Job is left running for nothing."""

    def of_an_old_client(self: object, *, url: str) -> None:
        """Know nothing of secrets."""

    monkeypatch.setattr("huggingface_hub.HfApi.create_webhook", of_an_old_client)
    words = ["webhook", "create", "acme", "--job-image", "x", "--secret-name"]
    assert main([*words, "HUBCHECK_WRITE_TOKEN"]) == 2
    assert "cannot give secrets to a webhook" in capsys.readouterr().err
    assert not hub.jobs


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["acme/m", "--url", "http://acme.example/webhook"], "is not an https address"),
        (["acme/m", "--url", "https://acme.example/"], "is not a receiver's address"),
        (["acme/m", "--url", "https://me:pw@acme.example/webhook"], "is not a receiver's address"),
        (["acme/m/x", "--url", "https://acme.example/webhook"], "is not the name of a model"),
        (["acme", "--kind", "model", "--url", "https://a.example/webhook"], "name of a model"),
        (["acme", "--url", "https://a.example/webhook", "--secret-name", "X"], "--job-image"),
        (["acme", "--url", "https://a.example/webhook", "--publish", "nowhere"], "is not a place"),
        (["acme", "--url", "https://a.example/webhook", "--time-limit", "1"], "--time-limit is 1"),
    ],
)
def test_what_makes_no_sense_is_refused(
    hub: HookedHub, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    """Refused before anything is sent, with exit code 2 and without a password."""
    assert main(["webhook", "create", *words]) == 2
    told = capsys.readouterr().err
    assert said in told
    assert "pw" not in told
    assert not hub.requests


def test_a_weak_secret_is_refused(
    hub: HookedHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Missing, short and unsendable secrets are told by name and length, never by value."""
    for value, said in (("", "is not set"), ("short", "has 5 characters"),
                        ("x" * 20 + "\n", "holds characters")):  # fmt: skip
        monkeypatch.setenv("HUBCHECK_WEBHOOK_SECRET", value)
        url = "https://acme.example/webhook"
        assert main(["webhook", "create", "acme/m", "--url", url]) == 2
        told = capsys.readouterr().err
        assert f"HUBCHECK_WEBHOOK_SECRET {said}" in told
        assert not value or value not in told


def test_a_wrong_token_is_told(
    hub: HookedHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A refusal by the Hub is one sentence, without the request."""
    monkeypatch.setenv("HUBCHECK_WRITE_TOKEN", "hf_wrong")
    assert main(["webhook", "list"]) == 2
    told = capsys.readouterr().err
    assert "the token may not do that (status 401)" in told
    assert "hf_wrong" not in told
    hub.faults.add(Status(status=503), path="/api/settings/webhooks", times=9)
    assert main(["webhook", "list"]) == 3
    assert "failed: status 503" in capsys.readouterr().err


def test_run_in_a_job(
    hub: HookedHub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a Job one delivery is guarded, checked and answered; a template does nothing."""
    run = ["webhook", "run", "--allow", MODEL]
    assert main(run) == 0
    assert "this is the template" in capsys.readouterr().out
    hub.add_repo("zoo/base", MODELS / "base")
    repository = hub.add_repo(MODEL, MODELS / "finetune")
    first = repository.resolve("main")
    assert first is not None
    body = payload(MODEL, "refs/heads/main", None, first.oid)
    monkeypatch.setenv("WEBHOOK_PAYLOAD", json.dumps(body))
    monkeypatch.setenv("WEBHOOK_SECRET", SECRET)
    assert main(run) == 0
    assert f"{MODEL}@{first.oid[:7]}: confirmed. wrote the comment" in capsys.readouterr().out
    assert [t.title for t in repository.board.topics.values()] == [
        "hubcheck: provenance of the weights"
    ]
    prose = hub.push(MODEL, {"train.py": b"print()"}).oid
    monkeypatch.setenv(
        "WEBHOOK_PAYLOAD", json.dumps(payload(MODEL, "refs/heads/main", first.oid, prose))
    )
    assert main(run) == 0
    assert "skipped" in capsys.readouterr().out
    assert main(["webhook", "run", "--allow", "other/*"]) == 0
    assert "not on the allow-list" in capsys.readouterr().out
    monkeypatch.setenv("WEBHOOK_PAYLOAD", "{")
    assert main(run) == 2
