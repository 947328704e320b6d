"""JSON written by strangers becomes a value, whatever it is."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.candidates.documents import (
    Absent,
    JsonDocument,
    Malformed,
    parse_json,
    parse_json_object,
    read_json_object,
)
from hubcheck.card.wording import words
from hubcheck.errors import BudgetExceededError
from tests.memory_source import MemorySource

REFUSED = {
    "empty": (b"", "is not JSON"),
    "list": (b"[1]", "holds a list, not an object"),
    "text": (b'"x"', "holds a text, not an object"),
    "null": (b"null", "holds null, not an object"),
    "number": (b"1.5", "holds a number, not an object"),
    "truth value": (b"true", "holds a truth value, not an object"),
    "cut short": (b'{"a": 1', "is not JSON"),
    "deep": (b'{"a":' + b"[" * 200_000, "nested too deeply"),
    "deep objects": (b'{"a":' * 200_000, "nested too deeply"),
    "giant integer": (b'{"a": ' + b"9" * 10_000 + b"}", "is not JSON"),
    "not utf-8": (b'{"a": "\xff"}', "is not JSON"),
}


@pytest.mark.parametrize("shape", REFUSED)
def test_unusable_json_is_a_reason(shape: str) -> None:
    """A file that is not a JSON object gives the reason, and never an exception."""
    data, reason = REFUSED[shape]
    document = parse_json_object(data, "config.json")
    assert isinstance(document, Malformed)
    assert reason in words(document.said)


def test_repeated_keys_are_told_and_the_last_stands() -> None:
    """Keys written twice, at any depth, are named; the last value stands."""
    document = parse_json_object(b'{"a": 1, "b": {"c": 1, "c": 2}, "a": 3}', "config.json")
    assert isinstance(document, JsonDocument)
    assert document.values == {"a": 3, "b": {"c": 2}}
    assert document.duplicates == ("c", "a")


def test_non_finite_numbers_are_kept() -> None:
    """NaN and Infinity, which published configs hold, are read as such."""
    document = parse_json_object(b'{"a": NaN, "b": [0.0, Infinity]}', "config.json")
    assert isinstance(document, JsonDocument)
    a = document.values["a"]
    assert isinstance(a, float)
    assert math.isnan(a)
    assert document.values["b"] == [0.0, math.inf]


def test_byte_order_mark_is_no_obstacle() -> None:
    """A config saved with a byte order mark is read."""
    document = parse_json_object(b'\xef\xbb\xbf{"a": 1}', "config.json")
    assert isinstance(document, JsonDocument)


def test_missing_file_costs_no_request_and_large_file_is_not_read() -> None:
    """What is not listed is Absent without a request; what is too large is refused unread."""
    source = MemorySource({"config.json": b"{}"}, sizes={"config.json": 3_000_000})
    assert isinstance(read_json_object(source, "adapter_config.json"), Absent)
    assert isinstance(read_json_object(source, "config.json"), Malformed)
    assert source.ledger.requests == 0


def test_faults_of_the_source_are_not_hidden() -> None:
    """A read that the budget refuses is an error, not a missing document."""
    with pytest.raises(BudgetExceededError):
        read_json_object(MemorySource({"config.json": b'{"a": 1}'}, max_read=1), "config.json")


@given(st.binary(max_size=200))
def test_any_bytes_give_a_value(data: bytes) -> None:
    """No bytes raise, in either parser."""
    parse_json(data, "x")
    assert isinstance(parse_json_object(data, "x"), (JsonDocument, Malformed))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_every_object_is_read_back(values: dict[str, object]) -> None:
    """Whatever JSON can say comes back equal, with no key called repeated."""
    document = parse_json_object(json.dumps(values).encode(), "x")
    assert isinstance(document, JsonDocument)
    assert document.values == values
    assert document.duplicates == ()
