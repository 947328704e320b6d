"""What does a process of the command line have: which clock, which token?"""

from __future__ import annotations

import os
from datetime import UTC, datetime


def now() -> datetime:
    """Return the time, in UTC."""
    return datetime.now(UTC)


def hub_token() -> str | None:
    """Return the token that reads models on the Hub, if there is one."""
    # Imported late: it costs the import of the Hub's client, which local checks never pay.
    from hubcheck.publish.hub.credentials import Role, credential

    return credential(Role.READ, os.environ).token
