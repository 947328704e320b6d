"""Tests of keeping bytes from run to run: what is saved, and that damage is never read."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.cli import main
from hubcheck.errors import UsageError
from hubcheck.report.schema import Report
from hubcheck.source.cache import LAYOUT, SpanCache
from hubcheck.source.hub import HubSource
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Ledger, Purpose
from hubcheck.source.reference import parse_hub_reference
from tests.evidence.laboratory import model
from tests.hubserver import LocalHub

WEIGHTS = bytes(range(256)) * 4000
SPANS = [Span(path="w.safetensors", start=s, stop=s + 64) for s in (0, 200_000, 900_000)]
BYTES = [WEIGHTS[s.start : s.stop] for s in SPANS]


def source(
    hub: LocalHub, cache: SpanCache, ref: str = "org/m", *, budget: int = 10**6
) -> HubSource:
    """Open a repository with a cache."""
    reference = parse_hub_reference(ref)
    ledger = Ledger(budget)
    return HubSource(reference, ledger=ledger, token=None, endpoint=hub.endpoint, cache=cache)


def entries(folder: Path) -> list[Path]:
    """Return every file of a cache."""
    return sorted(p for p in folder.rglob("*") if p.is_file())


def test_what_was_put_is_got(tmp_path: Path) -> None:
    """A key gives back its own bytes, in this object and in another on the same folder."""
    cache = SpanCache(tmp_path)
    cache.put(b"abc", "range", "org/m", 1)
    cache.put(b"", "range", "org/m", 2)
    for one in (cache, SpanCache(tmp_path)):
        assert one.get("range", "org/m", 1) == b"abc"
        assert one.get("range", "org/m", 2) == b""
        assert one.get("range", "org/m", "1") is None
        assert one.get("range", "org/m1") is None
    assert cache.served_bytes == 3
    assert not cache.warnings


@pytest.mark.parametrize("damage", ["cut", "empty", "flipped", "other entry", "other layout"])
def test_a_damaged_entry_is_a_miss(tmp_path: Path, damage: str) -> None:
    """No damaged, half-written or misplaced entry is ever taken for bytes, and it is told."""
    cache = SpanCache(tmp_path)
    cache.put(b"right", "a")
    (entry,) = entries(tmp_path)
    whole = entry.read_bytes()
    cache.put(b"wrong", "b")
    (other,) = set(entries(tmp_path)) - {entry}
    spoiled = {
        "cut": whole[:-1],
        "empty": b"",
        "flipped": whole[:-1] + bytes([whole[-1] ^ 1]),
        "other entry": other.read_bytes(),
        "other layout": whole.replace(b"cache 2", b"cache 1"),
    }
    entry.write_bytes(spoiled[damage])
    assert cache.get("a") is None
    assert cache.warnings == ("1 damaged entries of the cache were read anew",)
    cache.put(b"right", "a")
    assert cache.get("a") == b"right"


def test_threads_share_a_folder(tmp_path: Path) -> None:
    """Writers of the same keys at the same time leave whole entries and nothing else."""
    caches = [SpanCache(tmp_path) for _ in range(4)]

    def work(cache: SpanCache) -> None:
        for n in range(50):
            cache.put(bytes([n]) * 1000, "k", n)
            assert cache.get("k", n) == bytes([n]) * 1000

    threads = [threading.Thread(target=work, args=[c]) for c in caches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(entries(tmp_path)) == 50
    assert not any(c.warnings for c in caches)
    assert not [p for p in entries(tmp_path) if p.name.startswith(".new")]


def test_a_folder_that_cannot_be_written_is_a_warning(tmp_path: Path) -> None:
    """A cache that fails later costs a warning; one that cannot be made is a usage error."""
    cache = SpanCache(tmp_path)
    (tmp_path / LAYOUT).rmdir()
    (tmp_path / LAYOUT).write_bytes(b"a file")
    cache.put(b"abc", "a")
    assert "could not be written" in cache.warnings[0]
    with pytest.raises(UsageError, match="cannot be made"):
        SpanCache(tmp_path / LAYOUT)


def test_a_pinned_model_is_read_once(hub: LocalHub, tmp_path: Path) -> None:
    """The second read of a commit, by another run, asks the network for nothing at all."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS, "config.json": b"{}"})
    first = source(hub, SpanCache(tmp_path))
    assert first.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert first.read_document("config.json", limit=9) == b"{}"
    hub.forget()
    again = source(hub, SpanCache(tmp_path), f"org/m@{first.pin.revision}")
    assert again.files() == first.files()
    assert again.pin == first.pin
    assert again.read(SPANS, Purpose.WEIGHTS) == BYTES
    assert again.read_document("config.json", limit=9) == b"{}"
    assert hub.requests == again.ledger.requests == 0
    assert again.ledger.cached_bytes == again.ledger.bytes_read == first.ledger.bytes_read


