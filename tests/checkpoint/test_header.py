"""Can any header make the parser do anything but return sound records or refuse?"""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.checkpoint import header as header_module
from hubcheck.checkpoint import strict_json
from hubcheck.checkpoint.header import Header, header_length, parse_header
from hubcheck.checkpoint.strict_json import MAX_JSON_BYTES
from hubcheck.errors import HostileCheckpointError
from tests.checkpoint.malformed import GOOD, entry, tensor_file

VALID = tensor_file(
    {
        "__metadata__": {"format": "pt"},
        "model.embed.weight": entry("BF16", [4, 2], [0, 16]),
        "model.norm.weight": entry("F32", [2], [16, 24]),
        "scalar": entry("I64", [], [24, 32]),
        "empty": entry("F16", [0, 3], [32, 32]),
        "packed": entry("F4", [2, 2], [32, 34]),
        "strange": entry("Q3_X", [7], [34, 37]),
    },
    bytes(37),
)

COMMON = tensor_file(
    {
        "model.norm.weight": entry("F32", [2], [16, 24]),
        "model.embed.weight": entry("BF16", [4, 2], [0, 16]),
        "scalar": entry("I64", [], [24, 32]),
        "packed": entry("F4", [2, 2], [32, 34]),
        "other": entry("U8", [3], [34, 37]),
    },
    bytes(37),
)
"""Nothing in it is unusual: no tensor is looked at on its own."""

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=0, max_value=64)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["F32", "F4", "F8_E4M3", "dtype", "data_offsets", "shape"])
)
JSON_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


def parse(content: bytes) -> Header:
    """Return the header of a whole file."""
    n_bytes = header_length(content[:8], path="m.safetensors", file_size=len(content))
    return parse_header(content[8 : 8 + n_bytes], path="m.safetensors", file_size=len(content))


def one_by_one(content: bytes) -> Header:
    """Return the header of a whole file, every object and tensor looked at on its own."""
    with (
        patch.object(header_module, "sound_records", lambda *_: None),
        patch.object(strict_json, "_sound", lambda *_: None),
    ):
        return parse(content)


def said(read: Callable[[bytes], Header], content: bytes) -> Header | str:
    """Return what a reader makes of a file: its header, or why it is refused."""
    try:
        return read(content)
    except HostileCheckpointError as error:
        return str(error)


def require_sound(content: bytes) -> None:
    """Parse; what is not refused must tile the data of the file exactly.

    Whether all tensors are held to the rules at once or one by one, the answer is the same, and so
    is every word of a refusal.
    """
    found = said(parse, content)
    assert found == said(one_by_one, content)
    if isinstance(found, str):
        return
    reached = 8 + int.from_bytes(content[:8], "little")
    for tensor in found.tensors:
        assert tensor.start == reached
        assert tensor.start <= tensor.stop
        reached = tensor.stop
    assert reached == len(content)


def test_a_sound_header_gives_absolute_offsets_in_byte_order() -> None:
    """Offsets count from the start of the file, whatever the order of the entries."""
    found = parse(VALID)
    data = len(VALID) - 37
    assert [(t.name, t.start - data, t.stop - data) for t in found.tensors] == [
        ("model.embed.weight", 0, 16),
        ("model.norm.weight", 16, 24),
        ("scalar", 24, 32),
        ("empty", 32, 32),
        ("packed", 32, 34),
        ("strange", 34, 37),
    ]
    assert found.metadata == {"format": "pt"}
    assert {t.path for t in found.tensors} == {"m.safetensors"}


def test_an_unknown_dtype_is_kept_as_text() -> None:
    """A dtype of unknown width does not make the rest of the file unreadable."""
    assert parse(VALID).tensors[-1].dtype == "Q3_X"


def test_a_header_padded_with_spaces_is_sound() -> None:
    """Writers pad headers with spaces so that data starts at a multiple of eight."""
    raw = json.dumps({"a": entry()}).encode() + b" " * 13
    assert parse(len(raw).to_bytes(8, "little") + raw + bytes(8)).tensors[0].name == "a"


def test_a_file_without_tensors_is_sound() -> None:
    """An empty model is no contradiction."""
    assert parse((2).to_bytes(8, "little") + b"{}").tensors == ()


