"""What does a refusal by the Hub mean for the user?

The Hub names the reason in ``X-Error-Code``; a status alone is ambiguous, since a private
repository answers like a missing one. Messages are ours: no text of the host, no signed address.
"""

from __future__ import annotations

from hubcheck.errors import (
    GatedModelError,
    MissingModelError,
    NetworkFaultError,
    NotPublicError,
    UnknownRevisionError,
    UnreachableError,
    printable,
)
from hubcheck.frozen import frozen


@frozen
class Refusal:
    """A final answer other than success: the status and the Hub's code for it, or ``""``."""

    status: int
    code: str
    message: str = ""
    """``X-Error-Message``; read to tell refusals apart, never shown."""


def hub_refused(
    refusal: Refusal, *, repo_id: str, revision: str, path: str, with_token: bool
) -> UnreachableError:
    """Return the error for a refusal by the Hub itself.

    Args:
        refusal: What the Hub answered.
        repo_id: The repository asked for.
        revision: The revision or commit asked for.
        path: The file asked for, or ``""`` for the repository.
        with_token: Whether an access token was sent.
    """
    repo, file = printable(repo_id), printable(path)
    match refusal:
        case Refusal(code="GatedRepo"):
            error: UnreachableError = GatedModelError(
                f"'{repo}' is gated, and access was not granted.",
                cause="its owner asks users to accept terms before they may read the files."
                if with_token
                else "no access token was given, and the owner asks users to accept terms.",
                next_step=f"accept the terms on the page of {repo}, then pass a token that may "
                "read gated repositories.",
            )
        case Refusal(code="RevisionNotFound"):
            error = UnknownRevisionError(
                f"'{repo}' has no revision '{printable(revision)}'.",
                cause="the branch, tag or commit is misspelled or was deleted.",
                next_step="look at the repository's branches, or leave out the @revision.",
            )
        case Refusal(code="EntryNotFound"):
            error = MissingModelError(
                f"'{repo}' has no file '{file}' at {printable(revision)}.",
                cause="the host lists the file and does not serve it.",
                next_step="open the file on the repository's page; upload it again if it fails.",
            )
        case Refusal(status=401, message=message) if with_token and "credentials" in message:
            error = UnreachableError(
                f"The Hub refused the access token while reading '{repo}'.",
                cause="the token is expired, revoked or mistyped.",
                next_step="log in again, or read without a token if the model is public.",
            )
        case Refusal(code="RepoNotFound") | Refusal(status=401 | 404):
            error = MissingModelError(
                f"'{repo}' was not found on the Hub.",
                cause="it does not exist, or it is private and this token may not read it."
                if with_token
                else "it does not exist, or it is private and no access token was given.",
                next_step="check the spelling, or pass a token that may read it.",
            )
        case Refusal(status=403):
            error = UnreachableError(
                f"The Hub does not allow reading '{repo}' (status 403).",
                cause="the repository was disabled, or the token's permissions leave it out.",
                next_step="open the repository's page with the same account.",
            )
        case _:
            subject = f"'{file}' of '{repo}'" if path else f"'{repo}'"
            error = NetworkFaultError(
                f"The Hub answered {refusal.status} for {subject}.",
                cause="the host or a proxy in between does not speak the Hub's protocol.",
                next_step="check the endpoint, and run again later.",
            )
    return error


def not_public(repo_id: str) -> NotPublicError:
    """Return the error for what only a token could show, in an answer that others read.

    The same words whether the repository is private or not there: the token is not used to tell.
    """
    return NotPublicError(
        f"nobody can read '{printable(repo_id)}' without a token, and others read this answer; "
        "whether it exists was not asked.",
        cause="it is misspelled or was deleted, or it is private and only its owners know it.",
        next_step="where it may be spoken of, name it as a base, or under allow-private in the "
        "policy file.",
    )


def storage_refused(status: int, *, path: str, renewed: bool) -> NetworkFaultError:
    """Return the error for a storage host that refuses an address the Hub has just signed.

    Args:
        status: What the storage host answered.
        path: The file.
        renewed: Whether an older address had been refused before this one.
    """
    again = ", and had refused the address before it" if renewed else ""
    return NetworkFaultError(
        f"The storage host refused '{printable(path)}' with status {status}{again}.",
        cause="the clock of this machine or a proxy spoils the signed address.",
        next_step="check the clock and the proxy, and run again later.",
    )


def wrong_answer(detail: str, *, path: str) -> NetworkFaultError:
    """Return the error for an answer that is not the range that was asked for."""
    return NetworkFaultError(
        f"The answer for '{printable(path)}' is not the range asked for: {printable(detail)}.",
        cause="the host or a proxy in between ignores or rewrites range requests.",
        next_step="read the model without that proxy or mirror, or from a local folder.",
    )


def other_version(path: str) -> NetworkFaultError:
    """Return the error for a file that is no longer the one that was listed, or begun."""
    return NetworkFaultError(
        f"'{printable(path)}' changed on the host while it was read.",
        cause="a mirror serves a branch in place of a commit, or replaced the file just now.",
        next_step="run again; if it stays so, read the model without that mirror.",
    )
