"""Is a stranger's document read as one thing or refused, and never half?"""

from __future__ import annotations

import base64
import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hubcheck.errors import UnreadableError
from hubcheck.signed.envelope import MAX_SIGNATURES, PAYLOAD_TYPE, read_envelope
from hubcheck.signed.statement import read_statement

SUBJECT = {"name": "a", "digest": {"sha256": "ab" * 32}}
STATEMENT = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [SUBJECT],
    "predicateType": "p",
    "predicate": {},
}


def sealed(**changes: Any) -> bytes:
    """Return an envelope, changed."""
    payload = base64.b64encode(json.dumps(STATEMENT).encode()).decode()
    document = {"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": [{"sig": "AAAA"}]}
    return json.dumps({**document, **changes}).encode()


def test_the_three_forms_are_read() -> None:
    """A statement, an envelope, a bundle: the same payload, and who stands beside it."""
    bundle = {"verificationMaterial": {}, "dsseEnvelope": json.loads(sealed())}
    forms = [json.dumps(STATEMENT).encode(), sealed(), json.dumps(bundle).encode()]
    read = [read_envelope(one, "it") for one in forms]
    assert [len(one.signatures) for one in read] == [0, 1, 1]
    assert [one.in_bundle for one in read] == [False, False, True]
    assert {json.dumps(json.loads(one.payload)) for one in read} == {json.dumps(STATEMENT)}


def test_what_is_signed_is_the_encoding_of_the_standard() -> None:
    """The example of DSSE's own protocol page."""
    envelope = read_envelope(sealed(payload=base64.b64encode(b"hello world").decode()), "it")
    assert envelope.signed_bytes == b"DSSEv1 28 application/vnd.in-toto+json 11 hello world"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"{}",
        sealed(payloadType="text/html"),
        sealed(payload=7),
        sealed(payload="%%%"),
        sealed(signatures=[]),
        sealed(signatures=[{"sig": "AAAA"}] * (MAX_SIGNATURES + 1)),
        sealed(signatures=["AAAA"]),
        sealed()[:-1] + b', "payload": "AAAA"}',
        b'{"verificationMaterial": {}, "messageSignature": {}}',
    ],
)
def test_what_is_no_envelope_is_refused(raw: bytes) -> None:
    """With one kind of error, and a key that stands twice among them."""
    with pytest.raises(UnreadableError):
        read_envelope(raw, "it")


@pytest.mark.parametrize(
    "changes",
    [
        {"_type": "https://in-toto.io/Statement/v0.1"},
        {"subject": []},
        {"subject": [{"name": "a", "digest": {"sha1": "ab" * 20}}]},
        {"subject": [{"name": "", "digest": {"sha256": "ab" * 32}}]},
        {"subject": [SUBJECT, {"name": "a", "digest": {"sha256": "cd" * 32}}]},
        {"predicate": []},
        {"predicateType": None},
    ],
)
def test_what_is_no_statement_is_refused(changes: dict[str, Any]) -> None:
    """Two digests of one file among them: readers would disagree which is meant."""
    with pytest.raises(UnreadableError):
        read_statement(json.dumps({**STATEMENT, **changes}).encode(), "it")


@settings(max_examples=60)
@given(st.recursive(st.none() | st.text() | st.integers(), lambda i: st.lists(i) | st.dictionaries(st.sampled_from(["payload", "payloadType", "signatures", "sig", "dsseEnvelope", "verificationMaterial", "_type"]), i), max_leaves=12))  # fmt: skip
def test_no_json_ends_in_another_error(value: object) -> None:
    """A stranger's JSON is read or refused."""
    with contextlib.suppress(UnreadableError):
        read_envelope(json.dumps(value).encode(), "it")
