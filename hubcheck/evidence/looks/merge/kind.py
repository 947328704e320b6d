"""By which rule were several models merged, as far as the figures tell?

Whole layers of different bases (a frankenmerge) show as shares of 0 and 1. A remainder that is no
more than storage rounding means a weighted sum; along a great circle (SLERP) the two weights add up
to a little more than one, by an amount that the angle between the models fixes. Merges of task
vectors drop values: what is dropped is bit-equal to the ancestor, and what is left is a multiple of
one model's change, value by value. TIES drops the small changes, DARE drops blindly and makes up
for it by a larger multiple. Where figures do not justify one name, none is given.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hubcheck.evidence.looks.change.stored import narrowest, ulp
from hubcheck.evidence.looks.merge.shares import Block, LayerFit
from hubcheck.frozen import frozen

WHOLE_LAYER: Final = 0.02
"""How far from 0 and 1 the shares of a layer may lie that is one base's alone."""
EXACT: Final = 1.6
"""Remainder in units of the storage rounding up to which a weighted sum explains everything."""
LERP_COSINE: Final = 0.9995
"""Above this cosine usual SLERP code falls back to the straight line; nothing can be told."""
CIRCLE_Z: Final = 5.0
"""Standard errors between the two predictions."""
DROPPED: Final = 0.05
"""Share of values equal to the ancestor's where the sum predicts another."""
MATCHED: Final = 0.12
"""Share of changed values that are one multiple of one model's change and of no better match's
(planted TIES and DARE .34 and more; another run on a member's text .03, of which .16 match), ..."""
SHARPNESS: Final = 3.0
"""... and how much more often than at other multiples."""
MULTIPLES: Final = np.geomspace(0.05, 20.0, 600)
CLEAR_STEPS: Final = 6.0
"""Grid steps that a change must span before multiples of it can be told apart."""
TOLERANCE: Final = 1.01
"""Grid steps between a multiple and the stored value: rounding of subject, ancestor and model."""
LEAST_TOLD: Final = 50
LARGER_FIRST: Final = 0.4
SMALL_FIRST: Final = 0.75
LIKE_BLIND: Final = 0.6
"""Chance that a changed value had a larger change than a dropped one: TIES near 1, DARE 1/2."""
SAMPLE: Final = 60_000


class MergeKind(StrEnum):
    """The rule of a merge; the words are the card's."""

    NONE = "none"
    LAYERS = "layers"
    LINEAR = "linear"
    SLERP = "slerp"
    LINEAR_OR_SLERP = "linear-or-slerp"
    TIES = "ties"
    DARE = "dare"
    TASK_VECTORS = "ties-or-dare"
    UNKNOWN = "unknown"


@frozen
class Drops:
    """What a merge of task vectors left behind."""

    ancestor: int
    """Which base the dropped values are equal to."""
    dropped: float
    """Share of values equal to the ancestor's although the bases changed them."""
    matched_k: tuple[float, ...]
    """For each base the share of changed values that are one multiple of its change, and not of a
    base's that more values match; 0 for the ancestor."""
    multiple_k: tuple[float, ...]
    larger_first: float
    """Chance that a kept value had a larger change than a dropped one."""

    @property
    def members(self) -> tuple[int, ...]:
        """The bases of which single values are found."""
        return tuple(k for k, m in enumerate(self.matched_k) if m >= MATCHED)

    @property
    def kind(self) -> MergeKind:
        """The rule, by which values were dropped."""
        if self.larger_first >= SMALL_FIRST:
            return MergeKind.TIES
        return MergeKind.DARE if self.larger_first <= LIKE_BLIND else MergeKind.TASK_VECTORS


def kind_of_merge(
    blocks: Sequence[Block],
    fits: Sequence[LayerFit],
    members: Sequence[int],
    remainder: float,
    drops: Drops | None,
) -> MergeKind:
    """Return the rule of a merge that the figures justify.

    Args:
        blocks: The rows of all models.
        fits: The fit of every layer.
        members: Bases whose share is not nothing.
        remainder: Of the fit, in units of the subject's storage rounding.
        drops: What a search for dropped values found.
    """
    if whole_layers(fits):
        return MergeKind.LAYERS
    if is_sum(fits, remainder):
        return _circle(blocks, members) if len(members) == 2 else MergeKind.LINEAR_OR_SLERP  # noqa: PLR2004
    return drops.kind if drops is not None else MergeKind.UNKNOWN


