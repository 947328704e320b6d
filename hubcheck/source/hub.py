"""How are the bytes of a model on the Hub read without downloading it?

The revision becomes a commit once, at the start; only the commit is used after that. Files are
listed with the digests the Hub states, and read by HTTP range, up to ``IN_FLIGHT`` at a time.
Importing this module costs nothing: the Hub's client is imported with the first request.
"""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Final
from urllib.parse import quote

from hubcheck.errors import (
    NetworkFaultError,
    UnreachableError,
)
from hubcheck.source.access import check_endpoint, checked_token
from hubcheck.source.addresses import MAX_HOPS, Addresses
from hubcheck.source.arriving import complete_spans
from hubcheck.source.belonging import OWN, Belonging, established
from hubcheck.source.cache import SpanCache
from hubcheck.source.interface import FileEntry, Pin, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.listing import (
    COMMIT,
    by_path,
    described_files,
    listing_broken,
    read_entries,
    read_pin,
)
from hubcheck.source.ranges import (
    check_spans,
    document_too_large,
    interleaved,
    missing_file,
    plan_runs,
)
from hubcheck.source.redaction import install_redaction
from hubcheck.source.reference import DEFAULT_REVISION, HubReference
from hubcheck.source.refusals import Refusal, hub_refused
from hubcheck.source.retry import RetryPolicy, Timing
from hubcheck.source.transport import Moved, Page, Transport, joined

IN_FLIGHT: Final = 64
"""Ranges side by side, of all models together: at 50 ms latency 300 take a quarter of a second."""

_SLOTS: Final = threading.BoundedSemaphore(IN_FLIGHT)

MAX_PAGES: Final = 1000
"""Pages of a listing; the Hub puts about a thousand files on each."""


