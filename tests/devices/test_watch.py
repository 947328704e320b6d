"""Is a process that falls silent noticed, and one that leaves with the others not?"""

from __future__ import annotations

import threading
from collections import Counter

import pytest

from hubcheck.devices import watch as watches
from hubcheck.devices.watch import Watch, meeting
from hubcheck.errors import ExitCode, HubcheckError


class Counts:
    """A store as torch's: counts that all processes see."""

    def __init__(self) -> None:
        """Start at nothing."""
        self.of: Counter[str] = Counter()
        self.gone = False
        self.answers = threading.Event()
        self.answers.set()

    def add(self, key: str, n: int) -> int:
        """Add to a count and return it, once it answers."""
        self.answers.wait()
        if self.gone:
            message = "Connection reset by peer"
            raise RuntimeError(message)
        self.of[key] += n
        return self.of[key]


def begun(store: Counts, rank: int, silence: float) -> tuple[Watch, threading.Event, list[str]]:
    """Start a watch of one of two processes; return it, and what it says once it is lost."""
    said: list[str] = []
    lost = threading.Event()

    def on_loss(error: HubcheckError) -> None:
        assert error.exit_code is ExitCode.UNREACHABLE
        said.append(error.what)
        lost.set()

    watch = Watch(store, 0)
    watch.begin(rank, 2, silence, on_loss=on_loss)
    return watch, lost, said


def test_who_falls_silent_is_named() -> None:
    """Both give signs and nothing is said; then one stops, and the other says which."""
    store = Counts()
    first, lost, said = begun(store, 0, 0.4)
    second, _, of_second = begun(store, 1, 0.4)
    assert not lost.wait(0.8)
    second.end()
    assert lost.wait(5)
    assert said == ["Process 1 has given no sign of life for 0 s."]
    assert not of_second
    first.end()


def test_a_first_process_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store answers no more: said, unless this process leaves as well."""
    monkeypatch.setattr(watches, "GRACE", 0.05)
    store = Counts()
    leaving, _, nothing = begun(store, 1, 0.2)
    leaving.end()
    _, lost, said = begun(store, 1, 0.2)
    store.gone = True
    assert lost.wait(5)
    assert said == ["Process 0, which holds the others together, does not answer."]
    assert not nothing


def test_a_first_process_behind_a_lost_network_is_noticed() -> None:
    """Its store neither answers nor fails: whoever asks it is not held up for ever."""
    store = Counts()
    watch, lost, said = begun(store, 1, 0.2)
    store.answers.clear()
    assert lost.wait(5)
    assert said == ["Process 0, which holds the others together, does not answer."]
    store.answers.set()
    watch.end()


def test_processes_that_do_not_meet_are_ended_and_those_that_do_are_not() -> None:
    """Nobody waits for hours for one that was never started."""
    said: list[HubcheckError] = []
    ended = threading.Event()

    def on_loss(error: HubcheckError) -> None:
        said.append(error)
        ended.set()

    with meeting(0.05, on_loss=on_loss):
        assert ended.wait(5)
    assert [error.exit_code for error in said] == [ExitCode.UNREACHABLE]
    assert "not all met within 0 s" in said[0].what
    with meeting(0.05, on_loss=on_loss):
        pass
    ended.clear()
    assert not ended.wait(0.2)