def whole_layers(fits: Sequence[LayerFit]) -> bool:
    """Return whether every layer is one base's alone, and not all of one base."""
    owners = {_owner(fit) for fit in fits}
    return -1 not in owners and len(owners) > 1


def is_sum(fits: Sequence[LayerFit], remainder: float) -> bool:
    """Return whether the fit leaves no more than rounding, or what a straight line leaves of SLERP.

    Args:
        fits: The fit of every layer.
        remainder: Of the fit, in units of the subject's storage rounding.
    """
    return remainder <= EXACT or _nearly_exact(fits)


def _owner(fit: LayerFit) -> int:
    """Return the base that a layer is taken from whole, -1 where it is not."""
    for k, share in enumerate(fit.shares):
        others = [s.share for n, s in enumerate(fit.shares) if n != k]
        if abs(share.share - 1) <= WHOLE_LAYER and all(abs(s) <= WHOLE_LAYER for s in others):
            return k
    return -1


def _nearly_exact(fits: Sequence[LayerFit]) -> bool:
    """Return whether the fit explains all but a thousandth, as a straight line does of SLERP."""
    rest = sum(f.rest for f in fits)
    single = float(np.min(np.sum([f.single_k for f in fits], axis=0)))
    return rest <= 1e-3 * single


def _circle(blocks: Sequence[Block], members: Sequence[int]) -> MergeKind:
    """Return whether two weights add up to one or to what their angle predicts.

    The sum of weights fitted without the constraint, tensor by tensor; its error is that of the
    remainder. Along the great circle c1 = sin((1-t)w)/sin w and c2 = sin(t w)/sin w.
    """
    straight = circle = difference = 0.0
    for block in blocks:
        a, b = (block.bases_kui[k].ravel() for k in members)
        y = block.subject_ui.ravel()
        cosine = float(a @ b) / max(float(np.linalg.norm(a) * np.linalg.norm(b)), 1e-30)
        if cosine >= LERP_COSINE or cosine <= -LERP_COSINE:
            continue
        x = np.stack((a, b))
        gram = x @ x.T
        c = np.linalg.solve(gram, x @ y)
        left = y - c @ x
        error2 = float(left @ left) / max(1, y.size - 2) * float(np.linalg.inv(gram).sum())
        error2 = max(error2, 1e-16)
        t, angle = float(c[1] / c.sum()), float(np.arccos(cosine))
        predicted = float((np.sin((1 - t) * angle) + np.sin(t * angle)) / np.sin(angle))
        straight += (float(c.sum()) - 1.0) ** 2 / error2
        circle += (float(c.sum()) - predicted) ** 2 / error2
        difference += (predicted - 1.0) ** 2 / error2
    if difference < CIRCLE_Z**2:
        return MergeKind.LINEAR_OR_SLERP
    if circle < straight / CIRCLE_Z:
        return MergeKind.SLERP
    return MergeKind.LINEAR if straight < circle / CIRCLE_Z else MergeKind.LINEAR_OR_SLERP


def find_drops(blocks: Sequence[Block]) -> Drops | None:
    """Return what a merge of task vectors left, for the base that may be their ancestor.

    A merged value can equal any of the bases', so several may look like the ancestor. Dropping the
    LARGER changes first is no rule; of what remains the one that explains most values is taken.

    Args:
        blocks: The rows of all models, three bases or more with the ancestor among them.
    """
    y, x_kn = _sample(blocks)
    dtype = narrowest(y)
    step = ulp(y, dtype)
    found = [_drops_from(p, y, x_kn, step) for p in range(x_kn.shape[0])]
    fitting = [
        d for d in found if d is not None and d.larger_first >= LARGER_FIRST and len(d.members) > 1
    ]
    return max(fitting, key=lambda d: sum(d.matched_k), default=None)


