"""Does each command write its own part of the page and leave the others alone?"""

from __future__ import annotations

from pathlib import Path

from benchmarks.kinds.sections import NOT_YET, PARTS, part, with_parts, write_part


def test_a_page_written_anew_keeps_the_parts_of_other_commands(tmp_path: Path) -> None:
    """The kinds are measured again; what was measured of published weights stays."""
    path = tmp_path / "page.md"
    path.write_text(with_parts("# first\n", ""))
    assert all(part(path.read_text(), name) == NOT_YET.strip() for name in PARTS)
    write_part(path, "real", "| a |\n")
    again = with_parts("# second\n", path.read_text())
    assert again.startswith("# second\n")
    assert "# first" not in again
    assert part(again, "real") == "| a |"
    assert part(again, "trained") == NOT_YET.strip()


def test_a_part_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """What stands around it is the same to the byte."""
    path = tmp_path / "page.md"
    path.write_text(with_parts("# page\n", ""))
    write_part(path, "real", "one")
    before = path.read_text()
    write_part(path, "real", "two")
    assert path.read_text() == before.replace("one\n<!-- /real", "two\n<!-- /real")
    write_part(path, "trained", "three")
    assert part(path.read_text(), "real") == "two"


def test_a_page_that_is_not_there_is_begun(tmp_path: Path) -> None:
    """With its own part filled."""
    path = tmp_path / "new.md"
    write_part(path, "trained", "table")
    assert part(path.read_text(), "trained") == "table"
