"""Which container is a file, by its first bytes and, for an archive, the names of its members?

Many formats share an ending (``.bin``, ``.pt``, ``.ckpt``, ``.pkl``, ``.zip``). A few bytes tell
them apart; nothing is unpacked, parsed further or run. A wrong answer costs a wrong name on a
refusal, never a verdict.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection
from typing import Final

from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.weight_files import FORMATS, GGUF, NUMPY, SAFETENSORS, TAR, ZIP

HEAD_BYTES: Final = 512
"""First bytes that are read: the mark of a tar archive, the furthest, stands at 257."""
TAIL_BYTES: Final = 64 * 1024
"""Last bytes that are read of an archive: the directory of some hundred members."""

OLD_TORCH: Final = "PyTorch pickle from before 1.6"
COMPRESSED_TORCH: Final = "compressed PyTorch zip"
TORCH_ZIP: Final = "PyTorch zip"
TORCHSCRIPT: Final = "TorchScript archive"
PICKLE: Final = "Python pickle"

_MAGIC: Final = (
    (0, b"GGUF", f"{GGUF} under another name"),
    # ggml, ggmf, ggjt and ggla, each an integer stored with its lowest byte first
    (0, b"lmgg", FORMATS[".ggml"]),
    (0, b"fmgg", FORMATS[".ggml"]),
    (0, b"tjgg", FORMATS[".ggml"]),
    (0, b"algg", FORMATS[".ggml"]),
    (0, b"\xba\x16\x4f\x2f", "fastText"),
    (0, b"\x89HDF\r\n\x1a\n", FORMATS[".h5"]),
    (4, b"TFL3", FORMATS[".tflite"]),
    (4, b"ET12", FORMATS[".pte"]),
    (4, b"ORTM", FORMATS[".ort"]),
    (0, b"ftrt", FORMATS[".engine"]),
    (0, b"RKNN", FORMATS[".rknn"]),
    (0, b"MZqFpD", FORMATS[".llamafile"]),
    (0, b"\x93NUMPY", NUMPY),
    (257, b"ustar", TAR),
    (0, b"\x1f\x8b", "gzip archive"),
    # torch.save before 1.6: a pickled integer, the magic number 0x1950a86a20f9469cfc6c
    (0, b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", OLD_TORCH),
)
"""Offset, bytes, name."""
_PICKLE: Final = re.compile(rb"\x80[\x02-\x05][\x95}\](cX\x8c\x80K.]", re.DOTALL)
"""A protocol from 2 to 5, and an instruction that may follow."""
_CTRANSLATE2: Final = re.compile(rb"[\x01-\x20]\0\0\0(?P<n>.)\0(?P<name>\w{3,60}Spec)\0", re.DOTALL)
"""Version of the file, and length and name of the specification (``ctranslate2.specs``)."""
_TENSORFLOW_TABLE: Final = struct.pack("<Q", 0xDB4775248B80FB57)
"""The last eight bytes of a table of LevelDB, which TensorFlow's checkpoints are."""
_MINDSPORE: Final = re.compile(rb"\x0a.{1,5}\x0a(?P<n>.)[\w.\-/]{3,}", re.DOTALL)
"""A message ``Checkpoint.Value`` that begins with its tag, a parameter's name."""

_MEMBERS: Final = (
    ("_stable_baselines3_version", "stable-baselines3 archive"),
    ("model.weights.h5", FORMATS[".keras"]),
    ("MAR-INF/MANIFEST.json", FORMATS[".mar"]),
    ("saved_model.pb", "TensorFlow SavedModel"),
    ("schema.json", FORMATS[".skops"]),
    ("model_weights.ckpt", FORMATS[".nemo"]),
    ("extern_modules", "torch.package archive"),
)
"""A member's last name, or its path, and the container it marks."""


def container_of(source: Source, path: str, size: int) -> str:
    """Return the container that a file's bytes show, ``""`` where they show none.

    Args:
        source: The model; at most ``HEAD_BYTES`` and ``TAIL_BYTES`` are read and charged.
        path: The file.
        size: Its size in bytes.

    Raises:
        HubcheckError: as the source: bytes that cannot be had are no container of any kind.
    """
    head = _read(source, path, 0, min(size, HEAD_BYTES))
    if head[:4] == b"PK\x03\x04":
        tail = _read(source, path, max(0, size - TAIL_BYTES), size)
        return archive_of(directory_names(tail))
    found = from_head(head) or _protobuf(head)
    if not found and size > len(_TENSORFLOW_TABLE):
        end = _read(source, path, size - len(_TENSORFLOW_TABLE), size)
        found = "TensorFlow checkpoint" if end == _TENSORFLOW_TABLE else ""
    return found


def from_head(head: bytes) -> str:
    """Return the container that the first bytes of a file show, ``""`` where they show none."""
    for at, magic, name in _MAGIC:
        if head[at : at + len(magic)] == magic:
            return name
    spec = _CTRANSLATE2.match(head)
    if spec and spec["n"][0] == len(spec["name"]) + 1:
        return "CTranslate2"
    if head[8:10] == b'{"' and int.from_bytes(head[:8], "little") < 1 << 30:  # a header's length
        return f"{SAFETENSORS} under another name"
    return PICKLE if _PICKLE.match(head) else ""


def archive_of(members: Collection[str]) -> str:
    """Return what a zip archive is by the names of its members."""
    described = next((n for n in members if n.endswith("/data.pkl") and n.count("/") == 1), "")
    if described:  # first: no other member can hide a dictionary of tensors that torch.load loads
        constants = described.removesuffix("data.pkl") + "constants.pkl"
        return TORCHSCRIPT if constants in members else TORCH_ZIP
    last = {name.rpartition("/")[2] for name in members}
    for mark, name in _MEMBERS:
        if mark in members or mark in last:
            return name
    if members and all(name.endswith(".npy") for name in members):
        return FORMATS[".npz"]
    return ZIP


def directory_names(tail: bytes) -> tuple[str, ...]:
    """Return the members named in the end of a zip archive; none where its directory is longer.

    An archive inside the archive has a directory of its own, so the last record alone counts.
    """
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or end + 16 > len(tail):
        return ()
    wide = tail.rfind(b"PK\x06\x06", 0, end)
    if tail[end - 20 : end - 16] == b"PK\x06\x07" and wide >= 0 and wide + 48 <= end:
        start = wide - int.from_bytes(tail[wide + 40 : wide + 48], "little")
    else:
        start = end - int.from_bytes(tail[end + 12 : end + 16], "little")
    found: list[str] = []
    at = start if start >= 0 else end
    while tail[at : at + 4] == b"PK\x01\x02" and at + 46 <= len(tail):
        lengths = struct.unpack("<HHH", tail[at + 28 : at + 34])
        found.append(tail[at + 46 : at + 46 + lengths[0]].decode("utf-8", "replace"))
        at += 46 + sum(lengths)
    return tuple(found)


def _protobuf(head: bytes) -> str:
    """Return the name of a container without a mark of its own, where its first message shows."""
    found = _MINDSPORE.match(head)
    if found and found["n"][0] >= 3:  # noqa: PLR2004 - the shortest name that is told from chance
        return "MindSpore checkpoint"
    return ""


def _read(source: Source, path: str, start: int, stop: int) -> bytes:
    if stop <= start:
        return b""
    return source.read([Span(path=path, start=start, stop=stop)], Purpose.HEADER)[0]
