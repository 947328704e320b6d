"""Is a tool measured on the same files as the others, and nothing else?"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.lineage.measure import in_memory, measure, read_answer, reason, staged
from benchmarks.lineage.tools import Answer, Tool
from benchmarks.pair.measure import cool
from tests.lineage_benchmark.made import model


def telling(program: str) -> Tool:
    """Return a tool that runs a Python program and whose answer is all it prints."""
    return Tool(
        name="hubcheck",
        label="a fake",
        version="1",
        command=lambda *models: [sys.executable, "-S", "-c", program, *map(str, models)],
        answer=lambda said: Answer(verdict=json.dumps(said)),
    )


def test_a_tool_sees_neutral_names_and_no_notes(tmp_path: Path) -> None:
    """Neither the names of the zoo nor its notes and cards on origin reach a tool."""
    model(tmp_path, "base", {"init_seed": 0})
    (tmp_path / "base" / "README.md").write_text("the base")
    model(tmp_path, "copy-of-base", {"parents": ["base"]})
    program = (
        "import sys, os, json; print(json.dumps("
        "{os.path.basename(p): sorted(os.listdir(p)) for p in sys.argv[1:]}))"
    )
    with staged(tmp_path / "copy-of-base", tmp_path / "base") as copies:
        found = measure(telling(program), copies)
    files = ["config.json", "model.safetensors"]
    assert found.answer == Answer(verdict=json.dumps({"subject": files, "base": files}))


def test_what_is_read_is_counted(tmp_path: Path) -> None:
    """A tool that reads one of two models whole has fetched that one and not the other."""
    model(tmp_path, "base", {"init_seed": 0})
    model(tmp_path, "twin", {"init_seed": 1})
    program = "import sys; open(sys.argv[1] + '/model.safetensors', 'rb').read(); print('{}')"
    with staged(tmp_path / "twin", tmp_path / "base") as copies:
        found = measure(telling(program), copies)
        size = (copies.models[0] / "model.safetensors").stat().st_size
    assert found.touched_mb == pytest.approx(size / 1e6)
    assert found.touched_mb < found.files_mb


def test_pages_are_counted_to_the_end_of_the_file(tmp_path: Path) -> None:
    """A file in memory counts its own size, not that of its last page; an empty one nothing."""
    path = tmp_path / "file"
    path.write_bytes(b"x" * 5000)
    assert in_memory(path) == 5000
    cool([path])
    assert in_memory(path) == 0
    path.write_bytes(b"")
    assert in_memory(path) == 0


@pytest.mark.parametrize("printed", ["", "no match", '{"half": '])
def test_what_is_no_json_is_no_answer(printed: str) -> None:
    """A tool that printed no JSON gave no answer."""
    assert read_answer(telling(""), printed) == (None, "printed no JSON")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("hubcheck: no tensors\n  likely cause: empty\n  next: look\n", "hubcheck: no tensors"),
        ("Traceback\n  File x\nValueError: no\ntensors\n", "ValueError: no tensors"),
        (
            "│ error: layers (as in a │\n│ frankenmerge) differ │\n",
            "error: layers (as in a frankenmerge) differ",
        ),
        ("cannot read /tmp/x/subject", "cannot read subject"),
        ("", ""),
    ],
)
def test_a_reason_is_what_happened(said: str, expected: str) -> None:
    """Of a complaint the error is kept, over broken lines, without advice, frames and paths."""
    assert reason(said, "/tmp/x") == expected
