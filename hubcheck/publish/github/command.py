"""What does ``hubcheck publish REPORT --to pull-request`` do?

The same comment as the action writes. ``--dry-run`` prints it exactly: no token, no request.
"""

from __future__ import annotations

from collections.abc import Mapping

from hubcheck.card.given import NOTE
from hubcheck.errors import HubcheckError, UsageError, printable
from hubcheck.publish.github.answer import Done, Mode, Wanted, answer
from hubcheck.publish.github.body import LIMIT, Links, comment_body
from hubcheck.publish.github.client import PUBLIC_API, GitHub
from hubcheck.publish.github.comments import PullRequestPlace
from hubcheck.publish.github.pull_requests import is_commit, pull_request
from hubcheck.publish.github.state import State, identity, is_comment_id, state_of
from hubcheck.publish.outcome import NotPublished, Outcome, Published, Unchanged, not_published
from hubcheck.report.schema import Report

WHAT = "the comment"


def publish_on_pull_request(
    report: Report,
    environment: Mapping[str, str],
    *,
    number: int,
    comment_id: str,
    dry_run: bool,
    given: bool = False,
) -> Outcome:
    """Write the comment on a pull request, or print it.

    Args:
        report: What to say.
        environment: ``GITHUB_REPOSITORY`` and ``GITHUB_TOKEN``; on a runner, where the job runs.
        number: Of the pull request.
        comment_id: Which of several comments on it.
        given: Whether the report came as a file that nobody here has replayed.
        dry_run: Print the comment instead; needs neither repository nor token.

    Raises:
        UsageError: the request makes no sense.
    """
    if not is_comment_id(comment_id):
        what = f"--comment-id is '{printable(comment_id)}'."
        raise UsageError(
            what, cause="it stands in a hidden marker.", next_step="use letters, digits, dashes."
        )
    comment_id = identity(comment_id, report.subject.ref)
    owner, _, name = environment.get("GITHUB_REPOSITORY", "").partition("/")
    run = environment.get("GITHUB_RUN_ID", "")
    links = Links(
        server=environment.get("GITHUB_SERVER_URL") or "https://github.com",
        repository=f"{owner}/{name}",
        commit=_commit(report, environment),
        run=int(run) if run.isascii() and run.isdecimal() else 0,
    )
    state = state_of(report, commit=links.commit, run=links.run, key="")

    def body(before: State | None, share: float) -> str:
        return comment_body(
            report, comment_id=comment_id, state=state, before=before, links=links,
            note=NOTE if given else (), limit=int(LIMIT * share),
        )  # fmt: skip

    if dry_run:
        text = body(None, 1.0)
        print(text, end="")
        return Published(what=f"{len(text.encode()):,} bytes", where=_where(owner, name, number))
    if not owner or not name or number < 1:
        raise UsageError(
            "The pull request is not known.",
            cause="GITHUB_REPOSITORY or --number is missing.",
            next_step="set GITHUB_REPOSITORY=owner/name, give --number N, or use --dry-run.",
        )
    github = GitHub(
        environment.get("GITHUB_TOKEN", ""),
        api=environment.get("GITHUB_API_URL") or PUBLIC_API,
        graphql=environment.get("GITHUB_GRAPHQL_URL", ""),
    )
    place = PullRequestPlace(owner=owner, name=name, number=number)
    try:
        pull_request(github, place)
        done = answer(
            github,
            place,
            Wanted(comment_id=comment_id, mode=Mode.ALWAYS, state=state, body=body),
        )
    except HubcheckError as error:
        return not_published(WHAT, error)
    if done.done is Done.LEFT:
        return Unchanged(what=WHAT, where=done.url)
    if done.done is Done.OUTRUN:
        return NotPublished(what=WHAT, reason=f"a newer run has answered: {done.url}")
    return Published(what=WHAT, where=done.url)


def _commit(report: Report, environment: Mapping[str, str]) -> str:
    sha = environment.get("GITHUB_SHA", "")
    if report.subject.revision == "local" and is_commit(sha):
        return sha
    return ""


def _where(owner: str, name: str, number: int) -> str:
    return f"{owner or 'owner'}/{name or 'name'}#{number or 'N'}"
