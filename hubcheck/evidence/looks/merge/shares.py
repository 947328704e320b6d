"""What are the sum-to-one least-squares shares of several models in another, and how sure are they?

Pure arithmetic on sampled rows, float64. Weights sum to one, so the fit is over differences to one
of the models; which one changes nothing but rounding.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.refused import Refused, Why
from hubcheck.frozen import frozen

NORMAL_95: Final = 1.959964
SCALES: Final = (0.8, 1.6)
"""Sums of weights that a circle can make: 1 to 1.41 between models at a right angle."""
SINGULAR: Final = 1e-9
"""Relative size of the smallest eigenvalue below which two bases cannot be told apart."""


@frozen
class LayerShare:
    """One base's share in one layer (-1: the whole model), with its 95 % interval."""

    layer: int
    share: float
    low: float
    high: float


@frozen
class Block:
    """Rows of one matrix in all models."""

    layer: int
    weight: float
    """Rows that each sampled row stands for."""
    subject_ui: NDArray[np.float64]
    bases_kui: NDArray[np.float64]


@frozen
class LayerFit:
    """The fit of one layer."""

    layer: int
    shares: tuple[LayerShare, ...]
    """One per base."""
    covariance_kk: NDArray[np.float64]
    rest: float
    """Weighted squared remainder of the fit."""
    single_k: NDArray[np.float64]
    """Weighted squared distance to every single base."""


def student_95(freedom: int) -> float:
    """Return the two-sided 95 % quantile of Student's distribution (Cornish-Fisher, to 1e-3)."""
    n, z = max(1, freedom), NORMAL_95
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
    )


def fit_layers(blocks: Sequence[Block]) -> list[LayerFit] | Refused:
    """Fit every layer on its own.

    Args:
        blocks: Rows of all layers.

    Returns:
        One fit per layer, ascending; or that two of the bases are the same there.
    """
    fits = []
    for layer in sorted({b.layer for b in blocks}):
        fit = _fit([b for b in blocks if b.layer == layer], layer)
        if isinstance(fit, Refused):
            return fit
        fits.append(fit)
    return fits


def _fit(blocks: Sequence[Block], layer: int) -> LayerFit | Refused:
    n_bases = blocks[0].bases_kui.shape[0]
    single_k = np.array(
        [
            sum(b.weight * float(((b.subject_ui - b.bases_kui[k]) ** 2).sum()) for b in blocks)
            for k in range(n_bases)
        ]
    )
    anchor = int(np.argmin(single_k))
    others = [k for k in range(n_bases) if k != anchor]
    gram = np.zeros((n_bases - 1, n_bases - 1))
    right = np.zeros(n_bases - 1)
    for b in blocks:
        x_kui = b.bases_kui[others] - b.bases_kui[anchor]
        y_ui = b.subject_ui - b.bases_kui[anchor]
        gram += b.weight * np.einsum("kui,lui->kl", x_kui, x_kui)
        right += b.weight * np.einsum("kui,ui->k", x_kui, y_ui)
    scale = np.sqrt(np.diag(gram))
    if (scale == 0).any():
        return Refused(code=Why.LIKE_BASES)
    least = float(np.linalg.eigvalsh(gram / np.outer(scale, scale))[0])
    if least < SINGULAR:
        return Refused(code=Why.LIKE_BASES)
    inverse = np.linalg.inv(gram)
    beta_k = inverse @ right
    meat = np.zeros_like(gram)
    rest, n_rows = 0.0, 0
    for b in blocks:
        x_kui = b.bases_kui[others] - b.bases_kui[anchor]
        left_ui = b.subject_ui - b.bases_kui[anchor] - np.einsum("k,kui->ui", beta_k, x_kui)
        rest += b.weight * float((left_ui**2).sum())
        score_ku = b.weight * np.einsum("kui,ui->ku", x_kui, left_ui)
        # No correction for matrices read whole: the share meant is that of the merging rule, of
        # which all rows together are one draw.
        meat += score_ku @ score_ku.T
        n_rows += score_ku.shape[1]
    freedom = max(1, n_rows - (n_bases - 1))
    covariance = inverse @ meat @ inverse * n_rows / freedom
    full = np.zeros((n_bases, n_bases))
    full[np.ix_(others, others)] = covariance
    full[anchor, others] = full[others, anchor] = -covariance.sum(axis=1)
    full[anchor, anchor] = covariance.sum()
    shares = np.zeros(n_bases)
    shares[others] = beta_k
    shares[anchor] = 1.0 - beta_k.sum()
    reach = student_95(freedom) * np.sqrt(np.maximum(np.diag(full), 0.0))
    return LayerFit(
        layer=layer,
        shares=tuple(
            LayerShare(layer=layer, share=float(s), low=float(s - r), high=float(s + r))
            for s, r in zip(shares, reach, strict=True)
        ),
        covariance_kk=full,
        rest=rest,
        single_k=single_k,
    )


def rescaled(blocks: Sequence[Block]) -> list[Block]:
    """Return the blocks with the subject divided by the sum of its free weights, each on its own.

    On a great circle between two models the weights add up to more than one, by an amount that
    differs from matrix to matrix; divided by it, the subject lies on the straight line again.
    """
    found = []
    for b in blocks:
        x_kn = b.bases_kui.reshape(b.bases_kui.shape[0], -1)
        free_k, *_ = np.linalg.lstsq(x_kn @ x_kn.T, x_kn @ b.subject_ui.ravel(), rcond=None)
        scale = float(free_k.sum())
        usable = SCALES[0] <= scale <= SCALES[1]
        found.append(replace(b, subject_ui=b.subject_ui / scale) if usable else b)
    return found


def pool_layers(fits: Sequence[LayerFit]) -> LayerFit:
    """Return the mean of the layers' shares, each layer counted alike."""
    n = len(fits)
    covariance = np.sum([f.covariance_kk for f in fits], axis=0) / n**2
    means = np.mean([[s.share for s in f.shares] for f in fits], axis=0)
    reach = NORMAL_95 * np.sqrt(np.maximum(np.diag(covariance), 0.0))
    return LayerFit(
        layer=-1,
        shares=tuple(
            LayerShare(layer=-1, share=float(s), low=float(s - r), high=float(s + r))
            for s, r in zip(means, reach, strict=True)
        ),
        covariance_kk=covariance,
        rest=float(sum(f.rest for f in fits)),
        single_k=np.sum([f.single_k for f in fits], axis=0),
    )