def test_a_branch_is_looked_up_again(hub: LocalHub, tmp_path: Path) -> None:
    """A branch costs one request; after a push nothing old is served."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS})
    source(hub, SpanCache(tmp_path)).read(SPANS, Purpose.WEIGHTS)
    hub.forget()
    assert source(hub, SpanCache(tmp_path)).read(SPANS, Purpose.WEIGHTS) == BYTES
    assert hub.requests == 1
    changed = WEIGHTS[::-1]
    hub.push("org/m", {"w.safetensors": changed})
    fresh = source(hub, SpanCache(tmp_path)).read(SPANS, Purpose.WEIGHTS)
    assert fresh == [changed[s.start : s.stop] for s in SPANS]


def test_the_budget_does_not_know_the_cache(hub: LocalHub, tmp_path: Path) -> None:
    """Cached bytes count against the limit, so that a run looks at the same with and without."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS})
    first = source(hub, SpanCache(tmp_path), budget=200)
    first.read(SPANS, Purpose.WEIGHTS)
    again = source(hub, SpanCache(tmp_path), budget=200)
    again.read(SPANS, Purpose.WEIGHTS)
    assert again.ledger.remaining == first.ledger.remaining == 8


def test_two_repositories_share_no_entry(hub: LocalHub, tmp_path: Path) -> None:
    """Bytes of one repository are never served for another, whatever digests are stated."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS})
    hub.add_repo("org/n", {"w.safetensors": WEIGHTS})
    source(hub, SpanCache(tmp_path)).read(SPANS, Purpose.WEIGHTS)
    assert source(hub, SpanCache(tmp_path), "org/n").ledger.cached_bytes == 0
    other = source(hub, SpanCache(tmp_path), "org/n")
    other.read(SPANS, Purpose.WEIGHTS)
    assert other.ledger.cached_bytes == 0


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=8),
)
def test_any_part_of_what_is_there_is_found(
    kept: list[tuple[int, int]], asked: list[tuple[int, int]]
) -> None:
    """A part is served when its bytes are there in whatever pieces, and else not at all."""
    with TemporaryDirectory() as folder:
        cache = SpanCache(Path(folder))
        there: set[int] = set()
        for start, size in kept:
            cache.put_range(WEIGHTS[start : start + size], ("f",), start)
            there |= set(range(start, start + size))
        spans = [(start, start + size) for start, size in asked]
        for (start, stop), found in zip(spans, cache.get_ranges(("f",), spans), strict=True):
            whole = there >= set(range(start, stop))
            assert found == (WEIGHTS[start:stop] if whole else None)
        assert all(found == (None if b > a else b"") for (a, b), found in
                   zip(spans, cache.get_ranges(("g",), spans), strict=True))  # fmt: skip


def test_other_rows_around_known_ones_cost_what_is_new(hub: LocalHub, tmp_path: Path) -> None:
    """A read that shares some rows with an earlier one transfers the others, and counts the same.

    What the ledger books is what a check without a cache would have read.
    """
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS})
    source(hub, SpanCache(tmp_path)).read(SPANS, Purpose.WEIGHTS)
    wider = [*SPANS, Span(path="w.safetensors", start=32, stop=70)]
    hub.forget()
    mixed = source(hub, SpanCache(tmp_path))
    assert mixed.read(wider, Purpose.WEIGHTS) == [*BYTES, WEIGHTS[32:70]]
    assert hub.content_bytes() == 38
    assert mixed.ledger.bytes_read == 70 + 128
    assert mixed.ledger.cached_bytes == mixed.ledger.bytes_read - 38
    hub.forget()
    part = [Span(path="w.safetensors", start=40, stop=66)]
    assert source(hub, SpanCache(tmp_path)).read(part, Purpose.WEIGHTS) == [WEIGHTS[40:66]]
    assert hub.content_bytes() == 0


def test_a_damaged_range_is_read_anew(hub: LocalHub, tmp_path: Path) -> None:
    """Every entry spoiled: the numbers are the same, and the damage is told."""
    hub.add_repo("org/m", {"w.safetensors": WEIGHTS})
    source(hub, SpanCache(tmp_path)).read(SPANS, Purpose.WEIGHTS)
    for entry in entries(tmp_path):
        entry.write_bytes(entry.read_bytes()[:-3] + b"???")
    cache = SpanCache(tmp_path)
    assert source(hub, cache).read(SPANS, Purpose.WEIGHTS) == BYTES
    assert "damaged" in cache.warnings[0]


def test_a_check_from_the_cache_is_the_same_check(
    hub: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """``--cache`` changes no number; the second check moves no byte of content, and says so."""
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    for name, shipped in (("base", "base"), ("tuned", "finetune")):
        hub.add_repo(f"org/{name}", model(shipped))
    command = ["check", "org/tuned", "--base", "org/base", "--seed", "3", "--json"]
    command += ["--out", str(tmp_path / "out"), "--cache", str(tmp_path / "cache")]
    seen = []
    for _ in range(2):
        hub.forget()
        main(command)
        printed = capsys.readouterr()
        seen.append((Report.model_validate_json(printed.out), printed.err, hub.content_bytes()))
    (first, told_first, moved), (again, told_again, moved_again) = seen
    assert again.findings == first.findings
    assert again.coverage.bytes_read == first.coverage.bytes_read
    # A later step may want a row again that an earlier one has read: also that is not moved twice.
    pattern = r"([0-9.]+) MB came from the cache"
    served = [re.search(pattern, told) for told in (told_first, told_again)]
    assert served[0] is not None
    assert served[1] is not None
    assert float(served[0][1]) < float(served[1][1])
    assert moved > 0
    assert moved_again == 0


def test_the_next_check_of_a_base_reads_none_of_its_weights(
    hub: LocalHub,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Without a seed given, another subject is held against the rows of the base that are there.

    A seed asked for anew reads other rows, and so does a CI job.
    """
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    for name in ("CI", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    for name, shipped in (("base", "base"), ("one", "finetune"), ("two", "continued")):
        # The file bears the model's name, so that the server's log tells the models apart.
        files = {p.name: p.read_bytes() for p in model(shipped).iterdir()}
        weights = files.pop("model.safetensors")
        hub.add_repo(f"org/{name}", {**files, f"{name}.safetensors": weights})
    seeds = []

    def moved(subject: str, *options: str) -> int:
        """Check and return the bytes of the base's weights that were sent."""
        hub.forget()
        main(["check", subject, "--base", "org/base", "--json", "--out", str(tmp_path / "out"),
              "--cache", str(tmp_path / "cache"), *options])  # fmt: skip
        seeds.append(Report.model_validate_json(capsys.readouterr().out).seed)
        return sum(
            seen.body_bytes
            for seen in hub.exchanges
            if seen.is_content and seen.path.endswith("base.safetensors")
        )

    assert moved("org/one") > 0
    assert moved("org/two") == 0
    moved("org/two", "--fresh-seed")
    moved("org/one")
    monkeypatch.setenv("CI", "true")
    moved("org/one")
    assert seeds[0] == seeds[1]
    assert seeds[2] == seeds[3]
    assert len(set(seeds)) == 3
