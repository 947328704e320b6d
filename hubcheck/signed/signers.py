"""Which of the signers that somebody trusts signed an envelope?

A signer is written as a public key in PEM, as a certificate in PEM (its own, or of an authority
that vouches for it), or as ``identity=NAME issuer=URL`` for one that Sigstore vouches for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from hubcheck.errors import HubcheckError, UsageError, printable
from hubcheck.signed import certificates
from hubcheck.signed.envelope import Envelope
from hubcheck.signed.identity import need_sigstore, verified_payload
from hubcheck.signed.keys import is_signed_by, key_name, public_key, read_key

IDENTITY: Final = re.compile(r"identity=(\S{1,500}) issuer=(https://\S{1,300})")
SHOWN: Final = 16
"""Digits of a key's name that are shown: 64 bits tell the keys of one policy apart."""


def read_signer(text: str, path: Path) -> str:
    """Return a signer as a report keeps it: a PEM, or an identity as it was written.

    Args:
        text: As it was given.
        path: Where a file of that name lies.

    Raises:
        UsageError: it is neither, or the extra that verifies it is missing.
    """
    if text.startswith("identity="):
        if IDENTITY.fullmatch(text) is None:
            raise UsageError(
                f"the signer '{printable(text)}' is no identity.",
                cause="the issuer is missing, or a space too many is in it.",
                next_step="write 'identity=NAME issuer=https://...', or name a PEM.",
            )
        need_sigstore()
        return text
    pem = read_key(path)
    what = f"'{printable(text)}'"
    if certificates.PEM in pem:
        certificates.read_authorities(pem, what)
    else:
        public_key(pem, what)
    return pem.decode("ascii", "replace")


def signer_of(envelope: Envelope, raw: bytes, signers: Sequence[str]) -> str:
    """Return the name of the first signer that signed an envelope; ``""`` for none of them.

    Args:
        envelope: As it was read.
        raw: The whole document that it came in.
        signers: As ``read_signer`` returns them; from a report they are hostile.

    Raises:
        UsageError: the extra that verifies is missing.
    """
    for signer in signers:
        named = IDENTITY.fullmatch(signer)
        if named is None and certificates.PEM in signer.encode():
            trusted = certificates.read_authorities(signer.encode(), "a signer of the policy")
            if subject := certificates.certified_signer(envelope, trusted):
                return f"the certificate of {subject}"
            continue
        if named is None:
            key = public_key(signer.encode(), "a signer of the policy")
            if is_signed_by(envelope, key):
                return f"key {key_name(key)[:SHOWN]}"
            continue
        try:
            payload = verified_payload(
                raw, identity=named[1], issuer=named[2], trusted_root=None, what="a signature",
                asking=False,
            )  # fmt: skip
        except UsageError:
            raise
        except HubcheckError:
            continue  # signed with a key: no identity stands in it
        if payload == envelope.payload:
            return f"{named[1]}, by {named[2]}"
    return ""
