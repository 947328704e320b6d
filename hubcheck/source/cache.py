"""Which bytes of a model on the Hub were read before, by any run on this machine?

A folder of small files: documents by key, and ranges of one file of one repository at one commit,
from which any part can be taken again. An entry states its own key and digest and is written under
another name first, so that runs side by side share a folder and a damaged or half-written entry is
never taken for bytes: it counts as absent, and is named once. Nothing expires, because a commit
never changes; delete the folder to be rid of it. What a private repository gave is readable to
whoever may read the folder.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from bisect import bisect_right
from contextlib import suppress
from pathlib import Path
from typing import Final

from hubcheck.errors import UsageError, printable

LAYOUT: Final = "v2"
"""Folder inside the cache; another layout of entries gets another name."""

MAGIC: Final = b"hubcheck cache 2\n"
_DIGEST_BYTES: Final = 32
_LENGTH_BYTES: Final = 4

MAX_ENTRY: Final = 64 * 1024 * 1024
"""Larger ranges are not kept: none of a sample has a quarter of it."""

_RANGE: Final = re.compile(r"([0-9]{1,19})-([0-9]{1,19})")
"""Name of the entry that holds a range, in the folder of its file: start and stop in bytes."""

Key = tuple[str | int, ...]


class SpanCache:
    """Keeps bytes by key; safe to use from several threads and processes."""

    def __init__(self, folder: Path) -> None:
        """Make the folder, for this user alone where it is new.

        Raises:
            UsageError: it cannot be made or written.
        """
        self.folder = folder
        self._folder = folder / LAYOUT
        self._lock = threading.Lock()
        self._damaged = 0
        self._served = 0
        self._unwritten = ""
        try:
            if not folder.exists():
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.mkdir(exist_ok=True)
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
        named = _named(key)
        data = self._load(self._place(named), named)
        self._serve(data)
        return data

    def put(self, data: bytes, *key: str | int) -> None:
        """Keep bytes under a key; failing to is a warning, never an error."""
        named = _named(key)
        self._save(data, self._place(named), named)

    def put_range(self, data: bytes, file: Key, start: int) -> None:
        """Keep the bytes of one file from ``start`` on.

        Args:
            data: The bytes.
            file: Whose file, in which state.
            start: Offset of the first byte in the file.
        """
        stop = start + len(data)
        self._save(
            data, self._place(_named(file)) / f"{start}-{stop}", _named((*file, start, stop))
        )

    def get_ranges(self, file: Key, spans: list[tuple[int, int]]) -> list[bytes | None]:
        """Return parts of one file, each whole or ``None``, whatever ranges they were kept in.

        Args:
            file: Whose file, in which state.
            spans: (start, stop) of each part; every entry is read once for all of them.
        """
        kept = self._ranges(file)
        loaded: dict[tuple[int, int], bytes | None] = {}
        found: list[bytes | None] = []
        for start, stop in spans:
            pieces: list[bytes] = []
            at = start
            while at < stop:
                # Of the entries that begin at or before this byte the one that reaches furthest.
                before = kept[: bisect_right(kept, (at, MAX_ENTRY + at))]
                one = max(before, key=lambda r: r[1], default=(0, 0))
                if one[1] <= at:
                    break
                if one not in loaded:
                    named = _named((*file, *one))
                    data = self._load(self._place(_named(file)) / f"{one[0]}-{one[1]}", named)
                    loaded[one] = data if data is None or len(data) == one[1] - one[0] else None
                part = loaded[one]
                if part is None:  # damaged: as if it were not there
                    kept.remove(one)
                    continue
                pieces.append(part[at - one[0] : min(stop, one[1]) - one[0]])
                at = min(stop, one[1])
            whole = None if at < stop else pieces[0] if len(pieces) == 1 else b"".join(pieces)
            self._serve(whole)
            found.append(whole)
        return found

    def _ranges(self, file: Key) -> list[tuple[int, int]]:
        """Return the ranges of a file that are there, sorted."""
        try:
            names = [entry.name for entry in self._place(_named(file)).iterdir()]
        except OSError:
            return []
        return sorted((int(m[1]), int(m[2])) for m in map(_RANGE.fullmatch, names) if m)

    def _load(self, place: Path, named: bytes) -> bytes | None:
        """Return the bytes of an entry, or ``None``; a damaged one is counted."""
        try:
            entry = place.read_bytes()
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
        return body[length:]

    def _save(self, data: bytes, place: Path, named: bytes) -> None:
        if len(data) > MAX_ENTRY:
            return
        body = named + data
        head = MAGIC + hashlib.sha256(body).digest() + len(named).to_bytes(_LENGTH_BYTES, "little")
        # A name of its own, also where several machines share the folder.
        temporary = place.with_name(f".new-{os.urandom(12).hex()}")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
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

    def _serve(self, data: bytes | None) -> None:
        with self._lock:
            self._served += len(data or b"")

    def _damage(self) -> bytes | None:
        with self._lock:
            self._damaged += 1
        return None


def _named(parts: Key) -> bytes:
    """Return a key as text that no other key has."""
    return json.dumps(parts, separators=(",", ":")).encode("ascii")
