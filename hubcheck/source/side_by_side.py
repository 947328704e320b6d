"""How are reads that do not need each other made at the same time?

Two models lie on the Hub as often as one does, and a round trip costs the same whether one request
waits or twenty. Folders wait for nothing and are read in turn: they pay for no threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hubcheck.source.interface import Source

T = TypeVar("T")


def waits(source: Source) -> bool:
    """Return whether reading it waits for a host: it has asked one before."""
    return source.ledger.requests > 0


def side_by_side(calls: Sequence[Callable[[], T]], *, at_once: bool = True) -> list[T]:
    """Return what calls return, in their order.

    Args:
        calls: What is to be done; none may need what another leaves.
        at_once: Whether they are made at the same time; else in turn, as far as the first fault.

    Raises:
        Exception: the first of the calls, in their order, that raised one. All have ended then.
    """
    if not at_once or not calls[1:]:
        return [call() for call in calls]
    # A local check must not pay for thread pools.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(calls), thread_name_prefix="hubcheck-beside") as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]
