"""Is what we sign verified by programs that nobody here wrote, and the other way round?"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from hubcheck.errors import UsageError
from hubcheck.signed.envelope import PAYLOAD_TYPE, read_envelope
from hubcheck.signed.keys import is_signed_by, key_name, public_key, signed_with
from tests.signed.keys_made import KINDS, key_pair

STATEMENT = json.dumps(
    {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model.safetensors", "digest": {"sha256": "ab" * 32}}],
        "predicateType": "https://in-toto.io/attestation/test-result/v0.1",
        "predicate": {},
    }
).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_verifies_its_own_signature_and_no_other(kind: str, tmp_path: Path) -> None:
    """Of every kind; a changed byte of the payload, and another key, are refused."""
    private, public = key_pair(tmp_path, kind)
    text = signed_with(STATEMENT, private, password=None)
    envelope = read_envelope(text.encode(), "it")
    assert envelope.payload == STATEMENT
    assert is_signed_by(envelope, public_key(public.read_bytes(), "it"))
    (tmp_path / "other").mkdir()
    _, other = key_pair(tmp_path / "other", kind)
    assert not is_signed_by(envelope, public_key(other.read_bytes(), "it"))
    document = json.loads(text)
    document["payload"] = document["payload"].replace("e", "f", 1)
    changed = read_envelope(json.dumps(document).encode(), "it")
    assert not is_signed_by(changed, public_key(public.read_bytes(), "it"))


@pytest.mark.parametrize("kind", ["ed25519", "secp256r1", "secp384r1"])
def test_securesystemslib_verifies_it(kind: str, tmp_path: Path) -> None:
    """The library of in-toto and TUF reads our envelope, and we read its."""
    from securesystemslib import signer as signers
    from securesystemslib.dsse import Envelope

    theirs_all: Any = signers
    private, public = key_pair(tmp_path, kind)
    document = json.loads(signed_with(STATEMENT, private, password=None))
    ours = public_key(public.read_bytes(), "it")
    theirs = theirs_all.SSlibKey.from_crypto(ours, keyid=key_name(ours))
    assert set(Envelope.from_dict(document).verify([theirs], 1)) == {key_name(ours)}
    signer = theirs_all.CryptoSigner.generate_ed25519()
    envelope = Envelope(STATEMENT, PAYLOAD_TYPE, {})
    envelope.sign(signer)
    read = read_envelope(json.dumps(envelope.to_dict()).encode(), "it")
    pem = _pem_of(signer.private_bytes, tmp_path)
    assert is_signed_by(read, public_key(pem, "it"))


def _pem_of(private: bytes, folder: Path) -> bytes:
    path = folder / "theirs.pem"
    path.write_bytes(private)
    command = ["openssl", "pkey", "-in", str(path), "-pubout"]
    return subprocess.run(command, check=True, capture_output=True).stdout


def test_a_password_is_needed_where_the_key_has_one(tmp_path: Path) -> None:
    """Without it, and with another, nothing is signed, and the message says how it is given."""
    private, _ = key_pair(tmp_path, password="long and secret")
    signed_with(STATEMENT, private, password=b"long and secret")
    for wrong in (None, b"other"):
        with pytest.raises(UsageError, match="password"):
            signed_with(STATEMENT, private, password=wrong)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PUBLIC KEY-----\nAAAA\n", b"\xff" * 200_000])
def test_what_is_no_key_is_a_usage_error(content: bytes, tmp_path: Path) -> None:
    """Whatever the file holds."""
    path = tmp_path / "key.pem"
    path.write_bytes(content)
    with pytest.raises(UsageError):
        signed_with(STATEMENT, path, password=None)
    with pytest.raises(UsageError):
        public_key(content, "it")
