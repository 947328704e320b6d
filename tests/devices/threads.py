"""Threads that act as the processes of a team do, without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import numpy as np

from hubcheck.devices.team import Team

T = TypeVar("T")


class Board:
    """Where the members lay down what they give."""

    def __init__(self, count: int) -> None:
        """Make a board for so many."""
        self.count = count
        self.barrier = Barrier(count, timeout=60)
        self.laid: list[list[object]] = [[] for _ in range(count)]


class Member:
    """One of several threads that act as processes do."""

    def __init__(self, board: Board, rank: int) -> None:
        """Join a board."""
        self._board = board
        self.rank = self.local_rank = rank
        self.count = self.local_count = board.count
        self.main = rank == 0

    def share(self, items: Sequence[T]) -> list[T]:
        """Return this member's neighbours."""
        return [items[i] for i in np.array_split(np.arange(len(items)), self.count)[self.rank]]

    def gather(self, items: Sequence[T]) -> list[T]:
        """Return what all gave, in their order."""
        self._board.laid[self.rank] = list(items)
        self._board.barrier.wait()
        found = [one for some in self._board.laid for one in some]
        self._board.barrier.wait()
        return found  # type: ignore[return-value]  # every member gives items of one kind

    def same(self, value: T) -> T:
        """Return the first member's value."""
        return self.gather([value])[0]

    def close(self) -> None:
        """Do nothing."""


def by_team(count: int, one: Callable[[Team], T]) -> list[T]:
    """Run every member of a team, and return what each got."""
    board = Board(count)
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda rank: one(Member(board, rank)), range(count)))
