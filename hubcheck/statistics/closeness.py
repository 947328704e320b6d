"""Does a model hold what another one made of their common base?

D is the declared base, S a suspect that is itself related to it, X the subject. S's own change is
dS = S - D, X's is dX = X - D. A child of S holds dS whole, and adds to it. A sibling (another child
of D, trained on the same data) shares with S what the data teach and not what the order of the
batches left: of the directions in which S moved much it holds a share beta, of those in which S
moved little a smaller one. With dS = sum_k s_k u_k v_k^T,

    beta(K) = sum_{k in K} s_k <dX, u_k v_k^T> / sum_{k in K} s_k^2
    line    = |cosine of dX - dS with dS|
    score   = log(beta(bulk) / beta(all)) - 0.3 |log beta(bulk)| - 0.1 line

where the bulk is the last quarter of k, and held between 2/3 and 3/2 times, and the cosine of dX
with dS is 0.9 or more. The first term is free of the scale of dX: a higher rate or
a longer run raises both shares. The second says how far the bulk is from being held once: a longer
run raises the bulk more than the whole and would pass by the first term alone. The third: a run
that repeats that of S, data in the same order, at another rate differs from S along dS itself,
which further training does not. Sums go over all matrices looked at.

Null. There is no exact one: the score is calibrated on families of siblings and repeats
(``bound``). One more family with its own parent and data is exchangeable with the M of the table,
each told by the greatest score of its pairs, so it exceeds all of them with chance 1/(M+1) at most;
2/(M+2) is stated. Form, weights and limits were chosen on other families than the table's.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log, sqrt
from typing import Final

import numpy as np

from hubcheck.frozen import frozen
from hubcheck.statistics.disguise import rank_bound
from hubcheck.statistics.profiles import FloatArray

BULK_SHARE: Final = 0.25
"""Of the singular directions, the last: of a half siblings hold too much, an eighth is noisy."""
WHOLE_WEIGHT: Final = 0.3
"""At 0 longer runs pass, at 1 children that were trained on for long fall below siblings."""
LINE_WEIGHT: Final = 0.1
"""At 0 one repeat in four passes every sibling, from 0.1 on none; more costs children."""
ONCE: Final = 1.5
"""The bulk may be held so many times, or the inverse. Beside a light run a long one has four times
its bulk, child or sibling: nothing can be told there."""
NEAR: Final = 0.9
"""Least cosine of the two changes. Below, most of what the subject changed is not S's, and what is
left of siblings with noisy runs reaches any share by chance."""
NOTHING_HELD: Final = -99.0
"""The score where no share is held: below every sibling."""


@frozen
class HeldShare:
    """How much of a suspect's change a subject holds."""

    bulk: float
    """Of the directions in which the suspect moved least."""
    whole: float
    line: float
    """|cosine| of what the subject has beyond the suspect with what the suspect changed."""
    cosine: float
    """Of the two changes."""

    @property
    def score(self) -> float:
        """The statistic; high for children of the suspect."""
        if self.cosine < NEAR or not 1 / ONCE <= self.bulk <= ONCE:
            return NOTHING_HELD
        apart = WHOLE_WEIGHT * abs(log(self.bulk)) + LINE_WEIGHT * self.line
        return log(self.bulk / self.whole) - apart


def held_share(changes: Iterable[tuple[FloatArray, FloatArray]]) -> HeldShare:
    """Return the shares over pairs of one change of the suspect and of the subject.

    Args:
        changes: dS and dX of the same rows of one matrix, [units, inputs] each.
    """
    held, size = np.zeros(2), np.zeros(2)
    further = along = own = 0.0
    for suspect_ui, subject_ui in changes:
        left_uk, values_k, right_ki = np.linalg.svd(
            suspect_ui.astype(np.float64), full_matrices=False
        )
        on_k = np.einsum("uk,ui,ki->k", left_uk, subject_ui, right_ki, optimize=True) * values_k
        last = slice(values_k.size - max(1, int(values_k.size * BULK_SHARE)), None)
        held += on_k[last].sum(), on_k.sum()
        size += np.square(values_k[last]).sum(), np.square(values_k).sum()
        beyond = subject_ui.astype(np.float64) - suspect_ui
        own += float(np.square(subject_ui, dtype=np.float64).sum())
        further += float(np.square(beyond).sum())
        along += float(np.vdot(beyond, suspect_ui))
    lengths = sqrt(further * float(size[1]))
    both = sqrt(own * float(size[1]))
    bulk, whole = np.divide(held, size, out=np.zeros(2), where=size > 0)
    line = abs(along) / lengths if lengths > 0 else 0.0
    cosine = float(held[1]) / both if both > 0 else 0.0
    return HeldShare(bulk=float(bulk), whole=float(whole), line=line, cosine=cosine)


def bound(families: int, searches: int) -> float:
    """Return the chance that one of some pairs of siblings exceeds every family of a table.

    Args:
        families: Independent parents and data sets in the table.
        searches: Suspects that are asked about.
    """
    return min(1.0, rank_bound(families) * max(1, searches))
