"""Which models does the Hub list under an owner, a tag or a word: all of them, page by page?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import urlencode

from hubcheck.errors import NetworkFaultError, UsageError, printable
from hubcheck.frozen import frozen
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import is_repo_id
from hubcheck.source.refusals import Refusal, hub_refused
from hubcheck.source.retry import RetryPolicy, Timing
from hubcheck.source.transport import Page, Transport, joined

PAGE: Final = 1_000
"""Models on a page: the most that the Hub gives when only names are asked for."""
FIELDS: Final = ("author", "search", "filter", "library", "pipeline_tag", "sort", "limit")
"""What a listing can be narrowed by, under the Hub's own names."""
SORTS: Final = ("createdAt", "downloads", "likes", "lastModified")


@frozen
class Listing:
    """Which models are asked for."""

    fields: Mapping[str, str]
    limit: int
    """Most names; 0 for all."""


def parse_listing(text: str) -> Listing:
    """Read ``author=org,filter=llama,limit=500``.

    Raises:
        UsageError: it is none.
    """
    fields: dict[str, str] = {}
    for piece in filter(None, text.split(",")):
        name, equals, value = (part.strip() for part in piece.partition("="))
        if not equals or name not in FIELDS or not value:
            raise _refused(f"'{printable(piece)}' is no part of a query")
        fields[name] = value
    limit = fields.pop("limit", "0")
    if not limit.isdecimal() or len(limit) > 9:  # noqa: PLR2004 - more models than there are
        raise _refused(f"the limit '{printable(limit)}' is no number")
    if fields.get("sort", SORTS[0]) not in SORTS:
        raise _refused(f"'{printable(fields['sort'])}' is none of {', '.join(SORTS)}")
    if not fields:
        raise _refused("it names nothing")
    return Listing(fields=fields, limit=int(limit))


def _refused(why: str) -> UsageError:
    return UsageError(
        f"The query cannot be asked: {why}.",
        cause="a typing error.",
        next_step="write it as author=org,filter=llama,limit=500; names: " + ", ".join(FIELDS),
    )


def listed(endpoint: str, token: str | None, asked: Listing, ledger: Ledger) -> Iterator[str]:
    """Yield the names of the models that fit; the Hub's rate limit is waited out.

    Raises:
        UnreachableError: the Hub refuses or does not answer.
        BudgetExceededError: the listing is longer than the ledger allows.
    """
    transport = Transport(
        endpoint=endpoint.rstrip("/"),
        token=token,
        ledger=ledger,
        policy=RetryPolicy(),
        timing=Timing(),
    )
    size = min(asked.limit or PAGE, PAGE)
    url = f"{endpoint.rstrip('/')}/api/models?{urlencode({**asked.fields, 'limit': str(size)})}"
    given = 0
    while url:
        found = transport.get_json(url, "Listing models")
        if isinstance(found, Refusal):
            raise hub_refused(found, repo_id="", revision="", path="", with_token=token is not None)
        if not isinstance(found, Page):
            raise _elsewhere()
        for item in found.payload if isinstance(found.payload, list) else []:
            name = item.get("id") if isinstance(item, Mapping) else None
            if isinstance(name, str) and is_repo_id(name):
                yield name
                given += 1
                if given == asked.limit:
                    return
        url = joined(url, found.next_url) if found.next_url else ""
        if url and not transport.is_hub(url):
            raise _elsewhere()


def _elsewhere() -> NetworkFaultError:
    return NetworkFaultError(
        "Listing models failed: the Hub redirects to another host.",
        cause="the endpoint is not a Hub, or a proxy asks for a login.",
        next_step="check the endpoint (HF_ENDPOINT) and the proxy.",
    )
