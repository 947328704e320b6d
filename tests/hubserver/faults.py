"""How can the local Hub be made to misbehave, and on which requests?"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tests.hubserver.reply import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Answer with a bare status, such as 503 or 429."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Announce the whole body, send ``after`` bytes of it, then close the connection."""

    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Headers:
    """Answer as usual, with some headers replaced."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnoreRange:
    """Answer a range request with 200 and the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Truncate:
    """Send ``missing`` bytes too few, with a Content-Length that agrees with what is sent."""

    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unframed:
    """Send no Content-Length and ``extra`` bytes too many (negative: too few), then close."""

    extra: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Slow:
    """Wait ``seconds`` before the answer."""

    seconds: float


Fault = Status | Drop | Headers | IgnoreRange | Truncate | Unframed | Slow


@dataclass(slots=True, kw_only=True)
class _Rule:
    fault: Fault
    origin: str
    path: str
    skip: int
    times: int


class FaultPlan:
    """Decides which requests go wrong; safe to use from several threads."""

    def __init__(self) -> None:
        """Start with no fault.

        Attributes:
            used: Requests that went wrong so far.
        """
        self.used = 0
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()

    def add(
        self, fault: Fault, *, origin: str = "", path: str = "", skip: int = 0, times: int = 1
    ) -> None:
        """Let ``times`` matching requests go wrong, after ``skip`` that do not.

        Args:
            fault: What happens.
            origin: ``hub`` or ``storage``; ``""`` matches both.
            path: Part of the logged path (the file's path, also on storage).
            skip: Matching requests that are left alone first.
            times: How many go wrong after those.
        """
        with self._lock:
            self._rules.append(_Rule(fault=fault, origin=origin, path=path, skip=skip, times=times))

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._rules.clear()

    def take(self, *, origin: str, path: str) -> Fault | None:
        """Return the fault of this request, using it up."""
        with self._lock:
            for rule in self._rules:
                if rule.times and rule.origin in {"", origin} and rule.path in path:
                    if rule.skip:
                        rule.skip -= 1
                        continue
                    rule.times -= 1
                    self.used += 1
                    return rule.fault
        return None


def spoiled(reply: Reply, fault: Fault | None) -> Reply:
    """Return ``reply`` as ``fault`` leaves it; ``Slow`` and ``Drop`` act while it is sent."""
    match fault:
        case Status(status=status, headers=headers):
            return Reply(status=status, headers=dict(headers), body=b"no\n")
        case Headers(headers=headers):
            return replace(reply, headers={**reply.headers, **headers})
        case IgnoreRange() if reply.content is not None:
            headers = {k: v for k, v in reply.headers.items() if k != "Content-Range"}
            return replace(reply, status=200, headers=headers, start=0, stop=reply.content.size)
        case Truncate(missing=missing):
            return replace(reply, stop=reply.stop - missing)
        case Unframed(extra=extra):
            return replace(reply, stop=reply.stop + extra)
        case _:
            return reply