def test_a_common_header_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a large mixture no tensor is looked at on its own, and no object of its header."""
    expected = one_by_one(COMMON)
    monkeypatch.delattr(header_module, "_record")
    monkeypatch.delattr(strict_json, "_Unique")
    assert parse(COMMON) == expected


@pytest.mark.parametrize("name", ["a:b", "\u00e4", "a\\u0041"])
def test_a_name_with_a_colon_or_another_script_is_read(name: str) -> None:
    """What costs the short way more marks than there are pairs is read the long way."""
    require_sound(tensor_file({name: entry(), "b": entry(offsets=(8, 16))}, bytes(16)))
    assert len(parse(tensor_file({name: entry()}, bytes(8))).tensors) == 1


@pytest.mark.parametrize(
    "twice",
    [
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        b'{"a":{"dtype":"F64","dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
        b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"\\u0061":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}',
    ],
)
def test_a_key_that_comes_twice_is_refused_wherever_it_stands(twice: bytes) -> None:
    """A reader that takes the last of two would see another file than one that takes the first."""
    with pytest.raises(HostileCheckpointError, match="twice"):
        parse(len(twice).to_bytes(8, "little") + twice + bytes(8))


@settings(max_examples=300)
@given(data=st.data())
def test_any_change_of_bytes_is_refused_or_harmless(data: st.DataObject) -> None:
    """Flipped, removed and inserted bytes never escape as another exception."""
    content = bytearray(data.draw(st.sampled_from([VALID, COMMON])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 3))
        content[at : at + cut] = data.draw(st.binary(max_size=3))
    require_sound(bytes(content))


@settings(max_examples=300)
@given(data=st.data())
def test_any_change_of_a_value_is_refused_or_harmless(data: st.DataObject) -> None:
    """Well-formed JSON with wrong types, sizes and offsets never escapes either."""
    file = data.draw(st.sampled_from([VALID, COMMON]))
    stated = int.from_bytes(file[:8], "little")
    document = json.loads(file[8 : 8 + stated])
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(document)))
        if data.draw(st.booleans()) or not isinstance(document[name], dict):
            document[name] = data.draw(JSON_VALUES)
        else:
            key = data.draw(st.sampled_from(["dtype", "shape", "data_offsets", "format"]))
            small = st.lists(st.integers(-1, 37), max_size=3)
            document[name][key] = data.draw(JSON_VALUES | small)
    require_sound(tensor_file(document, bytes(37)))


@settings(max_examples=200)
@given(raw=st.binary(max_size=80), tail=st.binary(max_size=16))
def test_arbitrary_headers_are_refused_or_harmless(raw: bytes, tail: bytes) -> None:
    """Noise never escapes as another exception."""
    require_sound(len(raw).to_bytes(8, "little") + raw + tail)


@settings(max_examples=200)
@given(document=JSON_VALUES, tail=st.binary(max_size=16))
def test_arbitrary_documents_are_refused_or_harmless(document: object, tail: bytes) -> None:
    """Any JSON value as a header never escapes as another exception."""
    raw = json.dumps(document).encode()
    require_sound(len(raw).to_bytes(8, "little") + raw + tail)


@pytest.mark.parametrize("depth", [900, 940, 960, 970, 980, 990, 1000, 5000])
def test_nesting_near_the_limit_of_the_stack_is_refused(depth: int) -> None:
    """A value that just parses does not overflow the stack when it is shown in a message."""
    raw = b'{"a": ' + b"[" * depth + b"]" * depth + b"}"
    with pytest.raises(HostileCheckpointError):
        parse(len(raw).to_bytes(8, "little") + raw)


@pytest.mark.parametrize(
    "piece", [b"[],", b"{},", b'{"":{}},', b"1e9,", b'"\xc4\x80",', b"99999999,"]
)
def test_memory_stays_in_proportion_to_the_header(piece: bytes) -> None:
    """No mix of values costs more than 64 times its bytes; the caps on both bound the sum."""
    raw = b'{"a":[' + piece * (400_000 // len(piece)) + b"1]}"
    tracemalloc.start()
    with pytest.raises(HostileCheckpointError):
        parse(len(raw).to_bytes(8, "little") + raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64 * len(raw)


def test_the_length_is_refused_before_the_header_is_needed() -> None:
    """Eight bytes are enough to refuse a header over the cap, whatever the size of the file."""
    prefix = (MAX_JSON_BYTES + 1).to_bytes(8, "little")
    with pytest.raises(HostileCheckpointError, match="over the cap"):
        header_length(prefix, path="m", file_size=2**40)


def test_more_tensors_than_the_cap_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count of tensors is bounded."""
    monkeypatch.setattr(header_module, "MAX_TENSORS", 0)
    with pytest.raises(HostileCheckpointError, match="lists 1 tensors, over the cap of 0"):
        parse(GOOD)


def test_a_message_reads_as_one_sentence_with_cause_and_next_step() -> None:
    """The exact text a user sees."""
    with pytest.raises(HostileCheckpointError) as caught:
        parse(tensor_file({"a": entry(shape=[3])}, bytes(8)))
    assert str(caught.value) == (
        "'m.safetensors' gives tensor 'a' 8 bytes, which shape [3] of F32 does not fill exactly. "
        "Likely cause: the file was damaged or built to mislead. "
        "Next: download the file again; if nothing changes, do not load this model."
    )
