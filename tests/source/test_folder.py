"""Tests of reading models on this machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubcheck.errors import (
    BudgetExceededError,
    HostileCheckpointError,
    MissingModelError,
    UnreadableError,
    UnsupportedFormatError,
    UsageError,
)
from hubcheck.source import folder
from hubcheck.source.folder import FolderSource
from hubcheck.source.interface import FileEntry, Span
from hubcheck.source.ledger import Ledger, Purpose
from tests.hubserver.storage import Content

WEIGHTS = bytes(range(256)) * 40


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """Return a folder with a card, weights in a subfolder, and git's own folder."""
    root = tmp_path / "model"
    (root / "sub").mkdir(parents=True)
    (root / ".git").mkdir()
    (root / ".git" / "config").write_bytes(b"secret")
    (root / "README.md").write_bytes(b"# card")
    (root / "sub" / "w.safetensors").write_bytes(WEIGHTS)
    return root


def source_of(path: Path, *, max_read: int = 1 << 20) -> FolderSource:
    """Open a local model."""
    return FolderSource(path, typed="typed", ledger=Ledger(max_read))


def paths_of(source: FolderSource) -> list[str]:
    """Return the listed paths."""
    return [entry.path for entry in source.files()]


def test_a_folder_lists_its_files_sorted(model: Path) -> None:
    """Every file but git's own is listed with its size and no digest, and nothing is charged."""
    source = source_of(model)
    assert source.files() == (
        FileEntry(path="README.md", size=6, sha256=""),
        FileEntry(path="sub/w.safetensors", size=len(WEIGHTS), sha256=""),
    )
    assert (source.ledger.bytes_read, source.ledger.hashed_bytes) == (0, 0)
    assert (str(source.pin), source.pin.revision, source.pin.created) == ("typed", "local", "")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(st.tuples(st.integers(0, len(WEIGHTS)), st.integers(0, len(WEIGHTS))), max_size=8))
def test_reads_are_exact_and_in_order(model: Path, ends: list[tuple[int, int]]) -> None:
    """Spans come back in the order asked, overlapping or not, and are charged byte by byte."""
    spans = [Span(path="sub/w.safetensors", start=min(e), stop=max(e)) for e in ends]
    source = source_of(model)
    assert source.read(spans, Purpose.WEIGHTS) == [WEIGHTS[s.start : s.stop] for s in spans]
    assert source.ledger.by_purpose()["weights"] == sum(s.size for s in spans)
    assert source.ledger.requests == 0


def test_two_files_in_one_read_leave_no_descriptor_open(model: Path) -> None:
    """Reading from several files closes each of them."""
    source = source_of(model)
    spans = [
        Span(path="sub/w.safetensors", start=0, stop=3),
        Span(path="README.md", start=2, stop=6),
        Span(path="sub/w.safetensors", start=255, stop=257),
    ]
    before = os.open(model, os.O_RDONLY)
    os.close(before)
    assert source.read(spans, Purpose.HEADER) == [b"\x00\x01\x02", b"card", b"\xff\x00"]
    after = os.open(model, os.O_RDONLY)
    os.close(after)
    # The lowest free number is handed out, so a leak would move it up.
    assert after == before


def test_the_budget_is_asked_first(model: Path) -> None:
    """A read over the limit is refused before a byte is read, and books nothing."""
    source = source_of(model, max_read=100)
    span = Span(path="sub/w.safetensors", start=0, stop=60)
    with pytest.raises(BudgetExceededError):
        source.read([span, span], Purpose.WEIGHTS)
    assert source.ledger.bytes_read == 0
    assert source.read([span], Purpose.WEIGHTS) == [WEIGHTS[:60]]


def test_documents_have_a_limit(model: Path) -> None:
    """A document is read whole, or refused by its size, or missing."""
    source = source_of(model)
    assert source.read_document("README.md", limit=6) == b"# card"
    assert source.ledger.by_purpose()["document"] == 6
    with pytest.raises(UnreadableError, match="over the limit of 5 bytes"):
        source.read_document("README.md", limit=5)
    with pytest.raises(MissingModelError, match=r"no file 'config\.json'"):
        source.read_document("config.json", limit=5)


