"""Which HTTP library does the installed huggingface_hub speak, and how is one request sent with it?

Requests run on the client's own session, so that a user's proxies, certificates and offline mode
hold. That session is ``requests`` before version 1, httpx since, and a further httpx under the
client's own name in later ones; transformers 4 needs the first, transformers 5 the others. Here,
and nowhere else, they are told apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

from hubcheck.frozen import frozen

BLOCK = 64 * 1024
"""Bytes of a body that are taken at a time."""

IDLE = 128
"""Connections that are kept for the next step: as many on the Hub as on its storage are asked side
by side (``hub.IN_FLIGHT``). The libraries keep 20, or 10 a host, and close the others: every step
would shake hands again, two round trips each."""

IDLE_SECONDS = 30.0
"""How long they are kept: the libraries close them after five, and what is computed between two
steps of a large model on a busy machine takes longer. Hosts keep them for a minute and more."""


class Response(Protocol):
    """An answer whose head is there and whose body is read where it is wanted."""

    @property
    def status_code(self) -> int:
        """The status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names in any case."""
        ...

    @property
    def is_redirect(self) -> bool:
        """Whether it names another place."""
        ...

    @property
    def is_success(self) -> bool:
        """Whether the status is one of success."""
        ...

    @property
    def links(self) -> Any:
        """What the ``Link`` header names."""
        ...

    def iter_raw(self) -> Iterator[bytes]:
        """Yield the body as it is sent."""
        ...

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the body, unpacked where it was packed for the way."""
        ...


@frozen(kw_only=False)
class _Requests:
    """An answer of ``requests`` with the names that httpx gives its parts."""

    answer: Any

    @property
    def status_code(self) -> int:
        return int(self.answer.status_code)

    @property
    def headers(self) -> Mapping[str, str]:
        headers: Mapping[str, str] = self.answer.headers
        return headers

    @property
    def is_redirect(self) -> bool:
        return bool(self.answer.is_redirect)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status_code < 300  # noqa: PLR2004 - HTTP

    @property
    def links(self) -> Any:
        links: Any = self.answer.links
        return links

    def iter_raw(self) -> Iterator[bytes]:
        yield from self.answer.raw.stream(BLOCK, decode_content=False)

    def iter_bytes(self) -> Iterator[bytes]:
        yield from self.answer.iter_content(BLOCK)


@frozen
class Http:
    """The library, as far as its kinds differ."""

    library: Any
    """The httpx module; ``requests`` before version 1 of the client."""
    is_requests: bool
    faults: tuple[type[Exception], ...]
    """What a host that does not answer, or answers what is no HTTP, raises."""
    unconnected: tuple[type[Exception], ...]
    """Those of them that say that no connection was made."""
    anything: tuple[type[Exception], ...]
    """What any request of the client's may raise that is no answer."""

    @contextmanager
    def stream(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        content: bytes | None,
        connect: float,
        read: float,
    ) -> Iterator[Response]:
        """Send one request, GET or with content POST; redirects are not followed.

        Args:
            url: The address.
            headers: Of the request.
            content: Of a POST.
            connect: Seconds to connect.
            read: Seconds of silence.
        """
        session: Any = _session()
        method = "GET" if content is None else "POST"
        if self.is_requests:
            with session.request(
                method,
                url,
                data=content,
                headers=dict(headers),
                timeout=(connect, read),
                allow_redirects=False,
                stream=True,
            ) as answer:
                yield _Requests(answer)
            return
        with session.stream(
            method,
            url,
            content=content,
            headers=dict(headers),
            timeout=self.library.Timeout(read, connect=connect),
            follow_redirects=False,
        ) as response:
            yield response

    def limit_silence(self, *, connect: float, read: float) -> None:
        """Give the client's own calls limits, where its session takes any."""
        if not self.is_requests:
            session: Any = _session()
            session.timeout = self.library.Timeout(read, connect=connect)


def _session() -> Any:
    from huggingface_hub import utils

    exported: Any = utils  # without a stub's blessing
    session = exported.get_session()
    _keep_idle(session)
    return session


def _keep_idle(session: Any) -> None:
    """Let a session keep ``IDLE`` connections; one made in another way is left as it is.

    The session is the user's or the client's: how many connections it keeps is fixed when it is
    made, and neither library has a public way to say so later.
    """
    for transport in (
        getattr(session, "_transport", None),
        *vars(session).get("_mounts", {}).values(),
    ):
        pool = getattr(transport, "_pool", None)
        kept = getattr(pool, "_max_keepalive_connections", None)
        if isinstance(kept, int) and kept < IDLE:
            pool._max_keepalive_connections = IDLE  # type: ignore[union-attr]  # noqa: SLF001
            expires = getattr(pool, "_keepalive_expiry", None)
            if isinstance(expires, float | int) and expires < IDLE_SECONDS:
                pool._keepalive_expiry = IDLE_SECONDS  # type: ignore[union-attr]  # noqa: SLF001
    for adapter in vars(session).get("adapters", {}).values():
        keywords = getattr(getattr(adapter, "poolmanager", None), "connection_pool_kw", {})
        if isinstance(keywords.get("maxsize"), int):
            keywords["maxsize"] = max(IDLE, keywords["maxsize"])


@cache
def http() -> Http:
    """Return the library of the installed client."""
    import huggingface_hub
    from huggingface_hub import utils

    if int(huggingface_hub.__version__.partition(".")[0]) == 0:
        import requests
        import urllib3

        errors = requests.exceptions
        broken = (urllib3.exceptions.HTTPError, errors.RequestException)
        return Http(
            library=requests,
            is_requests=True,
            faults=broken,
            unconnected=(errors.ConnectionError, errors.ConnectTimeout, errors.InvalidURL),
            anything=broken,
        )
    library: Any = getattr(utils, "httpx", None)
    if library is None:
        import httpx

        library = httpx
    return Http(
        library=library,
        is_requests=False,
        faults=(library.TransportError, library.InvalidURL, library.DecodingError),
        unconnected=(library.ConnectError, library.ConnectTimeout, library.UnsupportedProtocol),
        anything=(library.HTTPError,),
    )
