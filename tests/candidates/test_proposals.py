"""Tests of which candidates are proposed, in which order, at which cost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from hubcheck.candidates.candidate import Signal
from hubcheck.candidates.declared import Declaration, DeclaredBase
from hubcheck.candidates.identity import Fingerprint, fingerprint_of
from hubcheck.candidates.proposals import Limits, Proposals, SubjectFacts, propose
from hubcheck.candidates.shape import shape_of_config
from hubcheck.card.wording import words
from hubcheck.report.hints import hint_of
from tests.candidates.small_hub import SIZES, day, files, index_of, running
from tests.hubserver import Status
from tests.hubserver.search import SearchableHub

TOKENIZER = json.dumps({"model": {"vocab": {f"t{i}": i for i in range(400)}}}).encode()
SHARD = b"\x10" + bytes(300_000)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return an empty hub."""
    with running(monkeypatch) as started:
        yield started


def subject(**facts: object) -> SubjectFacts:
    """Return a folder of 1,000 parameters, made on day 20, that says nothing."""
    silent = Declaration(bases=(), leaked=(), relation="", licence="", licence_name="",
                         licence_link="", problems=())  # fmt: skip
    plain = SubjectFacts(
        ref="me/mine",
        commit="",
        created=day(20),
        declaration=silent,
        leaks=(),
        files=(),
        shape=shape_of_config(SIZES),
        parameters=1000,
        model_type="llama",
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


def named(ref: str, why: str = "config.json") -> DeclaredBase:
    """Return a name found in a file."""
    return DeclaredBase(ref=ref, revision="", why=hint_of(why))


def found_by(proposals: Proposals, ref: str) -> set[Signal]:
    """Return what speaks for a candidate."""
    one = next(c for c in proposals.candidates if c.ref == ref)
    return {r.signal for r in one.reasons}


def test_names_alone_need_no_hub() -> None:
    """Without the Hub, what is declared and leaked is listed, declared first."""
    said = replace(subject().declaration, bases=(named("acme/said", "README.md line 2"),))
    facts = subject(declaration=said, leaks=(named("acme/leaked"), named("acme/said")))
    proposals = propose(facts, None, Limits())
    assert [(c.ref, c.declared) for c in proposals.chosen] == [
        ("acme/said", True),
        ("acme/leaked", False),
    ]
    assert proposals.requests == 0


def test_each_signal_is_found(hub: SearchableHub) -> None:
    """Equal weights, tokenizer and sizes, ancestry and search each say why."""
    hub.add_model("acme/root", files(values=5000, hidden_size=8), created=day(1))
    hub.add_model("acme/said", files("acme/root", values=5000, hidden_size=8), created=day(2))
    hub.add_model("twin/bytes", files(weights=SHARD, hidden_size=8), created=day(3))
    hub.add_model("twin/tokens", files(tokenizer=TOKENIZER, hidden_size=8), created=day(4))
    hub.add_model("twin/sizes", files(), created=day(5))
    hub.add_model("twin/deeper", files(num_hidden_layers=4), created=day(6))
    said = replace(subject().declaration, bases=(named("acme/said"),))
    digest = fingerprint_of("w.safetensors", SHARD)
    prints: tuple[Fingerprint, ...] = (digest, fingerprint_of("tokenizer.json", TOKENIZER))
    facts = subject(declaration=said, files=prints, leaks=(named("twin/bytes"),))
    proposals = propose(facts, index_of(hub), Limits())
    assert found_by(proposals, "acme/root") == {Signal.ANCESTOR}
    assert found_by(proposals, "twin/bytes") == {Signal.LEAKED, Signal.SAME_WEIGHTS}
    assert Signal.SAME_TOKENIZER in found_by(proposals, "twin/tokens")
    assert found_by(proposals, "twin/sizes") >= {Signal.SAME_SHAPES, Signal.SAME_SIZE}
    assert Signal.NEAR_SHAPES in found_by(proposals, "twin/deeper")
    assert [c.ref for c in proposals.chosen[:2]] == ["twin/bytes", "acme/said"]
    assert hub.content_bytes("model.safetensors") == 0, "no weight byte is read"


def test_a_search_brings_nothing_younger_and_a_leak_that_is_younger_is_marked(
    hub: SearchableHub,
) -> None:
    """A model that appeared after the subject is proposed only where a file names it."""
    hub.add_model("late/one", files(), created=day(21), downloads=9)
    hub.add_model("late/named", files(), created=day(22), downloads=9)
    hub.add_model("early/one", files(), created=day(2))
    proposals = propose(subject(leaks=(named("late/named"),)), index_of(hub), Limits())
    assert {c.ref: c.younger for c in proposals.candidates} == {
        "late/named": True,
        "early/one": False,
    }


def test_an_earlier_card_is_read(hub: SearchableHub) -> None:
    """A base that was declared once and removed is a candidate, with the commit."""
    hub.add_model("acme/base", files(), created=day(1))
    hub.add_model("me/mine", files("acme/base"), created=day(20))
    for n in range(12):
        hub.push("me/mine", {"notes.txt": bytes([n])})
    now = hub.push("me/mine", {"README.md": b"---\nlicense: mit\n---\n"})
    proposals = propose(subject(commit=now.oid, parameters=0), index_of(hub), Limits())
    (one,) = proposals.chosen
    assert one.ref == "acme/base"
    assert words(one.why[0]).startswith("README.md base_model of the earlier commit ")
    assert hub.content_bytes("README.md") < 2 * len(files("acme/base")["README.md"]), "read once"


def test_the_caps_hold(hub: SearchableHub) -> None:
    """Bases, close looks and requests stay within what was allowed, and it is said."""
    for n in range(30):
        hub.add_model(f"many/m{n}", files(), created=day(1), downloads=n)
    limits = Limits(bases=3, close_looks=5, found_a_search=10, requests=9)
    proposals = propose(subject(), index_of(hub, requests=9), limits)
    assert len(proposals.chosen) == 3
    assert len(proposals.candidates) == 20
    assert any("not looked at closely" in words(note) for note in proposals.notes)
    assert any("all the requests it may" in words(note) for note in proposals.notes)
    assert hub.requests <= 2 * 9, "a question costs one request, a file one more for its redirect"


def test_declared_bases_are_never_crowded_out(hub: SearchableHub) -> None:
    """More declared bases than the cap are all kept; the missing one is told."""
    said = replace(subject().declaration, bases=tuple(named(f"acme/b{n}") for n in range(4)))
    proposals = propose(subject(declaration=said), index_of(hub), Limits(bases=2))
    assert [c.ref for c in proposals.chosen] == [f"acme/b{n}" for n in range(4)]
    assert "acme/b0 is declared and does not exist" in map(words, proposals.notes)


def test_a_failing_hub_still_names_what_the_files_name(hub: SearchableHub) -> None:
    """With a Hub that answers 503 the leaked names are there, and the trouble is told."""
    hub.faults.add(Status(status=503), times=1000)
    proposals = propose(subject(leaks=(named("acme/leaked"),)), index_of(hub), Limits())
    assert [c.ref for c in proposals.chosen] == ["acme/leaked"]
    assert any("503" in words(note) for note in proposals.notes)
