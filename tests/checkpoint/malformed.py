"""Checkpoints that must be refused, each with the error and a word of its message.

Also writes them to a folder, for trying a whole program on them:
``python -m tests.checkpoint.malformed FOLDER``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hubcheck.errors import (
    HostileCheckpointError,
    NoWeightsError,
    UnreadableError,
    UnsupportedFormatError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """One model that is no checkpoint."""

    name: str
    files: Mapping[str, bytes]
    error: type[UnreadableError]
    word: str
    """Must stand in the message."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Stated sizes of files that are longer than their content."""


def pack(header: bytes, data: bytes = b"", *, length: int | None = None) -> bytes:
    """Return a file of ``header`` and ``data``; ``length`` overrides the stated header length."""
    stated = len(header) if length is None else length
    return stated.to_bytes(8, "little") + header + data


def tensor_file(tensors: Mapping[str, object], data: bytes = b"") -> bytes:
    """Return a file whose header is ``tensors`` as JSON."""
    return pack(json.dumps(tensors).encode(), data)


def entry(dtype: object = "F32", shape: object = (2,), offsets: object = (0, 8)) -> object:
    """Return one header entry."""
    return {"dtype": dtype, "shape": shape, "data_offsets": offsets}


def index_of(weight_map: object) -> bytes:
    """Return an index with this weight map."""
    return json.dumps({"metadata": {}, "weight_map": weight_map}).encode()


GOOD = tensor_file({"a": entry()}, bytes(8))
"""A sound file of one tensor ``a``."""

_INDEX = "model.safetensors.index.json"
_SHARDS = ("model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors")


def malformed() -> list[Malformed]:
    """Return every case."""
    return [*_lengths(), *_documents(), *_entries(), *_covers(), *_indexes(), *_choices()]


def _file(name: str, content: bytes, word: str, *, size: int = 0) -> Malformed:
    """Return a case of one hostile file."""
    return Malformed(
        name=name,
        files={"model.safetensors": content},
        error=HostileCheckpointError,
        word=word,
        sizes={"model.safetensors": size} if size else {},
    )


def _lengths() -> Iterator[Malformed]:
    """Yield files whose length field cannot be true."""
    yield _file("empty file", b"", "too short")
    yield _file("seven bytes", bytes(7), "too short")
    yield _file("length without header", (64).to_bytes(8, "little"), "past its end")
    yield _file("length zero", bytes(8), "valid JSON")
    yield _file("length one past end", pack(b"{}", length=3), "past its end")
    yield _file("length 2**64 - 1", b"\xff" * 8, "18446744073709551615")
    yield _file("length over format cap", pack(b"{}", length=100_000_001), "100000000", size=2**31)
    yield _file("length over own cap", pack(b"{}", length=2**25 + 1), "33554432", size=2**31)
    yield _file("LFS pointer", b"version https://git-lfs.github.com/spec/v1\n", "LFS pointer")
    yield _file("zip archive", b"PK\x03\x04" + bytes(60), "torch.save")
    yield _file("web page", b"<!DOCTYPE html><html></html>", "web page")
    yield _file("pickle", b"\x80\x04\x95" + bytes(3) + b"abcdefgh", "pickle")
    yield _file("GGUF under another name", b"GGUF\x03\x00\x00\x00" + bytes(40), "GGUF")
    yield _file("truncated header", GOOD[:20], "past its end")
    yield _file("truncated data", GOOD[:-1], "truncated")


