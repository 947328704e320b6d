"""Does the JSON reader accept exactly the documents that every reader understands alike?"""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.checkpoint.strict_json import MAX_JSON_BYTES, MAX_JSON_VALUES, load_object, shown
from hubcheck.errors import HostileCheckpointError

CLEAN_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
DOCUMENTS = st.dictionaries(
    CLEAN_TEXT,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers()
        | st.floats(allow_nan=False, allow_infinity=False)
        | CLEAN_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(CLEAN_TEXT, inner, max_size=3),
        max_leaves=8,
    ),
)


@given(document=DOCUMENTS, ascii_only=st.booleans())
def test_what_a_writer_writes_comes_back(document: dict[str, object], *, ascii_only: bool) -> None:
    """Every clean object survives the round trip, escaped or not."""
    raw = json.dumps(document, ensure_ascii=ascii_only).encode()
    assert load_object(raw, "x") == document


@given(raw=st.binary(max_size=60))
def test_noise_is_refused_or_an_object(raw: bytes) -> None:
    """No bytes make it raise anything but its own error."""
    try:
        document = load_object(raw, "x")
    except HostileCheckpointError:
        return
    assert isinstance(document, dict)


@given(key=CLEAN_TEXT, first=st.integers(), second=st.integers())
def test_a_repeated_key_is_refused_however_it_is_escaped(key: str, first: int, second: int) -> None:
    """Two spellings of one key are one key."""
    spellings = [json.dumps(key, ensure_ascii=flag) for flag in (True, False)]
    raw = f'{{"top": {{{spellings[0]}: {first}, {spellings[1]}: {second}}}}}'.encode()
    with pytest.raises(HostileCheckpointError, match="twice"):
        load_object(raw, "x")


def test_an_escaped_pair_of_surrogates_is_one_character() -> None:
    """Only half a pair is refused; a whole pair is how JSON writes an emoji."""
    assert load_object(b'{"k": "\\ud83d\\ude00"}', "x") == {"k": "\N{GRINNING FACE}"}


def test_the_caps_refuse_before_parsing() -> None:
    """Too many bytes and too many values are named with their cap."""
    with pytest.raises(HostileCheckpointError, match=str(MAX_JSON_BYTES)):
        load_object(b" " * (MAX_JSON_BYTES + 1), "x")
    with pytest.raises(HostileCheckpointError, match=str(MAX_JSON_VALUES)):
        load_object(b"[" * (MAX_JSON_VALUES + 1), "x")


@given(value=DOCUMENTS | st.lists(DOCUMENTS) | st.integers() | st.text() | st.none())
def test_a_shown_value_is_short_and_printable(value: object) -> None:
    """A hostile value cannot flood or forge a message."""
    assert len(shown(value)) < 300
    assert shown(value).isprintable()
