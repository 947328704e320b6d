"""Tests of the one comment: edited in place, replaced when worse, alone whatever happens."""

from __future__ import annotations

import re
import threading

import pytest

from hubcheck.publish.github.answer import Answered, Done, Mode, Wanted, answer
from hubcheck.publish.github.client import GitHub
from hubcheck.publish.github.comments import PullRequestPlace
from hubcheck.publish.github.errors import ForbiddenError, InvalidError
from hubcheck.publish.github.state import State, marker
from hubcheck.report.words import Conclusion, DeclarationVerdict
from tests.githubserver.server import Fault, LocalGitHub
from tests.githubserver.world import Login
from tests.publish.github.conftest import Clock, client_of

_VERDICTS = {
    Conclusion.PASS: DeclarationVerdict.CONFIRMED,
    Conclusion.NEUTRAL: DeclarationVerdict.INCONCLUSIVE,
    Conclusion.FAIL: DeclarationVerdict.CONTRADICTED,
}


def wanted(
    conclusion: Conclusion = Conclusion.PASS,
    *,
    run: int = 1,
    mode: Mode = Mode.CHANGES,
    comment_id: str = "hubcheck",
    size: int = 100,
) -> Wanted:
    """Return a comment that should be there."""
    state = State(verdict=_VERDICTS[conclusion], conclusion=conclusion, run=run)

    def body(before: State | None, share: float) -> str:
        last = before.verdict.value if before else "none"
        text = f"run {run}: {state.verdict.value}, last push: {last}"
        return f"{marker(comment_id, state)}\n{text}\n{'x' * int(size * share)}"

    return Wanted(comment_id=comment_id, mode=mode, state=state, body=body)


