"""Are files opened, read and locked alike where a system lacks the calls and flags of another?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hubcheck import system
from hubcheck.cli import main
from hubcheck.errors import UnreadableError
from hubcheck.source.interface import Span
from hubcheck.source.ledger import Purpose
from hubcheck.source.opening import open_source
from tests.evidence.laboratory import model

LACKING = ("pread", "preadv", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC")


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this system one that has none of POSIX's own calls."""
    for name in LACKING:
        monkeypatch.delattr(os, name, raising=False)


@pytest.mark.usefixtures("elsewhere")
def test_a_check_runs_where_the_calls_of_posix_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole command, from the folder to the card, needs none of them."""
    code = main(["check", str(model("finetune")), "--base", str(model("base")), "--seed", "1",
                 "--out", str(tmp_path / "out")])  # fmt: skip
    assert code == 0, capsys.readouterr().err
    assert "(confirmed)" in capsys.readouterr().out


@pytest.mark.parametrize("posix", [True, False])
def test_the_same_bytes_are_read_at_the_same_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, posix: bool
) -> None:
    """Bytes from a place in the middle, and fewer at the end of the file."""
    if not posix:
        monkeypatch.delattr(os, "pread")
        monkeypatch.delattr(os, "preadv", raising=False)
    (tmp_path / "x").write_bytes(bytes(range(100)))
    descriptor = system.open_for_reading(tmp_path / "x")
    try:
        assert system.read_at(descriptor, 3, 50) == bytes([50, 51, 52])
        assert system.read_at(descriptor, 3, 0) == bytes([0, 1, 2])
        assert system.read_at(descriptor, 50, 98) == bytes([98, 99])
        place = bytearray(b"....")
        assert system.read_into(descriptor, memoryview(place)[:3], 50) == 3
        assert place == bytes([50, 51, 52]) + b"."
        assert system.read_into(descriptor, memoryview(place), 98) == 2
        assert place[:2] == bytes([98, 99])
        assert system.read_into(descriptor, memoryview(place), 100) == 0
    finally:
        os.close(descriptor)


@pytest.mark.parametrize("posix", [True, False])
def test_a_link_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, posix: bool
) -> None:
    """Neither for reading nor for appending, with the flags and without them."""
    if not posix:
        for name in LACKING:
            monkeypatch.delattr(os, name, raising=False)
    (tmp_path / "x").write_bytes(b"secret")
    (tmp_path / "link").symlink_to(tmp_path / "x")
    with pytest.raises(OSError, match=r"link|symbolic"):
        system.open_for_reading(tmp_path / "link")
    with pytest.raises(OSError, match=r"link|symbolic"):
        system.open_for_appending(tmp_path / "link")
    assert (tmp_path / "x").read_bytes() == b"secret"


@pytest.mark.usefixtures("elsewhere")
def test_a_pipe_does_not_hang_where_opening_it_would_block(tmp_path: Path) -> None:
    """What is no regular file is not opened where it could not be opened without waiting."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="regular"):
        system.open_for_reading(tmp_path / "pipe")


@pytest.mark.usefixtures("elsewhere")
def test_a_file_that_was_exchanged_while_it_was_opened_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is looked at before and after: another file under it is not read."""
    (tmp_path / "x").write_bytes(b"mine")
    (tmp_path / "other").write_bytes(b"other")
    opened = os.open

    def exchanged(path: Path, flags: int, mode: int = 0o777) -> int:
        (tmp_path / "other").replace(tmp_path / "x")
        return opened(path, flags, mode)

    monkeypatch.setattr(os, "open", exchanged)
    with pytest.raises(OSError, match="exchanged"):
        system.open_for_reading(tmp_path / "x")


@pytest.mark.usefixtures("elsewhere")
def test_a_link_put_in_place_of_a_listed_file_is_an_error_of_reading(tmp_path: Path) -> None:
    """The source refuses it by the same words as where the flags exist."""
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    source = open_source(str(tmp_path), max_read=1000)
    source.files()
    (tmp_path / "config.json").unlink()
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(UnreadableError, match="changed while it was read"):
        source.read([Span(path="config.json", start=0, stop=2)], Purpose.DOCUMENT)


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    """A second open file of the same name does not get it, until the first is closed."""
    first = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    second = os.open(tmp_path / "lock", os.O_CREAT | os.O_RDWR)
    assert system.lock(first, wait=False)
    assert not system.lock(second, wait=False)
    os.close(first)
    assert system.lock(second, wait=False)
    os.close(second)


def test_no_other_module_names_what_not_every_system_has() -> None:
    """One module owns the calls; the receiver of webhooks asks it, too."""
    package = Path(system.__file__).parent
    named = ("os.pread", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "import fcntl", "import msvcrt")
    for path in package.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        found = [name for name in named if name in text]
        assert path.name == "system.py" or not found, (path, found)
