"""Is a value computed once for each object, and do two objects not wait for each other?"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier
from time import sleep
from typing import Final

from hubcheck.computed_once import computed_once, kept_with
from hubcheck.laid_out import LaidOut
from hubcheck.model import Model

PATIENCE: Final = 10.0
"""Seconds after which two objects that wait for each other fail the test."""


@dataclass(frozen=True, kw_only=True)
class Counted:
    """An object that counts how often its value was computed."""

    meeting: Barrier | None = None
    calls: list[int] = field(default_factory=list)

    @computed_once
    def value(self) -> int:
        """Return 7."""
        self.calls.append(1)
        if self.meeting is not None:
            self.meeting.wait(PATIENCE)
        return 7


def test_a_value_is_computed_once() -> None:
    """The second question is answered from the object, frozen or not."""
    one, other = Counted(), Counted()
    assert (one.value, one.value, other.value) == (7, 7, 7)
    assert (len(one.calls), len(other.calls)) == (1, 1)


@kept_with
def calls_of(one: Counted) -> int:
    """Return how often this was asked of an object."""
    one.calls.append(1)
    return len(one.calls)


def test_a_function_is_computed_once_for_each_object() -> None:
    """What is kept belongs to the object: a changed copy of it is asked anew."""
    one, other = Counted(), Counted()
    assert (calls_of(one), calls_of(one), calls_of(other)) == (1, 1, 1)
    assert calls_of(replace(one, calls=[1, 1])) == 3


def test_two_objects_compute_at_the_same_time() -> None:
    """Each waits inside its computation for the other: with a lock of the class none would end."""
    meeting = Barrier(2)
    with ThreadPoolExecutor(2) as pool:
        values = list(pool.map(lambda one: one.value, [Counted(meeting=meeting) for _ in range(2)]))
    assert values == [7, 7]


def test_models_read_their_headers_side_by_side() -> None:
    """What a model computes of its files has no lock that models share."""
    assert isinstance(vars(LaidOut)["reader"], computed_once)
    assert isinstance(vars(Model)["declaration"], computed_once)


@dataclass(frozen=True, kw_only=True)
class Slow:
    """An object whose value takes a moment."""

    calls: list[int] = field(default_factory=list)

    @computed_once
    def value(self) -> int:
        """Return 7, after a moment."""
        self.calls.append(1)
        sleep(0.02)
        return 7


def test_two_threads_compute_the_value_of_one_object_once() -> None:
    """What is read for it is charged once, and no lock stays in the object."""
    one = Slow()
    with ThreadPoolExecutor(8) as pool:
        values = list(pool.map(lambda _: one.value, range(8)))
    assert values == [7] * 8
    assert len(one.calls) == 1
    assert vars(one).keys() == {"calls", "value"}
