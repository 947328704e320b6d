"""A Hub on this machine, for tests: repositories, ranges, signed storage, faults, counts."""

from tests.hubserver.faults import Drop, Headers, IgnoreRange, Slow, Status, Truncate
from tests.hubserver.server import Exchange, LocalHub

__all__ = [
    "Drop",
    "Exchange",
    "Headers",
    "IgnoreRange",
    "LocalHub",
    "Slow",
    "Status",
    "Truncate",
]
