"""Tests that the local Hub takes commits and pull requests from the Hub's own client."""

from __future__ import annotations

import random
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from huggingface_hub import (
    CommitOperationAdd,
    CommitOperationDelete,
    HfApi,
    hf_hub_download,
    snapshot_download,
)
from huggingface_hub.errors import HfHubHTTPError
from huggingface_hub.hf_api import RepoFile

from tests.hubserver import LocalHub
from tests.hubserver.conftest import REPO, WRITER
from tests.hubserver.git_storage import GitRepository
from tests.hubserver.storage import Content

CARD = b"---\na: 2\n---\n# card\n"
BLOB = random.Random(1).randbytes(3000)

pytestmark = pytest.mark.filterwarnings("ignore:.*upload raw bytes.*:DeprecationWarning")


def api_of(hub: LocalHub, token: str = WRITER) -> HfApi:
    """Return the client of a token."""
    return HfApi(endpoint=hub.endpoint, token=token)


def add(path: str, data: bytes) -> CommitOperationAdd:
    """Return an operation that writes one file."""
    return CommitOperationAdd(path, data)


def repository(hub: LocalHub) -> GitRepository:
    """Return the repository."""
    found = hub.repository(REPO)
    assert isinstance(found, GitRepository)
    return found


def test_a_commit_is_one_in_git(git_hub: LocalHub, tmp_path: Path) -> None:
    """Small files become blobs, large ones LFS pointers; a clone and a download agree."""
    made = api_of(git_hub).create_commit(
        REPO,
        [
            add("README.md", CARD),
            add("model.safetensors", BLOB),
            add('odd "name"\\é.txt', b"x"),
            CommitOperationDelete("w.safetensors"),
        ],
        commit_message="title",
        commit_description="text",
    )
    folder = repository(git_hub).folder
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(folder), str(clone)], check=True)
    assert (clone / "README.md").read_bytes() == CARD
    assert (clone / "model.safetensors").read_bytes() == Content(BLOB).pointer
    assert (clone / 'odd "name"\\é.txt').read_bytes() == b"x"
    assert not (clone / "w.safetensors").exists()
    log = repository(git_hub).git("log", "-1", "--format=%H %B").decode()
    assert log.strip() == f"{made.oid} title\n\ntext"
    copy = Path(
        snapshot_download(REPO, endpoint=git_hub.endpoint, cache_dir=tmp_path / "c", token=False)
    )
    assert (copy / "model.safetensors").read_bytes() == BLOB
    assert (copy / "README.md").read_bytes() == CARD


def test_what_is_listed_is_what_git_has(git_hub: LocalHub) -> None:
    """Ids, sizes and digests of the listing are those of git and of the LFS pointer."""
    api = api_of(git_hub)
    api.create_commit(REPO, [add("model.safetensors", BLOB)], commit_message="m")
    listed = {
        item.path: item
        for item in api.get_paths_info(REPO, ["model.safetensors", "README.md"])
        if isinstance(item, RepoFile)
    }
    assert len(listed) == 2
    oids = repository(git_hub).git("ls-tree", "-r", "--format=%(path) %(objectname)", "main")
    assert {path: item.blob_id for path, item in listed.items()} == {
        line.split()[0]: line.split()[1]
        for line in oids.decode().splitlines()
        if line.split()[0] in listed
    }
    weights = listed["model.safetensors"].lfs
    assert weights is not None
    assert (weights.size, weights.sha256) == (3000, Content(BLOB).sha256)
    history = [commit.commit_id for commit in api.list_repo_commits(REPO)]
    assert history == repository(git_hub).git("log", "--format=%H").decode().split()


def test_a_commit_names_its_parent(git_hub: LocalHub) -> None:
    """A commit made for a state that has passed is refused, and nothing is written."""
    api = api_of(git_hub)
    first = api.model_info(REPO).sha
    api.create_commit(REPO, [add("a.txt", b"1")], commit_message="1", parent_commit=first)
    with pytest.raises(HfHubHTTPError) as raised:
        api.create_commit(REPO, [add("a.txt", b"2")], commit_message="2", parent_commit=first)
    assert raised.value.response.status_code == 412
    with pytest.raises(HfHubHTTPError):
        api.create_commit(REPO, [add("b.txt", b"2")], commit_message="2", parent_commit=first)
    assert len(repository(git_hub).git("log", "--format=%H").split()) == 2


