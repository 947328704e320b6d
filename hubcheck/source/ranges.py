"""Which requests fetch a set of spans, and how are the spans cut out of what came back?

Pure arithmetic: no file is opened here. Offsets and sizes are bytes; ``stop`` is exclusive.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Final

from hubcheck.errors import (
    HostileCheckpointError,
    MissingModelError,
    UnreadableError,
    printable,
)
from hubcheck.source.interface import FileEntry, Span

GAP: Final = 64 * 1024
"""Spans closer than this are fetched in one request: 64 KiB take 0.5 ms at 1 Gbit/s, a request
costs a round trip of 50 ms. Much wider gaps would eat the read budget instead."""

GAP_SHARE: Final = 1 / 8
"""Most gap bytes of one read, in bytes asked for: 12 MB of scattered rows stay under 14 MB."""
LEAST_GAPS: Final = 256 * 1024
"""Gap bytes that any read may add: a small read is made of round trips."""

MAX_RUN: Final = 16 * 1024 * 1024
"""Longest single request. 1 GB still makes 64 of them, enough to keep 16 in flight busy."""


def gaps_of(n_bytes: int) -> int:
    """Return the most gap bytes that one read of so many bytes may add."""
    return max(LEAST_GAPS, int(GAP_SHARE * n_bytes))


def check_spans(spans: Sequence[Span], entries: Mapping[str, FileEntry]) -> None:
    """Refuse spans that do not lie inside their file.

    Raises:
        MissingModelError: a span names a file the model does not have.
        HostileCheckpointError: a span is reversed or passes the end of its file.
    """
    for span in spans:
        entry = entries.get(span.path)
        if entry is None:
            raise missing_file(span.path)
        if not 0 <= span.start <= span.stop <= entry.size:
            what = (
                f"Bytes {span.start} to {span.stop} of '{printable(span.path)}' were asked for, "
                f"and the file has {entry.size} bytes."
            )
            raise HostileCheckpointError(
                what,
                cause="a header or index of the model states offsets outside its own file.",
                next_step="download the file again; if it stays so, do not trust this checkpoint.",
            )


def missing_file(path: str) -> MissingModelError:
    """Return the error for a file that the model does not have."""
    return MissingModelError(
        f"The model has no file '{printable(path)}'.",
        cause="an index or config names a file that was never uploaded.",
        next_step="check that the upload is complete.",
    )


def document_too_large(entry: FileEntry, limit: int) -> UnreadableError:
    """Return the error for a document that is larger than its caller can accept."""
    return UnreadableError(
        f"'{printable(entry.path)}' has {entry.size} bytes, over the limit of {limit} bytes.",
        cause="a card, config or tokenizer of this size is not an ordinary one.",
        next_step="look at the file by hand; hubcheck does not read it.",
    )


def plan_runs(spans: Sequence[Span], *, gap: int = GAP, max_run: int = MAX_RUN) -> list[Span]:
    """Return disjoint requests, sorted by path and offset, that together cover every span.

    Args:
        spans: What is needed; any order, overlaps allowed.
        gap: Spans at most this many bytes apart share a request, the nearest first, as long as all
            gaps together stay within ``GAP_SHARE``; 0 joins only touching spans.
        max_run: No request is longer than this, at least 1.

    Returns:
        The requests. Empty spans need none.
    """
    regions: list[Span] = []
    for span in sorted((s for s in spans if s.size), key=lambda s: (s.path, s.start, s.stop)):
        last = regions[-1] if regions else None
        if last is not None and last.path == span.path and span.start <= last.stop:
            stop = max(last.stop, span.stop)
            regions[-1] = Span(path=last.path, start=last.start, stop=stop)
        else:
            regions.append(span)
    return [
        Span(path=region.path, start=start, stop=min(start + max_run, region.stop))
        for region in _bridged(regions, gap)
        for start in range(region.start, region.stop, max_run)
    ]


def _bridged(regions: Sequence[Span], gap: int) -> list[Span]:
    """Return disjoint sorted regions with the narrowest gaps between them filled."""
    gaps = sorted(
        (after.start - before.stop, n)
        for n, (before, after) in enumerate(pairwise(regions))
        if before.path == after.path and after.start - before.stop <= gap
    )
    allowed = gaps_of(sum(region.size for region in regions))
    filled = {n for (_, n), total in zip(gaps, accumulate(g for g, _ in gaps), strict=True)
              if total <= allowed}  # fmt: skip
    bridged: list[Span] = []
    for n, region in enumerate(regions):
        if n - 1 in filled:
            bridged[-1] = Span(path=region.path, start=bridged[-1].start, stop=region.stop)
        else:
            bridged.append(region)
    return bridged


def interleaved(runs: Sequence[Span]) -> list[int]:
    """Return the indices of ``runs`` so that the first run of every file comes first.

    The first range of a file finds the address for the others, which would else wait for it side
    by side.
    """
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for index, run in enumerate(runs):
        turns.append((seen[run.path], index))
        seen[run.path] += 1
    return [index for _, index in sorted(turns)]


def cut_spans(spans: Sequence[Span], runs: Sequence[Span], fetched: Sequence[bytes]) -> list[bytes]:
    """Return the bytes of each span, cut out of fetched runs.

    Args:
        spans: The spans the runs were planned for.
        runs: What ``plan_runs`` returned for them.
        fetched: The bytes of each run, in the order of ``runs``.

    Returns:
        One entry a span, each exactly ``span.size`` bytes. A span that is a whole run shares it.
    """
    starts = [(run.path, run.start) for run in runs]
    results: list[bytes] = []
    for span in spans:
        pieces: list[bytes] = []
        position = span.start
        index = bisect_right(starts, (span.path, span.start)) - 1
        while position < span.stop:
            run, data = runs[index], fetched[index]
            stop = min(span.stop, run.stop)
            pieces.append(data[position - run.start : stop - run.start])
            position, index = stop, index + 1
        results.append(pieces[0] if len(pieces) == 1 else b"".join(pieces))
    return results
