"""What does the Hub know about repositories that nobody has opened yet?

Descriptions, a capped search, listings with digests and small files, each asked for once. All
requests go through one transport, so one rate limit holds them all back; they are counted, and
refused once the number that was allowed is spent. Answers are hostile: every field is checked.
"""

from __future__ import annotations

import re
import threading
from typing import Final
from urllib.parse import quote, urlencode

from hubcheck.candidates.hub_answers import MAX_LIST, Described, described
from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    MissingModelError,
    NetworkFaultError,
    printable,
)
from hubcheck.frozen import frozen
from hubcheck.source.addresses import MAX_HOPS, Addresses
from hubcheck.source.interface import FileEntry
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.listing import listing_broken, read_entries
from hubcheck.source.refusals import Refusal, hub_refused
from hubcheck.source.retry import RetryPolicy, Timing
from hubcheck.source.transport import Moved, Page, Transport, joined

FIELDS: Final = (
    "baseModels", "cardData", "config", "createdAt", "downloads", "gated", "safetensors", "sha",
    "tags",
)  # fmt: skip

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")


@frozen
class Unavailable:
    """A repository that cannot be described, with the reason."""

    ref: str
    reason: str
    missing: bool
    """It does not exist or is hidden; False: it could not be asked for."""


@frozen
class Query:
    """One search for models."""

    model_type: str = ""
    """Tag of the architecture; ``""`` for any."""
    parameters: tuple[int, int] = (0, 0)
    """Fewest and most parameters; (0, 0) for any."""
    text: str = ""
    limit: int = 50
    oldest: bool = False  # and not the most downloaded


