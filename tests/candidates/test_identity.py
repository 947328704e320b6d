"""Tests of files that two models share."""

from __future__ import annotations

import hashlib

from hubcheck.candidates.identity import (
    FileKind,
    fingerprint_of,
    fingerprints,
    kind_of,
    shared_files,
)
from hubcheck.source.interface import FileEntry

BIG = 200_000


def lfs(path: str, digest: str, size: int = BIG) -> tuple[FileEntry, str]:
    """Return a listed LFS file; its blob id is that of the pointer."""
    return FileEntry(path=path, size=size, sha256=digest * 64), "p" * 40


def plain(path: str, oid: str, size: int = BIG) -> tuple[FileEntry, str]:
    """Return a listed file that git stores itself."""
    return FileEntry(path=path, size=size, sha256=""), oid * 40


def test_equal_weights_are_found_under_another_name() -> None:
    """A renamed shard with the same digest is shared; nothing is read for it."""
    mine = fingerprints([lfs("weights.safetensors", "a"), lfs("other.safetensors", "b")])
    theirs = fingerprints([lfs("model-00001-of-00002.safetensors", "a")])
    (shared,) = shared_files(mine, theirs)
    assert (shared.kind, shared.path) == (FileKind.WEIGHTS, "model-00001-of-00002.safetensors")


def test_a_tokenizer_in_git_is_found_by_its_blob_id() -> None:
    """A small tokenizer has no SHA-256 on the Hub; its blob id says the same."""
    mine = fingerprints([plain("tokenizer.json", "1", 9_000)])
    theirs = fingerprints([plain("tokenizer.json", "1", 9_000), plain("vocab.json", "2", 9_000)])
    assert [s.kind for s in shared_files(mine, theirs)] == [FileKind.TOKENIZER]


def test_two_pointers_are_no_equal_files() -> None:
    """The blob id of an LFS pointer is not the file's: only its SHA-256 counts."""
    assert not shared_files(
        fingerprints([lfs("a.safetensors", "a")]), fingerprints([lfs("a.safetensors", "b")])
    )


def test_what_many_repositories_share_by_accident_does_not_count() -> None:
    """Licences, configs, stubs and files without a digest prove nothing."""
    same = [plain("LICENSE", "1"), plain("config.json", "2"), lfs("stub.safetensors", "c", 64)]
    assert not shared_files(fingerprints(same), fingerprints(same))
    unknown = [(FileEntry(path="model.safetensors", size=BIG, sha256=""), "")]
    assert not shared_files(fingerprints(unknown), fingerprints(unknown))
    assert kind_of("merges.txt", 10) is None


def test_a_read_file_is_known_by_both_digests() -> None:
    """A folder's tokenizer can be held against LFS and against git storage alike."""
    data = b"x" * 3_000
    print_ = fingerprint_of("tokenizer.json", data)
    oid = hashlib.sha1(b"blob 3000\0" + data, usedforsecurity=False).hexdigest()
    assert (print_.sha256, print_.git_oid) == (hashlib.sha256(data).hexdigest(), oid)
