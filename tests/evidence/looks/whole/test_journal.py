"""Does a journal give back what was kept, and nothing that was not?"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.devices.reduction import PairSums
from hubcheck.evidence.looks.whole.journal import Journal, key_of, sweep
from hubcheck.evidence.looks.whole.pieces import Found
from hubcheck.evidence.looks.whole.rank import Rank

numbers = st.floats(allow_nan=False, allow_infinity=False)
sums = st.builds(
    PairSums,
    values=st.integers(0, 2**40),
    equal=st.integers(0, 2**40),
    base_square=numbers,
    subject_square=numbers,
    change_square=numbers,
    product=numbers,
    largest=numbers,
)
found = st.builds(
    Found,
    pair=st.integers(0, 10**6),
    number=st.integers(0, 10**6),
    sums=sums,
    rank=st.none() | st.builds(Rank, rank=st.integers(-1, 256), reason=st.text(max_size=20)),
)


def kept(folder: Path, key: str = "k") -> list[Found]:
    """Return what a new run would know."""
    return list(Journal(folder, key, 0).known().values())


@settings(max_examples=30, deadline=None)
@given(st.lists(found, max_size=5, unique_by=lambda f: (f.pair, f.number)))
def test_what_is_kept_comes_back(
    tmp_path_factory: pytest.TempPathFactory, some: list[Found]
) -> None:
    """Bit for bit, from several processes and several runs."""
    folder = tmp_path_factory.mktemp("state")
    for rank, part in enumerate((some[:2], some[2:])):
        for one in part:
            with Journal(folder, "k", rank) as journal:
                journal.keep([one])
    assert sorted(kept(folder), key=repr) == sorted(some, key=repr)
    assert kept(folder, "other") == []


ONE = Found(
    pair=1,
    number=2,
    sums=PairSums(
        values=3,
        equal=1,
        base_square=0.1,
        subject_square=0.2,
        change_square=0.3,
        product=0.4,
        largest=0.5,
    ),
    rank=Rank(rank=4),
)


def test_a_line_that_was_torn_is_dropped_and_the_next_run_goes_on(tmp_path: Path) -> None:
    """A killed run leaves half a line: what came before it and after it counts."""
    with Journal(tmp_path, "k", 0) as journal:
        journal.keep([ONE])
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole + whole.strip()[: len(whole) // 2])
    assert kept(tmp_path) == [ONE]
    with Journal(tmp_path, "k", 0) as journal:
        journal.keep([Found(pair=9, number=0, sums=ONE.sums, rank=None)])
    assert [f.pair for f in kept(tmp_path)] == [1, 9]


def test_damage_in_the_middle_makes_the_file_count_as_absent(tmp_path: Path) -> None:
    """Where a line before others is wrong, nothing of the file is believed."""
    with Journal(tmp_path, "k", 0) as journal:
        for _ in range(3):
            journal.keep([ONE])
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes().replace(b"[[1,2,3", b"[[1,2,4", 1))
    assert kept(tmp_path) == []


def test_only_finished_journals_are_swept(tmp_path: Path) -> None:
    """What a stopped run left stays; what is done goes; other files are not touched."""
    (tmp_path / "report.json").write_text("{}")
    for key in ("done", "stopped"):
        with Journal(tmp_path, key, 0) as journal:
            journal.keep([ONE])
            if key == "done":
                journal.finish()
    sweep(tmp_path)
    assert {p.name for p in tmp_path.iterdir()} == {
        "report.json",
        "hubcheck-full-stopped.0.journal",
    }
    sweep(tmp_path / "absent")


def test_a_link_in_the_place_of_the_file_is_not_followed(tmp_path: Path) -> None:
    """Whoever may write to the folder cannot make another file grow."""
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "hubcheck-full-k.0.journal").symlink_to(target)
    with Journal(tmp_path, "k", 0) as journal:
        journal.keep([ONE])
        assert journal.trouble
    assert target.read_text() == "mine"


def test_keys_tell_everything_apart() -> None:
    """Other parts, another order: another key; the same parts: the same."""
    assert key_of(["a", 1]) == key_of(["a", 1])
    assert len({key_of(p) for p in (["a", 1], [1, "a"], ["a1"], [["a", 1]], ["\ud800"])}) == 5
