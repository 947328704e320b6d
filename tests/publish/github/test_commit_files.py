"""Tests of reading a commit's model over the API, without a checkout."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from hubcheck.errors import UsageError
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.commit_files import Fetched, fetch_model
from hubcheck.source.weight_files import FORMATS
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import NAME, OWNER

COMMIT = "c" * 40
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    f"oid sha256:{hashlib.sha256(b'w').hexdigest()}\nsize 9000000000\n"
).encode()


def fetch(github: GitHub, into: Path, folder: str = "models/tiny") -> Fetched:
    """Fetch the model of the commit."""
    return fetch_model(github, OWNER, NAME, COMMIT, folder=folder, into=into)


def written(folder: Path) -> list[str]:
    """Return the files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def test_what_a_check_reads_arrives(server: LocalGitHub, github: GitHub, tmp_path: Path) -> None:
    """Weights of every format, configs, tokenizers, card, licence; code and images do not."""
    read = [
        *(f"weights{ending}" for ending in FORMATS), "model.safetensors.index.json", "README.md",
        "config.json", "tokenizer.model", "merges.txt", "x.tiktoken", "mergekit_config.yml",
        "LICENSE", "a/b/c/d/e/model.safetensors", "m@x.gguf", "-rf.bin", "two words.json",
    ]  # fmt: skip
    others = ["run.py", "picture.png", "notes.txt", "Makefile"]
    names = [*read, *others]
    files = {f"models/tiny/{name}": name.encode() for name in names}
    server.world.add_commit(COMMIT, {**files, "models/other/README.md": b"other"})
    fetched = fetch(github, tmp_path)
    assert written(tmp_path) == sorted(read)
    assert (tmp_path / "m@x.gguf").read_bytes() == b"m@x.gguf"
    assert fetched.left_out == []
    assert fetched.is_there


def test_a_large_file_stays_a_pointer(server: LocalGitHub, github: GitHub, tmp_path: Path) -> None:
    """Its content is read by range where it lies, however large it is."""
    server.world.add_commit(COMMIT, {"models/tiny/model.safetensors": POINTER})
    assert fetch(github, tmp_path).left_out == []
    assert (tmp_path / "model.safetensors").read_bytes() == POINTER


def test_a_file_of_some_size_comes_as_it_is(
    server: LocalGitHub, github: GitHub, tmp_path: Path
) -> None:
    """Up to what GitHub holds in git; beyond that it is named, not skipped."""
    data = bytes(range(256)) * 100_000
    server.world.add_commit(COMMIT, {"m/model.gguf": data, "m/other.gguf": b"x"})
    server.world.trees[COMMIT][1]["size"] = 100_000_001
    fetched = fetch(github, tmp_path, "m")
    assert (tmp_path / "model.gguf").read_bytes() == data
    assert fetched.left_out == ["m/other.gguf (100000001 bytes in git itself; use Git LFS)"]


@pytest.mark.parametrize(
    "path",
    [
        "models/tiny/../../x.json",
        "models/tiny//etc/x.json",
        "models/tiny/.git/config.json",
        "models/tiny/a/.GIT/d.json",
        "models/tiny/./x.json",
        "models/tiny/" + "n" * 300 + ".json",
        "models/tiny/n\nn.json",
    ],
)
def test_a_name_that_leads_elsewhere_is_not_written(
    server: LocalGitHub, github: GitHub, tmp_path: Path, path: str
) -> None:
    """Names come from the commit; one that leads elsewhere becomes no file, and is told."""
    server.world.add_commit(COMMIT, {path: b"x", "models/tiny/README.md": b"y"})
    fetched = fetch(github, tmp_path)
    assert written(tmp_path) == ["README.md"]
    assert [reason.partition(" (")[2] for reason in fetched.left_out] == [
        "its name cannot be a file here)"
    ]


def test_a_link_is_not_a_file(server: LocalGitHub, github: GitHub, tmp_path: Path) -> None:
    """A symbolic link of the commit is never created."""
    server.world.add_commit(COMMIT, {"models/tiny/config.json": b"/etc/passwd"})
    server.world.trees[COMMIT][0]["mode"] = "120000"
    fetched = fetch(github, tmp_path)
    assert fetched.files == []
    assert "a link" in fetched.left_out[0]


def test_the_whole_repository_and_too_many_files(
    server: LocalGitHub, github: GitHub, tmp_path: Path
) -> None:
    """A dot is the whole repository; a folder of five hundred files is no model."""
    server.world.add_commit(COMMIT, {"README.md": b"x"})
    assert fetch(github, tmp_path, ".").files == ["README.md"]
    server.world.add_commit(COMMIT, {f"f{i}.json": b"x" for i in range(500)})
    with pytest.raises(UsageError, match="holds 500 files"):
        fetch(github, tmp_path, ".")


@pytest.mark.parametrize(("folder", "there"), [("models/tiny", True), ("models/tin", False)])
def test_a_folder_without_anything_to_read_is_still_there(
    server: LocalGitHub, github: GitHub, tmp_path: Path, folder: str, there: bool
) -> None:
    """An emptied folder is a model without weights, a missing one is no model."""
    server.world.add_commit(COMMIT, {"models/tiny/run.py": b"x"})
    fetched = fetch(github, tmp_path, folder)
    assert (fetched.files, fetched.is_there) == ([], there)
