"""Tests of what the Hub's answers say about a repository."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import HostileCheckpointError, NetworkFaultError
from hubcheck.source.interface import FileEntry, Pin
from hubcheck.source.listing import by_path, described_files, read_entries, read_pin
from hubcheck.source.reference import HubReference

ASKED = HubReference(repo_id="org/m", revision="v1")
COMMIT = "0123456789abcdef0123456789abcdef01234567"

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "path", "size", "lfs", "oid", "id", "sha", "createdAt"]),
            inner | st.just("file"),
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_json_is_a_listing_or_an_error_of_ours(payload: object) -> None:
    """No answer gets past the checks or breaks them."""
    with suppress(NetworkFaultError, HostileCheckpointError):
        for entry in read_entries(payload, "org/m"):
            assert entry.size >= 0
            assert not {"", ".", ".."} & set(entry.path.split("/"))
            assert entry.path.encode()
    with suppress(NetworkFaultError):
        assert len(read_pin(payload, ASKED).revision) == 40


def test_a_description_names_the_commit() -> None:
    """Name, commit and date are taken; a date that is none is left out."""
    answer = {"id": "new/m", "sha": COMMIT, "createdAt": "2026-01-02T03:04:05.000Z"}
    created = "2026-01-02T03:04:05.000Z"
    assert read_pin(answer, ASKED) == Pin(ref="new/m", revision=COMMIT, created=created)
    for date in (None, 5, "<b>soon</b>"):
        assert read_pin(answer | {"createdAt": date}, ASKED).created == ""


@pytest.mark.parametrize(
    "answer", [[], {}, {"id": "org/m"}, {"id": "../m", "sha": COMMIT}, {"id": "m", "sha": "main"}]
)
def test_a_description_without_a_commit(answer: object) -> None:
    """An answer that pins nothing is not from a Hub."""
    with pytest.raises(NetworkFaultError) as caught:
        read_pin(answer, ASKED)
    assert caught.value.what == "The Hub named no commit for 'org/m' at 'v1'."


def test_entries_carry_the_lfs_digest() -> None:
    """Files are kept with the digest that LFS states; folders and broken digests are not."""
    items = [
        {"type": "directory", "path": "d", "size": 0},
        {"type": "file", "path": "d/a", "size": 3, "lfs": {"oid": "a" * 64}},
        {"type": "file", "path": "b", "size": 4, "lfs": {"oid": "A" * 64}},
        {"type": "file", "path": "c", "size": 0, "lfs": None},
    ]
    assert list(read_entries(items, "org/m")) == [
        FileEntry(path="d/a", size=3, sha256="a" * 64),
        FileEntry(path="b", size=4, sha256=""),
        FileEntry(path="c", size=0, sha256=""),
    ]


@pytest.mark.parametrize(
    "item",
    [
        "file",
        {"type": "file", "path": 5, "size": 3},
        {"type": "file", "path": "a", "size": -1},
        {"type": "file", "path": "a", "size": True},
        {"type": "file", "path": "a", "size": 2**60},
        {"type": "file", "path": "a", "size": 1.5},
    ],
)
def test_a_broken_listing(item: object) -> None:
    """An item without a sane path and size makes the listing unusable."""
    with pytest.raises(NetworkFaultError, match="The listing of 'org/m' cannot be used"):
        list(read_entries([item], "org/m"))


@pytest.mark.parametrize("path", ["../up", "/etc/passwd", "a//b", "a/./b", "a\ud800", "a\0b", ""])
def test_a_hostile_listing(path: str) -> None:
    """A path that git cannot store, or no address can carry, is refused."""
    with pytest.raises(HostileCheckpointError, match="'org/m' lists a file at"):
        list(read_entries([{"type": "file", "path": path, "size": 1}], "org/m"))


def test_pages_that_overlap_name_a_file_once() -> None:
    """The same file on two pages is one; two files of one name are no listing."""
    a, b, other = (FileEntry(path=p, size=n, sha256="") for p, n in (("a", 1), ("b", 1), ("a", 2)))
    assert list(by_path([b, a, b], "org/m").items()) == [("a", a), ("b", b)]
    with pytest.raises(NetworkFaultError, match="'a' is listed as two files"):
        by_path([a, b, other], "org/m")


def test_a_description_that_does_not_say_all_lists_nothing() -> None:
    """Sizes that are missing or no numbers, and lists that are none, leave it to the listing."""
    whole = {"rfilename": "a", "size": 3, "blobId": "b" * 40}
    assert described_files({"siblings": [whole]})
    for listed in ([], None, [whole, {"rfilename": "b"}], [whole | {"size": True}], ["a"]):
        assert described_files({"siblings": listed}) == []
    assert described_files([whole]) == []
