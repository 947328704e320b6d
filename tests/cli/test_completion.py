"""Does the script that a shell is given complete what hubcheck takes?"""

from __future__ import annotations

import shutil
import subprocess
import time

import pytest

from hubcheck.cli.completion import SHELLS, script, words_of
from hubcheck.cli.entry import build_parser


def completed(line: str) -> set[str]:
    """Return what bash offers behind a line."""
    words = line.split(" ")
    code = (
        f"{script('bash', tuple(words_of(build_parser())))}\n"
        f"COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}\n"
        '_hubcheck; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return set(done.stdout.split())


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("hubcheck comp", {"compare", "completion"}),
        ("hubcheck check m --dep", {"--depth"}),
        ("hubcheck check m --depth sa", {"sample"}),
        ("hubcheck check m --depth ", {"headers", "sample", "deep", "full"}),
        ("hubcheck webhook del", {"delete"}),
        ("hubcheck webhook create x --kind o", {"org"}),
        ("hubcheck completion z", {"zsh"}),
    ],
)
def test_bash_offers_what_the_parser_takes(line: str, offered: set[str]) -> None:
    """Commands, their own commands, options, and the words of an option."""
    assert completed(line) == offered


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_option_is_in_the_script(shell: str) -> None:
    """None is left out, in no shell."""
    text = script(shell, tuple(words_of(build_parser())))
    for one in words_of(build_parser()):
        for word in one.following:
            assert word.removeprefix("--") in text


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_itself_takes_the_script(shell: str) -> None:
    """No error of syntax, where that shell is installed."""
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    text = script(shell, tuple(words_of(build_parser())))
    subprocess.run([program, "-n"], input=text, text=True, check=True, capture_output=True)


def test_the_script_is_made_at_once() -> None:
    """No heavy package is needed for it: far below the third of a second that a start may take."""
    began = time.process_time()
    script("bash", tuple(words_of(build_parser())))
    assert time.process_time() - began < 0.3