def test_the_first_answer_is_a_new_comment(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """The first verdict always posts."""
    result = answer(github, place, wanted())
    assert result.done is Done.CREATED
    assert next(r.body for r in server.world.standing(7)).startswith("<!-- hubcheck:v1 id=hubcheck")
    assert result.url.endswith(f"#issuecomment-{server.world.comments[7][0].number}")


def test_the_same_or_a_better_answer_edits_in_place(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """One comment stays one comment; it tells what the last push had."""
    answer(github, place, wanted(Conclusion.FAIL, run=1))
    result = answer(github, place, wanted(Conclusion.PASS, run=2))
    assert result.done is Done.EDITED
    (remark,) = server.world.comments[7]
    assert "run 2: confirmed, last push: contradicted" in remark.body


@pytest.mark.parametrize(
    ("before", "now"),
    [
        (Conclusion.PASS, Conclusion.NEUTRAL),
        (Conclusion.PASS, Conclusion.FAIL),
        (Conclusion.NEUTRAL, Conclusion.FAIL),
    ],
)
def test_a_worse_answer_folds_the_old_one_and_notifies(
    server: LocalGitHub,
    github: GitHub,
    place: PullRequestPlace,
    before: Conclusion,
    now: Conclusion,
) -> None:
    """Editing notifies nobody: a worse conclusion is a new comment, the old one is minimised."""
    answer(github, place, wanted(before, run=1))
    result = answer(github, place, wanted(now, run=2))
    assert result.done is Done.REPLACED
    first, second = server.world.comments[7]
    assert (first.minimised, second.minimised) == (True, False)
    assert f"last push: {_VERDICTS[before].value}" in second.body
    answer(github, place, wanted(Conclusion.PASS, run=3))
    assert len(server.world.comments[7]) == 2


def test_modes(server: LocalGitHub, github: GitHub, place: PullRequestPlace) -> None:
    """``off`` asks nothing; ``failures`` stays silent until something failed, then updates."""
    assert answer(github, place, wanted(mode=Mode.OFF)).done is Done.SKIPPED
    assert server.requests == []
    assert answer(github, place, wanted(mode=Mode.FAILURES)).done is Done.SKIPPED
    assert server.world.comments[7] == []
    answer(github, place, wanted(Conclusion.FAIL, run=2, mode=Mode.FAILURES))
    answer(github, place, wanted(Conclusion.PASS, run=3, mode=Mode.FAILURES))
    assert "run 3" in server.world.comments[7][0].body


def test_ids_tell_comments_apart(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """Two models on one pull request have two comments, each edited in place."""
    for run in (1, 2):
        for one in ("left", "right"):
            answer(github, place, wanted(run=run, comment_id=one))
    assert len(server.world.comments[7]) == 2


def test_a_marker_in_anyone_elses_comment_means_nothing(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """A stranger who copies the marker gets no edit; neither does a marker below the first line."""
    forged = marker("hubcheck", wanted().state)
    server.world.add_comment(7, "stranger", f"{forged}\nhello")
    server.world.add_comment(7, "github-actions[bot]", f"look:\n{forged}")
    answer(github, place, wanted(run=2))
    assert [r.body.startswith("<!--") for r in server.world.comments[7]] == [True, False, True]
    assert server.world.comments[7][0].body.endswith("hello")


def test_three_hundred_other_comments(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """The comment is found on the last of four pages, and stays the only one."""
    for number in range(150):
        server.world.add_comment(7, "someone", f"remark {number}")
    answer(github, place, wanted(run=1))
    for number in range(150):
        server.world.add_comment(7, "someone", f"remark {number}")
    answer(github, place, wanted(run=2))
    (remark,) = server.world.standing(7)
    assert "run 2" in remark.body


def test_a_comment_deleted_between_look_up_and_edit(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """The edit finds nothing, the run looks again and writes a new one."""
    answer(github, place, wanted(run=1))
    server.before = lambda line: (
        server.world.comments[7].clear() if line.startswith("PATCH") else None
    )
    answer(github, place, wanted(run=2))
    (remark,) = server.world.standing(7)
    assert "run 2" in remark.body


@pytest.mark.parametrize("fault", ["drop", "502"])
@pytest.mark.parametrize("written", [True, False])
def test_a_creation_whose_answer_is_lost(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace, fault: str, written: bool
) -> None:
    """Whether GitHub carried it out or not, one comment is there in the end."""
    pattern = "POST /repos"
    if fault == "drop":
        server.faults.append(Fault(pattern, drop=True, after=written))
    else:
        server.faults.append(Fault(pattern, status=502, after=written))
    result = answer(github, place, wanted(run=5))
    (remark,) = server.world.comments[7]
    assert "run 5" in remark.body
    assert result.url.endswith(str(remark.number))


@pytest.mark.parametrize("conclusion", [Conclusion.PASS, Conclusion.FAIL])
@pytest.mark.parametrize("earlier", [True, False])
def test_two_runs_at_once(
    server: LocalGitHub,
    clock: Clock,
    place: PullRequestPlace,
    conclusion: Conclusion,
    earlier: bool,
) -> None:
    """Runs that do not see each other's comment still leave one, about the newest."""
    if earlier:
        answer(client_of(server, clock), place, wanted(Conclusion.PASS, run=1))
    together = threading.Barrier(2)
    first = threading.local()

    def meet(line: str) -> None:
        if re.match(r"(POST|PATCH) /repos", line) and not getattr(first, "met", False):
            first.met = True
            try:
                together.wait(timeout=0.5)
            except threading.BrokenBarrierError:
                return

    server.before = meet
    results: list[Answered] = []
    threads = [
        threading.Thread(
            target=lambda run=run: results.append(
                answer(client_of(server, Clock()), place, wanted(conclusion, run=run))
            )
        )
        for run in (10, 11)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    server.before = lambda _line: None
    standing = server.world.standing(7)
    assert len(standing) == 1
    assert "run 11" in standing[0].body or earlier


def test_a_newer_run_is_not_overwritten(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """A slow run of an older push leaves the newer answer alone."""
    answer(github, place, wanted(Conclusion.PASS, run=9))
    assert answer(github, place, wanted(Conclusion.PASS, run=8)).done is Done.OUTRUN
    assert "run 9" in server.world.comments[7][0].body


def test_too_long_a_text_is_written_shorter(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """When GitHub refuses the length, a shorter text goes out instead of nothing."""
    answer(github, place, wanted(size=90_000))
    assert 20_000 < len(server.world.comments[7][0].body) < 65_536


def test_a_refusal_that_is_not_about_length_is_told(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """After the shortest text, the refusal itself is the error."""
    server.faults.append(Fault("POST /repos", status=422, message="spammed", times=99))
    with pytest.raises(InvalidError, match="spammed"):
        answer(github, place, wanted())


def test_a_read_only_token_is_forbidden(
    server: LocalGitHub, clock: Clock, place: PullRequestPlace
) -> None:
    """The token of a fork's run may look and not write: the caller hears exactly that."""
    server.world.tokens["fork"] = Login(write=False)
    with pytest.raises(ForbiddenError):
        answer(client_of(server, clock, "fork"), place, wanted())
    assert server.world.comments[7] == []


def test_a_token_that_may_not_fold_edits_instead(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """Worse, and folding is refused: the text is right even if nobody is notified."""
    answer(github, place, wanted(Conclusion.PASS, run=1))
    before = server.world.tokens["bot-token"]

    def narrow(line: str) -> None:
        # The second GraphQL request of this run is the folding.
        graphql = sum(r == "POST /graphql" for r in server.requests) - seen
        before.write = not (line == "POST /graphql" and graphql == 2)

    seen = sum(r == "POST /graphql" for r in server.requests)
    server.before = narrow
    assert answer(github, place, wanted(Conclusion.FAIL, run=2)).done is Done.EDITED
    (remark,) = server.world.standing(7)
    assert "run 2" in remark.body


def test_a_run_that_died_after_folding_is_made_good(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """Folded, then nothing: the next run still writes the new comment."""
    answer(github, place, wanted(Conclusion.PASS, run=1))
    server.world.comments[7][0].minimised = True
    answer(github, place, wanted(Conclusion.FAIL, run=2))
    (remark,) = server.world.standing(7)
    assert "run 2" in remark.body


def test_a_comment_folded_by_a_maintainer_stays_folded(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace
) -> None:
    """Someone hid it: as long as nothing gets worse it is edited where it is."""
    answer(github, place, wanted(Conclusion.FAIL, run=1))
    server.world.comments[7][0].minimised = True
    answer(github, place, wanted(Conclusion.FAIL, run=2))
    assert len(server.world.comments[7]) == 1
    assert server.world.comments[7][0].minimised


@pytest.mark.parametrize(
    "fault",
    [
        Fault("POST /graphql", status=502, times=2),
        Fault("PATCH", status=500, times=2),
        Fault("PATCH", drop=True, after=True),
        Fault("PATCH", status=429, headers={"Retry-After": "2"}),
    ],
)
def test_faults_on_the_way_end_in_one_correct_comment(
    server: LocalGitHub, github: GitHub, place: PullRequestPlace, fault: Fault
) -> None:
    """Faults, limits and timeouts anywhere on the way change nothing about the result."""
    answer(github, place, wanted(run=1))
    server.faults.append(fault)
    answer(github, place, wanted(run=2))
    (remark,) = server.world.comments[7]
    assert "run 2" in remark.body
