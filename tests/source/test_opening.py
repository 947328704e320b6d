"""Tests of opening whatever a REF names, and of what that costs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.source import open_source
from hubcheck.source.folder import FolderSource
from hubcheck.source.hub import HubSource
from hubcheck.source.ledger import Purpose
from tests.hubserver import LocalHub


def test_a_folder_is_opened(tmp_path: Path) -> None:
    """A path opens a folder source whose ledger has the limit that was given."""
    (tmp_path / "config.json").write_bytes(b"{}")
    source = open_source(str(tmp_path), max_read=5)
    assert isinstance(source, FolderSource)
    assert source.ledger.max_read == 5
    assert source.read_document("config.json", limit=5) == b"{}"


def test_a_repository_is_opened(hub: LocalHub) -> None:
    """An id opens a Hub source at the endpoint that was given."""
    hub.add_repo("org/m", {"config.json": b"{}"})
    source = open_source("org/m@main", max_read=5, endpoint=hub.endpoint)
    assert isinstance(source, HubSource)
    assert source.read_document("config.json", limit=5) == b"{}"
    assert source.ledger.by_purpose()[Purpose.DOCUMENT] == 2


def test_the_client_is_asked_for_the_endpoint(
    hub: LocalHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an endpoint the one that huggingface_hub is configured for is used."""
    hub.add_repo("org/m", {"config.json": b"{}"})
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", hub.endpoint)
    assert open_source("org/m", max_read=5).pin.ref == "org/m"


def test_nonsense_is_not_opened() -> None:
    """A malformed REF or limit is refused before anything is looked at."""
    with pytest.raises(UsageError):
        open_source("not a ref", max_read=5)
    with pytest.raises(UsageError):
        open_source("org/m", max_read=0)
    with pytest.raises(MissingModelError):
        open_source("./no/such/model", max_read=5)


def test_a_local_check_does_not_import_the_client(tmp_path: Path) -> None:
    """Opening a folder imports neither the Hub's client nor an HTTP library."""
    program = (
        "import sys; from hubcheck.source import open_source; "
        f"open_source({str(tmp_path)!r}, max_read=1).files(); "
        "print(sorted({m.partition('.')[0] for m in sys.modules} & "
        "{'huggingface_hub', 'httpx', 'httpx2', 'requests', 'numpy', 'http', 'email'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"
