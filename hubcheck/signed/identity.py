"""Did an identity that somebody trusts sign this, and how does a CI job sign as itself?

Sigstore: the job's OIDC token buys a certificate of a few minutes, the signature goes into a public
log, and who verifies names the identity and its issuer. All of it is done by ``sigstore``'s own
client; nothing of the protocol stands here.
"""

from __future__ import annotations

from pathlib import Path

from hubcheck.errors import NetworkFaultError, UnreadableError, UsageError, printable
from hubcheck.installation import Extra, adds


def signed_as_this_job(payload: bytes) -> str:
    """Return the Sigstore bundle of a statement, signed as the CI job that runs, as JSON text.

    Raises:
        UsageError: the extra is missing, or this is no job that has an identity.
        NetworkFaultError: Sigstore did not answer, or refused.
    """
    need_sigstore()
    from sigstore.dsse import Statement
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityError, IdentityToken, detect_credential
    from sigstore.sign import SigningContext

    try:
        token = detect_credential()
    except IdentityError as error:
        raise _no_identity(str(error)) from error
    if not token:
        raise _no_identity("no token was found")
    try:
        context = SigningContext.from_trust_config(ClientTrustConfig.production())
        with context.signer(IdentityToken(token)) as signer:
            return f"{signer.sign_dsse(Statement(payload)).to_json()}\n"
    except Error as error:
        raise _unanswered(error) from error
    except OSError as error:  # what its transport raises
        raise _unanswered(error) from error


def verified_payload(
    raw: bytes,
    *,
    identity: str,
    issuer: str,
    trusted_root: Path | None,
    what: str,
    asking: bool = True,
) -> bytes | None:
    """Return the payload of a bundle that an identity signed; None where it did not.

    Args:
        raw: The bundle.
        identity: The signer: an address of mail, or of a workflow.
        issuer: Who vouches for it, as ``https://token.actions.githubusercontent.com``.
        trusted_root: Keys and certificates to trust in place of the public Sigstore's.
        what: What the bundle is called in messages; printable.
        asking: Whether the public Sigstore is asked for its newest roots; else those that came with
            its client are trusted.

    Raises:
        UsageError: the extra is missing, or the trusted root is none.
        UnreadableError: it is no bundle.
        NetworkFaultError: the public Sigstore's roots cannot be brought up to date.
    """
    need_sigstore()
    from sigstore.errors import Error, VerificationError
    from sigstore.models import Bundle, InvalidBundle, TrustedRoot
    from sigstore.verify import Verifier
    from sigstore.verify.policy import Identity

    try:
        bundle = Bundle.from_json(raw)
    except (InvalidBundle, ValueError, KeyError, TypeError) as error:
        raise UnreadableError(
            f"{what} is no Sigstore bundle that can be verified: {printable(error)}.",
            cause="it was signed with a key, or it was cut or changed.",
            next_step="verify a signature of a key with --key.",
        ) from error
    try:
        verifier = (
            Verifier.production(offline=not asking)
            if trusted_root is None
            else Verifier(trusted_root=TrustedRoot.from_file(str(trusted_root)))
        )
    except (Error, OSError, ValueError) as error:
        if trusted_root is not None:
            raise UsageError(
                f"'{printable(trusted_root)}' is no trusted root: {printable(error)}.",
                cause="it is another file.",
                next_step="gh attestation trusted-root writes GitHub's.",
            ) from error
        raise _unanswered(error) from error
    try:
        signed = verifier.verify_dsse(bundle, Identity(identity=identity, issuer=issuer))
    except VerificationError:
        return None
    return bytes(signed[1])


def need_sigstore() -> None:
    """Say how to install what Sigstore needs, where it is not there.

    Raises:
        UsageError: the extra is missing.
    """
    try:
        import sigstore  # noqa: F401 - asked for, not used
    except ImportError as error:
        raise UsageError(
            "Sigstore's signatures cannot be made or verified.",
            cause="hubcheck was installed without the extra `sign`.",
            next_step=adds(Extra.SIGN),
        ) from error


def _no_identity(why: str) -> UsageError:
    return UsageError(
        f"this process has no identity to sign as: {printable(why)}.",
        cause="no CI job runs here, or it was not given `id-token: write`.",
        next_step="grant the permission, or sign with a key: --key FILE.",
    )


def _unanswered(error: Exception) -> NetworkFaultError:
    return NetworkFaultError(
        f"Sigstore did not sign or verify: {printable(error)}.",
        cause="its service cannot be reached from here, or it refused.",
        next_step="try again, or verify with --trusted-root FILE, which asks nobody.",
    )
