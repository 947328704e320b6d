"""Tests of reading from a Hub over sockets: what is read, counted and refused."""

from __future__ import annotations

import hashlib
import random
import socket
from collections.abc import Callable

import pytest

from hubcheck.errors import (
    BudgetExceededError,
    GatedModelError,
    HostileCheckpointError,
    MissingModelError,
    NetworkFaultError,
    UnknownRevisionError,
    UnreachableError,
    UnreadableError,
    UsageError,
)
from hubcheck.source import hub as hub_module
from hubcheck.source import listing, ranges
from hubcheck.source.hub import HubSource
from hubcheck.source.interface import FileEntry, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.ranges import GAP
from hubcheck.source.reference import HubReference
from hubcheck.source.retry import RetryPolicy
from tests.hubserver import Headers, LocalHub, Status
from tests.hubserver.storage import Content
from tests.source.conftest import FakeClock, OpenHub

WEIGHTS = random.Random(7).randbytes(1_500_000)
FILES = {
    "README.md": b"# card\n",
    "config.json": b"{}",
    "empty.txt": b"",
    "model.safetensors": WEIGHTS,
    "sub/other file#1?.safetensors": WEIGHTS[::-1],
}


def spans_of(*ends: tuple[int, int], path: str = "model.safetensors") -> list[Span]:
    """Return spans of one file."""
    return [Span(path=path, start=start, stop=stop) for start, stop in ends]


def test_a_revision_becomes_a_commit_once(hub: LocalHub, open_hub: OpenHub) -> None:
    """After a push the source still reads the commit it was opened at."""
    first = hub.add_repo("org/m", FILES).refs["main"]
    source = open_hub("org/m")
    hub.push("org/m", {"config.json": b"changed", "more.json": b"{}"})
    assert (source.pin.ref, source.pin.revision) == ("org/m", first)
    assert source.pin.created == "2026-01-01T00:00:00.000Z"
    assert source.read_document("config.json", limit=10) == b"{}"
    assert "more.json" not in [entry.path for entry in source.files()]
    assert [seen.path for seen in hub.exchanges] == [
        "/api/models/org/m/revision/main",
        f"/org/m/resolve/{first}/config.json",
    ]


def test_any_revision_can_be_named(hub: LocalHub, open_hub: OpenHub) -> None:
    """A pull request's ref and a commit are revisions like a branch."""
    hub.add_repo("org/m", FILES)
    commit = hub.push("org/m", {"config.json": b"[]"}, ref="refs/pr/1")
    for ref in ("org/m@refs/pr/1", f"org/m@{commit.oid}"):
        source = open_hub(ref)
        assert source.pin.revision == commit.oid
        assert source.read_document("config.json", limit=10) == b"[]"


def test_files_are_listed_with_the_digests_of_the_host(hub: LocalHub, open_hub: OpenHub) -> None:
    """Every file is listed, sorted, with its size, and large ones with their SHA-256."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    assert source.files() == tuple(
        FileEntry(
            path=path,
            size=len(data),
            sha256=Content(data).sha256 if path.endswith(".safetensors") else "",
            blob_id=listed.blob_id,
        )
        for (path, data), listed in zip(sorted(FILES.items()), source.files(), strict=True)
    )
    by_path = {e.path: e for e in source.files()}
    plain = FILES["README.md"]
    git_id = hashlib.sha1(b"blob %d\0%b" % (len(plain), plain), usedforsecurity=False).hexdigest()
    assert by_path["README.md"].blob_id == git_id
    assert source.digests() == {e.path: e.sha256 for e in source.files() if e.sha256}
    assert source.ledger.bytes_read == 0


def test_long_listings_are_read_page_by_page(make_hub: Callable[..., LocalHub]) -> None:
    """Every page of a listing is followed, folders included, and every request counted."""
    hub = make_hub(page_size=3, describes_files=False)
    hub.add_repo("org/m", {f"d{i % 3}/f{i}.json": b"%d" % i for i in range(10)})
    ledger = Ledger(100)
    reference = HubReference(repo_id="org/m")
    source = HubSource(reference, ledger=ledger, token=None, endpoint=hub.endpoint + "/")
    assert len(source.files()) == 10
    assert ledger.requests == hub.requests == 1 + 5


def test_what_a_description_lists_is_what_a_listing_lists(hub: LocalHub, open_hub: OpenHub) -> None:
    """Files, sizes and digests are the same, by one request where it were two."""
    hub.add_repo("org/m", FILES)
    described = open_hub("org/m").files()
    assert hub.requests == 1
    hub.describes_files = False
    assert open_hub("org/m").files() == described
    assert hub.requests == 1 + 2


def test_a_long_description_is_not_taken_for_whole(
    hub: LocalHub, open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A list that may have been cut is asked for page by page."""
    monkeypatch.setattr(listing, "DESCRIBED", len(FILES) - 1)
    hub.add_repo("org/m", FILES)
    assert len(open_hub("org/m").files()) == len(FILES)
    assert hub.requests == 2


