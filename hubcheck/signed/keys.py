"""Did a key that somebody trusts sign this, and how is a statement signed with one?

ECDSA on the curves of NIST, each with the hash of its size, and Ed25519: what cosign, Sigstore's
bundles and OpenSSF Model Signing use. The extra ``sign`` brings the arithmetic.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hubcheck.errors import UsageError, printable
from hubcheck.installation import Extra, adds
from hubcheck.signed.envelope import PAYLOAD_TYPE, Envelope

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurve
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MAX_KEY: Final = 100_000
"""Bytes of a key file; a PEM of the largest curve has under one thousand."""
CURVES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
"""The hash that goes with each curve (Sigstore's protobuf specs, PublicKeyDetails)."""


def need_extra() -> None:
    """Say how to install what signing needs, where it is not there.

    Raises:
        UsageError: the extra is missing.
    """
    try:
        import cryptography  # noqa: F401 - asked for, not used
    except ImportError as error:
        raise UsageError(
            "signatures cannot be made or verified.",
            cause="hubcheck was installed without the extra `sign`.",
            next_step=adds(Extra.SIGN),
        ) from error


def public_key(pem: bytes, what: str) -> PublicKeyTypes:
    """Return a public key of a kind that is used here.

    Args:
        pem: Its PEM.
        what: What it is called in messages; printable.

    Raises:
        UsageError: it is none, or the extra is missing.
    """
    need_extra()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(what, "public") from error
    if not _is_used(key):
        raise _no_key(what, "public")
    return key


def key_name(key: PublicKeyTypes) -> str:
    """Return the name of a key: the sha256 of its SubjectPublicKeyInfo, as cosign names it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def is_signed_by(envelope: Envelope, key: PublicKeyTypes) -> bool:
    """Return whether one of an envelope's signatures is this key's."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if not _is_used(key):
        return False
    signed = envelope.signed_bytes
    for signature in envelope.signatures:
        try:
            if isinstance(key, EllipticCurvePublicKey):
                key.verify(signature, signed, _hash_of(key.curve))
                return True
            if isinstance(key, Ed25519PublicKey):
                key.verify(signature, signed)
                return True
        except InvalidSignature:
            continue
    return False


def signed_with(payload: bytes, path: Path, *, password: bytes | None) -> str:
    """Return the DSSE envelope of a statement, signed with a private key, as JSON text.

    Raises:
        UsageError: the key cannot be read, is of no kind that is used here, or wants a password.
    """
    need_extra()
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    shown = f"'{printable(path)}'"
    try:
        key = load_pem_private_key(read_key(path), password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise _no_key(shown, "private") from error
    envelope = Envelope(payload=payload, payload_type=PAYLOAD_TYPE, signatures=())
    if isinstance(key, EllipticCurvePrivateKey) and _is_used(key.public_key()):
        signature = key.sign(envelope.signed_bytes, _hash_of(key.curve))
    elif isinstance(key, Ed25519PrivateKey):
        signature = key.sign(envelope.signed_bytes)
    else:
        raise _no_key(shown, "private")
    document = {
        "payloadType": PAYLOAD_TYPE,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [
            {"keyid": key_name(key.public_key()), "sig": base64.b64encode(signature).decode()}
        ],
    }
    return json.dumps(document, indent=2) + "\n"


def read_key(path: Path) -> bytes:
    """Return the bytes of a key file.

    Raises:
        UsageError: it cannot be read, or it is no key by its size.
    """
    shown = f"'{printable(path)}'"
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY + 1)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no such name"
        raise UsageError(
            f"the key {shown} cannot be read: {why}.",
            cause="the path is wrong, or the file is not yours to read.",
            next_step="name a PEM file.",
        ) from error
    if len(data) > MAX_KEY:
        raise _no_key(shown, "PEM")
    return data


def _is_used(key: object) -> bool:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    if isinstance(key, EllipticCurvePublicKey):
        return key.curve.name in CURVES
    return isinstance(key, Ed25519PublicKey)


def _hash_of(curve: EllipticCurve) -> ECDSA:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.ec import ECDSA

    return ECDSA(getattr(hashes, CURVES[curve.name])())


def _no_key(what: str, kind: str) -> UsageError:
    return UsageError(
        f"{what} is no {kind} key that is used here, or its password is wrong or missing.",
        cause="ECDSA on P-256, P-384 or P-521 and Ed25519, as PEM, are read.",
        next_step="make one: openssl genpkey -algorithm ed25519 -out key.pem; its public half: "
        "openssl pkey -in key.pem -pubout -out key.pub. A password is read from "
        "HUBCHECK_KEY_PASSWORD.",
    )
