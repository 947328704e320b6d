"""How does the local GitHub answer GraphQL? By executing it on GitHub's own (pruned) schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import GraphQLResolveInfo, graphql_sync

from tests.githubserver import contract
from tests.githubserver.world import NAME, OWNER, Login, Remark

if TYPE_CHECKING:
    from tests.githubserver.server import LocalGitHub


def run(hub: LocalGitHub, login: Login, body: dict[str, Any]) -> dict[str, Any]:
    """Execute one document for a login and return what the wire carries."""
    problems = contract.graphql_errors(body["query"])
    if problems:
        hub.violations += problems
        return {"errors": [{"message": problem} for problem in problems]}
    with hub.lock:
        result = graphql_sync(
            contract.graphql(),
            body["query"],
            root_value=_Root(hub, login),
            variable_values=body.get("variables"),
            type_resolver=lambda *_: "IssueComment",
        )
    answer: dict[str, Any] = {"data": result.data}
    if result.errors:
        answer["errors"] = [
            {"message": e.message, "type": getattr(e.original_error, "kind", "")}
            for e in result.errors
        ]
    return answer


class _ProblemError(Exception):
    """An error with GitHub's own word for its kind."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class _Root:
    def __init__(self, hub: LocalGitHub, login: Login) -> None:
        self._hub, self._login = hub, login

    def repository(self, _info: GraphQLResolveInfo[Any], owner: str, name: str, **_: Any) -> Any:
        if (owner, name) != (OWNER, NAME):
            raise _ProblemError("NOT_FOUND", "Could not resolve to a Repository")
        return {"pullRequest": self._pull_request}

    def _pull_request(self, _info: GraphQLResolveInfo[Any], number: int) -> Any:
        if number not in self._hub.world.pulls:
            raise _ProblemError("NOT_FOUND", "Could not resolve to a PullRequest")

        def comments(_info: GraphQLResolveInfo[Any], first: int, after: str | None = None) -> Any:
            remarks = self._hub.world.comments[number]
            start = int(after) if after else 0
            end = start + first
            return {
                "nodes": [self._node(r, number) for r in remarks[start:end]],
                "pageInfo": {
                    "hasNextPage": end < len(remarks), "endCursor": str(end),
                    "hasPreviousPage": start > 0, "startCursor": str(start),
                },
            }  # fmt: skip

        return {"comments": comments}

    def minimizeComment(self, _info: GraphQLResolveInfo[Any], input: dict[str, Any]) -> Any:  # noqa: A002 - GitHub's name
        if not self._login.write:
            raise _ProblemError("FORBIDDEN", "Resource not accessible by integration")
        world = self._hub.world
        for number, remarks in world.comments.items():
            for remark in remarks:
                if remark.node == input["subjectId"]:
                    remark.minimised = True
                    return {"minimizedComment": self._node(remark, number)}
        raise _ProblemError("NOT_FOUND", "Could not resolve to a node")

    def _node(self, remark: Remark, number: int) -> dict[str, Any]:
        return {
            "id": remark.node,
            "databaseId": None,
            "fullDatabaseId": str(remark.number),
            "url": f"https://github.com/{OWNER}/{NAME}/pull/{number}#issuecomment-{remark.number}",
            "body": remark.body,
            "viewerDidAuthor": remark.author == self._login.name,
            "isMinimized": remark.minimised,
        }
