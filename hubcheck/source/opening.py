"""How does a REF become a model whose bytes can be read?"""

from __future__ import annotations

import os

from hubcheck.errors import GatedModelError, MissingModelError
from hubcheck.source.cache import SpanCache
from hubcheck.source.folder import Authorise, FolderSource
from hubcheck.source.inside import inside_source
from hubcheck.source.interface import Source
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import LocalReference, Reference, nothing_there, parse_reference
from hubcheck.source.refusals import not_public


def open_source(
    ref: str,
    *,
    max_read: int,
    token: str | None = None,
    endpoint: str | None = None,
    cache: SpanCache | None = None,
) -> Source:
    """Open the model a user named; a Hub revision becomes a commit here.

    Args:
        ref: ``org/name``, ``org/name@revision``, ``org/name:folder``, ``org/name:Q4_K_M``, the
            address of a page of the Hub, a folder or a file.
        max_read: Hard limit of bytes read from this model.
        token: Access token for the Hub; ``None`` reads anonymously, whatever this machine stores.
        endpoint: The Hub's address; ``None`` means the one huggingface_hub is configured for.
        cache: Where bytes of a Hub commit are kept from run to run; local files need none.

    Raises:
        UsageError: the REF or the limit is malformed.
        UnreachableError: a subclass says why the model cannot be reached.
    """
    return open_reference(
        parse_reference(ref), max_read=max_read, token=token, endpoint=endpoint, cache=cache
    )


def open_reference(
    reference: Reference,
    *,
    max_read: int,
    token: str | None = None,
    endpoint: str | None = None,
    cache: SpanCache | None = None,
    authorise: Authorise | None = None,
    public_first: bool = False,
) -> Source:
    """Open a model whose REF was parsed before; see ``open_source``.

    ``authorise`` says which token may be sent to which server for the content of Git LFS pointers
    in a checked-out repository; without one they cannot be read. ``public_first`` sends the token
    only for what the Hub describes to everybody: a gated model, never a private one.

    For a REF from a model repository use ``parse_hub_reference``, so that a card cannot name a
    folder of this machine.
    """
    ledger = Ledger(max_read)
    if isinstance(reference, LocalReference):
        if not os.path.exists(reference.path):  # noqa: PTH110 - Path.exists raises on hostile names
            raise nothing_there(reference.typed)
        return FolderSource(
            reference.path,
            typed=reference.typed,
            ledger=ledger,
            authorise=authorise,
            large_files=reference.large_files,
        )
    # A local check must not pay for thread pools, e-mail dates and the Hub's client.
    from hubcheck.source.hub import HubSource

    if endpoint is None:
        from huggingface_hub.constants import ENDPOINT

        endpoint = ENDPOINT
    if public_first and token:
        try:  # without the cache, which may hold what a token has read
            HubSource(reference, ledger=ledger, token=None, endpoint=endpoint)
        except GatedModelError:
            pass  # that it exists is public
        except MissingModelError as error:
            raise not_public(reference.repo_id) from error
    source = HubSource(reference, ledger=ledger, token=token, endpoint=endpoint, cache=cache)
    return inside_source(source, reference.inside) if reference.inside else source
