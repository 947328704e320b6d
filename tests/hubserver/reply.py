"""What does the local Hub answer to one request?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from tests.hubserver.storage import Content

_RANGE: Final = re.compile(r"bytes=([0-9]+)-([0-9]*)")
_BLOCK: Final = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A status, headers and a body: short bytes, or a range of a file's content."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content: Content | None = None
    start: int = 0
    stop: int = 0

    @property
    def length(self) -> int:
        """Number of bytes in the body."""
        return self.stop - self.start if self.content is not None else len(self.body)

    def blocks(self) -> Iterator[bytes]:
        """Yield the body piece by piece."""
        if self.content is None:
            yield self.body
            return
        for start in range(self.start, self.stop, _BLOCK):
            yield self.content.read(start, min(start + _BLOCK, self.stop))


def json_reply(payload: object, *, headers: Mapping[str, str] | None = None) -> Reply:
    """Return a JSON answer."""
    return Reply(
        headers={"Content-Type": "application/json; charset=utf-8", **(headers or {})},
        body=json.dumps(payload).encode(),
    )


def error_reply(status: int, code: str, message: str) -> Reply:
    """Return a refusal in the Hub's form: the reason is in two headers."""
    return Reply(
        status=status,
        headers={
            "X-Error-Code": code,
            "X-Error-Message": message,
            "Content-Type": "application/json; charset=utf-8",
        },
        body=json.dumps({"error": message}).encode(),
    )


def content_reply(content: Content, asked: str, *, headers: Mapping[str, str]) -> Reply:
    """Return a file's content, or the range that ``asked`` (a Range header or ``""``) names."""
    base = {"Accept-Ranges": "bytes", "Content-Type": "application/octet-stream", **headers}
    match = _RANGE.fullmatch(asked)
    if match is None:
        return Reply(headers=base, content=content, stop=content.size)
    start = int(match[1])
    stop = min(int(match[2]) + 1, content.size) if match[2] else content.size
    if start >= stop:
        return Reply(status=416, headers={"Content-Range": f"bytes */{content.size}"})
    base["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
    return Reply(status=206, headers=base, content=content, start=start, stop=stop)
