"""Is a look that fails a value that says why, and whose fault it is?"""

from __future__ import annotations

import pytest

from hubcheck.errors import (
    BudgetExceededError,
    GatedModelError,
    HostileCheckpointError,
    HubcheckError,
    NetworkFaultError,
    SubjectUnreadableError,
    UnreadableError,
    UsageError,
)
from hubcheck.evidence.refused import Refused, Why, attempt, refused_by, the_look
from hubcheck.report.phrases import PhraseCode, phrase

PARTS = {"cause": "a cause.", "next_step": "a step."}


NEURONS = phrase(PhraseCode.UNITS_NEURONS, mlp="dense", layer=3, member=-1)
HEADS = the_look("heads")


def failing(error: Exception) -> Refused:
    """Return what is left of a look that ended with an error."""

    def look() -> str:
        raise error

    seen = attempt(look, NEURONS)
    assert isinstance(seen, Refused)
    return seen


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BudgetExceededError("a limit.", **PARTS), Why.BUDGET),
        (NetworkFaultError("no answer.", **PARTS), Why.NETWORK),
        (GatedModelError("no access.", **PARTS), Why.NETWORK),
        (UnreadableError("a value is nan.", **PARTS), Why.VALUES),
        (HostileCheckpointError("two headers.", **PARTS), Why.VALUES),
    ],
)
def test_a_refusal_keeps_its_code_its_look_and_its_error(error: HubcheckError, code: Why) -> None:
    """A limit, the network and values that are no numbers are told apart; the error stays whole."""
    seen = failing(error)
    assert (seen.code, seen.look, seen.error) == (code, NEURONS, error)
    assert seen.side == ""


def test_the_subjects_own_values_are_the_subjects_fault() -> None:
    """An error that says whose values it met names the side without being told."""
    error = SubjectUnreadableError("a value is nan.", **PARTS)
    assert failing(error).side == "subject"
    assert failing(error).code is Why.VALUES


def test_a_side_that_the_caller_knows_is_kept() -> None:
    """What the caller knows is not overruled."""
    assert refused_by(UnreadableError("x.", **PARTS), look=HEADS, side="base").side == "base"


def test_a_look_that_can_be_taken_is_what_it_gives() -> None:
    """Nothing is wrapped where nothing failed, whatever a look gives."""
    assert attempt(lambda: None, HEADS) is None
    assert attempt(lambda: 3, HEADS) == 3


def test_faults_of_the_request_are_not_swallowed() -> None:
    """What the user has to mend ends the check."""
    with pytest.raises(UsageError):
        failing(UsageError("a wrong option.", **PARTS))


def test_a_fault_of_the_program_is_that_looks_own() -> None:
    """What nobody foresaw in one look is told as such, and takes nothing from the others."""

    def faulty() -> int:
        return {"there": 1}["not there"]

    found = attempt(faulty, HEADS)
    assert isinstance(found, Refused)
    assert found.code is Why.FAULT