def test_the_ledger_agrees_with_the_server(hub: LocalHub, open_hub: OpenHub) -> None:
    """Bytes and requests in the ledger are those that the server sent and saw."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    chance = random.Random(1)
    starts = sorted(chance.randrange(len(WEIGHTS) - 5000) for _ in range(60))
    spans = spans_of(*((start, start + 5000) for start in starts))
    spans += spans_of((0, 100), (700_000, 700_001), path="sub/other file#1?.safetensors")
    chance.shuffle(spans)
    assert source.read(spans, Purpose.WEIGHTS) == [
        FILES[span.path][span.start : span.stop] for span in spans
    ]
    assert source.read_document("README.md", limit=100) == FILES["README.md"]
    by_purpose = source.ledger.by_purpose()
    assert by_purpose["weights"] == hub.content_bytes("safetensors")
    assert by_purpose["document"] == hub.content_bytes("README.md") == 7
    assert source.ledger.bytes_read == hub.content_bytes()
    assert source.ledger.requests == hub.requests


def test_gaps_are_charged(hub: LocalHub, open_hub: OpenHub) -> None:
    """Neighbours share a request, and the bytes between them count as read."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    near, far = spans_of((0, 10), (10 + GAP, 20 + GAP)), spans_of((500_000, 500_010))
    source.files()
    hub.forget()
    assert source.read([*near, *far], Purpose.WEIGHTS)[1] == WEIGHTS[10 + GAP : 20 + GAP]
    assert source.ledger.bytes_read == hub.content_bytes() == 20 + GAP + 10
    assert [seen.origin for seen in hub.exchanges].count("storage") == 2


def test_a_tight_budget_leaves_out_the_gaps(hub: LocalHub, open_hub: OpenHub) -> None:
    """What fits the budget without gaps is read without gaps, and nothing past it."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m", max_read=25)
    spans = spans_of((0, 10), (100, 110))
    assert source.read(spans, Purpose.WEIGHTS) == [WEIGHTS[:10], WEIGHTS[100:110]]
    hub.forget()
    with pytest.raises(BudgetExceededError, match="Reading 6 more bytes would make 26"):
        source.read(spans_of((0, 6)), Purpose.WEIGHTS)
    assert (hub.requests, source.ledger.remaining) == (0, 5)


def test_long_spans_are_split_and_joined(
    hub: LocalHub, open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A span over many requests comes back whole and is read once."""
    monkeypatch.setattr(ranges.plan_runs, "__kwdefaults__", {"gap": GAP, "max_run": 100_000})
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    assert source.read(spans_of((1, len(WEIGHTS))), Purpose.WEIGHTS) == [WEIGHTS[1:]]
    assert source.ledger.bytes_read == hub.content_bytes() == len(WEIGHTS) - 1
    # 15 requests, one redirect before them, and a lookup.
    assert source.ledger.requests == hub.requests == 15 + 1 + 1


def test_connections_are_used_again(hub: LocalHub, open_hub: OpenHub) -> None:
    """One after the other, all reads share one connection to each of the two origins."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    for start in range(20):
        source.read(spans_of((start * 1000, start * 1000 + 10)), Purpose.WEIGHTS)
    source.read_document("README.md", limit=10)
    assert hub.connections == 2


def test_empty_spans_and_files_need_no_request(hub: LocalHub, open_hub: OpenHub) -> None:
    """Nothing is asked for where there is nothing to read."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    source.files()
    hub.forget()
    assert source.read(spans_of((5, 5), (0, 0)), Purpose.WEIGHTS) == [b"", b""]
    assert source.read_document("empty.txt", limit=10) == b""
    assert source.read([], Purpose.WEIGHTS) == []
    assert (hub.requests, source.ledger.bytes_read) == (0, 0)


