"""Tests of reading the content of LFS pointers from the repository's own server."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hubcheck.card.wording import sentence
from hubcheck.cli.process import hub_token
from hubcheck.errors import (
    BudgetExceededError,
    ExitCode,
    NetworkFaultError,
    UnsupportedFormatError,
)
from hubcheck.report.words import Verdict
from hubcheck.request.access import lfs_authorization
from hubcheck.source import lfs
from hubcheck.source.folder import FolderSource
from hubcheck.source.interface import FileEntry, Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.lfs import LfsContent
from hubcheck.source.transport import origin_of
from tests.evidence.laboratory import model, outcome_of, request
from tests.hubserver import Content, IgnoreRange, LocalHub, Status
from tests.source.conftest import FakeClock

WEIGHTS = random.Random(6).randbytes(1_000_000)
TOKEN = "hf_reader"
SPANS = [
    Span(path="w.safetensors", start=900_000, stop=900_050),
    Span(path="config.json", start=0, stop=2),
    Span(path="w.safetensors", start=0, stop=20),
]
BYTES = [WEIGHTS[900_000:900_050], b"{}", WEIGHTS[:20]]

Open = Callable[..., FolderSource]


@pytest.fixture
def checkout(hub: LocalHub, tmp_path: Path) -> Path:
    """Return a checkout without large files of a private repository of the local Hub."""
    files = {"w.safetensors": WEIGHTS, "config.json": b"{}"}
    hub.add_repo("org/m", files, private=True, readers=frozenset({TOKEN}))
    (tmp_path / ".git").mkdir()
    remote = f'[remote "origin"]\n\turl = {hub.endpoint}/org/m\n'
    (tmp_path / ".git" / "config").write_text(remote)
    (tmp_path / "w.safetensors").write_bytes(Content(WEIGHTS).pointer)
    (tmp_path / "config.json").write_bytes(b"{}")
    return tmp_path


@pytest.fixture
def opened(
    hub: LocalHub, checkout: Path, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> Open:
    """Return a function that opens the checkout with a token for the local Hub."""
    monkeypatch.setattr(lfs, "Timing", clock.timing)

    def start(*, token: str = TOKEN, budget: int = 10**7) -> FolderSource:
        def authorise(origin: str) -> str:
            return f"Bearer {token}" if token and origin == origin_of(hub.endpoint) else ""

        return FolderSource(checkout, typed="m", ledger=Ledger(budget), authorise=authorise)

    return start


def test_ranges_are_read_from_the_repositorys_server(hub: LocalHub, opened: Open) -> None:
    """Local and distant spans come back in order; one question, then ranges, all counted."""
    source = opened()
    assert source.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert source.read(SPANS[:1], Purpose.WEIGHTS) == BYTES[:1]
    assert [seen.method for seen in hub.exchanges] == ["POST", "GET", "GET", "GET"]
    assert source.ledger.requests == hub.requests
    assert source.ledger.bytes_read == hub.content_bytes() + 2 == 50 + 20 + 2 + 50


def test_the_token_goes_to_that_server_alone(hub: LocalHub, opened: Open) -> None:
    """The storage host gets no token."""
    opened().read(SPANS, Purpose.WEIGHTS)
    for seen in hub.exchanges:
        assert ("authorization" in seen.headers) == (seen.origin == "hub")


def test_listing_asks_nobody(hub: LocalHub, opened: Open) -> None:
    """Identity is stated by the pointer: no request for size and digest."""
    entry = next(e for e in opened().files() if e.path == "w.safetensors")
    assert (entry.size, entry.sha256) == (len(WEIGHTS), Content(WEIGHTS).sha256)
    assert hub.requests == 0


def test_an_expired_address_is_renewed(hub: LocalHub, opened: Open) -> None:
    """When signatures expire the server is asked again, once."""
    source = opened()
    source.read(SPANS, Purpose.WEIGHTS)
    hub.expire_signatures()
    assert source.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert sum(seen.method == "POST" for seen in hub.exchanges) == 2


def test_an_address_that_is_always_refused_ends_it(hub: LocalHub, opened: Open) -> None:
    """A storage host that refuses what was just signed is not asked for ever."""
    hub.faults.add(Status(status=403), origin="storage", times=99)
    with pytest.raises(NetworkFaultError, match="status 403, and had refused"):
        opened().read(SPANS[:1], Purpose.WEIGHTS)
    assert hub.requests == 4


def test_a_whole_file_in_place_of_a_range_is_refused(hub: LocalHub, opened: Open) -> None:
    """The range check of the Hub holds here as well."""
    hub.faults.add(IgnoreRange(), origin="storage")
    with pytest.raises(NetworkFaultError, match="status 200 instead of 206"):
        opened().read(SPANS[:1], Purpose.WEIGHTS)


def test_no_token_asks_nobody(hub: LocalHub, opened: Open) -> None:
    """Without a token for that server nothing is sent there, and the reason names it."""
    with pytest.raises(UnsupportedFormatError, match="no token is given for http://127") as caught:
        opened(token="").read(SPANS, Purpose.WEIGHTS)
    assert caught.value.format_name == "LFS content not available"
    assert hub.requests == 0


def test_a_token_without_access(hub: LocalHub, opened: Open) -> None:
    """A refusal by the server is content that is not available."""
    with pytest.raises(UnsupportedFormatError, match="its server answers status 401"):
        opened(token="hf_stranger").read(SPANS, Purpose.WEIGHTS)


def test_an_object_that_was_never_uploaded(checkout: Path, opened: Open) -> None:
    """A pointer to an object the server does not have is named as such."""
    (checkout / "w.safetensors").write_bytes(Content(b"other" * 99).pointer)
    with pytest.raises(UnsupportedFormatError, match="its server does not have it"):
        opened().read([Span(path="w.safetensors", start=0, stop=9)], Purpose.WEIGHTS)


def test_the_budget_holds(hub: LocalHub, opened: Open) -> None:
    """Nothing is asked for that would pass the limit."""
    with pytest.raises(BudgetExceededError):
        opened(budget=60).read(SPANS, Purpose.WEIGHTS)
    assert hub.requests == 0


@pytest.mark.parametrize(
    "answer",
    [
        None, [], {}, {"objects": None}, {"objects": [3]}, {"objects": [{"oid": "b" * 64}]},
        {"objects": [{"oid": "a" * 64, "actions": {"download": {"href": 7}}}]},
        {"objects": [{"oid": "a" * 64, "actions": {"download": {"href": "file:///etc/passwd"}}}]},
        {"objects": [{"oid": "a" * 64, "actions": {"download": {"href": "http://h/x"}}}]},
    ],
)  # fmt: skip
def test_a_broken_answer_is_refused(answer: object) -> None:
    """An answer of another form, or one that leads off HTTPS, is never followed."""
    entry = FileEntry(path="w.safetensors", size=9, sha256="a" * 64)
    with pytest.raises(UnsupportedFormatError):
        lfs._read_answer(answer, entry, "https://host/objects/batch")


def test_handed_out_headers_are_kept_clean() -> None:
    """Only plain header values come with an address, and neither is shown."""
    header = {"Authorization": "RemoteAuth abc", "X": "a\r\nY: b", "Z": 3}
    action = {"href": "https://h/x?sig=secret", "header": header}
    answer = {"objects": [{"oid": "a" * 64, "actions": {"download": action}}]}
    entry = FileEntry(path="w.safetensors", size=9, sha256="a" * 64)
    address = lfs._read_answer(answer, entry, "https://host/objects/batch")
    assert dict(address.headers) == {"Authorization": "RemoteAuth abc"}
    assert "secret" not in repr(address)
    assert "abc" not in repr(address)


def test_nobody_listens(clock: FakeClock) -> None:
    """A server that cannot be reached is a network fault, not a wrong number."""
    content = LfsContent(
        "http://127.0.0.1:9/x.git/info/lfs", "Bearer x", ledger=Ledger(99), timing=clock.timing()
    )
    entry = FileEntry(path="w", size=9, sha256="a" * 64)
    with pytest.raises(NetworkFaultError):
        content.read([Span(path="w", start=0, stop=9)], {"w": entry}, Purpose.WEIGHTS)


@pytest.mark.parametrize("token", [TOKEN, ""])
def test_a_check_of_a_checkout_without_large_files(
    hub: LocalHub, tmp_path: Path, token: str
) -> None:
    """With a token the findings are those of the whole folder; without one nothing is tested."""
    repository = hub.add_repo("org/m", model("finetune"), readers=frozenset({TOKEN}))
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text(f'[remote "origin"]\nurl = {hub.endpoint}/org/m\n')
    for path, content in repository.commits[repository.refs["main"]].files.items():
        large = path.endswith(".safetensors")
        data = content.pointer if large else content.read(0, content.size)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(data)

    def authorise(origin: str) -> str:
        return f"Bearer {token}" if token and origin == origin_of(hub.endpoint) else ""

    wanted = request(tmp_path, [model("base")], seed=4)
    wanted = replace(wanted, access=replace(wanted.access, authorise=authorise))
    outcome = outcome_of(wanted)
    (finding,) = outcome.report.findings
    if token:
        (whole,) = outcome_of(request(model("finetune"), [model("base")], seed=4)).report.findings
        assert finding == whole
    else:
        assert finding.verdict is Verdict.NOT_TESTED
        assert sentence(finding.reason).startswith("subject: LFS content not available: ")
        assert outcome.exit_code is ExitCode.OK


def test_each_token_goes_to_its_own_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Hub gets the Hub's token, GitHub its own, and no other server any."""
    for name in ("HUBCHECK_READ_TOKEN", "HF_OIDC_RESOURCE", "HUBCHECK_READ_OIDC_RESOURCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_hubs")
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example")
    monkeypatch.setenv("GITHUB_TOKEN", "ghs_githubs")
    monkeypatch.delenv("GITHUB_SERVER_URL", raising=False)

    def authorization(origin: str) -> str:
        return lfs_authorization(origin, os.environ, hub_token)

    assert authorization("https://hub.example:443") == "Bearer hf_hubs"
    basic = base64.b64encode(b"x-access-token:ghs_githubs").decode()
    assert authorization("https://github.com:443") == f"Basic {basic}"
    for other in ("https://evil.example:443", "http://github.com:80", "https://huggingface.co:443"):
        assert authorization(other) == ""
    monkeypatch.delenv("GITHUB_TOKEN")
    assert authorization("https://github.com:443") == ""
