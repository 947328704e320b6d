"""The badge as a PNG is a valid image that shows the same words on any ground."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.card import badge, badge_png, raster
from hubcheck.card.strokes import GLYPHS, letter, line
from hubcheck.report.schema import Report
from tests.card.reports import cases

pytestmark = pytest.mark.slow


def decoded(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a PNG, checking every length and checksum on the way."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks: dict[bytes, bytes] = {}
    position = 8
    while position < len(data):
        (length,) = struct.unpack(">I", data[position : position + 4])
        kind = data[position + 4 : position + 8]
        body = data[position + 8 : position + 8 + length]
        (checksum,) = struct.unpack(">I", data[position + 8 + length : position + 12 + length])
        assert zlib.crc32(kind + body) == checksum
        chunks[kind] = body
        position += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, depth, colour, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert (depth, colour, rest) == (8, 6, [0, 0, 0])
    rows = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(height, 1 + 4 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 4)


def test_the_encoder_keeps_every_pixel() -> None:
    """What is encoded is what is decoded."""
    image = np.random.default_rng(3).integers(0, 256, (5, 7, 4), dtype=np.uint8)
    assert np.array_equal(decoded(raster.encode(image)), image)


@pytest.mark.parametrize("name", cases())
@pytest.mark.parametrize("stale", [False, True])
def test_colours_corners_and_ink(name: str, stale: bool) -> None:
    """Two grounds, transparent corners, and white letters on both sides."""
    report = cases()[name]
    image = decoded(badge_png.png(report, stale=stale))
    assert image.shape[0] == 2 * badge.HEIGHT
    assert image[[0, 0, -1, -1], [0, -1, 0, -1], 3].tolist() == [0, 0, 0, 0]
    assert (image[10:-10, :, 3] == 255).all()
    ground = bytes.fromhex(badge.colour(report, stale=stale)[1:])
    assert bytes(image[20, -3, :3]) == ground
    split = int(np.argmax((image[2, :, :3] == list(ground)).all(axis=1)))
    white = (image[..., :3] == 255).all(axis=2)
    for side in (white[:, :split], white[:, split:]):
        assert 0.03 < side.mean() < 0.3
    assert badge_png.png(report, stale=stale) == badge_png.png(report, stale=stale)


def test_it_is_small() -> None:
    """A badge costs a page less than a photograph's thumbnail."""
    assert all(len(badge_png.png(report)) < 12_000 for report in cases().values())


def test_a_long_name_is_cut_and_a_strange_letter_is_a_box() -> None:
    """Whatever a base is called, the badge stays one line of bounded width."""
    report = cases()["confirmed"]
    finding = report.findings[0]
    base = finding.base.model_copy(update={"ref": "模型/" + "w" * 5000})
    changed: Report = report.model_copy(
        update={"findings": (finding.model_copy(update={"base": base}),)}
    )
    assert decoded(badge_png.png(changed)).shape[1] < 2500
    assert letter("模") == letter("型")


@pytest.mark.parametrize("character", GLYPHS)
def test_every_letter_is_drawn_inside_its_box(character: str) -> None:
    """No letter reaches past its width or out of the badge, and no two look the same."""
    segments, width = letter(character)
    xs = [x for s in segments for x in (s.x0, s.x1)]
    ys = [y for s in segments for y in (s.y0, s.y1)]
    assert min(xs) == pytest.approx(0)
    assert max(xs) == pytest.approx(width)
    assert min(ys) >= -2.5
    assert max(ys) <= 8
    same = [other for other in GLYPHS if letter(other)[0] == segments]
    assert same in ([character], ["I", "l"], ["l", "I"])


def test_a_line_is_its_letters_side_by_side() -> None:
    """Widths add up, blanks included; an empty line is empty."""
    assert line("") == ([], 0.0)
    assert line("a a")[1] > line("aa")[1]
    assert len(line("ab")[0]) == len(letter("a")[0]) + len(letter("b")[0])


def test_every_character_of_our_own_words_has_a_letter() -> None:
    """The words of all badges, and what names on the Hub are made of, are drawn."""
    ours = {c for r in cases().values() for c in badge.message(r) + badge.message(r, stale=True)}
    names = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")
    assert (ours | names) - {" "} <= set(GLYPHS)