class HubSource:
    """A repository on the Hub, fixed to one commit; see ``interface.Source``."""

    def __init__(
        self,
        reference: HubReference,
        *,
        ledger: Ledger,
        token: str | None,
        endpoint: str,
        cache: SpanCache | None = None,
        policy: RetryPolicy | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Ask the Hub which commit the revision is.

        Args:
            reference: The repository and revision.
            ledger: Books bytes before they are requested, and every request.
            token: Access token, sent to ``endpoint`` only; ``None`` reads anonymously, and so does
                an empty one, which is what an unset secret of a CI job is.
            endpoint: The Hub's address, such as ``https://host``.
            cache: Where bytes of a commit are kept from run to run, if anywhere.
            policy: When a failing request is given up; the default suits the Hub.
            timing: Clocks, sleep and chance; the default is the real ones.

        Raises:
            UsageError: the token or endpoint is malformed.
            MissingModelError: the repository does not exist or is hidden.
            UnknownRevisionError: the repository has no such revision.
            GatedModelError: even its description is closed to this token.
            NetworkFaultError: the Hub did not answer.
        """
        token = checked_token(token)
        check_endpoint(endpoint)
        install_redaction()
        self._ledger = ledger
        self._with_token = token is not None
        self._reference = reference
        self._endpoint = endpoint.rstrip("/")
        self._cache = cache
        self._transport = Transport(
            endpoint=self._endpoint,
            token=token,
            ledger=ledger,
            policy=policy or RetryPolicy(),
            timing=timing or Timing(),
        )
        self._described: list[object] = []
        self._pin = self._fix()
        self._addresses = Addresses(
            self._transport,
            endpoint=self._endpoint,
            repo_id=self._reference.address(self._pin.ref),
            commit=self._pin.revision,
            with_token=self._with_token,
        )
        self._entries: dict[str, FileEntry] | None = None
        self._lock = threading.Lock()

    @property
    def pin(self) -> Pin:
        """The repository under the Hub's name for it (renames followed), and the commit."""
        return self._pin

    @property
    def ledger(self) -> Ledger:
        """What has been read so far, and the limit."""
        return self._ledger

    def belonging(self) -> Belonging:
        """Return how the commit stands to the repository; see ``source.belonging``."""
        if self._reference.revision == DEFAULT_REVISION:
            return OWN
        repo = self._pin.ref
        what = f"Looking up the branches of '{repo}'"
        return established(
            repo,
            self._reference.asked or self._reference.revision,
            self._pin.revision,
            lambda: self._page(f"{self._endpoint}/api/models/{repo}/refs", what).payload,
            lambda ref: self._each_page(self._api(repo, "commits", ref)),
        )

    def files(self) -> tuple[FileEntry, ...]:
        """Return every file at the commit, sorted by path; asked for once, then remembered."""
        return tuple(self._listing().values())

    def read(self, spans: Sequence[Span], purpose: Purpose) -> list[bytes]:
        """Return the bytes of each span; see ``interface.Source.read``."""
        found = [b""] * len(spans)
        for i, data in self.read_each(spans, purpose):
            found[i] = data
        return found

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Yield every span as soon as it is there; see ``arriving.ArrivingSource``."""
        entries = self._listing()
        check_spans(spans, entries)
        runs = plan_runs(spans)
        n_bytes = _size(runs)
        if n_bytes > self._ledger.remaining:
            # More requests are better than a refusal: leave out the gaps.
            runs = plan_runs(spans, gap=0)
            n_bytes = _size(runs)
        # Requests are booked by the transport, one by one, since retries are not known here.
        self._ledger.charge(n_bytes, purpose, requests=0)
        absent = list(range(len(spans)))
        if self._cache is not None:
            kept = self._kept(spans, entries)
            absent = [i for i in absent if i not in kept]
            if kept:
                wanted = [spans[i] for i in absent]
                runs = plan_runs(wanted)
                if _size(runs) > n_bytes:  # what is missing must not cost more than everything
                    runs = plan_runs(wanted, gap=0)
                self._ledger.note_cached(n_bytes - _size(runs))
            while kept:
                yield kept.popitem()
        arrived = self._transfer(runs, entries)
        for i, data in complete_spans([spans[i] for i in absent], runs, arrived):
            yield absent[i], data

    def read_document(self, path: str, *, limit: int) -> bytes:
        """Return a whole small file; see ``interface.Source.read_document``."""
        entry = self._listing().get(path)
        if entry is None:
            raise missing_file(path)
        if entry.size > limit:
            raise document_too_large(entry, limit)
        return self.read([Span(path=path, start=0, stop=entry.size)], Purpose.DOCUMENT)[0]

    def digests(self, *, limit_bytes: int = 0) -> dict[str, str]:  # noqa: ARG002 - as in FolderSource
        """Return the SHA-256 the Hub states, by path; it states one for files stored by LFS."""
        return {entry.path: entry.sha256 for entry in self.files() if entry.sha256}

    def _kept(self, spans: Sequence[Span], entries: Mapping[str, FileEntry]) -> dict[int, bytes]:
        """Return the spans that the cache holds, by their place."""
        if self._cache is None:
            return {}
        places: defaultdict[str, list[int]] = defaultdict(list)
        for i, span in enumerate(spans):
            places[span.path].append(i)
        found: dict[int, bytes] = {}
        for path, of_file in places.items():
            asked = [(spans[i].start, spans[i].stop) for i in of_file]
            parts = self._cache.get_ranges(self._file(entries[path]), asked)
            found |= {i: p for i, p in zip(of_file, parts, strict=True) if p is not None}
        return found

    def _file(self, entry: FileEntry) -> tuple[str | int, ...]:
        """Return what ranges of a file are kept under: whose bytes, and of which state."""
        whose = (self._endpoint, self._reference.address(self._pin.ref), self._pin.revision)
        return ("range", *whose, entry.path, entry.sha256, entry.size)

    def _transfer(
        self, runs: Sequence[Span], entries: Mapping[str, FileEntry]
    ) -> Iterator[tuple[int, bytes]]:
        """Yield (place, bytes) of every run as it arrives."""

        def fetch(run: Span) -> bytes:
            entry = entries[run.path]
            with _SLOTS:
                data = self._addresses.read(entry, run.start, run.stop)
            if self._cache is not None:
                self._cache.put_range(data, self._file(entry), run.start)
            return data

        if not runs[1:]:
            yield from ((i, fetch(run)) for i, run in enumerate(runs))
            return
        pool = ThreadPoolExecutor(min(IN_FLIGHT, len(runs)), thread_name_prefix="hubcheck-read")
        try:
            running = {pool.submit(fetch, runs[i]): i for i in interleaved(runs)}
            for done in as_completed(running):
                # Taken out of the table, so that the bytes go when their rows are decoded.
                yield running.pop(done), done.result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _fix(self) -> Pin:
        asked = self._reference
        kept = self._document("pin", asked.repo_id, asked.revision)
        if kept is not None:
            return read_pin(kept, asked)
        url = self._api(asked.repo_id, "revision", asked.revision) + "?blobs=true"
        payload = self._page(url, f"Looking up '{asked.repo_id}'").payload
        pin, self._described = read_pin(payload, asked), described_files(payload)
        # Kept under the commit: what a branch names may change, what a commit is may not.
        described = {"id": pin.ref, "sha": pin.revision, "createdAt": pin.created}
        self._keep(described, "pin", asked.repo_id, pin.revision)
        return pin

    def _document(self, kind: str, repo_id: str, revision: str) -> object | None:
        """Return what the Hub said of a commit before, if it is in the cache."""
        if self._cache is None or COMMIT.fullmatch(revision) is None:
            return None
        text = self._cache.get(kind, self._endpoint, self._reference.address(repo_id), revision)
        return None if text is None else json.loads(text)

    def _keep(self, document: object, kind: str, repo_id: str, revision: str) -> None:
        if self._cache is not None:
            text = json.dumps(document).encode("ascii")
            self._cache.put(text, kind, self._endpoint, self._reference.address(repo_id), revision)

    def _listing(self) -> dict[str, FileEntry]:
        with self._lock:
            if self._entries is None:
                self._entries = self._list()
            return self._entries

    def _list(self) -> dict[str, FileEntry]:
        kept = self._document("tree", self._pin.ref, self._pin.revision)
        pages = kept if isinstance(kept, list) else self._described or self._pages()
        listed = by_path((e for p in pages for e in read_entries(p, self._pin.ref)), self._pin.ref)
        if kept is None:
            self._keep(pages, "tree", self._pin.ref, self._pin.revision)
        return listed

    def _pages(self) -> list[object]:
        """Return every page of the listing, as the Hub sent them."""
        url = self._api(self._pin.ref, "tree", self._pin.revision) + "?recursive=true&expand=false"
        return list(self._each_page(url))

    def _each_page(self, url: str) -> Iterator[object]:
        """Yield the pages of a listing, each asked for when its turn comes."""
        for _ in range(MAX_PAGES):
            page = self._page(url, f"Listing '{self._pin.ref}'")
            yield page.payload
            if not page.next_url:
                return
            url = joined(url, page.next_url)
            if not self._transport.is_hub(url):
                raise listing_broken(self._pin.ref, "the next page lies on another host")
        raise listing_broken(self._pin.ref, f"it has more than {MAX_PAGES} pages")

    def _api(self, repo_id: str, kind: str, revision: str) -> str:
        where = (
            self._reference.address(repo_id) if self._reference.data_set else f"models/{repo_id}"
        )
        return f"{self._endpoint}/api/{where}/{kind}/{quote(revision, safe='')}"

    def _page(self, url: str, what: str) -> Page:
        for _ in range(MAX_HOPS + 1):
            match self._transport.get_json(url, what):
                case Page() as page:
                    return page
                case Refusal() as refusal:
                    raise self._refused(refusal)
                case Moved(location=location):
                    # A renamed repository: the Hub redirects to its new name, on its own host.
                    url = joined(url, location)
                    if not location or not self._transport.is_hub(url):
                        break
        what = f"{what} failed: the Hub redirects to another host, or in a circle."
        raise NetworkFaultError(
            what,
            cause="the endpoint is not a Hub, or a proxy asks for a login.",
            next_step="check the endpoint (HF_ENDPOINT) and the proxy.",
        )

    def _refused(self, refusal: Refusal) -> UnreachableError:
        return hub_refused(
            refusal,
            repo_id=self._reference.repo_id,
            revision=self._reference.revision,
            path="",
            with_token=self._with_token,
        )


def _size(runs: Sequence[Span]) -> int:
    return sum(run.size for run in runs)
