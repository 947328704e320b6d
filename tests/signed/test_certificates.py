"""Does a certificate's signature count only under an authority that was named?"""

from __future__ import annotations

import base64
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from hubcheck.errors import UnreadableError, UsageError
from hubcheck.signed.certificates import certified_signer, read_authorities
from hubcheck.signed.envelope import MAX_CERTIFICATES, PAYLOAD_TYPE, Envelope, read_envelope
from hubcheck.signed.signers import signer_of
from tests.signed.certificates_made import Made, certificate

ROOT = certificate("root", authority=True, days=30)
BETWEEN = certificate("between", ROOT, authority=True, depth=0, days=30)
SIGNER = certificate("acme", BETWEEN)


def signed(by: Made, *chain: bytes) -> Envelope:
    """Return an envelope that a certificate's key signed, beside a chain."""
    bare = Envelope(payload=b"{}", payload_type=PAYLOAD_TYPE, signatures=())
    signature = by.key.sign(bare.signed_bytes, ec.ECDSA(hashes.SHA256()))
    return Envelope(
        payload=b"{}", payload_type=PAYLOAD_TYPE, signatures=(signature,), certificates=chain
    )


def test_a_chain_to_the_authority_counts_and_names_the_signer() -> None:
    """Though the signer's certificate has run out since: it was valid when it was issued."""
    envelope = signed(SIGNER, SIGNER.der, BETWEEN.der)
    assert certified_signer(envelope, read_authorities(ROOT.pem, "it")) == "CN=acme"
    assert signer_of(envelope, b"", [ROOT.pem.decode()]) == "the certificate of CN=acme"


def test_the_signer_s_own_certificate_can_be_named() -> None:
    """Whoever names it trusts its key, whoever vouches for it."""
    envelope = signed(SIGNER, SIGNER.der)
    assert certified_signer(envelope, [SIGNER.certificate]) == "CN=acme"


LOOSE = certificate("loose", SIGNER)  # its issuer is no authority
DEEP = certificate("deep", BETWEEN, authority=True, days=30)  # one authority too many
UNDER_DEEP = certificate("acme", DEEP)
ALONE = certificate("acme")  # vouched for by itself
MUTE = certificate("acme", BETWEEN, signs=False)
OTHER = certificate("root", authority=True, days=30)  # an authority of the same name
OLD = certificate("old", ROOT, authority=True, days=1)
LATE = certificate("acme", OLD, ago=2)  # its authority had run out by then
RSA = certificate("acme", BETWEEN, key=rsa.generate_private_key(65537, 2048))
ODD = certificate("acme", BETWEEN, key=ec.generate_private_key(ec.SECP256K1()))


@pytest.mark.parametrize(
    ("envelope", "authorities"),
    [
        pytest.param(signed(SIGNER, SIGNER.der, BETWEEN.der), [OTHER], id="another-authority"),
        pytest.param(signed(SIGNER, SIGNER.der), [ROOT], id="a-link-is-missing"),
        pytest.param(signed(OTHER, SIGNER.der, BETWEEN.der), [ROOT], id="another-key-signed"),
        pytest.param(signed(LOOSE, LOOSE.der, SIGNER.der, BETWEEN.der), [ROOT], id="no-authority"),
        pytest.param(
            signed(UNDER_DEEP, UNDER_DEEP.der, DEEP.der, BETWEEN.der), [ROOT], id="too-deep"
        ),
        pytest.param(signed(ALONE, ALONE.der, BETWEEN.der), [ROOT], id="vouches-for-itself"),
        pytest.param(signed(MUTE, MUTE.der, BETWEEN.der), [ROOT], id="not-for-signing"),
        pytest.param(signed(LATE, LATE.der, OLD.der), [ROOT], id="issued-too-late"),
        pytest.param(signed(SIGNER, RSA.der, BETWEEN.der), [ROOT], id="rsa"),
        pytest.param(signed(SIGNER, ODD.der, BETWEEN.der), [ROOT], id="a-curve-of-no-use-here"),
        pytest.param(signed(SIGNER, b"no certificate", BETWEEN.der), [ROOT], id="garbage"),
        pytest.param(signed(SIGNER), [ROOT], id="no-chain"),
        pytest.param(signed(SIGNER, SIGNER.der, BETWEEN.der), [], id="nobody-is-trusted"),
    ],
)
def test_nothing_else_does(envelope: Envelope, authorities: list[Made]) -> None:
    """An authority of another name or key, a link too few or too many, a key that may not sign."""
    assert certified_signer(envelope, [a.certificate for a in authorities]) == ""


def bundle(*chain: object) -> bytes:
    """Return a bundle as OpenSSF's program writes one."""
    envelope = {
        "payload": base64.b64encode(b"{}").decode(),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"sig": ""}],
    }
    material = {"x509CertificateChain": {"certificates": list(chain)}}
    return json.dumps({"verificationMaterial": material, "dsseEnvelope": envelope}).encode()


def test_a_chain_is_read_from_its_bundle() -> None:
    """The signer's certificate first; one that is too long, or no base64, is no bundle."""
    one = {"rawBytes": base64.b64encode(SIGNER.der).decode()}
    assert read_envelope(bundle(one), "it").certificates == (SIGNER.der,)
    for hostile in ([one] * (MAX_CERTIFICATES + 1), [{"rawBytes": "?"}], [None], [{"rawBytes": 1}]):
        with pytest.raises(UnreadableError):
            read_envelope(bundle(*hostile), "it")


def test_an_authority_that_cannot_be_read_is_refused() -> None:
    """Cut in the middle."""
    with pytest.raises(UsageError, match="no certificate"):
        read_authorities(ROOT.pem[:100] + b"\n-----END CERTIFICATE-----", "it")
