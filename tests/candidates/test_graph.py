"""Tests of the declared graph above a model."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubcheck.candidates.candidate import Standing
from hubcheck.candidates.graph import MAX_DEPTH, MAX_NODES, walk_up
from tests.candidates.small_hub import day, files, index_of, running
from tests.hubserver.search import SearchableHub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return an empty hub."""
    with running(monkeypatch) as started:
        yield started


def add(hub: SearchableHub, edges: dict[str, list[str]], *, gated: str = "") -> None:
    """Add models that declare others."""
    for name, bases in edges.items():
        hub.add_model(name, files(*bases), created=day(1), gated=name == gated)


def test_a_chain_and_a_merge_are_followed(hub: SearchableHub) -> None:
    """Every ancestor is found once, with its depth, licence and the edges to it."""
    add(hub, {"a/base": [], "a/one": ["a/base"], "a/two": ["a/base"]})
    found = walk_up(index_of(hub), "me/mine", ["a/one", "a/two"], relation="merge")
    assert [(n.ref, n.depth) for n in found.nodes] == [("a/one", 1), ("a/two", 1), ("a/base", 2)]
    assert {(e.child, e.parent) for e in found.edges} == {
        ("me/mine", "a/one"), ("me/mine", "a/two"), ("a/one", "a/base"), ("a/two", "a/base"),
    }  # fmt: skip
    assert found.edges[0].relation == "merge"
    assert found.above("a/one") == ("a/base",)
    assert found.nodes[2].licence == "mit"
    assert hub.requests == 3


@pytest.mark.parametrize(
    "edges",
    [
        {"a/one": ["a/two"], "a/two": ["a/one"]},
        {"a/one": ["a/two"], "a/two": ["a/three"], "a/three": ["a/one"]},
        {"a/one": ["me/mine"], "me/mine": ["a/one"]},
    ],
)
def test_a_loop_is_survived_and_said(hub: SearchableHub, edges: dict[str, list[str]]) -> None:
    """Models that declare each other, or the subject itself, end the walk."""
    add(hub, edges)
    found = walk_up(index_of(hub), "me/mine", ["a/one"])
    assert found.loops
    assert len(found.nodes) <= 3
    assert not found.cut
    assert "a/one" not in found.above("a/one")


def test_deleted_and_gated_parents_are_survived(hub: SearchableHub) -> None:
    """A parent that is gone ends its branch and is named; a gated one is walked through."""
    add(hub, {"a/base": [], "a/shut": ["a/base"], "a/kid": ["gone/one", "a/shut"]}, gated="a/shut")
    found = walk_up(index_of(hub), "me/mine", ["a/kid"])
    standing = {n.ref: n.standing for n in found.nodes}
    assert standing == {
        "a/kid": Standing.FOUND,
        "gone/one": Standing.MISSING,
        "a/shut": Standing.GATED,
        "a/base": Standing.FOUND,
    }
    assert found.missing == ("gone/one",)


def test_a_renamed_parent_is_one_model(hub: SearchableHub) -> None:
    """Two spellings of one repository are one node."""
    add(hub, {"a/base": [], "a/one": ["a/base"], "a/two": ["a/renamed"]})
    hub.rename("a/base", "a/renamed")
    found = walk_up(index_of(hub), "me/mine", ["a/one", "a/two"])
    assert [n.ref for n in found.nodes].count("a/renamed") == 1
    assert {(e.child, e.parent) for e in found.edges} >= {
        ("a/one", "a/renamed"),
        ("a/two", "a/renamed"),
    }


def test_depth_and_number_are_capped(hub: SearchableHub) -> None:
    """A chain or a fan without end stops, and the report says so."""
    add(hub, {f"a/m{i}": [f"a/m{i + 1}"] for i in range(MAX_DEPTH + 4)})
    deep = walk_up(index_of(hub), "me/mine", ["a/m0"])
    assert len(deep.nodes) == MAX_DEPTH
    assert deep.cut
    fan = {f"b/m{i}": [f"b/m{16 * i + j}" for j in range(1, 17)] for i in range(60)}
    add(hub, fan)
    wide = walk_up(index_of(hub), "me/mine", ["b/m0"])
    assert len(wide.nodes) == MAX_NODES
    assert wide.cut


def test_spent_requests_end_the_walk_with_what_was_found(hub: SearchableHub) -> None:
    """A limit of requests cuts the walk; nothing is raised."""
    add(hub, {"a/one": ["a/two"], "a/two": ["a/three"], "a/three": []})
    found = walk_up(index_of(hub, requests=2), "me/mine", ["a/one"])
    assert [n.ref for n in found.nodes] == ["a/one", "a/two"]
    assert found.cut
