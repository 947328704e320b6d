"""The page about publishing to the Hub says what the program does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import pytest

from hubcheck.card import badge, section
from hubcheck.cli.entry import build_parser
from hubcheck.publish.hub.credentials import Role
from hubcheck.publish.model_card import END, START
from tests.card.reports import cases

PAGE: Final = (Path(__file__).parents[2] / "docs" / "hub.md").read_text(encoding="utf-8")


def test_markers_and_snippet_are_the_real_ones() -> None:
    """Someone who copies them from the page gets what the program looks for."""
    assert f"    {START}\n    {END}\n" in PAGE
    shown = re.search(r"<img .*>", PAGE)
    assert shown is not None
    real = re.sub('alt="[^"]*"', "", section.snippet(cases()["confirmed"]))
    assert re.sub('alt="[^"]*"', "", shown[0]) in real


@pytest.mark.parametrize("name", ["undeclared", "contradicted", "none-found", "gated"])
def test_badge_words_are_the_real_ones(name: str) -> None:
    """The table has the words of each verdict."""
    report = cases()[name]
    assert f"| `{badge.message(report)}` | `{report.verdict.value}` |" in PAGE


def test_every_variable_is_named() -> None:
    """Both roles have both variables on the page."""
    for role in Role:
        assert f"HUBCHECK_{role.name}_TOKEN" in PAGE
        assert f"HUBCHECK_{role.name}_OIDC_RESOURCE" in PAGE


def test_every_command_on_the_page_is_one() -> None:
    """The command line accepts every line that the page shows."""
    lines = re.findall(r"^    hubcheck ((?:check|publish) [^#\n]*)", PAGE, re.MULTILINE)
    assert len(lines) == 5
    for line in lines:
        assert build_parser().parse_args(line.split())
