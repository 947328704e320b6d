"""What does a process of the command line have: which clock, which token?"""

from __future__ import annotations

import gc
import os
from datetime import UTC, datetime
from typing import Final

SELDOM: Final = (50_000, 20, 20)
"""New objects before Python looks for circles among them. A header of 140,000 tensors makes a
million objects and no circle; with Python's own 700 a quarter of the check's time goes there."""


def collect_seldom() -> None:
    """Let Python look for circles of objects that nobody holds less often than it would."""
    gc.set_threshold(*SELDOM)


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def hub_token() -> str | None:
    """Return the token that reads models on the Hub, if there is one."""
    # Imported late: it costs the import of the Hub's client, which local checks never pay.
    from hubcheck.publish.hub.credentials import Role, credential

    return credential(Role.READ, os.environ).token