@pytest.mark.parametrize("path", ["../outside", "/etc/hostname", "sub/../README.md", ".git/config"])
def test_unlisted_paths_are_missing(model: Path, path: str) -> None:
    """A path from a hostile index reaches nothing that is not listed."""
    (model.parent / "outside").write_bytes(b"secret")
    with pytest.raises(MissingModelError):
        source_of(model).read_document(path, limit=100)


def test_links_may_not_leave_the_folder(model: Path) -> None:
    """Links within the folder work; links out, broken links and pipes are named, not read."""
    (model.parent / "outside").write_bytes(b"secret")
    (model / "inner").symlink_to("README.md")
    (model / "out").symlink_to("../outside")
    (model / "outdir").symlink_to(model.parent)
    (model / "broken").symlink_to("nothing")
    (model / "loop").symlink_to("loop")
    os.mkfifo(model / "pipe")
    source = source_of(model)
    assert paths_of(source) == ["README.md", "inner", "sub/w.safetensors"]
    assert source.refused == {
        "broken": "it cannot be opened (a broken link, or no permission)",
        "loop": "it cannot be opened (a broken link, or no permission)",
        "out": "it is a link that leaves the folder",
        "outdir": "it is a link that leaves the folder",
        "pipe": "it is not a regular file",
    }
    assert source.read_document("inner", limit=10) == b"# card"
    for path in ("out", "pipe"):
        with pytest.raises(HostileCheckpointError) as caught:
            source.read_document(path, limit=10)
        assert caught.value.what == f"'{path}' is not read: {source.refused[path]}."


def test_a_link_swapped_in_after_the_listing_is_not_followed(model: Path) -> None:
    """What was a file when listed and is a link out when opened stays unread."""
    (model.parent / "outside").write_bytes(b"secret")
    source = source_of(model)
    source.files()
    (model / "README.md").unlink()
    (model / "README.md").symlink_to("../outside")
    with pytest.raises(HostileCheckpointError):
        source.read_document("README.md", limit=10)


def test_a_pipe_swapped_in_after_the_listing_does_not_hang(model: Path) -> None:
    """What was a file when listed and is a pipe when opened is an error at once."""
    source = source_of(model)
    source.files()
    (model / "README.md").unlink()
    os.mkfifo(model / "README.md")
    with pytest.raises(UnreadableError, match="changed while it was read"):
        source.read_document("README.md", limit=10)


@pytest.mark.parametrize("after", [b"# longer card", b"#", None])
def test_a_file_that_changes_is_unreadable(model: Path, after: bytes | None) -> None:
    """A file that grew, shrank or vanished since the listing is an error, not other bytes."""
    source = source_of(model)
    source.files()
    if after is None:
        (model / "README.md").unlink()
    else:
        (model / "README.md").write_bytes(after)
    with pytest.raises(UnreadableError, match=r"'README\.md' changed while it was read"):
        source.read_document("README.md", limit=100)


def hub_cache(root: Path) -> Path:
    """Build the Hub client's cache layout and return the snapshot folder."""
    snapshot = root / "models--org--name" / "snapshots" / ("a" * 40)
    blobs = root / "models--org--name" / "blobs"
    (snapshot / "sub").mkdir(parents=True)
    blobs.mkdir()
    (blobs / "b1").write_bytes(WEIGHTS)
    (blobs / "b2").write_bytes(b"{}")
    (snapshot / "sub" / "w.safetensors").symlink_to("../../../blobs/b1")
    (snapshot / "config.json").symlink_to("../../blobs/b2")
    return snapshot


def test_the_hub_cache_layout_is_followed(tmp_path: Path) -> None:
    """A cached snapshot is a folder of links into its blobs, and reads as a model."""
    snapshot = hub_cache(tmp_path)
    (tmp_path / "models--org--name" / "refs").write_bytes(b"secret")
    (snapshot / "up").symlink_to("../../refs")
    source = source_of(snapshot)
    assert paths_of(source) == ["config.json", "sub/w.safetensors"]
    assert list(source.refused) == ["up"]
    assert source.read_document("config.json", limit=10) == b"{}"
    assert paths_of(source_of(snapshot / "config.json")) == ["config.json"]


def test_blobs_are_open_to_that_layout_only(tmp_path: Path) -> None:
    """The same links outside the cache's folder names are refused."""
    hub_cache(tmp_path)
    (tmp_path / "models--org--name").rename(tmp_path / "elsewhere")
    source = source_of(tmp_path / "elsewhere" / "snapshots" / ("a" * 40))
    assert list(source.refused) == ["config.json", "sub/w.safetensors"]


