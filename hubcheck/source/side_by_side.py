"""How are reads that do not need each other made at the same time?

Two models lie on the Hub as often as one does, and a round trip costs the same whether one request
waits or twenty. Folders, and what a cache holds, wait for nothing and are read in turn: they pay
for no threads. What is read and charged is the same either way, whatever fails: a report must not
depend on what an earlier run has left on the disk.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hubcheck.errors import ProcessLostError
from hubcheck.source.interface import Source

T = TypeVar("T")


def waits(source: Source) -> bool:
    """Return whether reading it waits for a host: it has asked one before."""
    return source.ledger.requests > 0


def side_by_side(calls: Sequence[Callable[[], T]], *, at_once: bool = True) -> list[T]:
    """Return what calls return, in their order.

    Args:
        calls: What is to be done; none may need what another leaves.
        at_once: Whether they are made at the same time; else in turn.

    Raises:
        Exception: the first of the calls, in their order, that raised one. All have ended then.
    """
    if not at_once or not calls[1:]:
        return _in_turn(calls)
    # A local check must not pay for thread pools.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(len(calls), thread_name_prefix="hubcheck-beside") as pool:
        return [done.result() for done in [pool.submit(call) for call in calls]]


def _in_turn(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make every call, those after a fault as well: made at once, all would have been made."""
    done: list[T] = []
    fault: Exception | None = None
    for call in calls:
        try:
            done.append(call())
        except ProcessLostError:
            raise  # whoever reads on with it waits in vain
        except Exception as error:  # noqa: BLE001 - raised below
            fault = fault or error
    if fault is not None:
        raise fault
    return done
