"""Does the page show the queue as it is, and strangers' names as text?"""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.serve.job import Job, State
from hubcheck.serve.page import needing_attention, queue_page
from hubcheck.serve.payload import MAIN, Push

NOW = 1_000_000.0


def job(number: int, state: State, **changes: str | float) -> Job:
    """Return a job."""
    values: dict[str, str | float] = {
        "repo": "acme/m",
        "ref": MAIN,
        "verdict": "",
        "note": "",
        "at": NOW - 90,
        **changes,
    }
    push = Push(
        repo=str(values["repo"]), ref=str(values["ref"]), old_sha="", new_sha=f"{number:040x}"
    )
    at = float(values["at"])
    return Job(
        id=number, push=push, state=state, received=at, attempts=1, lease="", started=at,
        finished=at, verdict=str(values["verdict"]), conclusion="", note=str(values["note"]),
    )  # fmt: skip


def page(unfinished: list[Job], ended: list[Job], *, cards: frozenset[int] = frozenset()) -> str:
    """Return the page of these jobs."""
    counts = {state: sum(j.state is state for j in [*unfinished, *ended]) for state in State}
    return queue_page(counts, unfinished, ended, now=NOW, cards=cards)


def words(html: str) -> str:
    """Return the text of the body."""
    body = html.partition("<body>")[2]
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


def test_an_empty_server() -> None:
    """It says that there is nothing, twice."""
    said = words(page([], []))
    assert "Nothing to do" in said
    assert "Nothing waits." in said
    assert "Nothing was checked yet." in said


def test_what_runs_what_waits_and_what_ended() -> None:
    """Each job with its place, its age and its outcome; a card where there is one."""
    html = page(
        [job(1, State.RUNNING), job(2, State.WAITING, ref="refs/pr/7", note="the Hub is down")],
        [
            job(3, State.DONE, verdict="contradicted", at=NOW - 7300),
            job(4, State.SKIPPED, note="hubcheck's own commit", at=NOW - 5),
            job(5, State.DONE, verdict="confirmed", at=NOW - 200_000),
        ],
        cards=frozenset({3}),
    )
    said = words(html)
    assert "1 needs a look 1 waiting, 1 running, 2 done, 1 skipped, 0 failed." in said
    assert "pull request 7 0000000 waiting 1 min ago the Hub is down" in said
    assert "contradicted card 2 h ago" in said
    assert "skipped 5 s ago hubcheck&#x27;s own commit" in said
    assert "confirmed 2 d ago" in said
    assert html.count("href=") == 2  # where it needs a look, and in the list of all
    assert 'href="cards/3"' in html


def test_what_needs_attention_leads() -> None:
    """Above the queue, each branch by its last check; what a later push settled is over."""
    ended = [
        job(12, State.DONE, verdict="contradicted", repo="acme/asked", ref="asked/ acme/x@y main"),
        job(9, State.SKIPPED, repo="acme/copy"),
        job(8, State.DONE, verdict="contradicted", repo="acme/copy"),
        job(7, State.DONE, verdict="confirmed", repo="acme/mended"),
        job(6, State.DONE, verdict="undeclared", repo="acme/mended"),
        job(5, State.FAILED, repo="acme/broken", note="exit code 4"),
        job(4, State.DONE, verdict="undeclared", repo="acme/copy", ref="refs/pr/2"),
        job(3, State.DONE, verdict="inconclusive", repo="acme/open"),
    ]
    assert [j.id for j in needing_attention(ended)] == [8, 5, 4]
    html = page([job(10, State.WAITING)], ended)
    said = words(html)
    assert "3 need a look" in said
    assert "Nothing to do" not in said
    assert html.index("Needs attention") < html.index("Queue") < html.index("Last verdicts")
    loud = html[html.index("Needs attention") : html.index("Queue")]
    assert "acme/mended" not in loud
    assert '<main class="bad">' in html
    assert "1 running" not in words(page([], ended))


def test_only_a_fresh_failure_is_loud() -> None:
    """The page is red when the last job failed, not when one failed last month."""
    failed, done = job(1, State.FAILED), job(2, State.DONE)
    assert '<main class="bad">' in page([], [failed, done])
    assert '<main class="plain">' in page([], [done, failed])


@given(st.text(), st.text(), st.text())
def test_strangers_cannot_write_html(repo: str, ref: str, note: str) -> None:
    """Whatever a name or a note holds, the page has the same elements."""
    plain = page([job(1, State.WAITING, note="x")], [job(2, State.FAILED, note="x")])
    odd = page(
        [job(1, State.WAITING, repo=repo, ref=ref, note=note or "x")],
        [job(2, State.FAILED, repo=repo, ref=ref, note=note or "x")],
    )

    def elements(html: str) -> list[str]:
        body = html.partition("<body>")[2]
        return [e.replace(' class="short"', "") for e in re.findall(r"<[^>]*>", body)]

    assert elements(odd) == elements(plain)
