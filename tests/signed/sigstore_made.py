"""A Sigstore of our own: an authority, a log of certificates and a log of signatures.

Everything that a bundle of the public one holds, made with keys of the test; ``sigstore``'s own
verifier checks all of it against the trusted root that is made here. Nothing of it is replaced.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

pytest.importorskip("sigstore", reason="the extra `sign` is not installed here")

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hubcheck.signed.envelope import PAYLOAD_TYPE, Envelope

ISSUER = x509.ObjectIdentifier("1.3.6.1.4.1.57264.1.1")
SCTS = x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2")
CURVE = ec.SECP256R1()
SIGNING = ec.ECDSA(hashes.SHA256())
START = datetime(2026, 1, 1, tzinfo=UTC)
SIGNED_AT = START + timedelta(days=30)


def new_key() -> Any:
    """Return a private key."""
    return ec.generate_private_key(CURVE)


def text(raw: bytes) -> str:
    """Return bytes as the bundles write them."""
    return base64.b64encode(raw).decode()


def spki(key: Any) -> bytes:
    """Return a key's public half, by which logs are named."""
    made: bytes = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return made


def log_id(key: Any) -> bytes:
    """Return the name of a log."""
    return hashlib.sha256(spki(key)).digest()


def usage(*, signs_certificates: bool) -> x509.KeyUsage:
    """Return what a key may do."""
    return x509.KeyUsage(
        digital_signature=not signs_certificates, key_cert_sign=signs_certificates,
        crl_sign=signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


@dataclass(slots=True)
class OwnSigstore:
    """The three services, by their keys."""

    authority: Any = field(default_factory=new_key)
    certificates: Any = field(default_factory=new_key)
    signatures: Any = field(default_factory=new_key)
    root: Any = None

    def __post_init__(self) -> None:
        """Make the authority's own certificate."""
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "our own")])
        public = self.authority.public_key()
        self.root = (
            x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=public)
            .serial_number(1)
            .not_valid_before(START)
            .not_valid_after(START + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
            .sign(self.authority, hashes.SHA256())
        )

    def trusted_root(self) -> str:
        """Return what a verifier trusts."""

        def log(key: Any) -> dict[str, Any]:
            return {
                "baseUrl": "https://log.example",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": text(spki(key)),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": {"start": "2026-01-01T00:00:00Z"},
                },
                "logId": {"keyId": text(log_id(key))},
            }

        certificate = {"rawBytes": text(self.root.public_bytes(Encoding.DER))}
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [log(self.signatures)],
                "ctlogs": [log(self.certificates)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "our own", "commonName": "our own"},
                        "uri": "https://authority.example",
                        "certChain": {"certificates": [certificate]},
                        "validFor": {"start": "2026-01-01T00:00:00Z"},
                    }
                ],
            }
        )

    def bundle(self, payload: bytes, *, identity: str, issuer: str) -> str:
        """Return a bundle that an identity signed, as a CI job gets it."""
        key = new_key()
        leaf = self._certificate(key, identity, issuer)
        envelope = Envelope(payload=payload, payload_type=PAYLOAD_TYPE, signatures=())
        signature = key.sign(envelope.signed_bytes, SIGNING)
        pem = leaf.public_bytes(Encoding.PEM)
        entry = {
            "apiVersion": "0.0.1",
            "kind": "dsse",
            "spec": {
                "envelopeHash": {"algorithm": "sha256", "value": "0" * 64},
                "payloadHash": {
                    "algorithm": "sha256",
                    "value": hashlib.sha256(payload).hexdigest(),
                },
                "signatures": [{"signature": text(signature), "verifier": text(pem)}],
            },
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
                "verificationMaterial": {
                    "certificate": {"rawBytes": text(leaf.public_bytes(Encoding.DER))},
                    "tlogEntries": [self._logged(json.dumps(entry).encode())],
                },
                "dsseEnvelope": {
                    "payload": text(payload),
                    "payloadType": PAYLOAD_TYPE,
                    "signatures": [{"sig": text(signature), "keyid": ""}],
                },
            }
        )

    def _certificate(self, key: Any, identity: str, issuer: str) -> Any:
        named = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(identity)])
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public_key())
        before = (
            x509.CertificateBuilder(
                issuer_name=self.root.subject,
                subject_name=x509.Name([]),
                public_key=key.public_key(),
            )
            .serial_number(2)
            .not_valid_before(SIGNED_AT - timedelta(minutes=5))
            .not_valid_after(SIGNED_AT + timedelta(minutes=5))
            .add_extension(usage(signs_certificates=False), critical=True)
            .add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False
            )
            .add_extension(authority, critical=False)
            .add_extension(named, critical=True)
            .add_extension(x509.UnrecognizedExtension(ISSUER, issuer.encode()), critical=False)
        )
        body = before.sign(self.authority, hashes.SHA256()).tbs_certificate_bytes
        stamp = int(SIGNED_AT.timestamp() * 1000)
        # RFC 6962, 3.2: version, kind of signature, time, a precertificate, its issuer, its body.
        head = struct.pack("!BBQH", 0, 0, stamp, 1)
        length = struct.pack("!I", len(body))[1:]
        signed = head + log_id(self.authority) + length + body + struct.pack("!H", 0)
        signature = self.certificates.sign(signed, SIGNING)
        sct = b"\0" + log_id(self.certificates) + struct.pack("!QH", stamp, 0)
        sct += b"\x04\x03" + struct.pack("!H", len(signature)) + signature
        listed = struct.pack("!HH", len(sct) + 2, len(sct)) + sct
        octets = b"\x04" + bytes([0x81, len(listed)] if len(listed) > 127 else [len(listed)])
        stamped = x509.UnrecognizedExtension(SCTS, octets + listed)
        return before.add_extension(stamped, critical=False).sign(self.authority, hashes.SHA256())

    def _logged(self, body: bytes) -> dict[str, Any]:
        """Return the entry of a log that has no other."""
        key, when = self.signatures, int(SIGNED_AT.timestamp())
        root = hashlib.sha256(b"\0" + body).digest()
        note = f"log.example - 1\n1\n{text(root)}\n"
        hint = log_id(key)[:4]
        checkpoint = f"{note}\n— log.example {text(hint + key.sign(note.encode(), SIGNING))}\n"
        promised = {
            "body": text(body), "integratedTime": when, "logID": log_id(key).hex(), "logIndex": 0,
        }  # fmt: skip
        canonical = json.dumps(promised, separators=(",", ":"), sort_keys=True).encode()
        return {
            "logIndex": "0",
            "logId": {"keyId": text(log_id(key))},
            "kindVersion": {"kind": "dsse", "version": "0.0.1"},
            "integratedTime": str(when),
            "inclusionPromise": {"signedEntryTimestamp": text(key.sign(canonical, SIGNING))},
            "inclusionProof": {
                "logIndex": "0",
                "rootHash": text(root),
                "treeSize": "1",
                "hashes": [],
                "checkpoint": {"envelope": checkpoint},
            },
            "canonicalizedBody": text(body),
        }
