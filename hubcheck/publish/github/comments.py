"""Which comments of ours are on a pull request, and how are they written?

Ours means: written by the author of this token (``viewerDidAuthor``; a workflow's token may not ask
who it is), with our marker in the first line. A marker in anyone else's comment means nothing.
"""

from __future__ import annotations

from typing import Any, Final

from hubcheck.frozen import frozen
from hubcheck.publish.github.client import PAGE_LIMIT, GitHub
from hubcheck.publish.github.state import State, has_marker, read_state

LIST: Final = """\
query HubcheckComments($owner: String!, $name: String!, $number: Int!, $after: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      comments(first: 100, after: $after) {
        nodes { id fullDatabaseId url body viewerDidAuthor isMinimized }
        pageInfo { hasNextPage endCursor }
      }
    }
  }
}"""

MINIMISE: Final = """\
mutation HubcheckMinimise($id: ID!) {
  minimizeComment(input: {subjectId: $id, classifier: OUTDATED}) {
    minimizedComment { isMinimized }
  }
}"""


@frozen
class PullRequestPlace:
    """One pull request."""

    owner: str
    name: str
    number: int

    @property
    def path(self) -> str:
        """The repository's path in the REST API."""
        return f"/repos/{self.owner}/{self.name}"


@frozen
class Comment:
    """One comment of ours."""

    number: int
    """The id in the REST API; grows with time."""
    node: str
    """The id in GraphQL."""
    url: str
    state: State | None
    minimised: bool


def own_comments(github: GitHub, place: PullRequestPlace, comment_id: str) -> tuple[Comment, ...]:
    """Return our comments with this id, oldest first.

    Raises:
        GitHubError: the list cannot be read.
    """
    found: list[Comment] = []
    after: str | None = None
    for _ in range(PAGE_LIMIT):
        variables = {
            "owner": place.owner, "name": place.name, "number": place.number, "after": after
        }  # fmt: skip
        page = _connection(github.query(LIST, variables))
        for node in page.get("nodes") or ():
            body = (node or {}).get("body") or ""
            if node and node.get("viewerDidAuthor") and has_marker(body, comment_id):
                found.append(
                    Comment(
                        number=int(node.get("fullDatabaseId") or 0),
                        node=str(node.get("id") or ""),
                        url=str(node.get("url") or ""),
                        state=read_state(body),
                        minimised=bool(node.get("isMinimized")),
                    )
                )
        info = page.get("pageInfo") or {}
        after = info.get("endCursor")
        if not info.get("hasNextPage") or not after:
            break
    return tuple(sorted(found, key=lambda c: c.number))


def create(github: GitHub, place: PullRequestPlace, body: str) -> Comment:
    """Write a new comment; see ``UncertainError``."""
    answer = github.post(f"{place.path}/issues/{place.number}/comments", {"body": body})
    return _written(answer, body)


def edit(github: GitHub, place: PullRequestPlace, number: int, body: str) -> Comment:
    """Replace a comment's text.

    Raises:
        NotFoundError: it was deleted since it was looked up.
    """
    return _written(github.patch(f"{place.path}/issues/comments/{number}", {"body": body}), body)


def minimise(github: GitHub, comment: Comment) -> None:
    """Fold a comment away as outdated; doing it again changes nothing."""
    github.query(MINIMISE, {"id": comment.node})


def delete(github: GitHub, place: PullRequestPlace, number: int) -> None:
    """Remove one of two comments that two runs wrote at once."""
    github.delete(f"{place.path}/issues/comments/{number}")


def _connection(data: dict[str, Any]) -> dict[str, Any]:
    repository = data.get("repository") or {}
    request = repository.get("pullRequest") or {}
    return request.get("comments") or {}


def _written(answer: Any, body: str) -> Comment:
    answer = answer if isinstance(answer, dict) else {}
    return Comment(
        number=int(answer.get("id") or 0),
        node=str(answer.get("node_id") or ""),
        url=str(answer.get("html_url") or ""),
        state=read_state(body),
        minimised=False,
    )