class HubIndex:
    """Asks the Hub about repositories; safe for several threads."""

    def __init__(
        self,
        *,
        endpoint: str,
        token: str | None,
        max_requests: int,
        max_read: int,
        spoken_of: frozenset[str] | None = None,
        policy: RetryPolicy | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Take what all questions share; nothing is asked yet.

        Args:
            endpoint: The Hub's address.
            token: Access token, or None.
            max_requests: Hard limit of questions, redirects and retries not counted.
            max_read: Hard limit of bytes of small files.
            spoken_of: Repositories, in lower case, for which the token may be used; None: for all.
            policy: When a failing request is given up.
            timing: Clocks, sleep and chance.
        """
        self.ledger = Ledger(max_read)
        self._endpoint = endpoint.rstrip("/")
        self._spoken_of = spoken_of
        policy, timing = policy or RetryPolicy(), timing or Timing()
        self._open, self._closed = (
            Transport(
                endpoint=self._endpoint,
                token=one,
                ledger=self.ledger,
                policy=policy,
                timing=timing,
            )
            for one in (None, token or None)
        )
        self._has_token = bool(token)
        self._left = max_requests
        self._fault: NetworkFaultError | None = None
        self._known: dict[str, Described | Unavailable] = {}
        self._trees: dict[tuple[str, str], tuple[tuple[FileEntry, str], ...]] = {}
        self._lock = threading.Lock()

    @property
    def endpoint(self) -> str:
        """The Hub's address."""
        return self._endpoint

    def page(self, url: str, what: str, ref: str = "") -> Page:
        """Return the answer to another module's question about a repository, or about none.

        Raises:
            UnreachableError: the Hub does not answer, or refuses, or leads away from itself.
            BudgetExceededError: no request is left.
        """
        if not self._open.is_hub(url):
            raise listing_broken(ref or "a list", "the next page lies on another host")
        return self._ask(url, what, ref)

    def describe(self, ref: str) -> Described | Unavailable:
        """Return what the Hub says about a repository; one that is gated is described too."""
        key = ref.casefold()
        with self._lock:
            known = self._known.get(key)
        if known is not None:
            return known
        url = f"{self._endpoint}/api/models/{quote(ref)}?" + urlencode({"expand": FIELDS}, True)
        try:
            page = self._ask(url, f"Looking up '{printable(ref)}'", ref)
            found = described(page.payload)
        except BudgetExceededError:
            raise
        except MissingModelError as error:
            return self._remember(key, Unavailable(ref=ref, reason=error.what, missing=True))
        except HubcheckError as error:
            return self._remember(key, Unavailable(ref=ref, reason=error.what, missing=False))
        if found is None:
            reason = f"the Hub's description of '{printable(ref)}' cannot be read"
            return self._remember(key, Unavailable(ref=ref, reason=reason, missing=False))
        return self._remember(key, found)

    def search(self, query: Query) -> tuple[Described, ...]:
        """Return the most downloaded models that fit, or the oldest; one page at most.

        Raises:
            NetworkFaultError: the Hub does not answer.
            BudgetExceededError: no request is left.
        """
        asked: list[tuple[str, str]] = [("expand", field) for field in FIELDS]
        sort, direction = ("createdAt", "1") if query.oldest else ("downloads", "-1")
        asked += [("sort", sort), ("direction", direction), ("limit", str(query.limit))]
        if query.model_type:
            asked.append(("filter", query.model_type))
        if query.parameters != (0, 0):
            asked.append(("num_parameters", "min:{},max:{}".format(*query.parameters)))
        if query.text:
            asked.append(("search", query.text))
        page = self._ask(f"{self._endpoint}/api/models?{urlencode(asked)}", "Searching the Hub", "")
        items = page.payload[:MAX_LIST] if isinstance(page.payload, list) else []
        found = [d for d in map(described, items) if d is not None]
        with self._lock:
            for one in found:
                self._known.setdefault(one.ref.casefold(), one)
        return tuple(found[: query.limit])

    def listing(self, ref: str, commit: str) -> tuple[tuple[FileEntry, str], ...]:
        """Return (file, git blob id) of the top level of a repository; first page only.

        Raises:
            UnreachableError: the repository or the commit cannot be listed.
            BudgetExceededError: no request is left.
        """
        with self._lock:
            known = self._trees.get((ref, commit))
        if known is not None:
            return known
        url = f"{self._endpoint}/api/models/{quote(ref)}/tree/{quote(commit, safe='')}"
        page = self._ask(f"{url}?recursive=false&expand=false", f"Listing '{printable(ref)}'", ref)
        items = page.payload if isinstance(page.payload, list) else []
        oids = {str(i.get("path")): str(i.get("oid", "")) for i in items if isinstance(i, dict)}
        listed = tuple((e, oids.get(e.path, "")) for e in read_entries(items, ref))
        with self._lock:
            self._trees[ref, commit] = listed
        return listed

    def commits(self, ref: str, commit: str) -> tuple[str, ...]:
        """Return the commits up to one, newest first; first page only.

        Raises:
            UnreachableError: the repository cannot be asked for.
            BudgetExceededError: no request is left.
        """
        url = f"{self._endpoint}/api/models/{quote(ref)}/commits/{quote(commit, safe='')}"
        page = self._ask(url, f"Looking up the history of '{printable(ref)}'", ref)
        items = page.payload if isinstance(page.payload, list) else []
        ids = [str(i.get("id", "")) for i in items[:1000] if isinstance(i, dict)]
        return tuple(i for i in ids if _COMMIT.fullmatch(i))

    def document(self, ref: str, commit: str, entry: FileEntry, *, limit: int) -> bytes:
        """Return a small file of a repository at a commit, empty when it is larger than ``limit``.

        Raises:
            UnreachableError: the file cannot be read (a gated repository, a fault).
            BudgetExceededError: no request or too few bytes are left.
        """
        if not 0 < entry.size <= limit:
            return b""
        self._spend()
        self.ledger.charge(entry.size, Purpose.DOCUMENT, requests=0)
        addresses = Addresses(
            self._transport(ref),
            endpoint=self._endpoint,
            repo_id=ref,
            commit=commit,
            with_token=self._with_token(ref),
        )
        return addresses.read(entry, 0, entry.size)

    def _with_token(self, ref: str) -> bool:
        """Return whether the token is sent in a question about a repository; "" is a search."""
        known = self._spoken_of is None or ref.partition(":")[0].casefold() in self._spoken_of
        return self._has_token and known

    def _transport(self, ref: str) -> Transport:
        return self._closed if self._with_token(ref) else self._open

    def _remember(self, key: str, found: Described | Unavailable) -> Described | Unavailable:
        with self._lock:
            return self._known.setdefault(key, found)

    def _spend(self) -> None:
        with self._lock:
            if self._left < 1:
                raise BudgetExceededError(
                    "The search for bases has made all the requests it may.",
                    cause="the declared graph or the list of candidates is long.",
                    next_step="name the bases with --suspect, or raise the limit.",
                )
            self._left -= 1

    def _ask(self, url: str, what: str, ref: str) -> Page:
        self._spend()
        for _ in range(MAX_HOPS + 1):
            match self._get(url, what, ref):
                case Page() as page:
                    return page
                case Refusal() as refusal:
                    raise hub_refused(
                        refusal,
                        repo_id=ref,
                        revision="",
                        path="",
                        with_token=self._with_token(ref),
                    )
                case Moved(location=location):
                    url = joined(url, location)
                    if not location or not self._open.is_hub(url):
                        break
        raise NetworkFaultError(
            f"{what} failed: the Hub redirects to another host, or in a circle.",
            cause="the endpoint is not a Hub, or a proxy asks for a login.",
            next_step="check the endpoint (HF_ENDPOINT) and the proxy.",
        )

    def _get(self, url: str, what: str, ref: str) -> Page | Moved | Refusal:
        """Make one request; a Hub that did not answer once is not asked again."""
        if self._fault is not None:
            raise self._fault
        try:
            return self._transport(ref).get_json(url, what)
        except NetworkFaultError as error:
            self._fault = error
            raise
