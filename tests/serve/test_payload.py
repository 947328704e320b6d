"""Are deliveries read tolerantly, and nothing but their ids and commits?"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.serve.payload import MAIN, Ignored, Malformed, Push, read_delivery
from tests.serve.hookedhub import payload

OLD, NEW = "a" * 40, "b" * 40


def read(document: object) -> tuple[Push, ...] | Ignored | Malformed:
    """Read a document as a body."""
    return read_delivery(json.dumps(document).encode())


def test_a_push_is_read() -> None:
    """A delivery names repository, ref, old and new commit."""
    expected = (Push(repo="acme/m", ref=MAIN, old_sha=OLD, new_sha=NEW),)
    assert read(payload("acme/m", MAIN, OLD, NEW)) == expected


def test_a_created_ref_has_no_old_commit() -> None:
    """Null, zeros and a missing key all mean that the ref was created."""
    for old in (None, "0" * 40):
        found = read(payload("acme/m", "refs/pr/7", old, NEW))
        assert found == (Push(repo="acme/m", ref="refs/pr/7", old_sha="", new_sha=NEW),)
        assert isinstance(found, tuple)
        assert found[0].pull_request == 7
    document = payload("acme/m", MAIN, OLD, NEW)
    del document["updatedRefs"][0]["oldSha"]
    assert read(document) == (Push(repo="acme/m", ref=MAIN, old_sha="", new_sha=NEW),)


def test_a_deleted_ref_starts_nothing() -> None:
    """A null newSha is a deletion."""
    assert isinstance(read(payload("acme/m", MAIN, OLD, None)), Ignored)


@pytest.mark.parametrize("ref", ["refs/heads/dev", "refs/tags/v1", "refs/pr/0", "refs/pr/x", ""])
def test_other_refs_start_nothing(ref: str) -> None:
    """Only main and pull requests are checked."""
    assert isinstance(read(payload("acme/m", ref, OLD, NEW)), Ignored)


@pytest.mark.parametrize("scope", ["repo", "repo.content", "repo.something.new"])
def test_an_unknown_scope_counts_as_its_parent(scope: str) -> None:
    """What lies below repo is a change of the repository."""
    assert isinstance(read(payload("acme/m", MAIN, OLD, NEW, scope=scope)), tuple)


@pytest.mark.parametrize("scope", ["discussion", "discussion.comment", "future"])
def test_discussions_start_nothing(scope: str) -> None:
    """A comment is no push, although it may name refs."""
    assert isinstance(read(payload("acme/m", MAIN, OLD, NEW, scope=scope)), Ignored)


@pytest.mark.parametrize("kind", ["dataset", "space", "bucket"])
def test_only_models_are_checked(kind: str) -> None:
    """Datasets, spaces and buckets are left alone."""
    document = payload("acme/m", MAIN, OLD, NEW)
    document["repo"]["type"] = kind
    assert isinstance(read(document), Ignored)


def test_headsha_stands_in_for_missing_refs() -> None:
    """A change of contents without updatedRefs speaks of main's head; of a setting it does not."""
    document = payload("acme/m", MAIN, OLD, NEW)
    del document["updatedRefs"]
    assert read(document) == (Push(repo="acme/m", ref=MAIN, old_sha="", new_sha=NEW),)
    document["event"]["scope"] = "repo.config"
    assert isinstance(read(document), Ignored)


def test_each_ref_counts_once() -> None:
    """A ref that is named twice is one push, to the commit named last."""
    document = payload("acme/m", MAIN, OLD, NEW)
    document["updatedRefs"].append({"ref": MAIN, "oldSha": NEW, "newSha": OLD})
    document["updatedRefs"].append({"ref": "refs/pr/2", "oldSha": None, "newSha": NEW})
    found = read(document)
    assert isinstance(found, tuple)
    assert [(p.ref, p.new_sha) for p in found] == [(MAIN, OLD), ("refs/pr/2", NEW)]


@pytest.mark.parametrize(
    "name", ["../../etc", "acme/m@main", "acme/m\n", "-rf/x", "a/b/c", "https://x/y", "acme/ m"]
)
def test_a_name_that_is_no_id_is_refused(name: str) -> None:
    """What becomes an argument of a command obeys the Hub's grammar."""
    assert isinstance(read(payload(name, MAIN, OLD, NEW)), Malformed)


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"event": 3, "repo": []}']
)
def test_what_is_no_delivery_is_malformed(body: bytes) -> None:
    """Nothing that can be sent raises."""
    assert isinstance(read_delivery(body), Malformed)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.just(NEW),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(
        st.sampled_from(["event", "repo", "updatedRefs", "webhook", "movedTo"]), JSON, max_size=5
    ),
    st.sampled_from(["event", "repo", "updatedRefs"]),
    JSON,
)
def test_any_json_is_answered(wild: dict[str, Any], key: str, value: object) -> None:
    """Whatever stands where, the answer is a value; and a push always names whole commits."""
    for document in (wild, payload("acme/m", MAIN, OLD, NEW) | {key: value}):
        found = read(document)
        if isinstance(found, tuple):
            assert all(len(p.new_sha) == 40 and len(p.old_sha) in (0, 40) for p in found)
        else:
            assert found.reason.isprintable()
