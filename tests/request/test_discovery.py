"""Tests of a check that looks for its own suspects, on a Hub of trained models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

import pytest

from hubcheck.candidates.proposals import Limits
from hubcheck.card.wording import sentence, words
from hubcheck.check.run import check
from hubcheck.cli import main
from hubcheck.demo.run import MODELS
from hubcheck.model import Access, open_model
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Depth, LicenceStatus, Verdict
from hubcheck.request.bases import chosen_bases
from hubcheck.request.discovery import Discovery, discover
from hubcheck.request.interface import Request, Searched
from hubcheck.source.reference import parse_hub_reference
from hubcheck.verdict.policy import parse_fail_on
from tests.candidates.small_hub import day, running
from tests.evidence.laboratory import frozen_clock
from tests.hubserver.search import SearchableHub

SILENT: Final = b"---\nlicense: mit\n---\n# A model\n"


def files(name: str, card: bytes = SILENT, **config: object) -> dict[str, bytes]:
    """Return a shipped model under another card; a changed config hides its architecture."""
    found = {p.name: p.read_bytes() for p in (MODELS / name).iterdir()}
    values = json.loads(found["config.json"]) | config
    return found | {"README.md": card, "config.json": json.dumps(values).encode()}


def says(base: str, licence: str = "mit") -> bytes:
    """Return a card that declares a base."""
    return f"---\nlicense: {licence}\nbase_model: {base}\nbase_model_relation: finetune\n---\n".encode()


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[SearchableHub]:
    """Return a hub with a base, its relatives and a stranger of the same sizes."""
    with running(monkeypatch) as started:
        monkeypatch.setenv("HF_ENDPOINT", started.endpoint)
        monkeypatch.delenv("HF_TOKEN", raising=False)
        started.add_model("zoo/twin", files("twin"), created=day(1), downloads=900)
        started.add_model("zoo/base", files("base"), created=day(2), downloads=5)
        started.add_model("zoo/tuned", files("finetune", says("zoo/base")), created=day(3))
        yield started


def run(
    hub: SearchableHub, subject: str, *suspects: str, auto: bool = False, bases: int = 8
) -> Report:
    """Return the report of a check, with or without its own suspects."""
    access = Access(max_read=64_000_000, token=None, endpoint=hub.endpoint)
    named = chosen_bases([], list(suspects))
    found = Discovery(access=access, limits=Limits(bases=bases), bases=named)
    request = Request(
        subject=parse_hub_reference(subject),
        bases=found if auto else named,
        depth=Depth.SAMPLE,
        seed=3,
        policy=parse_fail_on("undeclared,contradicted"),
        access=access,
        replay="",
        searched=found.searched if auto else Searched,
    )
    return check(request, now=frozen_clock, progress=lambda _text: None).report


def test_a_silent_copy_is_found(hub: SearchableHub) -> None:
    """A fine-tune without any leak, under another architecture's name, meets its base before the stranger."""
    quiet = files("continued", model_type="quietnet", architectures=["QuietForCausalLM"])
    hub.add_model("me/mine", quiet, created=day(9))
    report = run(hub, "me/mine", auto=True, bases=2)
    assert all(f.verdict is Verdict.RELATED for f in report.findings)
    # A search brought them: which came first is not known, and nobody's card turns red for it.
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert any("match-undated" in words(w) for w in report.warnings)
    assert {f.base.ref for f in report.findings} == {"zoo/base", "zoo/tuned"}
    assert report.search.bases_tried == 3, "the probed stranger counts as tried"
    assert [p.ref for p in report.search.left_aside] == ["zoo/twin"]
    assert report.search.requests > 0


def test_a_stranger_is_accused_of_nothing(hub: SearchableHub) -> None:
    """A model of its own that shares sizes, tokenizer and architecture comes out unrelated."""
    hub.add_model("me/mine", files("twin"), created=day(1))
    hub.remove_model("zoo/twin")
    hub.add_model("me/later", files("twin", SILENT + b"x", rope_theta=1.0), created=day(9))
    hub.remove_model("me/mine")
    report = run(hub, "me/later", auto=True)
    assert report.verdict is DeclarationVerdict.NONE_FOUND
    assert {f.verdict for f in report.findings} == {Verdict.UNRELATED}


def test_an_honest_card_is_confirmed_though_relatives_are_found(hub: SearchableHub) -> None:
    """Siblings and ancestors that the search brings are explained by the declared base."""
    hub.add_model("me/mine", files("continued", says("zoo/base")), created=day(9))
    report = run(hub, "me/mine", auto=True)
    assert report.verdict is DeclarationVerdict.CONFIRMED
    explained = {f.base.ref: f.explained_by for f in report.findings if not f.declared}
    assert explained["zoo/tuned"] == "zoo/base"


