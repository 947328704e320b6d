"""Where in a zip archive does each stored file begin, without reading the archive?

Read by range: the end of the archive, its directory, and the 30 bytes in front of a file that say
how long its name and padding are. Compressed entries are marked: ``torch.save`` stores. Field
order follows the ZIP application note (APPNOTE 4.3), offsets the zip64 fields where they are used.

A large model has hundreds of files megabytes apart, so ``expected_start`` foretells where the data
of each begins (``torch.save`` pads to 64 bytes), and who reads it holds the header against that.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import Final, NoReturn

from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.frozen import frozen
from hubcheck.source.interface import Span

Read = Callable[[Sequence[Span]], list[bytes]]

TAIL_BYTES: Final = 64 * 1024
"""Bytes read from the end: the end record, its zip64 forms, and the directory of a usual model."""
MAX_DIRECTORY_BYTES: Final = 64 << 20
"""Longest directory that is read."""
MAX_FILES: Final = 1_000_000
ALIGNMENT: Final = 64
"""Multiple at which ``torch.save`` lets the data of a file begin."""
LOCAL_BYTES: Final = 30
"""Fixed part of the header in front of each file."""
_UNSET32: Final = 0xFFFFFFFF
_UNSET16: Final = 0xFFFF
_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_LOCATOR64: Final = b"PK\x06\x07"
_ENTRY: Final = b"PK\x01\x02"
_LOCAL: Final = b"PK\x03\x04"


@frozen
class Member:
    """One stored file."""

    name: str
    header: int
    """Offset of its local header."""
    size: int
    """Bytes that it takes in the archive."""
    stored: bool = True
    """Whether these bytes are the file: neither compressed nor encrypted."""


def read_directory(read: Read, *, path: str, file_size: int) -> dict[str, Member]:
    """Return every file of an archive by name.

    Raises:
        HostileCheckpointError: it is no zip archive, or its directory contradicts itself.
    """
    start = max(0, file_size - TAIL_BYTES)
    tail = read([Span(path=path, start=start, stop=file_size)])[0]
    at = tail.rfind(_END)
    if at < 0 or at + 22 > len(tail):
        _refuse(path, "has no zip directory at its end")
    count, size, offset = struct.unpack("<HII", tail[at + 10 : at + 20])
    end = start + at
    if count == _UNSET16 or _UNSET32 in (size, offset) or tail[at - 20 : at - 16] == _LOCATOR64:
        locator = tail[max(0, at - 20) : at]
        if len(locator) != 20 or locator[:4] != _LOCATOR64:  # noqa: PLR2004 - its size
            _refuse(path, "has a zip directory that is too large and lacks its zip64 record")
        end = struct.unpack("<Q", locator[8:16])[0]
        record = _bytes(read, path, tail, start, end, end + 56, file_size)
        if record[:4] != _END64:
            _refuse(path, "has no zip64 record where its end says")
        count, size, offset = struct.unpack("<QQQ", record[32:56])
    if count > MAX_FILES or size > MAX_DIRECTORY_BYTES or offset + size > end:
        _refuse(path, f"states a zip directory of {count} files and {size} bytes")
    directory = _bytes(read, path, tail, start, offset, offset + size, file_size)
    return _members(directory, count, path, offset)


def _bytes(  # the tail often holds what is asked for
    read: Read, path: str, tail: bytes, tail_start: int, start: int, stop: int, file_size: int
) -> bytes:
    if not 0 <= start <= stop <= file_size:
        _refuse(path, "has a zip directory that points outside the file")
    if start >= tail_start:
        return tail[start - tail_start : stop - tail_start]
    return read([Span(path=path, start=start, stop=stop)])[0] if stop > start else b""


def _members(directory: bytes, count: int, path: str, limit: int) -> dict[str, Member]:
    """Return the entries of a directory."""
    found: dict[str, Member] = {}
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != _ENTRY or at + 46 > len(directory):
            _refuse(path, "has a zip directory with a broken entry")
        flags, method = struct.unpack("<HH", directory[at + 8 : at + 12])
        packed, size, n_name, n_extra, n_comment = struct.unpack(
            "<IIHHH", directory[at + 20 : at + 34]
        )
        header = struct.unpack("<I", directory[at + 42 : at + 46])[0]
        name_raw = directory[at + 46 : at + 46 + n_name]
        extra = directory[at + 46 + n_name : at + 46 + n_name + n_extra]
        at += 46 + n_name + n_extra + n_comment
        if at > len(directory):
            _refuse(path, "has a zip directory with a broken entry")
        size, packed, header = _wide(extra, [size, packed, header], path)
        name = name_raw.decode("utf-8", "replace")
        stored = method == 0 and not flags & 1
        if stored and packed != size:
            _refuse(path, f"gives '{printable(name)}' two sizes")
        if header + LOCAL_BYTES + n_name + packed > limit or name in found:
            _refuse(path, f"places '{printable(name)}' outside its data, or twice")
        found[name] = Member(name=name, header=header, size=packed, stored=stored)
    return found


def _wide(extra: bytes, values: list[int], path: str) -> list[int]:
    """Return sizes and offset, taken from the zip64 field where the short ones are full."""
    at = 0
    while _UNSET32 in values:
        if at + 4 > len(extra):
            _refuse(path, "lacks the zip64 sizes of an entry")
        tag, n_bytes = struct.unpack("<HH", extra[at : at + 4])
        if tag == 1:
            wide = extra[at + 4 : at + 4 + n_bytes]
            for i, value in enumerate(values):
                if value == _UNSET32:
                    if len(wide) < 8:  # noqa: PLR2004 - u64
                        break
                    values[i], wide = struct.unpack("<Q", wide[:8])[0], wide[8:]
            break
        at += 4 + n_bytes
    return values


def header_span(member: Member, path: str) -> Span:
    """Return the bytes of the header in front of a file, its name included."""
    stop = member.header + LOCAL_BYTES + len(member.name.encode("utf-8", "replace"))
    return Span(path=path, start=member.header, stop=stop)


def expected_start(member: Member) -> int:
    """Return where ``torch.save`` lets the data of a file begin: padded to 64 bytes.

    The padding is an extra field of at least four bytes; zip64 sizes stand before it where the
    size or the offset passes 32 bits.
    """
    start = member.header + LOCAL_BYTES + len(member.name.encode("utf-8", "replace")) + 4
    if member.size >= _UNSET32 or member.header >= _UNSET32:
        start += 4
        start += 16 if member.size >= _UNSET32 else 0
        start += 8 if member.header >= _UNSET32 else 0
    return -(-start // ALIGNMENT) * ALIGNMENT


def start_of(raw: bytes, member: Member, path: str) -> int:
    """Return where the data of a file begins, from the bytes of ``header_span``.

    Raises:
        HostileCheckpointError: there is no header, or it names another file.
    """
    if raw[:4] != _LOCAL or raw[LOCAL_BYTES:].decode("utf-8", "replace") != member.name:
        _refuse(path, f"has no file '{printable(member.name)}' where its directory says")
    n_name, n_extra = struct.unpack("<HH", raw[26:30])
    return int(member.header + LOCAL_BYTES + n_name + n_extra)


def data_starts(read: Read, members: Sequence[Member], *, path: str, file_size: int) -> list[int]:
    """Return the offset of the first byte of each file, from the headers in front of them.

    All headers are asked for by one call; far apart, they cost a request each.

    Raises:
        HostileCheckpointError: a header is missing, names another file, or the file passes the end.
    """
    spans = [header_span(m, path) for m in members]
    if any(span.stop > file_size for span in spans):
        _refuse(path, "ends inside the header of a file")
    starts = []
    for member, raw in zip(members, read(spans) if spans else [], strict=True):
        start = start_of(raw, member, path)
        if start + member.size > file_size:
            _refuse(path, f"ends inside '{printable(member.name)}'")
        starts.append(start)
    return starts


def _refuse(path: str, what: str) -> NoReturn:
    raise HostileCheckpointError(
        f"'{printable(path)}' {what}.",
        cause="the file is truncated, damaged or built to mislead.",
        next_step="download the file again, or ask for safetensors.",
    )
