"""Which token is used to read models, and which one to publish?

Two roles with separate tokens: the one that may write a repository should not be sent along with
every read of a stranger's model, and a token for gated bases can seldom write. For each role the
first of these that is set decides; one that is set and fails is an error, never a reason to fall
back to a token that lives longer:

1. a trusted publisher named for the role (``HUBCHECK_WRITE_OIDC_RESOURCE``): huggingface_hub
   exchanges the job's identity for a token that lives an hour,
2. a token named for the role (``HUBCHECK_WRITE_TOKEN``),
3. what huggingface_hub finds by itself: ``HF_OIDC_RESOURCE``, ``HF_TOKEN``, the login on disk.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import field
from enum import StrEnum
from typing import Final

from hubcheck.errors import printable
from hubcheck.frozen import frozen
from hubcheck.publish.hub.errors import CredentialError

EXCHANGE_VARIABLE: Final = "HF_OIDC_RESOURCE"
"""Where huggingface_hub looks for what a token shall be for; one per process at a time."""

_EXCHANGE: Final = threading.Lock()


class Role(StrEnum):
    """What a token is used for."""

    READ = "read"
    WRITE = "write"


@frozen
class Credential:
    """A token and where it came from; the token never appears in a representation."""

    role: Role
    origin: str
    """In words, for messages: the name of a variable, never its value."""
    token: str | None = field(repr=False)


def credential(role: Role, environment: Mapping[str, str]) -> Credential:
    """Return the token of a role; without any, ``token`` is ``None``.

    Args:
        role: What it is used for.
        environment: Variables of the process.

    Raises:
        CredentialError: a trusted publisher is set up and its exchange failed.
    """
    prefix = f"HUBCHECK_{role.name}"
    resource = environment.get(f"{prefix}_OIDC_RESOURCE", "").strip()
    if resource:
        with _exchange_for(resource):
            token = _own_token(f"{prefix}_OIDC_RESOURCE", resource)
        return Credential(role=role, token=token, origin=f"{prefix}_OIDC_RESOURCE")
    named = environment.get(f"{prefix}_TOKEN", "").strip()
    if named:
        return Credential(role=role, token=named, origin=f"{prefix}_TOKEN")
    resource = environment.get(EXCHANGE_VARIABLE, "")
    token = _own_token(EXCHANGE_VARIABLE, resource)
    return Credential(role=role, token=token, origin="huggingface_hub" if token else "nowhere")


def _own_token(variable: str, resource: str) -> str | None:
    """Return the token that huggingface_hub finds, which may be one it exchanges."""
    from huggingface_hub import errors, get_token

    if resource and not hasattr(errors, "OIDCError"):
        import huggingface_hub

        raise CredentialError(
            f"The trusted publisher '{printable(resource)}' cannot be asked by huggingface_hub "
            f"{huggingface_hub.__version__}.",
            cause=f"{variable} is set, and the exchange came with a later version.",
            next_step="pip install 'huggingface_hub>=1.33', or unset the variable.",
        )
    exchange = (errors.OIDCError,) if hasattr(errors, "OIDCError") else ()
    failed: tuple[type[Exception], ...] = (errors.HfHubHTTPError, OSError, KeyError, ValueError)
    failed = (*failed, *exchange)
    try:
        return get_token()
    except failed as error:
        # ``from None``: the client's error carries the request, and the request the identity.
        kind = type(error).__name__
        raise CredentialError(
            f"The trusted publisher '{printable(resource)}' gave no token ({kind}).",
            cause=f"{variable} is set, but the job has no identity (permissions: id-token: write), "
            "or the Hub knows no trusted publisher for it.",
            next_step="set up the trusted publisher on the Hub, or unset the variable.",
        ) from None


@contextmanager
def _exchange_for(resource: str) -> Iterator[None]:
    """Let huggingface_hub exchange for ``resource``; it reads one variable of the process."""
    with _EXCHANGE:
        before = os.environ.get(EXCHANGE_VARIABLE)
        os.environ[EXCHANGE_VARIABLE] = resource
        try:
            yield
        finally:
            if before is None:
                del os.environ[EXCHANGE_VARIABLE]
            else:
                os.environ[EXCHANGE_VARIABLE] = before
