"""What does the header of one GGUF file say: metadata, tokens, and where each tensor lies?

Layout (little-endian): ``GGUF``, version u32, number of tensors u64, number of metadata pairs u64;
each pair a string key, a type u32 and a value; each tensor a string name, the number of axes u32,
the axes u64 (the fastest first), a type u32 and an offset u64 into the data, which begins at the
next multiple of ``general.alignment``. Strings have a u64 length. Source: the GGUF specification of
the ggml project.

The length of the header is nowhere stated, so it is fetched in growing pieces. Everything is
hostile: counts, lengths and offsets are held against caps and the size of the file before anything
is allocated for them.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from math import prod
from typing import Final, NoReturn

import numpy as np

from hubcheck.checkpoint.containers import HEAD_BYTES, from_head
from hubcheck.checkpoint.decode import bits_of
from hubcheck.checkpoint.gguf_blocks import blocks_of, is_read
from hubcheck.checkpoint.header import MAX_TENSORS
from hubcheck.checkpoint.header_limits import MAX_DIMENSION, MAX_NAME_LENGTH
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.other_formats import refuse_container
from hubcheck.errors import HostileCheckpointError, UnsupportedFormatError, printable
from hubcheck.frozen import frozen

Fetch = Callable[[int, int], bytes]
"""Returns bytes ``start`` to ``stop`` of the file."""

FIRST_READ_BYTES: Final = 64 << 10
"""First piece; a split without metadata needs no more."""
GROWTH: Final = 4
"""Each further piece makes what is held this many times longer: the 2 MB that 32,000 tokens take
cost three more requests."""
MOST_GROWTH_BYTES: Final = 4 << 20
"""Longest further piece: the 7.5 MB of a vocabulary of 128,000 with merges end within 8.4 MB."""
MAX_HEADER_BYTES: Final = 128 << 20
"""Longest header that is read; vocabularies of 260,000 tokens with merges take 16 MB."""
MAX_PAIRS: Final = 65_536
"""Most metadata pairs; real files have about 40."""
MAX_ELEMENTS: Final = 4_000_000
"""Most array elements in one header; the largest vocabularies with scores and merges have 1.2 M."""
MAX_AXES: Final = 4
"""Most axes of a tensor in ggml."""
MAX_TEXT: Final = 4096
"""Characters of a metadata text that are kept; chat templates are longer and not needed."""
MAX_LISTED: Final = 512
"""Numbers of an array that are kept: one per layer of any published model."""
MAX_TOKEN_BYTES: Final = 4096
"""Longest token; the longest published ones are runs of a few hundred spaces."""
DEFAULT_ALIGNMENT: Final = 32
TOKENS_KEY: Final = "tokenizer.ggml.tokens"
TOKEN_TYPES_KEY: Final = "tokenizer.ggml.token_type"  # noqa: S105 - no password
_SPECIAL_TYPES: Final = (2, 3, 4, 5)
"""ggml's token types for unknown, control, user-defined and unused."""

_SCALARS: Final = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?", 10: "<Q", 11: "<q",
    12: "<d",
}  # fmt: skip
_INT32: Final = 5
_STRING: Final = 8
_ARRAY: Final = 9

TYPE_NAMES: Final = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0", 9: "Q8_1",
    10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 15: "Q8_K", 16: "IQ2_XXS",
    17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S",
    23: "IQ4_XS", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M", 30: "BF16",
    34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4", 40: "NVFP4",
}  # fmt: skip
"""ggml's tensor types by number; those that ``gguf_blocks`` and ``decode`` lack are named only."""


@frozen
class GgufHeader:
    """What one file states about itself."""

    metadata: dict[str, str]
    """Numbers, texts and short number lists (joined by commas) as text; hostile."""
    tokens: tuple[str, ...]
    special_tokens: frozenset[int]
    """Ids marked unknown, control, user-defined or unused."""
    tensors: tuple[TensorRecord, ...]


