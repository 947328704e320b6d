"""A Hub on this machine, for tests: repositories, ranges, signed storage, faults, counts."""

from tests.hubserver.faults import Drop, Headers, IgnoreRange, Slow, Status, Truncate, Unframed
from tests.hubserver.link import Link
from tests.hubserver.server import LocalHub
from tests.hubserver.sockets import Exchange
from tests.hubserver.storage import Content

__all__ = [
    "Content",
    "Drop",
    "Exchange",
    "Headers",
    "IgnoreRange",
    "Link",
    "LocalHub",
    "Slow",
    "Status",
    "Truncate",
    "Unframed",
]
