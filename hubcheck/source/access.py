"""Can the access token and the Hub's address that were given be sent at all?"""

from __future__ import annotations

import re
from typing import Final

from hubcheck.errors import UsageError, printable

_TOKEN: Final = re.compile(r"[!-~]{1,500}", re.ASCII)
_ENDPOINT: Final = re.compile(r"https?://[A-Za-z0-9._:\[\]-]+(?:/[A-Za-z0-9._~/-]*)?", re.ASCII)


def checked_token(token: str | None) -> str | None:
    """Return a token as it is sent; None for an empty one, an unset secret of a CI job.

    Raises:
        UsageError: it holds characters that no token has.
    """
    stripped = (token or "").strip()
    if stripped and _TOKEN.fullmatch(stripped) is None:
        what = "The access token holds characters that no token has."
        raise UsageError(
            what,
            cause="something else was pasted or stored in its place.",
            next_step="create a token on the Hub's settings page and pass it unchanged.",
        )
    return stripped or None


def check_endpoint(endpoint: str) -> None:
    """Refuse what is not the address of a Hub.

    Raises:
        UsageError: it is not.
    """
    if _ENDPOINT.fullmatch(endpoint) is None:
        what = f"'{printable(endpoint)}' is not the address of a Hub."
        raise UsageError(
            what,
            cause="HF_ENDPOINT or the endpoint option is misspelled.",
            next_step="write it as https://host, without a query.",
        )
