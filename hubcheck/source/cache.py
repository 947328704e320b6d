"""Which bytes of a model on the Hub were read before, by any run on this machine?

A folder of small files, one for each range (or listing) of one repository at one commit. An entry
states its own key and digest and is written under another name first, so that runs side by side
share a folder and a damaged or half-written entry is never taken for bytes: it counts as absent,
and is named once. Nothing expires, because a commit never changes; delete the folder to be rid of
it. What a private repository gave is readable to whoever may read the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubcheck.errors import UsageError, printable

LAYOUT: Final = "v1"
"""Folder inside the cache; another layout of entries gets another name."""

MAGIC: Final = b"hubcheck cache 1\n"
_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4

MAX_ENTRY: Final = 64 * 1024 * 1024
"""Larger ranges are not kept: none of a sample has a quarter of it."""


class SpanCache:
    """Keeps bytes by key; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Make the folder.

        Raises:
            UsageError: it cannot be made or written.
        """
        self._folder = folder / LAYOUT
        self._lock = threading.Lock()
        self._damaged = 0
        self._served = 0
        self._unwritten = ""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(
                f"The cache folder '{printable(folder)}' cannot be made: "
                f"{printable(error.strerror or error)}.",
                cause="the path is a file, or this user may not write there.",
                next_step="name another folder with --cache.",
            ) from error

    @property
    def served_bytes(self) -> int:
        """Bytes that did not have to be transferred."""
        return self._served

    @property
    def warnings(self) -> tuple[str, ...]:
        """What went wrong with the folder so far; none of it changes a number."""
        with self._lock:
            found = []
            if self._damaged:
                found.append(f"{self._damaged} damaged entries of the cache were read anew")
            if self._unwritten:
                found.append(f"the cache could not be written: {self._unwritten}")
            return tuple(found)

    def get(self, *key: str | int) -> bytes | None:
        """Return what was kept under a key, or ``None``; a damaged entry counts as absent."""
        named = _key(key)
        try:
            entry = self._place(named).read_bytes()
        except FileNotFoundError:
            return None
        except OSError:
            return self._damage()
        start = len(MAGIC) + _DIGEST_BYTES + _LENGTH_BYTES
        body = entry[start:]
        stated = entry[len(MAGIC) : len(MAGIC) + _DIGEST_BYTES]
        length = int.from_bytes(entry[start - _LENGTH_BYTES : start], "little")
        whole = entry.startswith(MAGIC) and hashlib.sha256(body).digest() == stated
        if not whole or body[:length] != named:
            return self._damage()
        with self._lock:
            self._served += len(body) - length
        return body[length:]

    def put(self, data: bytes, *key: str | int) -> None:
        """Keep bytes under a key; failing to is a warning, never an error."""
        if len(data) > MAX_ENTRY:
            return
        named = _key(key)
        body = named + data
        head = MAGIC + hashlib.sha256(body).digest() + len(named).to_bytes(_LENGTH_BYTES, "little")
        place = self._place(named)
        # A name of its own, also where several machines share the folder.
        temporary = place.with_name(f".new-{os.urandom(12).hex()}")
        try:
            place.parent.mkdir(exist_ok=True)
            temporary.write_bytes(head + body)
            temporary.replace(place)
        except OSError as error:
            with self._lock:
                self._unwritten = printable(error.strerror or error)
            with suppress(OSError):
                temporary.unlink(missing_ok=True)

    def _place(self, named: bytes) -> Path:
        name = hashlib.sha256(named).hexdigest()
        return self._folder / name[:2] / name[2:]

    def _damage(self) -> bytes | None:
        with self._lock:
            self._damaged += 1
        return None


def _key(parts: tuple[str | int, ...]) -> bytes:
    """Return a key as text that no other key has."""
    return json.dumps(parts, separators=(",", ":")).encode("ascii")
