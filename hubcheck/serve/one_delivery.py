"""How is one delivery carried out without a server, as in a Job of the Hub's?"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hubcheck.errors import UsageError, printable
from hubcheck.serve.admission import is_listed
from hubcheck.serve.carry_out import Guarded, Later, OwnName, Stopped, check_here
from hubcheck.serve.events import EventLog, secrets_in
from hubcheck.serve.job import Result, State
from hubcheck.serve.payload import Ignored, Malformed, read_delivery
from hubcheck.serve.settings import CheckHere


def carry_out_delivery(
    body: bytes,
    plan: CheckHere,
    *,
    allowed: Sequence[str],
    endpoint: str,
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> bool:
    """Guard, check and publish what a delivery announces; return whether all of it was done.

    Args:
        body: The delivery.
        plan: How a push is checked.
        allowed: Patterns of models.
        endpoint: The Hub's address.
        environment: Where the tokens are found.
        tell: Handed each result in words.

    Raises:
        UsageError: the body is no delivery.
    """
    pushes = read_delivery(body)
    if isinstance(pushes, Malformed):
        raise UsageError(
            f"The delivery cannot be read: {pushes.reason}.",
            cause="something else than the Hub set the variable.",
            next_step="start this Job by a webhook.",
        )
    if isinstance(pushes, Ignored):
        tell(f"nothing to check: {pushes.reason}")
        return True
    log = EventLog(sys.stderr, secrets=secrets_in(environment))
    own = OwnName(endpoint=endpoint, environment=environment)
    guarded = Guarded(endpoint=endpoint, environment=environment, own_name=own, tell=log)
    whole = True
    for push in pushes:
        if not is_listed(push.repo, allowed):
            tell(f"{printable(push.repo)} is not on the allow-list")
            continue
        with tempfile.TemporaryDirectory(prefix="hubcheck-") as folder:
            ending = check_here(push, Path(folder), plan, guarded, threading.Event())
        told = f"{push.repo}@{push.new_sha[:7]}"
        match ending:
            case Result(state=State.DONE, verdict=verdict, note=note):
                tell(f"{told}: {verdict}. {note}")
            case Result(state=State.SKIPPED, note=note):
                tell(f"{told}: skipped: {note}")
            case Result(note=note) | Later(note=note):
                whole = False
                tell(f"{told}: not checked: {note}")
            case Stopped():
                whole = False
    return whole
