"""Does an independent server answer the Hub's client as the local Hub of the tests does?

Both serve one git repository, the same commit. Every question is put to both by the official
client; the answers must be equal. olah sends no LFS redirects and no partial content, so those are
held against the Hub's documentation only, and the last lines show that hubcheck refuses a whole file
where it asked for a part.

    pip install olah==0.5.4
    python -m benchmarks.hub.olah_check --olah $(which olah-cli)
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from hubcheck.source.interface import Source

REPO: Final = "org/model"
MISSING: Final = "absent.json"
WAIT_SECONDS: Final = 60.0

os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def files() -> dict[str, bytes]:
    """Return the files of the model; the weights have one tensor of 16 numbers."""
    header = b'{"t":{"dtype":"F32","shape":[16],"data_offsets":[0,64]}}'
    weights = struct.pack("<Q", len(header)) + header + bytes(range(64))
    return {
        "README.md": b"---\nlicense: mit\n---\n# Model\n",
        "config.json": b'{"model_type": "llama"}',
        "model.safetensors": weights,
        "sub/notes.txt": "Größe\n".encode(),
    }


def questions(revision: str) -> dict[str, Callable[[str, Path], object]]:
    """Return each question as a function of an endpoint and an empty folder."""
    from huggingface_hub import HfApi, hf_hub_download, snapshot_download

    def api(endpoint: str) -> HfApi:
        return HfApi(endpoint=endpoint, token=False)

    def tree(endpoint: str, *, recursive: bool) -> list[tuple[str, int, str]]:
        listed = api(endpoint).list_repo_tree(REPO, revision=revision, recursive=recursive)
        return sorted(
            (item.path, getattr(item, "size", 0), getattr(item, "blob_id", "")) for item in listed
        )

    def downloaded(endpoint: str, folder: Path) -> dict[str, bytes]:
        return {
            path: Path(
                hf_hub_download(
                    REPO, path, revision=revision, endpoint=endpoint, cache_dir=folder, token=False
                )
            ).read_bytes()
            for path in files()
        }

    def snapshot(endpoint: str, folder: Path) -> dict[str, bytes]:
        copy = Path(
            snapshot_download(
                REPO, revision=revision, endpoint=endpoint, cache_dir=folder, token=False
            )
        )
        return {path: (copy / path).read_bytes() for path in files()}

    def safetensors(endpoint: str) -> object:
        found = api(endpoint).get_safetensors_metadata(REPO, revision=revision)
        return found.parameter_count, sorted(found.weight_map)

    def listed_by_hubcheck(endpoint: str) -> object:
        source = hub_source(endpoint, revision)
        return source.pin.revision, [(f.path, f.size) for f in source.files()]

    return {
        "model_info(revision): commit": lambda e, _: api(e).model_info(REPO, revision=revision).sha,
        "model_info(revision): files": lambda e, _: sorted(
            s.rfilename for s in api(e).model_info(REPO, revision=revision).siblings or ()
        ),
        "list_repo_files": lambda e, _: sorted(api(e).list_repo_files(REPO, revision=revision)),
        "list_repo_tree, recursive: path, size, id": lambda e, _: [
            row for row in tree(e, recursive=True) if row[2]
        ],
        "list_repo_tree, one level: paths": lambda e, _: [
            row[0] for row in tree(e, recursive=False)
        ],
        "get_paths_info: id, one path missing": lambda e, _: [
            (i.path, getattr(i, "blob_id", ""))
            for i in api(e).get_paths_info(REPO, ["config.json", MISSING], revision=revision)
        ],
        "list_repo_refs: main": lambda e, _: [
            ref.target_commit for ref in api(e).list_repo_refs(REPO).branches if ref.name == "main"
        ],
        "file_exists: present, missing": lambda e, _: [
            api(e).file_exists(REPO, path, revision=revision) for path in ("README.md", MISSING)
        ],
        "hf_hub_download: bytes": downloaded,
        "snapshot_download: bytes": snapshot,
        "get_safetensors_metadata": lambda e, _: safetensors(e),
        "hubcheck: commit and listing": lambda e, _: listed_by_hubcheck(e),
    }


def hub_source(endpoint: str, revision: str) -> Source:
    """Open the model as hubcheck does."""
    from hubcheck.source.opening import open_source

    return open_source(f"{REPO}@{revision}", max_read=1 << 20, endpoint=endpoint)


def range_status(endpoint: str, revision: str) -> tuple[int, int]:
    """Return status and length of the answer to a request for four bytes."""
    url = f"{endpoint}/{REPO}/resolve/{revision}/model.safetensors"
    opener = build_opener(ProxyHandler({}))
    with opener.open(Request(url, headers={"Range": "bytes=8-11"}), timeout=10) as answer:  # noqa: S310 - a local server
        return answer.status, len(answer.read())


def partial_read(endpoint: str, revision: str) -> str:
    """Return what hubcheck makes of a read of four bytes."""
    from hubcheck.errors import HubcheckError
    from hubcheck.source.interface import Span
    from hubcheck.source.ledger import Purpose

    source = hub_source(endpoint, revision)
    try:
        span = Span(path="model.safetensors", start=8, stop=12)
        return f"read {source.read([span], Purpose.WEIGHTS)[0]!r}"
    except HubcheckError as error:
        return f"refused: {error.what}"


def start_olah(program: str, folder: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start olah on the mirrored repository; return the process and its endpoint."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "olah.toml").write_text(
        f'[basic]\nhost = "127.0.0.1"\nport = {port}\nrepos-path = "{folder}/repos"\n'
        f'mirrors-path = ["{folder}/mirrors"]\n[accessibility]\noffline = true\n',
        encoding="utf-8",
    )
    words = [program, "--config", str(folder / "olah.toml"), "--log-path", str(folder / "logs")]
    log = (folder / "olah.log").open("wb")
    process = subprocess.Popen(words, cwd=folder, stdout=log, stderr=log)
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process, f"http://127.0.0.1:{port}"
        time.sleep(0.2)
    process.kill()
    message = f"olah did not start; see {folder / 'olah.log'}"
    raise SystemExit(message)


def main() -> int:
    """Compare, print one line per question, return 1 if an answer differs."""
    from tests.hubserver import Content, LocalHub
    from tests.hubserver.git_storage import GitRepository

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--olah", default="olah-cli", help="path of the olah-cli program")
    arguments = parser.parse_args()
    differences = 0
    with tempfile.TemporaryDirectory() as name, LocalHub(git=Path(name) / "git") as hub:
        folder = Path(name)
        held = {path: Content(data, lfs=False) for path, data in files().items()}
        repository = hub.add_repo(REPO, held)
        assert isinstance(repository, GitRepository)
        mirror = folder / "mirrors" / "models" / REPO
        subprocess.run(["git", "clone", "--quiet", str(repository.folder), str(mirror)], check=True)
        revision = repository.refs["main"]
        process, endpoint = start_olah(arguments.olah, folder)
        try:
            for number, (question, ask) in enumerate(questions(revision).items()):
                answers = []
                for server, address in (("local", hub.endpoint), ("olah", endpoint)):
                    try:
                        answers.append(ask(address, folder / f"cache-{server}-{number}"))
                    except Exception as error:  # noqa: BLE001 - any failure is an answer here
                        answers.append(f"{type(error).__name__}: {error}")
                same = answers[0] == answers[1]
                differences += not same
                print(f"{'same  ' if same else 'DIFFER'}  {question}")
                if not same:
                    print(f"          local: {answers[0]}\n          olah:  {answers[1]}")
            for server, address in (("local", hub.endpoint), ("olah", endpoint)):
                status, length = range_status(address, revision)
                print(f"{server}: four bytes asked, status {status}, {length} bytes sent; "
                      f"hubcheck {partial_read(address, revision)}")  # fmt: skip
        finally:
            process.terminate()
            process.wait()
    return int(differences > 0)


if __name__ == "__main__":
    sys.exit(main())
