"""Are the other processes still alive?

A process that waits for a dead one may wait for ever: a killed one closes its connections, a lost
machine or a stopped process does not. So each counts up, every few seconds, in a store that the
first process keeps, and looks whether the others still do. One that has not for a while counts as
lost: this process says so and ends, wherever it is.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from hubcheck.errors import HubcheckError, ProcessLostError

BEAT: Final = 2.0
"""Seconds between two signs of life."""
SILENCE: Final = 120.0
"""Seconds without one after which a process counts as lost. The thread that gives them runs beside
the work; a machine that swaps may hold it up for some seconds."""
GRACE: Final = 5.0
"""Seconds for a process to end by itself once process 0 is gone."""
MEETING: Final = 300.0
"""Seconds for all to meet, as long as torch waits for a store: launchers start them together."""
REACH: Final = timedelta(seconds=60)
"""How long the store may take to answer."""


def lost(what: str) -> ProcessLostError:
    """Return the error for processes that are gone."""
    return ProcessLostError(
        what,
        cause="another process was killed (by hand, or for want of memory), or its machine or the "
        "network between them failed; its own last lines say more.",
        next_step="run the same command again; at --depth full it goes on where it stopped.",
    )


@contextmanager
def meeting(
    seconds: float = MEETING, *, on_loss: Callable[[HubcheckError], None] | None = None
) -> Iterator[None]:
    """Give processes so long to meet: before they have, nobody can look for signs of life.

    Args:
        seconds: From now.
        on_loss: Called where they have not; ends this process by default.
    """
    error = ProcessLostError(
        f"The processes have not all met within {seconds:.0f} s.",
        cause="one was not started or ended at once (its own last lines say why), or machines do "
        "not reach each other: the address of the first one, or a firewall.",
        next_step="start all of them again, and set GLOO_SOCKET_IFNAME to the network they share "
        "if there are several.",
    )
    with _within(seconds, error, on_loss or end_process):
        yield


@contextmanager
def _within(
    seconds: float, error: HubcheckError, on_loss: Callable[[HubcheckError], None]
) -> Iterator[None]:
    """Call ``on_loss`` where what is done takes longer, whatever it waits for."""
    timer = threading.Timer(seconds, on_loss, [error])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def end_process(error: HubcheckError) -> None:
    """Say what happened and end this process, whatever its other threads wait for."""
    print(f"hubcheck: {error}", file=sys.stderr, flush=True)
    os._exit(error.exit_code)


class Watch:
    """Gives signs of life, and looks for those of the others."""

    def __init__(self, store: Any, port: int) -> None:
        """Bind a store of torch's."""
        self._store = store
        self.port = port
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @staticmethod
    def at(host: str, count: int) -> Watch:
        """Return the watch of the first process, which keeps the store, at a free port."""
        from torch.distributed import TCPStore  # type: ignore[attr-defined]  # it is: documented

        store = TCPStore(host, 0, count, is_master=True, timeout=REACH, wait_for_workers=False)
        return Watch(store, int(store.port))

    @staticmethod
    def of(host: str, port: int) -> Watch:
        """Return the watch of a further process."""
        from torch.distributed import TCPStore  # type: ignore[attr-defined]  # likewise

        return Watch(TCPStore(host, port, is_master=False, timeout=REACH), port)

    def begin(
        self,
        rank: int,
        count: int,
        silence: float,
        *,
        on_loss: Callable[[HubcheckError], None] = end_process,
    ) -> None:
        """Start to give signs and to look for them, in a thread.

        Args:
            rank: Number of this process.
            count: How many there are.
            silence: Seconds after which one counts as lost.
            on_loss: Called once when one is.
        """
        others = [n for n in range(count) if n != rank]

        def keep_on() -> None:
            error = self._looked(rank, others, silence, on_loss)
            if error is not None:
                on_loss(error)

        self._thread = threading.Thread(target=keep_on, name="hubcheck-watch", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop: all are here, and leave."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _looked(
        self,
        rank: int,
        others: list[int],
        silence: float,
        on_loss: Callable[[HubcheckError], None],
    ) -> HubcheckError | None:
        """Return what is wrong, once something is; None when the watch is over."""
        mute = lost("Process 0, which holds the others together, does not answer.")
        seen = dict.fromkeys(others, 0)
        when = dict.fromkeys(others, time.monotonic())
        while not self._over.wait(min(BEAT, silence / 4)):
            try:
                # A store behind a lost network neither answers nor fails.
                with _within(silence, mute, on_loss):
                    self._store.add(f"alive {rank}", 1)
                    signs = {n: int(self._store.add(f"alive {n}", 0)) for n in others}
            except RuntimeError:
                # An error that all have met ends all of them: this one, too, in a moment.
                if self._over.wait(GRACE):
                    return None
                return mute
            now = time.monotonic()
            for n, sign in signs.items():
                if sign != seen[n]:
                    seen[n], when[n] = sign, now
                if now - when[n] > silence:
                    return lost(f"Process {n} has given no sign of life for {silence:.0f} s.")
        return None
