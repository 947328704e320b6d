"""Tests of which requests fetch a set of spans."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import HostileCheckpointError, MissingModelError, UnreadableError
from hubcheck.source.interface import FileEntry, Span
from hubcheck.source.ranges import (
    GAP,
    GAP_SHARE,
    LEAST_GAPS,
    check_spans,
    cut_spans,
    document_too_large,
    interleaved,
    plan_runs,
)

CONTENT = {"a": bytes(range(256)) * 4, "b": bytes(range(255, -1, -1)), "a/b": b"xyz" * 100}


@st.composite
def spans(draw: st.DrawFn) -> Span:
    """Draw a span inside one of the files."""
    path = draw(st.sampled_from(sorted(CONTENT)))
    ends = st.integers(0, len(CONTENT[path]))
    start, stop = sorted((draw(ends), draw(ends)))
    return Span(path=path, start=start, stop=stop)


@given(st.lists(spans(), max_size=12), st.integers(0, 300), st.integers(1, 400))
def test_coalescing_never_changes_bytes(wanted: list[Span], gap: int, max_run: int) -> None:
    """Whatever is joined or split, every span gets exactly its own bytes."""
    runs = plan_runs(wanted, gap=gap, max_run=max_run)
    fetched = [CONTENT[run.path][run.start : run.stop] for run in runs]
    assert cut_spans(wanted, runs, fetched) == [CONTENT[s.path][s.start : s.stop] for s in wanted]


@given(st.lists(spans(), max_size=12), st.integers(0, 300), st.integers(1, 400))
def test_runs_are_sorted_short_and_never_overlap(
    wanted: list[Span], gap: int, max_run: int
) -> None:
    """No byte is asked for twice, no request is empty or too long."""
    runs = plan_runs(wanted, gap=gap, max_run=max_run)
    assert all(0 < run.size <= max_run for run in runs)
    for left, right in pairwise(runs):
        assert (left.path, left.stop) <= (right.path, right.start)


@given(st.lists(spans(), max_size=12))
def test_without_gaps_nothing_unasked_is_fetched(wanted: list[Span]) -> None:
    """With a gap of 0 the requests hold the union of the spans and no byte more."""
    asked = {(s.path, i) for s in wanted for i in range(s.start, s.stop)}
    assert sum(run.size for run in plan_runs(wanted, gap=0)) == len(asked)


def test_neighbours_share_a_request_up_to_the_gap() -> None:
    """Spans ``gap`` bytes apart are one request; one byte more makes two."""
    first = Span(path="a", start=0, stop=10)
    near, far = Span(path="a", start=14, stop=20), Span(path="a", start=15, stop=20)
    assert plan_runs([near, first], gap=4) == [Span(path="a", start=0, stop=20)]
    assert plan_runs([far, first], gap=4) == [first, far]


@given(st.lists(st.integers(1, GAP), min_size=1, max_size=200), st.integers(1, 50_000))
def test_gaps_never_cost_much_of_a_read(gaps: list[int], row: int) -> None:
    """However rows are scattered, the gaps between them stay within their share of the bytes."""
    wanted, at = [], 0
    for gap in gaps:
        wanted.append(Span(path="a", start=at, stop=at + row))
        at += row + gap
    asked = row * len(gaps)
    fetched = sum(run.size for run in plan_runs(wanted))
    assert fetched - asked <= max(LEAST_GAPS, GAP_SHARE * asked)


def test_the_narrowest_gaps_are_filled_first() -> None:
    """Where not every gap can be afforded, the wide ones become two requests."""
    wide, narrow = 60_000, 1_000
    wanted, at = [], 0
    for gap in [narrow, wide] * 10:
        wanted.append(Span(path="a", start=at, stop=at + 100))
        at += 100 + gap
    runs = plan_runs(wanted)
    assert len(runs) < len(wanted) // 2 + 1
    assert all(run.size >= 200 + narrow for run in runs)


def test_every_file_has_its_first_turn_first() -> None:
    """Runs are taken in turns of one a file, so that no file waits for another."""
    runs = [Span(path=path, start=i, stop=i + 1) for i, path in enumerate("aaabbc")]
    assert interleaved(runs) == [0, 3, 5, 1, 4, 2]


@pytest.mark.parametrize(("start", "stop"), [(-1, 2), (3, 2), (0, 11), (11, 11)])
def test_a_span_outside_its_file_is_hostile(start: int, stop: int) -> None:
    """Offsets from a header that leave the file are refused with the figures."""
    entries = {"a": FileEntry(path="a", size=10, sha256="")}
    with pytest.raises(HostileCheckpointError, match=f"Bytes {start} to {stop} of 'a'"):
        check_spans([Span(path="a", start=start, stop=stop)], entries)
    check_spans([Span(path="a", start=10, stop=10)], entries)


def test_a_file_the_model_does_not_have() -> None:
    """A span of an unknown file is a missing model file, with its name made printable."""
    with pytest.raises(MissingModelError, match=r"no file 'x\\x1b'"):
        check_spans([Span(path="x\x1b", start=0, stop=0)], {})


def test_the_message_for_a_document_that_is_too_large() -> None:
    """The message states both sizes."""
    error = document_too_large(FileEntry(path="README.md", size=12, sha256=""), 10)
    assert isinstance(error, UnreadableError)
    assert error.what == "'README.md' has 12 bytes, over the limit of 10 bytes."
