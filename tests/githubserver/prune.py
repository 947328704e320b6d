"""How are GitHub's own descriptions cut down to what is used here?

``python tests/githubserver/prune.py NODE_MODULES`` reads ``@octokit/openapi`` and
``@octokit/graphql-schema`` (both MIT, see LICENSE-octokit) and writes ``api.github.json`` and
``schema.graphql`` beside this file. Nothing is invented: paths, parameters, bodies and answers stay
as GitHub describes them; prose, examples and everything unused go.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLScalarType,
    build_schema,
)

HERE: Final = Path(__file__).parent
JSON: Final = "application/json"
VENDOR: Final = "application/vnd.github+json"
USED: Final = {
    "/repos/{owner}/{repo}/pulls": ("get",),
    "/repos/{owner}/{repo}/pulls/{pull_number}": ("get",),
    "/repos/{owner}/{repo}/issues/{issue_number}/comments": ("post",),
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": ("patch", "delete"),
    "/repos/{owner}/{repo}/statuses/{sha}": ("post",),
    "/repos/{owner}/{repo}/check-runs": ("post",),
    "/repos/{owner}/{repo}/actions/runs/{run_id}/artifacts": ("get",),
    "/repos/{owner}/{repo}/actions/artifacts/{artifact_id}/{archive_format}": ("get",),
    "/repos/{owner}/{repo}/git/trees": ("post",),
    "/repos/{owner}/{repo}/git/trees/{tree_sha}": ("get",),
    "/repos/{owner}/{repo}/git/blobs/{file_sha}": ("get",),
    "/repos/{owner}/{repo}/git/commits": ("post",),
    "/repos/{owner}/{repo}/git/commits/{commit_sha}": ("get",),
    "/repos/{owner}/{repo}/git/ref/{ref}": ("get",),
    "/repos/{owner}/{repo}/git/refs": ("post",),
    "/repos/{owner}/{repo}/git/refs/{ref}": ("patch",),
}
PROSE: Final = ("description", "summary", "externalDocs", "x-github", "example", "examples", "tags",
                "operationId", "title", "x-github-breaking-changes", "deprecated")  # fmt: skip
GRAPHQL: Final = {
    "Query": {"repository"},
    "Mutation": {"minimizeComment"},
    "Repository": {"pullRequest"},
    "PullRequest": {"comments"},
    "IssueCommentConnection": {"nodes", "pageInfo"},
    "IssueComment": {"id", "databaseId", "fullDatabaseId", "url", "body", "viewerDidAuthor",
                     "isMinimized"},
    "PageInfo": None,
    "MinimizeCommentInput": None,
    "MinimizeCommentPayload": {"minimizedComment", "clientMutationId"},
    "Minimizable": {"isMinimized", "id"},
    "ReportedContentClassifiers": None,
    "IssueCommentOrder": None,
    "IssueCommentOrderField": None,
    "OrderDirection": None,
    "URI": None,
    "BigInt": None,
}  # fmt: skip


def bare(node: Any, *, names: bool = False) -> Any:
    """Return a description without its prose; under ``properties`` the keys are names."""
    if isinstance(node, list):
        return [bare(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept = node.items() if names else ((k, v) for k, v in node.items() if k not in PROSE)
    return {k: bare(v, names=k == "properties" and not names) for k, v in kept}


def references(node: Any) -> set[str]:
    """Return every component that a description refers to."""
    if isinstance(node, list):
        return set().union(*map(references, node)) if node else set()
    if not isinstance(node, dict):
        return set()
    own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
    return own.union(*map(references, node.values()))


def prune_rest(whole: dict[str, Any]) -> dict[str, Any]:
    """Return the description of the used paths alone."""
    paths = {
        path: {
            key: value
            for key, value in whole["paths"][path].items()
            if key in (*methods, "parameters")
        }
        for path, methods in USED.items()
    }
    small: dict[str, Any] = {
        "openapi": whole["openapi"],
        "info": {"title": whole["info"]["title"], "version": whole["info"]["version"],
                 "license": whole["info"]["license"]},
        "servers": [{"url": "http://localhost"}],
        "paths": bare(paths, names=True),
        "components": {},
    }  # fmt: skip
    for methods in small["paths"].values():
        for method, operation in methods.items():
            # Of the answers only the success: what a fault looks like is no promise of GitHub's.
            if method != "parameters":
                answers = operation["responses"]
                operation["responses"] = {k: v for k, v in answers.items() if k < "400"}
    wanted, done = references(small["paths"]), set[str]()
    while wanted - done:
        name = (wanted - done).pop()
        done.add(name)
        _, _, kind, key = name.split("/", 3)
        component = bare(whole["components"][kind][key])
        small["components"].setdefault(kind, {})[key] = component
        wanted |= references(component)
    for kind in ("responses",):
        for answer in small["components"].get(kind, {}).values():
            vendor(answer)
    for methods in small["paths"].values():
        for method, operation in methods.items():
            if method != "parameters":
                for answer in operation["responses"].values():
                    vendor(answer)
    return small


def vendor(answer: dict[str, Any]) -> None:
    """Offer an answer under the media type too that every client asks for."""
    content = answer.get("content", {})
    if JSON in content:
        content[VENDOR] = content[JSON]


def prune_graphql(text: str) -> str:
    """Return the used types of GitHub's GraphQL schema with the used fields."""
    # The published schema repeats a field of a type that is not used here.
    whole = build_schema(text, assume_valid_sdl=True)
    return "\n\n".join(_definition(whole.type_map[name], GRAPHQL[name]) for name in GRAPHQL) + "\n"


def _definition(kind: GraphQLNamedType, used: set[str] | None) -> str:
    if isinstance(kind, GraphQLEnumType):
        return f"enum {kind.name} {{ {' '.join(kind.values)} }}"
    if isinstance(kind, GraphQLScalarType):
        return f"scalar {kind.name}"
    if isinstance(kind, GraphQLInputObjectType):
        lines = [f"  {name}: {field.type}" for name, field in kind.fields.items()]
        return f"input {kind.name} {{\n" + "\n".join(lines) + "\n}"
    assert isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
    lines = []
    for name, field in kind.fields.items():
        if used is None or name in used:
            given = [f"{key}: {argument.type}" for key, argument in field.args.items()]
            arguments = f"({', '.join(given)})" if given else ""
            lines.append(f"  {name}{arguments}: {field.type}")
    word = "interface" if isinstance(kind, GraphQLInterfaceType) else "type"
    kept = [i.name for i in kind.interfaces if i.name in GRAPHQL]
    implements = f" implements {' & '.join(kept)}" if kept else ""
    return f"{word} {kind.name}{implements} {{\n" + "\n".join(lines) + "\n}"


def main() -> None:
    """Write both files."""
    modules = Path(sys.argv[1])
    whole = json.loads((modules / "@octokit/openapi/generated/api.github.com.json").read_text())
    text = json.dumps(prune_rest(whole), separators=(",", ":"), sort_keys=True)
    (HERE / "api.github.json").write_text(text + "\n")
    schema = (modules / "@octokit/graphql-schema/schema.graphql").read_text()
    (HERE / "schema.graphql").write_text(prune_graphql(schema))


if __name__ == "__main__":
    main()
