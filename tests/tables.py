"""How much of a long table does this run take?

``make test`` takes a fixed part with fixed seeds, so that it ends in minutes; ``make long`` sets
``HUBCHECK_LONG`` and takes all of it. What the last long run found is kept in ``tests/results``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final, TypeVar

T = TypeVar("T")
VARIABLE: Final = "HUBCHECK_LONG"


def is_long(environment: Mapping[str, str]) -> bool:
    """Return whether whole tables are wanted."""
    return environment.get(VARIABLE) == "1"


def taken(part: T, whole: T) -> T:
    """Return the part of a table that every run takes, or all of it in a long run."""
    return whole if is_long(os.environ) else part
