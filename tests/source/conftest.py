"""What every test of a source starts from: a local Hub, and a clock that does not wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

import pytest

from hubcheck.source.hub import HubSource
from hubcheck.source.ledger import Ledger
from hubcheck.source.reference import parse_hub_reference
from hubcheck.source.retry import RetryPolicy, Timing
from tests.hubserver import LocalHub
from tests.hubserver.session import close_session


@dataclass(slots=True)
class FakeClock:
    """A clock that only moves when somebody sleeps, and remembers the sleeps in seconds."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Move on at once."""
        self.slept.append(seconds)
        self.now += seconds

    def timing(self, *, chance: float = 0.0) -> Timing:
        """Return what a source needs of this clock; ``chance`` is the same number always."""
        return Timing(
            monotonic=lambda: self.now,
            wall=lambda: self.now,
            sleep=self.sleep,
            chance=lambda: chance,
        )


class OpenHub(Protocol):
    """Opens a repository of the local Hub without real waits."""

    def __call__(
        self,
        ref: str,
        *,
        max_read: int = 1 << 30,
        token: str | None = None,
        policy: RetryPolicy | None = None,
    ) -> HubSource:
        """Return the source."""
        ...


@pytest.fixture
def clock() -> FakeClock:
    """Return a clock for one test."""
    return FakeClock()


@pytest.fixture
def make_hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., LocalHub]]:
    """Return a function that starts a local Hub and stops it after the test."""
    # A proxy of the machine must not stand between the client and a local port.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setenv("no_proxy", "127.0.0.1,localhost")
    close_session()
    started: list[LocalHub] = []

    def start(
        *, page_size: int = 1000, resolve_cache: bool = False, describes_files: bool = True
    ) -> LocalHub:
        hub = LocalHub(
            page_size=page_size, resolve_cache=resolve_cache, describes_files=describes_files
        )
        hub.__enter__()
        started.append(hub)
        return hub

    yield start
    close_session()
    for hub in started:
        hub.__exit__(None, None, None)


@pytest.fixture
def hub(make_hub: Callable[..., LocalHub]) -> LocalHub:
    """Return an empty local Hub."""
    return make_hub()


@pytest.fixture
def open_hub(hub: LocalHub, clock: FakeClock) -> OpenHub:
    """Return a function that opens a repository of ``hub``."""

    def start(
        ref: str,
        *,
        max_read: int = 1 << 30,
        token: str | None = None,
        policy: RetryPolicy | None = None,
    ) -> HubSource:
        return HubSource(
            parse_hub_reference(ref),
            ledger=Ledger(max_read),
            token=token,
            endpoint=hub.endpoint,
            policy=policy,
            timing=clock.timing(),
        )

    return start
