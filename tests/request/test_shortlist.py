"""Tests of how many suspects become a few."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hubcheck.candidates.candidate import Candidate, Reason, Signal
from hubcheck.model import Access, Model, open_model
from hubcheck.report.hints import at_file
from hubcheck.request.shortlist import SAME_BYTES, probe
from hubcheck.source.reference import parse_hub_reference
from tests.candidates.small_hub import day, running
from tests.evidence.laboratory import model
from tests.hubserver.search import SearchableHub


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return a hub with a subject, its base, a stranger, a disguise and a broken model."""
    with running(monkeypatch) as started:
        started.add_model("me/mine", model("finetune"), created=day(9))
        for name in ("twin", "base", "disguised"):
            started.add_model(f"zoo/{name}", model(name), created=day(1))
        started.add_model("zoo/copy", model("finetune"), created=day(2))
        started.add_model("zoo/broken", {"model.safetensors": b"\xff" * 400}, created=day(1))
        yield started


def candidate(ref: str, signal: Signal = Signal.SAME_SHAPES) -> Candidate:
    """Return a suspect."""
    return Candidate(ref=ref, reasons=(Reason(signal=signal, said=at_file("somewhere")),))


def order(hub: SearchableHub, *suspects: Candidate, room: int = 1) -> list[str]:
    """Return suspects in the order in which they would be tested."""
    return [p.candidate.ref for p in probe(suspects, *opened(hub), room)]


def opened(hub: SearchableHub) -> tuple[Model, Access]:
    """Return the subject and the access to it."""
    access = Access(max_read=64_000_000, token=None, endpoint=hub.endpoint)
    return open_model(parse_hub_reference("me/mine"), access), access


def test_equal_bytes_then_like_gains_then_the_given_order(hub: SearchableHub) -> None:
    """A copy comes first, the base next; a stranger keeps its place, a broken model costs none."""
    names = ["zoo/twin", "zoo/broken", "zoo/gone", "zoo/base", "zoo/copy"]
    found = order(hub, *(candidate(n) for n in names))
    assert found == ["zoo/copy", "zoo/base", "zoo/twin", "zoo/broken", "zoo/gone"]


def test_a_name_that_leaked_is_never_pushed_out(hub: SearchableHub) -> None:
    """A disguise changes gains: the probe must not hide what the files name."""
    leaked = candidate("zoo/disguised", Signal.LEAKED)
    assert order(hub, candidate("zoo/base"), leaked)[0] == "zoo/disguised"


def test_with_room_for_all_nothing_is_read(hub: SearchableHub) -> None:
    """Fewer suspects than places are tested as they are, without a probe."""
    subject, access = opened(hub)
    before = hub.requests
    found = probe([candidate("zoo/twin"), candidate("zoo/base")], subject, access, 2)
    assert [p.candidate.ref for p in found] == ["zoo/twin", "zoo/base"]
    assert all(p.model is None for p in found)
    assert hub.requests == before


def test_a_probe_reads_little(hub: SearchableHub) -> None:
    """A header and a few gains a model, whatever the size of its weights."""
    subject, access = opened(hub)
    (first, _) = probe([candidate("zoo/base"), candidate("zoo/copy")], subject, access, 1)
    assert first.likeness == SAME_BYTES
    read = hub.content_bytes("model.safetensors")
    assert read < 2 * 70_000
