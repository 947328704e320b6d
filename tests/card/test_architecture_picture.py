"""Blocks of one kind stand beside each other, what differs is marked, and nothing needs a colour."""

from __future__ import annotations

import re

import pytest

from hubcheck.card import architecture_picture, html, order_picture, share_chart
from hubcheck.card.architecture_picture import Pair, aligned
from hubcheck.card.compose import compose
from hubcheck.card.heat_shapes import Box, Shape, Stroke, Words
from hubcheck.report.phrases import PhraseCode, phrase
from hubcheck.report.schema import ArchitectureLine, Context
from hubcheck.report.words import DeclarationVerdict
from tests.card import reports
from tests.card.deep_reports import merged
from tests.card.gallery import CASES
from tests.card.payloads import PAYLOADS
from tests.card.rendered import html_page

INKS = {"ink", "soft", "line", "paper", "hatch"}
"""Greys of the palette: what is drawn in these reads the same without colour."""


def line(*blocks: str, ref: str = "acme/new-7b") -> ArchitectureLine:
    """Return a model of these blocks."""
    return ArchitectureLine(ref=ref, blocks=blocks, layers=4, parameters=7_000_000_000)


@pytest.mark.parametrize(
    ("subject", "base", "rows"),
    [
        (("embed 9x4", "dense x4", "head"), ("embed 9x4", "dense x4", "head"),
         (("embed 9x4", "embed 9x4"), ("dense x4", "dense x4"), ("head", "head"))),
        (("embed 9x4", "dense x4", "head"), ("embed 8x4", "dense x4", "head", "MTP x1"),
         (("embed 9x4", "embed 8x4"), ("dense x4", "dense x4"), ("head", "head"), ("", "MTP x1"))),
        (("embed 9x4", "vision x2", "dense x4"), ("embed 9x4", "dense x4"),
         (("embed 9x4", "embed 9x4"), ("vision x2", ""), ("dense x4", "dense x4"))),
        (("dense x4",), ("MoE 8 x4",), (("dense x4", "MoE 8 x4"),)),
        ((), ("head",), (("", "head"),)),
    ],
)  # fmt: skip
def test_blocks_are_aligned_by_their_kind(
    subject: tuple[str, ...], base: tuple[str, ...], rows: tuple[tuple[str, str], ...]
) -> None:
    """A block more on one side does not make all that follow differ."""
    found = aligned(subject, base)
    assert found == tuple(Pair(subject=a, base=b) for a, b in rows)
    assert [row.differs for row in found] == [a != b for a, b in rows]


def test_what_differs_is_marked_by_form() -> None:
    """A thick frame on both sides and a sign between them; the same in words."""
    subject, base = line("embed 9x4", "head"), line("embed 8x4", "head", ref="acme/base-7b")
    _, _, found = architecture_picture.shapes(subject, base)
    assert [s.text for s in found if isinstance(s, Words)].count(architecture_picture.SIGN) == 1
    assert sum(isinstance(s, Box) and s.colour == "ink" for s in found) == 2
    assert architecture_picture.told(subject, base) == (
        "Architecture of acme/new-7b beside acme/base-7b: 1 of 2 blocks the same; "
        "embed 9x4 here, embed 8x4 there."
    )


def colours(shapes: tuple[Shape, ...]) -> set[str]:
    """Return the names of the colours that are drawn with."""
    return {s.colour for s in shapes if isinstance(s, Box | Stroke | Words)}


def test_pictures_need_no_colour() -> None:
    """Orders and architectures are drawn in greys; two lines of a chart differ in their dashes."""
    for report in CASES.values():
        for finding in order_picture.pictured(report):
            assert colours(order_picture.shapes(finding)[2]) <= INKS
        models = architecture_picture.models(report)
        for base in models[1:]:
            assert colours(architecture_picture.shapes(models[0], base)[2]) <= INKS
    series = [
        share_chart.Series(name=f.base.ref, layers=tuple(s for s in f.shares if s.layer >= 0))
        for f in merged().findings
    ]
    lines = re.findall(r"<polyline[^>]*>", share_chart.element(tuple(series)))
    dashes = [re.findall(r'stroke-dasharray="([^"]*)"', one) for one in lines]
    assert len({tuple(d) for d in dashes}) == len(series)


def test_sizes_say_what_they_rule_out() -> None:
    """Below the picture, and unfolded there: it is the first thing to know of such a pair."""
    said = phrase(
        PhraseCode.SHAPE_RULES_OUT, axis="hidden", relation="finetune", base=640, subject=576
    )
    base = reports.unrelated(ruled_out=(said,))
    report = reports.report(DeclarationVerdict.CONTRADICTED, base, context=reports.context())
    page = html.render(compose(report))
    part = page[page.index("Architecture, side by side") :]
    assert "What the sizes rule out" in part
    assert "a fine-tune of a model 640 wide is 640 wide; this one is 576" in part
    assert re.search(r"<details open>\n<summary>Architecture, side by side", page)


@pytest.mark.parametrize("payload", PAYLOADS)
def test_hostile_names_stay_text(payload: str) -> None:
    """A model and its blocks may be called anything."""
    lines = (line(payload, "head"), line(payload, payload, ref=payload or "x"))
    context = Context(architecture=lines)
    report = reports.report(DeclarationVerdict.UNDECLARED, reports.matching(), context=context)
    page = html_page(html.render(compose(report)))
    assert {"script", "img", "iframe"}.isdisjoint(page.tags)
    assert all(not name.startswith("on") for _, name, _ in page.attributes)
