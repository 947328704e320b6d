"""Was a trained model copied, or only its initialisation?

Two models trained from the same initial weights keep each other's unit order, although nobody
copied anything trained. Training writes into the leading singular directions of a matrix and
leaves the bulk close to the initial noise. So the part of the base that the subject still holds is
measured apart on the top 1/16 of the base's singular directions (learned) and on the bottom half
(initial noise): R = <A_part, B> / |A_part|^2. Same initialisation: bulk kept, top not, ratio
0.06-0.14; derived models: 0.99-1.22 (statistics note, section 4).
"""

from __future__ import annotations

from typing import Final

import numpy as np

from hubcheck.frozen import frozen
from hubcheck.statistics.profiles import FloatArray

TOP_SHARE: Final = 1 / 16
BULK_SHARE: Final = 1 / 2
COMMON_INITIALISATION_RATIO: Final = 0.85
"""Below: common initialisation. Measured on gate and up rows of the zoo (benchmarks/zoo): models of
one initialisation .66-.83 after 2,400 steps each on other text, derived models .93-1.4 (fine-tune,
long training once and twice, 60/40 merge, noise of one standard deviation). The statistics note,
section 4, measured .06-.14 against .99-1.22 on wider models."""
LEAST_BULK: Final = 0.25
"""The bulk must really be kept: one initialisation kept .28-.71; a stranger relabelled to match
reaches what optimal matching selects, .17-.22 on the zoo."""


@frozen
class SpectrumShare:
    """How much of a base matrix a subject matrix holds, by part of the spectrum."""

    top: float
    bulk: float

    @property
    def says_common_initialisation(self) -> bool:
        """True when the bulk is kept and the learned top is not."""
        return self.bulk >= LEAST_BULK and self.top < COMMON_INITIALISATION_RATIO * self.bulk


def spectrum_share(base_uf: FloatArray, subject_uf: FloatArray) -> SpectrumShare:
    """Return R on the top 1/16 and on the bottom half of the base's singular directions.

    Args:
        base_uf: [units, features] of the base, at least 2 x 2.
        subject_uf: The same block of the subject.
    """
    left_uk, values_k, right_kf = np.linalg.svd(base_uf.astype(np.float64), full_matrices=False)
    # <u_k s_k v_k, B> for every singular direction k
    held_k = values_k * np.einsum(
        "uk,uf,kf->k", left_uk, subject_uf.astype(np.float64), right_kf, optimize=True
    )
    weight_k = values_k**2
    n_top = max(1, round(values_k.size * TOP_SHARE))
    n_bulk = max(1, round(values_k.size * BULK_SHARE))

    def ratio(part: slice) -> float:
        total = float(weight_k[part].sum())
        return float(held_k[part].sum()) / total if total > 0 else 0.0

    return SpectrumShare(
        top=ratio(slice(0, n_top)), bulk=ratio(slice(values_k.size - n_bulk, None))
    )
