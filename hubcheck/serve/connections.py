"""How long may a connection say nothing, and who gives way when there are too many?

A stranger can open as many connections as he likes. One that has no request in progress is cut
when its time is up, one that has after a longer time, and the one that has been quiet for longest
gives way to a new one: the Hub's delivery always finds a place. Who was cut counts no more, though
its socket closes a turn of the loop later: hundreds that come at once must not make the server look
full.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS: Final = 10.0
"""From the first byte of silence to the end of a request's head."""
ANSWER_SECONDS: Final = 60.0
"""From there to the end of its answer: a delivery is 1 MB at most, and is answered in a moment. Who
sends no body, or asks on and on without reading, would keep a place for ever."""
CONNECTIONS: Final = 512
"""That may say nothing at once: half of the files that a process may open by default."""


class Connection(H11Protocol):
    """One connection, cut where it keeps a place without a request."""

    quiet: asyncio.TimerHandle | None = None
    limited: object = None
    """The request whose time has begun."""
    until: float = 0.0
    """When that time ends, on the loop's clock."""

    def connection_made(self, transport: Any) -> None:
        """Take a place; the connection that has been quiet for longest gives way."""
        super().connection_made(transport)
        self._wait()
        # Dictionaries and not the server's own set: the order in which they went quiet is kept.
        idle = _IDLE.setdefault(id(self.connections), {})
        idle[id(self)] = self
        if len(self.connections) > CONNECTIONS:
            for other in list(idle.values()):
                if other is not self and not other.busy:
                    other.cut()
                    break

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the place back."""
        self._stop_waiting()
        _IDLE.get(id(self.connections), {}).pop(id(self), None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Give a request its time once its head is there; more of its body gives it no more."""
        super().data_received(data)
        if self.busy and self.cycle is not self.limited:
            self._limit()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request; whoever was quiet before gives way first."""
        super().on_response_complete()
        if self.transport.is_closing():
            return
        if self.busy:  # with the next request, which came before this one was answered
            self._limit()
        else:
            idle = _IDLE.get(id(self.connections), {})
            if idle.pop(id(self), None) is not None:
                idle[id(self)] = self
            self._wait()

    @property
    def busy(self) -> bool:
        """Whether a request is in progress."""
        return self.cycle is not None and not self.cycle.response_complete

    def cut(self) -> None:
        """Close the connection, which holds no place from now on."""
        self._stop_waiting()
        self.connections.discard(self)
        _IDLE.get(id(self.connections), {}).pop(id(self), None)
        # A gentle close waits until the other side has read its answers: for ever, if it likes.
        self.transport.abort()

    def _wait(self) -> None:
        self._stop_waiting()
        self.quiet = self.loop.call_later(HEADER_SECONDS, self._silent)

    def _limit(self) -> None:
        self._stop_waiting()
        self.limited = self.cycle
        self.until = self.loop.time() + ANSWER_SECONDS
        self.quiet = self.loop.call_later(ANSWER_SECONDS, self.cut)

    def _silent(self) -> None:
        """Cut who says nothing; who still reads his answer has its time, and then a new one."""
        if self.transport.get_write_buffer_size() and self.loop.time() < self.until:
            # The rest may be in the kernel's hands by then: the silence counts anew.
            self._wait()
        else:
            self.cut()

    def _stop_waiting(self) -> None:
        if self.quiet is not None:
            self.quiet.cancel()
            self.quiet = None


_IDLE: Final[dict[int, dict[int, Connection]]] = {}
"""Connections of each server in the order in which they went quiet; a busy one keeps its place."""
