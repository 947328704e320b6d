"""The picture of the orders shows what the report holds, of strangers as of copies."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from hubcheck.card import html, markdown, order_picture, order_png
from hubcheck.card.compose import compose
from hubcheck.report.schema import Context, NormContext, Report
from hubcheck.report.words import DeclarationVerdict
from tests.card import reports
from tests.card.deep_reports import disguised, twin

COPY = reports.report(DeclarationVerdict.UNDECLARED, reports.matching())
STRANGER = reports.report(DeclarationVerdict.NONE_FOUND, reports.unrelated())


@pytest.mark.parametrize(("report", "in_place"), [(COPY, 64), (STRANGER, 1)])
def test_a_copy_is_a_diagonal_and_a_stranger_is_not(report: Report, in_place: int) -> None:
    """Each pair of the report is one dot, in place where both places are the same."""
    first = order_picture.matrices(report.findings[0])[0]
    assert len(first.dots) == 64
    assert first.in_place == in_place == sum(u == v for u, v in first.dots)
    assert f"{in_place} of 64 dots on the diagonal" in order_picture.told(report.findings[0])


@pytest.mark.parametrize("report", [COPY, STRANGER, twin(), disguised()])
def test_every_form_says_the_same(report: Report) -> None:
    """Page, file, characters and alternative text hold the counts of the report."""
    finding = order_picture.pictured(report)[0]
    seen = f"{finding.units_hit:,} of {finding.units_tested:,}"
    page, text = html.render(compose(report)), markdown.render(compose(report))
    assert f"{seen} units in place" in page
    assert f"about {finding.families_tested}" in text
    root = ET.fromstring(order_picture.svg(report))  # noqa: S314 - made here
    assert root.get("role") == "img"
    assert seen in " ".join(e.text or "" for e in root.iter() if e.tag.endswith("text"))
    assert order_png.png(report).startswith(b"\x89PNG")
    assert order_png.png(report, dark=True) != order_png.png(report)


def test_what_is_often_quoted_stands_beside_it() -> None:
    """A cosine that a shuffle leaves is called worthless; one that a shuffle destroys is not."""

    def card(shuffled: float) -> str:
        norm = NormContext(
            base="acme/base-7b", cosine=0.986, cosine_shuffled=shuffled, pearson=0.0, tensors=9
        )
        context = Context(norms=(norm,))
        report = reports.report(DeclarationVerdict.NONE_FOUND, reports.unrelated(), context=context)
        return markdown.render(compose(report))

    assert "norm weights is 0.986; with" in card(0.985)
    assert "It hardly needs the order" in card(0.985)
    assert "It hardly needs the order" not in card(0.3)


def test_pairs_from_elsewhere_stay_inside() -> None:
    """A report that anyone can write draws nothing outside of its matrix."""
    odd = reports.evidence(nearest=((0, 10**9, 1.0), (-5, 3, 1.0), (3, 3, 1.0)))
    (one,) = order_picture.matrices(reports.matching(evidence=(odd,)))
    assert one.dots == ((3 / 64, 3 / 64),)
    assert order_picture.matrices(reports.matching(evidence=())) == ()
