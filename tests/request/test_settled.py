"""Does an option outrank the policy file, and may that file point anywhere?"""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from hubcheck.errors import UsageError
from hubcheck.report.words import Depth
from hubcheck.request.options import FAIL_ON, Options
from hubcheck.request.policy_file import PolicyFile, parse_policy
from hubcheck.request.settled import check_places, settled

FILE = parse_policy(
    b"bases: [org/base]\nsuspects: [auto, org/other, none]\nfail-on: [disguised]\n"
    b"depth: deep\nmax-read: 5MB\n",
    shown="policy",
)


def draw() -> int:
    """Draw a seed."""
    return 11


def test_without_a_word_from_anybody_the_defaults_stand() -> None:
    """Nothing is left open but the limit, which is the depth's own."""
    found = settled(Options(subject="m"), PolicyFile(), draw=draw)
    assert found == Options(subject="m", depth=Depth.SAMPLE, seed=11, fail_on=FAIL_ON)


def test_the_policy_file_says_what_no_option_says() -> None:
    """Its ``auto`` is what the files name; ``none`` is nothing."""
    found = settled(Options(subject="m"), FILE, draw=draw)
    assert found == Options(
        subject="m",
        bases=("org/base",),
        suspects=("files", "org/other"),
        depth=Depth.DEEP,
        max_read=5_000_000,
        seed=11,
        fail_on="disguised",
    )


def test_an_option_outranks_the_policy_file() -> None:
    """All but the suspects, which add up, each once."""
    asked = Options(
        subject="m",
        bases=("me/base",),
        suspects=("org/other", "me/x"),
        depth=Depth.SAMPLE,
        max_read=7,
        seed=3,
        fail_on="none",
    )
    found = settled(asked, FILE, draw=draw)
    assert found.suspects == ("org/other", "me/x", "files")
    assert (found.bases, found.depth, found.max_read) == (("me/base",), Depth.SAMPLE, 7)
    assert (found.seed, found.fail_on) == (3, "none")


def test_what_is_settled_stays_settled() -> None:
    """A second time changes nothing, with the file and without it."""
    for file, policy in itertools.product((FILE, PolicyFile()), ("", "policy.yml")):
        once = settled(Options(subject="m", policy_file=policy), file, draw=draw)
        assert settled(once, file, draw=lambda: 99) == once
        assert settled(once, PolicyFile(), draw=lambda: 99) == once


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("fail-on: [disguised]", False),
        ("allow:\n  - base: org/x\n    reason: known here", True),
        ("warn-only: true", True),
    ],
)
def test_a_policy_file_is_named_for_what_no_option_says(text: str, named: bool) -> None:
    """A line that could do without the file does not ask for it."""
    file = parse_policy(text.encode(), shown="policy")
    found = settled(Options(subject="m", policy_file="p.yml"), file, draw=draw)
    assert found.policy_file == ("p.yml" if named else "")


@pytest.mark.parametrize(
    "name",
    [
        "/etc",
        "~",
        "..",
        "./../x",
        "there/../../outside",
        "link",
        "link/inside",
        "./gone/../../x",
        "./a\0b",
    ],
)
@pytest.mark.parametrize("key", ["bases", "suspects"])
def test_a_policy_file_names_nothing_outside(tmp_path: Path, name: str, key: str) -> None:
    """By root, home, dots or a link, at the beginning of the name or behind it."""
    root = tmp_path / "workspace"
    (root / "there").mkdir(parents=True)
    (tmp_path / "outside" / "inside").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="outside of the workspace"):
        check_places(PolicyFile.model_validate({key: [name]}), root)


def test_names_of_the_hub_and_folders_inside_are_taken(tmp_path: Path) -> None:
    """What lies in the workspace, what is not on the disk at all."""
    (tmp_path / "base").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "base")
    names = ("org/model", "org/model@v1", "auto", "none", "./base", "base", "link", ".")
    check_places(PolicyFile(bases=names, suspects=names), tmp_path)