class _Cursor:
    """A position in a header that is fetched as far as it is needed."""

    def __init__(self, fetch: Fetch, path: str, file_size: int) -> None:
        self._fetch, self.path, self._size = fetch, path, file_size
        self._held = bytearray()
        self.at = 0
        self.elements = 0

    def take(self, n_bytes: int) -> bytes:
        """Return the next bytes."""
        stop = self.at + n_bytes
        if stop > len(self._held):
            if stop > min(self._size, MAX_HEADER_BYTES):
                refuse(self.path, f"has a header that passes byte {min(self._size, stop)}")
            held = len(self._held)
            more = min((GROWTH - 1) * held, MOST_GROWTH_BYTES)
            wanted = max(stop, held + more, FIRST_READ_BYTES)
            wanted = min(wanted, self._size, MAX_HEADER_BYTES)
            self._held += self._fetch(len(self._held), wanted)
        taken = bytes(self._held[self.at : stop])
        self.at = stop
        return taken

    def number(self, layout: str) -> int:
        """Return one integer."""
        return int(struct.unpack(layout, self.take(struct.calcsize(layout)))[0])

    def length(self, cap: int, what: str) -> int:
        """Return a u64 length that must not pass ``cap``."""
        n = self.number("<Q")
        if n > cap:
            refuse(self.path, f"states {what} of {n}, over the cap of {cap}")
        return n

    def text(self, cap: int, what: str) -> str:
        """Return a string; bytes that are no UTF-8 are replaced."""
        return self.take(self.length(cap, what)).decode("utf-8", "replace")

    def long_text(self) -> str:
        """Return the beginning of a string of any length that the header can hold."""
        return self.take(self.length(MAX_HEADER_BYTES, "a text"))[: 4 * MAX_TEXT].decode(
            "utf-8", "replace"
        )[:MAX_TEXT]

    def count_elements(self, n: int) -> None:
        """Refuse arrays that are too long together."""
        self.elements += n
        if self.elements > MAX_ELEMENTS:
            refuse(self.path, f"holds more than {MAX_ELEMENTS} array elements")


