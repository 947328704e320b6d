"""How does a model become a few hundred bytes that a copy of it shares and a stranger does not?

A sketch is made of *slots*. Each slot holds 512 sign bits of random measurements of one matrix
that a copy keeps. The matrices are chosen so that what leaves a model's function alone leaves them
alone, too:

- channel frame. For a matrix W [rows, channels] that reads the stream (the keys or values of one
  layer, gains folded in) the correlation of its columns, C = X^T X with X the rows of length one,
  standardised by column. Relabelled heads and V/O dimensions permute rows: C stays. So does a new
  vocabulary.
- token frame. The same for T = W F^T, with F the whitened embedding rows of anchor tokens, found
  by their text. Rotating, relabelling, rescaling or widening the stream turns W and F alike: T
  stays. Values are made orthonormal head by head first (V and O of a head may be mixed by any
  invertible matrix), keys are scaled plane by plane (their rotary planes may be turned and scaled).
- embedding. The standardised anchor rows themselves, [tokens, channels].

A measurement of C is u^T C v with u and v vectors of fair signs that are fixed for ever by the
text of a token or the number of a channel, the diagonal left out (it is 1 in every model). It costs
two products with X and never forms C.

Null. For two models whose C and C' are independent and have no common mean, the measurements y and
y' are independent, each symmetric about 0 over the draw of u and v, so two bits agree with
probability one half, and over K bits in n slots

    z = (2 * agreements - K) / sqrt(K)        summed over slots and divided by sqrt(n)

has mean 0 and variance 1 where bits are independent. Trained models are not quite that: what all
models of a text learn alike gives C and C' a small common part, and bits of one matrix are not
independent. So z is no evidence: it ranks, its null is measured (``catalogue.calibration``), and
what it proposes is put to an exact test which pays for the number of models that were looked at.

For jointly normal measurements of correlation r two bits agree with probability 1 - arccos(r)/pi
(Goemans and Williamson, J. ACM 42, 1995), which is how a kept share becomes a z.

Legend: r rows, c channels, t anchor tokens, k measurements.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.profiles import FloatArray
from hubcheck.statistics.whitening import whitened_frame

VERSION: Final = 2
"""Of what is measured and of what is read for it. Sketches of other versions are never compared. 2:
fewer anchors, those that lie close together in learned vocabularies."""
BITS: Final = 512
"""A slot: chance agreement of 50 % then has a standard deviation of 2.2 %."""
SLOT_BYTES: Final = BITS // 8
LEAST_TOKENS: Final = 64
"""Anchors below which there is no token frame: the whitened rows of few tokens say little."""
TINY: Final = 1e-12

Measured = NDArray[np.float64]
"""[k] measurements of one matrix; their signs are a slot."""


@lru_cache(maxsize=8)
def _drawn(tag: str, count: int) -> NDArray[np.float32]:
    rows = np.empty((count, BITS), dtype=np.float32)
    for i in range(count):
        drawn = hashlib.shake_128(f"{tag}|{i}".encode()).digest(SLOT_BYTES)
        bits = np.unpackbits(np.frombuffer(drawn, dtype=np.uint8))
        rows[i] = bits.astype(np.float32) * 2.0 - 1.0
    rows.setflags(write=False)
    return rows


def signs(tag: str, count: int) -> NDArray[np.float32]:
    """Return fair signs [count, k]; row i depends on the tag and i alone, for ever."""
    room = 1 << max(8, (count - 1).bit_length())
    return _drawn(tag, room)[:count]


def _unit_columns(x_rn: FloatArray) -> NDArray[np.float32]:
    """Return the columns scaled to length one; a column of nothing stays nothing."""
    length_n = np.sqrt(np.einsum("rn,rn->n", x_rn, x_rn, dtype=np.float64))
    scale_n = np.where(length_n > TINY, 1.0 / np.maximum(length_n, TINY), 0.0)
    return np.asarray(x_rn * scale_n, dtype=np.float32)


def _gram_measured(x_rn: FloatArray, tag: str) -> Measured:
    """Return u^T C v for the correlation C of the columns of X, its diagonal left out."""
    unit_rn = _unit_columns(x_rn)
    count = unit_rn.shape[1]
    u_nk, v_nk = signs(f"{tag}-u", count), signs(f"{tag}-v", count)
    whole_k = np.einsum("rk,rk->k", unit_rn @ u_nk, unit_rn @ v_nk, dtype=np.float64)
    there_n = np.asarray(unit_rn.any(axis=0), dtype=np.float32)
    diagonal_k = (u_nk * v_nk).T @ there_n
    return np.asarray(whole_k - diagonal_k, dtype=np.float64)


def channels_measured(w_rc: FloatArray) -> Measured:
    """Return the channel frame of a matrix that reads the stream."""
    length_r = np.linalg.norm(w_rc, axis=1, keepdims=True)
    x_rc = w_rc / (length_r + TINY)
    x_rc = x_rc / (x_rc.std(axis=0) + TINY)
    return _gram_measured(x_rc - x_rc.mean(axis=0), "channel")


def tokens_measured(w_rc: FloatArray, frame_tc: FloatArray) -> Measured:
    """Return the token frame of a matrix, its heads made ready by ``orthonormal`` or ``planes``.

    Args:
        w_rc: The matrix.
        frame_tc: From ``anchor_frame``; rows of absent anchors are zero.
    """
    return _gram_measured(w_rc @ frame_tc.T, "token")


def anchors_measured(rows_tc: FloatArray, have_t: NDArray[np.bool_]) -> Measured:
    """Return the embedding slot: standardised anchor rows, absent ones zero."""
    z_tc = np.zeros(rows_tc.shape, dtype=np.float32)
    centred = rows_tc[have_t] - rows_tc[have_t].mean(axis=0)
    z_tc[have_t] = centred / (centred.std(axis=0) + TINY)
    n_tokens, n_channels = rows_tc.shape
    u_tk, v_ck = signs("token-u", n_tokens), signs("channel-v", n_channels)
    return np.asarray(np.einsum("ck,ck->k", z_tc.T @ u_tk, v_ck), dtype=np.float64)


def anchor_frame(rows_tc: FloatArray, have_t: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the whitened embedding rows of the anchors, absent ones zero."""
    frame_tc = np.zeros(rows_tc.shape, dtype=np.float32)
    frame_tc[have_t] = whitened_frame(rows_tc[have_t])
    return frame_tc


