"""Does the index find the nearest families, and only what a reader may see of them?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hubcheck.catalogue import tables
from hubcheck.catalogue.build import open_index, write
from hubcheck.catalogue.entry import Entry, Standing, read_entry
from hubcheck.catalogue.index import Index
from hubcheck.catalogue.manifest import MANIFEST
from hubcheck.catalogue.sketch import N_BYTES
from hubcheck.errors import HubcheckError, UnreadableError
from tests.catalogue.entries import NOW, drawn, entry, written

BASE = drawn(1)
TUNED = drawn(2, like=BASE, changed=0.05)
POISON = drawn(3, like=BASE, changed=0.01)
OTHERS = tuple(entry(f"org/stranger-{i}", drawn(100 + i)) for i in range(20))


def member(ref: str, seed: int, changed: float, standing: Standing = Standing.MEMBER) -> Entry:
    """Return a model near the base."""
    sketch = drawn(seed, like=BASE, changed=changed)
    return entry(ref, sketch, family="org/base", standing=standing)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a catalogue with a family of three, one in quarantine, and twenty strangers."""
    return written(
        tmp_path / "catalogue",
        *OTHERS,
        entry("org/base", BASE),
        member("org/tuned", 2, 0.05),
        member("org/far", 4, 0.2),
        member("org/poison", 3, 0.01, Standing.QUARANTINED),
    )


def opened(folder: Path) -> Index:
    """Return the index in a folder."""
    index = open_index(folder)
    assert index is not None
    return index


def test_the_family_comes_first_and_its_nearest_member_first_in_it(folder: Path) -> None:
    """Answers are families; one in quarantine is named, and never stands for the family."""
    index = opened(folder)
    first, second = index.nearest(drawn(9, like=TUNED, changed=0.02))[:2]
    assert first.root.entry.ref == "org/base"
    assert [n.entry.ref for n in first.members] == ["org/tuned", "org/base", "org/far"]
    assert [n.entry.ref for n in first.quarantined] == ["org/poison"]
    assert first.z > 30
    assert second.z < 6
    assert index.n_models == 24


def test_roots_that_are_scanned_in_pieces_rank_as_they_do_at_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a piece ends is nothing to the answer."""
    asked = drawn(9, like=TUNED, changed=0.02)
    whole = [(f.root.entry.ref, f.z) for f in opened(folder).nearest(asked)]
    monkeypatch.setattr(tables, "PIECE", 5)
    assert [(f.root.entry.ref, f.z) for f in opened(folder).nearest(asked)] == whole


def test_a_later_generation_stands_for_the_same_model(folder: Path) -> None:
    """What is added later is found, in its family and as a family of its own."""
    added = (member("org/tuned", 5, 0.4), member("org/new", 6, 0.1), entry("org/own", drawn(7)))
    write(folder, opened(folder), added, now=NOW)
    index = opened(folder)
    first = index.nearest(BASE)[0]
    assert [n.entry.ref for n in first.members] == ["org/base", "org/new", "org/far", "org/tuned"]
    assert index.nearest(drawn(8, like=drawn(7), changed=0.1))[0].root.entry.ref == "org/own"
    assert len(list(index.entries())) == 27


def test_many_generations_become_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deltas are merged, each model once, and the tables that are named no longer are deleted."""
    monkeypatch.setattr("hubcheck.catalogue.build.MOST_DELTAS", 2)
    write(folder, opened(folder), [member("org/tuned", 5, 0.4)], now=NOW)
    write(folder, opened(folder), [entry("org/own", drawn(7))], now=NOW)
    index = opened(folder)
    assert len(index.manifest.generations) == 1
    assert len({e.ref for e in index.entries()}) == index.n_models == 25
    assert len(list(folder.glob("*.safetensors"))) == 2
    assert index.nearest(BASE)[0].members[-1].entry.ref == "org/tuned"


def test_only_the_family_asked_for_is_read(folder: Path) -> None:
    """A query reads the roots, and the members of the families that come out first."""
    large = [
        entry(f"org/l-{i}", drawn(i), family="org/large", standing=Standing.MEMBER)
        for i in range(40)
    ]
    write(folder, opened(folder), [entry("org/large", drawn(77)), *large], now=NOW)
    index = opened(folder)
    index.nearest(BASE, families=1)
    without = index.source.ledger.bytes_read
    index.nearest(drawn(77), families=1)
    assert without < 50_000 < 40 * N_BYTES + without < index.source.ledger.bytes_read


@pytest.mark.parametrize(
    "spoil",
    [
        lambda m: m.update(sketch=1),
        lambda m: m.update(anchors="0" * 64),
        lambda m: m.update(format="other"),
        lambda m: m.update(generations=7),
        lambda m: m["generations"][0].update(n_roots=-1),
        lambda m: m["generations"][0].update(n_roots=10**9),
        lambda m: m["generations"][0]["roots"].update(path="../../other"),
        lambda m: m["generations"][0]["members"].update(size=5),
    ],
)
def test_a_manifest_that_lies_is_refused(folder: Path, spoil: object) -> None:
    """Another version, other sizes, paths that lead elsewhere: a clear refusal, never a crash."""
    place = folder / MANIFEST
    values = json.loads(place.read_bytes())
    assert callable(spoil)
    spoil(values)
    place.write_text(json.dumps(values))
    with pytest.raises(HubcheckError):
        opened(folder).nearest(BASE)


@pytest.mark.parametrize("table", ["roots", "members"])
def test_a_damaged_table_is_refused(folder: Path, table: str) -> None:
    """Bytes that are turned over in a header or an offset end in a refusal."""
    place = next(folder.glob(f"{table}-*.safetensors"))
    data = bytearray(place.read_bytes())
    for at in (0, 9, 40, 200, len(data) - 40):
        spoiled = bytearray(data)
        spoiled[at : at + 8] = b"\xff" * 8
        place.write_bytes(spoiled)
        try:
            opened(folder).nearest(BASE)
        except HubcheckError:
            continue
        # What is left is one character of a text, or bits of one sketch.
        assert at >= 200


@pytest.mark.parametrize(
    "line",
    [
        b"{}",
        b"[]",
        b"\xff",
        entry("org/a", BASE).line().replace(b"org/a", b"../etc"),
        entry("org/a", BASE).line().replace(b'"root"', b'"king"'),
        entry("org/a", BASE).line().replace(b'"parameters":7', b'"parameters":-7'),
        entry("org/a", BASE).line().replace(b"2026-05", b"<b>"),
    ],
)
def test_a_strange_entry_is_refused(line: bytes) -> None:
    """Names, dates and numbers of a stranger's catalogue are checked one by one."""
    with pytest.raises(UnreadableError):
        read_entry(line, BASE.slots.tobytes())


def test_an_entry_comes_back_as_it_was() -> None:
    """Written and read, everything stands."""
    one = member("org/tuned", 2, 0.05)
    again = read_entry(one.line(), one.sketch.slots.tobytes())
    assert again.line() == one.line()
    assert (again.sketch.slots == one.sketch.slots).all()
