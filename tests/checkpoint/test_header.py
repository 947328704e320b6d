"""Can any header make the parser do anything but return sound records or refuse?"""

from __future__ import annotations

import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.checkpoint import header as header_module
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


def require_sound(content: bytes) -> None:
    """Parse; what is not refused must tile the data of the file exactly."""
    try:
        found = parse(content)
    except HostileCheckpointError:
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


@settings(max_examples=300)
@given(data=st.data())
def test_any_change_of_bytes_is_refused_or_harmless(data: st.DataObject) -> None:
    """Flipped, removed and inserted bytes never escape as another exception."""
    content = bytearray(VALID)
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content)))
        cut = data.draw(st.integers(0, 3))
        content[at : at + cut] = data.draw(st.binary(max_size=3))
    require_sound(bytes(content))


@settings(max_examples=300)
@given(data=st.data())
def test_any_change_of_a_value_is_refused_or_harmless(data: st.DataObject) -> None:
    """Well-formed JSON with wrong types, sizes and offsets never escapes either."""
    stated = int.from_bytes(VALID[:8], "little")
    document = json.loads(VALID[8 : 8 + stated])
    for _ in range(data.draw(st.integers(1, 3))):
        name = data.draw(st.sampled_from(sorted(document)))
        if data.draw(st.booleans()) or not isinstance(document[name], dict):
            document[name] = data.draw(JSON_VALUES)
        else:
            key = data.draw(st.sampled_from(["dtype", "shape", "data_offsets", "format"]))
            document[name][key] = data.draw(JSON_VALUES)
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
