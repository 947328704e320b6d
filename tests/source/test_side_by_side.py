"""Are reads that do not need each other made at the same time, and told apart when they fail?"""

from __future__ import annotations

from threading import Barrier
from typing import Final

import pytest

from hubcheck.devices.watch import lost
from hubcheck.errors import ProcessLostError
from hubcheck.source.side_by_side import side_by_side

PATIENCE: Final = 10.0
"""Seconds after which two reads that wait for each other fail the test."""


def test_two_reads_are_made_at_once() -> None:
    """Each waits for the other; the answers come in the order asked."""
    meeting = Barrier(2)

    def read(value: int) -> int:
        meeting.wait(PATIENCE)
        return value

    assert side_by_side([lambda: read(1), lambda: read(2)]) == [1, 2]


@pytest.mark.parametrize("at_once", [True, False])
def test_what_is_read_does_not_depend_on_whether_it_is_waited_for(at_once: bool) -> None:
    """Folders are read in turn, after a fault as well: hosts would have been asked for all."""
    done: list[int] = []

    def fail() -> None:
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        side_by_side([lambda: done.append(1), fail, lambda: done.append(3)], at_once=at_once)
    assert sorted(done) == [1, 3]


def test_nothing_is_read_after_a_process_was_lost() -> None:
    """Whoever reads on with it waits in vain."""
    done: list[int] = []

    def fail() -> None:
        raise lost("a read")

    with pytest.raises(ProcessLostError):
        side_by_side([fail, lambda: done.append(2)], at_once=False)
    assert not done


def test_the_fault_told_is_the_first_in_the_order_asked() -> None:
    """Which one came first in time says nothing: a report must not depend on it."""
    meeting = Barrier(2)

    def fail(text: str) -> None:
        meeting.wait(PATIENCE)
        raise ValueError(text)

    with pytest.raises(ValueError, match="base"):
        side_by_side([lambda: fail("base"), lambda: fail("subject")])
