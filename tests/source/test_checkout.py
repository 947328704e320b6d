"""Tests of finding the LFS server of a checked-out repository."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hubcheck.source.checkout import lfs_server

GITHUB = "https://github.com/org/name.git/info/lfs"


def checkout(folder: Path, config: str) -> Path:
    """Write a git config and return a folder two levels down."""
    (folder / ".git").mkdir(parents=True)
    (folder / ".git" / "config").write_text(config, encoding="utf-8")
    inside = folder / "models" / "small"
    inside.mkdir(parents=True)
    return inside


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://github.com/org/name", GITHUB),
        ("https://github.com/org/name.git", GITHUB),
        ("https://user:secret@github.com/org/name.git/", GITHUB),
        ("git@github.com:org/name.git", GITHUB),
        ("ssh://git@github.com:22/org/name.git", GITHUB),
        ("http://127.0.0.1:8080/org/name", "http://127.0.0.1:8080/org/name.git/info/lfs"),
        ("https://host:99999/org/name", ""),
        ("/srv/git/name.git", ""),
        ("file:///srv/git/name.git", ""),
        ("ext::sh -c evil", ""),
        ("", ""),
    ],
)
def test_a_remote_names_the_server(tmp_path: Path, url: str, server: str) -> None:
    """Every spelling of a web remote leads to its LFS API; nothing else leads anywhere."""
    config = f'[core]\n\tbare = false\n[remote "origin"]\n\turl = {url}\n\tfetch = +refs\n'
    assert lfs_server(checkout(tmp_path, config)) == server


def test_origin_comes_first(tmp_path: Path) -> None:
    """Of several remotes origin is taken; of several others none."""
    other = '[remote "a"]\nurl = https://a.example/x/y\n[remote "b"]\nurl = https://b.example/x/y\n'
    origin = '[remote "origin"]\nurl = https://github.com/org/name\n'
    assert lfs_server(checkout(tmp_path / "1", other + origin)) == GITHUB
    assert lfs_server(checkout(tmp_path / "2", other)) == ""
    assert lfs_server(checkout(tmp_path / "3", origin.replace("origin", "up"))) == GITHUB


def test_the_users_own_setting_is_followed_and_the_contents_is_not(tmp_path: Path) -> None:
    """``lfs.url`` of the git config counts; a ``.lfsconfig`` in the repository does not."""
    origin = '[remote "origin"]\nurl = https://github.com/org/name\n'
    inside = checkout(tmp_path, origin)
    (tmp_path / ".lfsconfig").write_text("[lfs]\n\turl = https://evil.example/lfs\n")
    assert lfs_server(inside) == GITHUB
    (tmp_path / ".git" / "config").write_text(origin + "[lfs]\n\turl = https://own.example/lfs/\n")
    assert lfs_server(inside) == "https://own.example/lfs"


def test_git_writes_what_is_read(tmp_path: Path) -> None:
    """A clone and its worktree, made by git, name the server."""
    run = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(tmp_path)]
    subprocess.run([*run, "init", "-q"], check=True)
    subprocess.run([*run, "remote", "add", "origin", "git@github.com:org/name.git"], check=True)
    subprocess.run([*run, "commit", "-q", "--allow-empty", "-m", "x"], check=True)
    subprocess.run([*run, "worktree", "add", "-q", str(tmp_path / "tree")], check=True)
    assert lfs_server(tmp_path) == GITHUB
    assert lfs_server(tmp_path / "tree") == GITHUB


def test_a_folder_outside_git_has_no_server(tmp_path: Path) -> None:
    """A git file that points nowhere, or nothing at all, is no server."""
    (tmp_path / ".git").write_text("gitdir: ../nowhere\n")
    assert lfs_server(tmp_path) == ""
