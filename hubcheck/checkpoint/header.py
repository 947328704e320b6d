"""Where does each tensor lie, according to the header of one safetensors file?

Layout of a file: eight bytes with the length n of the header (little-endian), n bytes of JSON, then
the data. The header is hostile; what passes here is contiguous, free of overlaps and inside the
file. All size arithmetic is done on Python integers, which cannot overflow.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Final, NoReturn

from hubcheck.checkpoint.decode import DTYPE_BITS
from hubcheck.checkpoint.header_limits import MAX_DIMENSION, MAX_NAME_LENGTH, MAX_RANK
from hubcheck.checkpoint.interface import TensorRecord
from hubcheck.checkpoint.sound_header import sound_records
from hubcheck.checkpoint.strict_json import MAX_JSON_BYTES, load_object, shown
from hubcheck.errors import HostileCheckpointError, printable
from hubcheck.frozen import frozen

LENGTH_BYTES: Final = 8
"""Size of the length field that opens a file."""

MAX_FORMAT_HEADER_BYTES: Final = 100_000_000
"""The cap of the file format itself; hubcheck's own is ``strict_json.MAX_JSON_BYTES``."""

MAX_TENSORS: Final = 1_000_000
"""Most tensors in one model. A trillion-parameter mixture of experts (61 layers, 384 experts, three
matrices, a scale each) has 140,000."""

_METADATA: Final = "__metadata__"

# What lies in a file that bears the name of a checkpoint but is something else.
_OTHER_CONTENT: Final[Mapping[bytes, str]] = {
    b"version ": "it is a Git LFS pointer; the content was never downloaded.",
    b"PK\x03\x04": "it is a zip archive, as written by torch.save.",
    b"GGUF": "it is a GGUF file.",
    b"<": "it is a web page, perhaps a saved error message.",
    b"{": "it is JSON text.",
    b"\x80": "it is a Python pickle.",
}


@frozen
class Header:
    """What one file states about itself."""

    tensors: tuple[TensorRecord, ...]
    """In the order of their bytes."""
    metadata: Mapping[str, str]
    """Free text; hostile."""


def header_length(prefix: bytes, *, path: str, file_size: int) -> int:
    """Return the length in bytes of the JSON header, without reading it.

    Args:
        prefix: The first bytes of the file, all of it where it is shorter than eight.
        path: The file, for messages.
        file_size: Size of the whole file in bytes.

    Raises:
        HostileCheckpointError: the file is too short, or the length passes a cap or the file.
    """
    if len(prefix) < LENGTH_BYTES or file_size < LENGTH_BYTES:
        _refuse(
            path,
            f"is {file_size} bytes long, too short for a header",
            cause="the file is empty or truncated.",
        )
    n_bytes = int.from_bytes(prefix[:LENGTH_BYTES], "little")
    cause = next(
        (c for magic, c in _OTHER_CONTENT.items() if prefix.startswith(magic)),
        "the file is truncated, or is no safetensors file.",
    )
    if n_bytes > MAX_FORMAT_HEADER_BYTES:
        _refuse(
            path,
            f"states a header of {n_bytes} bytes, over the format's cap of"
            f" {MAX_FORMAT_HEADER_BYTES}",
            cause=cause,
        )
    if n_bytes > MAX_JSON_BYTES:
        _refuse(
            path,
            f"states a header of {n_bytes} bytes, over the cap of {MAX_JSON_BYTES}",
            cause=cause,
        )
    if LENGTH_BYTES + n_bytes > file_size:
        _refuse(
            path,
            f"states a header of {n_bytes} bytes, past its end at {file_size}",
            cause=cause,
        )
    return n_bytes


def parse_header(raw: bytes, *, path: str, file_size: int) -> Header:
    """Return the tensors and metadata of one file.

    Args:
        raw: The JSON header alone, exactly as long as the file states.
        path: The file inside the model.
        file_size: Size of the whole file in bytes.

    Raises:
        HostileCheckpointError: the header is malformed, contradicts itself, or does not cover the
            data exactly.
    """
    document = load_object(raw, f"The header of '{printable(path)}'")
    metadata = _metadata(document.pop(_METADATA, {}), path)
    if len(document) > MAX_TENSORS:
        _refuse(path, f"lists {len(document)} tensors, over the cap of {MAX_TENSORS}")
    data_start = LENGTH_BYTES + len(raw)
    sound = sound_records(document, path, data_start, file_size)
    if sound is not None:
        return Header(tensors=sound, metadata=metadata)
    tensors = [
        _record(name, entry, path, data_start, file_size) for name, entry in document.items()
    ]
    tensors.sort(key=lambda t: (t.start, t.stop, t.name))
    _require_cover(tensors, path, data_start, file_size)
    return Header(tensors=tuple(tensors), metadata=metadata)


