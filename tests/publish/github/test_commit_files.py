"""Tests of reading a commit's model over the API, without a checkout."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from hubcheck.errors import UsageError
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.commit_files import Fetched, fetch_model
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import NAME, OWNER

COMMIT = "c" * 40
WEIGHTS = b"w" * 5_000
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()


def pointer(digest: str = DIGEST, size: int = len(WEIGHTS)) -> bytes:
    """Return an LFS pointer."""
    return (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {size}\n".encode()
    )


@pytest.fixture
def storage() -> Iterator[str]:
    """An LFS server that has one object."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            wanted = json.loads(self.rfile.read(size))["objects"][0]
            home = f"http://127.0.0.1:{self.server.server_port}"  # type: ignore[attr-defined]
            actions = {"download": {"href": f"{home}/{wanted['oid']}"}}
            body = json.dumps({"objects": [{**wanted, "actions": actions}]}).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(WEIGHTS)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def fetch(github: GitHub, into: Path, lfs: str, folder: str = "models/tiny") -> Fetched:
    """Fetch the model of the commit."""
    return fetch_model(
        github, OWNER, NAME, COMMIT, folder=folder, into=into, lfs_server=lfs,
        lfs_repository=f"stranger/{NAME}",
    )  # fmt: skip


def test_files_and_large_files_arrive(
    server: LocalGitHub, github: GitHub, tmp_path: Path, storage: str
) -> None:
    """Configs come as blobs, weights from LFS, checked by their digest."""
    server.world.add_commit(
        COMMIT,
        {
            "models/tiny/README.md": b"# card",
            "models/tiny/model.safetensors": pointer(),
            "models/tiny/run.py": b"print()",
            "models/other/README.md": b"other",
        },
    )
    fetched = fetch(github, tmp_path, storage)
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["README.md", "model.safetensors"]
    assert (tmp_path / "model.safetensors").read_bytes() == WEIGHTS
    assert fetched.left_out == []


@pytest.mark.parametrize(
    "given", [pointer("0" * 64), pointer(size=100), pointer(size=9_000_000_000)]
)
def test_what_is_not_as_promised_stays_a_pointer(
    server: LocalGitHub, github: GitHub, tmp_path: Path, storage: str, given: bytes
) -> None:
    """Another digest, another size, or too much: the pointer stays, with the reason."""
    server.world.add_commit(COMMIT, {"models/tiny/model.safetensors": given})
    fetched = fetch(github, tmp_path, storage)
    assert (tmp_path / "model.safetensors").read_bytes() == given
    assert len(fetched.left_out) == 1
    assert [p.name for p in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize(
    "path",
    [
        "models/tiny/../../x.json",
        "models/tiny//etc/x.json",
        "models/tiny/.git/config.json",
        "models/tiny/-rf.json",
        "models/tiny/a/b/c/d.json",
        "models/tiny/n\nn.json",
    ],
)
def test_a_name_that_leads_elsewhere_is_not_written(
    server: LocalGitHub, github: GitHub, tmp_path: Path, storage: str, path: str
) -> None:
    """Names come from the commit; only plain ones become files."""
    server.world.add_commit(COMMIT, {path: b"x", "models/tiny/README.md": b"y"})
    fetch(github, tmp_path, storage)
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["README.md"]


def test_a_link_is_not_a_file(
    server: LocalGitHub, github: GitHub, tmp_path: Path, storage: str
) -> None:
    """A symbolic link of the commit is never created."""
    server.world.add_commit(COMMIT, {"models/tiny/config.json": b"/etc/passwd"})
    server.world.trees[COMMIT][0]["mode"] = "120000"
    assert fetch(github, tmp_path, storage).files == []


def test_the_whole_repository_and_too_many_files(
    server: LocalGitHub, github: GitHub, tmp_path: Path, storage: str
) -> None:
    """A dot is the whole repository; a folder of five hundred files is no model."""
    server.world.add_commit(COMMIT, {"README.md": b"x"})
    assert fetch(github, tmp_path, storage, ".").files == ["README.md"]
    server.world.add_commit(COMMIT, {f"f{i}.json": b"x" for i in range(500)})
    with pytest.raises(UsageError, match="holds 500 files"):
        fetch(github, tmp_path, storage, ".")
