"""Is a request one that GitHub describes, and an answer one that it would give?

Held against the pruned official descriptions beside this file (see ``prune.py``).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from graphql import GraphQLSchema, build_schema, parse, validate
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from werkzeug.datastructures import Headers, ImmutableMultiDict

HERE: Final = Path(__file__).parent
HOST: Final = "http://localhost"


@cache
def rest() -> OpenAPI:
    """Return the description of the REST API."""
    config = Config(spec_validator_cls=None)
    return OpenAPI.from_file_path(str(HERE / "api.github.json"), config=config)


@cache
def graphql() -> GraphQLSchema:
    """Return the GraphQL schema."""
    return build_schema((HERE / "schema.graphql").read_text())


def graphql_errors(text: str) -> list[str]:
    """Return what GitHub's schema says against a GraphQL document."""
    return [error.message for error in validate(graphql(), parse(text))]


@dataclass
class Seen:
    """One request, as openapi-core takes it."""

    method: str
    target: str
    body: bytes | None
    headers: Mapping[str, str]
    host_url: str = HOST
    parameters: RequestParameters = field(init=False)

    def __post_init__(self) -> None:
        """Take the target apart."""
        self.method = self.method.lower()
        split = urlsplit(self.target)
        # A ref has slashes, which a template of OpenAPI cannot say.
        head, mark, ref = split.path.partition("/git/ref")
        if mark and "/heads/" in ref:
            kind, _, name = ref.partition("/heads/")
            ref = f"{kind}/heads%2F{name}"
        self.path = head + mark + ref
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(
                [(k, v) for k, values in parse_qs(split.query).items() for v in values]
            ),
            header=Headers(dict(self.headers)),
            cookie=ImmutableMultiDict(),
        )

    @property
    def content_type(self) -> str:
        """Media type of the body."""
        given = next((v for k, v in self.headers.items() if k.lower() == "content-type"), "")
        return given.partition(";")[0]


@dataclass
class Given:
    """One answer, as openapi-core takes it."""

    data: bytes
    status_code: int
    content_type: str
    headers: Mapping[str, str] = field(default_factory=dict)


def request_errors(method: str, target: str, headers: Mapping[str, str], body: bytes) -> list[str]:
    """Return what the description says against a request; an unknown route is an error too."""
    seen = Seen(method=method, target=target, body=body or None, headers=headers)
    try:
        rest().validate_request(seen)
    except OpenAPIError as error:
        return [f"{method} {target}: {_reason(error)}"]
    return []


def answer_errors(
    method: str, target: str, headers: Mapping[str, str], status: int, document: Any
) -> list[str]:
    """Return what the description says against an answer."""
    seen = Seen(method=method, target=target, body=None, headers=headers)
    given = Given(
        data=json.dumps(document).encode(), status_code=status, content_type="application/json"
    )
    try:
        rest().validate_response(seen, given)
    except OpenAPIError as error:
        return [f"answer to {method} {target}: {_reason(error)}"]
    return []


def _reason(error: BaseException) -> str:
    cause = error.__cause__
    details = getattr(cause, "schema_errors", None) or getattr(error, "schema_errors", None) or ()
    found = [f"{list(d.absolute_path)}: {d.message}"[:300] for d in details]
    return "; ".join(found) or f"{type(error).__name__}: {error} ({cause})"
