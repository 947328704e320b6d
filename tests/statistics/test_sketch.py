"""Does a sketch stay where a model's function stays, and is it chance between strangers?"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hubcheck.statistics.sketch import (
    BITS,
    anchor_frame,
    anchors_measured,
    channels_measured,
    orthonormal,
    packed,
    planes,
    signs,
    tokens_measured,
)
from hubcheck.statistics.sketch_scan import differing, frame_z, slot_z

Matrix = NDArray[np.float32]
HEAD = 8
RNG = np.random.default_rng(20)
KEYS: Matrix = RNG.normal(size=(4 * HEAD, 96)).astype(np.float32)
ANCHORS: Matrix = RNG.normal(size=(80, 96)).astype(np.float32)
HAVE = np.ones(80, dtype=bool)


def turned(size: int, seed: int) -> Matrix:
    """Return a rotation."""
    drawn = np.random.default_rng(seed).normal(size=(size, size))
    return np.linalg.qr(drawn)[0].astype(np.float32)


def same_share(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Return the share of equal bits."""
    return float(((a > 0) == (b > 0)).mean())


def test_signs_are_fixed_for_ever() -> None:
    """Row i depends on the tag and i alone, whatever was asked for before: version 1."""
    assert (signs("channel-u", 3) == signs("channel-u", 5000)[:3]).all()
    assert abs(signs("token-v", 512).mean()) < 0.01
    first = np.packbits(signs("channel-u", 1)[0] > 0)[:6].tobytes().hex()
    assert first == "c92eed988854"


def test_the_order_of_heads_and_rows_is_nothing_to_the_channel_frame() -> None:
    """Rows permuted, scaled or turned as a whole leave the correlation of columns."""
    order = RNG.permutation(len(KEYS))
    scaled = KEYS[order] * RNG.uniform(0.5, 2.0, size=(len(KEYS), 1)).astype(np.float32)
    assert same_share(channels_measured(KEYS), channels_measured(scaled)) == 1.0


def test_turning_the_stream_is_nothing_to_the_token_frame() -> None:
    """Rotation, relabelling and a wider stream turn keys and embeddings alike."""
    own = tokens_measured(KEYS, anchor_frame(ANCHORS, HAVE))
    rotation = turned(96, 1)
    again = tokens_measured(KEYS @ rotation, anchor_frame(ANCHORS @ rotation, HAVE))
    wider = turned(128, 2)[:96]
    widened = tokens_measured(KEYS @ wider, anchor_frame(ANCHORS @ wider, HAVE))
    assert same_share(own, again) > 0.99
    assert same_share(own, widened) > 0.99
    assert same_share(own, tokens_measured(KEYS @ rotation, anchor_frame(ANCHORS, HAVE))) < 0.6


def test_mixed_values_span_what_they_spanned() -> None:
    """V of a head may be mixed by any invertible matrix; its rows span the same space."""
    frame = anchor_frame(ANCHORS, HAVE)
    mixed = np.concatenate(
        [
            RNG.normal(size=(HEAD, HEAD)).astype(np.float32) @ KEYS[i : i + HEAD]
            for i in range(0, len(KEYS), HEAD)
        ]
    )
    ready = (orthonormal(KEYS, HEAD), orthonormal(mixed, HEAD))
    assert same_share(*(tokens_measured(r, frame) for r in ready)) > 0.99
    assert same_share(*(tokens_measured(r, frame) for r in (KEYS, mixed))) < 0.9


def test_turned_planes_are_the_planes() -> None:
    """Rows i and i + half of a head may be turned and scaled together (rotary planes)."""
    frame = anchor_frame(ANCHORS, HAVE)
    moved = KEYS.copy()
    for head in range(0, len(KEYS), HEAD):
        for i in range(HEAD // 2):
            a, b = head + i, head + i + HEAD // 2
            angle, scale = RNG.uniform(0, 6), RNG.uniform(0.5, 2)
            c, s = scale * np.cos(angle), scale * np.sin(angle)
            moved[[a, b]] = np.array([[c, -s], [s, c]], dtype=np.float32) @ KEYS[[a, b]]
    ready = (planes(KEYS, HEAD), planes(moved, HEAD))
    assert same_share(*(tokens_measured(r, frame) for r in ready)) > 0.99


@pytest.mark.parametrize("head", [0, 5, 7])
def test_heads_that_do_not_fit_are_one_piece(head: int) -> None:
    """An unknown or odd head size still gives a finite sketch."""
    for ready in (planes(KEYS, head), orthonormal(KEYS, head)):
        assert np.isfinite(ready).all()


def test_absent_anchors_and_dead_channels_are_finite() -> None:
    """Nothing divides by nothing."""
    have = HAVE.copy()
    have[::3] = False
    rows = np.where(have[:, None], ANCHORS, 0).astype(np.float32)
    rows[:, 5] = 0
    keys = KEYS.copy()
    keys[:, 7] = 0
    keys[3] = 0
    frame = anchor_frame(rows, have)
    for found in (
        anchors_measured(rows, have),
        channels_measured(keys),
        tokens_measured(orthonormal(keys, HEAD), frame),
    ):
        assert np.isfinite(found).all()
        assert len(packed(found)) == BITS // 8


def test_strangers_agree_by_chance() -> None:
    """Between matrices drawn apart z has mean 0 and a width of about 1."""
    rng = np.random.default_rng(3)
    bits = np.stack(
        [
            np.frombuffer(packed(channels_measured(rng.normal(size=(24, 64)))), dtype=np.uint8)
            for _ in range(60)
        ]
    )
    z = np.concatenate(
        [slot_z(bits[i], bits[i + 1 :], np.ones(59 - i, dtype=bool)) for i in range(59)]
    )
    assert abs(z.mean()) < 0.15
    assert 0.8 < z.std() < 1.25


def test_differing_bits_are_counted_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    """XOR and count, chunk after chunk, with NumPy 2's instruction and without."""
    rng = np.random.default_rng(4)
    table = rng.integers(0, 256, size=(300, 64), dtype=np.uint8)
    expected = np.unpackbits(table ^ table[7], axis=1).sum(axis=1)
    monkeypatch.setattr("hubcheck.statistics.sketch_scan.CHUNK", 128)
    assert (differing(table[7], table) == expected).all()
    monkeypatch.delattr(np, "bitwise_count", raising=False)
    assert (differing(table[7], table) == expected).all()


def test_slots_together_are_a_sum_over_the_root_of_their_number() -> None:
    """A slot that one of the two lacks counts for nothing."""
    z = [np.array([3.0, 3.0], np.float32), np.array([5.0, 0.0], np.float32)]
    both = [np.array([True, True]), np.array([True, False])]
    assert frame_z(z, both) == pytest.approx([8 / 2**0.5, 3.0])
