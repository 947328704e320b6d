"""Tests of the picture made of pixels."""

from __future__ import annotations

import numpy as np
import pytest

from hubcheck.card.raster import Raster, corners, rgb
from tests.card.test_badge_png import decoded


def test_a_box_fills_its_pixels_and_no_other() -> None:
    """A rectangle covers whole pixels; what lies outside the picture is cut."""
    raster = Raster(10, 8, "#ffffff")
    raster.box(2, 3, 4, 2, "#102030")
    raster.box(8, 7, 50, 50, "#405060")
    image = decoded(raster.png())
    expected = np.full((8, 10, 3), 255, np.uint8)
    expected[3:5, 2:6] = rgb("#102030")
    expected[7:, 8:] = rgb("#405060")
    assert np.array_equal(image[..., :3], expected)
    assert (image[..., 3] == 255).all()


@pytest.mark.parametrize("words", ["Layer 7: 0.83 %", "W" * 40, "…"])
def test_text_leaves_ink_where_it_stands(words: str) -> None:
    """Letters are drawn on their line, also where they leave the picture."""
    raster = Raster(120, 30, "#ffffff")
    raster.text(words, 4, 20, 1.2, 0.6, "#000000")
    image = decoded(raster.png())[..., 0]
    assert image[8:22, 4:].min() < 120
    assert image[:4].min() == 255
    assert image[28:].min() == 255


def test_a_stroke_is_as_wide_as_it_is_told() -> None:
    """A level line of half width 2 covers four rows, and fades at its edge."""
    raster = Raster(40, 20, "#ffffff")
    raster.stroke(5, 10, 35, 10, 2, "#000000")
    image = decoded(raster.png())[..., 0]
    assert (image[8:12, 10:30] == 0).all()
    assert (image[:6] == 255).all()
    assert (image[14:] == 255).all()


def test_rounded_corners_are_clear() -> None:
    """Only the corners lose their cover; the edges between them keep it."""
    image = decoded(Raster(60, 40, "#123456").png(8))
    assert image[[0, 0, -1, -1], [0, -1, 0, -1], 3].tolist() == [0, 0, 0, 0]
    assert (image[0, 8:-8, 3] == 255).all()
    assert (image[8:-8, 0, 3] == 255).all()
    assert np.array_equal(corners((16, 16), 0), np.ones((16, 16)))
