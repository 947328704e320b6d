"""Are models that were trained apart counted as they are said to be?"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.independents.run import Line, at_most, models_of, pairs_of, table


def test_the_interval_is_that_of_clopper_and_pearson() -> None:
    """None of 59 leaves at most 5 %; three of ten, at most 60.7 % (their tables)."""
    assert at_most(0, 59) == pytest.approx(1 - 0.05 ** (1 / 59))
    assert at_most(3, 10) == pytest.approx(0.6066, abs=1e-3)


def test_children_are_in_no_pair(tmp_path: Path) -> None:
    """Only models that nobody was made from, every ordered pair once, at most as many as asked."""
    for name in ("a", "b", "c", "child-a", "b-child"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "model.safetensors").touch()
    (tmp_path / "empty").mkdir()
    assert [p.name for p in models_of(tmp_path)] == ["a", "b", "c"]
    assert len(set(pairs_of(tmp_path, 100))) == 6
    assert len(set(pairs_of(tmp_path, 4))) == 4


def test_what_is_said_of_strangers_is_counted() -> None:
    """A related stranger is a false positive, and the means are those of E."""

    def line(verdict: str, e: float) -> Line:
        return Line(
            of="f", depth="sample", base="a", subject="b", verdict=verdict, whole=e,
            statements=2 * e, seconds=0.0,
        )  # fmt: skip

    row = table([line("unrelated", 0.1), line("related", 0.3)]).splitlines()[-1]
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[:5] == ["sample", "2", "2", "1 related, 1 unrelated", "1"]
    assert cells[6:8] == ["0.2", "0.3"]
    assert cells[8].startswith("0.40")
