"""Where do the bytes of a Hub file lie, and is that address still good?

A large file is redirected to a storage host under a signed address that expires. The first range
of a file finds the address, by being redirected; later ranges go there at once. An address that
stops working is renewed through the Hub, once for a request.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlsplit

from hubcheck.errors import NetworkFaultError, UnreachableError, printable
from hubcheck.source.interface import FileEntry
from hubcheck.source.partial import PartialBody
from hubcheck.source.refusals import (
    Refusal,
    hub_refused,
    other_version,
    storage_refused,
    wrong_answer,
)
from hubcheck.source.transport import Arrived, Moved, Transport, joined, origin_of

MAX_HOPS: Final = 5
"""Redirects of one request. The Hub needs one or two."""

_DIGEST: Final = re.compile(r"[0-9a-fA-F]{64}")

_LOOKS: Final = 2
"""Remembered addresses tried by one request before it asks the Hub itself."""


@dataclass(slots=True)
class _Address:
    """The last address that worked; guarded by its lock, which is held while one is looked for."""

    url: str = field(default="", repr=False)
    etag: str = ""
    """The version that the host of ``url`` serves; another host may name the same one otherwise."""
    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)


class Addresses:
    """Reads ranges of the files of one repository at one commit; safe for several threads."""

    def __init__(
        self,
        transport: Transport,
        *,
        endpoint: str,
        repo_id: str,
        commit: str,
        with_token: bool,
    ) -> None:
        """Take the repository; nothing is requested yet.

        Args:
            transport: Makes the requests.
            endpoint: The Hub's address, without a slash at the end.
            repo_id: The repository's id, already checked.
            commit: 40-hex commit; every address is of this commit.
            with_token: Whether the transport holds a token; for messages.
        """
        self._transport = transport
        self._endpoint = endpoint
        self._repo_id = repo_id
        self._commit = commit
        self._with_token = with_token
        self._addresses: dict[str, _Address] = {}
        self._lock = threading.Lock()

    def read(self, entry: FileEntry, start: int, stop: int) -> bytes:
        """Return bytes ``start`` to ``stop`` of a file; ``stop`` is exclusive and greater.

        Raises:
            UnreachableError: a subclass says whether the Hub or the network refused.
        """
        body = PartialBody(path=entry.path, start=start, stop=stop, total=entry.size)
        with self._lock:
            address = self._addresses.setdefault(entry.path, _Address())
        stale, looks = "", 0
        while True:
            with address.lock:
                # Another thread may have put an address there that is stale as well.
                if address.url in {"", stale} or looks == _LOOKS:
                    found = self._find(body, entry, renewed=bool(stale))
                    if address.etag and origin_of(found) == origin_of(address.url):
                        _require_same(address.etag, body)
                    address.url, address.etag = found, body.etag
                    return body.take()
                url, etag = address.url, address.etag
            if isinstance(self._transport.get_range(url, body), Arrived):
                _require_same(etag, body)
                return body.take()
            stale, looks = url, looks + 1

    def _find(self, body: PartialBody, entry: FileEntry, *, renewed: bool) -> str:
        """Fill ``body`` through the Hub's redirects and return the address that had it."""
        url = (
            f"{self._endpoint}/{self._repo_id}/resolve/{self._commit}/{quote(body.path, safe='/')}"
        )
        for _ in range(MAX_HOPS + 1):
            match self._transport.get_range(url, body):
                case Arrived(commit=commit) | Moved(commit=commit) if commit not in {
                    "",
                    self._commit,
                }:
                    raise wrong_answer(f"commit '{commit}' was served", path=body.path)
                case Arrived():
                    return url
                case Moved(linked=linked) if (
                    entry.sha256
                    and _DIGEST.fullmatch(linked)
                    and (linked.lower() != entry.sha256.lower())
                ):
                    raise other_version(body.path)
                case Moved(location=location):
                    url = _redirected(url, location, path=body.path)
                case Refusal() as refusal if self._transport.is_hub(url):
                    raise self._refused(refusal, body.path)
                case Refusal(status=status):
                    raise storage_refused(status, path=body.path, renewed=renewed)
        what = f"'{printable(body.path)}' is redirected more than {MAX_HOPS} times."
        raise NetworkFaultError(
            what,
            cause="the host or a mirror redirects in a circle.",
            next_step="read the model without that mirror.",
        )

    def _refused(self, refusal: Refusal, path: str) -> UnreachableError:
        return hub_refused(
            refusal,
            repo_id=self._repo_id,
            revision=self._commit,
            path=path,
            with_token=self._with_token,
        )


def _require_same(etag: str, body: PartialBody) -> None:
    """Refuse a range of another version of the file than the ranges before it."""
    if etag and body.etag and etag != body.etag:
        raise other_version(body.path)


def _redirected(url: str, location: str, *, path: str) -> str:
    """Return the absolute target of a redirect; refuses to leave HTTPS."""
    target = joined(url, location) if location else ""
    scheme = urlsplit(target).scheme
    if scheme == "https" or (scheme == "http" and urlsplit(url).scheme == "http"):
        return target
    what = f"'{printable(path)}' is redirected to an address that is not HTTPS."
    raise NetworkFaultError(
        what,
        cause="the host or a proxy in between rewrites the Hub's redirects.",
        next_step="read the model without that proxy or mirror.",
    )
