"""How does a job prove who it is, and which token does it get for that?

The two ends of a trusted publisher: the identity token that the CI provider mints for a job, and
the Hub's exchange of it for a token that lives an hour and may do one thing.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from tests.hubserver.accounts import Account
from tests.hubserver.reply import Reply, error_reply, json_reply

if TYPE_CHECKING:
    from tests.hubserver.routes import Hub, Request

RUNNER_SECRET: Final = "runner-secret"
"""What a workflow with ``id-token: write`` finds in its environment."""
IDENTITY: Final = "header.identity-of-the-job.signature"
PREFIX: Final = "hf_jwt_"


def identity_token(request: Request) -> Reply:
    """Answer as the CI provider does: an identity token for the audience asked for."""
    if request.token != RUNNER_SECRET or "audience" not in request.query:
        return Reply(status=403, body=b"no identity for you\n")
    return json_reply({"value": IDENTITY})


def exchange(hub: Hub, request: Request) -> Reply:
    """Exchange an identity for a token: of a repository to write, of a user to read."""
    asked = json.loads(request.body)
    resource = asked["resource"]
    if asked["subject_token"] != IDENTITY or resource not in hub.trusted:
        return error_reply(401, "", "no trusted publisher matches this identity")
    token = PREFIX + resource.replace("/", "_")
    name = f"oidc-{resource.replace('/', '-')}"
    if "/" in resource:
        hub.add_user(token, name, writes=frozenset({resource}))
    else:
        hub.add_account(token, Account(name=resource, role="read"))
    return json_reply({"access_token": token, "token_type": "bearer", "expires_in": 3600})
