"""Which spans are complete once a run has arrived, and how are they handed on one by one?

Rows are decoded while others are still on their way: a model's bytes and its numbers then do not
lie in memory together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from hubcheck.source.interface import Source, Span
from hubcheck.source.ledger import Purpose


@runtime_checkable
class ArrivingSource(Protocol):
    """A source that can hand on spans as they come in."""

    def read_each(self, spans: Sequence[Span], purpose: Purpose) -> Iterator[tuple[int, bytes]]:
        """Yield (place in ``spans``, bytes) of every span once, in any order.

        All of them are booked before the first is read; errors are those of ``Source.read``.
        Closing the iterator gives up what was not yet asked for.
        """
        ...


def read_each(
    source: Source, spans: Sequence[Span], purpose: Purpose
) -> Generator[tuple[int, bytes]]:
    """Yield (place in ``spans``, bytes) of every span once, in any order.

    Raises:
        BudgetExceededError: before any byte is read, when the ledger refuses.
        NetworkFaultError: as ``Source.read``, also after some spans were handed on.
        MissingModelError: as ``Source.read``.
    """
    if isinstance(source, ArrivingSource):
        yield from source.read_each(spans, purpose)
    else:
        yield from enumerate(source.read(spans, purpose))


def complete_spans(
    spans: Sequence[Span], runs: Sequence[Span], arrived: Iterable[tuple[int, bytes]]
) -> Iterator[tuple[int, bytes]]:
    """Yield the place and the bytes of every span as soon as its runs are there.

    Args:
        spans: The spans the runs were planned for.
        runs: What ``plan_runs`` returned for them.
        arrived: (place in ``runs``, bytes) of every run once, in any order. The bytes of a run are
            let go of when its last span is complete.
    """
    starts = [(run.path, run.start) for run in runs]
    runs_of: list[range] = []
    spans_of: list[list[int]] = [[] for _ in runs]
    for i, span in enumerate(spans):
        first = last = max(0, bisect_right(starts, (span.path, span.start)) - 1)
        while span.size and runs[last].stop < span.stop:
            last += 1
        runs_of.append(range(first, last + 1) if span.size else range(0))
        for n in runs_of[i]:
            spans_of[n].append(i)
        if not span.size:
            yield i, b""
    missing = [len(own) for own in runs_of]
    unfinished = [len(own) for own in spans_of]
    held: dict[int, bytes] = {}
    for n, data in arrived:
        held[n] = data
        for i in spans_of[n]:
            missing[i] -= 1
            if missing[i]:
                continue
            pieces = [
                held[r][max(0, spans[i].start - runs[r].start) : spans[i].stop - runs[r].start]
                for r in runs_of[i]
            ]
            for r in runs_of[i]:
                unfinished[r] -= 1
                if not unfinished[r]:
                    del held[r]
            yield i, pieces[0] if len(pieces) == 1 else b"".join(pieces)
