"""Is a commit the repository's own, whatever the host answers?"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from hubcheck.card.wording import sentence
from hubcheck.errors import NetworkFaultError, UnreachableError
from hubcheck.source.belonging import (
    MAX_PAGES,
    Belonging,
    Standing,
    belonging_of,
    established,
    proposed_by_name,
)
from hubcheck.source.opening import open_source
from hubcheck.source.reference import HubReference
from tests.hubserver import LocalHub
from tests.hubserver.session import close_session
from tests.memory_source import MemorySource

REPO: Final = "famous/llm"
ERROR: Final = {"cause": "a test", "next_step": "none"}


def oid(n: int) -> str:
    """Return a commit."""
    return f"{n:040x}"


def refs(*, branches: Any = (), tags: Any = (), **more: Any) -> dict[str, Any]:
    """Return the host's list of refs from (name, commit) pairs."""

    def listed(start: str, pairs: Any) -> list[dict[str, str]]:
        return [{"name": n, "ref": start + n, "targetCommit": c} for n, c in pairs]

    return {
        "branches": listed("refs/heads/", branches),
        "tags": listed("refs/tags/", tags),
        "converts": [],
        **more,
    }


def standing(
    asked: str, commit: str, payload: object, histories: dict[str, list[list[str]]]
) -> tuple[Standing, list[str]]:
    """Return the answer, and which histories were asked for."""
    asked_for: list[str] = []

    def history(ref: str) -> Iterator[object]:
        for page in histories.get(ref, []):
            asked_for.append(ref)
            yield [{"id": one} for one in page]

    found = established(REPO, asked, commit, lambda: payload, history)
    assert (found.standing is Standing.OWN) == (not found.reason)
    return found.standing, asked_for


def test_a_head_costs_no_history() -> None:
    """The head of any branch or tag is known from the list alone."""
    payload = refs(branches=[("main", oid(1)), ("dev", oid(2))], tags=[("v1", oid(3))])
    for asked, n in (("dev", 2), ("v1", 3), ("refs/tags/v1", 3), (oid(1), 1)):
        assert standing(asked, oid(n), payload, {}) == (Standing.OWN, [])


def test_an_old_commit_is_found_in_a_history() -> None:
    """``main`` is looked through first, another branch after it, a known stretch never twice."""
    payload = refs(
        branches=[("dev", oid(9)), ("main", oid(3))], tags=[("old", oid(2)), ("side", oid(7))]
    )
    histories = {
        "main": [[oid(3), oid(2)], [oid(1)]],
        "dev": [[oid(9), oid(8)]],
        "side": [[oid(7), oid(6)]],
    }
    assert standing(oid(1), oid(1), payload, histories) == (Standing.OWN, ["main", "main"])
    assert standing(oid(8), oid(8), payload, histories)[0] is Standing.OWN
    found, asked_for = standing(oid(6), oid(6), payload, histories)
    assert found is Standing.OWN
    assert "old" not in asked_for


@pytest.mark.parametrize("asked", [oid(77), "refs/convert/parquet", "pr/9", "HEAD~1", "abcdef1"])
def test_what_no_branch_or_tag_holds_is_a_proposal(asked: str) -> None:
    """Whatever it is called, and although the host resolves it."""
    payload = refs(branches=[("main", oid(1))])
    payload["converts"] = [
        {"name": "parquet", "ref": "refs/convert/parquet", "targetCommit": oid(77)}
    ]
    payload["pullRequests"] = [{"name": "9", "ref": "refs/pr/9", "targetCommit": oid(77)}]
    found, _ = standing(asked, oid(77), payload, {"main": [[oid(1)]]})
    assert found is Standing.PROPOSED


def test_a_pull_request_listed_as_a_branch_is_none() -> None:
    """An entry counts by its whole ref, not by the list that it stands in."""
    payload = refs(branches=[("main", oid(1))])
    payload["branches"] += [
        {"name": "nice", "ref": "refs/pr/9", "targetCommit": oid(77)},
        {"name": "x", "ref": "refs/heads/other", "targetCommit": oid(77)},
        {"targetCommit": oid(77)},
        "refs/heads/x",
        None,
    ]
    found, _ = standing(oid(77), oid(77), payload, {"main": [[oid(1)]]})
    assert found is Standing.PROPOSED


