"""Does the token frame see through every change of the residual stream, and through no more?"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from hubcheck.statistics.hits import count_hits
from hubcheck.statistics.profiles import cosine_matrix, profile
from hubcheck.statistics.whitening import whitened_frame
from tests.statistics.nulls import Array

CHANNELS = 48
UNITS = 40
TOKENS = (20, 48, 300)  # fewer than, as many as, and more than the channels


def embedding(seed: int, tokens: int, channels: int = CHANNELS) -> Array:
    """Return an embedding whose singular values fall fast, as trained ones do."""
    rng = np.random.default_rng(seed)
    fall = np.exp(-np.arange(channels) / 6)
    turn = np.linalg.qr(rng.standard_normal((channels, channels)))[0]
    return np.asarray((rng.standard_normal((tokens, channels)) * fall) @ turn)


def seen(embedding_td: Array, rows_ud: Array) -> Array:
    """Return the rows through the tokens, up to one common factor."""
    frame_td = whitened_frame(embedding_td.astype(np.float32)).astype(np.float64)
    through = rows_ud @ frame_td.T
    return np.asarray(through / np.abs(through).max())


def rotation(rng: np.random.Generator) -> Array:
    """Return a random orthogonal matrix."""
    return np.asarray(np.linalg.qr(rng.standard_normal((CHANNELS, CHANNELS)))[0])


def permutation(rng: np.random.Generator) -> Array:
    """Return a random permutation matrix."""
    return np.asarray(np.eye(CHANNELS)[rng.permutation(CHANNELS)])


def signs(rng: np.random.Generator) -> Array:
    """Return a random diagonal of signs."""
    return np.diag(np.where(rng.random(CHANNELS) < 0.5, -1.0, 1.0))


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("turn", [rotation, permutation, signs])
def test_a_turned_stream_looks_the_same(
    turn: Callable[[np.random.Generator], Array], tokens: int
) -> None:
    """E R seen by W R equals E seen by W for every orthogonal R."""
    rng = np.random.default_rng(tokens)
    e, w, r = embedding(1, tokens), rng.standard_normal((UNITS, CHANNELS)), turn(rng)
    np.testing.assert_allclose(seen(e @ r, w @ r), seen(e, w), atol=1e-4)


@pytest.mark.parametrize("tokens", TOKENS)
@pytest.mark.parametrize("scale", [1e-12, 1e-3, -2.0, 1e12])
def test_a_rescaled_stream_looks_the_same(scale: float, tokens: int) -> None:
    """Embeddings times c and rows divided by c leave every profile."""
    e, w = embedding(2, tokens), np.random.default_rng(2).standard_normal((UNITS, CHANNELS))
    np.testing.assert_allclose(profile(seen(e * scale, w / scale)), profile(seen(e, w)), atol=1e-4)


@pytest.mark.parametrize("tokens", TOKENS)
def test_a_vector_added_to_all_tokens_changes_nothing(tokens: int) -> None:
    """A vector common to all rows changes no softmax and no frame."""
    rng = np.random.default_rng(3)
    e, w = embedding(3, tokens), rng.standard_normal((UNITS, CHANNELS))
    moved = e + 5 * rng.standard_normal(CHANNELS)
    np.testing.assert_allclose(seen(moved, w), seen(e, w), atol=1e-4)


def test_only_the_order_of_the_tokens_matters_to_the_frame() -> None:
    """Reordered tokens reorder the frame's rows and nothing else."""
    e, order = embedding(4, 60).astype(np.float32), np.random.default_rng(4).permutation(60)
    np.testing.assert_allclose(whitened_frame(e[order]), whitened_frame(e)[order], atol=1e-5)


def test_another_hidden_size_looks_the_same() -> None:
    """Channels that are zero in embedding and rows may be added: the widths need not agree."""
    e, w = embedding(5, 200), np.random.default_rng(5).standard_normal((UNITS, CHANNELS))
    wide_e = np.concatenate([e, np.zeros((200, 16))], axis=1)
    wide_w = np.concatenate([w, np.ones((UNITS, 16))], axis=1)
    np.testing.assert_allclose(seen(wide_e, wide_w), seen(e, w), atol=1e-4)