def read_gguf_header(fetch: Fetch, *, path: str, file_size: int) -> GgufHeader:
    """Return the header of one file.

    Args:
        fetch: Reads a range of the file.
        path: The file, for records and messages.
        file_size: Its size in bytes.

    Raises:
        HostileCheckpointError: the header contradicts itself or the file, or passes a cap.
        UnsupportedFormatError: a version or byte order that is not read, or another container.
    """
    cursor = _Cursor(fetch, path, file_size)
    if cursor.take(4) != b"GGUF":
        shown = from_head(fetch(0, min(HEAD_BYTES, file_size)))
        if shown:
            refuse_container(path, shown)
        refuse(path, "does not begin with GGUF")
    version = cursor.number("<I")
    if version not in (2, 3):
        raise UnsupportedFormatError(
            f"'{printable(path)}' is GGUF version {version}.",
            cause="the file is older than 2023, big-endian, or newer than this program.",
            next_step="convert it with a current converter.",
            format_name=f"GGUF version {version}",
        )
    n_tensors = cursor.length(MAX_TENSORS, "a tensor count")
    n_pairs = cursor.length(MAX_PAIRS, "a metadata count")
    metadata: dict[str, str] = {}
    tokens: tuple[str, ...] = ()
    special: frozenset[int] = frozenset()
    for _ in range(n_pairs):
        key = cursor.text(MAX_NAME_LENGTH, "a key length")
        value = _special(cursor) if key == TOKEN_TYPES_KEY else _value(cursor, key)
        if key in metadata:
            refuse(path, f"holds the key '{printable(key)}' twice")
        if isinstance(value, tuple):
            tokens, value = value, f"{len(value)} tokens"
        elif isinstance(value, frozenset):
            special, value = value, f"{len(value)} special tokens"
        metadata[key] = value
    entries = [_entry(cursor) for _ in range(n_tensors)]
    alignment = _alignment(metadata.get("general.alignment", str(DEFAULT_ALIGNMENT)), path)
    data = -(-cursor.at // alignment) * alignment
    return GgufHeader(
        metadata=metadata,
        tokens=tokens,
        special_tokens=special,
        tensors=tuple(_records(entries, path, data, alignment, file_size)),
    )


def _value(cursor: _Cursor, key: str) -> str | tuple[str, ...]:
    """Return a metadata value as text; the tokens as a tuple."""
    kind = cursor.number("<I")
    if kind == _STRING:
        return cursor.long_text()
    if kind in _SCALARS:
        return _scalar(cursor, kind)
    if kind != _ARRAY:
        refuse(cursor.path, f"gives the key '{printable(key)}' the unknown type {kind}")
    inner = cursor.number("<I")
    n = cursor.length(MAX_ELEMENTS, "an array length")
    cursor.count_elements(n)
    if inner == _STRING:
        if key == TOKENS_KEY:
            return tuple(cursor.text(MAX_TOKEN_BYTES, "a token length") for _ in range(n))
        for _ in range(n):
            cursor.take(cursor.length(MAX_HEADER_BYTES, "a text"))
        return f"{n} texts"
    if inner not in _SCALARS:
        refuse(cursor.path, f"holds an array of type {inner} under '{printable(key)}'")
    if n <= MAX_LISTED:
        return ",".join(_scalar(cursor, inner) for _ in range(n))
    cursor.take(n * struct.calcsize(_SCALARS[inner]))
    return f"{n} numbers"


def _special(cursor: _Cursor) -> frozenset[int]:
    """Return the ids of special tokens; the types are an array of int32."""
    if cursor.number("<I") != _ARRAY or cursor.number("<I") != _INT32:
        refuse(cursor.path, f"holds no array of numbers under '{TOKEN_TYPES_KEY}'")
    n = cursor.length(MAX_ELEMENTS, "an array length")
    cursor.count_elements(n)
    types = np.frombuffer(cursor.take(4 * n), dtype="<i4")
    return frozenset(np.flatnonzero(np.isin(types, _SPECIAL_TYPES)).tolist())


def _scalar(cursor: _Cursor, kind: int) -> str:
    layout = _SCALARS[kind]
    return str(struct.unpack(layout, cursor.take(struct.calcsize(layout)))[0])


def _alignment(text: str, path: str) -> int:
    value = int(text) if text.isdecimal() and len(text) < 8 else 0  # noqa: PLR2004 - digits
    if value < 8 or value & (value - 1):  # noqa: PLR2004 - the specification's least
        refuse(path, f"states the alignment '{printable(text, limit=40)}'")
    return value


@frozen(kw_only=False)
class _Entry:
    name: str
    shape: tuple[int, ...]
    type_number: int
    offset: int


def _entry(cursor: _Cursor) -> _Entry:
    name = cursor.text(MAX_NAME_LENGTH, "a name length")
    n_axes = cursor.number("<I")
    if n_axes > MAX_AXES:
        refuse(cursor.path, f"gives tensor '{printable(name)}' {n_axes} axes")
    axes = tuple(cursor.number("<Q") for _ in range(n_axes))
    if any(n > MAX_DIMENSION for n in axes):
        refuse(cursor.path, f"gives tensor '{printable(name)}' the impossible shape {axes}")
    return _Entry(name, axes[::-1], cursor.number("<I"), cursor.number("<Q"))


def _records(
    entries: list[_Entry], path: str, data: int, alignment: int, file_size: int
) -> list[TensorRecord]:
    """Return records in the order of their bytes, free of overlaps and inside the file."""
    entries.sort(key=lambda e: (e.offset, e.name))
    records: list[TensorRecord] = []
    seen: set[str] = set()
    for i, entry in enumerate(entries):
        name = entry.name
        if name in seen:
            refuse(path, f"lists tensor '{printable(name)}' twice")
        seen.add(name)
        start = data + entry.offset
        following = data + entries[i + 1].offset if i + 1 < len(entries) else file_size
        if entry.offset % alignment or start > file_size:
            refuse(path, f"puts tensor '{printable(name)}' at the impossible offset {entry.offset}")
        record = _record(entry, path, start, min(following, file_size))
        if record.stop > min(following, file_size):
            refuse(path, f"lets tensor '{printable(name)}' reach past the next one or the end")
        records.append(record)
    return records


def _record(entry: _Entry, path: str, start: int, room: int) -> TensorRecord:
    """Return the record of one tensor; of a type that is not read, it fills the room it has."""
    type_name = TYPE_NAMES.get(entry.type_number, f"type {entry.type_number}")
    if is_read(type_name):
        record = blocks_of(
            type_name=type_name, name=entry.name, shape=entry.shape, path=path, start=start
        )
        if record is None:
            refuse(
                path,
                f"stores tensor '{printable(entry.name)}' of shape {entry.shape} as {type_name},"
                " whose blocks do not fill its rows",
            )
        return record
    plain = type_name in ("F32", "F16", "BF16", "F64", "I8", "I16", "I32", "I64")
    n_bytes = prod(entry.shape) * bits_of(type_name) // 8 if plain else max(0, room - start)
    return TensorRecord(
        name=entry.name,
        dtype=type_name,
        shape=entry.shape,
        path=path,
        start=start,
        stop=start + n_bytes,
    )


def refuse(path: str, what: str) -> NoReturn:
    """Raise the refusal of one file."""
    raise HostileCheckpointError(
        f"'{printable(path)}' {what}.",
        cause="the file is truncated, damaged or built to mislead.",
        next_step="download or convert the file again; if nothing changes, do not load it.",
    )
