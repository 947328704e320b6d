"""What becomes of an error that nobody foresaw, while several models are looked at?

It is told in the log, and takes nothing from what else the check finds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hubcheck.errors import FaultLine, HubcheckError, InternalFaultError

T = TypeVar("T")


def tell_fault(fault: InternalFaultError, progress: Callable[[str], None]) -> None:
    """Say in the log where a fault of hubcheck lies; a card has its number and last place only."""
    progress(FaultLine(f"a fault of hubcheck: {fault.what} Please report it. ({fault.path})"))


def unless_at_fault(look: Callable[[], T], otherwise: T, progress: Callable[[str], None]) -> T:
    """Return what a look at several models gives; a fault of hubcheck in it is told, and no more.

    What such a look would excuse is then not excused.
    """
    try:
        return look()
    except HubcheckError:
        raise
    except Exception as error:  # noqa: BLE001 - the findings of each base stand without it
        tell_fault(InternalFaultError.of(error), progress)
        return otherwise
