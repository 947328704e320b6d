"""What every test of publishing to the Hub starts from: a local Hub with git behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from hubcheck.publish.hub.client import HubClient
from hubcheck.publish.hub.credentials import Credential, Role
from tests.hubserver import LocalHub
from tests.hubserver.session import close_session

OWNER: Final = "hf_owner_token"
OTHER: Final = "hf_other_token"
STRANGER: Final = "hf_stranger_token"
REPO: Final = "acme/model"
README: Final = b"---\nlicense: mit  # ours\nbase_model: acme/base\n---\n# Model\n\nText.\n"

ClientOf = Callable[..., HubClient]


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Return a local Hub with an owner, a second writer and a stranger, and one model."""
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HF_OIDC_RESOURCE", "HF_OIDC_ID_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for role in ("READ", "WRITE"):
        monkeypatch.delenv(f"HUBCHECK_{role}_TOKEN", raising=False)
        monkeypatch.delenv(f"HUBCHECK_{role}_OIDC_RESOURCE", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    constants = "huggingface_hub.constants"
    monkeypatch.setattr(f"{constants}.HF_TOKEN_PATH", str(tmp_path / "no-token"))
    monkeypatch.setattr(f"{constants}.HF_HUB_DISABLE_TELEMETRY", True)
    # The local Hub stores large files by LFS; the client would try its own storage first.
    monkeypatch.setattr(f"{constants}.HF_HUB_DISABLE_XET", True)
    close_session()
    with LocalHub(git=tmp_path / "git") as started:
        monkeypatch.setenv("HF_ENDPOINT", started.endpoint)
        monkeypatch.setattr(f"{constants}.ENDPOINT", started.endpoint)
        started.add_user(OWNER, "owner", writes=frozenset({REPO}))
        started.add_user(OTHER, "other", writes=frozenset({REPO}))
        started.add_user(STRANGER, "stranger")
        started.add_repo(REPO, {"README.md": README, "model.safetensors": b"weights 1"})
        started.forget()
        yield started
    close_session()


@pytest.fixture
def client_of(hub: LocalHub) -> ClientOf:
    """Return a function that makes the client of one token, which never really waits."""

    def make(token: str = OWNER, repo_id: str = REPO) -> HubClient:
        held = Credential(role=Role.WRITE, origin="test", token=token)
        return HubClient(repo_id, credential=held, endpoint=hub.endpoint, sleep=lambda _: None)

    return make