def test_a_pull_request_from_commit_to_merge(git_hub: LocalHub) -> None:
    """It is opened by a commit, grows on its ref, shows its diff, and merges by git's rules."""
    guest, owner = api_of(git_hub, "hf_guest"), api_of(git_hub)
    made = guest.create_commit(
        REPO,
        [add("a.txt", b"1\n")],
        commit_message="idea",
        commit_description="why",
        create_pr=True,
    )
    assert (made.pr_num, made.pr_revision) == (1, "refs/pr/1")
    guest.create_commit(REPO, [add("b.txt", b"2\n")], commit_message="more", revision="refs/pr/1")
    owner.create_commit(REPO, [add("README.md", CARD)], commit_message="meanwhile")
    topic = owner.get_discussion_details(REPO, 1)
    assert (topic.title, topic.author, topic.status) == ("idea", "guest", "open")
    assert [event.type for event in topic.events] == ["comment", "commit", "commit"]
    assert topic.conflicting_files in (False, [])
    assert "+2" in str(topic.diff)
    refs = owner.list_repo_refs(REPO, include_pull_requests=True)
    assert [ref.ref for ref in refs.pull_requests or ()] == ["refs/pr/1"]
    with pytest.raises(HfHubHTTPError):
        guest.merge_pull_request(REPO, 1)
    owner.merge_pull_request(REPO, 1)
    assert {"a.txt", "b.txt", "README.md"} <= set(owner.list_repo_files(REPO))
    assert owner.get_discussion_details(REPO, 1).merge_commit_oid == owner.model_info(REPO).sha


def test_a_conflict_is_seen_and_not_merged(git_hub: LocalHub) -> None:
    """Two edits of one line are a conflict."""
    api = api_of(git_hub)
    api.create_commit(REPO, [add("README.md", CARD)], commit_message="a", create_pr=True)
    api.create_commit(REPO, [add("README.md", b"---\na: 3\n---\n")], commit_message="b")
    assert api.get_discussion_details(REPO, 1).conflicting_files is True
    with pytest.raises(HfHubHTTPError):
        api.merge_pull_request(REPO, 1)


def test_discussions_are_listed_commented_and_edited(git_hub: LocalHub) -> None:
    """Filters and pages of the list, and the history of an edited comment, parse."""
    guest, owner = api_of(git_hub, "hf_guest"), api_of(git_hub)
    for number in range(12):
        guest.create_discussion(REPO, f"topic {number}", description="text")
    guest.create_commit(REPO, [add("a", b"1")], commit_message="pr", create_pr=True)
    comment = guest.comment_discussion(REPO, 1, "hello")
    owner.edit_discussion_comment(REPO, 1, comment.id, "edited")
    owner.change_discussion_status(REPO, 2, "closed", comment="done")
    edited = owner.get_discussion_details(REPO, 1).events[-1]
    assert (edited.content, edited.edited, edited.number_of_edits) == ("edited", True, 1)  # type: ignore[attr-defined]
    listed = list(owner.get_repo_discussions(REPO, discussion_type="discussion"))
    assert sorted(topic.num for topic in listed) == list(range(1, 13))
    open_ones = owner.get_repo_discussions(
        REPO, discussion_status="open", discussion_type="discussion"
    )
    assert sorted(topic.num for topic in open_ones) == [1, *range(3, 13)]
    assert not list(owner.get_repo_discussions(REPO, author="writer"))
    with pytest.raises(HfHubHTTPError):
        guest.edit_discussion_comment(
            REPO, 2, owner.get_discussion_details(REPO, 2).events[1].id, "not mine"
        )


@pytest.mark.parametrize(
    ("token", "revision", "create_pr", "status"),
    [
        ("hf_guest", "main", False, 403),
        ("hf_guest", "main", True, 200),
        ("hf_wrong", "main", False, 401),
        (WRITER, "main", False, 200),
    ],
)
def test_rights(git_hub: LocalHub, token: str, revision: str, create_pr: bool, status: int) -> None:
    """Anyone with an account may propose, only writers may commit."""
    try:
        api_of(git_hub, token).create_commit(
            REPO, [add("a", b"1")], commit_message="m", revision=revision, create_pr=create_pr
        )
    except HfHubHTTPError as error:
        assert error.response.status_code == status  # noqa: PT017 - both ends are expected
    else:
        assert status == 200


def test_front_matter_is_validated(git_hub: LocalHub) -> None:
    """The client asks before it commits a card, and passes the refusal on."""
    with pytest.raises(ValueError, match="Invalid metadata"):
        api_of(git_hub).create_commit(
            REPO, [add("README.md", b"---\na: [\n---\n")], commit_message="m"
        )


def test_an_object_that_lies_about_its_digest_is_refused(git_hub: LocalHub) -> None:
    """The storage host checks what it is sent."""
    address = urlsplit(git_hub.upload_address("0" * 64))
    for query, status in ((address.query, 400), (address.query + "x", 403)):
        connection = HTTPConnection(address.netloc)
        connection.request("PUT", f"{address.path}?{query}", body=b"something else")
        assert connection.getresponse().status == status
        connection.close()


def test_a_private_repository_is_hidden_from_writers_elsewhere(
    git_hub: LocalHub, tmp_path: Path
) -> None:
    """The write side hides what the read side hides."""
    git_hub.add_repo("org/p", {"a": b"1"}, private=True, readers=frozenset({"hf_in"}))
    with pytest.raises(HfHubHTTPError) as raised:
        api_of(git_hub).create_discussion("org/p", "hello", description="x")
    assert raised.value.response.status_code == 404
    path = hf_hub_download(
        "org/p", "a", endpoint=git_hub.endpoint, token="hf_in", cache_dir=tmp_path
    )
    assert Path(path).read_bytes() == b"1"