def test_a_whole_file_is_read_by_range(hub: LocalHub, open_hub: OpenHub) -> None:
    """Even a whole file is asked for as a range, with no encoding."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    source.read(spans_of((0, len(WEIGHTS))), Purpose.WEIGHTS)
    last = hub.exchanges[-1]
    assert last.headers["range"] == f"bytes=0-{len(WEIGHTS) - 1}"
    assert last.headers["accept-encoding"] == "identity"
    assert last.headers["user-agent"].startswith("hubcheck/")


def test_documents_have_a_limit(hub: LocalHub, open_hub: OpenHub) -> None:
    """A document over its limit or without a file costs no request."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    source.files()
    hub.forget()
    with pytest.raises(UnreadableError, match="has 7 bytes, over the limit of 6 bytes"):
        source.read_document("README.md", limit=6)
    with pytest.raises(MissingModelError, match=r"no file 'no\.json'"):
        source.read_document("no.json", limit=6)
    assert hub.requests == 0


def test_small_files_behind_the_hubs_own_redirect(make_hub: Callable[..., LocalHub]) -> None:
    """A redirect on the Hub itself is followed with the token, and remembered."""
    hub = make_hub(resolve_cache=True)
    hub.add_repo("org/m", FILES, private=True, readers=frozenset({"hf_good"}))
    reference = HubReference(repo_id="org/m")
    source = HubSource(reference, ledger=Ledger(1000), token="hf_good", endpoint=hub.endpoint)
    assert source.read_document("README.md", limit=10) == FILES["README.md"]
    assert source.read_document("README.md", limit=10) == FILES["README.md"]
    assert source.ledger.requests == hub.requests == 4


def test_a_renamed_repository_is_followed(hub: LocalHub, open_hub: OpenHub) -> None:
    """The pin carries the name that the Hub uses now."""
    hub.add_repo("old/m", FILES)
    hub.rename("old/m", "new/m2")
    source = open_hub("old/m")
    assert source.pin.ref == "new/m2"
    assert source.read_document("README.md", limit=10) == FILES["README.md"]
    assert source.ledger.requests == hub.requests == 3


def test_the_token_goes_to_the_hub_only(hub: LocalHub, open_hub: OpenHub) -> None:
    """Every request to the Hub carries the token, none to the storage host does."""
    hub.add_repo("org/m", FILES, gated=True, readers=frozenset({"hf_good"}))
    source = open_hub("org/m", token="hf_good")
    source.read(spans_of((0, 10)), Purpose.WEIGHTS)
    assert [(seen.origin, seen.headers.get("authorization")) for seen in hub.exchanges] == [
        *[("hub", "Bearer hf_good")] * 2,
        ("storage", None),
    ]


