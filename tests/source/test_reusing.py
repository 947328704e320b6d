"""Is what is read into memory that is used again the same as what is read into fresh memory?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck import system
from hubcheck.errors import BudgetExceededError, UnreadableError, UnsupportedFormatError
from hubcheck.source.folder import FolderSource
from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.remembering import RememberingSource
from hubcheck.source.reusing import ALIGNED, Room, read_into
from hubcheck.source.selected import SelectedSource
from tests.hubserver.storage import Content
from tests.memory_source import MemorySource

FILES = {"a": bytes(range(256)), "b": bytes(range(255, -1, -1)) * 3}
SPANS = [
    Span(path="b", start=7, stop=600),
    Span(path="a", start=3, stop=3),
    Span(path="a", start=100, stop=256),
    Span(path="b", start=0, stop=9),
]
WANTED = [FILES[s.path][s.start : s.stop] for s in SPANS]


@pytest.fixture
def folder(tmp_path: Path) -> FolderSource:
    """Return a folder of two files."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
    return FolderSource(tmp_path, typed="typed", ledger=Ledger(10_000))


@given(st.lists(st.lists(st.integers(0, 300), max_size=6), min_size=1, max_size=4))
def test_places_do_not_touch_each_other(asked: list[list[int]]) -> None:
    """Every place has its size, begins at a whole vector, and holds what was put there."""
    room = Room()
    for sizes in asked:
        places = room.places(sizes)
        for n, place in enumerate(places):
            place[:] = bytes([n]) * len(place)
        assert [bytes(p) for p in places] == [bytes([n]) * size for n, size in enumerate(sizes)]
        ends = [0]
        for size in sizes:
            ends.append(-(-(ends[-1] + size) // ALIGNED) * ALIGNED)
        whole = room.places([ends[-1]])[0]
        for start, n, size in zip(ends, range(len(sizes)), sizes, strict=False):
            assert bytes(whole[start : start + size]) == bytes([n]) * size


@pytest.mark.parametrize("wrapped", ["folder", "remembering", "selected", "both"])
def test_the_same_bytes_are_read_and_booked(folder: FolderSource, wrapped: str) -> None:
    """Through whatever wraps it, a folder reads into the room what it reads without one."""
    source: Source = folder
    if wrapped in {"selected", "both"}:
        source = SelectedSource(source, {name: name for name in FILES}, ref="x")
    if wrapped in {"remembering", "both"}:
        source = RememberingSource(source)
    room = Room()
    for _ in range(2):
        found = read_into(source, SPANS, room, Purpose.WEIGHTS)
        assert [bytes(one) for one in found] == WANTED
        assert all(isinstance(one, memoryview) for one in found)
    assert source.ledger.by_purpose()["weights"] == 2 * sum(map(len, WANTED))


def test_a_source_that_has_no_room_reads_as_always() -> None:
    """What comes from a network comes as bytes of its own."""
    source = RememberingSource(MemorySource(FILES))
    assert read_into(source, SPANS, Room(), Purpose.WEIGHTS) == WANTED


@pytest.mark.usefixtures("folder")
def test_the_budget_is_asked_before_a_byte_is_read(tmp_path: Path) -> None:
    """A ledger that refuses is told before the disk is."""
    poor = FolderSource(tmp_path, typed="typed", ledger=Ledger(10))
    with pytest.raises(BudgetExceededError):
        read_into(poor, SPANS, Room(), Purpose.WEIGHTS)
    assert poor.ledger.bytes_read == 0


def test_content_that_lies_elsewhere_is_asked_for_elsewhere(
    tmp_path: Path, folder: FolderSource
) -> None:
    """A pointer's bytes are never taken for the content's."""
    (tmp_path / "p").write_bytes(Content(b"weights").pointer)
    with pytest.raises(UnsupportedFormatError, match="is a Git LFS pointer"):
        read_into(folder, [Span(path="p", start=0, stop=1)], Room(), Purpose.WEIGHTS)


def test_a_file_that_is_cut_short_is_an_error_and_no_crash(
    tmp_path: Path, folder: FolderSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short reads are continued; what an earlier read left in the room never stands for a value."""
    whole, place_of_it = system.read_into, "hubcheck.source.file_spans.read_into"
    monkeypatch.setattr(place_of_it, lambda fd, place, at: whole(fd, place[:7], at))
    room = Room()
    assert [bytes(x) for x in read_into(folder, SPANS, room, Purpose.WEIGHTS)] == WANTED
    with (tmp_path / "b").open("r+b") as file:

        def cut(fd: int, place: memoryview, at: int) -> int:
            file.truncate(50)
            return whole(fd, place, at)

        monkeypatch.setattr(place_of_it, cut)
        with pytest.raises(UnreadableError, match="it ends before byte 600"):
            read_into(folder, SPANS[:1], room, Purpose.WEIGHTS)
