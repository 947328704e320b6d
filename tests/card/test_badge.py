"""The badge says its few words, with alternative text and the commit."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from hubcheck.card import badge
from hubcheck.report.words import DeclarationVerdict
from tests.card.reports import cases


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("confirmed", "matches its card: acme/base-7b - abc1234"),
        ("undeclared", "base not declared"),
        ("contradicted", "differs from its card"),
        ("none-found", "no relation to 3 tested bases"),
        ("gated", "inconclusive"),
    ],
)
def test_words(name: str, words: str) -> None:
    """Each declaration verdict has its fixed words, in the endpoint and in the SVG."""
    report = cases()[name]
    assert badge.message(report) == words
    assert json.loads(badge.endpoint(report)) == {
        "schemaVersion": 1,
        "label": "lineage",
        "message": words,
        "color": badge.COLOURS[report.verdict].removeprefix("#"),
    }
    root = ET.fromstring(badge.svg(report))  # noqa: S314 - our own text
    alternative = words if words.endswith("abc1234") else f"{words} - abc1234"
    assert root.attrib["aria-label"] == f"lineage: {alternative}"
    assert root.attrib["role"] == "img"
    assert root.findtext("{http://www.w3.org/2000/svg}title") == f"lineage: {alternative}"


def test_svg_is_small_and_self_contained() -> None:
    """The SVG refers to nothing and stays under 2 kB."""
    for report in cases().values():
        svg = badge.svg(report)
        assert len(svg) < 2000
        assert "href" not in svg
        assert " id=" not in svg
        assert svg.count("http") == 1


@pytest.mark.parametrize("verdict", list(DeclarationVerdict))
def test_white_text_can_be_read(verdict: DeclarationVerdict) -> None:
    """White on each colour has a contrast of at least 4.5 to 1."""
    colour = badge.COLOURS[verdict]
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert 1.05 / (luminance + 0.05) >= 4.5
