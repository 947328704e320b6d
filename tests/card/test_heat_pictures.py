"""Tests of the drawn heat map: palette, SVG, PNG and the strip of characters."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.card import heat_grid, heat_png, heat_svg
from hubcheck.card.heat_layout import layout
from hubcheck.card.heat_shapes import DARK, LIGHT, RAMP, Box
from hubcheck.card.heat_strip import strip
from hubcheck.report.schema import Report
from hubcheck.report.words import DeclarationVerdict
from tests.card import deep_reports, reports
from tests.card.deep_reports import change
from tests.card.test_badge_png import decoded

SEEN_BY = {
    "all": np.eye(3),
    # Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB.
    "no red": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                        [-0.003882, -0.048116, 1.051998]]),
    "no green": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                          [-0.011820, 0.042940, 0.968881]]),
    "no blue": np.array([[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                         [0.004733, 0.691367, 0.303900]]),
}  # fmt: skip


def oklab(colour: str, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a colour in OKLab (Ottosson 2020), as it is seen through ``matrix``."""
    rgb = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(matrix @ linear, 0, 1)
    to_lms = np.array([[0.4122214708, 0.5363325363, 0.0514459929],
                       [0.2119034982, 0.6806995451, 0.1073969566],
                       [0.0883024619, 0.2817188376, 0.6299787005]])  # fmt: skip
    to_lab = np.array([[0.2104542553, 0.7936177850, -0.0040720468],
                       [1.9779984951, -2.4285922050, 0.4505937099],
                       [0.0259040371, 0.7827717662, -0.8086757660]])  # fmt: skip
    lab: NDArray[np.float64] = to_lab @ np.cbrt(to_lms @ linear)
    return lab


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_the_colours_keep_their_order_for_everyone(eyes: str) -> None:
    """Each step is darker than the one before, and two steps are told apart, by all eyes."""
    lab = [oklab(colour, SEEN_BY[eyes]) for colour in RAMP]
    lightness = [one[0] for one in lab]
    assert all(a - b > 0.02 for a, b in pairwise(lightness))
    assert lightness[0] - lightness[-1] > 0.55
    assert all(np.linalg.norm(a - b) > 0.035 for a, b in pairwise(lab))


@pytest.mark.parametrize("palette", [LIGHT, DARK])
def test_text_is_read_on_its_paper(palette: dict[str, str]) -> None:
    """Names and numbers have a contrast of at least 4.5 to 1."""

    def luminance(colour: str) -> float:
        rgb = np.frombuffer(bytes.fromhex(colour[1:]), np.uint8) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    for name in ("ink", "soft"):
        pair = sorted((luminance(palette[name]), luminance(palette["paper"])))
        assert (pair[1] + 0.05) / (pair[0] + 0.05) >= 4.5


@pytest.mark.parametrize("name", ["fine-tune-full", "upscaled"])
@pytest.mark.parametrize("told", [False, True])
def test_nothing_leaves_the_picture(name: str, told: bool) -> None:
    """Every box and every word of ours stands inside the frame; cells do not overlap."""
    ((_, grid),) = heat_grid.mapped(deep_reports.deep_cases()[name])
    of = layout(grid, "How far the weights moved from acme/base-7b", told=told)
    shapes = [*of.frame, *(s for c in of.columns for cell in c for s in cell)]
    for shape in shapes:
        if isinstance(shape, Box):
            assert shape.x >= 0
            assert shape.x + shape.width <= of.width
            assert shape.y >= 0
            assert shape.y + shape.height <= of.height
    boxes = {(s.x, s.y) for c in of.columns for cell in c for s in cell[:1] if isinstance(s, Box)}
    assert len(boxes) == sum(c is not None for row in grid.rows for c in row.cells)


