"""Which of two related models is the later one, where the weights tell at all?

A test of order is symmetric, so the direction is open unless information is on one side only: what
was rounded, cut away or averaged cannot be brought back from what is left. Each rule below says why
its sign cannot arise the other way round, and what could still imitate it. Dates play no part. Not
among the rules: a low-rank or small difference as such (A + L = B says B - L = A as well), a larger
vocabulary (rows are cut off as easily as added), more training, and a third relative (three models
give a tree without a root: that A lies between B and C says nothing of where it began).

"The subject is the later one" means: the base's weights were not made from the subject's files.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from hubcheck.relate.look import CloserLook
from hubcheck.relate.stored import SIGNIFICANT_BITS
from hubcheck.relate.values import BY_TOKEN, MATRICES

Value = Literal["undetermined", "base-to-subject", "subject-to-base"]
NEAREST: Final = 0.99
"""Share of values at the nearest level from which a grid counts as made from the other model."""
PRUNED: Final = 0.05
"""Share of values set to zero that no training does by itself."""
PRUNED_EQUAL: Final = 0.99
GONE: Final = 0.02
"""What storage rounding leaves of a direction that was projected out: .002-.01 on the zoo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction:
    """Which model is the later one, and why."""

    value: Value
    reason: str = ""


UNDETERMINED: Final = Direction(value="undetermined")


def direction_from(look: CloserLook) -> Direction:
    """Return the first direction that the figures of a closer look give."""
    for rule in RULES:
        found = rule(look)
        if found is not None:
            return found
    return UNDETERMINED


def _later(side: Literal["subject", "base"], reason: str) -> Direction:
    value: Value = "base-to-subject" if side == "subject" else "subject-to-base"
    return Direction(value=value, reason=reason)


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
    other = "base" if side == "subject" else "subject"
    return _later(
        side,
        f"{len(rounded)} sampled matrices of the {side} are the {other}'s rounded from {fine} to "
        f"{coarse}; the digits lost cannot be brought back",
    )


def _levels_lost(look: CloserLook) -> Direction | None:
    """Return the side whose values are the other's rounded to few levels.

    Every value of the finer model is nearest to just the level that the coarse one has: the coarse
    one was rounded from it. A model made from the coarse one (dequantised and trained on) starts at
    the levels and spreads: while its values are in their cells they do not fill them, and once they
    fill them many have left. To fill each cell and leave none is what only rounding explains.
    """
    rounded: tuple[tuple[Literal["subject", "base"], Sequence[float], str], ...] = (
        ("subject", [r.nearest * r.fills for r in look.subject_rounded], _grid(look, "subject")),
        ("base", [r.nearest * r.fills for r in look.base_rounded], _grid(look, "base")),
    )
    for side, shares, words in rounded:
        if shares and median(shares) >= NEAREST:
            return _later(
                side,
                f"{median(shares):.1%} of the {side}'s values are the nearest of few levels "
                f"({words}); what lay between the levels is lost",
            )
    return None


def _grid(look: CloserLook, side: str) -> str:
    found = look.subject_rounded if side == "subject" else look.base_rounded
    return found[0].grid.words if found else ""


def _values_cut(look: CloserLook) -> Direction | None:
    """Return the side in which many values were set to zero, the others being equal.

    Training sets no value to exactly zero, and values that are gone cannot be guessed; so the model
    with the zeros is the later one.
    """
    weights = [m for m in look.moved if m.place.role in MATRICES and m.touched]
    if not weights:
        return None
    zeroed = median([m.zeroed for m in weights])
    unzeroed = median([m.unzeroed for m in weights])
    if zeroed >= PRUNED and unzeroed < PRUNED:
        return _later("subject", f"{zeroed:.0%} of the base's values are zero in the subject")
    if unzeroed >= PRUNED and zeroed < PRUNED:
        return _later("base", f"{unzeroed:.0%} of the subject's values are zero in the base")
    return None


def _line_removed(look: CloserLook) -> Direction | None:
    """Return the side from whose writers one direction of the stream was taken out.

    After W' = W - r r^T W nothing of W' writes along r: its matrices have lost a dimension, which
    trained matrices have not. What was along r differed from matrix to matrix and is gone.
    """
    if not look.one_direction or look.removed < 0:
        return None
    if look.removed <= GONE:
        return _later("subject", "one direction of the stream is gone from the subject's matrices")
    if look.removed >= 1 / GONE:
        return _later("base", "one direction of the stream is gone from the base's matrices")
    return None


def _computed(look: CloserLook) -> Direction | None:
    """Return the side on whose grid a low-rank sum was rounded (see ``relate.crossings``)."""
    if not look.computed_last:
        return None
    return _later(
        look.computed_last,
        "the change is of low rank, and what rounding left of it lies on the grid of the "
        f"{look.computed_last}: that side was computed from the other",
    )


def _copied_experts(look: CloserLook) -> Direction | None:
    """Return the mixture, whose experts are copies of one dense MLP.

    Random starts give experts no common order, so one MLP came first. That it is this dense model's
    and not a relative's shows in its place: about as far from every expert. An MLP taken out of one
    expert would be far nearer to that one.
    """
    experts = look.experts
    if experts is None or experts.found < 2 or not experts.central:  # noqa: PLR2004 - one expert shows no copying
        return None
    side: Literal["subject", "base"] = "subject" if experts.sparse_is_subject else "base"
    return _later(side, f"{experts.found} of {experts.looked} experts looked at stand in the order "
                        "of the one dense MLP, none much nearer to it")  # fmt: skip


RULES: Final = (
    _digits_lost, _levels_lost, _values_cut, _line_removed, _computed, _copied_experts,
)  # fmt: skip


def direction_from_layers(
    n_base: int, n_subject: int, base_of: Mapping[int, int], missing: Sequence[int]
) -> Direction:
    """Return the later model of two of different depth.

    Layers that are copies of each other come from one: training from a random start makes none, so
    the model with two layers where the other has one was built from such layers. Where no layer is
    a copy, the shorter model was cut: to make the longer one of it, someone would have had to put
    in new layers and train them with all others held still. Block expansion does that, but with
    layers that begin as copies, which show as such.

    Args:
        n_base: Layers of the base.
        n_subject: Layers of the subject.
        base_of: Subject layer to base layer, of all layers that were found.
        missing: Base layers that were looked for and not found.
    """
    used = list(base_of.values())
    repeated = sorted({i for i in used if used.count(i) > 1})
    if repeated and n_subject > n_base:
        shown = ", ".join(str(i) for i in repeated[:8])
        return _later("subject", f"layers of the base are more than once in the subject ({shown})")
    if repeated:
        return UNDETERMINED
    if n_subject < n_base and missing and len(base_of) == n_subject:
        shown = ", ".join(str(i) for i in sorted(missing)[:8])
        return _later("subject", f"layers of the base are not in the subject ({shown})")
    if n_subject > n_base and len(base_of) == n_base and sorted(used) == list(range(n_base)):
        extra = sorted(set(range(n_subject)) - set(base_of))
        shown = ", ".join(str(i) for i in extra[:8])
        return _later("base", f"layers of the subject are not in the base ({shown})")
    return UNDETERMINED
