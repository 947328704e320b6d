"""Tests that the local Hub answers the Hub's own client as the Hub does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from huggingface_hub import HfApi, hf_hub_download
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.hf_api import RepoFile, RepoFolder

from tests.hubserver import LocalHub
from tests.hubserver.session import close_session
from tests.hubserver.storage import Content

FILES = {"README.md": b"# card", "sub/w.safetensors": bytes(1000), "config.json": b"{}"}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalHub]:
    """Return a local Hub with one open, one gated and one private repository."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_TELEMETRY", True)
    close_session()
    with LocalHub(page_size=2) as started:
        started.add_repo("org/m", FILES)
        started.add_repo("org/gated", FILES, gated=True, readers=frozenset({"hf_good"}))
        started.add_repo("org/private", FILES, private=True, readers=frozenset({"hf_good"}))
        yield started
    close_session()


def api_of(hub: LocalHub, token: str | bool = False) -> HfApi:
    """Return the client; ``False`` sends no token."""
    return HfApi(endpoint=hub.endpoint, token=token)


def test_the_client_reads_the_description(hub: LocalHub) -> None:
    """model_info, refs and commits parse, and agree on the commit."""
    api = api_of(hub)
    info = api.model_info("org/m", files_metadata=True, timeout=10)
    assert [s.rfilename for s in info.siblings or ()] == sorted(FILES)
    lfs = next(s.lfs for s in info.siblings or () if s.lfs)
    assert (lfs.size, lfs.sha256) == (1000, Content(bytes(1000)).sha256)
    assert [ref.target_commit for ref in api.list_repo_refs("org/m").branches] == [info.sha]
    assert [made.commit_id for made in api.list_repo_commits("org/m")] == [info.sha]


def test_the_client_lists_page_by_page(hub: LocalHub) -> None:
    """The tree has every file and folder, with and without recursion."""
    api = api_of(hub)
    items = list(api.list_repo_tree("org/m", recursive=True))
    assert {i.path: i.size for i in items if isinstance(i, RepoFile)} == {
        path: len(data) for path, data in FILES.items()
    }
    assert [i.path for i in items if isinstance(i, RepoFolder)] == ["sub"]
    assert [i.path for i in api.list_repo_tree("org/m")] == ["README.md", "config.json", "sub"]
    assert [i.path for i in api.get_paths_info("org/m", ["config.json", "no"])] == ["config.json"]


def test_the_client_downloads_through_the_storage_host(hub: LocalHub, tmp_path: Path) -> None:
    """A download follows the redirect, and the storage host never sees the token."""
    for path, data in FILES.items():
        local = hf_hub_download(
            "org/m", path, endpoint=hub.endpoint, cache_dir=tmp_path, token=False
        )
        assert Path(local).read_bytes() == data
    assert hub.content_bytes() == sum(map(len, FILES.values()))
    assert any(seen.origin == "storage" for seen in hub.exchanges)


@pytest.mark.parametrize(
    ("repo_id", "path", "revision", "token", "kind"),
    [
        ("org/none", "config.json", "main", False, RepositoryNotFoundError),
        ("org/private", "config.json", "main", "hf_good", None),
        ("org/private", "config.json", "main", False, RepositoryNotFoundError),
        ("org/gated", "config.json", "main", False, GatedRepoError),
        ("org/gated", "config.json", "main", "hf_good", None),
        ("org/m", "no.json", "main", False, EntryNotFoundError),
        ("org/m", "config.json", "v9", False, RevisionNotFoundError),
    ],
)
def test_the_client_recognises_refusals(
    hub: LocalHub,
    repo_id: str,
    path: str,
    revision: str,
    token: str | bool,
    kind: type[Exception] | None,
) -> None:
    """Each refusal carries the code that the client maps to its own error."""
    api = api_of(hub, token)
    url = f"{hub.endpoint}/{repo_id}/resolve/{revision}/{path}"
    if kind is None:
        assert api.get_hf_file_metadata(url=url).size == 2
    else:
        with pytest.raises(kind):
            api.get_hf_file_metadata(url=url)


def test_whoami(hub: LocalHub) -> None:
    """A valid token has a user."""
    assert api_of(hub, "hf_good").whoami()["name"] == "reader"
