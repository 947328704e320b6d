"""Which keys do the tests of signatures sign with? Made anew in every run."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("cryptography", reason="the extra `sign` is not installed here")

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

KINDS: Final = ("ed25519", "secp256r1", "secp384r1", "secp521r1")
CURVES: Final = {c.name: c for c in (ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1())}


def key_pair(folder: Path, kind: str = "ed25519", *, password: str = "") -> tuple[Path, Path]:
    """Return the files of a private key and of its public half."""
    made: Any = (
        ed25519.Ed25519PrivateKey.generate()
        if kind == "ed25519"
        else ec.generate_private_key(CURVES[kind])
    )
    hidden = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    private, public = folder / f"{kind}.pem", folder / f"{kind}.pub"
    private.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden))
    spki = PublicFormat.SubjectPublicKeyInfo
    public.write_bytes(made.public_key().public_bytes(Encoding.PEM, spki))
    return private, public
