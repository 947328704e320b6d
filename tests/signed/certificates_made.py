"""Which certificates do the tests of signatures sign under? Made anew in every run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: Any

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def public(self) -> bytes:
        """The PEM of its key's public half."""
        spki = PublicFormat.SubjectPublicKeyInfo
        made: bytes = self.key.public_key().public_bytes(Encoding.PEM, spki)
        return made

    def written(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Return the files of key and certificate."""
        key, certificate = folder / f"{name}.key", folder / f"{name}.crt"
        key.write_bytes(self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        certificate.write_bytes(self.pem)
        return key, certificate


def certificate(
    name: str,
    by: Made | None = None,
    *,
    authority: bool = False,
    depth: int | None = None,
    signs: bool = True,
    key: Any = None,
    days: int = 1,
    ago: int = 10,
) -> Made:
    """Return a certificate of a name, vouched for by another one or by itself.

    Args:
        name: Of its holder.
        by: Who vouches for it.
        authority: Whether it may vouch for others.
        depth: How many authorities may follow it.
        signs: Whether its key may sign documents.
        key: Of its holder; else one is made.
        days: For how long it is valid.
        ago: How many days ago it began to be.
    """
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = datetime.now(UTC) - timedelta(days=ago)
    usage = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "crl_sign", "encipher_only", "decipher_only"), False,
    )  # fmt: skip
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=depth), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=signs, key_cert_sign=authority, **usage), critical=True
        )
        .sign(by.key if by else key, hashes.SHA256())
    )
    return Made(certificate=made, key=key)
