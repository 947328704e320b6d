"""Which process does which block of the work, and what came of all of them?

Work is a list of blocks: the bytes each reads, the operations it costs, the arrays it works on.
The list is cut into one run of neighbours for each process, all about equally dear; a process takes
its run through accelerate (``split_between_processes``), works on it, and hands round what came of
it, some megabytes at a time (``gather_object``). Neighbours stay together, because their bytes lie
side by side. While a block is worked on, the arrays of the next are brought near (``store``).

Cuts decide who does a block, never what a block is: results are the same, bit for bit, on any
number of processes. An error of one process is raised on all of them, so that nobody waits.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import accumulate, pairwise
from typing import Final, Generic, Protocol, TypeVar

from hubcheck.devices.store import Store
from hubcheck.devices.team import Team
from hubcheck.errors import HubcheckError, InternalFaultError
from hubcheck.frozen import frozen

W = TypeVar("W")
R = TypeVar("R")

FLOPS_A_BYTE: Final = 20
"""Operations that a core does while a byte is read: 20 GFLOP/s beside 1 GB/s. Only the balance
between processes rests on it."""
LEAST: Final = 1 << 16
"""Cost of a block of no bytes and no operations: handing it round is work, too."""

PARCEL: Final = 16 << 20
"""Bytes after which results are handed round: every process holds the parcels of all."""


@frozen
class Block(Generic[W]):
    """One piece of work that one process does alone."""

    work: W
    """What is done, in the words of whoever does it."""
    n_bytes: int = 0
    """Bytes that it reads."""
    flops: int = 0
    """Operations that it costs."""
    needs: tuple[str, ...] = ()
    """Names in the store that it works on."""

    @property
    def cost(self) -> int:
        """How dear it is, in operations."""
        return LEAST + self.n_bytes * FLOPS_A_BYTE + self.flops


class Account(Protocol):
    """What counts bytes and requests of a model (``source.ledger``)."""

    def taken(self) -> tuple[int, int]:
        """Return the bytes and requests booked so far."""
        ...

    def book(self, n_bytes: int, requests: int) -> None:
        """Book what other processes read."""
        ...


@frozen
class _Hand:
    """What one process hands round at a time."""

    parcel: tuple[bytes, ...]
    """Results, each pickled."""
    more: bool
    """Others will follow."""
    spent: tuple[tuple[int, int], ...]
    """Bytes and requests of each account."""
    error: HubcheckError | None = None


def hands(costs: Sequence[int], count: int) -> list[range]:
    """Return one run of neighbours for each process, about equally dear; some may be empty.

    Args:
        costs: Of every block, in order, each above 0.
        count: Processes.
    """
    sums = list(accumulate(costs))
    whole = sums[-1] if sums else 0
    # A block belongs to the process in whose share its middle lies.
    owners = [
        min(count - 1, (2 * after - cost) * count // (2 * whole))
        for after, cost in zip(sums, costs, strict=True)
    ]
    starts = [sum(owner < n for owner in owners) for n in range(count + 1)]
    return [range(start, stop) for start, stop in pairwise(starts)]


def shared(
    blocks: Sequence[Block[W]],
    do: Callable[[W], R],
    *,
    team: Team,
    store: Store | None = None,
    accounts: Sequence[Account] = (),
    threads: int = 1,
    done: Callable[[W, R], None] | None = None,
    kept: Callable[[R], R] | None = None,
) -> list[R]:
    """Do every block, each by one process; the same list on all of them, in the blocks' order.

    Args:
        blocks: The same on every process.
        do: Does one; what it returns can be pickled where there are several processes.
        team: The processes.
        store: Holds the arrays that blocks need.
        accounts: Of what ``do`` reads: what others read is booked here as well.
        threads: Blocks of this process side by side.
        done: Told each block of this process that is done, on this thread.
        kept: What stands for a result as soon as it is there, this process's or another's: one
            whose arrays lie in the store, say, so that never all of them are in memory. Pickled,
            it is the result again.

    Raises:
        HubcheckError: what ``do`` raised, here or in another process.
    """
    mine = team.share(hands([block.cost for block in blocks], team.count))
    own = [blocks[n] for run in mine for n in run]
    before = [account.taken() for account in accounts]
    results: list[R] = []
    failure: Exception | None = None

    def one(work: W) -> R:
        return do(work) if kept is None else kept(do(work))

    try:
        _work(own, one, results, store=store, threads=threads, done=done)
    except Exception as error:
        if team.count == 1:
            raise
        failure = error
    if team.count == 1:
        return results
    spent = tuple(
        (now[0] - was[0], now[1] - was[1])
        for now, was in zip([account.taken() for account in accounts], before, strict=True)
    )
    found: list[list[R]] = [[] for _ in range(team.count)]
    found[team.rank] = results
    parcels = _parcels([] if failure is not None else results)
    fault = None if failure is None else _carried(failure)
    while True:
        parcel, more = next(parcels, ((), False))
        every = team.gather([_Hand(parcel=parcel, more=more, spent=spent, error=fault)])
        if failure is not None:
            raise failure
        for hand in every:
            if hand.error is not None:
                raise hand.error
        for n, hand in enumerate(every):
            if n != team.rank:
                # Of this team, as gather_object's are.
                theirs: list[R] = [pickle.loads(packed) for packed in hand.parcel]  # noqa: S301
                found[n] += theirs if kept is None else map(kept, theirs)
        if not any(hand.more for hand in every):
            break
    for n, account in enumerate(accounts):
        n_bytes = sum(hand.spent[n][0] for hand in every) - spent[n][0]
        requests = sum(hand.spent[n][1] for hand in every) - spent[n][1]
        if n_bytes or requests:
            account.book(n_bytes, requests)
    return [result for some in found for result in some]


def _parcels(results: Sequence[object]) -> Iterator[tuple[tuple[bytes, ...], bool]]:
    """Yield results, pickled, some at a time, and whether others follow."""
    parcel: list[bytes] = []
    size = 0
    for n, result in enumerate(results, 1):
        parcel.append(pickle.dumps(result, pickle.HIGHEST_PROTOCOL))
        size += len(parcel[-1])
        if size >= PARCEL and n < len(results):
            yield tuple(parcel), True
            parcel, size = [], 0
    yield tuple(parcel), False


def _work(
    own: Sequence[Block[W]],
    do: Callable[[W], R],
    results: list[R],
    *,
    store: Store | None,
    threads: int,
    done: Callable[[W, R], None] | None,
) -> None:
    """Do the blocks of this process, in their order, into ``results``."""

    def one(n: int) -> R:
        if store is not None and n + threads < len(own):
            store.ahead(own[n + threads].needs)
        return do(own[n].work)

    if threads <= 1 or len(own) <= 1:
        for n, block in enumerate(own):
            results.append(one(n))
            if done is not None:
                done(block.work, results[-1])
        return
    pool = ThreadPoolExecutor(threads, thread_name_prefix="hubcheck-block")
    try:
        running = {pool.submit(one, n): n for n in range(len(own))}
        found: dict[int, R] = {}
        for future in as_completed(running):
            n = running.pop(future)  # taken out, so that what it holds goes
            found[n] = future.result()
            if done is not None:
                done(own[n].work, found[n])
        results += [found[n] for n in range(len(own))]
    finally:
        # Also on Ctrl-C: what was told stays, what has not begun does not begin.
        pool.shutdown(cancel_futures=True)


def _carried(error: Exception) -> HubcheckError:
    """Return an error as it goes from process to process."""
    return error if isinstance(error, HubcheckError) else InternalFaultError.of(error)
