"""Does a check test what a catalogue proposes, pay for it, and say what it would have seen?"""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hubcheck.card.compose import compose
from hubcheck.card.markdown import render
from hubcheck.card.wording import words
from hubcheck.catalogue.shipped import shipped
from hubcheck.catalogue.sketch import sketch_of
from hubcheck.check.concluded import conclude_check
from hubcheck.demo.run import MODELS
from hubcheck.model import Access, open_model
from hubcheck.report.phrases import PhraseCode
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict, Depth, Verdict
from hubcheck.request.build import Means, build_request
from hubcheck.request.interface import BaseRequest
from hubcheck.request.options import CATALOGUE, Options, line_of, read_line
from hubcheck.source.reference import parse_reference
from tests.catalogue.entries import drawn, entry, written

SILENT = "# A model\n"
ACCESS = Access(max_read=64_000_000, token=None, endpoint=None)


def copied(name: str, to: Path) -> Path:
    """Return a copy of a shipped model whose card declares nothing."""
    shutil.copytree(MODELS / name, to)
    (to / "README.md").write_text(SILENT)
    return to


def run(subject: Path, **asked: object) -> Report:
    """Return the report of a check that asks a catalogue."""
    options = Options(subject=str(subject), suspects=(CATALOGUE,), seed=3, **asked)  # type: ignore[arg-type]
    request = build_request(options, Means())
    return conclude_check(request, now=lambda: datetime.now(UTC), progress=lambda _: None).report


def card_of(report: Report) -> str:
    """Return the card as markdown."""
    return render(compose(report))


def test_a_disguised_copy_is_named_and_nobody_is_accused(tmp_path: Path) -> None:
    """The base is found by its sketch, proven by the exact test; who came first is not known."""
    report = run(copied("disguised", tmp_path / "m"))
    (found,) = report.findings
    assert found.base.ref.endswith("models/base") or found.base.ref.endswith("models/disguised")
    assert found.verdict in {Verdict.RELATED, Verdict.IDENTICAL}
    assert (found.found_by, found.tried) == ("catalogue", 14)
    assert BaseRequest(
        reference=parse_reference("a/b"), declared=False, why=(), found_by="catalogue"
    ).closely
    assert report.verdict is DeclarationVerdict.INCONCLUSIVE
    assert report.conclusion.value == "neutral"
    assert report.search.catalogue is not None
    assert report.search.catalogue.models == 7
    shown = card_of(report)
    assert "which a catalogue proposed; " in shown
    assert "which came first is not known" in shown
    assert "divided by twice that number" in shown


def test_a_stranger_is_told_among_how_many_it_was_looked_for(tmp_path: Path) -> None:
    """None stands out: the nearest is tested all the same, and the card says what it would see."""
    base = sketch_of(open_model(parse_reference(str(MODELS / "base")), ACCESS))
    shutil.copytree(MODELS / "base", tmp_path / "base")
    crowd = [entry(f"org/m-{i}", drawn(i)) for i in range(30)]
    # Only the base can be opened here, so it has to come out nearest: the others lack the slots.
    lacking = [entry(e.ref, type(e.sketch)(slots=e.sketch.slots, present=0)) for e in crowd]
    place = written(tmp_path / "catalogue", entry("./base", base), *lacking)
    twin = copied("twin", tmp_path / "twin")
    report = run(twin, catalogue=str(place))
    assert report.verdict is DeclarationVerdict.NONE_FOUND
    (found,) = report.findings
    assert (found.verdict, found.tried) == (Verdict.UNRELATED, 62)
    asked = report.search.catalogue
    assert asked is not None
    assert not any(f.stands_out for f in asked.families)
    assert asked.kept is not None
    shown = card_of(report)
    assert (
        f"Of 31 models of a catalogue no other was proposed: a copy with a similarity of {asked.kept}"
        in shown
    )


def test_an_honest_declared_base_pays_a_factor_of_two(tmp_path: Path) -> None:
    """Named bases share one half however large the catalogue is; the rest is the catalogue's."""
    subject, mirror = copied("finetune", tmp_path / "m"), copied("base", tmp_path / "mirror")
    sketch = sketch_of(open_model(parse_reference(str(mirror)), ACCESS))
    crowd = [entry(f"org/m-{i}", drawn(i)) for i in range(99)]
    place = written(tmp_path / "catalogue", entry("./mirror", sketch), *crowd)
    report = run(subject, bases=(str(MODELS / "base"),), catalogue=str(place))
    named, proposed = report.findings
    assert (named.declared, named.tried) == (True, 2)
    assert (proposed.declared, proposed.tried) == (False, 200)
    assert proposed.explained_by == named.base.ref
    assert report.verdict is DeclarationVerdict.CONFIRMED


def test_headers_ask_no_catalogue(tmp_path: Path) -> None:
    """A sketch reads weights, and this depth reads none: that is said."""
    report = run(copied("finetune", tmp_path / "m"), depth=Depth.HEADERS)
    assert report.search.catalogue is None
    assert [n.code for n in report.search.notes] == [PhraseCode.CATALOGUE_HEADERS]
    assert "reads none" in words(report.search.notes[0])


def test_a_model_is_no_suspect_of_itself(tmp_path: Path) -> None:
    """A model that the catalogue holds is held against the others of its family."""
    for name in ("base", "finetune"):
        copied(name, tmp_path / name)
    sketch = sketch_of(open_model(parse_reference(str(tmp_path / "finetune")), ACCESS))
    base = sketch_of(open_model(parse_reference(str(tmp_path / "base")), ACCESS))
    place = written(tmp_path / "c", entry("./finetune", sketch), entry("./base", base))
    report = run(tmp_path / "finetune", catalogue=str(place))
    assert [Path(f.base.ref).name for f in report.findings] == ["base"]


@pytest.mark.parametrize("place", ["", "org/data", "./here", "-x"])
def test_the_line_on_a_card_asks_the_same_catalogue(place: str) -> None:
    """Written as a command and read back, nothing is lost."""
    asked = Options(subject="org/m", suspects=(CATALOGUE,), catalogue=place)
    assert read_line(line_of(asked)) == asked


def test_the_shipped_manifest_is_small() -> None:
    """The wheel grows by a few kilobytes."""
    sizes = [p.stat().st_size for p in Path(shipped()).iterdir()]
    assert sum(sizes) < 20_000
    assert json.loads((Path(shipped()) / "manifest.json").read_bytes())["quarantined"] == 0
