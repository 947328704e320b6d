"""Does a long run say how far it is, and not too often?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hubcheck.evidence.looks.whole.meter import Meter, line


def test_a_line_tells_share_rate_and_time() -> None:
    """The exact words of a line, under way, at the end, and before a rate is known."""
    assert line(5 * 10**9, 20 * 10**9, 1e9) == (
        "comparing every value [#####...............]  25 % of 20.00 GB, 1.00 GB/s, 15 s left"
    )
    assert line(10, 10, 5e7) == (
        "comparing every value [####################] 100 % of 0.0 MB, 50.0 MB/s"
    )
    assert line(0, 4 * 10**8, 0.0) == (
        "comparing every value [....................]   0 % of 0.40 GB"
    )
    assert line(1, 2 * 10**12, 1e9).endswith("33 min 20 s left")
    assert line(1, 2 * 10**13, 1e9).endswith("5 h 33 min left")


def test_lines_come_at_their_pace() -> None:
    """Between two lines lie the seconds asked for; the end is always told."""
    seconds = iter([0.0, 1.0, 2.0, 3.0, 11.0, 12.0, 13.0])
    said: list[str] = []
    meter = Meter(said.append, lambda: next(seconds), every=10)
    for done in (100, 200, 300, 400, 500, 600):
        meter(done * 10**6, 600 * 10**6)
    # The first bytes start the clock at 1 s: 300 MB in 10 s, then 500 MB in 12 s.
    assert [text.partition("GB, ")[2] for text in said] == ["30.0 MB/s, 7 s left", "41.7 MB/s"]


@given(st.integers(0, 2**60), st.integers(0, 2**60), st.floats(0, 1e12))
def test_any_numbers_make_a_line(done: int, more: int, rate: float) -> None:
    """One line without control characters, whatever the numbers."""
    text = line(done, done + more, rate)
    assert text.isprintable()
    assert len(text) < 120
