"""Does a list name exactly the models it names, and is anything else a clear error?"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hubcheck.errors import MissingModelError, UsageError
from hubcheck.request.name_list import MAX_LIST, MOST_SUSPECTS, names_in, with_listed
from hubcheck.source.reference import Reference, parse_reference


def suspects(folder: Path, data: bytes) -> tuple[str, ...]:
    """Return what a list of these bytes names."""
    (folder / "list.txt").write_bytes(data)
    return with_listed((), ["list.txt"], root=folder)


def test_a_list_has_one_model_a_line(tmp_path: Path) -> None:
    """Remarks, empty lines, line ends of Windows and a byte order mark count for nothing."""
    data = "\ufeff# ours\norg/a\r\n\n  org/b@v1  # the older one\r\norg/a\n./folder".encode()
    (tmp_path / "folder").mkdir()
    assert suspects(tmp_path, data) == ("org/a", "org/b@v1", "./folder")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "names no model"),
        (b"# nothing\n", "names no model"),
        (b"org/a\n\norg/b/c/d/e f", "line 3 of the list"),
        (b"auto\n", "line 1 of the list 'list.txt' is 'auto'"),
        (b"\xff\xfe", "cannot be read"),
        (b"org/a\x1b[31m\n", "line 1 of the list"),
        (b"a/b\n" * (MAX_LIST // 4) + b"a/b\n", "longer than"),
        (b"\n".join(b"org/m%d" % n for n in range(MOST_SUSPECTS + 1)), "more than 1000 suspects"),
    ],
)  # fmt: skip
def test_anything_else_is_an_error_that_says_where(tmp_path: Path, data: bytes, said: str) -> None:
    """The line and the cause are named, and nothing of the file reaches a terminal unescaped."""
    with pytest.raises(UsageError) as refused:
        suspects(tmp_path, data)
    assert said in refused.value.what
    assert "\x1b" not in str(refused.value)


def test_a_folder_that_is_not_there_is_told_by_its_line(tmp_path: Path) -> None:
    """As on the command line it is a model that cannot be reached."""
    with pytest.raises(MissingModelError, match="line 2 of the list") as refused:
        suspects(tmp_path, b"org/a\n./nothing\n")
    assert "no folder or file at './nothing'" in refused.value.what


def test_a_confined_list_lies_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tilde is no way out of the workspace."""
    home, workspace = tmp_path / "home", tmp_path / "workspace"
    for folder in (home, workspace):
        folder.mkdir()
    (home / "list.txt").write_text("acme/secret\n")
    monkeypatch.setenv("HOME", str(home))
    assert with_listed((), ["~/list.txt"], root=workspace) == ("acme/secret",)
    with pytest.raises(UsageError, match="cannot be read"):
        with_listed((), ["~/list.txt"], root=workspace, confined=True)


def test_a_repeated_line_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of half a million times one name costs no more than reading it."""
    asked: list[str] = []

    def noted(name: str, **how: Path) -> Reference:
        asked.append(name)
        return parse_reference(name, **how)

    monkeypatch.setattr("hubcheck.request.name_list.parse_reference", noted)
    assert suspects(tmp_path, b"a/b\n" * 1000) == ("a/b",)
    assert asked == ["a/b"]


def test_as_many_as_a_report_holds_are_taken(tmp_path: Path) -> None:
    """The limit itself is a list."""
    data = b"\n".join(b"org/m%d" % n for n in range(MOST_SUSPECTS))
    assert len(suspects(tmp_path, data)) == MOST_SUSPECTS


def test_the_limit_holds_for_everything_that_is_named(tmp_path: Path) -> None:
    """Several lists and the command line make one report; what comes again makes no row more."""
    half = MOST_SUSPECTS // 2
    for name in ("a", "b"):
        text = "\n".join(f"org/{name}{n}" for n in range(half))
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    both = ["a.txt", "b.txt"]
    assert len(with_listed(["ORG/a0", "org/b1@main"], both, root=tmp_path)) == MOST_SUSPECTS
    with pytest.raises(UsageError, match="more than 1000 suspects"):
        with_listed(["auto"], both, root=tmp_path)


def test_suspects_of_a_policy_file_count_with_the_others(tmp_path: Path) -> None:
    """They are tested in the same check; one that a list names as well is no more."""
    text = "\n".join(f"org/m{n}" for n in range(MOST_SUSPECTS - 1))
    (tmp_path / "list.txt").write_text(text, encoding="utf-8")
    fits = ["ORG/m0", "org/one-more", "none"]
    assert "org/one-more" not in with_listed((), ["list.txt"], root=tmp_path, also=fits)
    with pytest.raises(UsageError, match="more than 1000 suspects"):
        with_listed((), ["list.txt"], root=tmp_path, also=[*fits, "org/two-more"])


def test_a_model_that_is_spelled_in_several_ways_is_one(tmp_path: Path) -> None:
    """Capitals and the page of the Hub, a folder's dots and slashes; not another revision."""
    (tmp_path / "x").mkdir()
    data = b"acme/M\nACME/m\nhttps://huggingface.co/acme/M\nacme/m@v2\nx\n./x\nx/\n"
    assert suspects(tmp_path, data) == ("acme/M", "acme/m@v2", "x")


def test_an_audit_takes_the_first_names_of_a_list(tmp_path: Path) -> None:
    """However long it is: the rest is not looked at."""
    (tmp_path / "long").write_text("\n".join(f"o/m{n}" for n in range(20_001)), encoding="utf-8")
    assert names_in(tmp_path / "long", shown="long", most=2) == ("o/m0", "o/m1")


def test_what_is_no_file_is_not_opened(tmp_path: Path) -> None:
    """A pipe would be waited for; a folder and a name that is not there are told alike."""
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "missing"):
        with pytest.raises(UsageError, match="cannot be read"):
            with_listed((), [name], root=tmp_path)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_any_bytes_are_names_or_refused(tmp_path: Path, data: bytes) -> None:
    """No other error escapes, and no name holds a line end or a remark."""
    try:
        found = suspects(tmp_path, data)
    except (UsageError, MissingModelError):
        return
    assert found
    assert all(name and "\n" not in name and "#" not in name for name in found)
    assert set(found) <= set(names_in(tmp_path / "list.txt", shown="", most=200))
