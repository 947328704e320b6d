"""Does the page say what the results say, a rival's wins included?"""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.lineage.merges import MergeRow
from benchmarks.lineage.pairs import Kind
from benchmarks.lineage.results import Row, append
from benchmarks.lineage.summary import by_tool, quality, relation_score, weights_only
from benchmarks.lineage.table import main, render, table
from tests.lineage_benchmark.made import row, stranger

RIVAL = {"tool": "modeldna", "own_read_mb": None, "relation": ""}


@pytest.fixture
def rows() -> list[Row]:
    """Return two tools on two derivatives, two strangers and a hard case."""
    found = [
        row(),
        row(subject="rotated", verdict="related", relation="rearranged", words=("rearranged",)),
        stranger(),
        stranger(subject="ind2", same_configuration=False),
        row(subject="sib", kind=Kind.HARD, words=(), verdict="unrelated", relation=""),
    ]
    answers = ["FINE_TUNE", "NO_MATCH", "FINE_TUNE", "NO_MATCH", "SAME_LINEAGE"]
    scores = [0.99, 0.1, 0.95, 0.2, 0.93]
    return found + [
        row(**{**_as(one), **RIVAL, "verdict": said, "scores": {"probability": p}, "wall_s": 0.5})
        for one, said, p in zip(found, answers, scores, strict=True)
    ]


def _as(one: Row) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


def test_counts_are_those_of_the_rows(rows: list[Row]) -> None:
    """Derivatives found, strangers accused and what was right are counted by tool."""
    tools = by_tool(rows)
    own, rival = (quality(tool, tools[tool]) for tool in ("hubcheck", "modeldna"))
    assert (own.found.k, own.accused.k, own.right.k, own.balanced) == (2, 0, 4, 1.0)
    assert (rival.found.k, rival.accused.k, rival.right.k, rival.balanced) == (1, 1, 2, 0.5)
    assert own.area is not None
    assert own.area.value == 1.0
    assert rival.area is not None
    assert rival.area.value == 0.5


def test_the_page_names_every_win_of_a_rival(rows: list[Row]) -> None:
    """A rival that is faster is said to be; one that is not right anywhere else, nothing more."""
    page = render(rows, [])
    wins = page.partition("## Where a rival wins")[2].partition("\n## ")[0]
    assert "modeldna beats hubcheck, sample in time: median 0.5 s against 1 s." in wins
    assert "derivatives found" not in wins


def test_times_at_different_loads_are_not_compared(rows: list[Row]) -> None:
    """A rival that ran while the machine was quiet is not called faster for it."""
    busy = [row(**{**_as(one), "load": 9.0}) if one.tool == "hubcheck" else one for one in rows]
    page = render(busy, [])
    assert "in time:" not in page
    assert "| hubcheck, sample | 1.0 (1.0) | 9.0 |" in page


def test_a_pair_that_only_a_rival_has_right_is_named(rows: list[Row]) -> None:
    """Where hubcheck errs and a rival does not, the page names the pair."""
    changed = [
        row(**{**_as(one), "verdict": "unrelated", "relation": ""})
        if one.tool == "hubcheck" and one.subject == "finetune"
        else one
        for one in rows
    ]
    page = render(changed, [])
    assert "modeldna is right where hubcheck, sample is not: `finetune` from `base`." in page


def test_hard_cases_move_no_count(rows: list[Row]) -> None:
    """A hard case is shown, and counted nowhere."""
    page = render(rows, [])
    without = [one for one in rows if one.kind is not Kind.HARD]
    assert "`sib` from `base`" in page
    for part in ("## Right and wrong", "## The relation"):
        first = page.partition(part)[2].partition("\n## ")[0]
        assert first == render(without, []).partition(part)[2].partition("\n## ")[0]


def test_a_failure_is_shown_with_its_reason(rows: list[Row]) -> None:
    """What a tool could not do is on the page in its own words."""
    failed = row(subject="copy-f8", tool="modeldna", verdict="", failure="unknown dtype F8_E4M3")
    page = render([*rows, row(subject="copy-f8"), failed], [])
    assert "- modeldna, 1 times: `unknown dtype F8_E4M3`" in page
    assert "✗ failed" in page


def test_only_pairs_that_every_tool_was_asked_count(rows: list[Row]) -> None:
    """A run that stopped midway compares the tools on the same pairs, and says what is left out."""
    page = render([*rows, row(subject="continued")], [])
    assert "5 pairs: 2 of a derivative" in page
    assert " 1 more are left out" in page
    assert "**unfinished**" in page
    assert "`continued` from" not in page


def test_words_are_scored_by_what_they_mean(rows: list[Row]) -> None:
    """A rival's word counts for what it means; one word is true without being the finest."""
    tools = by_tool(rows)
    own, rival = (relation_score(tool, tools[tool]) for tool in ("hubcheck", "modeldna"))
    assert (own.scored, own.specific, own.true) == (2, 2, 2)
    assert (rival.scored, rival.worded, rival.true) == (2, 1, 1)
    coarse = relation_score("hubcheck", [row(words=("lora-merge", "fine-tune"))])
    assert (coarse.specific, coarse.true) == (0, 1)


def test_the_weights_of_cisco_are_judged_at_its_own_threshold() -> None:
    """Without the stage that looks at configurations, a stranger's weight score decides."""
    scores = {"pipeline_score": 1.0, "identity_score": 0.6}
    changed = weights_only([stranger(tool="cisco", verdict="Confirmed Match", scores=scores)])
    assert [r.verdict for r in changed] == ["Not Matched"]


def test_a_merge_is_scored_with_its_parents(rows: list[Row]) -> None:
    """A rival that names shares where hubcheck names none wins that line."""
    common = {
        "version": "1",
        "name": "merge-independent",
        "meaning": "",
        "parents": ("base", "twin"),
        "shares": (0.6, 0.4),
        "weights": "",
        "detail": "",
        "failure": "",
        "wall_s": 1.0,
    }
    merged = [
        MergeRow(tool="hubcheck", verdict="related", called=False, found=(), **common),  # type: ignore[arg-type]
        MergeRow(tool="modeldna", verdict="MERGE", called=True, found=(0.61, 0.39), **common),  # type: ignore[arg-type]
    ]
    page = render(rows, merged)
    assert "it says merge, hubcheck related." in page
    assert "0.610, 0.390" in page


def test_a_cell_cannot_leave_its_row() -> None:
    """A pipe or a line break in a tool's words stays inside its cell."""
    assert table(("a",), [("x | y\nz",)]).splitlines()[-1] == "| x \\| y z |"


def test_the_command_writes_the_page(tmp_path: Path, rows: list[Row]) -> None:
    """The page is written from the file of results; without results nothing is."""
    results, page = tmp_path / "lineage.jsonl", tmp_path / "benchmark.md"
    assert main(["--results", str(results), "--out", str(page)]) == 1
    assert not page.exists()
    for one in rows:
        append(results, one)
    assert main(["--results", str(results), "--out", str(page)]) == 0
    assert page.read_text().startswith("# Which tool tells best")
