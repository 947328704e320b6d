"""What the tests of the local Hub's write side start from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.hubserver import LocalHub
from tests.hubserver.session import close_session

WRITER: Final = "hf_writer"
REPO: Final = "org/m"


@pytest.fixture
def git_hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Return a local Hub whose one repository is a real one of git's."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    close_session()
    with LocalHub(git=tmp_path / "git") as started:
        started.add_user(WRITER, "writer", writes=frozenset({REPO}))
        started.add_user("hf_guest", "guest")
        started.add_repo(REPO, {"README.md": b"---\na: 1\n---\n", "w.safetensors": bytes(500)})
        yield started
    close_session()
