"""Only repositories of the Hub come out of a stranger's text; never a path of this machine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.documents import Malformed
from hubcheck.candidates.repository_name import (
    RepositoryName,
    looks_local,
    parse_repository_name,
)
from hubcheck.card.wording import words
from hubcheck.source.reference import parse_hub_reference

COMMIT = "0123456789abcdef0123456789abcdef01234567"

NAMES = {
    "acme/base-7b": ("acme/base-7b", ""),
    "  acme/base-7b \t": ("acme/base-7b", ""),
    "gpt2": ("gpt2", ""),
    "acme/base.v1_x": ("acme/base.v1_x", ""),
    "acme/base@": ("acme/base", ""),
    "acme/base/": ("acme/base", ""),
    "acme/base@v1.0": ("acme/base", "v1.0"),
    "acme/base@refs/pr/3": ("acme/base", "refs/pr/3"),
    f"acme/base@{COMMIT}": ("acme/base", COMMIT),
    "https://huggingface.co/acme/base": ("acme/base", ""),
    "http://www.huggingface.co/acme/base/": ("acme/base", ""),
    "HTTPS://HuggingFace.co/acme/base": ("acme/base", ""),
    "huggingface.co/acme/base": ("acme/base", ""),
    "hf.co/acme/base": ("acme/base", ""),
    "hf://acme/base@main": ("acme/base", "main"),
    "https://huggingface.co/gpt2": ("gpt2", ""),
    "https://huggingface.co/acme/base?library=x#y": ("acme/base", ""),
    "https://huggingface.co/acme/base/tree/main": ("acme/base", "main"),
    "https://huggingface.co/acme/base/tree/refs/pr/3": ("acme/base", "refs/pr/3"),
    f"https://huggingface.co/acme/base/commit/{COMMIT}": ("acme/base", COMMIT),
    "https://huggingface.co/acme/base/blob/v2/README.md": ("acme/base", "v2"),
    "https://huggingface.co/acme/base/discussions/1": ("acme/base", ""),
    "acme/base:v1": ("acme/base:v1", ""),
    "acme/base:Q4_K_M@dev": ("acme/base:Q4_K_M", "dev"),
    "https://huggingface.co/acme/base/tree/main/v1": ("acme/base:v1", "main"),
    "hf.co/acme/base:Q4_K_M": ("acme/base:Q4_K_M", ""),
    f"/root/.cache/huggingface/hub/models--acme--base-7b/snapshots/{COMMIT}": (
        "acme/base-7b",
        COMMIT,
    ),
    "C:\\hub\\models--acme--base-7b": ("acme/base-7b", ""),
    "/hub/models--gpt2/snapshots/x": ("gpt2", ""),
}


@pytest.mark.parametrize("text", NAMES)
def test_every_way_to_write_a_repository_is_understood(text: str) -> None:
    """Names, revisions, Hub addresses and download-cache paths give the repository they spell."""
    ref, revision = NAMES[text]
    assert parse_repository_name(text) == RepositoryName(ref=ref, revision=revision)


REFUSED = {
    "./base": "is a path",
    "../x": "is a path",
    "..": "is a path",
    "/etc/passwd": "is a path",
    "~/models/base": "is a path",
    "C:\\models": "is a path",
    "C:/models": "is a path",
    "models\\base": "is a path",
    "file:///etc/passwd": "is a path",
    "a/../b": "is not a repository name",
    "a/b/c": "is not a repository name",
    "a//b": "is not a repository name",
    "": "is not a repository name",
    "a b/c": "is not a repository name",
    "a/b, c/d": "is not a repository name",
    "a/b\nc": "is not a repository name",
    "-a/b": "is not a repository name",
    "a/b--c": "is not a repository name",
    "a/b.git": "is not a repository name",
    "é/ü": "is not a repository name",
    "[More Information Needed]": "is not a repository name",
    "a/b@../x": "names no usable revision",
    "a/b:../x": "names no path in a repository",
    "a/b:": "names no path in a repository",
    "gpt2:x": "names no path in a repository",
    "https://huggingface.co/acme/base/tree/main/..": "names no path in a repository",
    "a/b@-x": "names no usable revision",
    "a/b@x y": "names no usable revision",
    "https://github.com/acme/base": "is not an address of a model on the Hub",
    "https://huggingface.co.evil.example/acme/base": "is not an address of a model on the Hub",
    "https://user@huggingface.co/acme/base": "is not an address of a model on the Hub",
    "https://huggingface.co:8080/acme/base": "is not an address of a model on the Hub",
    "ftp://huggingface.co/acme/base": "is not an address of a model on the Hub",
    "://huggingface.co/acme/base": "is not an address of a model on the Hub",
    "https://huggingface.co/datasets/acme/base": "is not an address of a model on the Hub",
    "https://huggingface.co": "is not a repository name",
    "x" * 501: "is too long",
}


@pytest.mark.parametrize("text", REFUSED)
def test_everything_else_is_refused_with_a_reason(text: str) -> None:
    """Paths, other hosts and malformed names are values with the reason."""
    name = parse_repository_name(text)
    assert isinstance(name, Malformed)
    assert REFUSED[text] in words(name.said)


def test_a_reason_cannot_move_the_cursor() -> None:
    """Control characters and bidirectional overrides are shown as escapes."""
    name = parse_repository_name("a\x1b[2J\u202eb")
    assert isinstance(name, Malformed)
    assert words(name.said) == "'a\\x1b[2J\\u202eb' is not a repository name"


@pytest.mark.parametrize(
    ("ref", "local"),
    [
        ("acme/base", False),
        ("gpt2", True),
        ("output/base", True),
        ("acme/checkpoint-500", True),
        ("Models/base", True),
        ("acme/step-audio", False),
    ],
)
def test_folders_of_training_scripts_are_recognised(ref: str, *, local: bool) -> None:
    """Two-part paths that training scripts write are told from repository names."""
    assert looks_local(RepositoryName(ref=ref, revision="")) is local


@given(st.text(max_size=60) | st.text(alphabet="ab/.@-:~\\hfco", max_size=40))
def test_whatever_is_accepted_is_a_name_the_hub_would_accept(text: str) -> None:
    """No text raises, and every accepted one passes the strict parser of Hub references."""
    name = parse_repository_name(text)
    if isinstance(name, RepositoryName):
        assert parse_hub_reference(name.ref).repo_id == name.ref
        assert ".." not in name.ref + name.revision
        assert not name.ref.startswith(("/", ".", "~"))
