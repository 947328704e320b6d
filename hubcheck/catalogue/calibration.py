"""Which z does no stranger reach, among so many models?

A normal law would be too kind: trained strangers have a heavier tail. So the threshold follows the
greatest z that was seen between models trained apart, and grows with the number of models as a
normal tail of the measured width does (``benchmarks/catalogue``, docs/catalogue.md). It decides
what is called standing out, and which share a copy must keep for that. It is no evidence.
"""

from __future__ import annotations

from math import log, sqrt
from typing import Final

GREATEST_SEEN: Final = 7.0
"""Greatest z between models trained apart: 400 small ones, eleven shapes, four tokenizers. 6.53
with the signs that are used; 6.94 where the anchors had others, and the greater one is taken."""
PAIRS: Final = 79_800
"""Pairs among which it was seen."""


def stands_out(models: int) -> float:
    """Return the z above which a family stands out of a catalogue of so many models.

    The greatest of n values of a normal law grows as sqrt(2 log n); the measured greatest of
    ``PAIRS`` says how wide the law has to be taken.
    """
    measured = GREATEST_SEEN / sqrt(2.0 * log(PAIRS))
    return max(GREATEST_SEEN, measured * sqrt(2.0 * log(max(models, 2))))
