"""Tests of workflow commands, outputs and summary: nothing leaves its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from action import commands
from tests.action.conftest import read_outputs
from tests.card.payloads import PAYLOADS


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=80))
def test_a_command_is_one_line_with_its_own_properties(message: str, title: str, file: str) -> None:
    """Whatever the texts are, one line comes out, and its second colon pair ends the properties."""
    lines: list[str] = []
    commands.annotate("error", message, title=title, file=file, line=3, write=lines.append)
    (line,) = lines
    assert len(line.splitlines()) == 1
    properties, _, text = line.removeprefix("::error ").partition("::")
    assert "::" not in text
    assert [p.partition("=")[0] for p in properties.split(",")] in (
        ["file", "line", "title"],
        ["title"],
    )


@given(st.text(max_size=300))
def test_a_log_line_is_no_command(text: str) -> None:
    """A plain line never begins a command and never moves a cursor."""
    lines: list[str] = []
    commands.log(text, lines.append)
    assert len(lines[0].splitlines()) == 1
    assert lines[0].startswith("hubcheck: ")
    assert "::" not in lines[0]
    assert "##[" not in lines[0]
    assert "\x1b" not in lines[0]


def test_outputs_are_values(tmp_path: Path) -> None:
    """A hostile value is one line of one output and cannot end it early."""
    path = tmp_path / "out"
    for payload in PAYLOADS:
        path.write_text("")
        commands.write_outputs(path, {"base": payload, "verdict": "confirmed"})
        found = read_outputs(path.read_text())
        assert set(found) == {"base", "verdict"}
        assert len(found["base"]) <= commands.OUTPUT_LIMIT + 2
        assert "\n" not in found["base"]


@pytest.mark.parametrize("there", [0, 500])
def test_a_summary_counts_bytes_and_what_is_there(tmp_path: Path, there: int) -> None:
    """A page that does not fit beside earlier ones is not written at all: half a page is worse."""
    path = tmp_path / "summary"
    path.write_bytes(b"x" * there)
    text = "\u2588" * 100
    assert commands.write_summary(path, text, limit=302 + there)
    assert path.stat().st_size == 302 + there
    assert not commands.write_summary(path, text, limit=603 + there)
    assert path.stat().st_size == 302 + there


def test_no_files_outside_of_a_runner() -> None:
    """By hand there is neither output nor summary, and nothing fails."""
    commands.write_outputs(None, {"a": "b"})
    assert commands.write_summary(None, "text")


def test_a_mask_covers_every_line_of_a_secret() -> None:
    """A secret of several lines is masked line by line, blank ones are not."""
    lines: list[str] = []
    commands.mask("one\n\ntwo%", lines.append)
    assert lines == ["::add-mask::one", "::add-mask::two%25"]
