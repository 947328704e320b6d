"""Are files of holes read as the models of real size that they stand for?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from benchmarks.formats.costs import GGUF, SAFETENSORS, cost_of, write_gguf, write_safetensors
from tests.material.remote.shapes import dense

MODEL: Final = dense("small", hidden=1024, layers=4, neurons=4096, heads=8, kv=2, vocab=4096)


@pytest.mark.parametrize("name", [*SAFETENSORS, *(f"GGUF {kind}" for kind in GGUF)])
def test_a_plan_reads_a_part_of_the_file(name: str, tmp_path: Path) -> None:
    """Every format is mapped whole, and its first step reads some rows in fewer ranges than rows."""
    original, folder = tmp_path / "original", tmp_path / "subject"
    original.mkdir()
    folder.mkdir()
    write_safetensors(original, MODEL, "safetensors bf16")
    if name.startswith("GGUF"):
        write_gguf(folder, MODEL, name.removeprefix("GGUF "))
    else:
        write_safetensors(folder, MODEL, name)
    cost = cost_of(folder, original)
    assert 0 < cost.plan_bytes <= cost.transferred < cost.file_bytes
    assert 0 < cost.ranges < 100
    assert cost.header_requests < 20
    assert sum(f.stat().st_blocks for f in folder.iterdir()) * 512 < 2_000_000
