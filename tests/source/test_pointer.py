"""Tests of recognising Git LFS pointers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.source.pointer import (
    MIN_POINTER,
    LfsPointer,
    parse_pointer,
    pointer_not_readable,
)
from tests.hubserver.storage import Content


@given(st.binary(max_size=200))
def test_a_pointer_states_its_content(data: bytes) -> None:
    """The digest and size of any content survive the way through a pointer."""
    content = Content(data)
    assert len(content.pointer) >= MIN_POINTER
    assert parse_pointer(content.pointer) == LfsPointer(sha256=content.sha256, size=len(data))


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text + b"x\n",
        lambda text: text.replace(b"sha256", b"sha1"),
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: b" " + text,
        lambda text: text.replace(b"size ", b"size -"),
        lambda text: text + b"#" * 1024,
        lambda text: text[:0],
    ],
)
def test_near_misses_are_ordinary_files(change: Callable[[bytes], bytes]) -> None:
    """Text that only looks like a pointer is not one."""
    assert parse_pointer(change(Content(b"x").pointer)) is None


def test_the_error_names_the_format() -> None:
    """Reading through a pointer says what to run."""
    error = pointer_not_readable("model.safetensors")
    assert error.format_name == "LFS content not available"
    assert str(error) == (
        "'model.safetensors' is a Git LFS pointer; its content is not in this folder. "
        "Likely cause: the repository was cloned or checked out without its large files. "
        "Next: run 'git lfs pull' in the folder, give a token that may read the repository's large "
        "files, or name the model on the Hub instead."
    )
