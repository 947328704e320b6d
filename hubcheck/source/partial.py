"""Is this answer exactly the range that was asked for, and which of its bytes are here?"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from hubcheck.source.refusals import other_version, wrong_answer

if TYPE_CHECKING:
    from hubcheck.source.http_session import Response

_CONTENT_RANGE: Final = re.compile(r"bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})")


class PartialBody:
    """The bytes of one range received so far; a broken transfer goes on where it stopped.

    So the ledger's booking of the whole range stays right: no byte is received twice. What a host
    had sent into a connection that then broke is lost before it reaches us, and not booked.
    """

    def __init__(self, *, path: str, start: int, stop: int, total: int) -> None:
        """Start empty.

        Args:
            path: The file, for messages.
            start: First byte of the range.
            stop: End of the range, exclusive; greater than ``start``.
            total: Size of the file.
        """
        self.path = path
        self.total = total
        self._start = start
        self._stop = stop
        self._data = bytearray()
        self.etag = ""
        """What the host calls the version it serves, once it said so."""

    @property
    def next_byte(self) -> int:
        """Offset in the file of the first byte still missing."""
        return self._start + len(self._data)

    @property
    def missing(self) -> int:
        """Number of bytes still missing."""
        return self._stop - self.next_byte

    @property
    def range_header(self) -> str:
        """The ``Range`` header that asks for what is missing."""
        return f"bytes={self.next_byte}-{self._stop - 1}"

    def check_head(self, response: Response) -> None:
        """Refuse an answer by its status and headers, before any of its body is read.

        Raises:
            NetworkFaultError: it is not exactly the missing range of a file of this size.
        """
        if response.status_code != HTTPStatus.PARTIAL_CONTENT:
            detail = f"status {response.status_code} instead of 206"
            raise wrong_answer(detail, path=self.path)
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.lower() != "identity":
            raise wrong_answer(f"content encoding '{encoding}'", path=self.path)
        stated = response.headers.get("content-range", "")
        match = _CONTENT_RANGE.fullmatch(stated)
        wanted = (self.next_byte, self._stop - 1, self.total)
        if match is None or tuple(map(int, match.groups())) != wanted:
            detail = f"'{stated}' instead of 'bytes {wanted[0]}-{wanted[1]}/{wanted[2]}'"
            raise wrong_answer(detail, path=self.path)
        length = response.headers.get("content-length")
        if length is not None and length != str(self.missing):
            detail = f"{length} bytes announced, {self.missing} asked for"
            raise wrong_answer(detail, path=self.path)
        # Half of one version and half of another would be a tensor that nobody ever stored.
        # A proxy may call the same version weak once and strong another time.
        etag = response.headers.get("etag", "").removeprefix("W/")
        if self.etag and etag and etag != self.etag:
            raise other_version(self.path)
        self.etag = etag or self.etag

    def add(self, chunk: bytes) -> None:
        """Append what arrived.

        Raises:
            NetworkFaultError: more arrived than was asked for.
        """
        if len(chunk) > self.missing:
            raise wrong_answer("more bytes than were asked for", path=self.path)
        self._data += chunk

    def take(self) -> bytes:
        """Return the complete range and let go of it."""
        data, self._data = bytes(self._data), bytearray()
        return data
