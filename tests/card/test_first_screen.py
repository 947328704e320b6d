"""The first screen is built from the fields of a report, never from its texts; its colours read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import pytest

from hubcheck.card import numbers, sentences
from hubcheck.card.compose import compose
from hubcheck.card.document import Table, raw_text
from hubcheck.card.heat_shapes import DARK, LIGHT
from hubcheck.card.html_style import STYLE
from hubcheck.report.phrases import Phrase, text
from hubcheck.report.schema import Finding, Report
from hubcheck.report.words import Verdict
from tests.card import gallery
from tests.card.gallery import CASES

OTHER: Final = (text("something else altogether"),)
AA: Final = 4.5
"""Contrast that WCAG 2 asks of text, level AA."""


def retold(report: Report) -> Report:
    """Return a report of the same fields whose free texts say something else."""
    return report.model_copy(
        update={
            "warnings": OTHER,
            "limits": OTHER,
            "replay": "hubcheck check other",
            "findings": tuple(_retold(f) for f in report.findings),
        }
    )


def _retold(finding: Finding) -> Finding:
    relation = finding.relation
    return finding.model_copy(
        update={
            "notes": (*finding.notes, *OTHER),
            "direction_reason": OTHER,
            "relation": relation and relation.model_copy(update={"detail": OTHER}),
        }
    )


@pytest.mark.parametrize("name", sorted(CASES))
def test_sentences_do_not_hang_on_texts(name: str) -> None:
    """With other texts in the report, title and lead are the same."""
    report, other = CASES[name], retold(CASES[name])
    assert sentences.title(report) == sentences.title(other)
    assert sentences.lead(report) == sentences.lead(other)


@pytest.mark.parametrize("name", sorted(CASES))
def test_each_figure_of_the_first_screen_is_a_field(name: str) -> None:
    """What stands in title, lead and table is what the report's fields give, number by number."""
    report = CASES[name]
    said = [raw_text(sentences.title(report)), raw_text(sentences.lead(report))]
    table = next((b for b in compose(report).blocks if isinstance(b, Table)), None)
    rows = table.rows if table is not None else ()
    said += [raw_text(cell) for row in rows for cell in row[1:4]]
    allowed = _figures(report)
    for figure in re.findall(r"\d[\d,.]*\d|\d", _without_names(" ".join(said), report)):
        assert figure in allowed, (figure, said)


def _without_names(said: str, report: Report) -> str:
    for ref in sorted({report.subject.ref, *(f.base.ref for f in report.findings)}, key=len):
        said = said.replace(ref, "")
    return said


def _figures(report: Report) -> set[str]:
    """Return every figure that the fields of a report give, as it is written."""
    shown = {numbers.count(len(report.findings)), "95"}  # of a 95 % interval
    for f in report.findings:
        rows = [e for e in f.evidence if e.test == "disguise"]
        models = (n.params.get("models") for e in rows for n in e.note)
        counts = [f.units_hit, f.units_tested, f.families_hit, f.families_tested]
        counts += [sum(e.hits for e in rows), sum(e.units for e in rows)]
        counts += [m for m in models if isinstance(m, int)]
        kept = [f.kept, f.detectable_kept, *(f.kept_interval or ())]
        texts = [numbers.count(c) for c in counts] + [numbers.kept(k) for k in kept]
        texts += [numbers.chance(f.log10_p)]
        texts += [numbers.percent(s.share) for s in f.shares]
        texts += [numbers.percent(v) for v in (f.compared, f.other_layers)]
        texts += [_written(v) for v in _params(f.reason)]
        texts += [_written(v) for one in f.ruled_out for v in one.params.values()]
        across = [e for e in f.evidence if e.test in {"signs", "pruned-neurons"}]
        texts += [numbers.count(n) for e in across for n in (e.hits, e.units, round(e.units / 2))]
        for one in texts:
            shown |= set(re.findall(r"\d[\d,.]*\d|\d", one))
    return shown


def _params(said: Iterable[object]) -> Iterator[object]:
    """Yield the parameters of phrases, and of those inside them."""
    for one in said:
        if isinstance(one, Phrase):
            for value in one.params.values():
                yield from _params(value) if isinstance(value, tuple) else (value,)


def _written(value: object) -> str:
    """Return a parameter as a cell writes it: whole per cents in prose, one digit in the table."""
    if isinstance(value, float):
        return f"{numbers.percent(value)} {value:.0%} {value:.2f}"
    return str(value)


def test_a_similarity_stands_with_its_interval() -> None:
    """The interval is the report's, and is left out where it says nothing more."""
    finding = CASES["undeclared"].findings[0]
    report = CASES["undeclared"]

    def cell(interval: tuple[float, float] | None) -> str:
        one = finding.model_copy(update={"kept": 0.76, "kept_interval": interval})
        table = compose(report.model_copy(update={"findings": (one,)})).blocks[1]
        assert isinstance(table, Table)
        return raw_text(table.rows[0][3])

    assert cell((0.74, 0.8)) == "0.76 (95 %: 0.74 to 0.80)"
    assert cell((0.76, 0.76)) == cell(None) == "0.76"


def test_no_verdict_goes_without_what_it_does_not_mean() -> None:
    """The lead of a match, of an absence and of an open card each end in a limit."""
    for name, report in CASES.items():
        lead = raw_text(sentences.lead(report))
        if any(f.verdict in {Verdict.RELATED, Verdict.DISGUISED} for f in report.findings):
            assert "not say who copied whom" in lead, name
        else:
            assert re.search(r"does not (?:mean|say)|no sign|proves nothing", lead), name


def test_the_gallery_has_every_case(tmp_path: Path) -> None:
    """At least 14 states; each is a page of its own and a row of the page in the docs."""
    pages = gallery.write(tmp_path)
    assert len(pages) >= 14
    listed = (Path(__file__).parents[2] / "docs" / "gallery.md").read_text(encoding="utf-8")
    assert all(f"tests/card/golden/{page.stem}.md)" in listed for page in pages)


def test_text_has_contrast() -> None:
    """WCAG AA: every colour of text on every ground it stands on, light and dark."""
    light, dark = (dict(re.findall(r"--([a-z-]+):(#[0-9a-f]{3,6})", s)) for s in
                   STYLE.split("@media (prefers-color-scheme:dark)", 1))  # fmt: skip
    for colours in (light, {n: dark[n] for n in light}):
        pairs = [(ink, ground) for ink in ("ink", "soft") for ground in ("page", "paper", "wash")]
        pairs += [(t, f"{t}-wash") for t in ("good", "bad", "plain", "muted")]
        pairs += [("plain", "paper"), ("plain", "page")]  # links
        for ink, ground in pairs:
            assert contrast(colours[ink], colours[ground]) >= AA, (ink, ground)
    for palette in (LIGHT, DARK):  # pictures
        assert all(contrast(palette[ink], palette["paper"]) >= AA for ink in ("ink", "soft"))


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colours by WCAG 2."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Return the relative luminance of ``#rgb`` or ``#rrggbb``."""
    digits = colour.removeprefix("#")
    digits = "".join(c * 2 for c in digits) if len(digits) == 3 else digits
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