def _metadata(entry: object, path: str) -> dict[str, str]:
    """Return ``__metadata__`` as a mapping from text to text."""
    if not isinstance(entry, dict):
        _refuse(path, f"has a {_METADATA} that is no object: {shown(entry)}")
    for key, value in entry.items():
        if not isinstance(value, str):
            _refuse(path, f"has {_METADATA} that is not text, {shown(key)}: {shown(value)}")
    return entry


def _record(name: str, entry: object, path: str, data_start: int, file_size: int) -> TensorRecord:
    """Return the record of one header entry, with absolute offsets."""
    if len(name) > MAX_NAME_LENGTH:
        _refuse(
            path,
            f"has a tensor name of {len(name)} characters, {shown(name)}, over the cap of"
            f" {MAX_NAME_LENGTH}",
        )
    if not isinstance(entry, dict):
        _refuse(path, f"describes tensor {shown(name)} by {shown(entry)}, not an object")
    dtype = entry.get("dtype")
    if not isinstance(dtype, str) or not dtype:
        _refuse(path, f"gives tensor {shown(name)} the dtype {shown(dtype)}")
    shape = _naturals(entry.get("shape"), "shape", name, path)
    if len(shape) > MAX_RANK:
        _refuse(path, f"gives tensor {shown(name)} a shape of {len(shape)} axes, over {MAX_RANK}")
    if shape and max(shape) > MAX_DIMENSION:
        _refuse(path, f"gives tensor {shown(name)} the impossible shape {shown([*shape])}")
    offsets = _naturals(entry.get("data_offsets"), "data_offsets", name, path)
    if len(offsets) != 2 or offsets[0] > offsets[1]:  # noqa: PLR2004 - a start and a stop
        _refuse(
            path,
            f"gives tensor {shown(name)} data_offsets {shown([*offsets])},"
            " not a start and a later stop",
        )
    if data_start + offsets[1] > file_size:
        _refuse(
            path,
            f"ends at byte {file_size}, but gives tensor {shown(name)} data_offsets"
            f" {shown([*offsets])}, which reach past it",
            cause="the file is truncated.",
        )
    bits = DTYPE_BITS.get(dtype)
    if bits is not None and prod(shape) * bits != 8 * (offsets[1] - offsets[0]):
        _refuse(
            path,
            f"gives tensor {shown(name)} {offsets[1] - offsets[0]} bytes, which shape"
            f" {shown([*shape])} of {dtype} does not fill exactly",
        )
    return TensorRecord(
        name=name,
        dtype=dtype,
        shape=shape,
        path=path,
        start=data_start + offsets[0],
        stop=data_start + offsets[1],
    )


def _naturals(value: object, key: str, name: str, path: str) -> tuple[int, ...]:
    """Return a list of whole numbers from zero up; ``true`` is not a number here."""
    numbers: list[int] = value if isinstance(value, list) else [-1]
    for n in numbers:  # a loop: this is asked twice a tensor, of which there may be 140,000
        if type(n) is not int or n < 0:
            _refuse(
                path,
                f"gives tensor {shown(name)} the {key} {shown(value)}, not whole numbers from 0 up",
            )
    return tuple(numbers)


def _require_cover(tensors: list[TensorRecord], path: str, data_start: int, file_size: int) -> None:
    """Refuse overlaps, holes and bytes that no tensor owns.

    ``tensors`` come in byte order and end inside the file.
    """
    reached = data_start
    for tensor in tensors:
        if tensor.start < reached:
            _refuse(path, f"lets tensor {shown(tensor.name)} overlap another")
        if tensor.start > reached:
            n_bytes = tensor.start - reached
            _refuse(path, f"leaves a hole of {n_bytes} bytes before tensor {shown(tensor.name)}")
        reached = tensor.stop
    if reached < file_size:
        _refuse(path, f"holds {file_size - reached} bytes that no tensor owns")


def _refuse(
    path: str, what: str, *, cause: str = "the file was damaged or built to mislead."
) -> NoReturn:
    """Raise the refusal of one file."""
    raise HostileCheckpointError(
        f"'{printable(path)}' {what}.",
        cause=cause,
        next_step="download the file again; if nothing changes, do not load this model.",
    )
