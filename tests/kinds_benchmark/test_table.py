"""Do the sums and the page say what the rows say?"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.kinds.judge import Judged, judge
from benchmarks.kinds.pairs import Pair
from benchmarks.kinds.recipes import Group
from benchmarks.kinds.results import PairRow, Results, Skipped, save, totals, unrelated_share
from benchmarks.kinds.table import page, percent, summary
from tests.kinds_benchmark.made import asked, said


def judged(pair: Pair, **answer: object) -> Judged:
    """Return a judgement of an answer."""
    return judge(asked(pair), said(**answer))  # type: ignore[arg-type]


def results() -> Results:
    """Return a right fine-tune, a blind stranger, and a graft with a false statement."""
    silent = {"verdict": "inconclusive", "relation": "", "declaration": "inconclusive"}
    found = {
        Pair.TUNED: judged(Pair.TUNED),
        Pair.STRANGER: judged(Pair.STRANGER, **silent),
        Pair.GRAFT: judged(Pair.GRAFT),
    }
    rows = tuple(
        PairRow(kind="made up", group=Group.ENCODER, pair=pair, judged=one, seconds=1.0)
        for pair, one in found.items()
    )
    skipped = (Skipped(name="left", code="no-package", detail="none"),)
    return Results(pairs=rows, layouts=(), skipped=skipped, seconds=3.0)


def test_grafts_are_counted_apart_and_their_false_statements_with_all() -> None:
    """The share is over six pairs; a false statement is one wherever it stands."""
    found = results()
    six = totals(r.judged for r in found.six)
    assert (six.asked, six.right, six.blind, six.false) == (2, 1, 1, 0)
    assert six.share == 0.5
    assert found.false == 1
    assert unrelated_share(found.six) == 0.0


def test_the_page_names_what_was_false_and_what_was_left_out() -> None:
    """Nothing that went wrong is left to the sums."""
    text = page(results())
    assert "made up, graft: **false**: relation fine-tune" in text
    assert "1 no-package): left" in text
    assert "made up, graft" in summary(results())


def test_only_all_is_a_hundred_per_cent() -> None:
    """A share that is not whole is never rounded to whole."""
    assert (percent(1.0), percent(0.9999), percent(0.5)) == ("100 %", "99 %", "50 %")


def test_rows_are_kept_as_json(tmp_path: Path) -> None:
    """Every row with its answer."""
    save(results(), tmp_path / "x" / "rows.json")
    found = json.loads((tmp_path / "x" / "rows.json").read_text())
    assert [r["pair"] for r in found["pairs"]] == ["fine-tune", "independent", "graft"]
    assert found["pairs"][2]["judged"]["false"] == ["relation fine-tune"]