def test_no_token_is_taken_from_the_machine(
    hub: LocalHub, open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a token the read is anonymous, whatever the environment holds."""
    monkeypatch.setenv("HF_TOKEN", "hf_stored")
    hub.add_repo("org/m", FILES)
    open_hub("org/m").files()
    assert all("authorization" not in seen.headers for seen in hub.exchanges)


@pytest.mark.parametrize(
    ("ref", "token", "kind"),
    [
        ("org/none", None, MissingModelError),
        ("org/none", "hf_good", MissingModelError),
        ("org/private", None, MissingModelError),
        ("org/private", "hf_other", MissingModelError),
        ("org/m@nothing", None, UnknownRevisionError),
        ("org/m", "hf_expired", UnreachableError),
    ],
)
def test_what_cannot_be_opened(
    hub: LocalHub, open_hub: OpenHub, ref: str, token: str | None, kind: type[UnreachableError]
) -> None:
    """A repository that is missing, hidden, or has no such revision is named as such at once."""
    hub.add_repo("org/m", FILES, readers=frozenset({"hf_good", "hf_other"}))
    hub.add_repo("org/private", FILES, private=True, readers=frozenset({"hf_good"}))
    with pytest.raises(UnreachableError) as caught:
        open_hub(ref, token=token)
    assert type(caught.value) is kind
    assert "hf_" not in str(caught.value)


@pytest.mark.parametrize("token", [None, "hf_other"])
def test_a_gated_repository_is_listed_and_not_read(
    hub: LocalHub, open_hub: OpenHub, token: str | None
) -> None:
    """Gated contents are an error of their own, with the way to get access."""
    hub.add_repo("org/m", FILES, gated=True, readers=frozenset({"hf_good"}))
    hub.add_repo("org/else", {}, readers=frozenset({"hf_other"}))
    source = open_hub("org/m", token=token)
    assert len(source.files()) == len(FILES)
    with pytest.raises(GatedModelError, match="'org/m' is gated"):
        source.read(spans_of((0, 10), (900_000, 900_010)), Purpose.WEIGHTS)


def test_a_file_that_is_listed_and_not_served(hub: LocalHub, open_hub: OpenHub) -> None:
    """A 404 for a listed file is a missing file, not a missing repository."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    source.files()
    fault = Status(status=404, headers={"X-Error-Code": "EntryNotFound"})
    hub.faults.add(fault, path="config.json")
    with pytest.raises(MissingModelError, match=r"no file 'config\.json' at [0-9a-f]{40}"):
        source.read_document("config.json", limit=10)


def test_a_hostile_listing_is_refused(hub: LocalHub, open_hub: OpenHub) -> None:
    """A listing with a path that git cannot store is not used."""
    hub.add_repo("org/m", {"../up": b"x"})
    with pytest.raises(HostileCheckpointError, match="'org/m' lists a file at"):
        open_hub("org/m").files()


@pytest.mark.parametrize("location", ["", "http://127.0.0.1:1/", "/api/models/org/m/revision/main"])
def test_a_lookup_is_not_led_away(hub: LocalHub, open_hub: OpenHub, location: str) -> None:
    """A redirect to another host, or in a circle, ends the lookup, and the token stays here."""
    hub.add_repo("org/m", FILES)
    fault = Status(status=302, headers={"Location": location})
    hub.faults.add(fault, path="/revision/", times=9)
    with pytest.raises(NetworkFaultError, match="redirects to another host, or in a circle"):
        open_hub("org/m", token="hf_secret")
    assert {seen.origin for seen in hub.exchanges} == {"hub"}


def test_a_listing_stays_on_the_hub(hub: LocalHub, open_hub: OpenHub) -> None:
    """A next page on another host is not asked for."""
    hub.describes_files = False
    hub.add_repo("org/m", FILES)
    link = Headers(headers={"Link": '<https://other.host/tree>; rel="next"'})
    hub.faults.add(link, path="/tree/")
    with pytest.raises(NetworkFaultError, match="the next page lies on another host"):
        open_hub("org/m").files()


def test_a_listing_ends(hub: LocalHub, open_hub: OpenHub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing that always has a next page is given up."""
    monkeypatch.setattr(hub_module, "MAX_PAGES", 3)
    hub.describes_files = False
    hub.add_repo("org/m", FILES)
    hub.faults.add(Headers(headers={"Link": '<?cursor=0>; rel="next"'}), path="/tree/", times=9)
    with pytest.raises(NetworkFaultError, match="it has more than 3 pages"):
        open_hub("org/m").files()


def test_a_span_past_the_end_is_refused_unread(hub: LocalHub, open_hub: OpenHub) -> None:
    """Offsets beyond the file never become a request."""
    hub.add_repo("org/m", FILES)
    source = open_hub("org/m")
    source.files()
    hub.forget()
    with pytest.raises(HostileCheckpointError):
        source.read(spans_of((0, len(WEIGHTS) + 1)), Purpose.WEIGHTS)
    assert (hub.requests, source.ledger.bytes_read) == (0, 0)


@pytest.mark.parametrize("token", ["", " ", "\n"])
def test_an_empty_token_is_no_token(hub: LocalHub, open_hub: OpenHub, token: str) -> None:
    """An unset secret reads anonymously; a token is sent without the line break of its file."""
    hub.add_repo("org/m", FILES, readers=frozenset({"hf_good"}))
    open_hub("org/m", token=token)
    open_hub("org/m", token=f"hf_good{token}")
    assert [seen.headers.get("authorization") for seen in hub.exchanges] == [None, "Bearer hf_good"]


def test_a_malformed_token_is_not_shown(open_hub: OpenHub) -> None:
    """A token that cannot be one is refused before a request, without being repeated."""
    with pytest.raises(UsageError) as caught:
        open_hub("org/m", token="hf_a\nX-Evil: 1")
    assert "hf_a" not in str(caught.value)


@pytest.mark.parametrize("endpoint", ["", "host", "ftp://host", "https://h/?q", "https://h/\n"])
def test_a_malformed_endpoint_is_a_usage_error(endpoint: str) -> None:
    """An endpoint is an address of the web without a query."""
    reference = HubReference(repo_id="org/m")
    with pytest.raises(UsageError, match="is not the address of a Hub"):
        HubSource(reference, ledger=Ledger(1), token=None, endpoint=endpoint)


def test_nobody_listens(clock: FakeClock) -> None:
    """A host that refuses connections is given up after three attempts, all of them counted."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        endpoint = f"http://127.0.0.1:{free.getsockname()[1]}"
    ledger = Ledger(10)
    reference = HubReference(repo_id="org/m")
    with pytest.raises(NetworkFaultError, match=r"Looking up 'org/m' failed: Connect(ion)?Error"):
        HubSource(
            reference, ledger=ledger, token=None, endpoint=endpoint,
            policy=RetryPolicy(), timing=clock.timing(),
        )  # fmt: skip
    assert (ledger.requests, clock.slept) == (3, [0.25, 0.5])
