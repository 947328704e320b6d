"""What does a look say that could not be taken?

A value with a code and a side, never an exception that ends the check and never a sentence: what
other looks have settled stays settled, and words are made where a card is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum
from typing import Final, Literal, TypeVar

from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    InternalFaultError,
    SubjectUnreadableError,
    UnreachableError,
    UnreadableError,
    UnsupportedFormatError,
)
from hubcheck.frozen import frozen
from hubcheck.report.phrases import Phrase, PhraseCode, phrase

Seen = TypeVar("Seen")
SideName = Literal["base", "subject", ""]
SIDES: Final[tuple[SideName, SideName]] = ("base", "subject")
REFUSING = (BudgetExceededError, UnreachableError, UnreadableError)
"""Errors that end one look: a limit, the network, values that are no numbers."""


class LookReason(StrEnum):
    """A reason of a look: those below are shared, a look may have more of its own.

    Such are a subclass beside the look; the words stand in ``card.wordings.looks`` (tested).
    """


class Why(LookReason):
    """Why a look could not be taken."""

    VALUES = "values"
    """A value is not a finite number, or the bytes contradict the header."""
    BUDGET = "budget"
    NETWORK = "network"
    FORMAT = "format"
    """A storage that cannot be read in pieces."""
    FAULT = "fault"
    """Of hubcheck."""
    # not comparable
    NO_SHARED_ORDER = "no-shared-order"
    """All axes differ in size."""
    NO_SOUND_ORDER = "no-sound-order"
    """The base's own orders fail their self-test."""
    NO_SHARED_SHAPE = "no-shared-shape"
    """No matrix has one shape in both models."""
    NO_LAYER_PAIR = "no-layer-pair"
    """No layer of one model corresponds to one of the other."""
    ONE_LAYER = "one-layer"
    """One layer alone corresponds: there is nothing to hold it against."""
    FEW_LAYERS = "few-layers"
    FEW_TOKENS = "few-tokens"
    """Too few tokens are shared to make a frame of."""
    FEW_NEURONS = "few-neurons"
    """Of the neurons that fit the budget too few true pairs would remain."""
    NO_COMMON_MLP = "no-common-mlp"
    NO_EXPERTS = "no-experts"
    SAME_SIZE = "same-size"
    """Neurons and channels are as many in both models."""
    NO_COMMON_PIECE = "no-common-piece"
    """No layer's MLPs can be cut into pieces of one size."""
    NO_COUNTERPART = "no-counterpart"
    """No tensor of one model has a counterpart in the other."""
    OTHER_WIDTH = "other-width"
    OTHER_DEPTH = "other-depth"
    ONE_BASE = "one-base"
    """One related base alone is no merge."""
    LIKE_BASES = "like-bases"
    """The bases are too alike to tell their shares apart."""


LIMITS: Final[frozenset[LookReason]] = frozenset({Why.BUDGET, Why.NETWORK})
"""Reasons that another run may not meet: the look was wanted and could not be paid for."""


@frozen
class Refused:
    """One look, or a part of one, that could not be taken."""

    code: LookReason
    side: SideName = ""
    """Whose fault it is; empty where it is nobody's, or not known."""
    look: Phrase | None = None
    """What was looked for: a look by its name, or the units of a family."""
    error: HubcheckError | None = None
    """The error behind it, where there is one."""

    def named(self, look: Phrase) -> Refused:
        """Return the same refusal, of a look that now has a name."""
        return self if self.look else replace(self, look=look)


def the_look(name: str) -> Phrase:
    """Return a look by its name, a code whose words are the card's."""
    return phrase(PhraseCode.LOOK, look=name)


def refused_by(error: HubcheckError, *, look: Phrase | None = None, side: SideName = "") -> Refused:
    """Return what a look says that an error ended.

    Args:
        error: One of ``REFUSING``, or a fault of hubcheck.
        look: What was looked for.
        side: Whose fault it is, where the caller knows.
    """
    if isinstance(error, BudgetExceededError):
        code = Why.BUDGET
    elif isinstance(error, UnreachableError):
        code = Why.NETWORK
    elif isinstance(error, InternalFaultError):
        code = Why.FAULT
    elif isinstance(error, UnsupportedFormatError):
        code = Why.FORMAT
    else:
        code = Why.VALUES
    if not side and isinstance(error, SubjectUnreadableError):
        side = "subject"
    return Refused(code=code, side=side, look=look, error=error)


def attempt(look: Callable[[], Seen], name: Phrase) -> Seen | Refused:
    """Return what a look gives, or why it could not be taken.

    Args:
        look: What looks.
        name: What is looked for, for a refusal.

    Errors of ours that are none of ``REFUSING`` say that the request is wrong, and end the check.
    """
    try:
        seen = look()
    except REFUSING as error:
        return refused_by(error, look=name)
    except HubcheckError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault in one look takes nothing from the others
        return refused_by(InternalFaultError.of(error), look=name)
    return seen.named(name) if isinstance(seen, Refused) else seen