def test_the_file_stands_alone() -> None:
    """The SVG holds its style for light and dark, asks for nothing and is the same every time."""
    report = deep_reports.fine_tune()
    text = heat_svg.svg(report)
    assert text == heat_svg.svg(report)
    assert "prefers-color-scheme:dark" in text
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|url\(|@import|<script", text)
    root = ET.fromstring(text)  # noqa: S314 - our own text, parsed to check it
    layers = [e for e in root.iter() if e.get("class") == "layer"]
    assert len(layers) == 32
    assert [e.get("tabindex") for e in layers] == ["0"] * 32
    label = layers[31].get("aria-label") or ""
    assert label.startswith("layer 31: norm, attention in 0.")
    assert label.endswith("MLP gate replaced, MLP up replaced, MLP down replaced")


def test_every_cell_tells_its_numbers() -> None:
    """For each cell there are the two lines that pointing at it shows."""
    report = deep_reports.upscaled()
    ((finding, grid),) = heat_grid.mapped(report)
    root = ET.fromstring(heat_svg.element(finding, grid))  # noqa: S314 - the same
    ones = [e for e in root.iter() if e.get("class") == "one"]
    said = [[t.text for t in e.iter() if t.tag.endswith("text")] for e in ones]
    assert said == [
        [line for line in heat_grid.told(row.role.name, column, row.cells[i], grid) if line]
        for i, column in enumerate(grid.columns)
        for row in grid.rows
    ]
    assert any("(from base layer 8)" in lines[0] for lines in said if lines[0])


def test_layers_from_elsewhere_are_bracketed() -> None:
    """One bracket over each stretch, with the base layers; none where all stand in their place."""
    text = heat_svg.svg(deep_reports.upscaled())
    assert text.count(">8-15<") == 1
    assert "from base layer<" in text
    assert "from base layer<" not in heat_svg.svg(deep_reports.fine_tune())


@pytest.mark.parametrize("dark", [False, True])
def test_the_png_shows_the_same_cells(dark: bool) -> None:
    """At the middle of each cell is its colour; the corners are clear, the ground is the paper."""
    report = deep_reports.upscaled()
    data = heat_png.png(report, dark=dark)
    assert data == heat_png.png(report, dark=dark)
    image = decoded(data)
    palette = DARK if dark else LIGHT
    ((finding, grid),) = heat_grid.mapped(report)
    of = layout(grid, heat_svg.heading(finding), told=False)
    assert image.shape[:2] == (of.height * 2, of.width * 2)
    assert image[[0, 0, -1, -1], [0, -1, 0, -1], 3].tolist() == [0, 0, 0, 0]
    assert bytes(image[of.height * 2 - 8, 100, :3]) == bytes.fromhex(palette["paper"][1:])
    for i, left in enumerate(of.lefts):
        for row, top in zip(grid.rows, of.rows, strict=True):
            cell = row.cells[i]
            assert cell is not None
            pixel = image[round(2 * (top + 9)), round(2 * (left + of.cell / 2)), :3]
            assert bytes(pixel) == bytes.fromhex(palette[f"h{cell.step}"][1:])


def test_the_png_is_small() -> None:
    """A map of a deep model costs a page less than a photograph."""
    deep = reports.report(
        DeclarationVerdict.UNDECLARED, reports.matching(changes=deep_reports.tuned(96))
    )
    assert len(heat_png.png(deep)) < 150_000


def test_nothing_to_draw() -> None:
    """Without a map there is no picture and no strip."""
    report = deep_reports.twin()
    assert heat_svg.svg(report) == ""
    assert heat_png.png(report) == b""
    assert strip(reports.matching()) is None


def lines(report: Report) -> list[str]:
    """Return the strip of a report's first finding as text."""
    block = strip(report.findings[0])
    assert block is not None
    return ["".join(s.shown().ljust(s.width) for s in line).rstrip() for line in block.lines]


def test_the_strip_shows_each_kind_of_cell() -> None:
    """Equal bits, heights by size, replaced, not compared, and layers from elsewhere."""
    assert lines(deep_reports.small()) == [
        "layers      0 to 2",
        "norms       \u2581\u00b7\u00b7",
        "q           =\u2585\u2588",
        "down        \u2587\u00b7\u2583",
        "moved         ^",
        "embedding               \u2582 0.04 %",
        "",
        "= unchanged, every bit  \u2581 under 0.03 %          \u2584 under 1 % of its size",
        "\u2586 under 10 %            \u2588 replaced              \u00b7 not compared",
        "x no counterpart",
        "^ from a base layer of another number",
    ]


@pytest.mark.parametrize("depth", [1, 64, 65, 126, 400])
def test_the_strip_fits_eighty_columns(depth: int) -> None:
    """However deep the model is, no line is longer than eighty characters."""
    cells = [change(role, i, 0.01) for i in range(depth) for role in ("q", "mla.kv_a", "x" * 90)]
    finding = reports.matching(changes=(*cells, change("y" * 90, -1, 0.1)))
    shown = lines(reports.report(DeclarationVerdict.UNDECLARED, finding))
    assert max(map(len, shown)) <= 80
    assert ("to a column" in shown[0]) is (depth > 64)
