"""Is a workflow on GitHub told of a push, in the form that the action reads?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from action.event import HUB_KEYS
from hubcheck.serve.dispatch import client_payload
from hubcheck.serve.payload import Push
from tests.hubserver import LocalHub
from tests.serve.dispatches import Dispatches
from tests.serve.hookedhub import payload, post
from tests.serve.receiving import SECRET, Receiving, until

TOKEN: Final = "github_token_0123456789"


def test_the_payload_is_what_the_action_reads() -> None:
    """The keys are the action's own, and the pull request's number goes along."""
    push = Push(repo="acme/m", ref="refs/pr/7", old_sha="", new_sha="a" * 40)
    assert client_payload(push) == {
        "repo": "acme/m", "ref": "refs/pr/7", "old_sha": "", "new_sha": "a" * 40, "discussion": 7,
    }  # fmt: skip
    assert set(client_payload(push)) == set(HUB_KEYS)


@pytest.mark.parametrize(
    ("status", "token", "event", "state"),
    [
        (204, TOKEN, "ended", "done"),
        (204, "revoked_token", "ended", "failed"),
        (500, TOKEN, "postponed", ""),
    ],
)
def test_a_push_becomes_one_dispatch(
    tmp_path: Path, status: int, token: str, event: str, state: str
) -> None:
    """Sent once; a refusal ends the job, trouble of GitHub's is waited out; no token is told."""
    with LocalHub() as hub, Dispatches(token=TOKEN, status=status) as github:
        hub.add_repo("acme/m", {"config.json": b"{}"})
        pushed = hub.push("acme/m", {"config.json": b"{ }"}).oid
        environment = {
            "HF_ENDPOINT": hub.endpoint, "GITHUB_API_URL": github.address,
            "HUBCHECK_GITHUB_TOKEN": token,
        }  # fmt: skip
        words = ("--allow", "acme/*", "--dispatch", "acme/checks")
        with Receiving(tmp_path, *words, environment=environment) as receiver:
            post(receiver.url, payload("acme/m", "refs/heads/main", None, pushed), SECRET)
            until(lambda: [e for e in receiver.events if e["event"] == event])
            found = next(e for e in receiver.events if e["event"] == event)
            assert found.get("state", "") == state
            assert receiver.terminate() == 0
        assert token not in "".join(receiver.text)
        sent = [d["client_payload"]["new_sha"] for d in github.taken]
        assert sent == ([] if token != TOKEN else [pushed])
        assert all(d["event_type"] == "hub-update" for d in github.taken)