def orthonormal(w_rc: FloatArray, head: int) -> NDArray[np.float32]:
    """Return rows that span what each head's rows span: V of a head up to any mixing.

    Args:
        w_rc: Values, head after head.
        head: Rows of a head; the whole matrix is one head where it does not divide the rows.
    """
    return np.concatenate([_spanning(part) for part in _heads(w_rc, head)])


def _spanning(part_rc: FloatArray) -> NDArray[np.float32]:
    """Return an orthonormal basis of the rows, by the Gram matrix of the smaller side."""
    gram_rr = part_rc.astype(np.float64) @ part_rc.T.astype(np.float64)
    values, vectors = np.linalg.eigh(gram_rr)
    # 1e-3 of the largest singular value: what lies below is the rounding of storage.
    good = values > 1e-6 * max(float(values[-1]), TINY)
    mixing = vectors[:, good].T / np.sqrt(values[good])[:, None]
    return np.asarray(mixing @ part_rc, dtype=np.float32)


def planes(w_rc: FloatArray, head: int) -> NDArray[np.float32]:
    """Return keys scaled to length one by rotary plane (rows i and i + half of a head).

    Args:
        w_rc: Keys, head after head.
        head: Rows of a head; rows are scaled one by one where it is odd or does not divide them.
    """
    parts = _heads(w_rc, head)
    if head < 2 or head % 2 or len(parts) * head != w_rc.shape[0]:  # noqa: PLR2004 - a plane has two
        return _unit_columns(w_rc.T).T
    scaled = []
    for part in parts:
        first, second = part[: head // 2], part[head // 2 :]
        length = np.sqrt((first**2).sum(axis=1) + (second**2).sum(axis=1))[:, None] + TINY
        scaled += [first / length, second / length]
    return np.asarray(np.concatenate(scaled), dtype=np.float32)


def _heads(w_rc: FloatArray, head: int) -> list[FloatArray]:
    rows = w_rc.shape[0]
    if head < 1 or rows % head:
        return [w_rc]
    return [w_rc[start : start + head] for start in range(0, rows, head)]


def packed(measured_k: Measured) -> bytes:
    """Return the signs of measurements, eight a byte."""
    return np.packbits(measured_k > 0).tobytes()
