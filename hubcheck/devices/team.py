"""Which share of the work is this process's, and what did the others find?

One process is the ordinary case and needs nothing. Several are started by ``torchrun`` or
``accelerate launch``, which tell each its number in the environment; accelerate then splits and
gathers. What is gathered is the same list on every process, in their order. It is objects, never
arrays on a device, so processes talk by gloo whatever devices they have. One that dies, or does not
answer, ends the others with an error (``watch``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final, Protocol, TypeVar

from hubcheck.devices.network import interface_towards
from hubcheck.devices.watch import SILENCE, Watch, lost, meeting
from hubcheck.errors import printable

T = TypeVar("T")

PATIENCE: Final = timedelta(hours=12)
"""How long a process waits for one that is alive: shares are equal in cost, networks are not."""


class Team(Protocol):
    """The processes that share a check."""

    @property
    def rank(self) -> int:
        """Number of this process, from 0."""
        ...

    @property
    def count(self) -> int:
        """How many there are."""
        ...

    @property
    def local_rank(self) -> int:
        """Number of this process on its machine."""
        ...

    @property
    def local_count(self) -> int:
        """How many there are on this machine."""
        ...

    @property
    def main(self) -> bool:
        """Whether this process prints and writes."""
        ...

    def share(self, items: Sequence[T]) -> list[T]:
        """Return this process's part: neighbours stay together, parts differ by one at most."""
        ...

    def gather(self, items: Sequence[T]) -> list[T]:
        """Return what all processes give, in their order, on all of them."""
        ...

    def same(self, value: T) -> T:
        """Return the main process's value on all of them."""
        ...

    def close(self) -> None:
        """Leave the others; nothing can be gathered after it."""
        ...


class Alone:
    """One process: the trivial team."""

    rank = 0
    count = 1
    local_rank = 0
    local_count = 1
    main = True

    def share(self, items: Sequence[T]) -> list[T]:
        """Return everything."""
        return list(items)

    def gather(self, items: Sequence[T]) -> list[T]:
        """Return what was given."""
        return list(items)

    def same(self, value: T) -> T:
        """Return the value."""
        return value

    def close(self) -> None:
        """Do nothing."""


ALONE: Final = Alone()


class Accelerated:
    """Processes that accelerate holds together."""

    def __init__(self, environment: Mapping[str, str], *, silence: float = SILENCE) -> None:
        """Join the others.

        Args:
            environment: Of the process, as the launcher made it.
            silence: Seconds after which a process that says nothing counts as lost.

        Raises:
            ProcessLostError: they cannot be reached.
        """
        # accelerate guesses a number of threads where none is set, and warns of it.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
        from accelerate import PartialState

        host = environment.get("MASTER_ADDR", "127.0.0.1")
        network = interface_towards(host)
        if network:
            os.environ.setdefault("GLOO_SOCKET_IFNAME", network)
        with meeting():
            with _reaching():
                self._state: Any = PartialState(cpu=True, timeout=PATIENCE)
            self._watch = self._begun(host, environment, silence)

    def _begun(self, host: str, environment: Mapping[str, str], silence: float) -> Watch:
        """Learn who is who, and begin to watch."""
        self.rank = int(self._state.process_index)
        self.count = int(self._state.num_processes)
        self.local_rank = int(self._state.local_process_index)
        self.local_count = max(1, _number(environment, "LOCAL_WORLD_SIZE", 1))
        self.main = bool(self._state.is_main_process)
        own = Watch.at(host, self.count) if self.main else None
        port = self.same(own.port if own is not None else 0)
        watch = own if own is not None else Watch.of(host, port)
        watch.begin(self.rank, self.count, silence)
        return watch

    def share(self, items: Sequence[T]) -> list[T]:
        """Return this process's part; see ``Team.share``."""
        with self._state.split_between_processes(list(items)) as mine:
            return list(mine)

    def gather(self, items: Sequence[T]) -> list[T]:
        """Return what all processes give; see ``Team.gather``."""
        from accelerate.utils import gather_object

        with _reaching():
            return list(gather_object(list(items)))

    def same(self, value: T) -> T:
        """Return the main process's value; see ``Team.same``."""
        from accelerate.utils import broadcast_object_list

        with _reaching():
            found: T = broadcast_object_list([value], from_process=0)[0]
        return found

    def close(self) -> None:
        """Leave the process group, once all are here: who leaves is not lost."""
        with _reaching():
            self._state.wait_for_everyone()
            if not self.main:
                self._watch.end()
            self._state.wait_for_everyone()  # who keeps the store of the watch goes last
        self._watch.end()
        self._state.destroy_process_group()


@contextmanager
def _reaching() -> Iterator[None]:
    """Say in the words of hubcheck that processes do not reach each other."""
    try:
        yield
    except (RuntimeError, OSError) as error:  # torch's errors of connections are both
        raise lost(f"This process lost the others: {printable(error)}.") from error


def started_processes(environment: Mapping[str, str]) -> int:
    """Return how many processes the launcher says there are; 1 without one."""
    return max(1, _number(environment, "WORLD_SIZE", 1))


def is_main(environment: Mapping[str, str]) -> bool:
    """Return whether this is the first process, before the others are joined."""
    return _number(environment, "RANK", 0) == 0


def team_of(environment: Mapping[str, str]) -> Team:
    """Return the team that the launcher started.

    Args:
        environment: Of the process; ``torchrun`` and ``accelerate launch`` set ``WORLD_SIZE``,
            ``RANK``, ``LOCAL_RANK`` and the address to meet at.

    Raises:
        ImportError: several processes were started, and accelerate or torch is not installed.
        ProcessLostError: they cannot be reached.
    """
    if started_processes(environment) == 1:
        return ALONE
    return Accelerated(environment)


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else default
