"""What does a signed document hold, before anything of it is believed?

Three forms are read: a bare in-toto statement, which nobody signed; a DSSE envelope; and a Sigstore
bundle around one, which brings the signer's certificate. All of them may come from a stranger.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from hubcheck.checkpoint.strict_json import load_object
from hubcheck.errors import UnreadableError
from hubcheck.frozen import frozen

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
MAX_BYTES: Final = 16_000_000
"""Of a signed document. GitHub takes predicates of 16 MB; the statement about a model in a thousand
files is 150 kB."""
MAX_CERTIFICATES: Final = 9
"""Of a chain: the signer's and eight authorities, as deep as chains are followed."""
MAX_SIGNATURES: Final = 16
"""Signatures that are tried: each costs a verification, and nobody signs so often."""


@frozen
class Envelope:
    """A payload and the signatures that are said to be of it; nothing is verified."""

    payload: bytes
    payload_type: str
    signatures: tuple[bytes, ...]
    in_bundle: bool = False
    """It came in a Sigstore bundle: a certificate or a key's name stands beside it."""
    certificates: tuple[bytes, ...] = ()
    """The chain that stands beside it, the signer's first; nothing of it is verified."""

    @property
    def signed_bytes(self) -> bytes:
        """What a signature is of: DSSE's pre-authentication encoding (DSSE 1.0, protocol)."""
        kind = self.payload_type.encode()
        lengths = (b"%d" % len(kind), b"%d" % len(self.payload))
        return b" ".join((b"DSSEv1", lengths[0], kind, lengths[1], self.payload))


def read_envelope(raw: bytes, what: str) -> Envelope:
    """Return what a document holds; a bare statement has no signature.

    Args:
        raw: The document.
        what: What it is called in messages; printable.

    Raises:
        UnreadableError: it is none of the three forms, or too large.
    """
    if len(raw) > MAX_BYTES:
        raise _not_one(what, f"it has {len(raw)} bytes")
    document = load_object(raw, what)
    if "_type" in document:
        return Envelope(payload=raw, payload_type=PAYLOAD_TYPE, signatures=())
    inner = document.get("dsseEnvelope")
    in_bundle = "verificationMaterial" in document
    envelope = inner if in_bundle else document
    if not isinstance(envelope, dict):
        raise _not_one(what, "it holds no DSSE envelope")
    payload, kind, signatures = (envelope.get(k) for k in ("payload", "payloadType", "signatures"))
    if kind != PAYLOAD_TYPE or not isinstance(signatures, list):
        raise _not_one(what, "its payload is no in-toto statement")
    if not 1 <= len(signatures) <= MAX_SIGNATURES:
        raise _not_one(what, f"it holds {len(signatures)} signatures")
    values = [one.get("sig") if isinstance(one, dict) else None for one in signatures]
    return Envelope(
        payload=_decoded(payload, what),
        payload_type=PAYLOAD_TYPE,
        signatures=tuple(_decoded(value, what) for value in values),
        in_bundle=in_bundle,
        certificates=_chain(document.get("verificationMaterial"), what),
    )


def _chain(material: object, what: str) -> tuple[bytes, ...]:
    chain = material.get("x509CertificateChain") if isinstance(material, dict) else None
    listed = chain.get("certificates") if isinstance(chain, dict) else None
    if not isinstance(listed, list):
        return ()
    if len(listed) > MAX_CERTIFICATES:
        raise _not_one(what, f"it holds {len(listed)} certificates")
    raw = [one.get("rawBytes") if isinstance(one, dict) else None for one in listed]
    return tuple(_decoded(value, what) for value in raw)


def _decoded(text: object, what: str) -> bytes:
    """Return bytes from base64, in the standard alphabet or the one for addresses, as DSSE asks."""
    if not isinstance(text, str):
        raise _not_one(what, "a field that is base64 is missing")
    try:
        return base64.b64decode(text.translate(str.maketrans("-_", "+/")), validate=True)
    except (ValueError, binascii.Error) as error:
        raise _not_one(what, "a field is no base64") from error


def _not_one(what: str, why: str) -> UnreadableError:
    return UnreadableError(
        f"{what} is no signed statement: {why}.",
        cause="it is another file, or it was cut or changed.",
        next_step="give a statement of `hubcheck export`, its DSSE envelope or bundle.",
    )
