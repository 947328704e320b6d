"""Does a run go on where it stopped, and ask again what has changed?"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.lineage.pairs import pairs
from benchmarks.lineage.results import append, load
from benchmarks.lineage.run import measure_pairs
from benchmarks.lineage.tools import Answer, Tool
from tests.lineage_benchmark.made import model, row


def fake(log: Path, version: str = "1", body: str = "") -> Tool:
    """Return a tool that notes each call and answers related."""
    program = f"open({str(log)!r}, 'a').write('x'); {body or 'print({!r})'.format('{}')}"

    def command(subject: Path, base: Path) -> list[str]:
        return [sys.executable, "-S", "-c", program, str(subject), str(base)]

    return Tool(
        name="hubcheck",
        label="a fake",
        version=version,
        command=command,
        answer=lambda _: Answer(verdict="related", relation="fine-tune"),
    )


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    """Return a function that runs a tool on a zoo of two pairs and counts its calls."""
    models = tmp_path / "models"
    model(models, "base", {"init_seed": 0, "start": None, "steps": 1})
    model(models, "finetune", {"init_seed": 0, "start": "base", "steps": 1})
    model(models, "continued", {"init_seed": 0, "start": "base", "steps": 1})

    def run(limit: int | None = None, version: str = "1", body: str = "") -> int:
        log = tmp_path / "log"
        log.write_text("")
        asked = [p for p in pairs(models) if p.base == "base"][:limit]
        measure_pairs(asked, [fake(log, version, body)], models, tmp_path / "results.jsonl")
        return len(log.read_text())

    return run


def test_a_second_run_asks_nothing_again(run: Callable[..., int]) -> None:
    """What is in the file of results is not measured twice."""
    assert run(limit=1) == 1
    assert run() == 1
    assert run() == 0


def test_another_version_is_asked_again_and_replaces(
    run: Callable[..., int], tmp_path: Path
) -> None:
    """Answers of an older version do not stand for a newer one."""
    run()
    assert run(version="2") == 2
    assert {r.version for r in load(tmp_path / "results.jsonl")} == {"2"}


def test_changed_weights_are_asked_again(run: Callable[..., int], tmp_path: Path) -> None:
    """A model trained anew is a new question."""
    run()
    (tmp_path / "models" / "finetune" / "model.safetensors").write_bytes(b"other")
    assert run() == 1


def test_a_torn_line_costs_one_row(tmp_path: Path) -> None:
    """After a crash within a line the rows before and after it still count."""
    path = tmp_path / "results.jsonl"
    append(path, row())
    with path.open("a") as file:
        file.write('{"tool": "hub')
    append(path, row(subject="continued"))
    assert [r.subject for r in load(path)] == ["finetune", "continued"]


def test_a_row_survives_the_file(tmp_path: Path) -> None:
    """What is read back is what was written."""
    append(tmp_path / "results.jsonl", row(verdict="", failure="no tensors", own_read_mb=None))
    assert load(tmp_path / "results.jsonl") == [
        row(verdict="", failure="no tensors", own_read_mb=None)
    ]


def test_a_row_of_another_layout_is_measured_anew(tmp_path: Path) -> None:
    """A line that lacks a field does not count."""
    path = tmp_path / "results.jsonl"
    append(path, row())
    said = json.loads(path.read_text())
    del said["load"]
    path.write_text(json.dumps(said) + "\n")
    assert load(path) == []


def test_a_failure_is_kept_with_its_reason(run: Callable[..., int], tmp_path: Path) -> None:
    """A tool that dies leaves a row that says why, without a path of the run."""
    run(limit=1, body="sys = __import__('sys'); sys.exit('cannot read ' + sys.argv[1])")
    [found] = load(tmp_path / "results.jsonl")
    assert (found.verdict, found.exit_code) == ("", 1)
    assert found.failure == "cannot read subject"


def test_a_depth_that_does_not_exist_leaves_no_row(run: Callable[..., int], tmp_path: Path) -> None:
    """A version without a depth is left out after one call instead of failing everywhere."""
    assert run(body="__import__('sys').exit(2)") == 1
    assert load(tmp_path / "results.jsonl") == []


def test_the_later_row_of_a_pair_counts(tmp_path: Path) -> None:
    """A pair measured again is one row."""
    path = tmp_path / "results.jsonl"
    append(path, row())
    append(path, replace(row(), verdict="unrelated"))
    assert [r.verdict for r in load(path)] == ["unrelated"]
