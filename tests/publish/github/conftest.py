"""A local GitHub and a client for it; every request is held against GitHub's own description."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.comments import PullRequestPlace
from tests.githubserver.server import LocalGitHub
from tests.githubserver.world import NAME, OWNER


@dataclass
class Clock:
    """Time that passes only by waiting."""

    now: float = 1_000_000.0
    waits: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        """Wait."""
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def server() -> Iterator[LocalGitHub]:
    """A GitHub with one open pull request; ends in a failure if its contract was broken."""
    with LocalGitHub() as local:
        local.world.add_pull(7)
        yield local
        assert local.violations == []


@pytest.fixture
def clock() -> Clock:
    """A clock of the test's own."""
    return Clock()


@pytest.fixture
def github(server: LocalGitHub, clock: Clock) -> GitHub:
    """A client with a token that may write."""
    return client_of(server, clock)


@pytest.fixture
def place() -> PullRequestPlace:
    """The open pull request."""
    return PullRequestPlace(owner=OWNER, name=NAME, number=7)


def client_of(
    server: LocalGitHub, clock: Clock, login: str = "bot-token", *, seconds: float = 10.0
) -> GitHub:
    """Return a client whose waits take no time, and that waits for an answer for some seconds."""
    return GitHub(
        login,
        api=server.address,
        timeout=(2.0, seconds),
        sleep=clock.sleep,
        clock=lambda: clock.now,
    )
