"""When is a match more than kinship with the declared base explains?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.evidence.looks.closeness.calibration import FLOOR, Rows, shipped
from hubcheck.evidence.looks.closeness.run import HeldChange
from hubcheck.evidence.refused import Refused, Why
from hubcheck.statistics.closeness import HeldShare, bound
from hubcheck.verdict.closeness import Closeness, NotNamed, closeness_of

WHOLE = HeldShare(bulk=1.0, whole=1.0, line=0.0, cosine=1.0)
SIBLING = HeldShare(bulk=0.7, whole=0.9, line=0.4, cosine=0.95)


def measured(
    share: HeldShare = SIBLING, *, rows: Rows = Rows.ALL_64, matrices: int = 28, equal: int = 0
) -> HeldChange:
    """Return what rows of three models say."""
    return HeldChange(rows=rows, share=share, matrices=matrices, equal=equal)


def seen(
    what: HeldChange | Refused | None, *, searches: int = 1, kept: tuple[float, float] = (0.9, 0.9)
) -> Closeness:
    """Return how a suspect stands, given the similarity of suspect and declared base."""
    return closeness_of(*kept, what, searches=searches)


@pytest.mark.parametrize(
    ("suspect_kept", "declared_kept", "closer"),
    [
        (0.95, 0.95, False),  # a quantised copy of the declared base
        (0.951, 0.95, False),  # storage rounding
        (0.961, 0.95, True),
        (0.999, 0.95, True),  # the subject was made from the suspect
        (0.90, 0.95, False),  # a sibling
        (1.0, 0.999, True),  # equal bytes
        (1.0, 1.0, False),  # mirrors of one model explain each other
        (0.999996, 0.999994, True),  # digits that a finding does not hold
    ],
)
def test_closer_is_said_of_what_was_lost_at_full_precision(
    suspect_kept: float, declared_kept: float, closer: bool
) -> None:
    """A suspect is closer when the subject lost clearly less of it than of the declared base."""
    assert seen(None, kept=(suspect_kept, declared_kept)).closer is closer


@given(kept=st.floats(-1, 1), other=st.floats(-1, 1))
def test_two_bases_are_never_closer_than_each_other(kept: float, other: float) -> None:
    """Closeness is strict: A closer than B and B closer than A cannot both hold."""
    assert not (seen(None, kept=(kept, other)).closer and seen(None, kept=(other, kept)).closer)


def test_a_child_lies_above_every_family_of_siblings() -> None:
    """Its bound is the table's, and stays below the floor."""
    found = seen(measured(WHOLE))
    assert found.held
    assert found.closer
    assert found.families == shipped().families
    assert found.bound <= FLOOR


@pytest.mark.parametrize(
    "what",
    [
        measured(SIBLING),
        measured(WHOLE, matrices=0),
        measured(HeldShare(bulk=0.0, whole=0.5, line=0.0, cosine=1.0)),
        Refused(code=Why.BUDGET),
        None,
    ],
)
def test_everything_else_is_explained(what: HeldChange | Refused | None) -> None:
    """What could not be looked at, and what a sibling may hold, accuses nobody; why is said."""
    found = seen(what)
    assert not found.held
    if not isinstance(what, HeldChange):
        assert found.not_named is NotNamed.UNSEEN
    elif not what.matrices:
        assert found.not_named is NotNamed.ANYONES
    else:
        assert found.not_named is NotNamed.SIBLINGS
        assert seen(what, searches=2).not_named is NotNamed.SEARCHES


def test_rows_held_bit_for_bit_need_no_calibration() -> None:
    """Two matrices settle it, whatever the others hold and however many were suspected."""
    assert seen(measured(equal=2), searches=50).held
    assert not seen(measured(equal=1)).held


def test_many_suspects_are_paid_for() -> None:
    """The bound is divided by the suspects; beyond the floor nobody is accused."""
    many = 1 + int(FLOOR / bound(shipped().families, 1))
    assert not seen(measured(WHOLE), searches=many).held


def test_the_table_counts_enough_families() -> None:
    """198 independent parents make 2/(M+2) a hundredth (DESIGN 13.1)."""
    assert shipped().families >= 198
    assert bound(shipped().families, 1) <= FLOOR
    assert set(shipped().greatest) == set(Rows)
