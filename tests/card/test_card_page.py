"""The page about cards shows what the program draws."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from hubcheck.card import change_section, heat_svg, origin_section, section
from hubcheck.card.heat_strip import strip
from hubcheck.report.words import Depth
from tests.card.deep_reports import fine_tune, upscaled

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = (DOCS / "card.md").read_text(encoding="utf-8")


def test_the_picture_is_the_real_one() -> None:
    """The heat map on the page is what the program draws of the example of the tests."""
    path = DOCS / "heat-map.svg"
    drawn = heat_svg.svg(fine_tune())
    if os.environ.get("HUBCHECK_UPDATE_GOLDEN") == "1":
        path.write_text(drawn, encoding="utf-8", newline="\n")
    assert path.read_text(encoding="utf-8") == drawn


def test_the_strip_is_the_real_one() -> None:
    """The lines of the strip on the page come from the same example."""
    block = strip(fine_tune().findings[0])
    assert block is not None
    lines = ["".join(s.shown().ljust(s.width) for s in line).rstrip() for line in block.lines]
    assert "\n".join(("```text", *lines[:3], "```")) in PAGE


def test_sections_and_files_are_named_as_they_are() -> None:
    """Headings, files and depths on the page are those of the program."""
    assert change_section.SUMMARY in PAGE
    assert origin_section.layer_line(upscaled().findings[0]) in PAGE
    assert all(f"`{depth.value}`" in PAGE for depth in (Depth.SAMPLE, Depth.DEEP, Depth.FULL))
    assert section.HEAT_MAP_FILE in (DOCS / "hub.md").read_text(encoding="utf-8")