def _documents() -> Iterator[Malformed]:
    """Yield headers that are no unambiguous JSON object."""
    one = json.dumps(entry()).encode()
    yield _file("not UTF-8", pack(b'{"\xff": 1}'), "UTF-8")
    yield _file("UTF-16", pack('{"a": 1}'.encode("utf-16")), "UTF-8")
    yield _file("byte order mark", pack(b"\xef\xbb\xbf{}"), "valid JSON")
    yield _file("no JSON", pack(b"{'a': 1}"), "valid JSON")
    yield _file("two documents", pack(b"{}{}"), "valid JSON")
    yield _file("NUL padding", pack(b"{}\0\0"), "valid JSON")
    yield _file("list", pack(b"[]"), "not a JSON object")
    yield _file("null", pack(b"null"), "not a JSON object")
    yield _file(
        "same tensor twice", pack(b'{"a": ' + one + b', "a": ' + one + b"}", bytes(8)), "twice"
    )
    yield _file(
        "same field twice",
        pack(
            b'{"a": {"dtype": "F32", "dtype": "F16", "shape": [2], "data_offsets": [0, 8]}}',
            bytes(8),
        ),
        "'dtype' twice",
    )
    yield _file("NaN", pack(b'{"a": NaN}'), "NaN")
    yield _file("infinity", pack(b'{"a": -Infinity}'), "-Infinity")
    yield _file("deep lists", pack(b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"), "nested")
    yield _file("deep objects", pack(b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "nested")
    yield _file("million empty lists", pack(b'{"a":[' + b"[]," * 1_300_000 + b"[]]}"), "values")
    yield _file("number of 5000 digits", pack(b'{"a": ' + b"9" * 5000 + b"}"), "digits")
    yield _file("half a character", pack(b'{"\\ud800": 1}'), "half a character")
    yield _file("half a character in metadata", _with_metadata({"k": "\udfff"}), "half a character")
    yield _file("metadata is a list", _with_metadata([]), "__metadata__")
    yield _file("metadata is null", _with_metadata(None), "__metadata__")
    yield _file("metadata holds a number", _with_metadata({"k": 1}), "'k': 1")
    yield _file("metadata holds an object", _with_metadata({"k": {"x": "y"}}), "an object")


def _with_metadata(metadata: object) -> bytes:
    """Return a file of one tensor with this metadata."""
    return tensor_file({"__metadata__": metadata, "a": entry()}, bytes(8))


def _entries() -> Iterator[Malformed]:
    """Yield headers with an entry that describes no tensor."""
    wrong: list[tuple[str, object, str]] = [
        ("entry is a number", 7, "by 7"),
        ("entry is null", None, "by null"),
        ("entry is empty", {}, "dtype"),
        ("dtype is missing", {"shape": [2], "data_offsets": [0, 8]}, "dtype null"),
        ("dtype is a number", entry(dtype=32), "dtype 32"),
        ("dtype is empty", entry(dtype=""), "dtype ''"),
        ("dtype moves the cursor", entry(dtype=["\x1b[2J"]), "x1b"),
        ("shape is missing", {"dtype": "F32", "data_offsets": [0, 8]}, "shape null"),
        ("shape is text", entry(shape="2"), "shape '2'"),
        ("shape is negative", entry(shape=[-2]), "shape [-2]"),
        ("shape is twice negative", entry(shape=[-1, -2]), "shape [-1, -2]"),
        ("shape holds a float", entry(shape=[2.0]), "shape [2.0]"),
        ("shape holds true", entry(shape=[2, True]), "true"),
        ("shape holds a list", entry(shape=[[2]]), "shape"),
        ("shape wraps around 2**64", entry(shape=[2**32, 2**32, 2]), "does not fill"),
        ("shape axis over any file", entry(shape=[2**60]), "impossible"),
        ("empty shape axis over any file", entry(shape=[0, 10**30], offsets=[0, 0]), "impossible"),
        ("shape of 1000 axes", entry(shape=[1] * 999 + [2]), "1000 axes"),
        ("shape needs more bytes", entry(shape=[3]), "does not fill"),
        ("shape needs fewer bytes", entry(shape=[1]), "does not fill"),
        ("half-byte values end inside a byte", entry("F4", [15]), "does not fill"),
        ("offsets are missing", {"dtype": "F32", "shape": [2]}, "data_offsets null"),
        ("offsets are three", entry(offsets=[0, 4, 8]), "later stop"),
        ("offsets are reversed", entry(offsets=[8, 0]), "later stop"),
        ("offsets are negative", entry(offsets=[-8, 0]), "data_offsets [-8, 0]"),
        ("offsets are booleans", entry("U8", [1], [False, True]), "[false, true]"),
        ("offsets are floats", entry(offsets=[0, 8.0]), "data_offsets [0, 8.0]"),
        ("offsets past the end", entry(shape=[4], offsets=[0, 16]), "reach past it"),
        ("offsets beyond 2**64", entry(offsets=[2**64, 2**64 + 8]), "reach past it"),
        ("offsets of 4300 digits", entry(offsets=[0, int("9" * 4300)]), "reach past it"),
    ]
    for name, value, word in wrong:
        yield _file(name, tensor_file({"a": value}, bytes(8)), word)
    yield _file("name of 2000 characters", tensor_file({"x" * 2000: entry()}, bytes(8)), "2000")


def _covers() -> Iterator[Malformed]:
    """Yield headers whose tensors do not tile the data."""
    first, second = entry(offsets=[0, 8]), entry(offsets=[8, 16])
    yield _file("no tensors but data", pack(b"{}", bytes(8)), "no tensor owns")
    yield _file("two tensors share bytes", tensor_file({"a": first, "b": first}, bytes(8)), "lap")
    overlap = {"a": first, "b": entry(offsets=[4, 12])}
    yield _file("partial overlap", tensor_file(overlap, bytes(12)), "overlap")
    inside = {"a": entry(shape=[4], offsets=[0, 16]), "b": entry(shape=[1], offsets=[4, 8])}
    yield _file("one inside another", tensor_file(inside, bytes(16)), "overlap")
    yield _file("hole in front", tensor_file({"b": second}, bytes(16)), "hole of 8")
    gap = {"a": first, "b": entry(offsets=[12, 20])}
    yield _file("hole between", tensor_file(gap, bytes(20)), "hole of 4")
    yield _file("hidden tail", tensor_file({"a": first}, bytes(9)), "1 bytes that no tensor")


def _indexes() -> Iterator[Malformed]:
    """Yield sharded models whose index and shards do not fit."""
    # of three: where a set is complete by its numbers, an index that cannot be used is passed over
    one, two = (name.replace("of-00002", "of-00003") for name in _SHARDS)
    other = tensor_file({"b": entry()}, bytes(8))
    shards = {one: GOOD, two: other}
    sound = {"a": one, "b": two}
    outside = {
        "parent folder": "../x.safetensors",
        "absolute path": "/etc/x.safetensors",
        "backslash": "a\\b.safetensors",
        "folder below": "sub/x.safetensors",
        "drive": "C:x.safetensors",
        "empty name": "",
        "NUL": "x\0.safetensors",
        "line break": "x\n.safetensors",
        "another ending": "pytorch_model.bin",
        "hidden": ".safetensors",
    }
    for name, path in outside.items():
        # The named file exists, so that only the rule about names can refuse it.
        files = {**shards, path: other, _INDEX: index_of({"a": one, "b": path})}
        yield _model(f"shard name: {name}", files, "plain .safetensors")
    indexes: list[tuple[str, bytes, str]] = [
        ("no weight_map", b"{}", "weight_map"),
        ("weight_map is a list", index_of([]), "weight_map"),
        ("weight_map is empty", index_of({}), "weight_map"),
        ("shard is a number", index_of({"a": 1}), "no file name"),
        ("shard is a list", index_of({"a": [one]}), "no file name"),
        ("a needed shard is gone", index_of(sound | {"c": "x.safetensors"}), "does not exist"),
        ("index lists a tensor twice", b'{"weight_map": {"a": "x", "a": "y"}}', "twice"),
        ("index is no JSON", b"{", "valid JSON"),
        ("index is a list", b"[]", "not a JSON object"),
    ]
    for name, index, word in indexes:
        yield _model(name, {**shards, _INDEX: index}, word)
    both = {one: GOOD, two: GOOD, _INDEX: index_of({"a": one, "z": two})}
    yield _model("tensor in two shards", both, "Both")
    broken = {one: GOOD, two: b"", _INDEX: index_of(sound)}
    yield _model("empty shard", broken, "too short")
    yield Malformed(
        name="index over cap",
        files={_INDEX: b"{", **shards},
        sizes={_INDEX: 2**26},
        error=HostileCheckpointError,
        word="over the cap",
    )


def _model(
    name: str,
    files: Mapping[str, bytes],
    word: str,
    error: type[UnreadableError] = HostileCheckpointError,
) -> Malformed:
    """Return a case of several files."""
    return Malformed(name=name, files=files, error=error, word=word)


def _choices() -> Iterator[Malformed]:
    """Yield models in which no single set of safetensors can be chosen."""
    one = _SHARDS[0]
    yield _model("missing shard, no index", {one: GOOD}, "1 of 2", UnreadableError)
    doubled = {one: GOOD, "model-00001-of-00003.safetensors": GOOD}
    yield _model("shards of two sets", doubled, "1 of 2", UnreadableError)
    yield _model(
        "two models",
        {"alpha.safetensors": GOOD, "beta.safetensors": GOOD},
        "'alpha', 'beta'",
        UnsupportedFormatError,
    )
    yield _model("nothing", {}, "no weights", NoWeightsError)
    yield _model("only a card", {"README.md": b"# x"}, "no weights", NoWeightsError)
    yield _model("only training state", {"optimizer.pt": b""}, "no weights", NoWeightsError)
    yield _model("parts", {"unet/x.safetensors": GOOD}, "weights lie in 'unet'", NoWeightsError)
    adapter = {"adapter_model.safetensors": GOOD, "adapter_config.json": b"{}"}
    yield _model("adapter", adapter, "adapter", UnsupportedFormatError)
    for path in ("m.gguf", "pytorch_model.bin", "m.pt", "m.pth", "m.ckpt", "tf_model.h5"):
        yield _model(f"only {path}", {path: b""}, path, UnsupportedFormatError)
    for path in ("flax_model.msgpack", "model.onnx"):
        yield _model(f"only {path}", {path: b""}, path, UnsupportedFormatError)


def main(folder: str) -> None:
    """Write every case that a file system can hold below ``folder``."""
    for number, case in enumerate(malformed()):
        for path, content in case.files.items():
            if path.isprintable() and path and ".." not in path and not path.startswith("/"):
                target = Path(folder) / f"{number:03d}" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)


if __name__ == "__main__":
    main(sys.argv[1])
