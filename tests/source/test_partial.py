"""Tests of checking answers to range requests before and while they are read."""

from __future__ import annotations

from typing import Any

import pytest
from huggingface_hub import utils
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import NetworkFaultError
from hubcheck.source.partial import PartialBody

httpx: Any = getattr(utils, "httpx", None)
if httpx is None:
    pytest.skip(
        "a client before 1 speaks requests, whose answers are others", allow_module_level=True
    )


def body_of(start: int = 10, stop: int = 20, total: int = 100) -> PartialBody:
    """Return an empty body for a range."""
    return PartialBody(path="w", start=start, stop=stop, total=total)


@given(st.binary(min_size=1, max_size=50), st.lists(st.integers(1, 20)))
def test_pieces_make_the_range(data: bytes, sizes: list[int]) -> None:
    """Whatever the pieces, each request asks for exactly the rest, and the whole is the range."""
    body = body_of(0, len(data), len(data))
    done = 0
    for size in [*sizes, len(data)]:
        piece = data[done : done + size]
        assert body.missing == len(data) - done
        if body.missing:
            assert body.range_header == f"bytes={done}-{len(data) - 1}"
        body.add(piece)
        done += len(piece)
    assert body.take() == data


def test_a_byte_too_many_is_refused() -> None:
    """A host that goes on after the range is cut off."""
    body = body_of()
    body.add(b"x" * 9)
    with pytest.raises(NetworkFaultError, match="more bytes than were asked for"):
        body.add(b"xx")


@given(st.integers(0, 600), st.text(max_size=30), st.text(max_size=9), st.text(max_size=9))
def test_only_the_exact_range_is_accepted(
    status: int, stated: str, encoding: str, length: str
) -> None:
    """Whatever the headers, an answer passes only if it is the one that was asked for."""
    fields = {"Content-Range": stated, "Content-Encoding": encoding, "Content-Length": length}
    headers = [(name.encode(), value.encode()) for name, value in fields.items() if value]
    with pytest.raises(NetworkFaultError):
        body_of().check_head(httpx.Response(max(100, status), headers=headers))
    exact = {"Content-Range": "bytes 10-19/100", "Content-Length": "10"}
    body_of().check_head(httpx.Response(206, headers=exact))
    body_of().check_head(httpx.Response(206, headers={"Content-Range": "bytes 10-19/100"}))


def test_a_rest_of_another_version_is_refused() -> None:
    """A broken transfer goes on only from the version it began with, weak or strong."""
    body = body_of()
    body.check_head(
        httpx.Response(206, headers={"Content-Range": "bytes 10-19/100", "ETag": '"one"'})
    )
    body.add(b"x" * 4)
    rest = {"Content-Range": "bytes 14-19/100"}
    body.check_head(httpx.Response(206, headers=rest))
    body.check_head(httpx.Response(206, headers={**rest, "ETag": 'W/"one"'}))
    with pytest.raises(NetworkFaultError, match="changed on the host"):
        body.check_head(httpx.Response(206, headers={**rest, "ETag": '"two"'}))
