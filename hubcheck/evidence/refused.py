"""What does a look say that could not be taken?

A value, never an exception that ends the check: what other looks have settled stays settled.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeVar

from hubcheck.errors import (
    BudgetExceededError,
    HubcheckError,
    SubjectUnreadableError,
    UnreachableError,
    UnreadableError,
)

Seen = TypeVar("Seen")
SideName = Literal["base", "subject", ""]
REFUSING = (BudgetExceededError, UnreachableError, UnreadableError)
"""Errors that end one look: a limit, the network, values that are no numbers."""


class Cause(StrEnum):
    """Why a look could not be taken."""

    VALUES = "values"
    """A value is not a finite number, or the bytes contradict the header."""
    BUDGET = "budget"
    NETWORK = "network"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """One look, or a part of one, that could not be taken."""

    cause: Cause
    side: SideName
    """Whose fault it is; empty where that is not known."""
    look: str
    """What was looked for, in our own words: ``neurons of layer 3``."""
    error: HubcheckError


def refused_by(error: HubcheckError, *, look: str, side: SideName = "") -> Refused:
    """Return what a look says that an error ended.

    Args:
        error: One of ``REFUSING``.
        look: What was looked for.
        side: Whose fault it is, where the caller knows.
    """
    if isinstance(error, BudgetExceededError):
        cause = Cause.BUDGET
    elif isinstance(error, UnreachableError):
        cause = Cause.NETWORK
    else:
        cause = Cause.VALUES
    if not side and isinstance(error, SubjectUnreadableError):
        side = "subject"
    return Refused(cause=cause, side=side, look=look, error=error)


def attempt(look: Callable[[], Seen], name: str) -> Seen | Refused:
    """Return what a look gives, or why it could not be taken."""
    try:
        return look()
    except REFUSING as error:
        return refused_by(error, look=name)