def _sample(blocks: Sequence[Block]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    each = max(1, SAMPLE // len(blocks))
    y = np.concatenate([b.subject_ui.ravel()[:each] for b in blocks])
    x_kn = np.concatenate(
        [b.bases_kui.reshape(b.bases_kui.shape[0], -1)[:, :each] for b in blocks], axis=1
    )
    return y, x_kn


def _drops_from(
    p: int, y: NDArray[np.float64], x_kn: NDArray[np.float64], step: NDArray[np.float64]
) -> Drops | None:
    """Return the drops seen with base ``p`` as the ancestor; None where it cannot be."""
    ancestor = x_kn[p]
    others = [k for k in range(x_kn.shape[0]) if k != p]
    size = np.max(np.abs(x_kn[others] - ancestor), axis=0)
    clear = size >= CLEAR_STEPS * step
    same = y == ancestor
    dropped = float(same[clear].mean()) if clear.any() else 0.0
    changed = clear & ~same
    if dropped < DROPPED or not changed.any():
        return None
    found = {
        k: _one_multiple((y - ancestor)[changed], (x_kn[k] - ancestor)[changed], step[changed])
        for k in others
    }
    matched, multiples = [0.0] * x_kn.shape[0], [0.0] * x_kn.shape[0]
    explained = np.zeros(int(changed.sum()), dtype=bool)
    # A run on the text of a member changes many values alike: what it alone explains counts.
    for k, one in sorted(found.items(), key=lambda item: -item[1].share):
        matched[k], multiples[k] = one.beyond(explained), one.multiple
        if matched[k] >= MATCHED:
            explained |= one.match_n
    return Drops(
        ancestor=p,
        dropped=dropped,
        matched_k=tuple(matched),
        multiple_k=tuple(multiples),
        larger_first=_larger_first(size[changed], size[clear & same]),
    )


@frozen
class _Multiple:
    """The best multiple of one change."""

    multiple: float
    told_n: NDArray[np.bool_]
    """Values whose multiple can be told."""
    match_n: NDArray[np.bool_]
    """Those of them that are it; none where other multiples match nearly as often."""

    @property
    def share(self) -> float:
        """Of the values that can be told."""
        return self.beyond(np.zeros_like(self.match_n))

    def beyond(self, explained_n: NDArray[np.bool_]) -> float:
        """Return the share that match and are not explained already."""
        return float((self.match_n & ~explained_n).sum()) / max(1, int(self.told_n.sum()))


def _one_multiple(
    moved: NDArray[np.float64], change: NDArray[np.float64], step: NDArray[np.float64]
) -> _Multiple:
    """Return the multiple of a change that most changed values are."""
    # What moved by a step or two is a multiple of everything.
    told = (np.abs(change) >= CLEAR_STEPS * step) & (np.abs(moved) >= CLEAR_STEPS * step / 2)
    nothing = _Multiple(multiple=0.0, told_n=told, match_n=np.zeros_like(told))
    if told.sum() < LEAST_TOLD:
        return nothing

    few = (moved[told], change[told], step[told])
    shares = np.array([float(_is_multiple(c, *few).mean()) for c in MULTIPLES])
    top = int(np.argmax(shares))
    if shares[top] < SHARPNESS * max(float(np.median(shares)), 1e-6):
        return nothing
    best = float(MULTIPLES[top])
    match = told & _is_multiple(best, moved, change, step)
    return _Multiple(multiple=best, told_n=told, match_n=match)


def _is_multiple(
    c: float, moved: NDArray[np.float64], change: NDArray[np.float64], step: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Return where a value moved by ``c`` times a change, but for the rounding of all three."""
    return np.asarray(np.abs(moved - c * change) <= (TOLERANCE + abs(c)) * step)


def _larger_first(kept: NDArray[np.float64], dropped: NDArray[np.float64]) -> float:
    """Return the chance that a kept value had the larger change (area under the curve)."""
    if not kept.size or not dropped.size:
        return 0.5
    order = np.sort(dropped)
    below = np.searchsorted(order, kept, side="left") + np.searchsorted(order, kept, side="right")
    return float(below.mean()) / (2 * order.size)
