"""How does a check reach models: with which limits, from which server, by whose token?"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from hubcheck.errors import UsageError, printable
from hubcheck.model import Access
from hubcheck.source.cache import SpanCache
from hubcheck.source.transport import origin_of

HUB: Final = "https://huggingface.co"
GITHUB: Final = "https://github.com"

FindToken = Callable[[], str | None]
"""Asked for a token of the Hub once one is needed."""


def access_of(
    max_read: int,
    environment: Mapping[str, str],
    find_token: FindToken,
    *,
    read_token: str = "",
    github_token: str = "",
    cache: Path | None = None,
    spoken_of: frozenset[str] | None = None,
) -> Access:
    """Return limits and credentials.

    Args:
        max_read: Bytes per model.
        environment: Of the process: ``HF_ENDPOINT``, ``GITHUB_TOKEN``, ``GITHUB_SERVER_URL``.
        find_token: Finds a token of the Hub, where none is given and one is needed.
        read_token: The Hub's token that was given; outranks what is found.
        github_token: GitHub's token that was given; outranks the environment's.
        cache: Folder that keeps what is read from the Hub.
        spoken_of: Of what only a token can read, what the answer may speak of; None: of all.
    """
    endpoint = checked_endpoint(environment.get("HF_ENDPOINT", ""))

    def authorise(origin: str) -> str:
        return lfs_authorization(origin, environment, find_token, github_token=github_token)

    return Access(
        max_read=max_read,
        token=read_token or None,
        endpoint=endpoint or None,
        cache=None if cache is None else SpanCache(cache),
        authorise=authorise,
        find_token=find_token,
        spoken_of=spoken_of,
    )


def checked_endpoint(text: str) -> str:
    """Return the Hub's address if it is one; empty stays empty.

    Raises:
        UsageError: it is no address of the web.
    """
    try:
        parts = urlsplit(text)
        good = not text or (parts.scheme in {"http", "https"} and bool(parts.hostname))
        _ = parts.port
    except ValueError:
        good = False
    if good:
        return text
    raise UsageError(
        f"HF_ENDPOINT is '{printable(text)}', which is no address.",
        cause="a typing error in the environment.",
        next_step="write https://host or https://host:port, or unset it.",
    )


def lfs_authorization(
    origin: str, environment: Mapping[str, str], find_token: FindToken, *, github_token: str = ""
) -> str:
    """Return the header that opens the large files of a checked-out repository, ``""`` for none.

    A token goes to its own server alone: the Hub's to the Hub, ``GITHUB_TOKEN`` to GitHub.

    Args:
        origin: Scheme, host and port of the server that the checkout came from.
        environment: Of the process.
        find_token: Finds a token of the Hub.
        github_token: Given by the Action's input; else the environment's ``GITHUB_TOKEN``.
    """
    if origin == origin_of(environment.get("HF_ENDPOINT") or HUB):
        token = find_token()
        return f"Bearer {token}" if token else ""
    token = github_token or environment.get("GITHUB_TOKEN", "").strip()
    if token and origin == origin_of(environment.get("GITHUB_SERVER_URL") or GITHUB):
        return "Basic " + base64.b64encode(f"x-access-token:{token}".encode()).decode("ascii")
    return ""
