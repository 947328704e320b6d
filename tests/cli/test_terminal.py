"""Is what a command shows fit for where it is shown: a log, a narrow terminal, an old code page?"""

from __future__ import annotations

import io
import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import pytest

from hubcheck.card.table import columns, summary
from hubcheck.cli import main
from hubcheck.cli.terminal import CLEAR, IN_LOG, MANNER, Manner, manner_of, plainly, progress_line
from hubcheck.errors import MissingModelError
from hubcheck.report.schema import Report
from tests.cli.test_entry import BASE, FINETUNE, WRONG, Run, report_at, run

__all__ = ["run"]


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@pytest.mark.parametrize("encoding", ["ascii", "cp437"])
def test_a_check_ends_well_where_stdout_cannot_show_every_letter(
    tmp_path: Path, encoding: str
) -> None:
    """The work is done: no letter of a name may end it with UnicodeEncodeError."""
    subject = tmp_path / "模型-é…"
    subject.symlink_to(FINETUNE)
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "hubcheck", "check", subject, "--base", BASE, "--seed", "1"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout.decode(encoding)
    assert "(confirmed)" in shown
    assert r"\u6a21" in shown
    assert report_at(tmp_path / "hubcheck-out").subject.ref == str(subject)


def test_an_error_does_not_stand_behind_half_a_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was shown of the progress is cleared first."""

    def ends(_request: object, *, progress: Callable[[str], None], **_more: object) -> None:
        progress("opening the subject")
        raise MissingModelError("Gone.", cause="a test.", next_step="none.")

    monkeypatch.setattr("hubcheck.cli.carry_out.conclude_check", ends)
    stderr = Terminal()
    monkeypatch.setattr(sys, "stderr", stderr)
    assert main(["check", str(FINETUNE), "--base", str(BASE)]) == 3
    shown = stderr.getvalue()
    assert "opening the subject" in shown
    assert shown.rpartition(CLEAR)[2].startswith("hubcheck: ")
    assert "next: " in shown.rpartition(CLEAR)[2]


def test_letters_have_a_plain_form() -> None:
    """What hubcheck writes itself has a substitute, letters lose their accents, the rest is named."""
    text = "…é²模"
    error = UnicodeEncodeError("ascii", text, 0, len(text), "")
    assert plainly(error) == (r"...e^2\u6a21", len(text))


def test_in_a_log_progress_is_shown_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line each ten seconds: a check of two seconds shows none, one of a minute shows six."""
    times = iter([0.0, *(float(n) for n in range(1, 61) for _ in (1, 2))])
    last = 0.0

    def clock() -> float:
        nonlocal last
        last = next(times, last)
        return last

    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    MANNER.set(Manner())  # a command that another test ran in this process may have been quiet
    show = progress_line(clock)
    for n in range(40):
        show(f"step {n}")
    shown = capsys.readouterr().err.splitlines()
    assert 1 <= len(shown) <= 60 / IN_LOG


def test_quiet_leaves_the_result_and_errors(run: Run) -> None:
    """Nothing on stderr beside errors; the result as ever."""
    plain = run("check", FINETUNE, "--base", BASE, "--seed", 1)
    quiet = run("check", FINETUNE, "--base", BASE, "--seed", 1, "--quiet")
    assert "hubcheck: wrote" in plain.err
    assert quiet.err == ""
    assert quiet.out.splitlines()[0] == plain.out.splitlines()[0]
    assert run("--quiet", "check", FINETUNE, "--base", BASE).err == ""
    assert "There is no folder" in run("check", "./nothing", "--quiet").err


@pytest.mark.parametrize(
    ("arguments", "environment", "colour"),
    [
        ({}, {}, True),
        ({"no_color": True}, {}, False),
        ({}, {"NO_COLOR": "1"}, False),
        ({}, {"NO_COLOR": ""}, True),
        ({}, {"TERM": "dumb"}, False),
    ],
)
def test_colours_are_for_terminals_that_want_them(
    arguments: dict[str, bool], environment: dict[str, str], *, colour: bool
) -> None:
    """By https://no-color.org; never in a pipe."""
    assert manner_of(Namespace(**arguments), environment, Terminal()).colour is colour
    assert not manner_of(Namespace(**arguments), environment, io.StringIO()).colour


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return the report of one check, for all that only show it."""
    out = tmp_path_factory.mktemp("out")
    assert main(["check", WRONG, "--base", BASE, "--seed", "1", "--out", str(out), "--quiet"]) == 1
    return report_at(out)


def test_the_verdict_is_coloured_and_nothing_else_changes(report: Report) -> None:
    """The word stays; without its colour the text is the plain one."""
    coloured = summary(report, colour=True)
    assert "\x1b[1;31m(contradicted)\x1b[0m" in coloured
    assert coloured.replace("\x1b[1;31m", "").replace("\x1b[0m", "") == summary(report)


@pytest.mark.parametrize("width", [80, 100])
def test_a_table_fits_the_terminal(report: Report, width: int) -> None:
    """No line is wider than the terminal but those with a command, which is pasted whole."""
    lines = summary(report, width=width).splitlines()
    too_wide = [line for line in lines if len(line) > width and "hubcheck " not in line]
    assert not too_wide
    assert any(line.startswith("----") for line in lines)


def test_wrapped_cells_keep_all_their_words() -> None:
    """A cell goes on in the next line of the table, under its own head."""
    rows = (("one two three four five six", "z" * 30, "y"),)
    lines = columns(("a", "b", "c"), rows, width=40)
    assert max(map(len, lines)) <= 40
    assert "".join(" ".join(lines).split()).count("z") == 30
    assert {"one", "two", "three", "four", "five", "six"} <= set(" ".join(lines).split())


def test_a_command_of_its_own_process_sets_the_manner(run: Run) -> None:
    """What one run asked for is not kept for the next."""
    run("explain", "related", "--quiet")
    assert MANNER.get() == Manner(quiet=True)
    run("explain", "related")
    assert MANNER.get() == Manner()