def test_a_file_is_a_model_with_its_card_and_config(model: Path) -> None:
    """A model given as a file shows that file and what describes it, no other weights."""
    (model / "a.gguf").write_bytes(b"GGUF")
    (model / "b.gguf").write_bytes(b"GGUF")
    (model / "config.json").write_bytes(b"{}")
    assert paths_of(source_of(model / "a.gguf")) == ["README.md", "a.gguf", "config.json"]


def test_a_file_that_is_a_link_is_what_the_user_named(model: Path) -> None:
    """The one file that was named may lie anywhere; its neighbours may not."""
    (model / "secret").write_bytes(b"secret")
    (model / "sub" / "config.json").symlink_to(model / "secret")
    (model / "sub" / "linked.safetensors").symlink_to(model / "README.md")
    source = source_of(model / "sub" / "linked.safetensors")
    assert paths_of(source) == ["linked.safetensors"]
    assert source.read_document("linked.safetensors", limit=10) == b"# card"
    assert source.refused == {"config.json": "it is a link that leaves the folder"}


def test_an_lfs_pointer_stands_for_its_content(model: Path) -> None:
    """A pointer is listed with the content's digest and size, and cannot be read."""
    content = Content(WEIGHTS)
    (model / "p.safetensors").write_bytes(content.pointer)
    source = source_of(model)
    entry = next(entry for entry in source.files() if entry.path == "p.safetensors")
    assert (entry.size, entry.sha256) == (len(WEIGHTS), content.sha256)
    assert source.digests(limit_bytes=0) == {"p.safetensors": content.sha256}
    with pytest.raises(UnsupportedFormatError, match="is a Git LFS pointer"):
        source.read([Span(path="p.safetensors", start=0, stop=1)], Purpose.HEADER)
    assert source.ledger.bytes_read == 0


def test_digests_take_the_smallest_files_first(model: Path) -> None:
    """Files are hashed up to the limit, counted apart from what was read."""
    source = source_of(model)
    card = hashlib.sha256(b"# card").hexdigest()
    assert source.digests(limit_bytes=len(WEIGHTS)) == {"README.md": card}
    assert (source.ledger.hashed_bytes, source.ledger.bytes_read) == (6, 0)
    assert source.digests() == {
        "README.md": card,
        "sub/w.safetensors": hashlib.sha256(WEIGHTS).hexdigest(),
    }


def test_a_folder_above_the_model_is_refused(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with too many files is a usage error, not a long walk."""
    monkeypatch.setattr(folder, "MAX_FILES", 1)
    with pytest.raises(UsageError, match="holds more than 1 files"):
        source_of(model).files()


def test_a_filesystem_may_return_less_than_asked(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short reads are continued, and a file that ends early is an error."""
    whole = os.pread
    monkeypatch.setattr(os, "pread", lambda fd, size, at: whole(fd, min(size, 7), at))
    source = source_of(model)
    span = Span(path="sub/w.safetensors", start=3, stop=100)
    assert source.read([span], Purpose.WEIGHTS) == [WEIGHTS[3:100]]
    monkeypatch.setattr(os, "pread", lambda fd, size, at: whole(fd, size, at) if at < 50 else b"")
    with pytest.raises(UnreadableError, match="it ends before byte 100"):
        source.read([span, Span(path=span.path, start=60, stop=100)], Purpose.WEIGHTS)


def test_a_folder_that_vanished(model: Path) -> None:
    """A folder that is gone when it is listed is a missing model."""
    source = source_of(model)
    model.rename(model.parent / "moved")
    with pytest.raises(MissingModelError, match="cannot be listed: No such file or directory"):
        source.files()


def test_a_folder_too_deep_to_open_is_named(model: Path) -> None:
    """A subfolder that cannot be listed is left out by name, and the rest is read."""
    folder_fd = os.open(model, os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=folder_fd)
        inner = os.open("d" * 250, os.O_RDONLY, dir_fd=folder_fd)
        os.close(folder_fd)
        folder_fd = inner
    os.close(folder_fd)
    source = source_of(model)
    assert paths_of(source) == ["README.md", "sub/w.safetensors"]
    assert len(source.refused) == 1
