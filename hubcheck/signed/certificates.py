"""Did the holder of a certificate sign this, under an authority that somebody trusts?

OpenSSF Model Signing's method of certificates: the chain lies in the bundle, the authority is named
by whoever asks. As there, the chain is held against the moment from which the signer's certificate
is valid, because a signature of this method carries no time of its own: one that has expired since
counts, and nobody is asked whether it was revoked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hubcheck.errors import UsageError
from hubcheck.signed.envelope import Envelope
from hubcheck.signed.keys import is_signed_by, need_extra

if TYPE_CHECKING:
    from cryptography.x509 import Certificate
    from cryptography.x509.verification import ClientVerifier, ExtensionPolicy

PEM: Final = b"-----BEGIN CERTIFICATE-----"
SHOWN: Final = 200
"""Characters of a subject that are shown; names of authorities in use have under one hundred."""


def read_authorities(pem: bytes, what: str) -> list[Certificate]:
    """Return the certificates of those who are trusted to name signers.

    Args:
        pem: One PEM or several in one file.
        what: What it is called in messages; printable.

    Raises:
        UsageError: it is none, or the extra is missing.
    """
    need_extra()
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError as error:
        raise UsageError(
            f"{what} is no certificate that is read here.",
            cause="it was cut or changed.",
            next_step="name the PEM of the authority: openssl x509 -in ca.pem -noout -text "
            "shows what it holds.",
        ) from error


def certified_signer(envelope: Envelope, authorities: list[Certificate]) -> str:
    """Return the subject of the certificate whose key signed an envelope.

    Args:
        envelope: As it was read, the chain of its bundle with it; hostile.
        authorities: Whom to trust: an authority, or the signer's own certificate.

    Returns:
        ``""`` where there is no chain, it leads to nobody who is trusted, its first certificate is
        not for signing, or another key signed.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.x509 import load_der_x509_certificate

    try:
        leaf, *between = map(load_der_x509_certificate, envelope.certificates)
        trusted = leaf in authorities or _leads_to(authorities, leaf, between)
        if not (trusted and _may_sign(leaf) and is_signed_by(envelope, leaf.public_key())):
            return ""
        return leaf.subject.rfc4514_string()[:SHOWN] or f"serial number {leaf.serial_number:x}"
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return ""  # no chain, or one of something else


def _leads_to(
    authorities: list[Certificate], leaf: Certificate, between: list[Certificate]
) -> bool:
    from cryptography.x509.verification import VerificationError

    try:
        _verifier(authorities, leaf).verify(leaf, between)
    except VerificationError:
        return False
    return True


def _verifier(authorities: list[Certificate], leaf: Certificate) -> ClientVerifier:
    from cryptography.x509.verification import ExtensionPolicy, PolicyBuilder, Store

    return (
        PolicyBuilder()
        .store(Store(authorities))
        .time(leaf.not_valid_before_utc.replace(tzinfo=None))
        .extension_policies(ca_policy=_authority(), ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )


def _authority() -> ExtensionPolicy:
    """Return what an authority's certificate has to say: that it is one, and signs others.

    What the web asks of its authorities beyond that (identifiers of keys, purposes of servers) the
    authority of a company need not have.
    """
    from cryptography.x509 import BasicConstraints, KeyUsage
    from cryptography.x509.verification import Criticality, ExtensionPolicy, Policy

    def is_one(_policy: Policy, _one: Certificate, said: BasicConstraints) -> None:
        if not said.ca:
            raise ValueError

    def signs(_policy: Policy, _one: Certificate, usage: KeyUsage | None) -> None:
        if usage is not None and not usage.key_cert_sign:
            raise ValueError

    return (
        ExtensionPolicy.permit_all()
        .require_present(BasicConstraints, Criticality.AGNOSTIC, is_one)
        .may_be_present(KeyUsage, Criticality.AGNOSTIC, signs)
    )


def _may_sign(leaf: Certificate) -> bool:
    """Return whether a certificate is for signatures, or for those of code, as OMS asks."""
    from cryptography.x509 import ExtendedKeyUsage, ExtensionNotFound, KeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        if leaf.extensions.get_extension_for_class(KeyUsage).value.digital_signature:
            return True
    except ExtensionNotFound:
        pass
    try:
        purposes = leaf.extensions.get_extension_for_class(ExtendedKeyUsage).value
    except ExtensionNotFound:
        return False
    return ExtendedKeyUsageOID.CODE_SIGNING in purposes
