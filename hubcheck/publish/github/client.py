"""How is GitHub's API spoken to?

One session with timeouts, paging, retries and rate limits. A request that creates something is
never sent twice blindly: without an answer it raises ``UncertainError``, and the caller looks.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import requests

from hubcheck import __version__
from hubcheck.errors import printable
from hubcheck.publish.github.errors import (
    GitHubError,
    RateLimitedError,
    UncertainError,
    refused,
)
from hubcheck.publish.github.waiting import DEFAULT_CEILING, TRANSIENT, Patience, limit_wait

API_VERSION: Final = "2022-11-28"
"""Sent with every request, so that a new version changes nothing unasked."""
TIMEOUT: Final = (5.0, 30.0)
"""Seconds to connect, seconds between two bytes."""
ATTEMPTS: Final = 5
PAGE_LIMIT: Final = 50
"""Pages of a list that are followed; 5,000 entries are more than any question here needs."""
ANSWER_LIMIT: Final = 32_000_000
"""Bytes of one answer that are read; GitHub's own limit for a file is larger, a report's is not."""
PUBLIC_API: Final = "https://api.github.com"

_NEXT: Final = re.compile(r'<([^>]+)>\s*;\s*rel="next"')

_NO_ANSWER: Final = (
    requests.ConnectionError,
    requests.Timeout,
    requests.exceptions.ChunkedEncodingError,
)

Json = Any


class GitHub:
    """GitHub's REST and GraphQL APIs, for one token."""

    def __init__(
        self,
        token: str,
        *,
        api: str = PUBLIC_API,
        graphql: str = "",
        ceiling: float = DEFAULT_CEILING,
        timeout: tuple[float, float] = TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Prepare a session; nothing is sent.

        Args:
            token: Empty means anonymous: public data only.
            api: Address of the REST API; ``GITHUB_API_URL`` on a runner.
            graphql: Address of the GraphQL API; by default beside the REST API.
            ceiling: Seconds that all waits together may take.
            timeout: Seconds to connect, and between two bytes.
            sleep: Waits.
            clock: Seconds since 1970.
        """
        self._api = api.rstrip("/")
        self._graphql = graphql or f"{self._api}/graphql"
        self._timeout = timeout
        self._patience = Patience(ceiling=ceiling, sleep=sleep, clock=clock)
        self._session = requests.Session()
        self._session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "User-Agent": f"hubcheck/{__version__}",
                "X-GitHub-Api-Version": API_VERSION,
            }
        )
        self._session.auth = _Bearer(token)

    def get(self, path: str, **query: str | int) -> Json:
        """Return one JSON document."""
        return self._json("GET", path, query=query)

    def pages(self, path: str, *, items: str = "", **query: str | int) -> Iterator[Json]:
        """Yield the entries of a list, page by page.

        Args:
            path: Of the list.
            items: Key of the entries where the list is wrapped in an object.
            query: Of the first page; ``per_page`` is 100.
        """
        address = f"{self._api}{path}"
        parameters: Mapping[str, str | int] = {"per_page": 100, **query}
        for _ in range(PAGE_LIMIT):
            answer = self._send("GET", address, query=parameters)
            document = _decoded(answer)
            entries = document.get(items, []) if items and isinstance(document, dict) else document
            yield from entries if isinstance(entries, list) else []
            following = _NEXT.search(answer.headers.get("Link", ""))
            if not following:
                return
            address, parameters = self._own_address(following.group(1)), {}

    def post(self, path: str, body: Mapping[str, Json], *, repeatable: bool = False) -> Json:
        """Create something and return it; see ``UncertainError``.

        Args:
            path: Of the list that it joins.
            body: What it is.
            repeatable: Whether a second one of the same does no harm.
        """
        return self._json("POST", path, body=body, repeatable=repeatable)

    def patch(self, path: str, body: Mapping[str, Json]) -> Json:
        """Change something and return it."""
        return self._json("PATCH", path, body=body)

    def put(self, path: str, body: Mapping[str, Json]) -> Json:
        """Write something and return the answer; it names the state it replaces, so it repeats."""
        return self._json("PUT", path, body=body)

    def delete(self, path: str) -> None:
        """Remove something."""
        self._send("DELETE", f"{self._api}{path}")

    def download(self, path: str, *, limit: int) -> bytes:
        """Return a file, redirects followed (the token stays at home).

        Raises:
            GitHubError: it has more than ``limit`` bytes, or cannot be had.
        """
        return self._send("GET", f"{self._api}{path}", limit=limit).content

    def raw(self, path: str, *, limit: int) -> bytes:
        """Return the bytes of a git object, not wrapped in JSON.

        Raises:
            GitHubError: it has more than ``limit`` bytes, or cannot be had.
        """
        headers = {"Accept": "application/vnd.github.raw+json"}
        return self._send("GET", f"{self._api}{path}", limit=limit, headers=headers).content

    def query(self, text: str, variables: Mapping[str, Json], *, repeatable: bool = True) -> Json:
        """Run a GraphQL document and return its ``data``.

        Raises:
            GitHubError: GraphQL answers 200 and names errors; FORBIDDEN is a ``ForbiddenError``.
        """
        body = {"query": text, "variables": dict(variables)}
        document = _decoded(self._send("POST", self._graphql, body=body, repeatable=repeatable))
        errors = document.get("errors") if isinstance(document, dict) else None
        if errors:
            first = errors[0] if isinstance(errors, list) and isinstance(errors[0], dict) else {}
            kind, message = str(first.get("type", "")), str(first.get("message", ""))
            status = {"FORBIDDEN": 403, "NOT_FOUND": 404}.get(kind, 400)
            raise refused(status, "POST", "/graphql", message)
        data = document.get("data") if isinstance(document, dict) else None
        if not isinstance(data, dict):
            raise GitHubError("GraphQL answered without data.")
        return data

    def _json(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
        repeatable: bool = True,
    ) -> Json:
        address = f"{self._api}{path}"
        return _decoded(self._send(method, address, query=query, body=body, repeatable=repeatable))

    def _send(
        self,
        method: str,
        address: str,
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
        repeatable: bool = True,
        limit: int = ANSWER_LIMIT,
        headers: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send one request until it is answered for good."""
        shown = urlsplit(address).path
        failure: GitHubError | None = None
        for attempt in range(ATTEMPTS):
            if failure is not None and not self._patience.wait(self._patience.pause(attempt - 1)):
                break
            try:
                answer = self._session.request(
                    method,
                    address,
                    params=dict(query or {}),
                    json=None if body is None else dict(body),
                    headers=dict(headers or {}),
                    timeout=self._timeout,
                    stream=True,
                )
                _load(answer, limit, shown)
            except _NO_ANSWER as error:
                failure = GitHubError(f"{method} {printable(shown)}: {_kind(error)}.")
                if not repeatable:
                    raise UncertainError(failure.what) from error
                continue
            except requests.RequestException as error:
                what = f"{method} {printable(shown)} failed: {_kind(error)}."
                raise GitHubError(what) from error
            if answer.status_code < 400:  # noqa: PLR2004 - HTTP
                return answer
            message = _message(answer)
            asked = limit_wait(
                answer.status_code, _lower(answer.headers), message, self._patience.clock()
            )
            if asked is not None:
                if not self._patience.wait(asked):
                    raise _too_long(method, shown, asked)
                failure = None
                continue
            problem = refused(answer.status_code, method, shown, message)
            if answer.status_code not in TRANSIENT:
                raise problem
            if not repeatable:
                raise UncertainError(problem.what, status=answer.status_code)
            failure = problem
        raise failure or _too_long(method, shown, 0.0)

    def _own_address(self, address: str) -> str:
        """Return the address of a next page, if it lies on the API's own host.

        Raises:
            GitHubError: it does not: the token is for this host alone.
        """
        host = urlsplit(address).netloc
        if host != urlsplit(self._api).netloc:
            raise GitHubError(f"A next page lies on another host, {printable(host)}.")
        return address


class _Bearer(requests.auth.AuthBase):
    """Puts the token on a request; a .netrc of the machine does not replace it."""

    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def _load(answer: requests.Response, limit: int, shown: str) -> None:
    """Read the whole answer, at most ``limit`` bytes of it."""
    pieces: list[bytes] = []
    size = 0
    for piece in answer.iter_content(65_536):
        size += len(piece)
        if size > limit:
            answer.close()
            raise GitHubError(f"The answer to {printable(shown)} has more than {limit} bytes.")
        pieces.append(piece)
    answer._content = b"".join(pieces)  # noqa: SLF001 - what .content would have set, without a limit


def _decoded(answer: requests.Response) -> Json:
    if not answer.content:
        return {}
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError) as error:
        shown = printable(urlsplit(answer.url).path)
        raise GitHubError(f"{shown} was answered with something that is not JSON.") from error


def _message(answer: requests.Response) -> str:
    try:
        document = json.loads(answer.content)
    except (ValueError, RecursionError):
        return ""
    return str(document.get("message", "")) if isinstance(document, dict) else ""


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _kind(error: requests.RequestException) -> str:
    return "no answer in time" if isinstance(error, requests.Timeout) else "the connection broke"


def _too_long(method: str, shown: str, seconds: float) -> RateLimitedError:
    return RateLimitedError(
        f"{method} {printable(shown)}: GitHub's rate limit asks to wait {seconds:.0f} s.",
        cause="many jobs share this token's hourly limit.",
        next_step="run the job again later; the report and the summary are complete.",
    )
