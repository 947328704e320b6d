"""How is the Hub asked about an account's own webhooks and Jobs?

Requests hold secrets, so no error quotes one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

from hubcheck.errors import HubcheckError, NetworkFaultError, UsageError
from hubcheck.publish.hub.client import CONNECT_SECONDS, SILENCE_SECONDS
from hubcheck.publish.hub.credentials import Role, credential
from hubcheck.source.redaction import install_redaction

if TYPE_CHECKING:
    from huggingface_hub import HfApi

T = TypeVar("T")


def ask_account(
    environment: Mapping[str, str], endpoint: str, doing: str, ask: Callable[[HfApi], T]
) -> T:
    """Send one request about the account's own webhooks and Jobs.

    Args:
        environment: Where the write role's token is found.
        endpoint: The Hub's address.
        doing: What is asked, beginning with a verb in -ing.
        ask: Asks it.

    Raises:
        HubcheckError: it was refused; the text never quotes the request, which holds secrets.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError

    from hubcheck.source.http_session import http

    install_redaction()
    http().limit_silence(connect=CONNECT_SECONDS, read=SILENCE_SECONDS)
    broken: tuple[type[Exception], ...] = (OSError, *http().anything)
    token = credential(Role.WRITE, environment).token
    api = HfApi(endpoint=endpoint, token=token or False, library_name="hubcheck")
    try:
        return ask(api)
    except HfHubHTTPError as error:
        with closing(error.response):
            raise _refused(error.response.status_code, doing) from None
    except broken:
        raise _refused(0, doing) from None
    except (ValueError, KeyError, TypeError) as error:
        what = f"{doing} failed in the Hub's client ({type(error).__name__})."
        raise NetworkFaultError(
            what,
            cause="the Hub answered in a form that this version of huggingface_hub does not know.",
            next_step="update huggingface_hub, or use the Hub's settings page.",
        ) from None


def _refused(status: int, doing: str) -> HubcheckError:
    """Return the error for an answer other than success; 0 is no answer."""
    if status in {401, 403}:
        return UsageError(
            f"{doing} was refused: the token may not do that (status {status}).",
            cause="it is missing, expired or read-only.",
            next_step="set HUBCHECK_WRITE_TOKEN to a token that may manage webhooks and Jobs.",
        )
    if 400 <= status < 500 and status != 429:  # noqa: PLR2004 - HTTP
        return UsageError(
            f"{doing} was refused (status {status}).",
            cause="there is no such webhook, model or organisation, or you may not watch it.",
            next_step="check the name; see hubcheck webhook list.",
        )
    return NetworkFaultError(
        f"{doing} failed: {f'status {status}' if status else 'no answer'}.",
        cause="the Hub had a fault or limits your requests, or the network between.",
        next_step="run it again later.",
    )
