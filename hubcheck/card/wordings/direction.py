"""Why is one of two related models the later one?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from hubcheck.card.wordings.given import Given, Wording
from hubcheck.card.wordings.relation import grid, other
from hubcheck.report.phrases import PhraseCode as P


def _digits(given: Given) -> str:
    side = given.text("side")
    return (
        f"{given.count('matrices')} sampled matrices of the {side} are the {other(side)}'s rounded "
        f"from {given.text('fine')} to {given.text('coarse')}; the digits lost cannot be brought "
        "back"
    )


def _levels(given: Given) -> str:
    return (
        f"{given.figure('share'):.1%} of the {given.text('side')}'s values are the nearest of few "
        f"levels ({grid(given)}); what lay between the levels is lost"
    )


def _cut(given: Given) -> str:
    side = given.text("side")
    return f"{given.figure('share'):.0%} of the {other(side)}'s values are zero in the {side}"


WORDS: Final[Mapping[P, Wording]] = {
    P.DIGITS_LOST: _digits,
    P.LEVELS_LOST: _levels,
    P.VALUES_CUT: _cut,
    P.LINE_REMOVED: "one direction of the stream is gone from the {side}'s matrices",
    P.COMPUTED_LAST: (
        "the change is of low rank, and what rounding left of it lies on the grid of the {side}: "
        "that side was computed from the other"
    ),
    P.SUM_COMPUTED: (
        "the subject is a weighted sum of several models to within its own rounding: had one of "
        "them been computed from the subject, the remainder would be that of its rounding, scaled"
    ),
}
