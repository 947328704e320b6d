"""Tests of handing spans on as runs arrive."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterator
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubcheck.errors import BudgetExceededError
from hubcheck.source.arriving import complete_spans, read_each
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.ranges import plan_runs
from tests.memory_source import MemorySource
from tests.source.test_ranges import CONTENT, spans


@given(
    st.lists(spans(), max_size=12),
    st.integers(0, 300),
    st.integers(1, 400),
    st.randoms(use_true_random=False),
)
def test_every_span_comes_once_with_its_bytes(
    wanted: list[Span], gap: int, max_run: int, order: random.Random
) -> None:
    """In whatever order runs arrive, every span is handed on once and holds its own bytes."""
    runs = plan_runs(wanted, gap=gap, max_run=max_run)
    arrived = [(n, CONTENT[run.path][run.start : run.stop]) for n, run in enumerate(runs)]
    order.shuffle(arrived)
    found = list(complete_spans(wanted, runs, arrived))
    assert sorted(i for i, _ in found) == list(range(len(wanted)))
    for i, data in found:
        span = wanted[i]
        assert data == CONTENT[span.path][span.start : span.stop]


def test_a_span_does_not_wait_for_the_runs_of_others() -> None:
    """A span is handed on before the next run is asked for."""
    wanted = [Span(path="a", start=0, stop=10), Span(path="b", start=0, stop=10)]
    asked = []

    def arrived() -> Iterator[tuple[int, bytes]]:
        for n in (1, 0):
            asked.append(n)
            yield n, b"0123456789"

    each = complete_spans(wanted, wanted, arrived())
    assert next(each) == (1, b"0123456789")
    assert asked == [1]


class _Bytes(bytes):
    """Bytes whose end is noted."""

    ended: ClassVar[list[int]] = []

    def __del__(self) -> None:
        """Note it."""
        self.ended.append(len(self))


def test_a_run_is_let_go_of_with_its_last_span() -> None:
    """What is handed on is not held any longer."""
    wanted = [Span(path="a", start=n, stop=n + 4) for n in (0, 4, 100)]
    runs = [Span(path="a", start=0, stop=8), Span(path="a", start=100, stop=104)]
    arriving = ((n, _Bytes(b"01234567") if n == 0 else b"8901") for n in range(2))
    each = complete_spans(wanted, runs, arriving)
    assert [next(each)[1], next(each)[1]] == [b"0123", b"4567"]
    assert next(each)[1] == b"8901"
    gc.collect()
    assert _Bytes.ended == [8]


def test_a_source_without_arrivals_serves_as_well() -> None:
    """Any source can be read span by span; refusals are its own."""
    source = MemorySource({"a": b"0123456789"}, max_read=8)
    wanted = [Span(path="a", start=0, stop=4), Span(path="a", start=6, stop=9)]
    assert dict(read_each(source, wanted, Purpose.WEIGHTS)) == {0: b"0123", 1: b"678"}
    with pytest.raises(BudgetExceededError):
        list(read_each(source, wanted, Purpose.WEIGHTS))
