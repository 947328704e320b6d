"""How does one HTTP request to the Hub or its storage end?

Requests run on huggingface_hub's own session, so that a user's proxies, certificates and offline
mode hold; everything else is decided here, because the client neither checks what a range request
returned nor bounds its waits: timeouts, retries, counting, and that no body is read unasked.

The access token goes to the endpoint's origin and nowhere else. Redirects are never followed by the
session: they are an outcome, and the caller decides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urljoin, urlsplit

from hubcheck import __version__
from hubcheck.errors import NetworkFaultError, printable
from hubcheck.frozen import frozen
from hubcheck.source.json_size import values_at_most
from hubcheck.source.ledger import Ledger
from hubcheck.source.partial import PartialBody
from hubcheck.source.refusals import Refusal, wrong_answer
from hubcheck.source.retry import (
    RETRY_STATUS,
    Gate,
    Patience,
    RetryPolicy,
    Timing,
    requested_wait,
)

if TYPE_CHECKING:
    from hubcheck.source.http_session import Response

CONNECT_SECONDS: Final = 10.0
READ_SECONDS: Final = 30.0
"""Silence on an open connection for this long is a fault."""

SLOWEST: Final = 64 * 1024
"""Bytes per second below which a transfer counts as stuck, after a start of ``READ_SECONDS``."""

MAX_JSON: Final = 64 * 1024 * 1024
"""One page of a listing is about 300 kB; a host that sends this much is broken or hostile."""

MAX_VALUES: Final = 4_000_000
"""Values of one page, counted before it is parsed: an empty list of three bytes costs sixty. A page
of a listing has some ten thousand."""

_SHORT_LENGTH: Final = re.compile(r"[0-9]{1,5}")
"""A short unwanted body is read to its end, so that the connection can be used again."""

_COMMIT_HEADER: Final = "x-repo-commit"

T = TypeVar("T")


@frozen
class Arrived:
    """The range is complete in its ``PartialBody``."""

    commit: str
    """The commit the host says it served, or ``""``."""


@frozen
class Moved:
    """The host redirects; ``location`` is as sent and may be signed: never show it."""

    location: str
    commit: str
    """The commit the host says it redirects into, or ``""``."""
    linked: str = ""
    """The digest that the Hub states for the content it redirects to (``X-Linked-Etag``)."""


@frozen
class Page:
    """A JSON answer and the address of its next page, or ``""``."""

    payload: object
    next_url: str


class _StuckError(Exception):
    """A transfer crawls; internal, becomes a retry."""


class Transport:
    """Makes requests with one token for one endpoint; safe to use from several threads."""

    def __init__(
        self,
        *,
        endpoint: str,
        token: str | None,
        ledger: Ledger,
        policy: RetryPolicy,
        timing: Timing,
    ) -> None:
        """Take what all requests share.

        Args:
            endpoint: The Hub's address, the only place the token is sent to.
            token: Access token, or ``None`` to read anonymously.
            ledger: Every request is counted there, retries and redirects included.
            policy: When a request is given up.
            timing: Clocks, sleep and chance.
        """
        self._origin = origin_of(endpoint)
        self._token = token
        self._ledger = ledger
        self._policy = policy
        self._timing = timing
        self._gate = Gate(timing)

    def is_hub(self, url: str) -> bool:
        """Return whether ``url`` lies on the endpoint itself."""
        return origin_of(url) == self._origin

    def get_range(
        self, url: str, body: PartialBody, *, signed: Mapping[str, str] = MappingProxyType({})
    ) -> Arrived | Moved | Refusal:
        """Ask ``url`` for what ``body`` is missing and add it there.

        Args:
            url: The address.
            body: What is wanted, and what is there already.
            signed: Headers that the address was handed out with.

        Raises:
            NetworkFaultError: the host does not answer, or not with that range.
        """

        def headers() -> dict[str, str]:
            return {**signed, "Range": body.range_header, "Accept-Encoding": "identity"}

        def take(response: Response) -> Arrived | Moved | Refusal:
            outcome = self._outcome(response)
            if outcome is not None:
                return outcome
            body.check_head(response)
            clock = self._timing.monotonic
            deadline = clock() + READ_SECONDS + body.missing / SLOWEST
            for chunk in response.iter_raw():
                body.add(chunk)
                if clock() > deadline and body.missing:
                    raise _StuckError
            if body.missing:
                raise wrong_answer(f"{body.missing} bytes too few", path=body.path)
            return Arrived(commit=response.headers.get(_COMMIT_HEADER, ""))

        return self._exchange(url, f"Reading '{printable(body.path)}'", headers, take)

    def get_json(self, url: str, what: str) -> Page | Moved | Refusal:
        """Ask the endpoint's API for a JSON page.

        Raises:
            NetworkFaultError: the host does not answer, or not with JSON.
        """
        return self._json(url, what, {"Accept": "application/json"}, None)

    def post_json(
        self, url: str, what: str, payload: object, headers: Mapping[str, str]
    ) -> Page | Moved | Refusal:
        """Send a question as JSON; asking it twice must change nothing.

        Raises:
            NetworkFaultError: the host does not answer, or not with JSON.
        """
        return self._json(url, what, headers, json.dumps(payload).encode("ascii"))

    def _json(
        self, url: str, what: str, headers: Mapping[str, str], content: bytes | None
    ) -> Page | Moved | Refusal:
        def take(response: Response) -> Page | Moved | Refusal:
            outcome = self._outcome(response)
            if outcome is not None:
                return outcome
            text = bytearray()
            clock = self._timing.monotonic
            began = clock()
            for chunk in response.iter_bytes():
                text += chunk
                if clock() > began + READ_SECONDS + len(text) / SLOWEST:
                    raise _StuckError
                if len(text) > MAX_JSON:
                    raise _not_json(what, f"more than {MAX_JSON} bytes")
            if values_at_most(text) > MAX_VALUES:
                raise _not_json(what, f"more than {MAX_VALUES} values")
            try:
                payload: object = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise _not_json(what, type(error).__name__) from None
            return Page(payload=payload, next_url=response.links.get("next", {}).get("url", ""))

        return self._exchange(url, what, lambda: dict(headers), take, content=content)

    def _exchange(
        self,
        url: str,
        what: str,
        headers: Callable[[], dict[str, str]],
        take: Callable[[Response], T],
        *,
        content: bytes | None = None,
    ) -> T:
        from huggingface_hub.errors import OfflineModeIsEnabled

        from hubcheck.source.http_session import http

        origin = origin_of(url)
        client = http()
        patience = Patience(what, self._policy, self._timing)
        fault, connected, asked = "the host limits requests", True, None
        while True:
            patience.wait(self._gate.delay(origin), fault)
            self._ledger.count_request()
            try:
                with client.stream(
                    url,
                    content=content,
                    headers=self._common_headers(origin) | headers(),
                    connect=CONNECT_SECONDS,
                    read=READ_SECONDS,
                ) as response:
                    if response.status_code not in RETRY_STATUS:
                        return take(response)
                    self._drain(response)
                    fault, connected = f"status {response.status_code}", True
                    asked = requested_wait(response.headers, now=self._timing.wall())
            except OfflineModeIsEnabled:
                raise _offline(what) from None
            except client.faults as error:
                # Neither chained nor quoted: both can carry the signed address.
                fault, asked = type(error).__name__, None
                connected = not isinstance(error, client.unconnected)
            except (FileNotFoundError, ValueError) as error:
                # Of making the session, not of a request: certificates, proxies.
                raise _settings(what, error) from None
            except _StuckError:
                fault, connected, asked = f"less than {SLOWEST} bytes a second", True, None
            doubled = patience.failed(fault, connected=connected)
            if asked is None:
                patience.wait(doubled, fault)
            else:
                self._gate.close(origin, asked + self._timing.chance())

    def _outcome(self, response: Response) -> Moved | Refusal | None:
        if response.is_redirect:
            self._drain(response)
            headers = response.headers
            return Moved(
                location=headers.get("location", ""),
                commit=headers.get(_COMMIT_HEADER, ""),
                linked=headers.get("x-linked-etag", "").strip('"'),
            )
        if response.is_success:
            return None
        self._drain(response)
        return Refusal(
            status=response.status_code,
            code=response.headers.get("x-error-code", ""),
            message=response.headers.get("x-error-message", ""),
        )

    def _drain(self, response: Response) -> None:
        """Read a short body to its end, if it comes in time."""
        length = response.headers.get("content-length", "")
        if _SHORT_LENGTH.fullmatch(length):
            deadline = self._timing.monotonic() + READ_SECONDS
            for _ in response.iter_raw():
                if self._timing.monotonic() > deadline:
                    return

    def _common_headers(self, origin: str) -> dict[str, str]:
        headers = {"User-Agent": f"hubcheck/{__version__}"}
        if self._token is not None and origin == self._origin:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers


def origin_of(url: str) -> str:
    """Return scheme, host and port of ``url``, in lower case and with the port always named."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # no address; asking there fails by itself
    try:
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)
    except ValueError:
        port = 0
    return f"{parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def joined(url: str, location: str) -> str:
    """Return where a host sends from ``url``; empty where that is no address."""
    try:
        target = urljoin(url, location)
        urlsplit(target)
    except ValueError:
        return ""
    return target


def _not_json(what: str, detail: str) -> NetworkFaultError:
    return NetworkFaultError(
        f"{what} failed: the answer is not the Hub's JSON ({detail}).",
        cause="the endpoint is not a Hub, or a proxy answers in its place.",
        next_step="check the endpoint (HF_ENDPOINT) and the proxy.",
    )


def _settings(what: str, error: Exception) -> NetworkFaultError:
    return NetworkFaultError(
        f"{what} failed: no connection can be made with these settings ({type(error).__name__}).",
        cause="SSL_CERT_FILE names no file, or a proxy variable no proxy.",
        next_step="look at SSL_CERT_FILE, SSL_CERT_DIR, HTTP_PROXY, HTTPS_PROXY and ALL_PROXY.",
    )


def _offline(what: str) -> NetworkFaultError:
    return NetworkFaultError(
        f"{what} failed: huggingface_hub is in offline mode.",
        cause="HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set.",
        next_step="unset it, or name a local folder.",
    )