def test_whitening_restores_hits() -> None:
    """Where embeddings fall off fast, a far copy hits through the whitened frame, not the plain."""
    rng = np.random.default_rng(6)
    e = embedding(6, 300) * 1.0
    w = rng.standard_normal((UNITS, CHANNELS))
    copy = w + 0.6 * rng.standard_normal(w.shape)

    def hits(frame_td: Array) -> int:
        return count_hits(cosine_matrix(profile(w @ frame_td.T), profile(copy @ frame_td.T))).hits

    whitened = hits(whitened_frame(e.astype(np.float32)).astype(np.float64))
    plain = hits(e - e.mean(axis=0))
    assert whitened >= 36
    assert plain <= whitened - 8


def test_strangers_stay_strangers() -> None:
    """Unrelated rows through one common frame hit about once: the frame carries no order."""
    rng = np.random.default_rng(7)
    e, found = embedding(7, 120), []
    for _ in range(300):
        a, b = rng.standard_normal((2, 24, CHANNELS))
        found.append(count_hits(cosine_matrix(profile(seen(e, a)), profile(seen(e, b)))).hits)
    assert np.mean(found) == pytest.approx(1, abs=0.3)
    assert max(found) < 8


@pytest.mark.parametrize("shape", [(0, 5), (0, 0), (4, 0), (1, 5), (2, 5), (5, 1)])
def test_few_tokens_and_channels(shape: tuple[int, int]) -> None:
    """No token and one token give zeros, a few give finite numbers; nothing warns."""
    e = np.random.default_rng(8).standard_normal(shape).astype(np.float32)
    frame = whitened_frame(e)
    assert frame.shape == shape
    assert frame.dtype == np.float32
    assert np.isfinite(frame).all()
    assert frame.any() == (min(shape) > 0 and shape[0] > 1)


@pytest.mark.parametrize("value", [0.0, 0.1, -3e30])
def test_tokens_that_are_all_alike_show_nothing(value: float) -> None:
    """Equal rows of any value leave nothing after centring: zeros, not amplified rounding."""
    assert not whitened_frame(np.full((77, 9), value, dtype=np.float32)).any()


@pytest.mark.parametrize("scale", [1e-36, 1e-20, 1.0, 1e20, 1e36])
def test_the_frame_is_finite_and_free_of_scale(scale: float) -> None:
    """Embeddings at the ends of what float32 can hold give the same finite frame."""
    e = embedding(9, 80).astype(np.float32)
    frame = whitened_frame((e * np.float32(scale)).astype(np.float32))
    np.testing.assert_allclose(frame, whitened_frame(e), atol=1e-4)


@pytest.mark.parametrize("shape", [(90, 30), (20, 30)])
def test_directions_above_the_ridge_weigh_alike_and_noise_stays_small(
    shape: tuple[int, int],
) -> None:
    """Singular values become s / (s + 0.05 s_max): near 1 above the ridge, small far below it."""
    rng = np.random.default_rng(10)
    drawn = rng.standard_normal((shape[0], 4))
    left = np.linalg.qr(drawn - drawn.mean(axis=0))[0]  # columns stay centred over tokens
    values = np.array([1.0, 0.5, 0.05, 0.0005])
    frame = whitened_frame(((left * values) @ np.eye(4, shape[1])).astype(np.float32))
    got = np.linalg.svd(frame.astype(np.float64), compute_uv=False)[:4]
    np.testing.assert_allclose(got, values / (values + 0.05), rtol=1e-3)


def test_fewer_and_more_tokens_than_channels_give_one_frame() -> None:
    """Empty channels that outnumber the tokens change the way of computing, not the frame."""
    e = embedding(11, 60).astype(np.float32)
    wide = whitened_frame(np.pad(e, ((0, 0), (0, 40))))
    np.testing.assert_allclose(wide[:, :CHANNELS], whitened_frame(e), atol=1e-5)
    assert np.abs(wide[:, CHANNELS:]).max() < 1e-6
