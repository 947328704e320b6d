"""Which frame makes two models comparable when their residual streams are turned?

Tokens mean the same in both models; channels need not. A vector w of the residual stream is seen
through the tokens as E w, with E the embedding of shared tokens. If one model's stream is rotated,
permuted or rescaled by R, then E R and R^-1 w give the same E w. The frame is made from
embeddings alone, which carry no neuron order, so the hit count on neurons stays exact.

Whitening. The singular values of a trained embedding fall so fast that E w has an effective
dimension of a few; dividing them out (ridge 0.05 of the largest) restores it: hits of a twice
continued copy rise from 55-60 to 64 of 64 (statistics note, section 2).

Legend: t tokens, d channels.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.statistics.profiles import FloatArray

RIDGE: Final = 0.05
"""Share of the largest singular value (statistics note, section 2)."""


def whitened_frame(embedding_td: FloatArray) -> NDArray[np.float32]:
    """Return the whitened token frame F [t, d]: the token profile of rows w_ud is w @ F.T.

    E is centred over tokens (a vector added to every row changes no softmax and must change
    nothing here), E = P S Q^T, and S is replaced by S / (S + ridge), so that directions well above
    the ridge weigh alike and noise below it stays small.

    Args:
        embedding_td: Rows of the shared tokens, in an order common to both models.
    """
    n_tokens, n_channels = embedding_td.shape
    if n_tokens == 0:  # no mean to centre by
        return np.zeros(embedding_td.shape, dtype=np.float32)
    centred_td = embedding_td.astype(np.float64) - embedding_td.mean(axis=0, dtype=np.float64)
    if not centred_td.any():
        return np.zeros(embedding_td.shape, dtype=np.float32)
    # The eigenvectors of the smaller Gram matrix are enough, and far cheaper than an SVD.
    if n_tokens <= n_channels:
        values, vectors_tt = np.linalg.eigh(centred_td @ centred_td.T)
        gain = _gain(values)
        # float32 for the large product: the frame is float32 anyway, and this is the costly step.
        mixing_tt = ((vectors_tt * gain) @ vectors_tt.T).astype(np.float32)
        return np.asarray(mixing_tt @ centred_td.astype(np.float32), dtype=np.float32)
    values, vectors_dd = np.linalg.eigh(centred_td.T @ centred_td)
    return np.asarray((centred_td @ (vectors_dd * _gain(values))) @ vectors_dd.T, dtype=np.float32)


def _gain(eigenvalues: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return 1 / (s + ridge) for the singular values s = sqrt(eigenvalue).

    Scale-free up to one common factor, which no cosine sees.
    """
    singular = np.sqrt(np.maximum(eigenvalues, 0.0))
    return np.asarray(1.0 / (singular + RIDGE * singular.max()), dtype=np.float64)