@pytest.mark.parametrize("payload", [None, [], "x", 5, {"branches": {"main": oid(7)}}, {}])
def test_an_answer_of_another_form_establishes_nothing(payload: object) -> None:
    """Never own by default."""
    assert standing(oid(7), oid(7), payload, {})[0] is not Standing.OWN


def test_the_pages_are_capped() -> None:
    """A history without an end is given up, and the answer is that it is not known."""
    payload = refs(branches=[("main", oid(1))])
    endless = {"main": [[oid(1000 + n)] for n in range(MAX_PAGES * 2)]}
    found, asked_for = standing(oid(7), oid(7), payload, endless)
    assert found is Standing.OPEN
    assert len(asked_for) == MAX_PAGES


@pytest.mark.parametrize(
    "name",
    [
        "refs/pr/9",
        "refs%2Fpr%2F9",
        "refs%252Fpr%252F9",
        "refs/pr/9/",
        "REFS/PR/9",
        "refs/pull/1/head",
    ],
)
def test_a_pull_request_says_so_in_every_spelling(name: str) -> None:
    """Without asking anyone."""
    found = proposed_by_name(REPO, name)
    assert found is not None
    assert sentence(found.reason).startswith(f"a proposal to {REPO}, not {REPO}")


@pytest.mark.parametrize("name", ["main", "v1.0", "refs/heads/pr/9", "pr-9", "refs/prime", oid(3)])
def test_other_names_do_not(name: str) -> None:
    """A branch may have any name."""
    assert proposed_by_name(REPO, name) is None


def test_a_host_that_refuses_leaves_it_open_and_one_that_fails_is_a_fault() -> None:
    """No answer is no permission; a fault of the network is told as one."""

    def refused() -> object:
        raise UnreachableError("No.", **ERROR)

    def failed() -> object:
        raise NetworkFaultError("No.", **ERROR)

    def nothing(_ref: str) -> Iterator[object]:
        return iter(())

    assert established(REPO, "v1", oid(1), refused, nothing).standing is Standing.OPEN
    with pytest.raises(NetworkFaultError):
        established(REPO, "v1", oid(1), failed, nothing)


def test_a_folder_is_what_it_is_and_an_unknown_source_is_not(tmp_path: Path) -> None:
    """A source that cannot be asked is not taken for the repository."""
    (tmp_path / "x.txt").write_text("x")
    assert belonging_of(open_source(str(tmp_path), max_read=10)).standing is Standing.OWN
    source = MemorySource({"a": b"a"}, ref=REPO)
    assert belonging_of(source).standing is Standing.OPEN


def test_what_was_asked_survives_a_pin() -> None:
    """A replay opens the commit and knows what was named; ``main`` is nothing special."""
    assert HubReference(repo_id=REPO).asked == ""
    assert HubReference(repo_id=REPO, revision="v1").asked == "v1"
    assert HubReference(repo_id=REPO, revision=oid(1), pinned_from="v1").asked == "v1"
    assert HubReference(repo_id=REPO, revision=oid(1), pinned_from="main").asked == ""


def test_a_merged_pull_request_is_the_repositorys_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its commits are then in the history of ``main``, as the second parent of a merge."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    close_session()
    with LocalHub(git=tmp_path / "git") as git_hub:
        git_hub.add_repo("org/m", {"README.md": b"# M"})
        _merge_and_ask(git_hub, "org/m")
    close_session()


def _merge_and_ask(git_hub: LocalHub, repo: str) -> None:
    pushed = git_hub.push(repo, {"x.txt": b"x"}, ref="refs/pr/1").oid
    git_hub.push(repo, {"y.txt": b"y"})

    def answer(asked: str) -> Belonging:
        ref = f"{repo}@{asked}"
        return belonging_of(open_source(ref, max_read=10**6, endpoint=git_hub.endpoint))

    assert answer(pushed).standing is Standing.PROPOSED
    repository = git_hub.repository(repo)
    repository.merge("refs/pr/1")  # type: ignore[union-attr]
    assert answer(pushed).standing is Standing.OWN
    assert answer("refs/pr/1").standing is Standing.PROPOSED
