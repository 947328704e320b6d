"""Golden cards: read them as prose; HUBCHECK_UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import pytest

from hubcheck.card import badge, heat_svg, html, markdown, table
from hubcheck.card.compose import compose
from hubcheck.report.schema import Report
from tests.card.deep_reports import small
from tests.card.gallery import CASES

GOLDEN: Final = Path(__file__).parent / "golden"
UPDATE: Final = os.environ.get("HUBCHECK_UPDATE_GOLDEN") == "1"


def agree(name: str, text: str) -> None:
    """Compare ``text`` with the golden file, or write it where the update flag is set."""
    path = GOLDEN / name
    if UPDATE:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(CASES))
def test_markdown_card(name: str) -> None:
    """The markdown card of each case is the reviewed one, to the byte."""
    agree(f"{name}.md", markdown.render(compose(CASES[name])))


@pytest.mark.parametrize("name", sorted(CASES))
def test_terminal_summary(name: str) -> None:
    """The terminal's text of each case is the reviewed one, to the byte."""
    agree(f"{name}.txt", table.summary(CASES[name]))


def test_html_card() -> None:
    """The HTML card of the fullest case is the reviewed one, to the byte."""
    agree("contradicted.html", html.render(compose(CASES["contradicted"])))


def test_heat_map() -> None:
    """The heat map of a small model is the reviewed one, as SVG."""
    agree("small.heat.svg", heat_svg.svg(small()))


def test_merge_page() -> None:
    """The page of a merge, with its chart, is the reviewed one, to the byte."""
    agree("merged.html", html.render(compose(CASES["merged"])))


def test_badges() -> None:
    """The badge of the confirmed case is the reviewed one, as SVG and as endpoint."""
    agree("confirmed.svg", badge.svg(CASES["confirmed"]))
    agree("confirmed.badge.json", badge.endpoint(CASES["confirmed"]))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_stored_report_gives_the_same_card(name: str) -> None:
    """A report read back from report.json renders to the same bytes in every form."""
    again = Report.model_validate_json(CASES[name].model_dump_json())
    first, second = compose(CASES[name]), compose(again)
    assert markdown.render(first) == markdown.render(second)
    assert html.render(first) == html.render(second)
    assert badge.svg(CASES[name]) == badge.svg(again)
