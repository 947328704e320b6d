"""A model in a folder gets the same section, in one step per file and inside the folder only."""

from __future__ import annotations

from pathlib import Path

import pytest

from hubcheck.publish.card_files import Present
from hubcheck.publish.folder import present_in, publish_in_folder
from hubcheck.publish.model_card import current_section
from hubcheck.publish.outcome import NotPublished, Published, Unchanged
from tests.card.reports import cases

REPORT = cases()["confirmed"]


def test_written_once(tmp_path: Path) -> None:
    """The first time everything is written, the second time nothing, and no scrap is left."""
    (tmp_path / "README.md").write_bytes(b"# M\r\n")
    (tmp_path / "README.md").chmod(0o600)
    assert isinstance(publish_in_folder(REPORT, b"{}", tmp_path), Published)
    readme = (tmp_path / "README.md").read_bytes()
    assert readme.startswith(b"# M\r\n")
    assert current_section(readme) is not None
    assert (tmp_path / "README.md").stat().st_mode & 0o777 == 0o600
    assert isinstance(publish_in_folder(REPORT, b"{}", tmp_path), Unchanged)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        "README.md",
        "provenance",
        *(f"provenance/{name}" for name in ("badge.json", "badge.png", "badge.svg", "card.html")),
        *(f"provenance/{name}" for name in ("hubcheck.json", "order.png", "order.svg")),
    ]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    """It says what would happen."""
    assert isinstance(publish_in_folder(REPORT, b"{}", tmp_path, dry_run=True), Published)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["README.md", "provenance"])
def test_nothing_is_written_through_a_link_out_of_the_folder(tmp_path: Path, name: str) -> None:
    """A repository cannot lead the edit to a file elsewhere."""
    inside, outside = tmp_path / "model", tmp_path / "outside"
    inside.mkdir()
    if name == "README.md":
        outside.write_bytes(b"mine")
    else:
        outside.mkdir()
    (inside / name).symlink_to(outside)
    outcome = publish_in_folder(REPORT, b"{}", inside)
    assert isinstance(outcome, NotPublished)
    assert "is a link out of the model's folder" in outcome.reason
    assert outside.read_bytes() == b"mine" if outside.is_file() else not list(outside.iterdir())


def test_trouble_is_an_outcome(tmp_path: Path) -> None:
    """A folder that is a file, doubtful markers and a huge README are said."""
    (tmp_path / "file").write_text("x")
    outcome = publish_in_folder(REPORT, b"{}", tmp_path / "file")
    assert isinstance(outcome, NotPublished)
    assert "cannot be written" in outcome.reason
    (tmp_path / "README.md").write_bytes(b"<!-- hubcheck:section:end -->\n")
    outcome = publish_in_folder(REPORT, b"{}", tmp_path)
    assert isinstance(outcome, NotPublished)
    assert "lost hubcheck's start marker" in outcome.reason
    (tmp_path / "README.md").write_bytes(b"x" * 5_000_001)
    outcome = publish_in_folder(REPORT, b"{}", tmp_path)
    assert isinstance(outcome, NotPublished)
    assert "has 5000001 bytes; it is left as it is" in outcome.reason


def test_a_later_check_stays(tmp_path: Path) -> None:
    """An earlier report does not overwrite a later one of the same weights."""
    later = REPORT.model_copy(update={"finished": "2999"})
    publish_in_folder(later, later.model_dump_json().encode(), tmp_path)
    outcome = publish_in_folder(REPORT, REPORT.model_dump_json().encode(), tmp_path)
    assert isinstance(outcome, NotPublished)
    assert "a later check" in outcome.reason


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk or a kill in the middle leaves the card as it was, and no scrap."""
    (tmp_path / "README.md").write_bytes(b"# M\n")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    outcome = publish_in_folder(REPORT, b"{}", tmp_path)
    assert isinstance(outcome, NotPublished)
    assert "No space left on device" in outcome.reason
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]
    assert present_in(tmp_path) == Present(readme=b"# M\n", published=b"", newer="")
