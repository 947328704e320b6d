"""Tests of the client: paging, retries, limits, and what must not be sent twice."""

from __future__ import annotations

import pytest

from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.comments import PullRequestPlace
from hubcheck.publish.github.errors import (
    ForbiddenError,
    GitHubError,
    NotFoundError,
    RateLimitedError,
    UncertainError,
)
from hubcheck.publish.github.pull_requests import find_by_head, pull_request, set_status
from hubcheck.publish.github.waiting import limit_wait
from tests.githubserver.server import Fault, LocalGitHub
from tests.githubserver.world import HEAD, NAME, OWNER
from tests.publish.github.conftest import Clock, client_of


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
def test_transient_faults_are_waited_out(
    server: LocalGitHub, github: GitHub, clock: Clock, place: PullRequestPlace, status: int
) -> None:
    """A fault of the server is asked again, each time after a longer pause."""
    server.faults.append(Fault("GET /repos", status=status, times=3))
    assert pull_request(github, place).head == HEAD
    assert len(clock.waits) == 3
    assert clock.waits[0] < clock.waits[2]


def test_a_server_that_stays_broken_ends_in_an_error(
    server: LocalGitHub, github: GitHub, clock: Clock, place: PullRequestPlace
) -> None:
    """Five attempts are made, then the error names the request and the status."""
    server.faults.append(Fault("GET /repos", status=503, times=99))
    with pytest.raises(GitHubError, match=r"GET /repos/octo/models/pulls/7 was answered 503"):
        pull_request(github, place)
    assert len(server.requests) == 5
    assert sum(clock.waits) < 60


def test_a_dropped_connection_and_a_slow_answer_are_asked_again(
    server: LocalGitHub, clock: Clock, place: PullRequestPlace
) -> None:
    """Neither a closed connection nor a timeout ends a request that reads."""
    server.faults.append(Fault("GET /repos", drop=True))
    server.faults.append(Fault("GET /repos", delay=1.5))
    assert pull_request(client_of(server, clock, seconds=0.7), place).head == HEAD
    assert len(clock.waits) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {"Retry-After": "30"},
        {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1000029"},
    ],
)
@pytest.mark.parametrize("status", [403, 429])
def test_rate_limits_are_waited_for_as_long_as_they_say(
    server: LocalGitHub,
    github: GitHub,
    clock: Clock,
    place: PullRequestPlace,
    headers: dict[str, str],
    status: int,
) -> None:
    """A primary and a secondary limit are waited out exactly, not guessed."""
    server.faults.append(Fault("GET /repos", status=status, headers=headers))
    assert pull_request(github, place).head == HEAD
    assert clock.waits == [30.0]


def test_a_secondary_limit_without_a_time_waits_a_minute(
    server: LocalGitHub, github: GitHub, clock: Clock, place: PullRequestPlace
) -> None:
    """GitHub asks for a minute when a secondary limit names no time."""
    message = "You have exceeded a secondary rate limit."
    server.faults.append(Fault("GET /repos", status=403, message=message))
    assert pull_request(github, place).head == HEAD
    assert clock.waits == [60.0]


def test_a_limit_longer_than_the_run_may_wait_ends_at_once(
    server: LocalGitHub, github: GitHub, clock: Clock, place: PullRequestPlace
) -> None:
    """An hour is not waited for: the error says how long GitHub asked for."""
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(clock.now) + 3000)}
    server.faults.append(Fault("GET /repos", status=403, headers=headers))
    with pytest.raises(RateLimitedError, match="3001 s"):
        pull_request(github, place)
    assert clock.waits == []


def test_a_missing_permission_is_not_waited_for(
    server: LocalGitHub, clock: Clock, place: PullRequestPlace
) -> None:
    """A 403 without a limit is final."""
    server.world.tokens["fork"] = type(server.world.tokens["bot-token"])(write=False)
    with pytest.raises(ForbiddenError, match="not accessible by integration"):
        client_of(server, clock, "fork").post(f"{place.path}/issues/7/comments", {"body": "x"})
    assert clock.waits == []


@pytest.mark.parametrize("fault", [Fault("POST", drop=True), Fault("POST", status=502)])
def test_a_creation_without_an_answer_is_uncertain(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace, fault: Fault
) -> None:
    """What creates is sent once; without an answer the caller has to look."""
    server.faults.append(fault)
    with pytest.raises(UncertainError):
        github.post(f"{place.path}/issues/7/comments", {"body": "x"})
    assert len(server.requests) == 1


def test_every_page_of_a_list_is_read(server: LocalGitHub, github: GitHub) -> None:
    """The commit is found at the head of the last of 250 pull requests."""
    for number in range(100, 349):
        server.world.add_pull(number, head=f"{number:040x}")
    server.world.add_pull(349, head="b" * 40, fork=True)
    found = find_by_head(github, OWNER, NAME, "b" * 40)
    assert found is not None
    assert found.place.number == 349
    assert found.head_repository == f"stranger/{NAME}"
    assert len(server.requests) == 3


def test_the_head_filter_saves_the_list(server: LocalGitHub, github: GitHub) -> None:
    """With owner and branch one page is enough; a wrong branch falls back to the whole list."""
    server.world.add_pull(8, head="b" * 40, fork=True)
    assert find_by_head(github, OWNER, NAME, "b" * 40, head="stranger:changes") is not None
    assert len(server.requests) == 1
    assert find_by_head(github, OWNER, NAME, "b" * 40, head="stranger:other") is not None


def test_a_next_page_on_another_host_is_refused(server: LocalGitHub, clock: Clock) -> None:
    """The token is for one host, whatever a Link header names."""
    server.public = "http://elsewhere.example"
    for number in range(100, 250):
        server.world.add_pull(number, head=f"{number:040x}")
    with pytest.raises(GitHubError, match=r"another host, elsewhere\.example"):
        find_by_head(client_of(server, clock), OWNER, NAME, "b" * 40)


def test_what_is_not_there_says_so(server: LocalGitHub, github: GitHub) -> None:
    """A 404 names the path."""
    with pytest.raises(NotFoundError, match="pulls/99"):
        pull_request(github, PullRequestPlace(owner=OWNER, name=NAME, number=99))


def test_a_status_fits_githubs_limit(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """A long description is cut to the 140 characters that GitHub takes."""
    set_status(github, place, HEAD, state="success", context="hubcheck", description="x" * 500)
    assert server.world.statuses[0]["context"] == "hubcheck"


def test_the_token_is_not_shown(github: GitHub) -> None:
    """Neither the client nor its session shows the token when printed."""
    assert "bot-token" not in repr(github) + repr(vars(github))


def test_a_limit_is_told_from_a_missing_permission() -> None:
    """Only an answer that speaks of a limit is one."""
    assert limit_wait(403, {}, "Resource not accessible by integration", 0.0) is None
    assert limit_wait(403, {"retry-after": "nonsense"}, "secondary rate limit", 0.0) == 60.0
    assert limit_wait(429, {"retry-after": "-5"}, "", 0.0) == 0.0
    assert limit_wait(500, {"retry-after": "5"}, "", 0.0) is None
