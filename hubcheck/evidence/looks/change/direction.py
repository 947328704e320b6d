"""Which of two related models is the later one, where the weights tell at all?

A test of order is symmetric, so the direction is open unless information is on one side only: what
was rounded, cut away or averaged cannot be brought back from what is left. Each rule below says why
its sign cannot arise the other way round by training, and what could still imitate it: whoever has
the poorer model can invent what it lacks, digits or values (docs/limits.md). Dates play no part.

Not among the rules, because each is made either way. A low-rank or small difference as such
(A + L = B says B - L = A as well). A larger vocabulary (rows are cut off as easily as added). More
layers: block expansion puts new ones between old ones held still, so a model may be the original of
one that holds all its layers and more; and layers that stand twice are cut out again as easily as
laid out. Experts that are copies of one MLP: a dense MLP is made of experts by averaging them, and
trained on. More training. A third relative (three models give a tree without a root: that A lies
between B and C says nothing of where it began).

"The subject is the later one" means: the base's weights were not made from the subject's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final, Literal

from hubcheck.evidence.looks.change.grid import Rounding
from hubcheck.evidence.looks.change.run import CloserLook
from hubcheck.evidence.looks.change.stored import SIGNIFICANT_BITS
from hubcheck.evidence.looks.change.values import BY_TOKEN, MATRICES
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Clauses, Phrase, PhraseCode, phrase

Value = Literal["undetermined", "base-to-subject", "subject-to-base"]
NEAREST: Final = 0.99
"""Share of values at the nearest level from which a grid counts as made from the other model."""
PRUNED: Final = 0.05
"""Share of values set to zero that no training does by itself."""
PRUNED_EQUAL: Final = 0.99
"""Share of values that are equal or cut."""
GONE: Final = 0.02
"""What storage rounding leaves of a direction that was projected out: .002-.01 on the zoo."""


@frozen
class Direction:
    """Which model is the later one, and why."""

    value: Value
    reason: Clauses = ()


UNDETERMINED: Final = Direction(value="undetermined")


def direction_from(look: CloserLook) -> Direction:
    """Return the first direction that the figures of a closer look give."""
    for rule in RULES:
        found = rule(look)
        if found is not None:
            return found
    return UNDETERMINED


def _later(side: Literal["subject", "base"], reason: Phrase) -> Direction:
    value: Value = "base-to-subject" if side == "subject" else "subject-to-base"
    return Direction(value=value, reason=(reason,))


def _digits_lost(look: CloserLook) -> Direction | None:
    """Return the side that holds the other's values with fewer digits.

    What training left alone is the same number on both sides, on one of them rounded. Rounding
    loses digits and nothing restores them: the finer model was not made from the coarser files.
    Both may come from one finer original that was never published (then the files differ in age and
    nobody copied); and someone could append invented digits, which would have no other use.
    """
    formats = look.formats
    bits = [SIGNIFICANT_BITS.get(d, 0) for d in (formats.base, formats.subject)]
    alone = [m for m in look.moved if not m.touched and m.place.role in (*MATRICES, *BY_TOKEN)]
    # And what agrees after rounding must be spread over the cells of the coarser format: training
    # too small to show there is not.
    rounded = [m for m in alone if m.rounded]
    if bits[0] == bits[1] or 0 in bits or not rounded:
        return None
    side: Literal["subject", "base"] = "subject" if bits[1] < bits[0] else "base"
    fine, coarse = max(zip(bits, (formats.base, formats.subject), strict=True))[1], formats.coarser
    lost = phrase(
        PhraseCode.DIGITS_LOST, side=side, matrices=len(rounded), fine=fine, coarse=coarse
    )
    return _later(side, lost)


def _levels_lost(look: CloserLook) -> Direction | None:
    """Return the side whose values are the other's rounded to few levels.

    Every value of the finer model is nearest to just the level that the coarse one has: the coarse
    one was rounded from it. A model made from the coarse one (dequantised and trained on) starts at
    the levels and spreads: while its values are in their cells they do not fill them, and once they
    fill them many have left. To fill each cell and leave none is what only rounding explains.
    """
    rounded: tuple[tuple[Literal["subject", "base"], Sequence[Rounding]], ...] = (
        ("subject", look.subject_rounded),
        ("base", look.base_rounded),
    )
    for side, seen in rounded:
        share = float(median([r.nearest * r.fills for r in seen])) if seen else 0.0
        if share >= NEAREST:
            grid = seen[0].grid
            lost = phrase(
                PhraseCode.LEVELS_LOST,
                side=side, share=share, bits=int(grid.bits), group=int(grid.group),
            )  # fmt: skip
            return _later(side, lost)
    return None


def _values_cut(look: CloserLook) -> Direction | None:
    """Return the side in which many values were set to zero, the others being equal.

    Training sets no value to exactly zero, and values that are gone cannot be guessed; so the model
    with the zeros is the later one. Only where the others are equal: a pruned model that is trained
    on without its mask fills its zeros, and its other values move.
    """
    weights = [m for m in look.moved if m.place.role in MATRICES and m.touched]
    if not weights:
        return None
    zeroed = median([m.zeroed for m in weights])
    unzeroed = median([m.unzeroed for m in weights])
    if median([m.equal + m.zeroed + m.unzeroed for m in weights]) < PRUNED_EQUAL:
        return None
    if zeroed >= PRUNED and unzeroed < PRUNED:
        cut = phrase(PhraseCode.VALUES_CUT, side="subject", share=float(zeroed))
        return _later("subject", cut)
    if unzeroed >= PRUNED and zeroed < PRUNED:
        return _later("base", phrase(PhraseCode.VALUES_CUT, side="base", share=float(unzeroed)))
    return None


def _line_removed(look: CloserLook) -> Direction | None:
    """Return the side from whose writers one direction of the stream was taken out.

    After W' = W - r r^T W nothing of W' writes along r: its matrices have lost a dimension, which
    trained matrices have not. What was along r differed from matrix to matrix and is gone.
    """
    if not look.one_direction or look.removed < 0:
        return None
    if look.removed <= GONE:
        return _later("subject", phrase(PhraseCode.LINE_REMOVED, side="subject"))
    if look.removed >= 1 / GONE:
        return _later("base", phrase(PhraseCode.LINE_REMOVED, side="base"))
    return None


def _computed(look: CloserLook) -> Direction | None:
    """Return the side on whose grid a low-rank sum was rounded (see ``change.crossings``)."""
    if not look.computed_last:
        return None
    side = look.computed_last
    return _later(side, phrase(PhraseCode.COMPUTED_LAST, side=side))


RULES: Final = (_digits_lost, _levels_lost, _values_cut, _line_removed, _computed)
