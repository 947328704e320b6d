"""Are weight files called equal only where they are, and at the least cost?"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hubcheck.evidence.looks.equality.files import (
    FileBasis,
    FileSet,
    FileState,
    WholeFiles,
    compare_files,
)
from hubcheck.source.folder import FolderSource
from hubcheck.source.ledger import Ledger
from tests.memory_source import MemorySource

RANDOM = np.random.default_rng(0).bytes(1_000_000)
OTHER = np.random.default_rng(1).bytes(1_000_000)
LATE = RANDOM[:-1] + bytes([RANDOM[-1] ^ 1])
"""One bit differs, in the last byte."""


def local(folder: Path, files: Mapping[str, bytes], *, max_read: int = 1 << 30) -> FileSet:
    """Return a folder with these files, none of them hashed."""
    folder.mkdir()
    for path, content in files.items():
        (folder / path).write_bytes(content)
    source = FolderSource(folder, typed=str(folder), ledger=Ledger(max_read))
    return FileSet(source=source, files=source.files())


def remote(files: Mapping[str, bytes], *, stated: bool, max_read: int = 1 << 30) -> FileSet:
    """Return a model on a host that states digests, or none."""
    source = MemorySource(files, max_read=max_read)
    entries = tuple(
        replace(f, sha256=hashlib.sha256(files[f.path]).hexdigest()) if stated else f
        for f in source.files()
    )
    return FileSet(source=source, files=entries)


def compared(base: FileSet, subject: FileSet, **limits: Any) -> WholeFiles:
    """Compare with one seed."""
    return compare_files(base, subject, seed=5, **limits)


def cost(*sides: FileSet) -> list[int]:
    """Return bytes read and hashed of both."""
    return [n for s in sides for n in (s.source.ledger.bytes_read, s.source.ledger.hashed_bytes)]


def test_local_copies_are_hashed_and_equal_whatever_their_names(tmp_path: Path) -> None:
    """Two folders with the same bytes are equal; what is hashed is booked as hashed."""
    base = local(tmp_path / "a", {"one.bin": RANDOM, "two.bin": OTHER[:-1]})
    subject = local(tmp_path / "b", {"x.bin": OTHER[:-1], "y.bin": RANDOM})
    found = compared(base, subject)
    assert (found.state, found.basis) == (FileState.EQUAL, FileBasis.HASHED)
    assert found.bytes_compared == found.bytes_total == len(RANDOM) + len(OTHER) - 1
    assert base.source.ledger.hashed_bytes == subject.source.ledger.hashed_bytes == 1_999_999
    assert base.source.ledger.bytes_read <= 16 * 4096


def test_one_bit_in_the_last_byte_is_a_difference(tmp_path: Path) -> None:
    """Ranges that miss the change do not make two files equal."""
    base, subject = local(tmp_path / "a", {"w": RANDOM}), local(tmp_path / "b", {"w": LATE})
    assert compared(base, subject).state is FileState.DIFFERENT


def test_unequal_sizes_cost_no_byte(tmp_path: Path) -> None:
    """Neither a read nor a hash: the sizes say it."""
    base, subject = local(tmp_path / "a", {"w": RANDOM}), local(tmp_path / "b", {"w": RANDOM[:-1]})
    found = compared(base, subject)
    assert (found.state, found.basis) == (FileState.DIFFERENT, FileBasis.SIZES)
    assert cost(base, subject) == [0, 0, 0, 0]


def test_a_fine_tune_is_told_by_some_ranges_and_never_hashed(tmp_path: Path) -> None:
    """Files of equal size that differ everywhere cost a few pages, however large they are."""
    base, subject = local(tmp_path / "a", {"w": RANDOM}), local(tmp_path / "b", {"w": OTHER})
    found = compared(base, subject)
    assert (found.state, found.basis) == (FileState.DIFFERENT, FileBasis.RANGES)
    assert cost(base, subject)[1::2] == [0, 0]


@pytest.mark.parametrize(("content", "state"), [(RANDOM, "equal"), (LATE, "different")])
def test_a_folder_is_hashed_against_a_stated_digest(
    tmp_path: Path, content: bytes, state: str
) -> None:
    """A host's digest is enough for its side: only the local one is hashed."""
    base, subject = remote({"w": RANDOM}, stated=True), local(tmp_path / "b", {"w": content})
    assert compared(base, subject).state == state
    assert base.source.ledger.bytes_read <= 3 * 4096
    assert (subject.source.ledger.hashed_bytes, base.source.ledger.hashed_bytes) == (1_000_000, 0)


def test_what_is_too_large_to_hash_is_equal_as_read_and_no_more(tmp_path: Path) -> None:
    """Above the limit the word is 'equal in every range read', and how much that was."""
    base, subject = local(tmp_path / "a", {"w": RANDOM}), local(tmp_path / "b", {"w": LATE})
    found = compared(base, subject, hash_limit=999_999, read_limit=300_000)
    assert found.state is FileState.EQUAL_AS_READ
    assert 0 < found.bytes_compared <= 300_000
    assert cost(base, subject)[1::2] == [0, 0]


def test_headers_let_stated_digests_decide(tmp_path: Path) -> None:
    """Where no weight byte may be read, none is, and none is hashed."""
    base, subject = local(tmp_path / "a", {"w": RANDOM}), local(tmp_path / "b", {"w": RANDOM})
    found = compare_files(base, subject, seed=0, reading=False)
    assert (found.state, found.basis) == (FileState.NOT_COMPARED, FileBasis.NOT_READ)
    assert cost(base, subject) == [0, 0, 0, 0]
    stated = [remote({"w": c}, stated=True) for c in (RANDOM, RANDOM, OTHER)]
    assert compare_files(*stated[:2], seed=0, reading=False).state is FileState.EQUAL
    assert compare_files(*stated[1:], seed=0, reading=False).state is FileState.DIFFERENT


def test_hashing_does_not_need_the_budget(tmp_path: Path) -> None:
    """A budget too small for one range leaves the hash, which is no transfer."""
    base = local(tmp_path / "a", {"w": RANDOM}, max_read=1)
    assert compared(base, local(tmp_path / "b", {"w": RANDOM})).state is FileState.EQUAL


def test_a_spent_budget_and_a_fault_are_values() -> None:
    """What cannot be read is a coded value with its side, not an error and not equality."""
    whole = remote({"w": RANDOM}, stated=False)
    poor = compared(remote({"w": RANDOM}, stated=False, max_read=1), whole)
    assert (poor.state, poor.basis) == (FileState.NOT_COMPARED, FileBasis.BUDGET)
    lost = FileSet(source=MemorySource({}), files=whole.files)
    lost.source.files = lambda: whole.files  # type: ignore[method-assign]
    found = compared(lost, whole)
    assert (found.state, found.basis, found.side) == (
        FileState.NOT_COMPARED, FileBasis.NETWORK, "base"
    )  # fmt: skip


def test_no_files_are_not_equal_files() -> None:
    """Two models without weights are not identical."""
    none = remote({}, stated=True)
    assert compared(none, none).basis is FileBasis.NO_FILES