@pytest.mark.parametrize("closed", ["gated", "deleted"])
def test_an_honest_card_whose_base_is_closed_is_not_accused(
    hub: SearchableHub, closed: str
) -> None:
    """A sibling that declares the same untestable base is explained by it: inconclusive."""
    hub.add_model("me/mine", files("continued", says("zoo/base")), created=day(9))
    hub.remove_model("zoo/base")
    if closed == "gated":
        hub.add_model("zoo/base", files("base"), created=day(2), gated=True)
    report = run(hub, "me/mine", "zoo/tuned")
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert [f.explained_by for f in report.findings] == [None, "zoo/base"]
    standing = {m.ref: m.standing for m in report.lineage.models}
    assert standing["zoo/base"] == ("gated" if closed == "gated" else "missing")


def test_many_at_once_are_many_alone(hub: SearchableHub) -> None:
    """Several suspects share one read of the subject, and each gets the numbers of a lone check."""
    hub.add_model("me/mine", files("continued"), created=day(9))
    suspects = ["zoo/twin", "zoo/base", "zoo/tuned"]
    together = run(hub, "me/mine", *suspects)
    alone = [run(hub, "me/mine", one) for one in suspects]
    for finding, single in zip(together.findings, alone, strict=True):
        (one,) = single.findings
        assert (finding.verdict, finding.kept) == (one.verdict, one.kept)
        assert [(e.family, e.hits, e.units) for e in finding.evidence] == [
            (e.family, e.hits, e.units) for e in one.evidence
        ]
        assert finding.log10_p >= one.log10_p, "the bound pays for the number tried"
    read = [r.coverage.subject_bytes_read for r in alone]
    assert together.coverage.subject_bytes_read < sum(read) / 2


def test_the_chain_above_is_asked_for_licences(hub: SearchableHub) -> None:
    """What a grandparent's licence asks is flagged on the child, with base, clause and basis."""
    hub.remove_model("zoo/base")
    hub.add_model("zoo/base", files("base", b"---\nlicense: llama3.1\n---\n"), created=day(2))
    hub.add_model("me/mine", files("finetune", says("zoo/tuned", "apache-2.0")), created=day(9))
    report = run(hub, "me/mine")
    assert report.licence.status is LicenceStatus.ATTENTION
    (named,) = [c for c in report.licence.checks if c.rule == "name-prefix"]
    assert (named.base, named.clause, words(named.basis)) == (
        "zoo/base", "1.b.i", "an ancestor that zoo/tuned leads to",
    )  # fmt: skip
    (relation,) = report.context.relations
    assert (relation.declared, relation.agrees) == ("finetune", "no"), "the same bytes"


def test_suspects_are_listed_without_reading_weights(
    hub: SearchableHub, capsys: pytest.CaptureFixture[str]
) -> None:
    """``hubcheck suspects`` names candidates and reasons; the header is all it reads of weights."""
    hub.add_model("me/mine", files("continued", _name_or_path="zoo/base"), created=day(9))
    assert main(["suspects", "me/mine", "--max-bases", "2"]) == 0
    text = capsys.readouterr().out
    assert "config.json _name_or_path" in text
    assert "hubcheck check me/mine --suspect auto" in text
    assert text.index("zoo/base") < text.index("zoo/twin")
    assert main(["suspects", "me/mine", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["candidates"][0]["ref"] == "zoo/base"
    assert {"same-shapes", "same-tokenizer"} <= set(listed["candidates"][0]["signals"])
    assert listed["bytes_read"] < 100_000


def test_a_repository_cannot_make_hubcheck_open_a_folder(hub: SearchableHub) -> None:
    """A name in a file is looked for on the Hub, though a folder of that name lies here."""
    poison = files("continued", says("hubcheck/demo"), _name_or_path="tests/zoo")
    hub.add_model("me/mine", poison, created=day(9))
    access = Access(max_read=64_000_000, token=None, endpoint=hub.endpoint)
    proposals = discover(open_model(parse_hub_reference("me/mine"), access), access, Limits(),
                         on_the_hub=True)  # fmt: skip
    assert proposals.chosen[0].ref == "hubcheck/demo"
    report = run(hub, "me/mine", auto=True, bases=1)
    assert report.findings[0].status == "not-tested"
    assert "not found" in sentence(report.findings[0].reason)
