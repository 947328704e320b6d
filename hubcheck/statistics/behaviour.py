"""How alike do two models answer, and how alike do they see?

Context, not evidence: no null stands behind these numbers. Models trained apart on the same world
agree, too; what a number means is read beside the same number of known pairs
(``behaviour.known``). Legend: n positions, v tokens of the vocabulary, d and e features.

Likeness of states is linear CKA by the unbiased estimator of HSIC (Song et al., JMLR 13, 2012, eq.
4; Kornblith et al., ICML 2019 for CKA): the plain one is near 1 wherever features are more than
positions. Unbiased, it is about 0 for states that have nothing in common, or a little below.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.frozen import frozen

FEWEST: Final = 4
"""Positions below which the unbiased estimator does not exist."""
LN2: Final = float(np.log(2.0))


@frozen
class Answers:
    """How alike two models answer at n positions."""

    positions: int
    agreement: float
    """Share of positions at which both name the same next token."""
    kl: float
    """Mean divergence of the subject's answer from the base's, in nats: 0 where they are equal."""
    js: float
    """Mean Jensen-Shannon divergence, in bits: 0 where they are equal, at most 1."""


def log_softmax(scores_nv: NDArray[Any]) -> NDArray[np.float64]:
    """Return log probabilities, [n, v]."""
    shifted = scores_nv.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    normalised: NDArray[np.float64] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return normalised


def answers_of(base_nv: NDArray[Any], subject_nv: NDArray[Any]) -> Answers:
    """Return how alike two models answer, given their scores of the same tokens.

    Args:
        base_nv: Scores before the softmax; finite, at least one position.
        subject_nv: The subject's, of the same tokens at the same positions.
    """
    agreeing = kl = js = 0.0
    for one, other in zip(base_nv, subject_nv, strict=True):  # a vocabulary at a time is enough
        p, q = log_softmax(one[None])[0], log_softmax(other[None])[0]
        agreeing += float(p.argmax() == q.argmax())
        middle = np.logaddexp(p, q) - LN2
        kl += float(np.exp(p) @ (p - q))
        js += float(np.exp(p) @ (p - middle) + np.exp(q) @ (q - middle)) / 2 / LN2
    n = len(base_nv)
    return Answers(positions=n, agreement=agreeing / n, kl=max(0.0, kl / n), js=max(0.0, js / n))


def linear_cka(x_nd: NDArray[Any], y_ne: NDArray[Any]) -> float:
    """Return unbiased linear CKA of two sets of states at the same n positions.

    Returns:
        At most 1; 0 where either has no variation, or there are fewer than ``FEWEST`` positions.
    """
    if x_nd.shape[0] < FEWEST:
        return 0.0
    k, m = _kernel(x_nd), _kernel(y_ne)
    scale = _hsic(k, k) * _hsic(m, m)
    return min(1.0, _hsic(k, m) / float(np.sqrt(scale))) if scale > 0 else 0.0


def _kernel(x_nd: NDArray[Any]) -> NDArray[np.float64]:
    """Return inner products without the diagonal, of states centred and of overall size one."""
    x = x_nd.astype(np.float64)
    x -= x.mean(axis=0)
    size = float(np.abs(x).max()) or 1.0
    kernel: NDArray[np.float64] = (x / size) @ (x / size).T
    np.fill_diagonal(kernel, 0.0)
    return kernel


def _hsic(k: NDArray[np.float64], m: NDArray[np.float64]) -> float:
    """Return the unbiased estimate of HSIC; both with an empty diagonal."""
    n = k.shape[0]
    within = float((k * m).sum())
    means = float(k.sum()) * float(m.sum()) / ((n - 1) * (n - 2))
    crossed = float(k.sum(axis=0) @ m.sum(axis=0)) * 2 / (n - 2)
    return float((within + means - crossed) / (n * (n - 3)))
